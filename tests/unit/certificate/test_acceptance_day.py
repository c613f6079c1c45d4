"""The acceptance notice is dated when the window answers and names the day from which the acceptance counts."""

from datetime import timedelta

from contracts.events.examples import examples
from contracts.events.intake import ApplicationAccepted
from services.certificate.papers.paper_contents import acceptance_notice
from services.certificate.settings import CertificateSettings


def test_the_notice_of_an_acceptance_after_a_supplement_is_not_dated_back() -> None:
    event = examples()[ApplicationAccepted.SUBJECT]
    assert isinstance(event, ApplicationAccepted)
    answered = event.accepted_at + timedelta(days=6)

    told = acceptance_notice(event.model_copy(update={"answered_at": answered}), CertificateSettings.model_construct())

    assert told.at == answered
