"""Acceptance notice, decision and proof of service: what the events say is what the papers print."""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from contracts.events import approval, intake
from contracts.events.common import DueDate, Event, MaterialSource, Outcome, SpecialProcedureRef
from contracts.events.examples import examples
from services.certificate.files import contents
from services.certificate.life.terms import Terms
from services.certificate.papers import paper_contents
from services.certificate.papers.paper_contents import Draft
from services.certificate.settings import CertificateSettings
from services.kernel.workdays import official_calendar

SETTINGS = CertificateSettings(service="certificate", contact="综合窗口3号")


def example(model: type[Event], **changes: Any) -> Any:
    return examples()[model.SUBJECT].model_copy(update=changes)


def an_item(**changes: Any) -> Any:
    return example(intake.ApplicationAccepted).item.model_copy(update=changes)


def printed(draft: Draft) -> Any:
    return draft.build(paper_contents.header(draft, uuid4(), "鹤市监字〔2026〕第1号", "https://yichuang.test"))


def notice(**changes: Any) -> Any:
    return printed(paper_contents.acceptance_notice(example(intake.ApplicationAccepted, **changes), SETTINGS))


@pytest.mark.parametrize("fee", ["收费：登记费80元/件（住宅）", "不收费", ""])
def test_an_acceptance_notice_prints_the_fee_of_the_item_and_none_of_its_own(fee: str) -> None:
    assert notice(item=an_item(fee=fee)).fee == fee


@pytest.mark.parametrize(
    ("reference", "type_name", "text"),
    [
        ("1.2.156.3005.2.X", "行政许可", "《食品经营许可证》（编号：JY24312020000001）"),
        ("鹤市监准〔2026〕第1号", "行政许可", "《准予行政许可决定书》（鹤市监准〔2026〕第1号）"),
        ("鹤市监准〔2026〕第1号", "行政确认", "《准予决定书》（鹤市监准〔2026〕第1号）"),
        ("鹤市监受〔2026〕第1号", "行政确认", "《受理通知书》（鹤市监受〔2026〕第1号）"),
        ("鹤市监续〔2026〕第1号", "行政许可", "《准予延续行政许可决定书》（鹤市监续〔2026〕第1号）"),
        ("鹤市监续〔2026〕第1号", "行政确认", "《准予延续决定书》（鹤市监续〔2026〕第1号）"),
        ("食品经营许可证副本", "行政许可", "《食品经营许可证副本》"),
    ],
)
def test_who_signs_for_a_document_reads_its_name_and_number(reference: str, type_name: str, text: str) -> None:
    known = {
        "1.2.156.3005.2.X": ("食品经营许可证", "JY24312020000001"),
        "鹤市监准〔2026〕第1号": ("GRANT_DECISION", "鹤市监准〔2026〕第1号"),
        "鹤市监续〔2026〕第1号": ("RENEWAL_DECISION", "鹤市监续〔2026〕第1号"),
        "鹤市监受〔2026〕第1号": ("ACCEPTANCE_NOTICE", "鹤市监受〔2026〕第1号"),
    }

    assert paper_contents.document_name(reference, known, an_item(type_name=type_name)) == text


def refusal(**changes: Any) -> Any:
    decided = example(
        approval.CaseDecided,
        outcome=Outcome.REFUSED,
        content="",
        reasons="不符合场所条件",
        legal_basis="《食品安全法》第三十三条第一款第一项",
        **changes,
    )
    return printed(paper_contents.decision(decided, SETTINGS, Terms()))


def test_a_refusal_prints_the_facts_that_were_found() -> None:
    assert refusal(facts="现场测得经营场所距公共厕所8米").facts == "现场测得经营场所距公共厕所8米"


def test_a_refusal_after_an_inspection_prints_the_technical_standard() -> None:
    assert refusal(technical_standard="GB 31654-2021 第5.1条").technical_standard == "GB 31654-2021 第5.1条"


def test_a_refused_renewal_is_called_so() -> None:
    assert (refusal().act, refusal(renews=example(intake.RenewalDeemed).renews).act) == ("", "延续")


def test_a_material_promised_for_later_stands_on_the_acceptance_notice_with_its_day() -> None:
    promised = intake.DeferredRef(material_no=3, name="房屋使用证明", promised_on=date(2026, 4, 1), after_grant=True)

    (line,) = notice(deferred=(promised,)).deferred

    assert (line.name, line.promised_on, line.after_grant) == ("房屋使用证明", date(2026, 4, 1), True)


def test_who_has_to_come_again_reads_from_when_to_when_and_what_silence_means() -> None:
    window = intake.ClaimWindowRef(
        name="申领期",
        waiting="冷静期",
        opens_on=date(2026, 4, 2),
        closes=DueDate(on=date(2026, 5, 6)),
        basis="民法典第1077条第2款",
    )

    claim = notice(claim_window=window).claim

    assert (claim.name, claim.waiting, claim.basis) == ("申领期", "冷静期", "民法典第1077条第2款")
    assert (claim.opens_on, claim.closes_on, claim.closes_provisional) == (date(2026, 4, 2), date(2026, 5, 6), False)


def test_a_grant_prints_the_last_day_of_its_delivery() -> None:
    due = DueDate(on=date(2026, 3, 18))

    granted = printed(paper_contents.decision(example(approval.CaseDecided, delivery_due=due), SETTINGS, Terms()))

    assert (granted.deliver_by, granted.deliver_by_provisional) == (date(2026, 3, 18), False)


def test_a_refusal_published_before_it_carried_facts_still_gets_its_paper() -> None:
    assert "见下列理由" in refusal().facts


def test_the_acceptance_of_a_licence_rests_on_the_licensing_law() -> None:
    paper = notice()

    assert (paper.licence, paper.basis, paper.excluded) == (True, contents.ART_32_5, "")


@pytest.mark.parametrize("deemed", [False, True])
def test_the_acceptance_of_another_matter_rests_on_its_own_basis(deemed: bool) -> None:
    own_law = SpecialProcedureRef(kind="鉴定", name="劳动能力鉴定", stops_clock=True)
    notice_board = SpecialProcedureRef(kind="公示", name="公示", stops_clock=False)
    insurance = an_item(
        type_code="20",
        type_name="公共服务",
        basis=("《社会保险法》第五十八条",),
        special_procedures=(own_law, notice_board),
    )

    paper = notice(item=insurance, deemed=deemed)

    assert (paper.licence, paper.excluded) == (False, "劳动能力鉴定")
    assert paper.basis == "《社会保险法》第五十八条、《优化营商环境条例》第三十六条"


def test_a_receipt_names_the_region_that_issued_a_reused_certificate() -> None:
    event = example(intake.ApplicationReceived)
    elsewhere = event.materials[0].model_copy(
        update={"source": MaterialSource.CERTIFICATE, "issued_in": "永州市零陵区"}
    )

    paper = printed(
        paper_contents.receipt(event.model_copy(update={"materials": (elsewhere,)}), SETTINGS, official_calendar())
    )

    assert "永州市零陵区" in paper.materials[0].note
