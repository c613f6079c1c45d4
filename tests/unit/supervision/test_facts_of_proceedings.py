"""Every event of approval is at least a line of the timeline, and no line names a person of the case."""

import pytest

from contracts.events import approval
from contracts.events.examples import examples
from contracts.events.registry import EVENTS
from services.supervision.facts import fact_of
from services.supervision.schemas import EVENT_LABELS

# Decisions about a certificate after its grant belong to no case, and no clock runs for them.
OF_CERTIFICATES = "approval.standing_decision."
APPROVAL = [s for s in EVENTS if s.startswith("approval.") and not s.startswith(OF_CERTIFICATES)]


@pytest.mark.parametrize("subject", APPROVAL)
def test_every_event_of_approval_is_a_labelled_line_of_its_case(subject: str) -> None:
    event = examples()[subject]

    fact = fact_of(event)

    assert fact is not None
    assert fact.case_id == event.case_id  # type: ignore[attr-defined]
    assert fact.at.tzinfo is not None
    assert subject in EVENT_LABELS
    told = str(fact.detail)
    assert "向家院" not in told
    assert "石阶前" not in told


@pytest.mark.parametrize(
    ("event", "kind"),
    [(approval.CaseSuspended, "PAUSED"), (approval.CaseResumed, "RESUMED"), (approval.CaseExtended, "EXTENDED")],
)
def test_what_moves_the_clock_becomes_an_entry_of_the_ledger(event: type, kind: str) -> None:
    fact = fact_of(examples()[event.SUBJECT])  # type: ignore[attr-defined]

    assert fact is not None
    assert fact.entry is not None
    assert fact.entry["kind"] == kind


@pytest.mark.parametrize("event", [approval.HearingAnnounced, approval.SiteCheckRecorded, approval.HearingHeld])
def test_a_line_stands_at_the_instant_of_the_act_not_of_what_it_plans(event: type) -> None:
    example = examples()[event.SUBJECT]  # type: ignore[attr-defined]
    fact = fact_of(example)

    assert fact is not None
    assert fact.at in (
        getattr(example, "announced_at", None),
        getattr(example, "recorded_at", None),
        getattr(example, "held_at", None),
    )
