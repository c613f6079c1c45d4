"""Windows of the item's own law: the applicants come again or not, and the body is not late for it. Civil Code 1077."""

from datetime import UTC, date, datetime, timedelta

from services.kernel.light_rules import DEFAULT_RULES
from services.kernel.time_limit import DueDate, StartRule, TimeLimit, Unit, end_of
from services.kernel.workdays import SpecialDay, YearNotice, official_calendar
from services.supervision.domain.case import Supervised
from services.supervision.domain.clock_set import clock_set
from services.supervision.domain.clocks import ACCEPTED, DATES_MOVED, ClockName, ClockState, Line
from services.supervision.domain.lights import watch

CALENDAR = official_calendar()
RECEIVED_AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # 30 days: Wednesday 1 April; 30 more: 1 May, a holiday
CLOSES_ON = datetime(2026, 5, 6, tzinfo=UTC).date()  # the first day after the holiday
SIXTY = TimeLimit(60, Unit.CALENDAR_DAY, StartRule.RECEIVED, "民法典第1077条")
WINDOW = {
    "name": "申领期",
    "waiting": "冷静期",
    "opens_on": "2026-04-02",
    "closes_on": str(CLOSES_ON),
    "provisional": False,
    "basis": "民法典第1077条第2款",
}
LINES = [Line(ACCEPTED, RECEIVED_AT, {"claim_window": WINDOW})]


def a_case(**more: object) -> Supervised:
    known: dict[str, object] = {"legal": SIXTY, "promised": SIXTY, "received_at": RECEIVED_AT}
    return Supervised(**(known | {"accepted_at": RECEIVED_AT} | more))  # type: ignore[arg-type]


def states(case: Supervised, lines: list[Line], now: datetime) -> dict[ClockName, ClockState]:
    return {view.name: view.state for view in clock_set(case, lines, CALENDAR, now=now)}


def test_art_1077_nobody_is_late_while_the_applicants_may_still_come():
    now = end_of(CLOSES_ON) - timedelta(hours=1)

    seen = states(a_case(), LINES, now)

    assert (seen[ClockName.CLAIM], seen[ClockName.DECISION]) == (ClockState.RUNNING, ClockState.RUNNING)
    assert watch(a_case(), DEFAULT_RULES, CALENDAR, now=now, not_before=end_of(CLOSES_ON)).crossed == ()


def test_art_1077_a_window_told_before_its_year_was_published_is_shown_as_it_was_told_last():
    early = {"on": "2027-02-27", "provisional": True}
    window = WINDOW | {"opens_on": "2027-01-29", "closes_on": early["on"], "provisional": True}
    told = [Line(ACCEPTED, RECEIVED_AT, {"claim_window": window})]
    dates = [
        {"clock": "WAITING", "now": {"on": "2027-02-01", "provisional": False}},
        {"clock": "CLAIM", "earlier": early, "now": {"on": "2027-03-03", "provisional": False}},
    ]
    moved = Line(DATES_MOVED, RECEIVED_AT, {"dates": dates})
    year = CALENDAR.with_year(YearNotice(2027, ("演练",), (SpecialDay(date(2027, 1, 1), "元旦", False, "演练"),)))

    waiting, final = [
        next(view for view in clock_set(a_case(), lines, year, now=RECEIVED_AT) if view.name is ClockName.CLAIM)
        for lines in (told, [*told, moved])
    ]

    assert waiting.due == DueDate(date(2027, 2, 27), provisional=True)
    assert final.due == DueDate(date(2027, 3, 3))
    assert final.why is not None
    assert "自2027-02-02起可以办理申领期" in final.why.zh


def test_art_1077_what_the_law_withdraws_was_missed_by_the_applicants_alone():
    over = end_of(CLOSES_ON)

    seen = states(a_case(withdrawn_at=over), LINES, over + timedelta(days=3))

    assert (seen[ClockName.CLAIM], seen[ClockName.DECISION]) == (ClockState.MISSED, ClockState.ENDED)
    ended = watch(a_case(withdrawn_at=over), DEFAULT_RULES, CALENDAR, now=over + timedelta(days=3), not_before=over)
    assert ended.crossed == ()


def test_who_came_and_is_not_answered_by_the_last_day_is_left_waiting_by_the_body():
    claimed = Line("intake.application.claimed.v1", end_of(CLOSES_ON) - timedelta(hours=10))
    now = end_of(CLOSES_ON) + timedelta(days=2)

    seen = states(a_case(), [*LINES, claimed], now)

    assert (seen[ClockName.CLAIM], seen[ClockName.DECISION]) == (ClockState.MET, ClockState.MISSED)
    assert watch(a_case(), DEFAULT_RULES, CALENDAR, now=now, not_before=end_of(CLOSES_ON)).crossed != ()
