"""What intake does with a running application and the case follows: renewed by silence, moved, claimed."""

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest

from contracts.events.common import Actor, DueDate, Event, LimitStart, LimitUnit, LimitValue
from contracts.events.intake import (
    ApplicationAccepted,
    ApplicationMoved,
    ClaimWindowRef,
    ClockName,
    DateMoved,
    DatesMoved,
    DeferredRef,
    RenewalDeemed,
    RenewalRef,
)
from contracts.events.intake_seldom import ApplicationClaimed
from services.approval.calendars import calendars
from services.approval.consumers import Listener
from services.chassis import clock
from services.chassis.bus import NotYet
from tests.support.approval import Approval, an_acceptance, an_item, incoming

SYSTEM = Actor(account_id="system", name="系统", role="SYSTEM")
RENEWED = "approval.case.renewed.v1"
TODAY = RenewalRef(certificate_identifier="C1", valid_until=clock.today(), silence_renews=True)


async def hear(approval: Approval, accepted: ApplicationAccepted, *events: Event) -> None:
    messages = [incoming(event, accepted.application_id, 4 + n) for n, event in enumerate(events)]
    async with approval.database.transaction() as uow:
        await Listener(calendars())(uow, messages)


def deemed(accepted: ApplicationAccepted) -> RenewalDeemed:
    assert accepted.renews is not None
    return RenewalDeemed(
        application_id=accepted.application_id,
        case_no=accepted.case_no,
        query_code=accepted.query_code,
        item=accepted.item,
        applicant=accepted.applicant,
        renews=accepted.renews,
        basis="行政许可法第五十条第二款",
        accepted_at=accepted.accepted_at,
        renewed_at=clock.now(),
        deemed_at=clock.now(),
        deemed_by=SYSTEM,
    )


def moved(accepted: ApplicationAccepted, **changes: Any) -> ApplicationMoved:
    return ApplicationMoved(
        application_id=accepted.application_id,
        case_no=accepted.case_no,
        from_version=1,
        item=an_item(version=2, **changes),
        reason="新版本对申请人有利",
        legal_due=DueDate(on=date(2099, 1, 1)),
        promised_due=DueDate(on=date(2099, 1, 1)),
        moved_at=clock.now(),
        moved_by=SYSTEM,
    )


async def test_art_50_silence_closes_the_case_once_and_no_act_is_possible_any_more(approval: Approval) -> None:
    accepted = await approval.reviewed(renews=TODAY)

    await hear(approval, accepted, deemed(accepted))
    await hear(approval, accepted, deemed(accepted))

    decision = await approval.decide(accepted.case_no, approval.chief, seen=3)
    waiting = (await approval.get("tasks", approval.chief, limit=200)).json()["items"]
    events = await approval.events_of(accepted.application_id)
    assert (decision.status_code, decision.json()["code"]) == (409, "approval.wrong-state")
    assert accepted.case_no not in {task["case_no"] for task in waiting}
    assert events[2:] == [(3, RENEWED)]


async def test_art_50_after_the_last_day_the_case_is_not_terminated_either(approval: Approval) -> None:
    over = TODAY.model_copy(update={"valid_until": clock.today() - timedelta(days=1)})
    accepted = await approval.open(renews=over)

    body = {"reason": "主体终止", "legal_basis": "第七十条"}
    answer = await approval.post(f"cases/{accepted.case_no}/termination", approval.chief, body, seen=1)

    assert (answer.status_code, answer.json()["code"]) == (409, "approval.renewed-by-silence")


async def test_art_50_of_decision_and_silence_at_once_exactly_one_counts(approval: Approval) -> None:
    cases = [await approval.reviewed(renews=TODAY) for _ in range(8)]

    answers = await asyncio.gather(
        *(approval.decide(a.case_no, approval.chief, seen=2) for a in cases),
        *(hear(approval, a, deemed(a)) for a in cases),
    )

    for accepted, answer in zip(cases, answers[: len(cases)], strict=True):
        assert answer is not None
        decided = answer.status_code == 201
        expected = "approval.case.decided.v1" if decided else RENEWED
        assert answer.status_code in {201, 409}
        assert (await approval.events_of(accepted.application_id))[2:] == [(3, expected)]


async def test_a_moved_case_has_the_limits_of_the_new_version_and_tells_its_dates(approval: Approval) -> None:
    accepted = await approval.open()
    longer = LimitValue(value=30, unit=LimitUnit.WORKDAY, start=LimitStart.ACCEPTED, basis="新法")

    await hear(approval, accepted, moved(accepted, legal_limit=longer, name="新名称"))

    shown = (await approval.get(f"cases/{accepted.case_no}/examination", approval.handler)).json()
    rows = await approval.rows(
        "SELECT convert_from(payload, 'UTF8')::jsonb FROM outbox WHERE aggregate_id = :id "
        "AND subject = 'approval.case.moved.v1'",
        id=accepted.application_id,
    )
    assert (shown["item"]["version"], shown["item"]["name"], shown["version"]) == (2, "新名称", 2)
    assert rows[0][0]["legal_due"] == shown["legal_due"]
    assert shown["legal_due"]["on"] != str(accepted.legal_due.on)


async def test_a_case_that_was_not_accepted_yet_or_has_ended_is_not_moved(approval: Approval) -> None:
    accepted = await approval.reviewed()
    await approval.decide(accepted.case_no, approval.chief, seen=2)

    await hear(approval, accepted, moved(accepted), moved(accepted).model_copy(update={"legal_due": None}))

    shown = (await approval.get(f"cases/{accepted.case_no}/examination", approval.handler)).json()
    assert (shown["item"]["version"], shown["version"]) == (1, 3)


async def test_nothing_is_decided_before_the_applicants_came_again_in_their_window(approval: Approval) -> None:
    opens = clock.today() + timedelta(days=30)
    window = ClaimWindowRef(
        name="申领期", waiting="冷静期", opens_on=opens, closes=DueDate(on=opens + timedelta(days=30))
    )
    accepted = await approval.reviewed(claim_window=window)

    early = await approval.decide(accepted.case_no, approval.chief, seen=2)
    claimed = ApplicationClaimed(
        application_id=accepted.application_id,
        case_no=accepted.case_no,
        window=window,
        persons=("张三", "李四"),
        claimed_at=clock.now(),
        claimed_by=SYSTEM,
    )
    await hear(approval, accepted, claimed)
    decided = await approval.decide(accepted.case_no, approval.chief, seen=2)

    assert (early.status_code, early.json()["code"]) == (409, "approval.outside-window")
    assert str(opens) in early.json()["detail"]
    assert decided.status_code == 201, decided.text


async def test_a_loaded_year_moves_the_window_the_applicants_come_in(approval: Approval) -> None:
    first = DueDate(on=clock.today() + timedelta(days=30), provisional=True)
    window = ClaimWindowRef(name="申领期", waiting="冷静期", opens_on=first.on + timedelta(days=1), closes=first)
    accepted = await approval.reviewed(claim_window=window)
    final = DueDate(on=first.on + timedelta(days=3))
    dates = tuple(DateMoved(clock=name, earlier=first, now=final) for name in (ClockName.WAITING, ClockName.CLAIM))
    named = {"application_id": accepted.application_id, "case_no": accepted.case_no}

    await hear(approval, accepted, DatesMoved(**named, cause="演练", dates=dates, moved_at=clock.now()))

    early = await approval.decide(accepted.case_no, approval.chief, seen=2)
    assert f"{final.on + timedelta(days=1)}起" in early.json()["detail"]
    assert f"{final.on}以前" in early.json()["detail"]


async def test_a_window_that_moved_before_the_case_was_opened_is_not_lost(approval: Approval) -> None:
    first = DueDate(on=clock.today() + timedelta(days=30), provisional=True)
    window = ClaimWindowRef(name="申领期", waiting="冷静期", opens_on=first.on + timedelta(days=1), closes=first)
    accepted = an_acceptance(claim_window=window)
    dates = (DateMoved(clock=ClockName.CLAIM, earlier=first, now=DueDate(on=first.on + timedelta(days=3))),)
    named = {"application_id": accepted.application_id, "case_no": accepted.case_no}
    told = DatesMoved(**named, cause="演练", dates=dates, moved_at=clock.now(), accepted=True)

    with pytest.raises(NotYet):
        await hear(approval, accepted, told)
    await hear(approval, accepted, told.model_copy(update={"accepted": False}))
    await hear(approval, accepted, accepted, told)

    await approval.opine(accepted.case_no, approval.handler, seen=1)
    early = await approval.decide(accepted.case_no, approval.chief, seen=2)
    assert f"{first.on + timedelta(days=3)}以前" in early.json()["detail"]


async def test_of_two_loaded_years_the_later_word_counts_in_whatever_order_they_come(approval: Approval) -> None:
    first = DueDate(on=clock.today() + timedelta(days=30), provisional=True)
    window = ClaimWindowRef(name="申领期", waiting="冷静期", opens_on=first.on + timedelta(days=1), closes=first)
    accepted = an_acceptance(claim_window=window)
    named = {"application_id": accepted.application_id, "case_no": accepted.case_no, "cause": "演练", "accepted": True}

    def moved(days: int, *clocks: ClockName) -> DatesMoved:
        dates = tuple(
            DateMoved(clock=one, earlier=first, now=DueDate(on=first.on + timedelta(days=days))) for one in clocks
        )
        return DatesMoved(**named, dates=dates, moved_at=clock.now())

    both, closing = moved(3, ClockName.WAITING, ClockName.CLAIM), moved(5, ClockName.CLAIM)
    for early in ((both, 5), (closing, 6)):
        with pytest.raises(NotYet):
            await _hear_as(approval, accepted, early)
    await _hear_as(approval, accepted, (accepted, 4), (closing, 6))
    await _hear_as(approval, accepted, (both, 5))
    await _hear_as(approval, accepted, (moved(1, ClockName.WAITING), 3))

    await approval.opine(accepted.case_no, approval.handler, seen=1)
    refused = (await approval.decide(accepted.case_no, approval.chief, seen=2)).json()["detail"]
    assert f"{first.on + timedelta(days=4)}起" in refused
    assert f"{first.on + timedelta(days=5)}以前" in refused


async def _hear_as(approval: Approval, accepted: ApplicationAccepted, *events: tuple[Event, int]) -> None:
    messages = [incoming(event, accepted.application_id, version) for event, version in events]
    async with approval.database.transaction() as uow:
        await Listener(calendars())(uow, messages)


async def test_an_emergency_is_granted_before_its_papers_are_in(approval: Approval) -> None:
    later = DeferredRef(material_no=3, name="困难证明", promised_on=clock.today(), after_grant=True)
    accepted = await approval.reviewed(deferred=(later,))

    decided = await approval.decide(accepted.case_no, approval.chief, seen=2)

    assert decided.status_code == 201, decided.text
