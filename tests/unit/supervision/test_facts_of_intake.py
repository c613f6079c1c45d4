"""Every event of intake about a case is a labelled line of its timeline; what the law brought about says so."""

import pytest

from contracts.events import intake
from contracts.events.examples import examples
from contracts.events.registry import EVENTS
from services.supervision.domain.case import Stage
from services.supervision.facts import fact_of
from services.supervision.schemas import EVENT_LABELS

OF_A_CASE = [
    subject
    for subject, model in EVENTS.items()
    if subject.startswith("intake.") and "application_id" in model.model_fields and "bundle" not in subject
]
# A bundle has its own pages, and what supervision itself tells is no line of anybody's timeline.
NOT_OF_A_CASE = ("intake.bundle.", "intake.bundle_stage.", "supervision.")


@pytest.mark.parametrize("subject", OF_A_CASE)
def test_every_event_of_a_case_is_a_labelled_line(subject: str) -> None:
    event = examples()[subject]

    fact = fact_of(event)

    assert fact is not None
    assert fact.case_id == event.application_id  # type: ignore[attr-defined]
    assert fact.at.tzinfo is not None
    assert subject in EVENT_LABELS
    assert "石阶前" not in str(fact.detail)


def test_every_line_of_a_case_says_in_words_what_happened_whoever_told_it() -> None:
    heard = {subject: event for subject, event in examples().items() if not subject.startswith(NOT_OF_A_CASE)}

    lines = {subject for subject, event in heard.items() if (fact := fact_of(event)) is not None and fact.case_id}

    assert {"intake.certificate.relied_upon.v1", "intake.case.recalled.v1"} <= lines
    assert lines - EVENT_LABELS.keys() == set()


def test_a_loaded_calendar_is_about_no_case() -> None:
    assert fact_of(examples()["intake.calendar.loaded.v1"]) is None


def test_a_return_ends_the_case() -> None:
    fact = fact_of(examples()["intake.application.returned.v1"])

    assert fact is not None
    assert fact.columns["ended_at"] == fact.at
    assert Stage.ENDED.value == "ENDED"


def test_art_32_silence_stands_in_the_timeline_when_it_was_found() -> None:
    accepted = examples()["intake.application.accepted.v1"]
    assert isinstance(accepted, intake.ApplicationAccepted)
    later = accepted.accepted_at.replace(day=10)

    fact = fact_of(accepted.model_copy(update={"deemed": True, "deemed_at": later, "lacking": (3,)}))

    assert fact is not None
    assert (fact.at, fact.columns["accepted_at"]) == (later, accepted.accepted_at)
    assert fact.detail == {"deemed": True, "lacking": [3]}


def test_art_32_a_second_notice_is_visible_with_its_reason() -> None:
    notice = examples()["intake.supplement.requested.v1"]

    fact = fact_of(notice.model_copy(update={"ordinal": 2, "reason": "首次无法发现", "seen_before": (1,)}))

    assert fact is not None
    assert fact.detail is not None
    assert fact.detail["ordinal"] == 2
    assert fact.detail["seen_before"] == [1]
