"""Why a date is the date: the sentences a person reads and the data behind them."""

from datetime import date, datetime, time, timedelta
from random import Random

import pytest

from services.kernel.time_limit import CHINA, Clock, Extended, Paused, Resumed, StartRule, TimeLimit, Unit
from services.kernel.why import ReasonKind, why
from services.kernel.workdays import official_calendar

CALENDAR = official_calendar()


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


def a_clock(value, started, unit=Unit.WORKDAY, *ledger):
    return Clock(TimeLimit(value, unit, StartRule.ACCEPTED, "行政许可法第四十二条"), at(started), ledger)


OPEN_PAUSE = Paused(at("2026-11-23 10:00"), "检测")


def kinds(found):
    return [reason.kind for reason in found.reasons]


def test_a_plain_limit_is_told_in_one_sentence():
    found = why(a_clock(20, "2026-11-20 10:00"), CALENDAR)

    assert found.zh == (
        "自2026年11月20日受理起算，当日不计入；期限为20个工作日（行政许可法第四十二条）；于2026年12月18日到期。"
    )
    assert found.en == (
        "counted from acceptance on 2026-11-20, the day itself not included; "
        "the limit is 20 working day(s) (行政许可法第四十二条); due 2026-12-18."
    )


def test_a_holiday_and_its_make_up_days_are_named_with_the_notice():
    found = why(a_clock(20, "2026-02-12 10:00"), CALENDAR)

    assert kinds(found) == [
        ReasonKind.START,
        ReasonKind.LIMIT,
        ReasonKind.MAKEUP_WORKDAY,
        ReasonKind.HOLIDAY,
        ReasonKind.MAKEUP_WORKDAY,
        ReasonKind.DUE,
    ]
    assert "2026年2月15日至2026年2月23日春节放假，其中6天本为周一至周五，不计入" in found.zh
    assert "2026年2月14日为春节调休上班日" in found.zh
    assert found.reasons[3].source.startswith("https://www.gov.cn/")


def test_pauses_and_extensions_are_told_with_their_articles_and_days():
    ledger = (
        Paused(at("2026-11-27 17:00"), "专家评审", "行政许可法第四十五条"),
        Resumed(at("2026-11-30 09:00")),
        Extended(at("2026-12-01 09:00"), 3, Unit.WORKDAY, "案情复杂", "行政许可法第四十二条"),
    )

    found = why(a_clock(10, "2026-11-20 10:00", Unit.WORKDAY, *ledger), CALENDAR)

    assert "2026年12月1日经批准延长3个工作日，理由：案情复杂" in found.zh
    assert "2026年11月27日至2026年11月30日因专家评审暂停计时（行政许可法第四十五条），不计入1个工作日" in found.zh
    assert found.due.on == date(2026, 12, 10)


def test_a_last_day_on_a_rest_day_moves_on():
    found = why(a_clock(15, "2026-09-18 10:00", Unit.CALENDAR_DAY), CALENDAR)

    assert kinds(found)[-2] is ReasonKind.LAST_DAY_RESTS
    assert "期间最后一日2026年10月3日为休息日，顺延至2026年10月8日" in found.zh


def test_a_last_day_that_a_pause_has_moved_onto_a_rest_day_is_told_too():
    paused = (Paused(at("2026-09-29 10:00"), "鉴定"), Resumed(at("2026-10-01 10:00")))

    found = why(a_clock(3, "2026-09-28 10:00", Unit.CALENDAR_DAY, *paused), CALENDAR)

    assert found.due.on == date(2026, 10, 8)
    assert kinds(found)[-3:] == [ReasonKind.PAUSE, ReasonKind.LAST_DAY_RESTS, ReasonKind.DUE]
    assert "期间最后一日2026年10月3日为休息日，顺延至2026年10月8日" in found.zh


@pytest.mark.parametrize(
    ("clock", "kind", "said"),
    [
        (a_clock(5, "2026-12-25 10:00"), ReasonKind.CALENDAR_MISSING, "2027年节假日安排尚未公布"),
        (
            a_clock(5, "2026-11-20 10:00", Unit.WORKDAY, Paused(at("2026-11-23 10:00"), "检测")),
            ReasonKind.OPEN_PAUSE,
            "尚未恢复",
        ),
    ],
)
def test_a_provisional_date_says_so(clock, kind, said):
    found = why(clock, CALENDAR)

    assert kind in kinds(found)
    assert said in found.zh
    assert found.zh.endswith("到期（暂定）。")
    assert found.en.endswith("(provisional).")


def test_on_the_spot_is_told_without_counting_days():
    found = why(a_clock(0, "2026-11-20 10:00"), CALENDAR)

    assert found.zh == "2026年11月20日受理；应当当场办结（行政许可法第四十二条）；于2026年11月20日到期。"
    assert found.en == "acceptance on 2026-11-20; to be done on the spot (行政许可法第四十二条); due 2026-11-20."


def test_on_the_spot_of_a_rest_day_is_the_next_working_day():
    found = why(a_clock(0, "2026-10-03 10:00"), CALENDAR)

    assert kinds(found) == [ReasonKind.START, ReasonKind.LIMIT, ReasonKind.LAST_DAY_RESTS, ReasonKind.DUE]
    assert "期间最后一日2026年10月3日为休息日，顺延至2026年10月8日" in found.zh


def test_a_make_up_day_within_a_pause_is_not_told_as_counted():
    paused = (Paused(at("2026-02-12 10:00"), "检测"), Resumed(at("2026-02-24 10:00")))

    found = why(a_clock(10, "2026-02-11 10:00", Unit.WORKDAY, *paused), CALENDAR)

    assert "2026年2月14日" not in found.zh
    assert "春节放假" not in found.zh
    assert "因检测暂停计时，不计入3个工作日" in found.zh
    assert "2026年2月28日为春节调休上班日，计入1个工作日" in found.zh


def test_a_holiday_partly_within_a_pause_names_the_days_outside():
    paused = (Paused(at("2026-02-12 10:00"), "检测"), Resumed(at("2026-02-18 10:00")))

    found = why(a_clock(10, "2026-02-11 10:00", Unit.WORKDAY, *paused), CALENDAR)

    assert "2026年2月15日至2026年2月23日春节放假，其中暂停期间以外3天本为周一至周五，不计入" in found.zh


@pytest.mark.parametrize("seed", range(40))
def test_the_days_told_add_up_to_the_date(seed):
    """Weekdays outside every pause = the limit, more for each holiday told, less for each make-up day told."""
    random = Random(seed)
    start = date(2023, 1, 1) + timedelta(days=random.randrange(900))
    first = start + timedelta(days=random.randrange(40))
    last = first + timedelta(days=random.randrange(30))
    instants = [datetime.combine(day, time(10), CHINA) for day in (start, first, last)]
    ledger = (Paused(instants[1], "检测"), Resumed(instants[2]))
    limit = TimeLimit(random.randrange(1, 60), Unit.WORKDAY, StartRule.ACCEPTED)

    found = why(Clock(limit, instants[0], ledger), CALENDAR)

    days = [start + timedelta(days=n) for n in range(1, (found.due.on - start).days + 1)]
    weekdays = [day for day in days if day.weekday() < 5 and not first < day <= last]
    told = {ReasonKind.HOLIDAY, ReasonKind.MAKEUP_WORKDAY}
    moved = sum(reason.days for reason in found.reasons if reason.kind in told)
    beyond = found.due.on == CALENDAR.earliest_workday(last, 0) and len(weekdays) > limit.value + moved
    assert beyond or len(weekdays) == limit.value + moved
