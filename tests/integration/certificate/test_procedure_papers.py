"""Papers around a decision on a real database: in the applicant's file, one per occasion, numbered without gaps."""

import asyncio
import base64
import json
from datetime import timedelta
from typing import Any

import pytest

from contracts.events import approval, intake
from contracts.events.common import Event, MaterialRef, MaterialSource
from contracts.events.examples import examples
from services.certificate.files.records import RECEIPT_TYPE
from services.chassis.bus import NotYet
from tests.support import tokens
from tests.support.certificate import COMPANY, MARKER, NOON, Case, Library

STEPS: tuple[tuple[type[Event], tuple[str, ...]], ...] = (
    (approval.CaseSuspended, ("SPECIAL_PROCEDURE_NOTICE",)),
    (approval.CaseExtended, ("EXTENSION_NOTICE",)),
    (approval.SiteCheckRecorded, ("SITE_CHECK_RECORD",)),
    (approval.HearingTold, ("HEARING_RIGHT_NOTICE",)),
    (approval.HearingAnnounced, ("HEARING_NOTICE", "HEARING_ANNOUNCEMENT")),
    (approval.HearingHeld, ("HEARING_RECORD",)),
    (approval.InterestedPartyNotified, ("INTERESTED_PARTY_NOTICE",)),
    (approval.InterestedPartyHeard, ("STATEMENT_RECORD",)),
    (approval.CaseTerminated, ("TERMINATION_NOTICE",)),
    (approval.CaseTransferred, ("TRANSFER_NOTICE",)),
    (intake.ApplicationReturned, ("RETURN_CONFIRMATION",)),
    (intake.ApplicationWithdrawn, ("WITHDRAWAL_CONFIRMATION",)),
)


def fact(model: type[Event], case: Case, **changes: Any) -> Event:
    """The example of an event, told of this case."""
    aggregate = "case_id" if "case_id" in model.model_fields else "application_id"
    of = {aggregate: case.id, "case_no": case.case_no}
    if "applicant" in model.model_fields:
        of |= {"applicant": case.applicant, "item": case.item}
    return examples()[model.SUBJECT].model_copy(update=of | changes)


async def kinds(library: Library, case: Case) -> list[str]:
    answer = await library.get(f"/api/v1/cases/{case.case_no}/papers", library.citizen())
    return [paper["kind"] for paper in answer.json()["papers"]]


@pytest.mark.parametrize(("model", "issued"), STEPS, ids=[model.SUBJECT for model, _ in STEPS])
async def test_each_fact_puts_its_paper_into_the_applicants_file_exactly_once(
    library: Library, model: type[Event], issued: tuple[str, ...]
):
    case = library.a_case()
    await library.hear(case.received())

    await library.hear(fact(model, case))
    await library.hear(fact(model, case))

    assert sorted(await kinds(library, case)) == sorted(["RECEIPT", *issued])


async def test_a_second_occasion_of_the_same_kind_gets_a_paper_of_its_own(library: Library):
    case = library.a_case()
    later = NOON + timedelta(days=30)

    await library.hear(case.received(), fact(approval.CaseSuspended, case))
    await library.hear(fact(approval.CaseSuspended, case, suspended_at=later))
    await library.hear(case.supplement_requested(), case.supplement_requested().model_copy(update={"ordinal": 2}))

    told = await kinds(library, case)
    assert told.count("SPECIAL_PROCEDURE_NOTICE") == 2
    assert told.count("SUPPLEMENT_NOTICE") == 2


async def test_a_step_of_approval_waits_for_the_receipt(library: Library):
    case = library.a_case()

    with pytest.raises(NotYet):
        await library.hear(fact(approval.CaseSuspended, case))


async def test_a_withdrawal_before_receipt_has_no_paper_and_stops_nothing(library: Library):
    case = library.a_case()

    await library.hear(case.submitted(), fact(intake.ApplicationWithdrawn, case, case_no=None))

    assert await library.rows("SELECT 1 FROM paper WHERE case_id = :id", id=case.id) == []


async def test_the_paper_about_an_end_lists_every_original_whenever_it_was_handed_in(library: Library):
    case = library.a_case()
    given = {1: MaterialSource.PAPER_ORIGINAL, 3: MaterialSource.UPLOAD, 4: MaterialSource.PAPER_ORIGINAL}
    first, second, later = (
        tuple(MaterialRef(material_no=no, name=f"材料{no}", source=source) for no, source in one.items())
        for one in ({1: given[1]}, {1: MaterialSource.UPLOAD, 3: given[3]}, {4: given[4]})
    )

    await library.hear(case.received())
    for _ in range(2):
        await library.hear(fact(intake.ApplicationCorrected, case, materials=first))
        await library.hear(fact(intake.SupplementSupplied, case, materials=second))
    withdrawn = fact(intake.ApplicationWithdrawn, case)
    await library.hear(fact(intake.DeferredMaterialSupplied, case, materials=later), withdrawn)

    (paper,) = await library.rows(
        "SELECT contents_sealed FROM paper WHERE case_id = :id AND kind = 'WITHDRAWAL_CONFIRMATION'", id=case.id
    )
    contents = json.loads(library.kit.open_contents(paper.contents_sealed))
    assert [one["name"] for one in find(contents, "materials")] == ["材料1", "材料4"]


def find(content: Any, name: str) -> Any:
    """The value under this name, however deep."""
    if isinstance(content, dict):
        return content[name] if name in content else next(filter(None, (find(one, name) for one in content.values())))
    return None


async def test_a_deemed_renewal_needs_no_copy_of_the_case(library: Library):
    case = library.a_case(COMPANY, "鹤城餐饮有限公司")

    await library.hear(fact(intake.RenewalDeemed, case))

    (row,) = await library.rows("SELECT kind FROM paper WHERE case_id = :id", id=case.id)
    assert row.kind == "RENEWAL_DECISION"


async def test_numbers_of_a_kind_have_no_gaps_when_many_are_issued_at_once_and_some_fail(library: Library):
    cases = [library.a_case() for _ in range(12)]
    await library.hear(*(case.received() for case in cases))
    missing = library.a_case()  # its batch is rolled back after others took their numbers

    async def told(case: Case) -> None:
        await library.hear(fact(approval.SiteCheckRecorded, case))

    async def failing() -> None:
        with pytest.raises(NotYet):
            await library.hear(fact(approval.SiteCheckRecorded, missing))

    await asyncio.gather(*(told(case) for case in cases), *(failing() for _ in range(4)))

    ids = [case.id for case in cases]
    wanted = "SELECT number FROM paper WHERE kind = 'SITE_CHECK_RECORD' AND case_id = ANY(:ids)"
    rows = await library.rows(wanted, ids=ids)
    ordinals = sorted(int(row.number.partition("第")[2].rstrip("号")) for row in rows)
    assert ordinals == list(range(ordinals[0], ordinals[0] + len(cases)))


async def test_the_signed_record_of_a_receipt_is_there_at_once_sealed_at_rest_and_verifiable(library: Library):
    case = library.a_case()
    await library.hear(case.received())
    (row,) = await library.rows("SELECT id, jws_sealed FROM paper WHERE case_id = :id", id=case.id)

    answer = await library.get(f"/api/v1/papers/{row.id}/file", library.citizen(), form="jws")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/jose"
    assert answer.content not in row.jws_sealed
    assert MARKER not in answer.text
    head, payload = (decoded(part) for part in answer.text.split(".")[:2])
    assert head["typ"] == RECEIPT_TYPE
    assert [material["name"] for material in payload["materials"]] == ["食品经营许可申请书", "营业执照"]
    assert [due["code"] for due in payload["due_dates"]] == ["NOTICE", "LEGAL", "PROMISED"]
    assert payload["due_dates"][0]["on"] == "2026-11-27"
    assert payload["due_dates"][0]["why"]["zh"].endswith("于2026年11月27日到期。")


def decoded(part: str) -> dict[str, Any]:
    return dict(json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))


async def test_the_record_is_for_those_whom_the_case_concerns_and_only_receipts_have_one(library: Library):
    case = library.a_case()
    await library.hear(case.received(), case.accepted())
    papers = await library.rows("SELECT id, kind FROM paper WHERE case_id = :id", id=case.id)
    ids = {row.kind: row.id for row in papers}
    stranger = tokens.headers(["CITIZEN"], sub=tokens.account("stranger"), subject_key="d" * 64)

    foreign = await library.get(f"/api/v1/papers/{ids['RECEIPT']}/file", stranger, form="jws")
    other = await library.get(f"/api/v1/papers/{ids['ACCEPTANCE_NOTICE']}/file", library.citizen(), form="jws")
    unknown = await library.get(f"/api/v1/papers/{ids['RECEIPT']}/file", library.citizen(), form="doc")

    assert (foreign.status_code, other.status_code) == (404, 404)
    assert unknown.status_code in (400, 422)


async def test_the_keys_for_checking_offline_come_in_one_document(library: Library):
    keys = (await library.get("/.well-known/certificate-jwks.json")).json()

    assert set(keys) == {"keys", "seal_roots", "stamp_roots", "division"}
    assert "d" not in keys["keys"][0]
