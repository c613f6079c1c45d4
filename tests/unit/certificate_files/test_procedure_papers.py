"""Papers around and after the decision: each says what the law demands of its kind, and cannot be built without."""

import re
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader

from services.certificate.domain.paper import FORMS
from services.certificate.files.contents import AnyPaper, dump_job, load_job
from services.certificate.files.contents_procedure import Officer, Participant
from services.certificate.files.errors import IncompleteContents
from services.certificate.files.rendering import render
from tests.support import certificate_files as samples
from tests.support import certificate_papers as more

PAPERS = more.procedure_papers() | more.after_papers()
LACKING: tuple[tuple[AnyPaper, dict[str, Any], str], ...] = (
    (more.special_procedure(), {"time_needed": ""}, "art. 45: without the time needed in writing"),
    (more.special_procedure(), {"approver_name": " "}, "art. 45: without who approved"),
    (more.extension(), {"reason": ""}, "art. 42: without the reason that the applicant is told"),
    (more.extension(), {"approver_name": ""}, "art. 42: without the head who approved"),
    (more.right_to_hearing(), {"addressees": ()}, "art. 47: told to nobody"),
    (more.hearing(), {"place": ""}, "art. 48(1): without the place"),
    (more.hearing(), {"chair_name": ""}, "art. 48(3): without the chair"),
    (more.announcement(), {"matter": ""}, "art. 46: without the matter"),
    (more.hearing_record(), {"participants": ()}, "art. 48(5): with nobody to sign"),
    (more.hearing_record(), {"record": ""}, "art. 48(5): with nothing said"),
    (more.interested_party(), {"interest": ""}, "art. 36: without the interest"),
    (more.statement(), {"statement": "\n"}, "art. 36: without a statement"),
    (more.site_check(), {"facts": ""}, "art. 34: without facts"),
    (more.site_check(), {"party_name": ""}, "art. 34: silent about who was there"),
    (more.amendment(), {"changes": ()}, "art. 49: changing nothing"),
    (more.renewal(), {"valid_from": None}, "art. 50: without the new term"),
    (more.rescission(), {"compensation": ""}, "art. 8: silent about compensation"),
    (more.rescission(), {"remedies": None}, "art. 8: without remedies"),
    (more.annulment(), {"grounds": ""}, "art. 69: without its ground"),
    (more.annulment(), {"remedies": None}, "art. 69: without remedies"),
    (more.deregistration(), {"remedies": None}, "art. 70: without remedies"),
    (more.commitment(), {"liability": ""}, "commitment without liability"),
    (more.commitment(), {"verification": ""}, "commitment without its later check"),
    (more.commitment(), {"commitments": ()}, "commitment that promises nothing"),
    (more.returned(), {"reason": ""}, "return without reason"),
    (more.withdrawn(), {"reason": ""}, "withdrawal without reason"),
    (more.terminated(), {"remedies": None}, "termination without remedies"),
    (more.transferred(), {"competent_body": ""}, "transfer to nobody"),
    (more.letters()[0], {"finding": ""}, "supervision without finding"),
)


def text_of(paper: AnyPaper) -> str:
    reader = PdfReader(BytesIO(render(samples.a_job(paper)).pdf))
    return re.sub(r"\s", "", "".join(page.extract_text() for page in reader.pages))


def test_the_numbers_of_different_kinds_of_paper_never_meet() -> None:
    words = [form.word for form in FORMS.values()]

    assert len(set(words)) == len(words)


@pytest.mark.parametrize(("paper", "lacking"), [pytest.param(p, blank, id=name) for p, blank, name in LACKING])
def test_a_paper_without_what_the_law_demands_cannot_be_built(paper: Any, lacking: dict[str, Any]) -> None:
    with pytest.raises(IncompleteContents, match=next(iter(lacking))):
        replace(paper, **lacking)


@pytest.mark.parametrize(
    "officers",
    [
        pytest.param((), id="nobody"),
        pytest.param((Officer(name="吴核查", number="1"),), id="one"),
        pytest.param((Officer(name="吴核查", number="1"), Officer(name="吴核查", number="1")), id="the same one twice"),
    ],
)
def test_a_site_check_by_fewer_than_two_officers_cannot_be_recorded(officers: tuple[Officer, ...]) -> None:
    with pytest.raises(IncompleteContents, match="two officers"):
        replace(more.site_check(), officers=officers)


def test_the_examiner_cannot_chair_the_hearing() -> None:
    examiner = Participant(name="郑公正", role="审查人员")

    with pytest.raises(IncompleteContents, match="chair"):
        replace(more.hearing_record(), participants=(examiner,))


@pytest.mark.parametrize("kind", PAPERS)
def test_a_job_of_every_kind_survives_being_stored(kind: str) -> None:
    job = samples.a_job(PAPERS[kind])

    assert load_job(dump_job(job)) == job
    assert type(load_job(dump_job(job)).contents) is type(job.contents)


def test_a_long_identifier_or_file_name_stays_in_its_cell() -> None:
    identifier, file = samples.IDENTIFIER, "scan_of_the_lease_contract_of_the_business_premises-2026-final.pdf"
    paper = replace(samples.proof_of_service(), documents=(identifier, file, "x" * 200), tracking_no="9" * 120)

    page = PdfReader(BytesIO(render(samples.a_job(paper)).pdf)).pages[0]

    right_edge = float(page.mediabox.right) - 2.6 / 2.54 * 72
    ends: list[float] = []
    page.extract_text(visitor_text=lambda text, _c, matrix, _f, size: ends.append(matrix[4]) if text.strip() else None)
    assert max(ends) < right_edge
    lines = [re.sub(r"\s", "", line) for line in page.extract_text().splitlines()]
    assert all(len(line) <= 62 for line in lines)
