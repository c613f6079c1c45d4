"""The hearing (arts. 46-48): right told, asked for or waived, announced, held with a record; then the decision."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.approval.domain.case import Case, Officer, same_department
from services.approval.domain.clocks import workdays_after
from services.approval.domain.errors import HearingDate, HearingRequestLate, HearingStage, SeparationOfDuties
from services.approval.domain.guards import may_ask
from services.approval.domain.proceedings import Hearing, HearingStep, Inspector, Telling
from services.approval.domain.states import Act, State, require
from services.approval.domain.wording import require_text, require_that
from services.kernel.errors import FieldError
from services.kernel.time_limit import DueDate, china_date
from services.kernel.workdays import WorkCalendar

REQUEST_WORKDAYS = 5  # art. 47
HOLDING_WORKDAYS = 20  # art. 47
NOTICE_WORKDAYS = 7  # art. 48 (1), in working days by art. 82
STATUTORY_REST_DAYS = 13  # of a year, for everybody (全国年节及纪念日放假办法): the most that can still be published


@dataclass(frozen=True)
class Told:
    persons: tuple[str, ...]
    request_by: DueDate
    notice: str
    told_at: datetime


@dataclass(frozen=True)
class Requested:
    person: str
    reason: str
    hold_by: DueDate
    requested_at: datetime


@dataclass(frozen=True)
class Waived:
    person: str
    document: str
    settled: bool
    waived_at: datetime


@dataclass(frozen=True)
class Announcement:
    takes_place_at: datetime
    place: str
    chair: Inspector
    notice: str
    public: bool = True


@dataclass(frozen=True)
class Announced:
    takes_place_at: datetime
    place: str
    chair: Inspector
    notice: str
    public: bool
    announced_at: datetime


@dataclass(frozen=True)
class HearingRecord:
    participants: tuple[str, ...]
    record: str


@dataclass(frozen=True)
class Held:
    took_place_at: datetime
    place: str
    chair: Inspector
    participants: tuple[str, ...]
    record: str
    held_at: datetime


def tell_hearing(
    case: Case, officer: Officer, *, persons: tuple[str, ...], notice: str, now: datetime, calendar: WorkCalendar
) -> tuple[Case, Told]:
    """Applicant and interested parties are told of the right; the five working days of each run from his own telling.

    Who is named again has them again, whatever he waived before: a notice holds for those it names.

    Raises: OtherDepartment, WrongState, HearingStage, IncompleteRecord
    """
    same_department(case, officer)
    hearing = _begun(case, Act.TELL_HEARING)
    named = tuple(person.strip() for person in persons if person.strip())
    require_that(bool(named), "persons", "required", "应当写明被告知的申请人、利害关系人")
    if hearing is not None and not _may_be_told(hearing, named):
        raise HearingStage("听证已经申请、放弃或通知，无须再告知")
    require_text(("notice", notice, "告知的内容"))
    request_by = workdays_after(now, REQUEST_WORKDAYS, calendar)
    before = hearing or Hearing(HearingStep.TOLD)
    told = replace(
        before,
        step=HearingStep.TOLD,
        told=tuple(dict.fromkeys((*before.told, *named))),
        waived=tuple(person for person in before.waived if person not in named),
        earlier=_without(before.tellings, named),
        request_by=request_by,
        told_at=now,
    )
    return case.stepped(hearing=told), Told(named, request_by, notice.strip(), now)


def _without(tellings: tuple[Telling, ...], named: tuple[str, ...]) -> tuple[Telling, ...]:
    left = (replace(one, persons=tuple(p for p in one.persons if p not in named)) for one in tellings)
    return tuple(one for one in left if one.persons)


def _may_be_told(hearing: Hearing, named: tuple[str, ...]) -> bool:
    """What others have waived is open again for somebody who was found only afterwards (art. 47)."""
    newcomers = not set(named) <= set(hearing.told)
    return hearing.step is HearingStep.TOLD or (hearing.step is HearingStep.WAIVED and newcomers)


def request_hearing(
    case: Case, officer: Officer, *, person: str, reason: str, now: datetime, calendar: WorkCalendar
) -> tuple[Case, Requested]:
    """Somebody who was told asks for it within five working days; it is to be held within twenty.

    Raises: OtherDepartment, WrongState, HearingStage, HearingRequestLate, IncompleteRecord
    """
    same_department(case, officer)
    return ask_for_hearing(case, person=person, reason=reason, now=now, calendar=calendar)


def ask_for_hearing(
    case: Case, *, person: str, reason: str, now: datetime, calendar: WorkCalendar
) -> tuple[Case, Requested]:
    """The same, by the person himself through the public window.

    Raises: WrongState, HearingStage, HearingRequestLate, IncompleteRecord
    """
    hearing = _at_step(case, Act.REQUEST_HEARING, HearingStep.TOLD)
    _was_told(hearing, person)
    if person.strip() in hearing.waived:
        raise HearingStage("此人已书面放弃听证")
    if not may_ask(hearing, person.strip(), now=now):
        raise HearingRequestLate()
    hold_by = workdays_after(now, HOLDING_WORKDAYS, calendar)
    asked = replace(hearing, step=HearingStep.REQUESTED, hold_by=hold_by, requested_at=now)
    return case.stepped(hearing=asked), Requested(person.strip(), reason.strip(), hold_by, now)


def waive_hearing(case: Case, officer: Officer, *, person: str, document: str, now: datetime) -> tuple[Case, Waived]:
    """A written waiver of one person; settled once everybody who was told has waived.

    Raises: OtherDepartment, WrongState, HearingStage, IncompleteRecord
    """
    same_department(case, officer)
    hearing = _at_step(case, Act.WAIVE_HEARING, HearingStep.TOLD)
    _was_told(hearing, person)
    require_text(("document", document, "书面放弃的文书"))
    waived = tuple(dict.fromkeys((*hearing.waived, person.strip())))
    settled = set(waived) == set(hearing.told)
    step = HearingStep.WAIVED if settled else HearingStep.TOLD
    changed = replace(hearing, step=step, waived=waived)
    return case.stepped(hearing=changed), Waived(person.strip(), document.strip(), settled, now)


def announce_hearing(
    case: Case, officer: Officer, announcement: Announcement, *, now: datetime, calendar: WorkCalendar
) -> tuple[Case, Announced]:
    """Time, place and chair, seven working days ahead. Again with another chair after a challenge (art. 48 (3)).

    Without a request it is the body's own hearing on a matter of public interest, which is public (art. 46).

    Raises: OtherDepartment, WrongState, HearingStage, HearingDate, SeparationOfDuties, IncompleteRecord
    """
    same_department(case, officer)
    hearing = _begun(case, Act.ANNOUNCE_HEARING)
    if hearing is not None and hearing.step in (HearingStep.WAIVED, HearingStep.HELD):
        raise HearingStage("听证已经放弃或举行")
    _check_chair(case, announcement.chair)
    require_text(
        ("place", announcement.place, "听证地点"),
        ("notice", announcement.notice, "通知的内容（时间、地点、主持人、申请回避的权利）"),
        ("chair/name", announcement.chair.name, "听证主持人"),
    )
    hold_by = hearing.hold_by if hearing else None
    require_that(announcement.public or hold_by is not None, "public", "required", "依职权举行的听证应当公告")
    _check_date(announcement.takes_place_at, hold_by, now, calendar)
    planned = replace(
        hearing or Hearing(HearingStep.ANNOUNCED),
        step=HearingStep.ANNOUNCED,
        takes_place_at=announcement.takes_place_at,
        chair=announcement.chair,
        place=announcement.place.strip(),
    )
    approvers = (*case.proceedings.approvers, announcement.chair.account_id)
    return case.stepped(hearing=planned, approvers=approvers), Announced(**vars(announcement), announced_at=now)


def hold_hearing(case: Case, officer: Officer, record: HearingRecord, *, now: datetime) -> tuple[Case, Held]:
    """The signed record. The examination begins again with it: the decision is made on the record (art. 48).

    Raises: OtherDepartment, WrongState, HearingStage, IncompleteRecord
    """
    same_department(case, officer)
    hearing = _at_step(case, Act.HOLD_HEARING, HearingStep.ANNOUNCED)
    assert hearing.takes_place_at is not None  # set by the announcement
    assert hearing.chair is not None
    if now < hearing.takes_place_at:
        raise HearingStage("尚未到通知的听证时间")
    named = tuple(person.strip() for person in record.participants if person.strip())
    require_that(bool(named), "participants", "required", "应当写明在笔录上签字的听证参加人")
    require_text(("record", record.record, "听证笔录"))
    held = case.stepped(_examined_again(case.state), hearing=replace(hearing, step=HearingStep.HELD))
    pause = held.proceedings.suspension
    if pause is not None:
        held = replace(
            held, proceedings=replace(held.proceedings, suspension=replace(pause, resumes_to=State.EXAMINING))
        )
    return held, Held(hearing.takes_place_at, hearing.place, hearing.chair, named, record.record.strip(), now)


def _examined_again(state: State) -> State:
    return State.EXAMINING if state is State.REVIEWED else state


def _begun(case: Case, act: Act) -> Hearing | None:
    require(case.state, act)
    return case.proceedings.hearing


def _at_step(case: Case, act: Act, step: HearingStep) -> Hearing:
    hearing = _begun(case, act)
    if hearing is None or hearing.step is not step:
        raise HearingStage()
    return hearing


def _was_told(hearing: Hearing, person: str) -> None:
    require_that(person.strip() in hearing.told, "person", "not-told", "此人不在被告知听证权利的人员之列")


def _check_chair(case: Case, chair: Inspector) -> None:
    """Somebody other than who examines the application (art. 48 (3))."""
    check = case.proceedings.site_check
    inspectors = {*(i.account_id for i in check.inspectors), *check.former} if check else set()
    examiners = case.opinion_writers | inspectors
    if chair.account_id in examiners:
        raise SeparationOfDuties("听证主持人不得是审查该申请的工作人员")


def _check_date(at: datetime, hold_by: DueDate | None, now: datetime, calendar: WorkCalendar) -> None:
    """Seven working days ahead, and within twenty of the request as long as both are possible: a hearing that comes too
    late is held all the same, because nothing is decided before it; supervision sees the limit missed.
    """
    earliest = workdays_after(now, NOTICE_WORKDAYS, calendar)
    planned = china_date(at)
    if planned < earliest.on:
        mark = "（暂定）" if earliest.provisional else ""
        fault = FieldError("#/takes_place_at", "too-early", f"应当于举行听证的七日前通知，最早为{earliest.on}{mark}")
        raise HearingDate(fault.detail, errors=[fault])
    if earliest.provisional and planned < workdays_after(now, NOTICE_WORKDAYS + STATUTORY_REST_DAYS, calendar).on:
        # holidays of that year may still leave fewer than seven working days: nothing is announced on a guess
        detail = f"该年度节假日安排尚未载入，最早日期{earliest.on}为暂定，不能确保七个工作日前通知，请另定较晚的日期"
        raise HearingDate(detail, errors=[FieldError("#/takes_place_at", "provisional", detail)])
    in_time = hold_by is not None and earliest.on <= hold_by.on
    if in_time and hold_by is not None and planned > hold_by.on and not hold_by.provisional:
        fault = FieldError("#/takes_place_at", "too-late", f"应当自申请之日起二十日内组织听证，最迟为{hold_by.on}")
        raise HearingDate(fault.detail, errors=[fault])
