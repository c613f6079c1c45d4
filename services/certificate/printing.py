"""From a certificate's signed record to what its file prints."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from services.certificate.domain.certificate_type import TypeField
from services.certificate.domain.copies import Stamp
from services.certificate.domain.holders import NUMBER_LABELS, Recorded, read_holders
from services.certificate.domain.personal import masked_certificate_number
from services.certificate.domain.qr_proof import Inclusion, address, pack
from services.certificate.files import contents
from services.certificate.files.records import record_sha256
from services.certificate.files.templates import Template
from services.kernel.codes import holds_citizen_id


@dataclass(frozen=True)
class Printed:
    """By what a certificate is printed: the template it pins, and the fields of the version of its type."""

    template: Template
    fields: Sequence[TypeField]


@dataclass(frozen=True)
class Copied:
    """A print or a purpose-stamped copy; `proof` is the leaf of the act that made it, under a head."""

    copy_id: UUID
    stamp: Stamp
    made_at: datetime
    proof: Inclusion


def certificate_job(
    record: Mapping[str, Any], issued_at: datetime, public_url: str, proof: Inclusion, printed: Printed | None = None
) -> contents.Job:
    """The file of a certificate, sealed by its issuer with the body's own seal; `proof` is its leaf under a head."""
    return _job(record, issued_at, printed, verification_url=address(public_url, proof), log_proof=pack(proof))


def copy_job(
    record: Mapping[str, Any], copied: Copied, public_url: str, printed: Printed | None = None
) -> contents.Job:
    """The file of a print or a purpose-stamped copy: the same record, its stamp, and its own proof in the QR code."""
    stamp = copied.stamp
    own = {
        "mark": stamp.mark,
        "copy_id": str(copied.copy_id),
        "copy_no": stamp.ordinal,
        "copy_purpose": stamp.purpose,
        "copy_until": stamp.expires_on,
        "verification_url": address(public_url, copied.proof),
        "log_proof": pack(copied.proof),
    }
    return _job(record, copied.made_at, printed, **own)


def _job(record: Mapping[str, Any], at: datetime, by: Printed | None, **more: Any) -> contents.Job:
    until, holders = record["validate_end"], read_holders(record)
    first, several = holders[0], len(holders) > 1 or bool(holders[0].share)
    extend = dict(record["extend_info"])
    layout = _layout(by, extend) if by else None
    printed = contents.Certificate(
        reference=record["certificate_identifier"],
        title=record["certificate_name"],
        number=record["certificate_number"],
        holder_name="、".join(one.name + (f"（{one.share}）" if one.share else "") for one in holders),
        holder_number_label=NUMBER_LABELS[first.party_type],
        holder_number="、".join(one.number for one in holders),
        holders=tuple(_holder(one) for one in holders) if several else (),
        issuer_name=record["issue_dept_name"],
        issued_on=_day(record["issue_date"]),
        valid_from=_day(record["validate_start"]),
        valid_until=_day(until) if until else None,
        lines=tuple(lines_of(extend)),
        record_sha256=record_sha256(record),
        **more,
    )
    seal = contents.SealBody(name=record["issue_dept_name"], uscc=record["issue_dept_code"])
    return contents.Job(contents=printed, seal=seal, at=at.replace(microsecond=0), layout=layout)


def _holder(one: Recorded) -> contents.HolderLine:
    label = NUMBER_LABELS[one.party_type]
    return contents.HolderLine(name=one.name, number_label=label, number=one.number, share=one.share)


def _layout(by: Printed, extend: dict[str, Any]) -> contents.Layout:
    """Fields that the template names go to it by their codes and out of `extend`; a missing one is empty."""
    named = [one for one in by.fields if one.code in by.template.fields]
    values = {one.code: extend.pop(one.name, "") for one in named}
    written = {line.label: line.value for line in lines_of(values)}
    given = tuple((code, written.get(code, "")) for code in values)
    return contents.Layout(parts=by.template.parts, fields=by.template.fields, values=given)


def lines_of(extend: Mapping[str, Any]) -> list[contents.Line]:
    """What the type adds, one row each; a list is written with 、, deeper structures stay in the record."""
    lines = []
    for label, value in extend.items():
        if isinstance(value, list):
            value = "、".join(str(part) for part in value if not isinstance(part, dict | list))
        if isinstance(value, str | int | float) and str(value):
            lines.append(contents.Line(label=label, value=_without_numbers(str(value))))
    return lines


def _without_numbers(value: str) -> str:
    """Numbers of other people (a legal representative, family members) are masked on the file."""
    return masked_certificate_number(value) if holds_citizen_id(value) else value


def _day(basic: str) -> date:
    return datetime.strptime(basic, "%Y%m%d").date()  # noqa: DTZ007 (a date has no zone)
