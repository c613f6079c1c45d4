"""What supervision finds by itself and tells: a due date it computes differently, a second supplement notice."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import col

from contracts.events.certificate import CertificateWithheld
from contracts.events.reuse import AccessUnfounded
from contracts.events.supervision import FindingKind, FindingRaised
from services.chassis.bus import Incoming
from services.chassis.database import UnitOfWork
from services.chassis.ids import uuid7
from services.supervision.differences import KEY
from services.supervision.domain.clocks import REQUESTED
from services.supervision.repository import Row
from services.supervision.schemas_clocks import LIMIT_LABELS
from services.supervision.tables import FindingRow
from services.supervision.told import Fact


@dataclass(frozen=True)
class Finding:
    """`occasion` is the key that raises it once for the case and kind; `aggregate` stands for a case there is not."""

    row: Row
    kind: FindingKind
    occasion: str
    happened_at: datetime
    summary: str
    detail: dict[str, Any]
    aggregate: UUID | None = None


def findings(row: Row, message: Incoming, fact: Fact) -> Iterator[Finding]:
    """What this line of the timeline gives ground to find; `fact` as it was compared."""
    detail = fact.detail or {}
    for difference in detail.get(KEY, ()):
        yield date_differs(row, difference, message.subject, fact.at, str(message.event_id))
    if message.subject == REQUESTED and detail.get("ordinal", 1) > 1:
        yield _second_notice(row, fact, detail)
    if isinstance(message.event, AccessUnfounded):
        yield _unfounded(row, message.event)
    if isinstance(message.event, CertificateWithheld):
        yield _withheld(row, message.event)


def of_no_case(messages: Sequence[Incoming]) -> list[Finding]:
    """What has no case to stand in: found for the body it concerns and for who oversees it.

    Of certificates read by no case of the reader's, and of standing decisions whose certificate waits.
    """
    heard = [message.event for message in messages]
    told = [one for one in heard if isinstance(one, AccessUnfounded | CertificateWithheld) and one.case_id is None]
    reads = [_unfounded(_nobodys(one), one) for one in told if isinstance(one, AccessUnfounded)]
    waits = [_withheld(_nobodys(one), one) for one in told if isinstance(one, CertificateWithheld)]
    return [*reads, *waits]


def _nobodys(told: AccessUnfounded | CertificateWithheld) -> Row:
    if isinstance(told, AccessUnfounded):
        body = {"department_uscc": told.reader_uscc, "department_name": told.reader}
    else:
        body = {"department_uscc": told.department_uscc, "department_name": told.department_name}
    return {"case_id": None, "case_no": None, "version": 0, "division": told.division} | body


def _withheld(row: Row, told: CertificateWithheld) -> Finding:
    said = {"type_code": told.type_code, "lacking": list(told.lacking)}
    summary = f"证照未能签发：{'；'.join(told.lacking)}"
    kind, own = FindingKind.CERTIFICATE_WITHHELD, told.withheld_id if told.case_id is None else None
    return Finding(row, kind, str(told.withheld_id), told.withheld_at, summary, said, own)


def _unfounded(row: Row, read: AccessUnfounded) -> Finding:
    """What really was wrong: no case that is open, and of the purpose what its rule says."""
    case = "没有其在办的办件" if read.case_id is None else "所依办件已办结"
    did = "查看" if read.identifier else "检索他人"
    summary = f"{read.reader or '未具名单位'}{did}证照：{case}，{read.why or '未填申请事由'}"
    said = {"act": read.act, "account": read.account_id, "reader": read.reader}
    said |= {"identifier": read.identifier} if read.identifier else {}
    said |= {"lacking": read.lacking, "why": read.why} if read.why else {}
    kind, own = FindingKind.READ_WITHOUT_GROUND, read.access_id if read.case_id is None else None
    return Finding(row, kind, str(read.access_id), read.read_at, summary, said, own)


def date_differs(row: Row, difference: dict[str, Any], subject: str, at: datetime, told: str) -> Finding:
    """`told` names the event: each date it tells is found wrong once."""
    label = LIMIT_LABELS[difference["limit"]]
    summary = f"{label}：告知{difference['told']}，按事件复核为{difference['computed']}"
    said = difference | {"event": subject}
    return Finding(row, FindingKind.DUE_DATE_DIFFERS, f"{difference['limit']}|{told}", at, summary, said)


def _second_notice(row: Row, fact: Fact, detail: dict[str, Any]) -> Finding:
    """Every notice after the first; the gravest names what lay before the window unchanged the first time."""
    kind = FindingKind.SUPPLEMENT_KNOWABLE if detail["seen_before"] else FindingKind.SUPPLEMENT_AGAIN
    summary = f"第{detail['ordinal']}次补正告知：{'、'.join(detail['materials'])}；理由：{detail['reason']}"
    said = {name: detail[name] for name in ("ordinal", "reason", "materials", "seen_before")}
    return Finding(row, kind, str(detail["ordinal"]), fact.at, summary, said)


async def raise_findings(uow: UnitOfWork, found: Sequence[Finding], now: datetime) -> list[Finding]:
    """Store and publish those that are new, in the caller's transaction; it saves the rows. Which ones they are."""
    if not found:
        return []
    rows = [
        {
            "id": uuid7(),
            "case_id": one.row["case_id"],
            "kind": one.kind.value,
            "occasion": one.occasion,
            "happened_at": one.happened_at,
            "found_at": now,
            "detail": one.detail | {"summary": one.summary},
            **_whose(one),
        }
        for one in found
    ]
    statement = upsert(FindingRow).values(rows).on_conflict_do_nothing(constraint="finding_once")
    new = await uow.connection.execute(
        statement.returning(col(FindingRow.case_id), col(FindingRow.kind), col(FindingRow.occasion))
    )
    keys = {tuple(row) for row in new}
    raised = [one for one in found if (one.row["case_id"], one.kind.value, one.occasion) in keys]
    for one in raised:
        _publish(uow, one, now)
    return raised


def _whose(one: Finding) -> dict[str, Any]:
    """Of a finding of no case: whom it concerns and who oversees it; otherwise its case says that."""
    names = {"reader_uscc": "department_uscc", "reader_name": "department_name", "overseen_in": "division"}
    return {column: one.row[name] if one.aggregate else None for column, name in names.items()}


def _publish(uow: UnitOfWork, one: Finding, now: datetime) -> None:
    row = one.row
    row["version"] += 1
    event = FindingRaised(
        case_id=row["case_id"],
        case_no=row["case_no"] or "",
        department_uscc=row["department_uscc"] or "",
        kind=one.kind,
        summary=one.summary,
        detail=one.detail,
        happened_at=one.happened_at,
        found_at=now,
    )
    uow.publish(event, aggregate_id=one.aggregate or row["case_id"], version=row["version"])
