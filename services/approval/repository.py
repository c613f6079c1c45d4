"""Rows of the approval database turned into domain values and back; every save checks the version."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache, lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Executable,
    RowMapping,
    ScalarSelect,
    Select,
    bindparam,
    exists,
    func,
    insert,
    literal_column,
    or_,
    select,
    text,
    update,
)
from sqlalchemy import case as when
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from contracts.events.common import Actor, AgentRef, CoApplicant, ItemRef, MaterialRef, Party
from contracts.events.intake import ApplicationAccepted, ApplicationWithdrawn
from services.approval import mapping
from services.approval.domain.case import Case, Decided, OpinionWritten
from services.approval.domain.days import known_days
from services.approval.domain.errors import CaseChanged, UnknownCase
from services.approval.domain.light import LightInstants
from services.approval.domain.proceedings import Proceedings
from services.approval.domain.states import State
from services.approval.tables import OPEN, CaseRow, ConsultationRow, DecisionRow, LedgerRow, OpinionRow, WithdrawalRow
from services.kernel.workdays import WorkCalendar

_LOCK = text(
    "SELECT pg_advisory_xact_lock(key) "
    "FROM (SELECT key FROM unnest(CAST(:keys AS bigint[])) AS key ORDER BY key) AS ordered"
)


# Made once and sent with many rows, not written out for each number of them
_ADD = upsert(CaseRow).on_conflict_do_nothing(index_elements=[col(CaseRow.id)]).returning(col(CaseRow.id))


@dataclass(frozen=True)
class Loaded:
    """A case with the facts of its acceptance that its events repeat."""

    case: Case
    query_code: str
    row: RowMapping
    item: ItemRef

    @property
    def applicant(self) -> Party:
        return Party.model_validate(self.row["applicant"])

    @property
    def co_applicants(self) -> tuple[CoApplicant, ...]:
        return tuple(CoApplicant.model_validate(one) for one in self.row["co_applicants"] or ())

    @property
    def agent(self) -> AgentRef | None:
        return AgentRef.model_validate(self.row["agent"]) if self.row["agent"] else None


def row_json(table: str) -> ColumnElement[Any]:
    return func.to_jsonb(literal_column(table), type_=JSONB)


def in_order(table: str, order: Any, case_id: Any) -> ScalarSelect[Any]:
    """The rows of a table that belong to the case, as one JSON list: no further round trip."""
    ordered = aggregate_order_by(row_json(table), order)
    rows = select(func.coalesce(func.jsonb_agg(ordered), func.jsonb_build_array())).where(case_id == col(CaseRow.id))
    return rows.correlate(CaseRow).scalar_subquery()


_COLUMNS = [
    col(CaseRow.id),
    col(CaseRow.case_no),
    col(CaseRow.query_code),
    col(CaseRow.state),
    col(CaseRow.version),
    col(CaseRow.department_uscc),
    col(CaseRow.division),
    col(CaseRow.accepted_at),
    col(CaseRow.accepted_by),
    col(CaseRow.opinion_writers),
    col(CaseRow.item),
    col(CaseRow.applicant),
    col(CaseRow.co_applicants),
    col(CaseRow.agent),
    col(CaseRow.renews),
    col(CaseRow.amends),
    col(CaseRow.received_at),
    col(CaseRow.complete_at),
    col(CaseRow.legal_due_on),
    col(CaseRow.legal_due_provisional),
    col(CaseRow.promised_due_on),
    col(CaseRow.promised_due_provisional),
    col(CaseRow.projected_on),
    col(CaseRow.proceedings),
    col(CaseRow.materials),
    in_order("ledger_entry", col(LedgerRow.case_version), col(LedgerRow.case_id)).label("ledger"),
    in_order("consultation", col(ConsultationRow.no), col(ConsultationRow.case_id)).label("consultations"),
]


# Made once, and once per caller: building a statement costs more than sending it.
_LOCK_ROW = select(col(CaseRow.id)).where(col(CaseRow.id) == bindparam("case_id")).with_for_update()
_BY_ID = select(*_COLUMNS).where(col(CaseRow.id) == bindparam("case_id"))


@lru_cache(maxsize=256)
def _by_number(visible: ColumnElement[bool]) -> Select[Any]:
    return select(*_COLUMNS).where(col(CaseRow.case_no) == bindparam("number"), visible)


async def load(
    connection: AsyncConnection, case_no: str, visible: ColumnElement[bool], calendar: WorkCalendar | None = None
) -> Loaded:
    """With a calendar the days of its proceedings are as that has them now.

    Raises UnknownCase, also for a case outside the caller's scope.
    """
    found = await connection.execute(_by_number(visible), {"number": case_no})
    row = found.mappings().one_or_none()
    if row is None:
        raise UnknownCase()
    loaded = _loaded(row)
    return loaded if calendar is None else replace(loaded, case=as_known(loaded.case, calendar))


def as_known(case: Case, calendar: WorkCalendar) -> Case:
    """The case with the days of its proceedings as the calendar has them now."""
    return replace(case, proceedings=known_days(case.proceedings, case.rules, case.clocks.accepted_at, calendar))


async def find_for_update(connection: AsyncConnection, case_id: UUID) -> Loaded | None:
    """Raises nothing: a consumer waits for the row instead of losing a race.

    Locked first and read afterwards: a statement that waited for the lock would see the row as it is now, but ledger
    and consultations as they were when it began.
    """
    await connection.execute(_LOCK_ROW, {"case_id": case_id})
    found = await connection.execute(_BY_ID, {"case_id": case_id})
    row = found.mappings().one_or_none()
    return _loaded(row) if row is not None else None


async def with_steps(connection: AsyncConnection, *, after: UUID | None, limit: int) -> list[Loaded]:
    """Open cases that have, or had, a step with a day of its own, in the order of their ids."""
    asked = exists().where(col(ConsultationRow.case_id) == col(CaseRow.id), col(ConsultationRow.state) == "OPEN")
    wanted = select(*_COLUMNS).where(text(OPEN), or_(col(CaseRow.proceedings).is_not(None), asked))
    if after is not None:
        wanted = wanted.where(col(CaseRow.id) > after)
    found = await connection.execute(wanted.order_by(col(CaseRow.id)).limit(limit))
    return [_loaded(row) for row in found.mappings()]


def _loaded(row: RowMapping) -> Loaded:
    item, values = ItemRef.model_validate(row["item"]), dict(row)
    case = Case(
        id=row["id"],
        case_no=row["case_no"],
        state=State(row["state"]),
        version=row["version"],
        department=row["department_uscc"],
        accepted_by=row["accepted_by"],
        result=mapping.result_rule(item, amends=row["amends"] is not None),
        clocks=mapping.clocks(values, item, row["ledger"]),
        dates=mapping.dates(values),
        rules=mapping.item_rules(item),
        opinion_writers=frozenset(row["opinion_writers"]),
        proceedings=mapping.proceedings(row["proceedings"]),
        consultations=mapping.consultations(row["consultations"]),
        materials=frozenset(material["material_no"] for material in row["materials"]),
    )
    return Loaded(case=case, query_code=row["query_code"], row=row, item=item)


async def lock_applications(connection: AsyncConnection, ids: Sequence[UUID]) -> None:
    """Serialise what two workers do with one application, also where there is no row to lock yet."""
    await connection.execute(_LOCK, {"keys": [application_id.int & (1 << 63) - 1 for application_id in ids]})


async def add_cases(
    connection: AsyncConnection, opened: Sequence[tuple[Case, LightInstants, ApplicationAccepted]], now: datetime
) -> set[UUID]:
    """Insert what is not there yet, in one statement; the ids that are new."""
    rows = [_new_row(case, event) | mapping.lights_row(lit) | {"opened_at": now} for case, lit, event in opened]
    return set(await connection.scalars(_ADD, rows))


def _new_row(case: Case, event: ApplicationAccepted) -> dict[str, Any]:
    return {
        "id": case.id,
        "case_no": case.case_no,
        "query_code": event.query_code,
        "state": case.state.value,
        "version": case.version,
        "item_code": event.item.item_code,
        "item_id": event.item.item_id,
        "department_uscc": case.department,
        "division": event.division,
        "channel": event.channel.value,
        "applicant_name": event.applicant.name,
        "submitted_at": event.submitted_at,
        "received_at": event.received_at,
        "complete_at": event.complete_at,
        "accepted_at": event.accepted_at,
        "accepted_by": case.accepted_by,
        "accepted_by_name": event.accepted_by.name,
        **mapping.dates_row(case.dates),
        **mapping.proceedings_row(case.proceedings),
        "opinion_writers": [],
        "item": event.item.model_dump(mode="json"),
        "applicant": event.applicant.model_dump(mode="json"),
        "co_applicants": [one.model_dump(mode="json") for one in event.co_applicants] or None,
        "agent": event.agent.model_dump(mode="json") if event.agent else None,
        "renews": event.renews.model_dump(mode="json") if event.renews else None,
        "amends": event.amends.model_dump(mode="json") if event.amends else None,
        "materials": [material.model_dump(mode="json") for material in event.materials],
    }


async def save(connection: AsyncConnection, case: Case) -> None:
    """Raises CaseChanged: somebody saved the case after it was loaded."""
    changed = {
        "state": case.state.value,
        "version": case.version,
        "opinion_writers": sorted(case.opinion_writers),
        **mapping.dates_row(case.dates),
        **mapping.proceedings_row(case.proceedings),
    }
    values = {f"new_{name}": value for name, value in changed.items()}
    found = await connection.execute(
        _update(tuple(changed)), values | {"key_id": case.id, "key_version": case.version - 1}
    )
    if found.rowcount != 1:
        raise CaseChanged()


async def save_item(connection: AsyncConnection, case_id: UUID, item: ItemRef) -> None:
    """The item version a case goes on under; the row was saved by the act that moved it."""
    columns = {
        "item": item.model_dump(mode="json"),
        "item_code": item.item_code,
        "item_id": item.item_id,
        "department_uscc": item.department.uscc,
    }
    await connection.execute(update(CaseRow).where(col(CaseRow.id) == case_id).values(**columns))


async def save_proceedings(connection: AsyncConnection, case_id: UUID, proceedings: Proceedings) -> None:
    """Of a row this transaction has locked; the version stays, because no event of ours tells of it."""
    await connection.execute(
        update(CaseRow).where(col(CaseRow.id) == case_id).values(**mapping.proceedings_row(proceedings))
    )


async def add_materials(connection: AsyncConnection, case_id: UUID, brought: Sequence[MaterialRef]) -> None:
    """Materials that came in later, each once by its number; of a row this transaction has locked."""
    stored = await connection.scalar(select(col(CaseRow.materials)).where(col(CaseRow.id) == case_id)) or []
    by_no = {material["material_no"]: material for material in stored}
    by_no |= {material.material_no: material.model_dump(mode="json") for material in brought}
    materials = [by_no[number] for number in sorted(by_no)]
    await connection.execute(update(CaseRow).where(col(CaseRow.id) == case_id).values(materials=materials))


@cache
def _update(names: tuple[str, ...]) -> Executable:
    """Always the same columns: made once, so that SQLAlchemy finds its compiled form by the object."""
    table = CaseRow.__table__  # type: ignore[attr-defined]
    found = update(table).where(table.c.id == bindparam("key_id"), table.c.version == bindparam("key_version"))
    return found.values(
        {name: bindparam(f"new_{name}") for name in names} | {"proceedings": _kept(table.c.proceedings)}
    )


def _kept(stored: ColumnElement[Any]) -> ColumnElement[Any]:
    """What intake tells (promised materials, the claim) stays as stored: no act of ours changes it.

    `save_proceedings` leaves the version as it is, so an act may have loaded the case just before.
    """
    new = bindparam("new_proceedings", type_=JSONB(none_as_null=True))
    own = new.op("-", return_type=JSONB)("promised").op("-", return_type=JSONB)("claim")
    told = func.jsonb_build_object("promised", stored["promised"], "claim", stored["claim"])
    kept = func.jsonb_strip_nulls(told, type_=JSONB)
    return when((stored.is_(None), own), else_=func.coalesce(own, func.jsonb_build_object(type_=JSONB)).concat(kept))


async def add_opinion(connection: AsyncConnection, case: Case, written: OpinionWritten, by: Actor) -> None:
    await connection.execute(
        insert(OpinionRow).values(
            case_id=case.id,
            case_version=case.version,
            recommendation=written.opinion.recommendation.value,
            text=written.opinion.text,
            written_at=written.written_at,
            written_by=by.model_dump(mode="json"),
        )
    )


async def add_decision(connection: AsyncConnection, case: Case, decided: Decided, by: Actor) -> None:
    decision = decided.decision
    remedies = decision.remedies
    await connection.execute(
        insert(DecisionRow).values(
            case_id=case.id,
            outcome=decision.outcome.value,
            content=decision.content,
            conditions=decision.conditions,
            valid_from=decision.valid_from,
            valid_until=decision.valid_until,
            facts=decision.facts,
            reasons=decision.reasons,
            legal_basis=decision.legal_basis,
            remedies=vars(remedies) if remedies else None,
            technical_standard=decision.technical_standard,
            certificate_fields=dict(decision.certificate_fields),
            decided_at=decided.decided_at,
            decided_by=by.model_dump(mode="json"),
        )
    )


async def add_withdrawal(connection: AsyncConnection, event: ApplicationWithdrawn) -> None:
    statement = upsert(WithdrawalRow).values(
        application_id=event.application_id, reason=event.reason, withdrawn_at=event.withdrawn_at
    )
    await connection.execute(statement.on_conflict_do_nothing())


async def withdrawals_of(connection: AsyncConnection, ids: Sequence[UUID]) -> dict[UUID, RowMapping]:
    """Withdrawals that arrived before the acceptance they end."""
    statement = select(col(WithdrawalRow.application_id), col(WithdrawalRow.reason), col(WithdrawalRow.withdrawn_at))
    found = await connection.execute(statement.where(col(WithdrawalRow.application_id) == func.any(list(ids))))
    return {row["application_id"]: row for row in found.mappings()}
