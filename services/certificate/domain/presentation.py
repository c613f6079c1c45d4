"""亮证: the holder shows chosen fields of a certificate by a short-lived code; whoever has the code sees only those."""

import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from services.kernel.errors import FieldError

# What can be shown of every certificate, in the order it is shown, before the fields of its own type, which have their
# names as in its record (主体业态, 准驾车型); whether it is valid is always told.
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
    return "、".join(FIELDS.get(name, name) for name in in_order(fields))


def chosen(fields: Collection[str], values: Mapping[str, Any]) -> dict[str, Any]:
    """Only the chosen fields, in their order; one that the certificate leaves empty is told as empty."""
    return {name: values.get(name) for name in in_order(fields)}


def in_order(fields: Collection[str]) -> list[str]:
    """Each once: those of every certificate in their order, then those of its type as they were chosen."""
    return [name for name in FIELDS if name in fields] + of_type(fields)


def of_type(fields: Collection[str]) -> list[str]:
    return [name for name in dict.fromkeys(fields) if name not in FIELDS]


def unknown(fields: Sequence[str], own: Collection[str]) -> Iterator[FieldError]:
    """Chosen fields that neither every certificate has nor this one's type (`own`)."""
    names = "、".join((*FIELDS, *own))
    for place, name in enumerate(fields):
        if name not in FIELDS and name not in own:
            yield FieldError(f"#/fields/{place}", "unknown", f"该证照没有字段“{name}”，可以出示：{names}")
