"""Rows turned into applications and back; every save checks the version that was read."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    RowMapping,
    Select,
    Text,
    and_,
    bindparam,
    func,
    insert,
    or_,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from services.intake.domain.application import Application
from services.intake.domain.course import USUAL, Course
from services.intake.domain.errors import ApplicationChanged, UnknownApplication
from services.intake.domain.materials import HeldCertificate, Provided
from services.intake.domain.moving import RUNNING
from services.intake.domain.records import (
    Agent,
    Applicant,
    CoApplicant,
    Correction,
    Deemed,
    HandOver,
    Outcome,
    PartyType,
    Refusal,
    Renewal,
    Return,
    Staff,
    SupplementNotice,
)
from services.intake.domain.silence import wakes_at
from services.intake.domain.states import State
from services.intake.tables import (
    ApplicationRow,
    BarredRow,
    CaseDocumentRow,
    HeldCertificateRow,
)
from services.kernel.time_limit import DueDate

_STAFF = TypeAdapter(Staff)
_COURSE = TypeAdapter(Course)
_PARTS: Mapping[str, TypeAdapter[Any]] = {
    "agent": TypeAdapter(Agent | None),
    "co_applicants": TypeAdapter(tuple[CoApplicant, ...]),
    "submitted_by": _STAFF,
    "materials": TypeAdapter(tuple[Provided, ...]),
    "received_by": TypeAdapter(Staff | None),
    "notice_due": TypeAdapter(DueDate | None),
    "supplement": TypeAdapter(SupplementNotice | None),
    "earlier_supplements": TypeAdapter(tuple[SupplementNotice, ...]),
    "corrections": TypeAdapter(tuple[Correction, ...]),
    "accepted_by": TypeAdapter(Staff | None),
    "legal_due": TypeAdapter(DueDate | None),
    "promised_due": TypeAdapter(DueDate | None),
    "deemed": TypeAdapter(Deemed | None),
    "renews": TypeAdapter(Renewal | None),
    "refusal": TypeAdapter(Refusal | None),
    "returned": TypeAdapter(Return | None),
    "delivery_due": TypeAdapter(DueDate | None),
    "hand_over": TypeAdapter(HandOver | None),
}
_PLAIN = (
    "application_id",
    "item_code",
    "item_version",
    "department_uscc",
    "division",
    "channel",
    "submitted_at",
    "version",
    "event_no",
    "case_no",
    "query_code",
    "received_at",
    "accepted_at",
    "withdrawn_at",
    "withdrawal_reason",
    "acceptance_order",
    "decided_at",
    "concluded_at",
    "bundle_no",
)
# Written once, when the application is submitted
_FIXED = frozenset(
    {
        "application_id",
        "item_code",
        "department_uscc",
        "division",
        "channel",
        "submitted_at",
        "agent",
        "co_applicants",
        "submitted_by",
        "bundle_no",
    }
)
_CHANGING = [name for name in (*_PLAIN, *_PARTS, "state", "outcome", "wakes_at", "course") if name not in _FIXED]

_RUNNING = [state.value for state in RUNNING]
_TABLE = ApplicationRow.__table__  # type: ignore[attr-defined]
COLUMNS = [column for column in _TABLE.columns if column.name != "form_sealed"]
# Made once: SQLAlchemy then finds their compiled form by the object, not by walking over forty columns
_INSERT = insert(_TABLE)
_UPDATE = (
    update(_TABLE)
    .where(_TABLE.c.application_id == bindparam("key_id"), _TABLE.c.version == bindparam("key_version"))
    .values({name: bindparam(f"new_{name}") for name in _CHANGING})
)


@lru_cache(maxsize=256)
def _one(by: str, visible: ColumnElement[bool]) -> Select[Any]:
    """Kept per caller, whose predicate is the same object again: building it costs more than sending it."""
    return select(*COLUMNS).where(_TABLE.c[by] == bindparam("sought"), visible)


def to_application(row: RowMapping | Mapping[str, Any]) -> Application:
    return Application(
        **{name: row[name] for name in _PLAIN},
        **{name: adapter.validate_python(row[name]) for name, adapter in _PARTS.items()},
        state=State(row["state"]),
        outcome=Outcome(row["outcome"]) if row["outcome"] else None,
        course=_COURSE.validate_python(row["course"]) if row["course"] else USUAL,
        applicant=Applicant(
            PartyType(row["party_type"]),
            row["applicant_name"],
            row["applicant_key"],
            row["applicant_masked"],
            row["applicant_sealed"],
        ),
    )


def to_row(application: Application) -> dict[str, Any]:
    """Values of every column that follows from the application; name of the item and the form are added at insert."""
    applicant = application.applicant
    return {
        **{name: getattr(application, name) for name in _PLAIN},
        **{name: adapter.dump_python(getattr(application, name), mode="json") for name, adapter in _PARTS.items()},
        "state": application.state.value,
        "outcome": application.outcome.value if application.outcome else None,
        "wakes_at": wakes_at(application),
        "course": _course(application.course),
        "party_type": applicant.party_type.value,
        "applicant_name": applicant.name,
        "applicant_key": applicant.subject_key,
        "applicant_masked": applicant.masked_number,
        "applicant_sealed": applicant.sealed_number,
        "submitter_id": application.submitted_by.account_id,
    }


def _course(course: Course) -> dict[str, Any] | None:
    """Nothing for the usual way: most applications never leave it."""
    dumped: dict[str, Any] | None = None if course == USUAL else _COURSE.dump_python(course, mode="json")
    return dumped


async def add(
    connection: AsyncConnection, application: Application, *, item_name: str, form_sealed: str | None
) -> None:
    values = to_row(application) | {"item_name": item_name, "form_sealed": form_sealed}
    await connection.execute(_INSERT, values)


async def load(connection: AsyncConnection, key: UUID | str, visible: ColumnElement[bool]) -> Application:
    """By application id, or by case number. Raises UnknownApplication, also outside the caller's scope."""
    by = "application_id" if isinstance(key, UUID) else "case_no"
    row = (await connection.execute(_one(by, visible), {"sought": key})).mappings().one_or_none()
    if row is None:
        raise UnknownApplication()
    return to_application(row)


async def load_for_update(connection: AsyncConnection, ids: Iterable[UUID]) -> dict[UUID, Application]:
    """For consumers: waits for the rows, in one order for everybody, instead of losing a race to a person."""
    statement = (
        select(*COLUMNS)
        .where(col(ApplicationRow.application_id).in_(sorted(ids)))
        .order_by(col(ApplicationRow.application_id))
        .with_for_update()
    )
    found = await connection.execute(statement)
    return {row["application_id"]: to_application(row) for row in found.mappings()}


Due = tuple[datetime, UUID]  # when the law does something with it, and the application: a place in the order


async def due_after(
    connection: AsyncConnection, place: Due | None, until: datetime, states: Iterable[State], *, limit: int
) -> list[Due]:
    """Applications in these states that are due by then, the longest due first, from behind this place on."""
    order = tuple_(col(ApplicationRow.wakes_at), col(ApplicationRow.application_id))
    statement = (
        select(col(ApplicationRow.wakes_at), col(ApplicationRow.application_id))
        .where(col(ApplicationRow.wakes_at) <= until, col(ApplicationRow.state).in_([state.value for state in states]))
        .order_by(order)
        .limit(limit)
    )
    if place is not None:
        wakes_at, application_id = place
        statement = statement.where(col(ApplicationRow.wakes_at) >= wakes_at, order > tuple_(wakes_at, application_id))
    return [(row.wakes_at, row.application_id) for row in await connection.execute(statement)]


async def lock_due(connection: AsyncConnection, application_id: UUID, until: datetime) -> Application | None:
    """The application if it is still due and nobody holds it."""
    statement = (
        select(*COLUMNS)
        .where(col(ApplicationRow.application_id) == application_id, col(ApplicationRow.wakes_at) <= until)
        .with_for_update(skip_locked=True)
    )
    row = (await connection.execute(statement)).mappings().one_or_none()
    return to_application(row) if row is not None else None


async def save(connection: AsyncConnection, application: Application, *, seen: int) -> None:
    """Raises ApplicationChanged: somebody saved the application after version `seen` was read."""
    result = await connection.execute(_UPDATE, _update_values(application, seen))
    if result.rowcount != 1:
        raise ApplicationChanged()


async def save_locked(connection: AsyncConnection, applications: Iterable[tuple[Application, int]]) -> None:
    """Save rows that this transaction has locked, in one go."""
    values = [_update_values(application, seen) for application, seen in applications]
    if values:
        await connection.execute(_UPDATE, values)


def _update_values(application: Application, seen: int) -> dict[str, Any]:
    row = to_row(application)
    return {f"new_{name}": row[name] for name in _CHANGING} | {
        "key_id": application.application_id,
        "key_version": seen,
    }


async def held_by(connection: AsyncConnection, holder_keys: Iterable[str]) -> list[HeldCertificate]:
    """Every certificate these holders have in the library, valid or not: the rules tell them apart."""
    keys = [key for key in holder_keys if key]
    return [_held(row) for row in (await connection.execute(_HELD_BY, {"keys": keys})).mappings()]


async def held_with(connection: AsyncConnection, identifiers: Iterable[str]) -> dict[str, HeldCertificate]:
    wanted = sorted(set(identifiers))
    if not wanted:
        return {}
    statement = select(*_HELD).where(col(HeldCertificateRow.identifier).in_(wanted))
    return {row["identifier"]: _held(row) for row in (await connection.execute(statement)).mappings()}


_ELSEWHERE = ("region_name", "trusted_until")
_HELD = [
    col(HeldCertificateRow.identifier),
    col(HeldCertificateRow.holder_key),
    col(HeldCertificateRow.type_code),
    col(HeldCertificateRow.valid_from),
    col(HeldCertificateRow.valid_until),
    col(HeldCertificateRow.status),
    col(HeldCertificateRow.holder_name),
    col(HeldCertificateRow.region_name),
    col(HeldCertificateRow.trusted_until),
]
_HELD_BY = select(*_HELD).where(col(HeldCertificateRow.holder_key) == func.any(bindparam("keys", type_=ARRAY(Text))))


def _held(row: RowMapping) -> HeldCertificate:
    return HeldCertificate(
        identifier=row["identifier"],
        holder_key=row["holder_key"],
        type_code=row["type_code"],
        valid_from=row["valid_from"],
        valid_until=row["valid_until"],
        valid=row["status"] == "VALID",
        holder_name=row["holder_name"],
        region_name=row["region_name"],
        trusted_until=row["trusted_until"],
    )


async def add_documents(connection: AsyncConnection, rows: list[dict[str, Any]]) -> None:
    await connection.execute(upsert(CaseDocumentRow).on_conflict_do_nothing(), rows)


_DOCUMENTS_OF = (
    select(col(CaseDocumentRow.kind), col(CaseDocumentRow.number))
    .where(col(CaseDocumentRow.application_id) == bindparam("sought"))
    .order_by(col(CaseDocumentRow.issued_at), col(CaseDocumentRow.number))
)


async def documents_of(connection: AsyncConnection, application_id: UUID) -> list[tuple[str, str]]:
    """(kind, number) of what exists for the case, oldest first; the certificate's kind is CERTIFICATE."""
    return [(row.kind, row.number) for row in await connection.execute(_DOCUMENTS_OF, {"sought": application_id})]


async def barred_until(connection: AsyncConnection, subject_keys: Collection[str]) -> date | None:
    """The latest day any division has recorded of one of them."""
    statement = select(func.max(col(BarredRow.barred_until))).where(col(BarredRow.subject_key).in_(subject_keys))
    found: date | None = await connection.scalar(statement)
    return found


async def one_at_a_time(connection: AsyncConnection, what: str) -> None:
    """Until this transaction ends nobody else does the same."""
    await connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": f"intake.{what}"})


async def running_from(
    connection: AsyncConnection, day: date, *, after: UUID | None, limit: int, lock: bool = False
) -> list[Application]:
    """Applications with a running clock that ends on this day or later, or whose end is not final; by id."""
    ends = [col(ApplicationRow.notice_due), col(ApplicationRow.legal_due), col(ApplicationRow.promised_due)]
    ends.append(col(ApplicationRow.delivery_due))
    late = or_(*(or_(end["on"].astext >= day.isoformat(), end["provisional"].as_boolean()) for end in ends))
    correcting = col(ApplicationRow.state) == State.CORRECTION.value
    early = [col(ApplicationRow.supplement), col(ApplicationRow.notice_due)]
    to_supply = and_(correcting, or_(*(told["provisional"].as_boolean() for told in early)))
    closes = col(ApplicationRow.course)["window"]["closes"]
    window = or_(closes["on"].astext >= day.isoformat(), closes["provisional"].as_boolean())
    is_running = col(ApplicationRow.state).in_(_RUNNING)
    running = or_(and_(is_running, late), and_(or_(is_running, correcting), window), to_supply)
    statement = select(*COLUMNS).where(running)
    if after is not None:
        statement = statement.where(col(ApplicationRow.application_id) > after)
    statement = statement.order_by(col(ApplicationRow.application_id)).limit(limit)
    found = await connection.execute(statement.with_for_update() if lock else statement)
    return [to_application(row) for row in found.mappings()]
