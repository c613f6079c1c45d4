"""What a receipt signs: each material with its hash, every due date with its why. Numbers of people stay masked."""

from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from contracts.events.common import DueDate as ToldDate
from contracts.events.common import LimitValue
from contracts.events.intake import ApplicationReceived
from services.certificate.files import contents
from services.certificate.papers.case_facts import is_licence
from services.kernel.time_limit import Clock, DueDate, StartRule, TimeLimit, Unit
from services.kernel.why import STARTS_EN, STARTS_ZH, UNITS_EN, UNITS_ZH, Reason, ReasonKind, why
from services.kernel.workdays import CalendarNotPublished, WorkCalendar

VERSION = 1
_NOTICE_LIMIT = TimeLimit(5, Unit.WORKDAY, StartRule.RECEIVED, "行政许可法第三十二条第一款第四项")
_OF_CALENDAR = {ReasonKind.HOLIDAY, ReasonKind.MAKEUP_WORKDAY, ReasonKind.CALENDAR_MISSING, ReasonKind.LAST_DAY_RESTS}


@dataclass(frozen=True)
class Due:
    """One limit of the case as known at receipt. `on` None: it starts with a later act."""

    code: str
    name: str
    limit: TimeLimit
    due: DueDate | None
    reasons: tuple[Reason, ...]

    @property
    def zh(self) -> str:
        return "；".join(reason.zh for reason in self.reasons) + "。"

    @property
    def en(self) -> str:
        return "; ".join(reason.en for reason in self.reasons) + "."

    def line(self) -> contents.DueLine:
        on = self.due.on if self.due else None
        return contents.DueLine(name=self.name, on=on, provisional=bool(self.due and self.due.provisional), why=self.zh)

    def data(self) -> dict[str, Any]:
        return {
            "code": self.code,
            "name": self.name,
            "on": self.due.on.isoformat() if self.due else None,
            "provisional": bool(self.due and self.due.provisional),
            "limit": {"value": self.limit.value, "unit": self.limit.unit.value, "start": self.limit.start.value},
            "article": self.limit.article,
            "why": {"zh": self.zh, "en": self.en, "reasons": [_reason(reason) for reason in self.reasons]},
        }


def due_dates(event: ApplicationReceived, calendar: WorkCalendar) -> tuple[Due, ...]:
    """The answer within five working days (art. 32), the legal and the promised limit of the item."""
    item = event.item
    notice = _NOTICE_LIMIT if is_licence(item) else replace(_NOTICE_LIMIT, article=f"参照{_NOTICE_LIMIT.article}")
    return (
        _running(event, calendar, "NOTICE", "是否受理的答复", notice, event.notice_due),
        _of_item(event, calendar, "LEGAL", "法定办结期限", item.legal_limit),
        _of_item(event, calendar, "PROMISED", "承诺办结期限", item.promised_limit),
    )


def record(event: ApplicationReceived, paper: contents.Receipt, dues: tuple[Due, ...]) -> dict[str, Any]:
    """The payload of the signed receipt."""
    item = event.item
    return {
        "version": VERSION,
        "paper_id": paper.reference,
        "number": paper.number,
        "case_no": event.case_no,
        "application_id": str(event.application_id),
        "query_code": event.query_code,
        "body": {"uscc": item.department.uscc, "name": item.department.name},
        "item": {"item_code": item.item_code, "version": item.version, "name": item.name},
        "applicant": {"name": event.applicant.name, "number": event.applicant.masked_number},
        "co_applicants": [{"name": one.name, "number": one.masked_number} for one in event.co_applicants],
        "received_at": event.received_at.isoformat(),
        "received_by": paper.clerk_name,
        "materials": [
            {
                "material_no": material.material_no,
                "name": material.name,
                "source": material.source.value,
                "copies": material.copies,
                "sha256": material.sha256,
                "certificate_identifier": material.certificate_identifier,
            }
            for material in event.materials
        ],
        "due_dates": [due.data() for due in dues],
    }


def _of_item(event: ApplicationReceived, calendar: WorkCalendar, code: str, name: str, value: LimitValue) -> Due:
    limit = TimeLimit(value.value, Unit(value.unit.value), StartRule(value.start.value), value.basis)
    if limit.start is StartRule.RECEIVED:
        return _running(event, calendar, code, name, limit, None)
    return Due(code, name, limit, None, (_later(limit),))


def _running(
    event: ApplicationReceived, calendar: WorkCalendar, code: str, name: str, limit: TimeLimit, told: ToldDate | None
) -> Due:
    """A limit that runs from receipt. The date intake told is the one that counts; the why must end on it."""
    clock = Clock(limit, event.received_at)
    try:
        found = why(clock, calendar)
    except CalendarNotPublished:
        return Due(code, name, limit, None, (_later(limit),))
    if told is None or (found.due.on, found.due.provisional) == (told.on, told.provisional):
        return Due(code, name, limit, found.due, found.reasons)
    # Intake counted with a calendar of which nothing was heard here yet, or heard of a newer one since.
    kept = [one for one in found.reasons if one.kind not in _OF_CALENDAR | {ReasonKind.DUE}]
    return Due(code, name, limit, DueDate(told.on, told.provisional), (*kept, _as_told(told.on, told.provisional)))


def _later(limit: TimeLimit) -> Reason:
    start_zh, start_en = STARTS_ZH[limit.start], STARTS_EN[limit.start]
    basis = f"（{limit.article}）" if limit.article else ""
    if limit.value == 0:
        return Reason(ReasonKind.LIMIT, f"{start_zh}后当场办结{basis}", f"on the spot after {start_en}")
    return Reason(
        ReasonKind.LIMIT,
        f"自{start_zh}之日起{limit.value}{UNITS_ZH[limit.unit]}{basis}，{start_zh}时另行书面告知日期",
        f"{limit.value} {UNITS_EN[limit.unit]} from {start_en}; the date is told in writing then",
        days=limit.value,
        article=limit.article,
    )


def _as_told(on: date, provisional: bool) -> Reason:
    zh, en = ("最早于", " at the earliest (provisional)") if provisional else ("于", "")
    return Reason(
        ReasonKind.DUE,
        f"按收件时已公布的节假日安排，{zh}{on.year}年{on.month}月{on.day}日到期",
        f"due {on}{en} by the calendar published at receipt",
    )


def _reason(reason: Reason) -> dict[str, Any]:
    given = asdict(reason) | {"kind": reason.kind.value}
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in given.items()}
