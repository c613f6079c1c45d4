"""A bundle in supervision: its joint dates compared once everything was heard, its joint clock lit on the lead."""

import json
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts.events import bundles
from contracts.events.common import (
    Channel,
    DueDate,
    Event,
    LimitStart,
    LimitUnit,
    LimitValue,
    OrganisationRef,
    Party,
    PartyType,
)
from services.chassis import clock
from services.chassis.bus import Incoming
from services.chassis.ids import uuid7
from services.supervision.watching import Sweep
from tests.support.supervision import CLERK, Story, Supervision, at

LEAD = OrganisationRef(uscc="11431202006100777L", name="区行政审批服务局", division="431202000000")
APPLICANT = Party(
    party_type=PartyType.ORGANISATION,
    name="好味餐饮",
    subject_key="k" * 64,
    masked_number="91****52",
    sealed_number="sealed",
)
ARTICLE = "行政许可法第四十二条第二款"
RIGHT = date(2018, 12, 17)  # 45 working days after 2018-10-15
PROMISED = date(2018, 11, 12)  # 20 working days; an extension does not move what was promised


def limit(days: int) -> LimitValue:
    return LimitValue(value=days, unit=LimitUnit.WORKDAY, start=LimitStart.ACCEPTED, basis=ARTICLE)


class Bundle:
    """A bundle of one case, told from submission on."""

    def __init__(self, story: Story, number: str) -> None:
        self.story, self.id, self.told = story, uuid4(), 0
        self.named: dict[str, Any] = {"bundle_application_id": self.id, "bundle_no": number, "bundle_id": "K01"}

    def messages(self, *events: Event) -> list[Incoming]:
        now, first = clock.now(), self.told + 1
        self.told += len(events)
        return [
            Incoming(uuid7(), event.SUBJECT, self.id, version, event, now, now, None, 1)
            for version, event in enumerate(events, start=first)
        ]

    def begun(self, due: date = RIGHT) -> list[Incoming]:
        member = bundles.BundleMemberRef(member_id="E02", name="食品经营许可", application_id=self.story.case_id)
        at_once = self.story.accepted_at
        submitted = bundles.BundleSubmitted(
            **self.named,
            name="开办餐饮店",
            lead=LEAD,
            applicant=APPLICANT,
            channel=Channel.COUNTER,
            division=LEAD.division,
            members=(member,),
            submitted_at=at_once,
            submitted_by=CLERK,
        )
        accepted = bundles.BundleAccepted(
            **self.named,
            legal_limit=limit(45),
            promised_limit=limit(20),
            accepted_at=at_once,
            accepted_by=CLERK,
            legal_due=DueDate(on=due),
            promised_due=DueDate(on=PROMISED),
            as_of=at_once,
        )
        started = bundles.BundleMemberStarted(**self.named, member=member, started_at=at_once)
        return self.messages(submitted, accepted, started)

    def extended(self, due: date, when: datetime, promised: date = PROMISED) -> list[Incoming]:
        event = bundles.BundleExtended(
            **self.named,
            value=15,
            unit=LimitUnit.WORKDAY,
            reason="情况复杂",
            approved_by="分管负责人",
            approval_no="鹤政批1号",
            extended_at=when,
            extended_by=CLERK,
            legal_due=DueDate(on=due),
            promised_due=DueDate(on=promised),
            as_of=when,
        )
        return self.messages(event)

    def moved(self, due: date, when: datetime) -> list[Incoming]:
        moved = bundles.BundleDateMoved(
            clock=bundles.BundleClockName.JOINT, earlier=DueDate(on=due, provisional=True), now=DueDate(on=due)
        )
        event = bundles.BundleDatesMoved(**self.named, cause="2018 年节假日安排载入", dates=(moved,), moved_at=when)
        return self.messages(event)

    def decided(self, when: datetime) -> list[Incoming]:
        return self.messages(bundles.BundleDecided(**self.named, members=(), partial=False, decided_at=when))


async def shown(supervision: Supervision, number: str) -> tuple[bool, list[bool]]:
    """Whether the bundle of this light is shown as under way; and found when asked for open, and for closed ones."""
    found = []
    for asked in ({}, {"open": "true"}, {"open": "false"}):
        page = await supervision.get("supervision/lights", supervision.supervisor, limit=200, **asked)
        found.append([line["open"] for line in page.json()["items"] if line["case_no"] == number])
    return found[0][0], [bool(lines) for lines in found[1:]]


def a_story() -> Story:
    return Story(legal=10, promised=7).submitted().received().accepted().opened()


async def sweep(supervision: Supervision) -> None:
    await Sweep(supervision.watcher)(supervision.database, clock.now() + timedelta(seconds=5))


async def differing(supervision: Supervision, bundle: Bundle) -> list[tuple[str, str, str]]:
    rows = await supervision.rows(
        "SELECT detail FROM finding WHERE case_id = :id AND kind = 'DUE_DATE_DIFFERS' ORDER BY happened_at",
        id=bundle.id,
    )
    return [(said["limit"], said["told"], said["computed"]) for (said,) in rows]


async def lit(supervision: Supervision, bundle: UUID) -> list[tuple[str, str, str, bool]]:
    rows = await supervision.rows(
        "SELECT rule, department_name, about, voided_at IS NULL FROM light WHERE case_id = :id", id=bundle
    )
    return [tuple(row) for row in rows]


async def test_art42_right_joint_dates_raise_nothing(supervision: Supervision) -> None:
    story = a_story()
    bundle = Bundle(story, "K01-2018-1001")
    await supervision.hear(*story.messages(), *bundle.begun())
    await supervision.hear(*bundle.extended(date(2019, 1, 8), at("2018-10-30 09:00:00")))

    await sweep(supervision)

    assert await differing(supervision, bundle) == []


@pytest.mark.parametrize("late", [0, 1], ids=["right", "a day late"])
async def test_a_joint_date_told_when_a_year_is_loaded_is_counted_again(supervision: Supervision, late: int) -> None:
    story, told = a_story(), RIGHT + timedelta(days=late)
    bundle = Bundle(story, f"K01-2018-100{6 + late}")
    await supervision.hear(*story.messages(), *bundle.begun())
    await supervision.hear(*bundle.moved(told, at("2018-10-30 09:00:00")))

    await sweep(supervision)

    assert await differing(supervision, bundle) == [("JOINT", str(told), str(RIGHT))] * late


async def test_art42_a_joint_date_that_differs_is_found_once_for_each_event(supervision: Supervision) -> None:
    story = a_story()
    bundle = Bundle(story, "K01-2018-1002")
    await supervision.hear(*story.messages(), *bundle.begun(due=date(2018, 12, 24)))
    await supervision.hear(*bundle.extended(date(2019, 2, 1), at("2018-10-30 09:00:00")))

    await sweep(supervision)
    await sweep(supervision)

    assert await differing(supervision, bundle) == [
        ("JOINT", "2018-12-24", str(RIGHT)),
        ("JOINT", "2019-02-01", "2019-01-08"),
    ]
    (published,) = await supervision.rows(
        "SELECT convert_from(payload, 'UTF8') FROM outbox WHERE subject = 'supervision.finding.raised.v1' LIMIT 1"
    )
    assert json.loads(published[0])["case_no"] == "K01-2018-1002"


async def test_art42_an_extension_that_moves_the_promised_joint_date_is_found(supervision: Supervision) -> None:
    story = a_story()
    bundle = Bundle(story, "K01-2018-1005")
    await supervision.hear(*story.messages(), *bundle.begun())
    moved = bundle.extended(date(2019, 1, 8), at("2018-10-30 09:00:00"), promised=date(2018, 12, 3))
    await supervision.hear(*moved)

    await sweep(supervision)

    assert await differing(supervision, bundle) == [("JOINT_PROMISED", "2018-12-03", str(PROMISED))]


async def test_art42_the_joint_clock_burns_on_the_lead_when_its_last_day_is_over(supervision: Supervision) -> None:
    story = a_story()
    bundle = Bundle(story, "K01-2018-1003")
    await supervision.hear(*story.messages(), *bundle.begun())

    await sweep(supervision)
    await sweep(supervision)

    assert await lit(supervision, bundle.id) == [("joint-red", LEAD.name, "K01-2018-1003", True)]
    assert await shown(supervision, "K01-2018-1003") == (True, [True, False])
    await supervision.hear(*bundle.decided(at("2018-12-20 09:00:00")))
    assert await shown(supervision, "K01-2018-1003") == (False, [False, True])


async def test_art42_a_joint_light_is_void_when_the_bundle_was_decided_before(supervision: Supervision) -> None:
    story = a_story()
    bundle = Bundle(story, "K01-2018-1004")
    await supervision.hear(*story.messages(), *bundle.begun())
    await sweep(supervision)

    await supervision.hear(*bundle.decided(at("2018-12-10 09:00:00")))
    await sweep(supervision)

    assert await lit(supervision, bundle.id) == [("joint-red", LEAD.name, "K01-2018-1004", False)]
