"""The clocks the law sets for a case, each with its article, state, last day and why; from its timeline alone. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from services.kernel.errors import DomainError
from services.kernel.light_rules import ClockName as ClockName
from services.kernel.time_limit import Clock, DueDate, Entry, StartRule, TimeLimit, Unit, china_date, end_of, pauses
from services.kernel.why import UNITS_EN, UNITS_ZH, Why, why, why_set
from services.kernel.workdays import WorkCalendar
from services.supervision.domain.case import Basis, Supervised


class ClockState(StrEnum):
    """ENDED: the case ended in another way while the clock still ran (withdrawn, returned, terminated, transferred)."""

    NOT_STARTED = "NOT_STARTED"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    MET = "MET"
    MISSED = "MISSED"
    ENDED = "ENDED"


class Whose(StrEnum):
    """Who has to act before the day is over."""

    BODY = "BODY"
    APPLICANT = "APPLICANT"
    PARTY = "PARTY"
    OTHER_BODY = "OTHER_BODY"


@dataclass(frozen=True)
class Line:
    """One event of the timeline."""

    subject: str
    at: datetime
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """One clock as the events tell it, before any date is computed.

    `limit` is counted from `started_at`; where somebody named the day himself, it is `named_on`. `begun` says what
    started it, in Chinese and English.
    """

    name: ClockName
    article: str
    begun: tuple[str, str]
    started_at: datetime | None
    limit: TimeLimit | None = None
    named_on: date | None = None
    named_early: bool = False  # not final: told, or counted back, while its year was not published
    counted_back: bool = False  # from a later day
    ledger: tuple[Entry, ...] = ()
    met_at: datetime | None = None
    ended_at: datetime | None = None
    about: str = ""
    whose: Whose = Whose.BODY
    responsible: tuple[str, str] | None = None  # another body than the case's own: uscc, name
    not_before: date | None = None  # up to this day the item's own law leaves it to the applicants
    told: DueDate | None = None  # of a step: its last day as the owner told it last


@dataclass(frozen=True)
class ClockView:
    """A clock as it is shown. `due` is None while it has not started, and where no calendar reaches back to it.

    `rule` is what will be counted once it starts: how long, and from which act on, in Chinese and in English.
    """

    name: ClockName
    article: str
    about: str
    whose: Whose
    state: ClockState
    started_on: date | None
    met_at: datetime | None
    why: Why | None
    rule: str = ""
    rule_en: str = ""

    @property
    def due(self) -> DueDate | None:
        return self.why.due if self.why else None


def workdays(days: int, article: str, start: StartRule = StartRule.ACCEPTED) -> TimeLimit:
    """Days of the Administrative Licensing Law are working days (art. 82)."""
    return TimeLimit(days, Unit.WORKDAY, start, article)


NOTICE = workdays(5, "行政许可法第三十二条第一款第四项", StartRule.RECEIVED)
DELIVERY = workdays(10, "行政许可法第四十四条", StartRule.DECIDED)
CERTIFICATE = workdays(3, "电子监察规则：办结后签发电子证照", StartRule.DECIDED)
DECISION_ARTICLE = "行政许可法第四十二条"
PROMISE_ARTICLE = "优化营商环境条例第三十六条"
RENEWAL_ARTICLE = "行政许可法第五十条第二款"
LICENSING_LAW = "行政许可法"
BY_ANALOGY = "by_analogy"  # in the detail of receipt and acceptance: the matter is no licence
RECEIPT, ACCEPTANCE, DECISION = ("收件", "receipt"), ("受理", "acceptance"), ("作出决定", "the decision")
COMPLETION = ("补齐材料", "the last supplement")

RECEIVED = "intake.application.received.v1"
REQUESTED, SUPPLIED = "intake.supplement.requested.v1", "intake.supplement.supplied.v1"
DATES_MOVED, DAYS_MOVED = "intake.application.dates_moved.v1", "approval.case.days_moved.v1"
ACCEPTED, REFUSED = "intake.application.accepted.v1", "intake.acceptance.refused.v1"
HANDED_OVER = "intake.result.handed_over.v1"
CLAIMED = "intake.application.claimed.v1"
CERTIFIED = "certificate.certificate.issued.v1"
DECIDED = ("approval.case.decided.v1", "intake.renewal.deemed.v1")


@dataclass(frozen=True)
class Told:
    """A case and its timeline in order, with the questions the clocks ask of it."""

    case: Supervised
    lines: Sequence[Line]

    def of(self, *subjects: str) -> list[Line]:
        return [line for line in self.lines if line.subject in subjects]

    def first(self, *subjects: str, since: datetime | None = None) -> Line | None:
        found = (line for line in self.of(*subjects) if since is None or line.at >= since)
        return next(found, None)

    def first_at(self, *subjects: str, since: datetime | None = None) -> datetime | None:
        line = self.first(*subjects, since=since)
        return line.at if line else None

    @property
    def accepted(self) -> Mapping[str, Any]:
        line = self.first(ACCEPTED)
        return line.detail if line else {}

    def moved(self, clock: str) -> Mapping[str, Any] | None:
        """The day of a clock of intake as a loaded calendar made it, told last: `on` and `provisional`."""
        found = [
            one["now"] for line in self.of(DATES_MOVED) for one in line.detail.get("dates", ()) if one["clock"] == clock
        ]
        return found[-1] if found else None

    def step_day(self, clock: str, from_at: datetime | None, detail: Mapping[str, Any], field: str) -> DueDate | None:
        """The last day of a step as approval told it last: by the event that began it, or since then by a calendar.

        Args:
            clock: approval's name of it.
            from_at: the instant it is counted from, which tells it from others of that name.
            field: of `detail`, where the event that began it names the day.
        """
        moved = (one for line in self.of(DAYS_MOVED) for one in line.detail.get("dates", ()) if one["clock"] == clock)
        days = [one["now"] for one in moved if datetime.fromisoformat(one["from_at"]) == from_at]
        day = days[-1] if days else detail.get(field)
        return DueDate(date.fromisoformat(day["on"]), bool(day.get("provisional"))) if day else None

    @property
    def claim_window(self) -> Mapping[str, Any] | None:
        """The window in which the applicants come again, where the item's own law has one, as it was told last."""
        window = self.accepted.get("claim_window")
        waiting, closes = self.moved("WAITING"), self.moved("CLAIM")
        if window is None:
            return None
        opens = {"opens_on": str(date.fromisoformat(waiting["on"]) + timedelta(days=1))} if waiting else {}
        closing = {"closes_on": closes["on"], "provisional": closes["provisional"]} if closes else {}
        return {**window, **opens, **closing}

    @property
    def claim_until(self) -> date | None:
        """The last day on which the applicants may come again, where the item's own law has windows."""
        window = self.claim_window
        return date.fromisoformat(window["closes_on"]) if window else None

    @property
    def awaits_claim(self) -> bool:
        """Whether nothing can be decided because the applicants have not come again yet."""
        return self.claim_until is not None and self.first_at(CLAIMED) is None

    @property
    def by_analogy(self) -> bool:
        """Whether the matter is no licence, so that the Licensing Law's general limits hold by analogy only."""
        return any(line.detail.get(BY_ANALOGY) for line in self.of(RECEIVED, ACCEPTED))

    @property
    def closed_at(self) -> datetime | None:
        """When the case ended without a decision; a decided case does not end this way any more."""
        return self.case.stopped_at if self.case.decided_at is None else None

    @property
    def stopped_at(self) -> datetime | None:
        return self.case.stopped_at


def view(run: Run, calendar: WorkCalendar, now: datetime) -> ClockView:
    """The clock with its dates. Supervision guesses nothing: no calendar, no date."""
    reasons = _why(run, calendar, now)
    rule, rule_en = _rule(run) if run.started_at is None else ("", "")
    return ClockView(
        name=run.name,
        article=run.article,
        about=run.about,
        whose=run.whose,
        state=_state(run, reasons.due if reasons else None, now),
        started_on=china_date(run.started_at) if run.started_at else None,
        met_at=run.met_at,
        why=reasons,
        rule=rule,
        rule_en=rule_en,
    )


def _rule(run: Run) -> tuple[str, str]:
    zh, en = run.begun
    if run.limit is None or not zh:
        return "", ""
    days = run.limit.value
    if days == 0:
        return f"{zh}后当场办结。", f"To be done on the spot, upon {en}."
    length, length_en = f"{days}{UNITS_ZH[run.limit.unit]}", f"{days} {UNITS_EN[run.limit.unit]}"
    return (
        f"自{zh}之日的次日起算，期限为{length}；{zh}后才有到期日。",
        f"The limit is {length_en}, counted from the day after {en}; there is no due date before that.",
    )


def _why(run: Run, calendar: WorkCalendar, now: datetime) -> Why | None:
    if run.started_at is None:
        return None
    if run.named_on is not None:
        due = DueDate(run.named_on, run.named_early)
        started_on = china_date(run.started_at)
        return why_set(started_on, due, run.begun, run.article, counted_back=run.counted_back)
    if run.limit is None:
        return None
    until = min(at for at in (now, run.met_at, run.ended_at) if at is not None)
    try:
        clock = Clock(run.limit, run.started_at, run.ledger)
        return why(clock, calendar, as_of=china_date(until), begun=run.begun, told=run.told)
    except DomainError:
        return None


def _state(run: Run, due: DueDate | None, now: datetime) -> ClockState:
    """A provisional day is not final: nobody has missed it."""
    if run.started_at is None:
        return ClockState.NOT_STARTED
    reached = min(at for at in (now, run.met_at, run.ended_at) if at is not None)
    if due is not None and not due.provisional and _is_missed(run, due.on, reached):
        return ClockState.MISSED
    if run.met_at is not None and run.met_at <= (run.ended_at or run.met_at):
        return ClockState.MET
    if run.ended_at is not None:
        return ClockState.ENDED
    return ClockState.PAUSED if _is_paused(run) else ClockState.RUNNING


def _is_missed(run: Run, due_on: date, reached: datetime) -> bool:
    """While the applicants may still come again nobody is late; what the law ends with that day was not missed."""
    last = max(due_on, run.not_before or due_on)
    ended_by_law = run.not_before is not None and run.ended_at == reached == end_of(last)
    return china_date(reached) > last and not ended_by_law


def _is_paused(run: Run) -> bool:
    if run.limit is None or run.started_at is None:
        return False
    stretches = pauses(Clock(run.limit, run.started_at, run.ledger))
    return bool(stretches) and stretches[-1].to_at is None


def intake_runs(told: Told) -> Iterator[Run]:
    """The body's answer within five days, each time everything is before it; what the applicant has to supply."""
    case = told.case
    starts = [(case.received_at, RECEIPT)]
    starts += [(line.at, COMPLETION) for line in told.of(SUPPLIED) if line.detail.get("complete")]
    for started_at, begun in starts:
        answer = told.first(REQUESTED, ACCEPTED, REFUSED, since=started_at) if started_at else None
        by_silence = answer is not None and bool(answer.detail.get("deemed"))
        met_at = answer.at if answer and not by_silence else None
        closed_at = told.closed_at if met_at is None else None
        yield Run(ClockName.NOTICE, NOTICE.article, begun, started_at, NOTICE, met_at=met_at, ended_at=closed_at)
    for line in told.of(REQUESTED):
        yield _supplement(told, line)


def _supply_by(told: Told, line: Line) -> tuple[date, bool]:
    """The last day told, and whether it is not final; a provisional one is told again when the year is loaded."""
    on, early = line.detail["supply_by"], bool(line.detail.get("supply_by_provisional"))
    since = replace(told, lines=[one for one in told.lines if one.at >= line.at])
    moved = since.moved("SUPPLEMENT") if early else None
    if moved is not None:
        on, early = moved["on"], moved["provisional"]
    return date.fromisoformat(on), early


def _supplement(told: Told, line: Line) -> Run:
    complete = (found.at for found in told.of(SUPPLIED) if found.at >= line.at and found.detail.get("complete"))
    on, early = _supply_by(told, line)
    return Run(
        ClockName.SUPPLEMENT,
        NOTICE.article,
        ("一次性告知并指定补正期限", "told to supply, with a day to supply by,"),
        line.at,
        named_on=on,
        named_early=early,
        met_at=next(complete, None),
        ended_at=told.closed_at,
        about="、".join(line.detail.get("materials", ())),
        whose=Whose.APPLICANT,
    )


def decision_runs(told: Told) -> Iterator[Run]:
    """The legal and the promised limit, and a renewal that must be decided before the old certificate ends."""
    case = told.case
    for name, basis, limit in (
        (ClockName.DECISION, Basis.LEGAL, case.legal),
        (ClockName.PROMISED, Basis.PROMISED, case.promised),
    ):
        if limit is None:
            continue
        clock = case.clock(basis)
        general = DECISION_ARTICLE if basis is Basis.LEGAL else PROMISE_ARTICLE
        yield Run(
            name,
            general if basis is Basis.PROMISED else limit.article or general,
            RECEIPT if limit.start is StartRule.RECEIVED else ACCEPTANCE,
            clock.started_at if clock else None,
            limit,
            ledger=clock.ledger if clock else (),
            met_at=case.decided_at,
            ended_at=told.closed_at,
            not_before=told.claim_until,
        )
    renews = told.accepted.get("renews")
    if renews and _in_time(case.accepted_at, date.fromisoformat(renews["valid_until"])):
        yield Run(
            ClockName.RENEWAL,
            RENEWAL_ARTICLE,
            ("受理延续申请，原证件届满前应当决定", "renewal accepted, to be decided before the old certificate ends,"),
            case.accepted_at,
            named_on=date.fromisoformat(renews["valid_until"]),
            met_at=case.decided_at,
            ended_at=told.closed_at,
        )


def _in_time(accepted_at: datetime | None, valid_until: date) -> bool:
    """Nothing can be decided before an end that was over when the application was accepted."""
    return accepted_at is None or china_date(accepted_at) <= valid_until


def certificate_run(told: Told) -> Iterator[Run]:
    """The e-certificate follows the grant within three working days (a rule of e-supervision, not of the law)."""
    decided = told.first(*DECIDED)
    if decided is not None and decided.detail.get("certificate_due"):
        issued = told.first_at(CERTIFIED, since=decided.at)
        yield Run(ClockName.CERTIFICATE, CERTIFICATE.article, DECISION, decided.at, CERTIFICATE, met_at=issued)


def delivery_run(told: Told) -> Iterator[Run]:
    """Only what was granted is issued within ten days; a refusal has no such limit in the law."""
    decided = told.first(*DECIDED)
    if decided is None or decided.detail.get("outcome") == "GRANTED":
        started_at = told.case.decided_at if decided else None
        handed = told.first_at(HANDED_OVER, since=started_at) if started_at else None
        yield Run(ClockName.DELIVERY, DELIVERY.article, DECISION, started_at, DELIVERY, met_at=handed)
