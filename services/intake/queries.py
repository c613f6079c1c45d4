"""Reads for screens: one SELECT, one schema, always under the caller's scope."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, RowMapping, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from services.intake.answers import ApplicationBrief, PartyOut
from services.intake.answers_course import DueOut
from services.intake.domain.application import Application, PartyType
from services.intake.domain.errors import UnknownApplication
from services.intake.domain.states import STATE_NAMES, State
from services.intake.order_repository import place_in_order
from services.intake.repository import COLUMNS, to_application
from services.intake.scope import applies_together
from services.intake.tables import ApplicationRow

_BRIEF = [
    col(ApplicationRow.application_id),
    col(ApplicationRow.version),
    col(ApplicationRow.state),
    col(ApplicationRow.item_code),
    col(ApplicationRow.item_name),
    col(ApplicationRow.channel),
    col(ApplicationRow.division),
    col(ApplicationRow.party_type),
    col(ApplicationRow.applicant_name),
    col(ApplicationRow.applicant_masked),
    col(ApplicationRow.case_no),
    col(ApplicationRow.submitted_at),
    col(ApplicationRow.received_at),
    col(ApplicationRow.accepted_at),
    col(ApplicationRow.promised_due),
    col(ApplicationRow.bundle_no),
]


async def applications(
    connection: AsyncConnection,
    visible: ColumnElement[bool],
    *conditions: ColumnElement[bool],
    before: UUID | None,
    limit: int,
) -> list[ApplicationBrief]:
    """Newest first (ids grow with time)."""
    statement = select(*_BRIEF).where(visible, *conditions)
    if before is not None:
        statement = statement.where(col(ApplicationRow.application_id) < before)
    statement = statement.order_by(col(ApplicationRow.application_id).desc()).limit(limit)
    return [_brief(row) for row in (await connection.execute(statement)).mappings()]


def in_states(states: list[State] | None) -> list[ColumnElement[bool]]:
    return [col(ApplicationRow.state).in_([state.value for state in states])] if states else []


def through(channel: str | None) -> list[ColumnElement[bool]]:
    return [col(ApplicationRow.channel) == channel] if channel else []


def of_applicant(subject_key: str) -> ColumnElement[bool]:
    """Also of who applies together with somebody."""
    return or_(col(ApplicationRow.applicant_key) == subject_key, applies_together(subject_key))


async def detail(
    connection: AsyncConnection, key: UUID | str, visible: ColumnElement[bool]
) -> tuple[Application, str | None]:
    """The application and its sealed form. Raises UnknownApplication, also outside the caller's scope."""
    match = col(ApplicationRow.application_id) == key if isinstance(key, UUID) else col(ApplicationRow.case_no) == key
    statement = select(*COLUMNS, col(ApplicationRow.form_sealed)).where(match, visible)
    row = (await connection.execute(statement)).mappings().one_or_none()
    if row is None:
        raise UnknownApplication()
    application = to_application(row)
    if application.acceptance_order is not None:
        application = replace(application, acceptance_order=await place_in_order(connection, application))
    return application, row["form_sealed"]


def _brief(row: RowMapping) -> ApplicationBrief:
    due: dict[str, Any] | None = row["promised_due"]
    state = State(row["state"])
    return ApplicationBrief(
        application_id=row["application_id"],
        version=row["version"],
        state=state,
        state_name=STATE_NAMES[state],
        item_code=row["item_code"],
        item_name=row["item_name"],
        channel=row["channel"],
        division=row["division"],
        applicant=PartyOut(
            party_type=PartyType(row["party_type"]), name=row["applicant_name"], masked_number=row["applicant_masked"]
        ),
        case_no=row["case_no"],
        submitted_at=row["submitted_at"],
        received_at=row["received_at"],
        accepted_at=row["accepted_at"],
        promised_due=DueOut.model_validate(due) if due else None,
        bundle_no=row["bundle_no"],
    )
