"""Every clock supervision knows: which event tells its date, so that ours is compared, or why nobody tells one."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from contracts.events import approval, bundles, intake
from contracts.events.common import DueDate, Event, LimitStart, LimitUnit, LimitValue
from contracts.events.examples import examples
from services.kernel.workdays import official_calendar
from services.supervision.claims import claims
from services.supervision.differences import compared, differing
from services.supervision.domain.clocks import ClockName
from services.supervision.facts import fact_of
from tests.support.clocks import CASE

CALENDAR = official_calendar()
AT = datetime(2026, 3, 2, 2, tzinfo=UTC)
KNOWN = replace(CASE, received_at=AT, accepted_at=AT)
THIRTY = {"value": 30, "unit": "CALENDAR_DAY", "start": "RECEIVED"}
WINDOW = {"name": "申领期", "waiting": "冷静期", "opens_on": "2026-04-02", "closes_on": "2026-05-06"}
MARKS: dict[str, dict[str, Any]] = {
    intake.ApplicationAccepted.SUBJECT: {
        "first_level": {"value": 20, "unit": "WORKDAY"},
        "claim_window": {**WINDOW, "waiting_limit": THIRTY, "claim_limit": THIRTY},
    },
    intake.SupplementRequested.SUBJECT: {"supply_workdays": 15, "at": AT.isoformat()},
}
EARLY = DueDate(on=date(2026, 3, 3))  # a day too early for each of these limits

# clock -> the event that tells its date, and the field
COMPARED: dict[ClockName, tuple[type[Event], str]] = {
    ClockName.NOTICE: (intake.ApplicationReceived, "notice_due"),
    ClockName.FIRST_LEVEL: (approval.CasePassedUp, "due"),
    ClockName.INSPECTORS: (approval.InspectorsAssigned, "due"),
    ClockName.SPECIAL_PROCEDURE: (approval.CaseSuspended, "expected_end"),
    ClockName.HEARING_REQUEST: (approval.HearingTold, "request_by"),
    ClockName.HEARING_HOLDING: (approval.HearingRequested, "hold_by"),
    ClockName.PARTY_STATEMENT: (approval.InterestedPartyNotified, "speak_by"),
    ClockName.CONSULTATION: (approval.ConsultationAsked, "due"),
    ClockName.DELIVERY: (approval.CaseDecided, "delivery_due"),
    ClockName.SUPPLEMENT: (intake.SupplementRequested, "supply_by"),
}
# clock -> the test that shows it: these need the case, the bundle or a window
ELSEWHERE = {
    ClockName.DECISION: "columns of the case: tests/integration/supervision/test_findings.py",
    ClockName.PROMISED: "columns of the case: tests/integration/supervision/test_findings.py",
    ClockName.JOINT: "every member has to be heard first: tests/integration/supervision/test_joint.py",
    ClockName.CLAIM: "below, with the waiting time before it",
}
# clock -> why no service tells a date that was counted
UNTOLD = {
    ClockName.HEARING_NOTICE: "approval tells the day of the hearing; the last day to announce it is counted back",
    ClockName.CERTIFICATE: "a rule of e-supervision: no service works by it or tells a date",
    ClockName.RENEWAL: "the last day is printed on the old certificate; nobody counts it",
    ClockName.DEFERRED_MATERIAL: "the applicant names the day himself",
    ClockName.COMMITMENT_CHECK: "a day the body sets itself; no law gives the number of days",
}


def test_the_three_lists_hold_every_clock_once() -> None:
    listed = [*COMPARED, *ELSEWHERE, *UNTOLD]

    assert sorted(listed) == sorted(ClockName)


def example(kind: type[Event], **changes: Any) -> Any:
    (found,) = [event for event in examples().values() if type(event) is kind]
    return found.model_copy(update=changes)


@pytest.mark.parametrize(("clock", "kind", "field"), [(clock, *told) for clock, told in COMPARED.items()], ids=str)
def test_a_date_told_a_day_wrong_is_found(clock: ClockName, kind: type[Event], field: str) -> None:
    told = EARLY.on if kind is intake.SupplementRequested else EARLY
    changes = {field: told} | ({"supply_workdays": 15} if kind is intake.SupplementRequested else {})
    event = example(kind, **changes)

    found = list(differing(claims(event, KNOWN, MARKS), CALENDAR, date(2026, 3, 2)))

    assert [one.claim.limit for one in found] == [clock.value]
    assert found[0].document(event.SUBJECT)["told"] == str(EARLY.on)


@pytest.mark.parametrize(("on", "expected"), [(date(2026, 3, 23), []), (date(2026, 3, 20), ["DELIVERY"])], ids=str)
def test_art44_the_delivery_day_of_a_renewal_by_silence_is_compared(on: date, expected: list[str]) -> None:
    event = example(intake.RenewalDeemed, delivery_due=DueDate(on=on))

    found = differing(claims(event, KNOWN, MARKS), CALENDAR, date(2026, 3, 9))

    assert [one.claim.limit for one in found] == expected


@pytest.mark.parametrize(
    ("opens_on", "closes_on", "expected"),
    [
        pytest.param("2026-04-02", "2026-05-06", [], id="art1077-both-right"),
        pytest.param("2026-04-03", "2026-05-06", ["WAITING"], id="art1077-waiting-a-day-wrong"),
        pytest.param("2026-04-02", "2026-05-05", ["CLAIM"], id="art1077-claim-a-day-wrong"),
    ],
)
def test_a_window_of_the_items_own_law_is_counted_again(opens_on: str, closes_on: str, expected: list[str]) -> None:
    thirty = LimitValue(value=30, unit=LimitUnit.CALENDAR_DAY, start=LimitStart.RECEIVED, basis="")
    window = intake.ClaimWindowRef(
        name="申领期",
        waiting="冷静期",
        opens_on=date.fromisoformat(opens_on),
        closes=DueDate(on=date.fromisoformat(closes_on)),
        waiting_limit=thirty,
        claim_limit=thirty,
    )
    event = example(intake.ApplicationAccepted, received_at=AT, accepted_at=AT, claim_window=window)

    found = differing(claims(event, KNOWN, MARKS), CALENDAR, date(2026, 3, 2))

    assert [one.claim.limit for one in found] == expected


# clocks a loaded calendar moves -> the day ours has; the two dates of the case are columns of it
MOVED: dict[intake.ClockName, date] = {
    intake.ClockName.NOTICE: date(2026, 3, 9),
    intake.ClockName.DELIVERY: date(2026, 3, 16),
    intake.ClockName.SUPPLEMENT: date(2026, 3, 23),
    intake.ClockName.WAITING: date(2026, 4, 1),
    intake.ClockName.CLAIM: date(2026, 5, 6),
}
COLUMNS = {intake.ClockName.LEGAL, intake.ClockName.PROMISED}


def test_every_clock_a_loaded_calendar_moves_is_listed() -> None:
    assert {*MOVED, *COLUMNS} == set(intake.ClockName)


@pytest.mark.parametrize(("clock", "right"), MOVED.items(), ids=str)
def test_a_moved_date_told_a_day_wrong_is_found(clock: intake.ClockName, right: date) -> None:
    def limits(on: date) -> list[tuple[str, date]]:
        moved = intake.DateMoved(clock=clock, earlier=EARLY, now=DueDate(on=on))
        event = example(intake.DatesMoved, dates=(moved,))
        found = differing(claims(event, replace(KNOWN, decided_at=AT), MARKS), CALENDAR, date(2026, 3, 2))
        return [(one.claim.limit, one.ours.due.on) for one in found]

    assert limits(right) == []
    assert limits(right + timedelta(days=1)) == [(clock.value, right)]


def test_what_a_moved_day_is_counted_from_is_marked_with_the_first_telling() -> None:
    thirty = LimitValue(value=30, unit=LimitUnit.CALENDAR_DAY, start=LimitStart.RECEIVED, basis="")
    closes = DueDate(on=date(2026, 5, 6))
    named = {"name": "申领期", "waiting": "冷静期", "opens_on": date(2026, 4, 2), "closes": closes}
    window = intake.ClaimWindowRef(**named, waiting_limit=thirty, claim_limit=thirty)

    accepted = fact_of(example(intake.ApplicationAccepted, claim_window=window))
    asked = fact_of(example(intake.SupplementRequested, supply_workdays=15))

    assert accepted is not None
    assert asked is not None
    assert (accepted.detail or {})["claim_window"]["claim_limit"]["value"] == 30
    assert (asked.detail or {})["supply_workdays"] == 15


def test_a_supplement_day_that_was_provisional_is_nobodys_fault() -> None:
    """Counted again with a calendar that has the year it was told without."""
    event = example(
        intake.SupplementRequested, supply_by=date(2026, 3, 3), supply_by_provisional=True, supply_workdays=15
    )
    fact = fact_of(event)
    assert fact is not None
    row = {"marks": None, "ledger": None, "case_no": None, "legal": None, "promised": None}
    times = ("submitted", "received", "complete", "accepted", "decided", "refused", "withdrawn", "concluded", "ended")

    seen = compared({**row, **{f"{name}_at": None for name in times}, "supplement_open": True}, event, fact, CALENDAR)

    assert "differences" not in (seen.detail or {})


def test_events_of_a_bundle_tell_both_joint_dates() -> None:
    accepted = example(bundles.BundleAccepted)

    fact = fact_of(accepted)

    assert fact is not None
    assert fact.detail is not None
    assert set(fact.detail["told"]) == {"JOINT", "JOINT_PROMISED"}
