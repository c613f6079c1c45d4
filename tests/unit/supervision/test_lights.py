"""Lights of a pending case: exact seconds, which are armed, what is caught up after a standstill."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from services.kernel.time_limit import CHINA, StartRule, TimeLimit, Unit
from services.kernel.workdays import SpecialDay, YearNotice, official_calendar
from services.supervision.domain.case import Basis, Supervised
from services.supervision.domain.errors import BadRules
from services.supervision.domain.lights import (
    DEFAULT_RULES,
    Level,
    LightRule,
    check_rules,
    fingerprint,
    watch,
)

CALENDAR = official_calendar()
SECOND = timedelta(seconds=1)
MICRO = timedelta(microseconds=1)


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


def limit(days, unit=Unit.WORKDAY, start=StartRule.ACCEPTED):
    return TimeLimit(days, unit, start)


def a_case(promised=7, legal=10, accepted="2018-10-15 10:00:00", **changes):
    """The printed example of the rule book: promised 7, legal 10, accepted on Monday 2018-10-15 10:00:00."""
    case = Supervised(limit(legal), limit(promised), received_at=at(accepted), accepted_at=at(accepted))
    return replace(case, **changes)


def levels(case, now, rules=DEFAULT_RULES, calendar=CALENDAR):
    return [crossing.rule.level for crossing in watch(case, rules, calendar, now=now).crossed]


PRINTED = [
    (Level.WARNING, "2018-10-19 10:00:00"),
    (Level.YELLOW, "2018-10-24 10:00:00"),
    (Level.RED, "2018-10-29 10:00:00"),
]


@pytest.mark.parametrize(("level", "instant"), PRINTED)
def test_at_the_second_of_the_threshold_there_is_no_light_and_one_second_later_there_is(level, instant):
    case = a_case()

    assert level not in levels(case, at(instant))
    assert level in levels(case, at(instant) + MICRO)
    assert level in levels(case, at(instant) + SECOND)


def test_the_next_instant_is_the_next_threshold_and_nothing_after_the_last():
    case = a_case()

    instants = [watch(case, DEFAULT_RULES, CALENDAR, now=case.accepted_at).next_at]
    while instants[-1] is not None:
        instants.append(watch(case, DEFAULT_RULES, CALENDAR, now=instants[-1] + SECOND).next_at)

    assert instants == [*(at(instant) for _, instant in PRINTED), None]


def test_at_the_very_threshold_the_case_is_looked_at_again():
    seen = watch(a_case(), DEFAULT_RULES, CALENDAR, now=at("2018-10-24 10:00:00"))

    assert seen.next_at == at("2018-10-24 10:00:00")


def test_after_a_standstill_every_light_is_caught_up_with_its_own_instant():
    crossed = watch(a_case(), DEFAULT_RULES, CALENDAR, now=at("2018-12-01 10:00:00")).crossed

    assert [(crossing.rule.level, crossing.at) for crossing in crossed] == [
        (level, at(instant)) for level, instant in PRINTED
    ]


@pytest.mark.parametrize("end", ["decided_at", "withdrawn_at"])
def test_a_case_that_ended_keeps_the_lights_it_had_crossed_and_gets_no_more(end):
    case = a_case(**{end: at("2018-10-25 10:00:00")})

    seen = watch(case, DEFAULT_RULES, CALENDAR, now=at("2018-12-01 10:00:00"))

    assert [crossing.rule.level for crossing in seen.crossed] == [Level.WARNING, Level.YELLOW]
    assert seen.next_at is None


def test_a_case_decided_at_the_second_of_the_threshold_gets_no_light():
    case = a_case(decided_at=at("2018-10-24 10:00:00"))

    assert levels(case, at("2018-12-01 10:00:00")) == [Level.WARNING]


def test_before_acceptance_there_is_nothing_to_light():
    case = a_case(accepted_at=None)

    assert watch(case, DEFAULT_RULES, CALENDAR, now=at("2018-12-01 10:00:00")) == watch(
        case, (), CALENDAR, now=at("2018-12-01 10:00:00")
    )


def test_a_limit_that_runs_from_receipt_is_counted_from_there_but_lit_after_acceptance():
    case = a_case(
        received_at=at("2018-10-15 10:00:00"),
        accepted_at=at("2018-10-19 10:00:00"),
    )
    case = replace(case, legal=limit(3, start=StartRule.RECEIVED))

    red = watch(case, DEFAULT_RULES, CALENDAR, now=at("2018-10-19 10:00:01")).crossed[-1]

    assert (red.rule.level, red.at) == (Level.RED, at("2018-10-19 10:00:00"))


def test_an_instant_case_is_late_when_its_day_is_over_and_is_never_warned_of():
    case = a_case(promised=0, legal=0)

    assert levels(case, at("2018-10-15 23:59:59")) == []
    assert levels(case, at("2018-10-16 00:00:00")) == []
    assert levels(case, at("2018-10-16 00:00:01")) == [Level.YELLOW, Level.RED]


@pytest.mark.parametrize(
    ("promised", "warned_at"),
    [(1, None), (2, None), (3, "2018-10-15 10:00:00"), (4, "2018-10-16 10:00:00")],
)
def test_a_warning_needs_a_threshold_that_does_not_lie_before_acceptance(promised, warned_at):
    rule = DEFAULT_RULES[:1]

    crossed = watch(a_case(promised=promised), rule, CALENDAR, now=at("2018-10-17 10:00:00")).crossed

    assert [crossing.at for crossing in crossed] == ([at(warned_at)] if warned_at else [])


def test_calendar_day_limits_are_lit_in_calendar_days():
    case = a_case(promised=10, legal=15)
    case = replace(case, promised=limit(10, Unit.CALENDAR_DAY), legal=limit(15, Unit.CALENDAR_DAY))

    crossed = watch(case, DEFAULT_RULES, CALENDAR, now=at("2018-12-01 10:00:00")).crossed

    assert [crossing.at for crossing in crossed] == [
        at("2018-10-22 10:00:00"),
        at("2018-10-25 10:00:00"),
        at("2018-10-30 10:00:00"),
    ]


def test_a_rule_switched_off_or_changed_is_followed():
    rules = (
        replace(DEFAULT_RULES[0], enabled=False),
        replace(DEFAULT_RULES[1], days=0),
        LightRule("legal-near", Level.WARNING, Basis.LEGAL, -4),
    )

    crossed = watch(a_case(), rules, CALENDAR, now=at("2018-12-01 10:00:00")).crossed

    assert [(crossing.rule.rule, crossing.at) for crossing in crossed] == [
        ("legal-near", at("2018-10-22 10:00:00")),
        ("case-time-yellow", at("2018-10-23 10:00:00")),
    ]


def test_two_rules_of_one_name_are_refused():
    with pytest.raises(BadRules):
        check_rules([DEFAULT_RULES[0], DEFAULT_RULES[0]])


def test_a_light_in_a_year_without_a_calendar_is_not_guessed_and_the_year_is_named():
    case = a_case(promised=7, legal=10, accepted="2026-12-21 10:00:00")

    seen = watch(case, DEFAULT_RULES, CALENDAR, now=at("2026-12-22 10:00:00"))

    assert seen.next_at == at("2026-12-25 10:00:00")
    assert seen.missing_year == 2027


def test_with_the_calendar_loaded_the_light_is_armed():
    new_year = SpecialDay(datetime(2027, 1, 1).date(), "元旦", False, "notice")
    loaded = CALENDAR.with_year(YearNotice(2027, ("notice",), (new_year,)))
    case = a_case(promised=7, legal=10, accepted="2026-12-21 10:00:00")

    seen = watch(case, DEFAULT_RULES, loaded, now=at("2026-12-28 10:00:00"))

    assert seen.missing_year is None
    assert seen.next_at == at("2026-12-30 10:00:00")
    assert fingerprint(DEFAULT_RULES, loaded) != fingerprint(DEFAULT_RULES, CALENDAR)
    assert fingerprint(DEFAULT_RULES[:2], CALENDAR) != fingerprint(DEFAULT_RULES, CALENDAR)
    assert fingerprint(DEFAULT_RULES, CALENDAR) == fingerprint(tuple(reversed(DEFAULT_RULES)), CALENDAR)
