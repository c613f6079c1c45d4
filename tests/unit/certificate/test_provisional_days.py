"""A provisional day never stands on a paper without its mark."""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from contracts.events import approval, intake
from contracts.events.common import DueDate, Event
from contracts.events.examples import examples
from services.certificate.files.templates import FOLDER
from services.certificate.papers import paper_contents, procedure_papers
from services.certificate.papers.paper_contents import CaseFacts, Draft
from services.certificate.settings import CertificateSettings
from services.kernel.workdays import official_calendar

SETTINGS = CertificateSettings(service="certificate", contact="综合窗口3号")
EARLY = DueDate(on=date(2027, 1, 5), provisional=True)


def printed(model: type[Event], **changes: Any) -> Any:
    event: Any = examples()[model.SUBJECT].model_copy(update=changes)
    received: Any = examples()[intake.ApplicationReceived.SUBJECT]
    case = CaseFacts.of_event(received)
    drafts: list[Draft] = list(procedure_papers.drafts(event, case, SETTINGS, official_calendar()))
    return drafts[0].build(paper_contents.header(drafts[0], uuid4(), "鹤市监字〔2026〕第1号", "https://yichuang.test"))


@pytest.mark.parametrize(
    ("model", "told", "shown"),
    [
        (approval.InterestedPartyNotified, "speak_by", "speak_by"),
        (approval.CaseSuspended, "expected_end", "expected_until"),
        (approval.CaseSuspended, "legal_due", "due"),
        (approval.CaseExtended, "previous_legal_due", "due"),
        (approval.CaseExtended, "legal_due", "new_due"),
    ],
)
def test_a_provisional_day_is_printed_with_its_mark(model: type[Event], told: str, shown: str) -> None:
    early, final = printed(model, **{told: EARLY}), printed(model, **{told: DueDate(on=date(2026, 12, 30))})

    marks = [getattr(paper, f"{shown}_provisional") for paper in (early, final)]
    template = (FOLDER / f"{early.kind.lower()}.typ").read_text(encoding="utf-8")

    assert marks == [True, False]
    assert f"#provisional(data.{shown}_provisional)" in template
