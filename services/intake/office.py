"""What the commands of intake work with: the process's office, and one call of one person or system."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from services.chassis import clock
from services.chassis.auth import Principal
from services.chassis.database import Answer, Database, Idempotency, UnitOfWork
from services.chassis.errors import StaleVersion
from services.chassis.files import Files
from services.chassis.reference import Reference
from services.chassis.sealing import Sealer
from services.intake.answers import ApplicationOut, application_out
from services.intake.domain.application import Application, Staff, require
from services.intake.domain.basis_of_acts import refusal_basis
from services.intake.domain.errors import ApplicationChanged, Invalid
from services.intake.domain.states import Act
from services.intake.items import Items, VersionedItem
from services.intake.settings import IntakeSettings
from services.kernel.errors import FieldError
from services.kernel.time_limit import Clock, DueDate, StartRule, TimeLimit, Unit, due_date
from services.kernel.workdays import WorkCalendar, build_calendar

NUMBER_CONTEXT = "party-number"
FORM_CONTEXT = "application-form"
CALENDARS = "work-calendar"
FORM_BYTES = 64 * 1024
FORM_DEPTH = 16


@dataclass(frozen=True)
class Office:
    """Made once per process."""

    db: Database
    items: Items
    sealer: Sealer
    files: Files
    calendars: Reference[WorkCalendar]
    settings: IntakeSettings

    @property
    def calendar(self) -> WorkCalendar:
        """As this process knows it; a year loaded moments ago elsewhere is made good by the re-projection."""
        return self.calendars.value

    def due(self, limit: TimeLimit, started_at: datetime) -> DueDate:
        return due_date(Clock(limit, started_at), self.calendar)

    def workdays_after(self, started_at: datetime, workdays: int) -> DueDate:
        return workdays_after(self.calendar, started_at, workdays)

    def latest_promise(self, today: date) -> date:
        """The last day for which a deferred material may be promised."""
        return self.calendar.earliest_workday(today, self.settings.deferral_workdays)

    def seal_form(self, form: Mapping[str, Any]) -> str | None:
        """Raises Invalid when the form is too large, too deep or no text that can be stored."""
        if not form:
            return None
        if _is_deeper_than(form, FORM_DEPTH):
            raise Invalid(errors=[FieldError("#/form", "form.too-deep", f"申请表内容的层次超过 {FORM_DEPTH} 层")])
        try:
            content = json.dumps(form, ensure_ascii=False, allow_nan=False).encode()
        except ValueError as broken:  # also a lone surrogate, which is no character
            raise Invalid(errors=[FieldError("#/form", "form.encoding", "申请表内容含有不能保存的字符")]) from broken
        if len(content) > FORM_BYTES:
            raise Invalid(errors=[FieldError("#/form", "form.too-large", "申请表内容超过 64 KiB")])
        return self.sealer.seal(content.decode(), FORM_CONTEXT)


def work_calendars() -> Reference[WorkCalendar]:
    return Reference(CALENDARS, build_calendar)


def workdays_after(calendar: WorkCalendar, started_at: datetime, workdays: int) -> DueDate:
    return due_date(Clock(TimeLimit(workdays, Unit.WORKDAY, StartRule.RECEIVED), started_at), calendar)


def _is_deeper_than(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deeper_than(entry, levels - 1) for entry in inner)


@dataclass(frozen=True)
class Call:
    """Who acts in which role, under which key, having seen which version, and when."""

    principal: Principal
    by: Staff
    roles: tuple[str, ...]
    idempotency: Idempotency
    now: datetime
    seen: int = 0

    @property
    def today(self) -> date:
        return clock.local_date(self.now)

    async def check_seen(self, uow: UnitOfWork, application: Application, act: Act) -> None:
        """The caller decided on an older state of things.

        Of twenty clerks who accept at once nineteen hear that it is accepted, not only that something has changed.

        Raises: WrongState where the newer state rules the act out; ApplicationChanged for who lost a race, also where
            the act would still be possible; StaleVersion for who had read too long ago.
        """
        missed = application.version - self.seen
        if missed == 0:
            return
        require(application, act)
        lost = await uow.overtaken(application.application_id, missed)
        raise ApplicationChanged() if lost else StaleVersion()


def answer(uow: UnitOfWork, status: int, application: Application, item: VersionedItem) -> Answer:
    return uow.answer(status, out(application, item), etag_version=application.version)


def out(application: Application, item: VersionedItem) -> ApplicationOut:
    basis = refusal_basis(item.item, application.refusal.kind) if application.refusal else ""
    return application_out(application, item.item, refusal_basis=basis)
