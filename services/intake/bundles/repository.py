"""Rows turned into bundle applications and back; every save checks the version that was read."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, RowMapping, Select, insert, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from services.chassis.errors import StaleVersion
from services.intake.bundles.tables import BundleApplicationRow, BundleMemberRow
from services.intake.domain.application import Agent, Applicant, Application, PartyType, Staff
from services.intake.domain.bundle_case import (
    BundleCase,
    BundleExtension,
    BundleState,
    MemberRun,
    StepResult,
)
from services.intake.domain.bundle_errors import UnknownBundleApplication
from services.intake.domain.bundle_plan import MemberState
from services.intake.domain.materials import Provided
from services.intake.domain.records import BundleSupplement
from services.intake.repository import COLUMNS, to_application
from services.intake.tables import ApplicationRow

_PARTS: Mapping[str, TypeAdapter[Any]] = {
    "agent": TypeAdapter(Agent | None),
    "submitted_by": TypeAdapter(Staff),
    "materials": TypeAdapter(tuple[Provided, ...]),
    "received_by": TypeAdapter(Staff | None),
    "accepted_by": TypeAdapter(Staff | None),
    "extension": TypeAdapter(BundleExtension | None),
    "supplement": TypeAdapter(BundleSupplement | None),
}
_PLAIN = (
    *("bundle_application_id", "bundle_no", "bundle_id", "catalogue_version", "channel", "division", "submitted_at"),
    *("stage_no", "reuse", "version", "event_no", "received_at", "accepted_at", "decided_at", "handed_over_at"),
    *("concluded_at", "withdrawn_at", "withdrawal_reason", "stage_handed_in_at"),
)
_RUN = ("member_id", "department_uscc", "application_id", "opened_at", "ended_at", "clock_from")
_PAUSES = TypeAdapter(MemberRun.__annotations__["pauses"])
_RESULT = TypeAdapter(StepResult | None)

_TABLE = BundleApplicationRow.__table__  # type: ignore[attr-defined]
_MEMBERS = BundleMemberRow.__table__  # type: ignore[attr-defined]
_COLUMNS = [column for column in _TABLE.columns if column.name != "form_sealed"]
_INSERT = insert(_TABLE)
_WAITING = (_TABLE.c.bundle_application_id, _TABLE.c.stage_no, _TABLE.c.received_at, _TABLE.c.supplement)


def _to_case(row: RowMapping, members: Iterable[RowMapping]) -> BundleCase:
    return BundleCase(
        **{name: row[name] for name in _PLAIN},
        **{name: adapter.validate_python(row[name]) for name, adapter in _PARTS.items()},
        state=BundleState(row["state"]),
        applicant=Applicant(
            PartyType(row["party_type"]),
            row["applicant_name"],
            row["applicant_key"],
            row["applicant_masked"],
            row["applicant_sealed"],
        ),
        members=tuple(_to_run(member) for member in members),
    )


def _to_run(row: RowMapping) -> MemberRun:
    return MemberRun(
        **{name: row[name] for name in _RUN},
        state=MemberState(row["state"]),
        pauses=_PAUSES.validate_python(row["pauses"]),
        result=_RESULT.validate_python(row["result"]),
    )


def _to_row(case: BundleCase) -> dict[str, Any]:
    applicant = case.applicant
    return {
        **{name: getattr(case, name) for name in _PLAIN},
        **{name: adapter.dump_python(getattr(case, name), mode="json") for name, adapter in _PARTS.items()},
        "state": case.state.value,
        "party_type": applicant.party_type.value,
        "applicant_name": applicant.name,
        "applicant_key": applicant.subject_key,
        "applicant_masked": applicant.masked_number,
        "applicant_sealed": applicant.sealed_number,
        "submitter_id": case.submitted_by.account_id,
    }


def _run_rows(case: BundleCase) -> list[dict[str, Any]]:
    return [
        {
            **{name: getattr(run, name) for name in _RUN},
            "bundle_application_id": case.bundle_application_id,
            "position": position,
            "state": run.state.value,
            "pauses": _PAUSES.dump_python(run.pauses, mode="json"),
            "result": _RESULT.dump_python(run.result, mode="json"),
        }
        for position, run in enumerate(case.members)
    ]


async def add(connection: AsyncConnection, case: BundleCase, *, form_sealed: str | None) -> None:
    await connection.execute(_INSERT, _to_row(case) | {"form_sealed": form_sealed})
    await _save_runs(connection, case)


async def load(
    connection: AsyncConnection, bundle_no: str, visible: ColumnElement[bool], *, lock: bool = False
) -> BundleCase:
    """Raises UnknownBundleApplication, also outside the caller's scope."""
    return await _one(connection, (col(BundleApplicationRow.bundle_no) == bundle_no) & visible, lock)


async def load_locked(connection: AsyncConnection, bundle_application_id: UUID) -> BundleCase:
    """For consumers: waits for the row instead of losing a race to a person."""
    return await load_one(connection, bundle_application_id, lock=True)


async def load_one(connection: AsyncConnection, bundle_application_id: UUID, *, lock: bool) -> BundleCase:
    """By its id, whoever asks."""
    return await _one(connection, col(BundleApplicationRow.bundle_application_id) == bundle_application_id, lock)


async def running(connection: AsyncConnection, *, after: UUID | None, limit: int) -> list[UUID]:
    """Bundle applications that somebody still waits for, by id."""
    still = (_TABLE.c.decided_at.is_(None)) & (_TABLE.c.withdrawn_at.is_(None)) & (_TABLE.c.received_at.is_not(None))
    statement = select(_TABLE.c.bundle_application_id).where(still)
    if after is not None:
        statement = statement.where(_TABLE.c.bundle_application_id > after)
    found = await connection.execute(statement.order_by(_TABLE.c.bundle_application_id).limit(limit))
    return list(found.scalars())


async def _one(connection: AsyncConnection, match: ColumnElement[bool], lock: bool) -> BundleCase:
    statement = select(*_COLUMNS).where(match)
    row = (await connection.execute(statement.with_for_update() if lock else statement)).mappings().one_or_none()
    if row is None:
        raise UnknownBundleApplication()
    members = (
        select(*_MEMBERS.columns)
        .where(_MEMBERS.c.bundle_application_id == row["bundle_application_id"])
        .order_by(_MEMBERS.c.position)
    )
    return _to_case(row, (await connection.execute(members)).mappings())


async def form_of(connection: AsyncConnection, case: BundleCase) -> str | None:
    """The sealed form."""
    statement = select(col(BundleApplicationRow.form_sealed)).where(
        col(BundleApplicationRow.bundle_application_id) == case.bundle_application_id
    )
    sealed: str | None = await connection.scalar(statement)
    return sealed


async def save(connection: AsyncConnection, case: BundleCase, *, seen: int, form_sealed: str | None = None) -> None:
    """Raises StaleVersion: somebody saved it after version `seen` was read. A given form replaces the one before."""
    values = _to_row(case) | ({"form_sealed": form_sealed} if form_sealed else {})
    key = (_TABLE.c.bundle_application_id == case.bundle_application_id) & (_TABLE.c.version == seen)
    if (await connection.execute(update(_TABLE).where(key).values(values))).rowcount != 1:
        raise StaleVersion()
    await _save_runs(connection, case)


async def _save_runs(connection: AsyncConnection, case: BundleCase) -> None:
    statement = upsert(_MEMBERS)
    changing = [c.name for c in _MEMBERS.columns if not c.primary_key]
    statement = statement.on_conflict_do_update(
        index_elements=[_MEMBERS.c.bundle_application_id, _MEMBERS.c.member_id],
        set_={name: getattr(statement.excluded, name) for name in changing},
    )
    await connection.execute(statement, _run_rows(case))


async def bundles_of(connection: AsyncConnection, application_ids: Iterable[UUID]) -> list[UUID]:
    """The bundle applications these applications belong to, in one order for everybody."""
    wanted = sorted(set(application_ids))
    statement = (
        select(_MEMBERS.c.bundle_application_id)
        .where(_MEMBERS.c.application_id.in_(wanted))
        .distinct()
        .order_by(_MEMBERS.c.bundle_application_id)
    )
    return list((await connection.execute(statement)).scalars())


async def applications(connection: AsyncConnection, application_ids: Iterable[UUID]) -> dict[UUID, Application]:
    """The members' own applications, read only."""
    wanted = sorted(application_ids)
    if not wanted:
        return {}
    statement = select(*COLUMNS).where(col(ApplicationRow.application_id).in_(wanted))
    return {r["application_id"]: to_application(r) for r in (await connection.execute(statement)).mappings()}


_BRIEF = [
    _TABLE.c[name]
    for name in (
        *("bundle_application_id", "bundle_no", "bundle_id", "version", "state", "stage_no", "channel", "division"),
        *("party_type", "applicant_name", "applicant_masked", "submitted_at", "accepted_at", "concluded_at"),
    )
]


async def briefs(
    connection: AsyncConnection, visible: ColumnElement[bool], *, before: UUID | None, limit: int
) -> list[RowMapping]:
    """Newest first (ids grow with time)."""
    statement = select(*_BRIEF).where(visible)
    if before is not None:
        statement = statement.where(_TABLE.c.bundle_application_id < before)
    statement = statement.order_by(_TABLE.c.bundle_application_id.desc()).limit(limit)
    return list((await connection.execute(statement)).mappings())


async def waiting_for_supplement(
    connection: AsyncConnection, *, today: date, after: UUID | None, limit: int
) -> list[tuple[UUID, datetime]]:
    """Bundle applications whose last day to supply has passed, or is only provisional; by id."""
    supply_by = _TABLE.c.supplement["supply_by"].astext
    statement = select(*_WAITING).where(
        _TABLE.c.state == BundleState.CORRECTION.value,
        or_(supply_by < today.isoformat(), _TABLE.c.supplement["provisional"].as_boolean()),
    )
    return await _page(connection, statement, after, limit)


async def received(
    connection: AsyncConnection, *, until: datetime, after: UUID | None, limit: int
) -> list[tuple[UUID, datetime]]:
    """Bundle applications received before then that wait for an answer of the window, and since when; by id."""
    received = _TABLE.c.state == literal(BundleState.RECEIVED.value, literal_execute=True)
    return await _page(connection, select(*_WAITING).where(received, _TABLE.c.received_at < until), after, limit)


async def _page(
    connection: AsyncConnection, statement: Select[Any], after: UUID | None, limit: int
) -> list[tuple[UUID, datetime]]:
    if after is not None:
        statement = statement.where(_TABLE.c.bundle_application_id > after)
    found = await connection.execute(statement.order_by(_TABLE.c.bundle_application_id).limit(limit))
    return [(row.bundle_application_id, _since(row)) for row in found]


def _since(row: Any) -> datetime:
    """Receipt, or the instant everything the notice of this very stage asked for had arrived."""
    notice = row.supplement or {}
    supplied_at = notice.get("supplied_at") if notice.get("stage_no") == row.stage_no else None
    received_at: datetime = row.received_at
    return datetime.fromisoformat(supplied_at) if supplied_at else received_at


async def may_hand_out(connection: AsyncConnection, bundle_no: str, decided_at: datetime | None) -> bool:
    """Whether a member decided then may be handed out: its stage, or the whole bundle, is done."""
    statement = select(_TABLE.c.state, _TABLE.c.stage_handed_in_at).where(_TABLE.c.bundle_no == bundle_no)
    row = (await connection.execute(statement)).one_or_none()
    if row is None or row.state in _HANDED_OUT:
        return True
    handed_in = row.stage_handed_in_at  # of a stage after the one the member belongs to
    return handed_in is not None and decided_at is not None and decided_at <= handed_in


_HANDED_OUT = {
    state.value for state in (BundleState.STAGE_DONE, BundleState.DECIDED, BundleState.CONCLUDED, BundleState.WITHDRAWN)
}
