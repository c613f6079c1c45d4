"""亮证: the holder shows chosen fields of a certificate by a short-lived code; whoever has the code sees only those."""

import secrets
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

# What can be shown, in the order it is shown; whether it is valid is always told.
FIELDS = {
    "type_name": "证照名称",
    "certificate_number": "证照编号",
    "holder_name": "持证人",
    "issuer_name": "颁发机构",
    "item_name": "关联事项",
    "issued_on": "颁发日期",
    "valid_from": "有效期自",
    "valid_until": "有效期至",
}
LONGEST_SECONDS = 600
_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # nothing that is read as something else
_LENGTH = 20  # 100 bits: nobody finds one by trying


def new_code() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))


def digest(code: str) -> str:
    """What a code is found by; the code itself stands only in the answer that a repeated request gets."""
    return sha256(code.encode()).hexdigest()


def runs_out(made_at: datetime, seconds: int) -> datetime:
    return made_at + timedelta(seconds=seconds)


def in_words(fields: Collection[str]) -> str:
    """What was shown, as the holder reads it afterwards."""
    return "、".join(label for name, label in FIELDS.items() if name in fields)


def chosen(fields: Collection[str], values: Mapping[str, Any]) -> dict[str, Any]:
    """Only the chosen fields, in their order."""
    return {name: values[name] for name in FIELDS if name in fields}
