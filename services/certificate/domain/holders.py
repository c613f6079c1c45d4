"""The holders of a certificate, one or several: how the record tells them, and how a stored row names them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

PERSON = "PERSON"
ORGANISATION = "ORGANISATION"
MOST_HOLDERS = 50
# Holder's number type: 公民身份号码 / 统一社会信用代码 (GA/T 2000.156 digits exist only in the record)
_NUMBER_TYPES = {PERSON: ("自然人", "111"), ORGANISATION: ("法人", "001")}
_PARTY_TYPES = {digits: party_type for party_type, (_, digits) in _NUMBER_TYPES.items()}
NUMBER_LABELS = {PERSON: "公民身份号码", ORGANISATION: "统一社会信用代码"}
_BETWEEN = "^"  # what the platforms put between several holders in one field


@dataclass(frozen=True)
class Holder:
    """`share`: of one of several holders, as the certificate states it (共同共有, 50%), or empty."""

    party_type: str
    name: str
    number: str = field(repr=False)
    key: str
    masked: str
    share: str = ""


@dataclass(frozen=True)
class Recorded:
    """A holder as the signed record tells him."""

    party_type: str
    name: str
    number: str = field(repr=False)
    share: str


def recorded(holders: Sequence[Holder]) -> dict[str, Any]:
    """The fields of GB/T 36903 for the holders; several are joined there, and listed apart with their shares."""
    kinds = [_NUMBER_TYPES[holder.party_type] for holder in holders]
    fields: dict[str, Any] = {
        "certificate_holder_name": _BETWEEN.join(holder.name for holder in holders),
        "certificate_holder_code": _BETWEEN.join(holder.number for holder in holders),
        "certificate_holder_type": _BETWEEN.join(label for label, _ in kinds),
        "holder_type_code": _BETWEEN.join(digits for _, digits in kinds),
    }
    if is_list_needed(holders):
        fields["certificate_holders"] = [
            {"name": one.name, "code": one.number, "type_code": digits, "share": one.share}
            for one, (_, digits) in zip(holders, kinds, strict=True)
        ]
    return fields


def read_holders(record: Mapping[str, Any]) -> tuple[Recorded, ...]:
    """Back from a signed record, in order."""
    several = record.get("certificate_holders")
    if several:
        return tuple(Recorded(_PARTY_TYPES[o["type_code"]], o["name"], o["code"], o["share"]) for o in several)
    party_type = _PARTY_TYPES[record["holder_type_code"]]
    return (Recorded(party_type, record["certificate_holder_name"], record["certificate_holder_code"], ""),)


def is_list_needed(holders: Sequence[Holder]) -> bool:
    """One holder without a share is told by the fields that every record has."""
    return len(holders) > 1 or bool(holders[0].share)


def stored(holders: Sequence[Holder]) -> list[dict[str, str]] | None:
    """What is kept beside a certificate of several holders; their numbers are only in the sealed record."""
    if not is_list_needed(holders):
        return None
    return [
        {"key": one.key, "type": one.party_type, "name": one.name, "masked": one.masked, "share": one.share}
        for one in holders
    ]


def of_row(row: Any) -> list[dict[str, str]]:
    """All holders of a stored certificate, in order, as `stored` keeps them."""
    one = {"key": row.holder_key, "type": row.holder_type, "name": row.holder_name, "masked": row.holder_masked}
    return row.holders or [one | {"share": ""}]


def keys_of(row: Any) -> tuple[str, ...]:
    """The keys of all holders of a stored certificate, the first one first."""
    return tuple(one["key"] for one in of_row(row))


def names_of(row: Any) -> str:
    return "、".join(one["name"] for one in of_row(row))
