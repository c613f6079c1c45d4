"""What supervision finds by itself: forged dates with both whys, second supplement notices; each raised once."""

from datetime import date
from typing import Any

import pytest

from contracts.events import approval, intake
from contracts.events.certificate import CertificateWithheld
from contracts.events.common import DueDate, OrganisationRef
from services.chassis.ids import uuid7
from tests.support.supervision import CLERK, DISTRICT, POLICE, Story, Supervision, at

BODY = OrganisationRef(uscc=POLICE, name="区公安分局", division=DISTRICT)
WRONG = DueDate(on=date(2018, 12, 24))


def running() -> Story:
    return Story(legal=10, promised=7).submitted().received().accepted().opened()


async def findings(supervision: Supervision, story: Story, **params: Any) -> list[dict[str, Any]]:
    answer = await supervision.get("supervision/findings", supervision.supervisor, **params)
    assert answer.status_code == 200, answer.text
    return [one for one in answer.json()["items"] if one["case_no"] == story.case_no]


def forged(kind: str, story: Story) -> Any:
    """An event of approval with one date that is not what the law and the calendar make of it."""
    named = {"case_id": story.case_id, "case_no": story.case_no}
    by = {"recorded_by": CLERK}
    made: dict[str, Any] = {
        "HEARING_REQUEST": lambda: approval.HearingTold(
            **named, persons=("甲",), request_by=WRONG, notice="告知", told_at=at("2018-10-16 10:00:00"), told_by=CLERK
        ),
        "HEARING_HOLDING": lambda: approval.HearingRequested(
            **named, **by, person="甲", hold_by=WRONG, requested_at=at("2018-10-17 10:00:00")
        ),
        "INSPECTORS": lambda: approval.InspectorsAssigned(
            **named, inspectors=(), due=WRONG, purpose="核查", assigned_at=at("2018-10-16 10:00:00"), assigned_by=CLERK
        ),
        "SPECIAL_PROCEDURE": lambda: approval.CaseSuspended(
            **named,
            legal_due=DueDate(on=date(2018, 10, 29), provisional=True),
            promised_due=DueDate(on=date(2018, 10, 24), provisional=True),
            kind="EXPERT_REVIEW",
            kind_name="专家评审",
            article="行政许可法第四十五条",
            expected_workdays=8,
            expected_end=WRONG,
            notice="组织专家评审",
            suspended_at=at("2018-10-16 10:00:00"),
            approved_by=CLERK,
        ),
        "CONSULTATION": lambda: approval.ConsultationAsked(
            **named,
            consultation_no=1,
            department=BODY,
            question="是否同意",
            limit_workdays=5,
            due=WRONG,
            asked_at=at("2018-10-16 10:00:00"),
            asked_by=CLERK,
        ),
    }
    return made[kind]()


async def test_a_certificate_that_waits_for_its_fields_is_found_and_says_which(supervision: Supervision) -> None:
    story = running()
    waits = CertificateWithheld(
        withheld_id=story.case_id,
        case_id=story.case_id,
        case_no=story.case_no,
        department_uscc=POLICE,
        type_code="114312020061000377001",
        lacking=("主体业态：该类证照必填",),
        withheld_at=at("2018-10-17 10:00:00"),
    )

    await supervision.tell(story._tell(waits, stream="certificate", aggregate_id=uuid7()))

    (found,) = await findings(supervision, story)
    assert (found["kind"], found["summary"]) == ("CERTIFICATE_WITHHELD", "证照未能签发：主体业态：该类证照必填")
    assert found["detail"]["lacking"] == ["主体业态：该类证照必填"]


async def test_so_is_one_of_a_standing_decision_which_has_no_case(supervision: Supervision) -> None:
    decision = uuid7()
    waits = CertificateWithheld(
        withheld_id=decision,
        case_id=None,
        case_no="",
        department_uscc=POLICE,
        department_name=BODY.name,
        division=BODY.division,
        type_code="114312020061000377001",
        lacking=("面积：须为数字",),
        withheld_at=at("2018-10-17 10:00:00"),
    )
    messages = Story()._tell(waits, stream="certificate", aggregate_id=decision).messages()

    await supervision.hear(*messages)
    await supervision.hear(*messages)

    async def listed(who: dict[str, str]) -> list[dict[str, Any]]:
        answer = await supervision.get("supervision/findings", who, kind="CERTIFICATE_WITHHELD")
        return [one for one in answer.json()["items"] if one["case_no"] is None]

    (found,) = await listed(supervision.supervisor)
    assert (found["summary"], found["item_name"]) == ("证照未能签发：面积：须为数字", None)
    assert found["department"] == {"uscc": POLICE, "name": BODY.name}
    assert await listed(supervision.caller("HANDLER", org=POLICE, division="")) == [found]
    assert await listed(supervision.caller("SUPERVISOR", division="431224000000")) == []


@pytest.mark.parametrize(
    ("kind", "computed"),
    [
        pytest.param("HEARING_REQUEST", "2018-10-23", id="art. 47: five days to ask"),
        pytest.param("HEARING_HOLDING", "2018-11-14", id="art. 47: twenty days to hold"),
        pytest.param("INSPECTORS", "2018-10-22", id="art. 55: five days to assign"),
        pytest.param("SPECIAL_PROCEDURE", "2018-10-26", id="art. 45: eight days told"),
        pytest.param("CONSULTATION", "2018-10-23", id="five days to answer"),
    ],
)
async def test_a_forged_date_of_any_clock_is_found_with_both_dates_and_both_whys(
    supervision: Supervision, kind: str, computed: str
) -> None:
    story = running()

    await supervision.tell(story._tell(forged(kind, story), stream="approval"))

    (found,) = await findings(supervision, story)
    said = found["detail"]
    assert (found["kind"], said["limit"], said["told"], said["computed"]) == (
        "DUE_DATE_DIFFERS",
        kind,
        "2018-12-24",
        computed,
    )
    assert "审批服务" in said["told_why"]["zh"]
    assert "2018-12-24" in said["told_why"]["en"]
    assert said["computed_why"]["zh"].startswith("自2018年10月1")
    assert said["computed_why"]["en"].endswith(f"due {computed}.")


async def test_art32_a_forged_day_to_answer_is_found_at_the_receipt(supervision: Supervision) -> None:
    story = Story().submitted().received()
    (submitted, received) = story.messages()
    event = received.event.model_copy(update={"notice_due": WRONG})

    await supervision.hear(submitted, received.__class__(**{**vars_of(received), "event": event}))

    (found,) = await findings(supervision, story)
    assert (found["detail"]["limit"], found["detail"]["computed"]) == ("NOTICE", "2018-10-22")


def vars_of(message: Any) -> dict[str, Any]:
    return {name: getattr(message, name) for name in message.__dataclass_fields__}


async def test_a_finding_is_raised_and_published_once_though_its_event_comes_twice(supervision: Supervision) -> None:
    story = Story(legal=10).submitted().received().accepted(legal_due=WRONG)
    messages = story.messages()

    await supervision.hear(*messages)
    await supervision.hear(*messages)

    assert len(await findings(supervision, story)) == 1
    subjects = [row[0] for row in await supervision.rows("SELECT subject FROM outbox ORDER BY seq")]
    assert subjects == ["supervision.finding.raised.v1"]


async def test_right_dates_raise_nothing(supervision: Supervision) -> None:
    story = await supervision.tell(Story.whole())

    assert await findings(supervision, story) == []


@pytest.mark.parametrize(
    ("seen_before", "kind"),
    [
        pytest.param((), "SUPPLEMENT_AGAIN", id="could not be seen the first time"),
        pytest.param((1,), "SUPPLEMENT_KNOWABLE", id="art. 32(4): it lay before the window unchanged"),
    ],
)
async def test_a_second_supplement_notice_is_a_fact_of_supervision(
    supervision: Supervision, seen_before: tuple[int, ...], kind: str
) -> None:
    story = Story().submitted().received().supplement_requested("2018-10-16 10:00:00")
    story.supplement_supplied("2018-10-17 10:00:00")
    again = intake.SupplementRequested(
        application_id=story.case_id,
        case_no=story.case_no,
        faults=(intake.MaterialFault(material_no=1, name="租赁合同", fault="缺页", remedy="补齐"),),
        supply_by=date(2018, 10, 26),
        basis="行政许可法第三十二条",
        requested_at=at("2018-10-18 10:00:00"),
        requested_by=CLERK,
        ordinal=2,
        reason="补充材料后方能发现",
        seen_before=seen_before,
    )

    await supervision.tell(story._tell(again))

    (found,) = await findings(supervision, story, kind=kind)
    assert found["summary"] == "第2次补正告知：租赁合同；理由：补充材料后方能发现"
    assert (await supervision.case(story))["findings"][0]["kind"] == kind
    assert (await supervision.case(story, supervision.applicant))["findings"] is None


async def test_another_divisions_supervisor_does_not_see_them(supervision: Supervision) -> None:
    await supervision.tell(Story(legal=10).submitted().received().accepted(legal_due=WRONG))

    foreign = supervision.caller("SUPERVISOR", division="431224000000")

    assert (await supervision.get("supervision/findings", foreign)).json()["items"] == []
    assert (await supervision.get("supervision/findings", supervision.applicant)).status_code == 403
