"""E06 烟草零售 and P15 林木采伐: limited numbers go to qualified applicants in the order of acceptance (art. 57)."""

from typing import Any

from demo.api import eventually, expect
from tests.support.day_walk import workdays_after
from tests.support.journeys import PATIENCE_SECONDS, Town
from tests.support.steps import act_in, application, refused

GRANT = {"outcome": "GRANTED"}
USED_UP = {
    "outcome": "REFUSED",
    "facts": "本区域合理布局名额1个，已按受理先后准予先受理的申请人",
    "reasons": "数量限额已用完",
    "legal_basis": "《行政许可法》第五十七条、第三十八条第二款",
}
NOT_QUALIFIED = {
    "outcome": "REFUSED",
    "facts": "采伐地点位于生态公益林范围内",
    "reasons": "不符合采伐条件",
    "legal_basis": "《森林法》第五十五条、《行政许可法》第三十八条第二款",
}


async def test_art_57_who_was_accepted_by_silence_keeps_his_place_before_a_later_one(town: Town) -> None:
    received_on = town.office_opens()
    handler, chief = await town.officer("HANDLER", "E06"), await town.officer("CHIEF_REPRESENTATIVE", "E06")
    await _limit(town, "E06", 1)
    first, second = town.life("E06", town.enterprise(1)), town.life("E06", town.enterprise(2))
    await first.submit()
    await first.receive()

    # The window answers the second the next day and forgets the first: silence accepts him as of his day of receipt.
    town.to(workdays_after(received_on, 1))
    await second.submit()
    await second.receive()
    await second.accept()
    assert second.application["acceptance_order"] == 1
    town.to(workdays_after(received_on, 6))
    seen = await application(town, first, state="ACCEPTED", deemed=True)
    assert (seen["accepted_at"], seen["acceptance_order"]) == (seen["received_at"], 1)
    assert await _order(town, "E06") == [(first.case_no, True), (second.case_no, False)]
    due = workdays_after(received_on, 20)
    await town.clock_until(first.case_no, "DECISION", state="RUNNING", started_on=received_on, due=due)
    await town.clock_until(first.case_no, "NOTICE", state="MISSED", due=workdays_after(received_on, 5))

    # The later one is ready first, and is not granted before the earlier one is decided.
    await second.examine()
    refused(await act_in(chief, second, "decision", GRANT), "approval.earlier-accepted-first")
    opinion = {"recommendation": "GRANT", "text": "符合合理布局"}
    expect(await act_in(handler, first, "opinions", opinion), 201, "opinion")
    expect(await act_in(chief, first, "decision", GRANT), 201, "first")
    refused(await act_in(chief, second, "decision", GRANT), "approval.quota-used-up")
    expect(await act_in(chief, second, "decision", USED_UP), 201, "second")
    await application(town, second, outcome="REFUSED")
    await application(town, first, outcome="GRANTED")
    shown = await _order_out(town, "E06")
    assert (shown["granted"], shown["remaining"], shown["items"]) == (1, 0, [])
    await town.papers(first.case_no, "GRANT_DECISION", certificates=1)
    papers = await town.papers(second.case_no, "REFUSAL_DECISION")
    assert papers["certificates"] == []
    watched = await town.watched(first.case_no, "approval.case.decided.v1")
    assert watched["differences"] == []
    await _limit(town, "E06", 1000)  # the other journeys find numbers enough


async def test_art_57_a_refused_one_leaves_his_number_to_the_next(town: Town) -> None:
    accepted_on = town.office_opens()
    chief = await town.officer("CHIEF_REPRESENTATIVE", "P15")
    await _limit(town, "P15", 2)
    lives = [town.life("P15", town.hall.citizen(number)) for number in (1, 2, 3)]
    for life in lives:
        await life.submit()
        await life.receive()
        await life.accept()
        await life.examine()
    first, second, third = lives
    assert [life.application["acceptance_order"] for life in lives] == [1, 2, 3]
    expected = [(first.case_no, True), (second.case_no, True), (third.case_no, False)]
    assert await _order(town, "P15") == expected

    # Two numbers: the second need not wait for the first, the third waits for both.
    town.to(workdays_after(accepted_on, 2))
    refused(await act_in(chief, third, "decision", GRANT), "approval.earlier-accepted-first")
    expect(await act_in(chief, second, "decision", GRANT), 201, "second")
    refused(await act_in(chief, third, "decision", GRANT), "approval.earlier-accepted-first")

    # The first does not qualify: his number goes to the third, and then there is none left.
    expect(await act_in(chief, first, "decision", NOT_QUALIFIED), 201, "first")
    expect(await act_in(chief, third, "decision", GRANT), 201, "third")
    await application(town, third, outcome="GRANTED")
    await town.clock_until(third.case_no, "PROMISED", state="MET", due=workdays_after(accepted_on, 5))
    fourth = town.life("P15", town.hall.citizen(4))
    await fourth.submit()
    await fourth.receive()
    await fourth.accept()
    assert fourth.application["acceptance_order"] == 4
    await fourth.examine()
    refused(await act_in(chief, fourth, "decision", GRANT), "approval.quota-used-up")

    # One number more: the administrator's word reaches who decides.
    await _limit(town, "P15", 3, counts_from=str(accepted_on))

    async def granted() -> bool | None:
        return True if (await act_in(chief, fourth, "decision", GRANT)).status_code == 201 else None

    await eventually(granted, "the raised number", PATIENCE_SECONDS)
    await fourth.hand_over()
    await town.papers(fourth.case_no, "GRANT_DECISION", "PROOF_OF_SERVICE", certificates=1)
    await _limit(town, "P15", 1000)


async def _limit(town: Town, item_id: str, quota: int, **more: str) -> None:
    admin = await town.hall.person("catalogue1")
    body = {"quota": quota, "reason": "年度限额"} | more
    expect(await admin.post(f"/api/v1/items/{item_id}/quota", body), 201, "quota")


async def _order_out(town: Town, item_id: str) -> dict[str, Any]:
    handler = await town.officer("HANDLER", item_id)
    shown: dict[str, Any] = expect(await handler.get(f"/api/v1/items/{item_id}/acceptance-order"), 200, "order")
    return shown


async def _order(town: Town, item_id: str) -> list[tuple[str, bool]]:
    """Who waits, in order, and whether a number is left for him."""
    return [(place["case_no"], place["within_quota"]) for place in (await _order_out(town, item_id))["items"]]
