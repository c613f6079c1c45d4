"""Stages, due dates and what the statistics take from a decided case."""

from dataclasses import replace
from datetime import date, datetime

import pytest

from services.kernel.time_limit import CHINA, DueDate, StartRule, TimeLimit, Unit
from services.kernel.workdays import official_calendar
from services.supervision.domain.case import Basis, Measure, Stage, Supervised, due, measure

CALENDAR = official_calendar()


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


def limit(days, unit=Unit.WORKDAY, start=StartRule.ACCEPTED):
    return TimeLimit(days, unit, start)


NOON = at("2026-11-20 12:00")
CASE = Supervised(limit(10), limit(7), submitted_at=NOON, received_at=NOON, accepted_at=NOON)


@pytest.mark.parametrize(
    ("changes", "stage", "pending"),
    [
        ({"received_at": None, "accepted_at": None}, Stage.SUBMITTED, False),
        ({"accepted_at": None}, Stage.RECEIVED, False),
        ({"accepted_at": None, "supplement_open": True}, Stage.SUPPLEMENT, False),
        ({"accepted_at": None, "refused_at": NOON}, Stage.REFUSED, False),
        ({"received_at": None, "accepted_at": None, "withdrawn_at": NOON}, Stage.WITHDRAWN, False),
        ({}, Stage.ACCEPTED, True),
        ({"withdrawn_at": NOON}, Stage.WITHDRAWN, False),
        ({"decided_at": NOON}, Stage.DECIDED, False),
        ({"decided_at": NOON, "concluded_at": NOON}, Stage.CONCLUDED, False),
    ],
)
def test_the_stage_follows_from_the_facts_alone(changes, stage, pending):
    case = replace(CASE, **changes)

    assert case.stage is stage
    assert case.is_pending is pending


def test_dates_are_computed_here_from_the_limits_of_the_events():
    assert due(CASE, Basis.LEGAL, CALENDAR) == DueDate(date(2026, 12, 4))
    assert due(CASE, Basis.PROMISED, CALENDAR) == DueDate(date(2026, 12, 1))
    assert due(replace(CASE, legal=limit(45)), Basis.LEGAL, CALENDAR) == DueDate(date(2027, 1, 22), provisional=True)
    assert due(replace(CASE, accepted_at=None), Basis.LEGAL, CALENDAR) is None


def test_a_limit_from_receipt_starts_there():
    case = replace(CASE, received_at=at("2026-11-18 09:00"), legal=limit(7, start=StartRule.RECEIVED))

    assert due(case, Basis.LEGAL, CALENDAR) == DueDate(date(2026, 11, 27))


def test_a_limit_from_receipt_starts_anew_when_the_last_supplement_is_in():
    from_receipt = limit(5, start=StartRule.RECEIVED)
    case = replace(
        CASE,
        promised=from_receipt,
        received_at=at("2026-11-20 09:00"),
        complete_at=at("2026-12-01 09:00"),
        accepted_at=at("2026-12-01 10:00"),
        decided_at=at("2026-12-04 10:00"),
    )

    assert due(case, Basis.PROMISED, CALENDAR) == DueDate(date(2026, 12, 8))
    assert measure(case, CALENDAR) == Measure(on_time=True, early=True, promised_workdays=5, used_workdays=3)


@pytest.mark.parametrize(
    ("decided", "measured"),
    [
        ("2026-11-20 12:00", Measure(on_time=True, early=True, promised_workdays=7, used_workdays=0)),
        ("2026-11-30 23:00", Measure(on_time=True, early=True, promised_workdays=7, used_workdays=6)),
        ("2026-12-01 23:59", Measure(on_time=True, early=False, promised_workdays=7, used_workdays=7)),
        ("2026-12-02 00:00", Measure(on_time=False, early=False, promised_workdays=7, used_workdays=8)),
    ],
)
def test_a_decision_is_measured_in_whole_days_against_the_promised_date(decided, measured):
    assert measure(replace(CASE, decided_at=at(decided)), CALENDAR) == measured


def test_an_undecided_case_is_not_measured():
    assert measure(CASE, CALENDAR) is None


def test_an_instant_case_can_be_on_time_and_not_early():
    case = replace(CASE, promised=limit(0), decided_at=at("2026-11-20 12:01"))

    assert measure(case, CALENDAR) == Measure(on_time=True, early=None, promised_workdays=0, used_workdays=0)


def test_calendar_days_are_left_out_of_the_mean_of_working_days():
    case = replace(CASE, promised=limit(10, Unit.CALENDAR_DAY), decided_at=at("2026-11-27 12:00"))

    assert measure(case, CALENDAR) == Measure(on_time=True, early=True, promised_workdays=None, used_workdays=None)


def test_a_provisional_date_is_no_ground_to_call_a_decision_late():
    case = replace(CASE, accepted_at=at("2026-12-24 12:00"), decided_at=at("2027-01-20 12:00"))

    assert measure(case, CALENDAR) == Measure(on_time=None, early=None, promised_workdays=7, used_workdays=None)
