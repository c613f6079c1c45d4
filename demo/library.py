"""What the certificate library holds before the first application: ID cards, household registers, licences."""

import json
from pathlib import Path
from typing import Any

ENTERPRISE_NAMES = {
    "91431202MA00000152": "鹤城区湘味轩餐饮有限公司",
    "92431202MA0000031L": "鹤城区老街便利店",
}
_POLICE = {"uscc": "114312020061000377", "name": "区公安分局"}
_MARKET = {"uscc": "11431202006100029C", "name": "区市场监督管理局"}
_ID_CARD, _HOUSEHOLD, _LICENCE = "114312020061000377001", "114312020061000377002", "11431202006100029C001"


def write(path: Path, accounts: list[dict[str, Any]]) -> int:
    """NDJSON for `python -m services.certificate import`; answers how many certificates it holds."""
    people = [account for account in accounts if account["citizen_id"]]
    lines = [_id_card(person) for person in people]
    lines += [_household(number, person) for number, person in enumerate(people, start=1)]
    lines += [_licence(uscc, name) for uscc, name in ENTERPRISE_NAMES.items()]
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), "utf-8")
    return len(lines)


def _holder(person: dict[str, Any]) -> dict[str, str]:
    return {"party_type": "PERSON", "number": person["citizen_id"], "name": person["name"]}


def _id_card(person: dict[str, Any]) -> dict[str, Any]:
    return {
        "type_code": _ID_CARD,
        "certificate_number": person["citizen_id"],
        "holder": _holder(person),
        "issuer": _POLICE,
        "issued_on": "2016-05-20",
        "valid_from": "2016-05-20",
        "valid_until": None,
        "extend": {},
    }


def _household(number: int, person: dict[str, Any]) -> dict[str, Any]:
    return {
        "type_code": _HOUSEHOLD,
        "certificate_number": f"4312022010{number:06d}",
        "holder": _holder(person),
        "issuer": _POLICE,
        "issued_on": "2010-03-01",
        "valid_from": "2010-03-01",
        "valid_until": None,
        "extend": {},
    }


def _licence(uscc: str, name: str) -> dict[str, Any]:
    return {
        "type_code": _LICENCE,
        "certificate_number": uscc,
        "holder": {"party_type": "ORGANISATION", "number": uscc, "name": name},
        "issuer": _MARKET,
        "issued_on": "2024-03-11",
        "valid_from": "2024-03-11",
        "valid_until": None,
        "extend": {"经营范围": "餐饮服务；食品销售"},
    }
