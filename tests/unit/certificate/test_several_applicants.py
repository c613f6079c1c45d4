"""Who applied together with the applicant is named on every paper of the case."""

import re
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from typing import Any
from uuid import uuid4

import pytest
from pypdf import PdfReader

from contracts.events import approval, intake
from contracts.events.common import CoApplicant, Event, Outcome
from contracts.events.examples import examples
from services.certificate.files.contents import CoApplicantLine, in_short
from services.certificate.files.rendering import render
from services.certificate.life.terms import Terms
from services.certificate.papers import ending_papers, paper_contents, procedure_papers
from services.certificate.papers.paper_contents import CaseFacts, Draft
from services.certificate.settings import CertificateSettings
from services.kernel.workdays import official_calendar
from tests.support import certificate_files as samples
from tests.support import certificate_papers as more

SETTINGS = CertificateSettings(service="certificate", contact="综合窗口3号")
CALENDAR = official_calendar()


def example(model: type[Event], **changes: Any) -> Any:
    return examples()[model.SUBJECT].model_copy(update=changes)


def spouse() -> CoApplicant:
    applicant = example(intake.ApplicationReceived).applicant
    return CoApplicant(**applicant.model_dump() | {"name": "李小红", "masked_number": "4****************0"})


def _of_events() -> Iterator[Draft]:
    together = {"co_applicants": (spouse(),)}
    received = example(intake.ApplicationReceived, **together)
    accepted = example(intake.ApplicationAccepted, **together)
    case = CaseFacts.of_event(received)
    yield paper_contents.receipt(received, SETTINGS, CALENDAR)
    yield paper_contents.acceptance_notice(accepted, SETTINGS)
    yield from ending_papers.commitments(accepted)
    for outcome in Outcome:
        decided = example(
            approval.CaseDecided,
            **{"reasons": "不符合条件", "legal_basis": "《食品安全法》第三十三条", "renews": None},
            **together | {"outcome": outcome},
        )
        yield paper_contents.decision(decided, SETTINGS, Terms())
    yield ending_papers.deemed_renewal(example(intake.RenewalDeemed, **together), Terms())
    yield paper_contents.supplement_notice(example(intake.SupplementRequested), case, SETTINGS)
    yield paper_contents.refusal_of_acceptance(example(intake.AcceptanceRefused), case, SETTINGS)
    yield ending_papers.returned(example(intake.ApplicationReturned), case, SETTINGS)
    yield ending_papers.withdrawn(example(intake.ApplicationWithdrawn), case, SETTINGS)
    yield paper_contents.proof_of_service(example(intake.ResultHandedOver), case, {})
    for model in procedure_papers.HEARD:
        yield from procedure_papers.drafts(example(model), case, SETTINGS, CALENDAR)


@pytest.mark.parametrize("draft", [pytest.param(one, id=f"{one.kind}-{n}") for n, one in enumerate(_of_events())])
def test_every_paper_of_a_case_carries_all_who_applied(draft: Draft) -> None:
    paper = draft.build(paper_contents.header(draft, uuid4(), "鹤市监字〔2026〕第1号", "https://yichuang.test"))

    (other,) = paper.co_applicants
    assert (other.name, other.number) == ("李小红", "4****************0")
    assert paper.everybody.endswith("、李小红")


def text_of(paper: Any) -> str:
    pages = PdfReader(BytesIO(render(samples.a_job(paper)).pdf)).pages
    return re.sub(r"\s", "", "".join(page.extract_text() for page in pages))


def others(count: int) -> tuple[CoApplicantLine, ...]:
    return tuple(
        CoApplicantLine(name=f"共有人{number:02d}", number_label="公民身份号码", number=f"4{'*' * 16}{number % 10}")
        for number in range(1, count + 1)
    )


@pytest.mark.parametrize("paper", [samples.receipt(), more.hearing(), samples.proof_of_service()])
def test_a_few_are_printed_with_their_masked_numbers_and_addressed_by_name(paper: Any) -> None:
    text = text_of(replace(paper, co_applicants=others(2)))

    assert "共同申请人共有人01（公民身份号码：4****************1）共有人02（公民身份号码：4****************2）" in text
    assert "鹤城区老街口味小吃店、共有人01、共有人02" in text


def test_very_many_are_all_named_once_and_counted_in_sentences() -> None:
    text = text_of(replace(samples.acceptance(), co_applicants=others(49)))

    assert [number for number in range(1, 50) if f"共有人{number:02d}" not in text] == []
    assert "（共49人，身份号码见申请材料）" in text
    assert "等50位申请人：" in text


def test_the_short_form_names_one_at_least() -> None:
    assert in_short(["甲" * 200, "乙"]) == "甲" * 200 + "等2位申请人"
    assert in_short(["甲", "乙"]) == "甲、乙"
    assert in_short(["甲" * 200]) == "甲" * 200
