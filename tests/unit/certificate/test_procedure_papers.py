"""From a fact of approval or intake to what its paper prints: every term, name and number of the event is on it."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest

from contracts.events import approval, intake
from contracts.events.common import DueDate, Event, LimitUnit, MaterialRef, MaterialSource
from contracts.events.examples import examples
from services.certificate.files.errors import IncompleteContents
from services.certificate.life.terms import Terms
from services.certificate.papers import ending_papers, paper_contents, procedure_papers
from services.certificate.papers.paper_contents import CaseFacts, Draft
from services.certificate.settings import CertificateSettings
from services.kernel.workdays import official_calendar

SETTINGS = CertificateSettings(service="certificate", contact="综合窗口3号")


def example(model: type[Event], **changes: Any) -> Any:
    return examples()[model.SUBJECT].model_copy(update=changes)


def a_case(*materials: MaterialRef) -> CaseFacts:
    facts = CaseFacts.of_event(example(intake.ApplicationReceived))
    return CaseFacts(**vars(facts) | {"materials": materials})


def printed(draft: Draft) -> Any:
    return draft.build(paper_contents.header(draft, uuid4(), "鹤市监字〔2026〕第1号", "https://yichuang.test"))


def papers(event: Any) -> list[Any]:
    return [printed(draft) for draft in procedure_papers.drafts(event, a_case(), SETTINGS, official_calendar())]


def test_a_suspension_tells_kind_time_needed_start_effect_and_approver() -> None:
    (paper,) = papers(example(approval.CaseSuspended))

    assert (paper.procedure, paper.time_needed, paper.basis) == (
        "专家评审",
        "10个工作日",
        "《中华人民共和国行政许可法》第四十五条",
    )
    assert (paper.starts_on, paper.expected_until) == (date(2026, 3, 5), date(2026, 3, 19))
    assert (paper.due_on, paper.expected_due_on) == (date(2026, 3, 17), date(2026, 3, 31))  # ten working days later
    assert paper.approver_name == "首席甲"


def test_a_suspension_over_the_end_of_the_calendar_expects_a_provisional_date() -> None:
    at = datetime(2026, 12, 21, 2, 0, tzinfo=UTC)
    until, due = DueDate(on=date(2027, 1, 8), provisional=True), DueDate(on=date(2026, 12, 30))

    (paper,) = papers(example(approval.CaseSuspended, suspended_at=at, expected_end=until, legal_due=due))

    assert paper.expected_due_provisional


def test_an_extension_tells_reason_length_both_dates_approver_and_basis() -> None:
    (paper,) = papers(example(approval.CaseExtended))

    assert (paper.reason, paper.extended_by) == ("工艺流程复杂，需要补充核实", "5个工作日")
    assert (paper.due_on, paper.new_due_on) == (date(2026, 3, 30), date(2026, 4, 7))
    assert (paper.approver_name, paper.approver_post) == ("首席甲", "行政机关负责人")
    assert paper.basis == "《中华人民共和国行政许可法》第四十二条第一款"


def test_an_extension_of_a_joint_case_is_approved_by_the_government() -> None:
    case = a_case()
    bare = CaseFacts(**vars(case) | {"item": case.item.model_copy(update={"extension": None})})
    event = example(approval.CaseExtended, article="行政许可法第四十二条第二款", value=15, unit=LimitUnit.WORKDAY)

    (draft,) = procedure_papers.drafts(event, bare, SETTINGS, official_calendar())

    assert printed(draft).approver_post == "本级人民政府负责人"


def test_the_right_to_a_hearing_is_told_to_everybody_concerned_with_its_last_day() -> None:
    (paper,) = papers(example(approval.HearingTold))

    assert paper.addressees == ("石阶前小吃店", "向家院")
    assert paper.request_by == date(2026, 3, 12)
    assert paper.contact == "综合窗口3号"


@pytest.mark.parametrize("public", [True, False])
def test_a_hearing_is_noticed_and_announced_to_the_public_when_it_is_public(public: bool) -> None:
    made = papers(example(approval.HearingAnnounced, public=public))

    assert [paper.kind for paper in made] == ["HEARING_NOTICE", "HEARING_ANNOUNCEMENT"][: 1 + public]
    for paper in made:
        assert (paper.place, paper.chair_name) == ("区政务服务中心三楼", "主持甲")
        assert paper.held_at == datetime(2026, 3, 18, 1, 0, tzinfo=UTC)


def test_the_record_of_a_hearing_names_chair_recorder_and_everybody_who_signs() -> None:
    (paper,) = papers(example(approval.HearingHeld))

    assert (paper.chair_name, paper.recorder_name) == ("主持甲", "承办甲")
    assert [(one.name, one.role) for one in paper.participants] == [("石阶前小吃店", "申请人"), ("向家院", "参加人")]
    assert "质证" in paper.record


def test_the_record_of_a_hearing_names_the_place_where_it_took_place() -> None:
    (told,) = papers(example(approval.HearingHeld, place="区政务服务中心二楼"))
    (before_places_were_told,) = papers(example(approval.HearingHeld, place=""))

    assert told.place == "区政务服务中心二楼"
    assert before_places_were_told.place == "听证通知书载明的地点"


def test_interested_parties_are_told_their_interest_and_until_when_they_may_speak() -> None:
    (notice,) = papers(example(approval.InterestedPartyNotified))
    (record,) = papers(example(approval.InterestedPartyHeard))

    assert (notice.party_name, notice.interest) == ("向家院", "相邻住户，油烟和噪声")
    assert notice.speak_by == date(2026, 3, 12)
    assert (record.speaker_name, record.statement) == ("向家院", "要求加装净化设施")


def test_a_site_check_names_its_officers_with_their_numbers() -> None:
    (paper,) = papers(example(approval.SiteCheckRecorded))

    assert [(one.name, one.number) for one in paper.officers] == [("核查甲", "18120001"), ("核查乙", "18120002")]
    assert (paper.place, paper.party_name, len(paper.photos)) == ("鹤城区迎丰中路1号", "石阶前", 4)


def test_a_site_check_by_one_officer_has_no_paper() -> None:
    event = example(approval.SiteCheckRecorded)

    with pytest.raises(IncompleteContents, match="two officers"):
        papers(event.model_copy(update={"inspectors": event.inspectors[:1]}))


def test_each_occasion_has_its_own_paper_and_the_same_occasion_only_one() -> None:
    first = example(approval.CaseSuspended)
    second = example(approval.CaseSuspended, suspended_at=datetime(2026, 4, 5, 2, 0, tzinfo=UTC))

    told = [*(procedure_papers.drafts(e, a_case(), SETTINGS, official_calendar()) for e in (first, second, first))]
    occasions = [next(iter(drafts)).occasion for drafts in told]

    assert occasions[0] == occasions[2] != occasions[1]


def test_what_was_handed_in_on_paper_goes_back_with_a_withdrawn_or_returned_application() -> None:
    paper_copy = MaterialRef(material_no=1, name="房产证", source=MaterialSource.PAPER_ORIGINAL)
    upload = MaterialRef(material_no=2, name="申请表", source=MaterialSource.UPLOAD)
    case = a_case(paper_copy, upload)

    withdrawn = printed(ending_papers.withdrawn(example(intake.ApplicationWithdrawn), case, SETTINGS))
    returned = printed(ending_papers.returned(example(intake.ApplicationReturned), case, SETTINGS))

    assert [one.name for one in withdrawn.materials] == [one.name for one in returned.materials] == ["房产证"]
    assert withdrawn.reason == "申请人不再经营"
    assert "未补正的材料：食品经营许可申请表" in returned.reason


def test_a_commitment_is_one_paper_per_material_with_its_later_check() -> None:
    at = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
    promised = intake.CommitmentRef(material_no=4, name="制度目录", committed_at=at, check_by=date(2026, 5, 11))

    (draft,) = ending_papers.commitments(example(intake.ApplicationAccepted, commitments=(promised,)))

    paper = printed(draft)
    assert (paper.proof_name, draft.occasion) == ("制度目录", "4")
    assert "至2026年5月11日" in paper.verification
    assert paper.promised_at == at


def test_a_deemed_renewal_names_the_old_certificate_the_new_term_and_the_silence() -> None:
    paper = printed(ending_papers.deemed_renewal(example(intake.RenewalDeemed), Terms()))

    # The old one ends on 8 March 2026; five more years follow it.
    assert (paper.valid_from, paper.valid_until) == (date(2026, 3, 9), date(2031, 3, 8))
    assert "视为准予延续" in paper.grounds
    assert paper.certificate_name == "食品经营许可证"


def test_a_deemed_renewal_accepted_after_the_end_takes_effect_without_a_gap() -> None:
    event = example(intake.RenewalDeemed, renewed_at=datetime(2026, 3, 12, 2, tzinfo=UTC))

    paper = printed(ending_papers.deemed_renewal(event, Terms()))

    assert paper.effective_on == paper.valid_from == date(2026, 3, 9)


def test_a_deemed_acceptance_says_that_nobody_answered_in_time() -> None:
    event = example(intake.ApplicationAccepted, deemed=True, deemed_at=datetime(2026, 3, 9, 16, 0, tzinfo=UTC))

    draft = paper_contents.acceptance_notice(event, SETTINGS)

    paper = printed(draft)
    assert paper.deemed
    assert "第（四）项" in paper.basis
    assert paper.dated_on == date(2026, 3, 10)  # Shanghai


def test_a_second_supplement_notice_is_a_paper_of_its_own_with_its_reason_and_what_shows_each_fault() -> None:
    told = example(intake.SupplementRequested).faults[0]
    shown = told.model_copy(update={"shown_by": 9, "shown_by_name": "场所布局图"})
    early = told.model_copy(update={"shown_by": 1})
    event = example(intake.SupplementRequested, ordinal=2, reason="现场才能发现的问题", faults=(told, shown, early))
    case = a_case(MaterialRef(material_no=1, name="申请书", source=MaterialSource.UPLOAD))

    draft = paper_contents.supplement_notice(event, case, SETTINGS)

    assert draft.occasion == "2"
    assert printed(draft).again_because == "现场才能发现的问题"
    assert [fault.shown_by for fault in printed(draft).faults] == ["", "场所布局图", "申请书"]


OTHER_MATTER = {"type_code": "07", "type_name": "行政确认", "basis": ("《社会保险法》第五十八条",)}


@pytest.mark.parametrize(
    "model",
    [
        *(approval.HearingTold, approval.HearingAnnounced, approval.HearingHeld, approval.InterestedPartyNotified),
        *(approval.InterestedPartyHeard, approval.ApplicantHeard, approval.SiteCheckRecorded),
    ],
)
def test_another_matter_than_a_licence_follows_the_licensing_law_by_analogy(model: Any) -> None:
    case = a_case()
    other = replace(case, item=case.item.model_copy(update=OTHER_MATTER))

    drafted = procedure_papers.drafts(example(model), other, SETTINGS, official_calendar())

    for draft in drafted:
        assert printed(draft).basis.startswith("《社会保险法》第五十八条，参照《中华人民共和国行政许可法》第")


@pytest.mark.parametrize(("role", "in_writing"), [("CITIZEN", True), ("HANDLER", False)])
def test_what_the_applicant_says_becomes_a_record_of_the_case(role: str, in_writing: bool) -> None:
    event = example(approval.ApplicantHeard)
    by = event.recorded_by.model_copy(update={"role": role})

    (paper,) = papers(event.model_copy(update={"recorded_by": by}))

    assert (paper.kind, paper.speaker_name, paper.statement) == ("STATEMENT_RECORD", event.name, event.statement)
    assert paper.in_writing is in_writing
    assert paper.basis.endswith("第七条、第三十六条")


def test_a_granted_renewal_is_a_decision_of_renewal() -> None:
    event = example(approval.CaseDecided, renews=example(intake.RenewalDeemed).renews, conditions="不得超出范围")

    paper = printed(ending_papers.granted_renewal(event, Terms()))

    assert (paper.kind, paper.certificate_number) == ("RENEWAL_DECISION", event.renews.certificate_identifier)
    assert paper.conditions == "不得超出范围"
    assert "第五十条第二款" in paper.basis or paper.basis == event.legal_basis
