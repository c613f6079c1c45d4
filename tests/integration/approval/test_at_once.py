"""Many officers at once on one case: exactly one act wins, the others are told 409 and change nothing."""

import asyncio
from collections import Counter
from datetime import timedelta

import httpx
import pytest

from services.approval.calendars import calendars
from services.approval.commands.ticking import Silence
from services.chassis import clock
from tests.support import approval_desk as desks
from tests.support.approval import Approval, a_withdrawal
from tests.support.approval_desk import EXTENSION, PAUSE, Desk

CONFLICTS = {"approval.wrong-state", "approval.case-changed", "approval.already-extended"}


def chiefs(approval: Approval, count: int) -> list[dict[str, str]]:
    return [approval.caller(f"chief-{n}", "CHIEF_REPRESENTATIVE") for n in range(count)]


def check_one_winner(answers: list[httpx.Response]) -> None:
    counted = Counter(answer.status_code for answer in answers)
    assert counted == {201: 1, 409: len(answers) - 1}
    assert {answer.json()["code"] for answer in answers if answer.status_code != 201} <= CONFLICTS


async def post(desk: Desk, act: str, who: dict[str, str], **body: object) -> httpx.Response:
    return await desk.approval.post(f"cases/{desk.accepted.case_no}/{act}", who, body, seen=desk.version)


async def test_of_twenty_who_suspend_at_once_one_does(approval: Approval) -> None:
    desk = await Desk.reviewed(approval)

    answers = await asyncio.gather(*(post(desk, "suspensions", who, **PAUSE) for who in chiefs(approval, 20)))

    check_one_winner(answers)
    assert len((await desk.shown())["ledger"]) == 1


async def test_of_ten_extensions_and_ten_decisions_at_once_exactly_one_wins(approval: Approval) -> None:
    for _ in range(3):
        desk = await Desk.reviewed(approval)
        heads = chiefs(approval, 20)

        answers = await asyncio.gather(
            *(post(desk, "extension", who, **EXTENSION) for who in heads[::2]),
            *(post(desk, "decision", who, outcome="GRANTED") for who in heads[1::2]),
        )

        check_one_winner(answers)
        shown = await desk.shown()
        assert (shown["decision"] is None) is (len(shown["ledger"]) == 1)
        assert shown["version"] == 3
        assert len(await desk.events()) == 3


async def test_of_an_opinion_and_an_extension_of_one_head_the_loser_hears_that_somebody_was_first(
    approval: Approval,
) -> None:
    desk = await Desk.reviewed(approval)
    both = approval.caller("head-1", "HANDLER", "CHIEF_REPRESENTATIVE")
    opinion = {"recommendation": "GRANT", "text": "符合条件"}

    answers = await asyncio.gather(
        post(desk, "extension", both, **EXTENSION), *(post(desk, "opinions", both, **opinion) for _ in range(5))
    )

    check_one_winner(answers)
    assert len(await desk.events()) == 3


@pytest.mark.usefixtures("read_long_ago")
async def test_who_read_before_somebody_acted_and_asks_later_is_told_that_the_version_is_old(
    approval: Approval,
) -> None:
    desk = await Desk.reviewed(approval)
    await asyncio.gather(*(post(desk, "extension", who, **EXTENSION) for who in chiefs(approval, 2)))

    late = await post(desk, "decision", approval.chief, outcome="GRANTED")

    assert (late.status_code, late.json()["code"]) == (412, "platform.stale-version")


async def test_an_answer_and_the_silence_of_a_consultation_exclude_each_other(approval: Approval) -> None:
    desk, fire = await Desk.reviewed(approval), desks.fire_officer(approval)
    body = {"department": desks.FIRE, "question": "是否符合", "limit_workdays": 1}
    await desk.done("consultations", approval.handler, **body)
    later, silence = clock.now() + timedelta(days=12), Silence(calendars())

    answer, *_ = await asyncio.gather(
        post(desk, "consultations/1/answer", fire, answer="OBJECTION", text="不符合"),
        silence(approval.database, later),
        silence(approval.database, later),
    )

    ends = [s for s in await desk.events() if s.startswith("approval.consultation") and "asked" not in s]
    assert len(ends) == 1
    assert (answer.status_code == 201) is (ends == ["approval.consultation.answered.v1"])


async def test_a_withdrawal_against_a_suspension_leaves_no_gap(approval: Approval) -> None:
    desk = await Desk.reviewed(approval)

    answer, _ = await asyncio.gather(
        post(desk, "suspensions", approval.chief, **PAUSE), approval.hear(a_withdrawal(desk.accepted))
    )

    versions = [version for version, _ in await approval.events_of(desk.accepted.application_id)]
    assert versions == list(range(1, len(versions) + 1))
    assert (await desk.shown())["state"] == "WITHDRAWN"
    assert answer.status_code in {201, 409}
