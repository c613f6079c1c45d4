"""What moves the clock: special procedures stop it, their end starts it again, a head extends it once."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.approval.domain.case import Case, Officer, not_a_handler, same_department
from services.approval.domain.clocks import Dates, is_over, workdays_after
from services.approval.domain.errors import (
    AlreadyExtended,
    ExtensionTooLong,
    LimitOver,
    NeedsDepartmentHead,
    NeedsGovernmentHead,
    NotASpecialProcedure,
    NotExtendable,
)
from services.approval.domain.proceedings import ExtensionRule, Suspension
from services.approval.domain.states import Act, State, require
from services.approval.domain.wording import require_text, require_that
from services.kernel.errors import FieldError
from services.kernel.time_limit import DueDate, Entry, Extended, Paused, Resumed, Unit, china_date
from services.kernel.workdays import WorkCalendar

ARTICLE_45 = "行政许可法第四十五条"
ARTICLE_42 = "行政许可法第四十二条第一款"
ARTICLE_42_JOINT = "行政许可法第四十二条第二款"
OWN_LAW = "OWN_LAW"
# Art. 45: the eight kinds whose time is not counted. Site surveys, public notices and supplements are not among them.
SPECIAL_KINDS = {
    "HEARING": "听证",
    "TENDER": "招标",
    "AUCTION": "拍卖",
    "TESTING": "检验",
    "DETECTION": "检测",
    "QUARANTINE": "检疫",
    "APPRAISAL": "鉴定",
    "EXPERT_REVIEW": "专家评审",
}
TESTS = frozenset({"TESTING", "DETECTION", "QUARANTINE", "APPRAISAL"})  # passed or failed (art. 55)
DEFAULT_EXTENSION = ExtensionRule(10, Unit.WORKDAY)  # art. 42 para. 1
JOINT_EXTENSION = ExtensionRule(15, Unit.WORKDAY)  # art. 42 para. 2
LONGEST_PAUSE = 500  # working days, two years: a typing error, not a plan


@dataclass(frozen=True)
class SuspensionDraft:
    kind: str
    expected_workdays: int
    notice: str
    cause: str = ""


@dataclass(frozen=True)
class Suspended:
    kind: str
    kind_name: str
    cause: str
    article: str
    expected_workdays: int
    expected_end: DueDate
    notice: str
    suspended_at: datetime
    legal_due: DueDate
    promised_due: DueDate


@dataclass(frozen=True)
class Resumption:
    kind: str
    kind_name: str
    suspended_at: datetime
    expected_end: DueDate
    result: str
    passed: bool | None
    resumed_at: datetime
    legal_due: DueDate
    promised_due: DueDate


@dataclass(frozen=True)
class Extension:
    value: int
    unit: Unit
    article: str
    reason: str
    previous_legal_due: DueDate
    extended_at: datetime
    legal_due: DueDate
    promised_due: DueDate


def suspend(
    case: Case, draft: SuspensionDraft, officer: Officer, *, now: datetime, calendar: WorkCalendar
) -> tuple[Case, Suspended]:
    """The clock stops, with a written notice of the time needed.

    Raises:
        OtherDepartment, WrongState
        SeparationOfDuties: the approver is not the handler.
        NotASpecialProcedure: neither of the eight kinds of art. 45 nor a cause in the item's own law.
        IncompleteRecord: without notice or expected time the clock does not stop.
    """
    same_department(case, officer)
    require(case.state, Act.SUSPEND)
    not_a_handler(case, officer, "批准特别程序")
    kind, name, article, cause = _ground(case, draft)
    require_text(("notice", draft.notice, "告知申请人所需时间的书面通知"))
    within = 1 <= draft.expected_workdays <= LONGEST_PAUSE
    require_that(within, "expected_workdays", "range", f"所需时间应为 1 至 {LONGEST_PAUSE} 个工作日")
    at = case.clocks.latest(now)
    stopped = _with_entry(case, Paused(at, cause or name, article), calendar, now)
    pause = Suspension(
        kind, name, at, workdays_after(at, draft.expected_workdays, calendar), case.state, draft.expected_workdays
    )
    approvers = (*case.proceedings.approvers, officer.account_id)
    fact = Suspended(
        kind=kind,
        kind_name=name,
        cause=cause,
        article=article,
        expected_workdays=draft.expected_workdays,
        expected_end=pause.expected_end,
        notice=draft.notice.strip(),
        suspended_at=at,
        legal_due=stopped.dates.legal,
        promised_due=stopped.dates.promised,
    )
    return stopped.stepped(State.SUSPENDED, suspension=pause, approvers=approvers), fact


def _ground(case: Case, draft: SuspensionDraft) -> tuple[str, str, str, str]:
    """Code, name, article and cause of the pause. Raises NotASpecialProcedure."""
    wanted = draft.kind.strip()
    name = SPECIAL_KINDS.get(wanted, wanted)
    codes = {chinese: code for code, chinese in SPECIAL_KINDS.items()}
    own = next((p for p in case.rules.procedures if p.stops_clock and name in (p.kind, p.name)), None)
    if name in codes and (case.rules.licensing or own is not None):
        article = ARTICLE_45 if case.rules.licensing else (own.basis if own and own.basis else case.rules.basis)
        return codes[name], name, article, draft.cause.strip()
    if wanted == OWN_LAW:
        own = next((p for p in case.rules.procedures if p.stops_clock and p.kind not in codes), None)
    if own is not None:
        return OWN_LAW, own.kind, own.basis or case.rules.basis, own.cause or draft.cause.strip()
    fault = FieldError("#/kind", "not-listed", "现场踏勘、公示、补正等不停止计时（行政许可法第四十五条只列八类）")
    raise NotASpecialProcedure(f"“{name}”不是可以停止计时的特别程序", errors=[fault])


def resume(
    case: Case, officer: Officer, *, result: str, now: datetime, calendar: WorkCalendar, passed: bool | None = None
) -> tuple[Case, Resumption]:
    """The procedure is over, the clock runs on, the case is where it was.

    Args:
        passed: of a test, inspection or quarantine, whether the standard is met; a later one that is passed clears it.

    Raises: OtherDepartment, WrongState, IncompleteRecord
    """
    same_department(case, officer)
    require(case.state, Act.RESUME)
    require_text(("result", result, "特别程序的结果"))
    require_that(passed is None or _is_test(case), "passed", "not-applicable", "该特别程序没有合格与否的结论")
    pause = case.proceedings.suspension
    assert pause is not None  # a suspended case has one
    at = case.clocks.latest(now)
    running = _with_entry(case, Resumed(at), calendar, now)
    fact = Resumption(
        kind=pause.kind,
        kind_name=pause.kind_name,
        suspended_at=pause.suspended_at,
        expected_end=pause.expected_end,
        result=result.strip(),
        passed=passed,
        resumed_at=at,
        legal_due=running.dates.legal,
        promised_due=running.dates.promised,
    )
    failed = _failed_tests(case, pause.kind, passed)
    return running.stepped(pause.resumes_to, suspension=None, failed_tests=failed), fact


def _is_test(case: Case) -> bool:
    pause = case.proceedings.suspension
    return pause is not None and pause.kind in TESTS


def _failed_tests(case: Case, kind: str, passed: bool | None) -> tuple[str, ...]:
    others = tuple(test for test in case.proceedings.failed_tests if test != kind or passed is None)
    return (*others, kind) if passed is False else others


def extension_rule(case: Case) -> ExtensionRule | None:
    """The item's own rule; for a licence counted in working days the general one of art. 42."""
    if case.rules.joint:
        return case.rules.extension or JOINT_EXTENSION
    if case.rules.extension is not None:
        return case.rules.extension
    general = case.rules.licensing and case.clocks.legal.unit is Unit.WORKDAY and case.clocks.legal.value > 0
    return DEFAULT_EXTENSION if general else None


def extend(
    case: Case, officer: Officer, *, days: int, reason: str, now: datetime, calendar: WorkCalendar
) -> tuple[Case, Extension]:
    """More time, once, before the limit is over; the reason reaches the applicant.

    Raises:
        OtherDepartment, WrongState, NeedsDepartmentHead, NeedsGovernmentHead, SeparationOfDuties
        NotExtendable, AlreadyExtended, LimitOver, ExtensionTooLong, IncompleteRecord

    Source: Administrative Licensing Law art. 42.
    """
    _may_extend(case, officer)
    require(case.state, Act.EXTEND)
    not_a_handler(case, officer, "批准延期")
    rule = extension_rule(case)
    if rule is None:
        raise NotExtendable()
    if case.clocks.is_extended:
        raise AlreadyExtended()
    before = case.clocks.dates(calendar, as_of=china_date(now)).legal
    if is_over(before, now):
        raise LimitOver()
    if not 1 <= days <= rule.value:
        fault = FieldError("#/days", "range", f"延长的期限应为 1 至 {rule.value}")
        raise ExtensionTooLong(f"本事项最多延长 {rule.value} 日", errors=[fault])
    require_text(("reason", reason, "告知申请人的延期理由"))
    entry = Extended(case.clocks.latest(now), days, rule.unit, reason.strip(), _extension_article(case))
    longer = _with_entry(case, entry, calendar, now)
    fact = Extension(
        value=days,
        unit=rule.unit,
        article=entry.article,
        reason=entry.reason,
        previous_legal_due=before,
        extended_at=entry.at,
        legal_due=longer.dates.legal,
        promised_due=longer.dates.promised,
    )
    return longer.stepped(approvers=(*case.proceedings.approvers, officer.account_id)), fact


def _extension_article(case: Case) -> str:
    if case.rules.joint:
        return ARTICLE_42_JOINT
    return ARTICLE_42 if case.rules.licensing else case.rules.basis


def _may_extend(case: Case, officer: Officer) -> None:
    if case.rules.joint:
        if not officer.is_government_head:
            raise NeedsGovernmentHead()
        return
    if not officer.is_chief:
        raise NeedsDepartmentHead()
    same_department(case, officer)


def projected(case: Case, calendar: WorkCalendar, *, now: datetime) -> Dates:
    """Both dates derived again: an open pause grows day by day, a calendar may have been loaded."""
    return case.clocks.dates(calendar, as_of=china_date(now))


def _with_entry(case: Case, entry: Entry, calendar: WorkCalendar, now: datetime) -> Case:
    clocks = case.clocks.with_entry(entry)
    return replace(case, clocks=clocks, dates=clocks.dates(calendar, as_of=china_date(now)))
