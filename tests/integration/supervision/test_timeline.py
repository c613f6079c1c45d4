"""The timeline from events alone: any order between services, twice, with gaps; dates with their reasons."""

import asyncio
import itertools
from datetime import date, datetime

import pytest

from contracts.events.certificate import CertificateIssued, CertificateOrigin
from contracts.events.common import DueDate, LimitUnit
from services.chassis.bus import NotYet
from services.chassis.ids import uuid7
from tests.support.supervision import APPLICANT_KEY, Story, Supervision, at

THRESHOLDS = [("WARNING", at("2018-10-19 10:00:00")), ("YELLOW", at("2018-10-24 10:00:00"))]


async def test_a_whole_life_is_shown_with_dates_and_their_reasons(supervision: Supervision) -> None:
    story = await supervision.tell(Story.whole())

    case = await supervision.case(story)

    assert (case["stage"], case["stage_label"], case["outcome"]) == ("CONCLUDED", "已办结", "GRANTED")
    assert [line["label"] for line in case["timeline"]] == [
        "提交申请",
        "收件",
        "受理",
        "转入审查",
        "作出决定",
        "送达结果",
        "办结",
    ]
    legal, promised = case["dates"]
    assert (legal["basis"], legal["on"], legal["provisional"], legal["used_days"]) == ("LEGAL", "2018-10-29", False, 4)
    assert (promised["basis"], promised["on"], promised["told_on"]) == ("PROMISED", "2018-10-24", "2018-10-24")
    assert promised["why"]["zh"] == (
        "自2018年10月15日受理起算，当日不计入；期限为7个工作日（测试依据）；于2018年10月24日到期。"
    )
    assert case["lights"] == []
    assert case["next_light_at"] is None


async def test_an_officer_is_named_and_an_applicant_is_not(supervision: Supervision) -> None:
    story = await supervision.tell(Story().submitted().received())

    submitted, received = (await supervision.case(story))["timeline"]

    assert (submitted["actor_role"], submitted["actor_name"]) == ("CITIZEN", None)
    assert (received["actor_role"], received["actor_name"]) == ("COUNTER_CLERK", "窗口一号")


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
async def test_the_order_in_which_services_are_heard_does_not_matter(
    supervision: Supervision, order: tuple[int, ...]
) -> None:
    story, paper = Story(), uuid7()
    story.submitted().received().accepted("2018-10-15 10:00:00")
    intake = story.messages()
    approval = story.opened().decided("2018-10-25 10:00:00").messages()
    papers = story.paper("2018-10-25 10:00:01", paper).paper_sealed("2018-10-25 10:00:02", paper).messages()

    for index in order:
        assert await supervision.hear(*(intake, approval, papers)[index]) == []

    case = await supervision.case(story)
    assert case["stage"] == "DECIDED"
    assert len(case["timeline"]) == 7
    assert await supervision.lights(story) == THRESHOLDS


async def test_events_heard_twice_change_nothing(supervision: Supervision) -> None:
    messages = Story.whole("2018-10-25 10:00:00").messages()
    await supervision.hear(*messages)
    before = await supervision.rows("SELECT * FROM supervised_case")

    await supervision.hear(*messages)
    await supervision.hear(*reversed(messages))

    assert await supervision.rows("SELECT * FROM supervised_case") == before
    assert (await supervision.rows("SELECT count(*) FROM timeline"))[0][0] == len(messages)
    assert (await supervision.rows("SELECT count(*) FROM outbox"))[0][0] == 2


async def test_an_event_after_a_gap_waits_for_the_one_before(supervision: Supervision) -> None:
    story = Story().submitted().received().accepted()
    first, second, third = story.messages()

    assert await supervision.hear(first, third) == [third]
    assert (await supervision.rows("SELECT accepted_at FROM supervised_case"))[0][0] is None
    assert await supervision.hear(second, third) == []

    assert (await supervision.case(story))["stage"] == "ACCEPTED"


async def test_a_seal_whose_case_is_not_known_yet_waits(supervision: Supervision) -> None:
    story, paper = Story(), uuid7()
    _, sealed = story.paper("2018-10-25 10:00:01", paper).paper_sealed("2018-10-25 10:00:02", paper).messages()

    with pytest.raises(NotYet):
        await supervision.hear(type(sealed)(**{**vars(sealed), "version": 1}))


async def test_an_imported_certificate_is_no_case(supervision: Supervision) -> None:
    issued = CertificateIssued(
        certificate_id=uuid7(),
        identifier="1.2.156.3005.2.x",
        type_code="t",
        type_name="居民身份证",
        holder_key=APPLICANT_KEY,
        issuer_uscc="",
        origin=CertificateOrigin.IMPORTED,
        certificate_version=1,
        issued_at=at("2018-10-25 10:00:00"),
        valid_from=date(2018, 10, 25),
    )
    story = Story()
    story._tell(issued, aggregate_id=issued.certificate_id)

    await supervision.tell(story)

    assert await supervision.rows("SELECT * FROM supervised_case") == []


async def test_many_cases_are_applied_in_one_batch(supervision: Supervision) -> None:
    stories = [Story().submitted().received().accepted() for _ in range(60)]
    messages = [message for story in stories for message in story.messages()]

    assert await supervision.hear(*messages) == []

    ((pending,),) = await supervision.rows("SELECT count(*) FROM supervised_case WHERE accepted_at IS NOT NULL")
    assert pending == 60


async def test_three_consumers_at_once_neither_lose_nor_block_each_other(supervision: Supervision) -> None:
    stories = [Story() for _ in range(20)]
    intake = [m for s in stories for m in s.submitted().received().accepted().messages()]
    approval = [m for s in stories for m in s.opened().decided("2018-10-25 10:00:00").messages()]
    papers = [m for s in stories for m in s.paper("2018-10-25 10:00:01", uuid7()).messages()]

    await asyncio.gather(*(supervision.hear(*batch) for batch in (intake, approval, papers)))

    for story in stories:
        case = await supervision.case(story)
        assert (case["stage"], len(case["timeline"])) == ("DECIDED", 6)
        assert await supervision.lights(story) == THRESHOLDS


async def test_withdrawal_and_refusal_end_a_case_and_a_withdrawal_before_receipt_has_no_number(
    supervision: Supervision,
) -> None:
    refused = await supervision.tell(Story().submitted().received().refused("2018-10-16 10:00:00"))
    withdrawn = await supervision.tell(Story().submitted().received().accepted().withdrawn("2018-10-16 10:00:00"))

    assert (await supervision.case(refused))["stage"] == "REFUSED"
    assert (await supervision.case(withdrawn))["stage"] == "WITHDRAWN"
    assert (await supervision.case(withdrawn))["next_light_at"] is None


async def test_an_open_supplement_shows_as_such(supervision: Supervision) -> None:
    story = await supervision.tell(Story().submitted().received().supplement_requested("2018-10-15 09:40:00"))

    case = await supervision.case(story)

    assert case["stage"] == "SUPPLEMENT"
    assert case["timeline"][-1]["detail"] == {"materials": ["申请书"], "supply_by": "2018-10-15"}


async def test_a_date_that_differs_from_the_owners_is_shown(supervision: Supervision) -> None:
    told = DueDate(on=date(2018, 10, 30))
    story = await supervision.tell(Story().submitted().received().accepted(legal_due=told))

    legal = (await supervision.case(story))["dates"][0]

    assert (legal["on"], legal["told_on"]) == ("2018-10-29", "2018-10-30")


async def test_a_date_in_a_year_without_a_calendar_is_provisional(supervision: Supervision) -> None:
    story = Story().submitted("2026-12-22 09:00:00").received("2026-12-22 09:00:00").accepted("2026-12-22 10:00:00")
    await supervision.tell(story)

    case = await supervision.case(story)

    assert [(found["on"], found["provisional"]) for found in case["dates"]] == [
        ("2027-01-05", True),
        ("2026-12-31", False),
    ]
    assert case["missing_year"] == 2027
    assert "2027年节假日安排尚未公布" in case["dates"][0]["why"]["zh"]


async def test_calendar_days_are_explained_as_such(supervision: Supervision) -> None:
    story = Story(promised=10, legal=15, unit=LimitUnit.CALENDAR_DAY).submitted().received().accepted()
    await supervision.tell(story)

    legal = (await supervision.case(story))["dates"][0]

    assert legal["on"] == "2018-10-30"
    assert "期限为15日（自然日）" in legal["why"]["zh"]
    assert datetime.fromisoformat((await supervision.case(story))["next_light_at"]) == at("2018-10-22 10:00:00")
