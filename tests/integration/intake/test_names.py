"""A number is applied for in its holder's name only: his own account's, else the one the library knows."""

from datetime import UTC, datetime

import httpx
import pytest

from tests.integration.intake.desk import BUSINESS_LICENCE, IDCARD, SHOP, Desk, a_certificate

STRANGER = "431202188802290057"
UNKNOWN = "431202185006150033"


def pointers(answer: httpx.Response) -> list[tuple[str, str]]:
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


async def named(desk: Desk, number: str, type_code: str, name: str) -> None:
    serial = f"N{datetime.now(UTC):%H%M%S%f}"
    await desk.hear(a_certificate(desk.key(number), type_code, serial, holder_name=name))


async def test_a_citizen_cannot_apply_under_another_name(desk: Desk) -> None:
    refused = await desk.submit("P07", who=desk.citizen(), name="李冒名")

    assert refused.status_code == 422
    assert pointers(refused) == [("#/applicant/name", "name.not-of-number")]


async def test_a_clerk_cannot_put_another_name_to_a_number_the_library_knows(desk: Desk) -> None:
    await named(desk, STRANGER, IDCARD, "刘明远")

    refused = await desk.submit("P07", number=STRANGER, name="李冒名")
    taken = await desk.submit("P07", number=STRANGER, name="刘 明远")

    assert pointers(refused) == [("#/applicant/name", "name.not-of-number")]
    assert "刘明远" not in refused.text
    assert taken.status_code == 201


async def test_an_enterprise_is_called_what_its_licence_says(desk: Desk) -> None:
    await named(desk, SHOP, BUSINESS_LICENCE, "鹤城区湘味轩餐饮有限公司")

    refused = await desk.submit("E02", who=desk.enterprise_agent(), number=SHOP, name="冒名餐饮有限公司")
    taken = await desk.submit("E02", who=desk.enterprise_agent(), number=SHOP, name="鹤城区湘味轩餐饮有限公司")

    assert pointers(refused) == [("#/applicant/name", "name.not-of-number")]
    assert taken.status_code == 201


async def test_an_agent_is_named_as_he_is(desk: Desk) -> None:
    await named(desk, STRANGER, IDCARD, "刘明远")

    refused = await desk.submit("P07", number=UNKNOWN, agent={"name": "李冒名", "number": STRANGER})

    assert pointers(refused) == [("#/agent/name", "name.not-of-number")]


async def test_somebody_the_library_does_not_know_is_left_to_the_window(desk: Desk) -> None:
    taken = await desk.submit("P07", number=UNKNOWN, name="随便")

    assert taken.status_code == 201


@pytest.mark.parametrize("name", ["张\U0001f600三", "张\u202e三", "张\n三"])
async def test_a_name_no_paper_can_print_is_a_fault_of_its_field(desk: Desk, name: str) -> None:
    refused = await desk.submit("P07", name=name)

    assert refused.status_code == 422
    assert [pointer for pointer, _ in pointers(refused)] == ["#/applicant/name"]
