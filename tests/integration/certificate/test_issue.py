"""Issue on a real database: one certificate per case, gapless numbers, one paper of each kind, a record at once."""

import asyncio
import json
from datetime import date

import pytest

from contracts.events.common import Outcome
from contracts.events.intake import RefusalKind
from services.certificate.domain.errors import TypeUnknown
from services.certificate.files.contents import GrantDecision, load_job
from services.chassis.bus import NotYet
from services.kernel.certificate_identifier import parse_certificate_identifier
from tests.support.certificate import COMPANY, FOOD_LICENCE, MARKER, MARKET, Library, an_item

ISSUED, SEALED = "certificate.certificate.issued.v1", "certificate.certificate.sealed.v1"
PAPER = "certificate.paper.issued.v1"


async def test_a_granted_case_gets_a_certificate_with_its_signed_record_at_once(library: Library):
    row = await library.issued()

    identifier = parse_certificate_identifier(row["identifier"])
    record = library.kit.signer.verify(library.kit.open_record(row["jws_sealed"]))
    assert (identifier.type_code, identifier.issuer_code) == (FOOD_LICENCE, MARKET.uscc)
    assert identifier.serial == row["number_shown"] == record["certificate_number"]
    assert record["certificate_holder_code"] == MARKER
    assert record["validity_range"] == "2026年11月20日至2031年11月19日"
    assert await library.events_of(row["id"]) == [(1, ISSUED)]


async def test_the_issued_event_names_case_and_holder_and_never_the_number(library: Library):
    row = await library.issued()

    (event,) = await library.rows("SELECT payload FROM outbox WHERE aggregate_id = :id", id=row["id"])
    told = json.loads(event.payload)
    assert told["case_no"] == row["case_no"]
    assert told["holder_key"] == row["holder_key"]
    assert told["holder_name"] == "王小明"
    assert MARKER not in event.payload.decode()


async def test_the_same_decision_under_another_event_id_issues_nothing_more(library: Library):
    case = library.a_case()

    await library.hear(case.decided(), case.decided())
    await library.hear(case.decided())

    assert len(await library.rows("SELECT 1 FROM certificate WHERE case_id = :id", id=case.id)) == 1
    assert len(await library.rows("SELECT 1 FROM paper WHERE case_id = :id", id=case.id)) == 1


async def test_a_decision_that_comes_before_the_receipt_issues_all_the_same(library: Library):
    case = library.a_case(COMPANY, "鹤城餐饮有限公司")

    await library.hear(case.decided())
    await library.hear(case.received())

    kinds = await library.rows("SELECT kind FROM paper WHERE case_id = :id ORDER BY kind", id=case.id)
    assert [row.kind for row in kinds] == ["GRANT_DECISION", "RECEIPT"]


async def test_a_refusal_gives_a_paper_and_no_certificate(library: Library):
    case = library.a_case()

    await library.hear(case.decided(Outcome.REFUSED))

    assert await library.rows("SELECT 1 FROM certificate WHERE case_id = :id", id=case.id) == []
    (paper,) = await library.rows("SELECT kind, number FROM paper WHERE case_id = :id", id=case.id)
    assert paper.kind == "REFUSAL_DECISION"
    assert paper.number.startswith("鹤市监不准字〔2026〕第")


async def test_an_item_without_certificate_gives_a_decision_only(library: Library):
    case = library.a_case(item=an_item(certificate_type_code=None, certificate_type_name=None))

    await library.hear(case.decided())

    assert await library.rows("SELECT 1 FROM certificate WHERE case_id = :id", id=case.id) == []
    assert len(await library.rows("SELECT 1 FROM paper WHERE case_id = :id", id=case.id)) == 1


async def test_a_certificate_type_that_is_not_loaded_makes_the_decision_wait(library: Library):
    case = library.a_case(item=an_item(certificate_type_code=MARKET.uscc + "999"))

    with pytest.raises(TypeUnknown):
        await library.hear(case.decided())

    assert await library.rows("SELECT 1 FROM paper WHERE case_id = :id", id=case.id) == []


async def test_a_whole_life_leaves_one_paper_of_each_act(library: Library):
    case = library.a_case()

    await library.hear(case.submitted(), case.received(), case.supplement_requested(), case.accepted())
    await library.hear(case.decided())
    await library.hear(case.handed_over())

    papers = await library.rows("SELECT id, kind FROM paper WHERE case_id = :id ORDER BY kind", id=case.id)
    assert [row.kind for row in papers] == [
        "ACCEPTANCE_NOTICE",
        "GRANT_DECISION",
        "PROOF_OF_SERVICE",
        "RECEIPT",
        "SUPPLEMENT_NOTICE",
    ]
    assert [await library.events_of(row.id) for row in papers] == [[(1, PAPER)]] * 5


@pytest.mark.parametrize(
    ("kind", "paper"),
    [
        (RefusalKind.NOT_REQUIRED, "NOT_REQUIRED_NOTICE"),
        (RefusalKind.OUT_OF_SCOPE, "ACCEPTANCE_REFUSAL"),
        (RefusalKind.FALSE_MATERIALS, "ACCEPTANCE_REFUSAL"),
    ],
)
async def test_a_refusal_of_acceptance_is_told_in_its_own_paper(library: Library, kind: RefusalKind, paper: str):
    case = library.a_case()

    await library.hear(case.received(), case.refused_acceptance(kind))

    kinds = await library.rows("SELECT kind FROM paper WHERE case_id = :id AND kind <> 'RECEIPT'", id=case.id)
    assert [row.kind for row in kinds] == [paper]


async def test_a_paper_whose_receipt_has_not_come_waits(library: Library):
    case = library.a_case()

    with pytest.raises(NotYet):
        await library.hear(case.supplement_requested())
    await library.hear(case.received(), case.supplement_requested())

    assert len(await library.rows("SELECT 1 FROM paper WHERE case_id = :id", id=case.id)) == 2


async def test_numbers_have_no_gap_and_no_twin_when_batches_run_side_by_side(library: Library):
    item = an_item(certificate_type_code=MARKET.uscc + "001")
    batches = [[library.a_case(item=item).decided() for _ in range(8)] for _ in range(6)]

    await asyncio.gather(*(library.hear(*batch) for batch in batches))

    rows = await library.rows("SELECT number_shown FROM certificate WHERE type_code = :code", code=MARKET.uscc + "001")
    ordinals = sorted(int(row.number_shown[10:]) for row in rows)
    assert ordinals == list(range(1, 49))


async def test_a_batch_that_fails_gives_its_numbers_back(library: Library):
    good, bad = library.a_case(), library.a_case(item=an_item(certificate_type_code=MARKET.uscc + "999"))
    before = await library.issued()

    with pytest.raises(TypeUnknown):
        await library.hear(good.decided(), bad.decided())
    after = await library.issued()

    assert int(after["number_shown"]) == int(before["number_shown"]) + 1
    papers = await library.rows(
        "SELECT number FROM paper WHERE kind = 'GRANT_DECISION' AND body_uscc = :b", b=MARKET.uscc
    )
    ordinals = sorted(int(row.number.split("第")[1][:-1]) for row in papers)
    assert ordinals == list(range(1, len(ordinals) + 1))


async def test_decision_and_certificate_name_the_same_term(library: Library):
    case = library.a_case()
    row = await library.issued(case)

    wanted = "SELECT contents_sealed FROM paper WHERE case_id = :id AND kind = 'GRANT_DECISION'"
    (paper,) = await library.rows(wanted, id=case.id)
    printed = load_job(library.kit.open_contents(paper.contents_sealed)).contents

    assert isinstance(printed, GrantDecision)
    assert (printed.valid_from, printed.valid_until) == (row["valid_from"], row["valid_until"])
    assert printed.valid_until == date(2031, 11, 19)
