"""Delivery, renewal and what the applicant has promised: the days of articles 44 and 50 for 2026."""

import pytest

from services.supervision.domain.case import Supervised
from services.supervision.domain.clocks import ClockName, ClockState, Line
from tests.support.clocks import (
    CASE,
    DECIDED,
    DONE,
    GRANTED_LATE,
    RECEIVED,
    accepted,
    clocks,
    line,
    on,
    one,
    told,
)


@pytest.mark.parametrize(
    ("case", "lines", "now", "name", "expected"),
    [
        pytest.param(CASE, (), "2026-10-12 09:00", "DELIVERY", ("NOT_STARTED", None, None), id="art44-not-decided"),
        pytest.param(
            DONE,
            (DECIDED,),
            "2026-10-26 23:59",
            "DELIVERY",
            ("RUNNING", "2026-10-12", "2026-10-26"),
            id="art44-10-days",
        ),
        pytest.param(
            DONE,
            (DECIDED, GRANTED_LATE),
            "2026-10-28 09:00",
            "DELIVERY",
            ("MISSED", "2026-10-12", "2026-10-26"),
            id="art44-handed-over-late",
        ),
        pytest.param(
            CASE,
            (accepted(renews={"valid_until": "2026-10-09", "silence_renews": True}),),
            "2026-10-09 23:59",
            "RENEWAL",
            ("RUNNING", "2026-09-21", "2026-10-09"),
            id="art50-before-the-old-one-ends",
        ),
        pytest.param(
            RECEIVED,
            (line("intake.supplement.requested", "2026-09-22 09:00", supply_by="2026-10-12", materials=["申请书"]),),
            "2026-10-12 09:00",
            "SUPPLEMENT",
            ("RUNNING", "2026-09-22", "2026-10-12"),
            id="art32-applicants-own-day",
        ),
        pytest.param(
            CASE,
            (accepted(deferred=[{"name": "检测报告", "promised_on": "2026-10-09"}]),),
            "2026-10-10 00:00",
            "DEFERRED_MATERIAL",
            ("MISSED", "2026-09-21", "2026-10-09"),
            id="promised-material-not-there",
        ),
        pytest.param(
            CASE,
            (
                accepted(deferred=[{"name": "检测报告", "promised_on": "2026-10-09"}]),
                line("intake.deferred_material.supplied", "2026-09-23 09:00", materials=["场地证明"]),
                line("intake.deferred_material.supplied", "2026-09-24 09:00", materials=["检测报告"]),
            ),
            "2026-10-10 00:00",
            "DEFERRED_MATERIAL",
            ("MET", "2026-09-21", "2026-10-09"),
            id="promised-material-there",
        ),
        pytest.param(
            CASE,
            (
                accepted(deferred=[{"name": "检测报告", "promised_on": "2026-10-09"}]),
                line("intake.deferred_material.supplied", "2026-09-23 09:00", materials=["场地证明"]),
            ),
            "2026-10-10 00:00",
            "DEFERRED_MATERIAL",
            ("MISSED", "2026-09-21", "2026-10-09"),
            id="another-promised-material-there",
        ),
        pytest.param(
            DONE,
            (
                accepted(commitments=[{"name": "场地证明", "check_by": "2026-11-20"}]),
                line("intake.commitment.checked", "2026-11-02 09:00", material="场地证明", outcome="KEPT"),
            ),
            "2026-11-30 00:00",
            "COMMITMENT_CHECK",
            ("MET", "2026-09-21", "2026-11-20"),
            id="commitment-checked",
        ),
    ],
)
def test_each_clock_after_the_decision_has_the_day_the_article_gives_it(
    case: Supervised, lines: tuple[Line, ...], now: str, name: str, expected: tuple[str, str | None, str | None]
) -> None:
    found = told(one(case, *lines, now=now, name=ClockName(name)))

    state, started, due = expected
    assert found == (ClockState(state), on(started) if started else None, on(due) if due else None)


def test_art44_a_refusal_has_no_day_of_delivery() -> None:
    refused = line("approval.case.decided", "2026-10-12 16:00", outcome="REFUSED")

    assert clocks(DONE, refused, now="2026-10-13 09:00", name=ClockName.DELIVERY) == []
