"""Whoever holds the receipt sees how far the case is, without a login; nobody else does."""

from typing import Any

import httpx

from services.intake.domain.states import STATE_NAMES, State
from tests.integration.intake.desk import ZHANG, Desk

FAULT = {"material_no": 1, "fault": "未签名", "remedy": "签名后重新提交"}


async def ask(desk: Desk, case_no: str, query_code: str) -> httpx.Response:
    return await desk.http.post("/api/v1/cases/progress", json={"case_no": case_no, "query_code": query_code})


async def of(desk: Desk, application: dict[str, Any]) -> dict[str, Any]:
    answer = await ask(desk, application["case_no"], application["query_code"])
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_the_receipt_is_enough_to_follow_a_case_from_receipt_to_decision(desk: Desk) -> None:
    received = await desk.done(await desk.complete("P07"), "receipt")

    at_receipt = await of(desk, received)
    accepted = await desk.done(received, "acceptance")
    at_acceptance = await of(desk, accepted)
    at_decision = await of(desk, await desk.decided(accepted))

    assert [shown["state"] for shown in (at_receipt, at_acceptance, at_decision)] == ["RECEIVED", "ACCEPTED", "DECIDED"]
    assert at_receipt["state_name"] == STATE_NAMES[State.RECEIVED]
    assert at_acceptance["promised_due"]["on"] == accepted["promised_due"]["on"]
    assert at_decision["decided_at"] is not None


async def test_it_tells_neither_who_nor_what_was_decided(desk: Desk) -> None:
    accepted = await desk.accepted("P07")

    answer = await ask(desk, accepted["case_no"], accepted["query_code"])

    assert answer.headers["cache-control"] == "private, no-store"
    assert "张三" not in answer.text
    assert ZHANG[-4:] not in answer.text.replace(accepted["case_no"], "")
    assert "outcome" not in answer.json()


async def test_while_something_is_to_be_supplied_it_tells_until_when(desk: Desk) -> None:
    received = await desk.done(await desk.complete("P07"), "receipt")
    asked = await desk.done(received, "supplement-notice", {"faults": [FAULT]})

    shown = await of(desk, asked)

    assert (shown["state"], shown["supply_by"]) == ("CORRECTION", asked["supplement"]["supply_by"])


async def test_a_code_copied_in_small_letters_with_blanks_is_the_same_code(desk: Desk) -> None:
    received = await desk.done(await desk.submitted("P07"), "receipt")

    answer = await ask(desk, received["case_no"], f" {received['query_code'].lower()} ")

    assert answer.status_code == 200


async def test_a_wrong_code_and_an_unknown_case_get_the_same_answer(desk: Desk) -> None:
    received = await desk.done(await desk.submitted("P07"), "receipt")
    unknown = f"{received['case_no'][:-4]}9999"

    wrong = await ask(desk, received["case_no"], "ABCDEFGHJK")
    nobody = await ask(desk, unknown, received["query_code"])

    assert (wrong.status_code, nobody.status_code) == (404, 404)
    assert (wrong.json()["code"], wrong.json()["detail"]) == (nobody.json()["code"], nobody.json()["detail"])


async def test_something_that_can_be_no_code_is_refused(desk: Desk) -> None:
    received = await desk.done(await desk.submitted("P07"), "receipt")

    for code in ("", "查询码", "A" * 11):
        assert (await ask(desk, received["case_no"], code)).status_code == 422
