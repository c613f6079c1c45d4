"""The clocks of a case as events tell them, through the consumer and the API; dates told wrongly are reported."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts.events import approval, bundles
from contracts.events.common import Actor, DueDate, LimitStart, LimitUnit, LimitValue
from services.chassis import clock
from services.chassis.bus import Incoming
from services.chassis.ids import uuid7
from services.supervision import metrics
from tests.support.supervision import CLERK, POLICE, Story, Supervision, at

CHIEF = Actor(account_id="chief", name="首席代表", role="CHIEF_REPRESENTATIVE")


async def clocks(supervision: Supervision, story: Story, who: dict[str, str] | None = None) -> list[dict[str, Any]]:
    answer = await supervision.get(f"cases/{story.case_no}/clocks", who or supervision.supervisor)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def by_name(found: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {one["clock"]: one for one in found}


def differences(limit: str) -> float:
    return float(metrics.date_differences.labels(limit)._value.get())


async def test_a_whole_case_shows_every_clock_with_article_state_and_why(supervision: Supervision) -> None:
    story = await supervision.tell(Story.whole())

    found = by_name(await clocks(supervision, story))

    assert {name: (one["state"], one["due"]["on"]) for name, one in found.items()} == {
        "NOTICE": ("MET", "2018-10-22"),
        "DECISION": ("MET", "2018-10-29"),
        "PROMISED": ("MET", "2018-10-24"),
        "DELIVERY": ("MET", "2018-11-02"),
    }
    assert found["NOTICE"]["article"] == "行政许可法第三十二条第一款第四项"
    assert found["DELIVERY"]["why"]["zh"].startswith("自2018年10月19日作出决定起算")
    assert found["DECISION"]["why"]["reasons"][0]["kind"] == "START"


async def test_a_pause_and_a_hearing_appear_with_their_own_clocks(supervision: Supervision) -> None:
    story = Story(legal=10, promised=7).submitted().received().accepted().opened()
    dates = {"legal_due": DueDate(on=date(2018, 10, 29)), "promised_due": DueDate(on=date(2018, 10, 24))}
    named = {"case_id": story.case_id, "case_no": story.case_no}
    suspended = approval.CaseSuspended(
        **named,
        **dates,
        kind="HEARING",
        kind_name="听证",
        article="行政许可法第四十五条",
        expected_workdays=8,
        expected_end=DueDate(on=date(2018, 10, 29)),
        notice="组织听证",
        suspended_at=at("2018-10-17 10:00:00"),
        approved_by=CHIEF,
    )
    told = approval.HearingTold(
        **named,
        persons=("向小满",),
        request_by=DueDate(on=date(2018, 10, 24)),
        notice="可以申请听证",
        told_at=at("2018-10-17 10:05:00"),
        told_by=CHIEF,
    )
    await supervision.tell(story._tell(suspended, stream="approval")._tell(told, stream="approval"))

    found = by_name(await clocks(supervision, story))

    assert found["DECISION"]["state"] == found["PROMISED"]["state"] == "PAUSED"
    assert found["DECISION"]["due"]["provisional"] is True
    assert (found["SPECIAL_PROCEDURE"]["due"]["on"], found["SPECIAL_PROCEDURE"]["about"]) == ("2018-10-29", "听证")
    assert (found["HEARING_REQUEST"]["due"]["on"], found["HEARING_REQUEST"]["whose"]) == ("2018-10-24", "PARTY")
    assert found["HEARING_HOLDING"]["state"] == "NOT_STARTED"
    assert found["HEARING_HOLDING"]["due"] is None
    assert "向小满" not in str(found)


async def test_the_clocks_are_seen_by_who_sees_the_case(supervision: Supervision) -> None:
    story = await supervision.tell(Story.whole())

    own = await clocks(supervision, story, supervision.applicant)
    foreign = await supervision.get(f"cases/{story.case_no}/clocks", supervision.caller("HANDLER", org=POLICE))

    assert {one["clock"] for one in own} == {"NOTICE", "DECISION", "PROMISED", "DELIVERY"}
    assert foreign.status_code == 404


@pytest.mark.parametrize(("told", "counted"), [("2018-10-30", 1), ("2018-10-29", 0)])
async def test_art42_a_date_told_wrongly_at_acceptance_is_reported_with_ours(
    supervision: Supervision, told: str, counted: int
) -> None:
    before = differences("legal")
    wrong = DueDate(on=date.fromisoformat(told))
    story = await supervision.tell(Story(legal=10).submitted().received().accepted(legal_due=wrong))

    case = await supervision.case(story)
    own = await supervision.case(story, supervision.applicant)

    found = [(one["event"], one["limit"], one["told"], one["computed"]) for one in case["differences"]]
    assert found == [("intake.application.accepted.v1", "LEGAL", told, "2018-10-29")] * counted
    assert differences("legal") == before + counted
    assert own["differences"] is None
    assert "differences" not in str(own["timeline"])


async def test_a_provisional_date_is_no_difference_once_its_year_is_loaded(supervision: Supervision) -> None:
    told = DueDate(on=date(2018, 10, 25), provisional=True)  # as told before the year was loaded
    story = await supervision.tell(Story(legal=10).submitted().received().accepted(legal_due=told))

    assert (await supervision.case(story))["differences"] == []


async def test_a_right_date_in_a_later_event_does_not_hide_the_wrong_one(supervision: Supervision) -> None:
    wrong = DueDate(on=date(2018, 10, 25))
    story = Story(legal=10, promised=7).submitted().received().accepted(promised_due=wrong).opened()
    extended = approval.CaseExtended(
        case_id=story.case_id,
        case_no=story.case_no,
        legal_due=DueDate(on=date(2018, 11, 5)),
        promised_due=DueDate(on=date(2018, 10, 24)),
        value=5,
        unit=LimitUnit.WORKDAY,
        article="行政许可法第四十二条第一款",
        reason="需要补充核实",
        previous_legal_due=DueDate(on=date(2018, 10, 29)),
        extended_at=at("2018-10-17 10:00:00"),
        approved_by=CHIEF,
    )
    await supervision.tell(story._tell(extended, stream="approval"))

    found = (await supervision.case(story))["differences"]

    assert [(one["limit"], one["told"], one["computed"]) for one in found] == [("PROMISED", "2018-10-25", "2018-10-24")]


async def test_a_departments_step_keeps_the_joint_clock_running(supervision: Supervision) -> None:
    """The step ran from acceptance on, so the clock of the whole did, although the case came two days later."""
    story = Story(legal=10, promised=7).submitted().received().accepted().opened()
    bundle: dict[str, Any] = {"bundle_application_id": uuid4(), "bundle_no": "K03-2018-0001", "bundle_id": "K03"}
    limit = LimitValue(value=45, unit=LimitUnit.WORKDAY, start=LimitStart.ACCEPTED, basis="行政许可法第四十二条第二款")
    first = story.accepted_at - timedelta(days=2)
    step = bundles.BundleMemberRef(member_id="出生医学证明签发", name="出生医学证明签发")
    member = bundles.BundleMemberRef(member_id="P02", name="出生登记", application_id=story.case_id)
    told = (
        bundles.BundleAccepted(**bundle, legal_limit=limit, promised_limit=limit, accepted_at=first, accepted_by=CLERK),
        bundles.BundleMemberStarted(**bundle, member=step, started_at=first),
        bundles.BundleMemberEnded(**bundle, member=step, ended_at=story.accepted_at),
        bundles.BundleMemberStarted(**bundle, member=member, started_at=story.accepted_at),
    )
    await supervision.hear(*story.messages(), *_of_bundle(bundle["bundle_application_id"], *told))

    joint = by_name(await clocks(supervision, story))["JOINT"]

    assert joint["started_on"] == clock.local_date(first).isoformat()


async def test_a_member_of_a_bundle_shows_the_joint_clock(supervision: Supervision) -> None:
    story = Story(legal=10, promised=7).submitted().received().accepted().opened()
    bundle: dict[str, Any] = {"bundle_application_id": uuid4(), "bundle_no": "K01-2018-0001", "bundle_id": "K01"}
    limit = LimitValue(value=45, unit=LimitUnit.WORKDAY, start=LimitStart.ACCEPTED, basis="行政许可法第四十二条第二款")
    member = bundles.BundleMemberRef(member_id="E02", name="食品经营许可", application_id=story.case_id)
    accepted = bundles.BundleAccepted(
        **bundle, legal_limit=limit, promised_limit=limit, accepted_at=story.accepted_at, accepted_by=CLERK
    )
    started = bundles.BundleMemberStarted(**bundle, member=member, started_at=story.accepted_at)
    await supervision.hear(*story.messages(), *_of_bundle(bundle["bundle_application_id"], accepted, started))

    joint = by_name(await clocks(supervision, story))["JOINT"]

    assert (joint["state"], joint["due"]["on"], joint["about"]) == ("MISSED", "2018-12-17", "K01-2018-0001")
    assert joint["article"] == "行政许可法第四十二条第二款"


def _of_bundle(bundle_id: UUID, *events: Any) -> list[Any]:
    now = clock.now()
    return [
        Incoming(uuid7(), event.SUBJECT, bundle_id, number, event, now, now, None, 1)
        for number, event in enumerate(events, start=1)
    ]


async def test_a_browser_gets_a_page_of_the_clocks_and_everybody_else_data(supervision: Supervision) -> None:
    story = await supervision.tell(Story.whole())
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    path = f"cases/{story.case_no}/clocks"

    page = await supervision.get(path, supervision.applicant | browser)
    data = await supervision.get(path, supervision.applicant)
    foreign = await supervision.get(path, supervision.caller("HANDLER", org=POLICE) | browser)

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "法定办结时限<strong>2018年10月29日</strong>" in page.text
    assert (data.headers["content-type"], data.headers["vary"]) == ("application/json", "accept")
    assert foreign.status_code == 404
