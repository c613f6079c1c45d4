"""Supervision orders: both acts in every state, the last day of the reply, what an order cannot be without."""

from datetime import UTC, date, datetime

import pytest

from services.kernel.workdays import SpecialDay, YearNotice, official_calendar
from services.supervision.domain.errors import AlreadyReplied, FindingMissing, NoOwnBody, OrderNeedsCase
from services.supervision.domain.lights import Level
from services.supervision.domain.order import (
    Demand,
    Lit,
    Order,
    OrderKind,
    OrderState,
    answer,
    issue,
    known_day,
    order_number,
)

CALENDAR = official_calendar()
NOON = datetime(2026, 9, 18, 4, 0, tzinfo=UTC)
LIT = Lit(Level.YELLOW, datetime(2026, 9, 17, 1, 0, tzinfo=UTC), "已亮黄牌。")


def issued(
    kind: OrderKind = OrderKind.ORDER,
    lit: Lit | None = LIT,
    *,
    finding: str = "",
    days: int = 1,
    about_case: bool = True,
    own_body: bool = True,
    now: datetime = NOON,
) -> Order:
    demand = Demand(kind, "case-time-yellow", finding, " 请速办理 ", days)
    return issue(demand, lit, about_case=about_case, own_body=own_body, now=now, calendar=CALENDAR)


def test_an_order_about_a_light_takes_its_level_instant_and_words() -> None:
    order = issued()

    assert (order.state, order.level, order.state_at) == (OrderState.ISSUED, Level.YELLOW, LIT.crossed_at)
    assert (order.demand.finding, order.demand.requirement) == ("已亮黄牌。", "请速办理")


def test_what_the_supervisor_writes_goes_before_what_the_light_says() -> None:
    assert issued(finding="检测报告迟到两日").demand.finding == "检测报告迟到两日"


def test_without_a_light_the_state_arose_when_it_was_found() -> None:
    order = issued(lit=None, finding="窗口两头受理")

    assert (order.level, order.state_at) == (None, NOON)


@pytest.mark.parametrize(
    ("now", "days", "on", "provisional"),
    [
        pytest.param(NOON, 1, date(2026, 9, 20), False, id="a make-up Sunday works"),
        pytest.param(NOON, 5, date(2026, 9, 24), False, id="before the holiday"),
        pytest.param(datetime(2026, 9, 18, 17, 0, tzinfo=UTC), 1, date(2026, 9, 20), False, id="counted in Shanghai"),
        pytest.param(datetime(2026, 12, 30, 4, tzinfo=UTC), 20, date(2027, 1, 27), True, id="a year without calendar"),
    ],
)
def test_the_reply_is_due_on_a_working_day(now: datetime, days: int, on: date, provisional: bool) -> None:
    order = issued(days=days, now=now)

    assert (order.reply_by, order.provisional) == (on, provisional)


def test_a_provisional_last_day_is_counted_again_once_its_year_is_loaded_and_makes_nobody_late() -> None:
    order = issued(days=20, now=datetime(2026, 12, 30, 4, tzinfo=UTC))
    days = tuple(SpecialDay(day, "元旦", False, "演练") for day in (date(2027, 1, 1), date(2027, 1, 4)))
    later = CALENDAR.with_year(YearNotice(2027, ("演练",), days))

    known = known_day(order, later)

    assert (known.reply_by, known.provisional) == (date(2027, 1, 29), False)
    february = datetime(2027, 2, 1, tzinfo=UTC)
    replies = [answer(one, "已办结", now=february).reply for one in (order, known)]
    assert [reply.late for reply in replies if reply] == [False, True]


@pytest.mark.parametrize("kind", OrderKind)
def test_only_notice_and_advice_may_be_about_a_departments_work(kind: OrderKind) -> None:
    if kind is OrderKind.ORDER:
        with pytest.raises(OrderNeedsCase):
            issued(kind, lit=None, finding="逾期", about_case=False)
    else:
        assert issued(kind, lit=None, finding="逾期", about_case=False).state is OrderState.ISSUED


def test_an_order_without_finding_and_light_or_without_a_body_is_refused() -> None:
    with pytest.raises(FindingMissing):
        issued(lit=None)
    with pytest.raises(NoOwnBody):
        issued(own_body=False)


@pytest.mark.parametrize(
    ("at", "late"),
    [
        pytest.param(datetime(2026, 9, 20, 15, 59, tzinfo=UTC), False, id="the last minute of the last day"),
        pytest.param(datetime(2026, 9, 20, 16, 0, tzinfo=UTC), True, id="the day after"),
    ],
)
def test_a_late_reply_is_taken_and_marked(at: datetime, late: bool) -> None:
    replied = answer(issued(), " 已办结 ", now=at)

    assert replied.reply is not None
    assert (replied.state, replied.reply.content, replied.reply.late) == (OrderState.REPLIED, "已办结", late)


def test_an_order_is_answered_once() -> None:
    replied = answer(issued(), "已办结", now=NOON)

    with pytest.raises(AlreadyReplied):
        answer(replied, "再次反馈", now=NOON)


def test_a_supervision_number_has_at_most_twenty_characters() -> None:
    assert order_number(2026, 7) == "JC202600000007"
    assert len(order_number(9999, 10**8 - 1)) <= 20
