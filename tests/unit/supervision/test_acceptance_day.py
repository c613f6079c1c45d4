"""An acceptance after a supplement counts from the supply, and stands in the timeline where it was given."""

from datetime import timedelta

from contracts.events.examples import examples
from contracts.events.intake import ApplicationAccepted
from services.supervision.facts import fact_of


def test_clocks_start_at_the_supply_and_the_line_stands_at_the_answer() -> None:
    event = examples()[ApplicationAccepted.SUBJECT]
    assert isinstance(event, ApplicationAccepted)
    answered = event.accepted_at + timedelta(days=6)

    fact = fact_of(event.model_copy(update={"answered_at": answered}))

    assert fact is not None
    assert (fact.at, fact.columns["accepted_at"]) == (answered, event.accepted_at)
