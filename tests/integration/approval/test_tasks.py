"""The officer's inbox: whose cases, in which order, with which light, page by page."""

from datetime import date, timedelta
from typing import Any

import pytest

from contracts.events.common import DueDate
from tests.support.approval import POLICE, Approval, an_item


@pytest.fixture(autouse=True)
async def _empty(approval: Approval) -> None:
    async with approval.database.transaction() as uow:
        await uow.connection.exec_driver_sql("DELETE FROM decision")
        await uow.connection.exec_driver_sql("DELETE FROM opinion")
        await uow.connection.exec_driver_sql("DELETE FROM approval_case")


def due(promised: date, legal: date | None = None) -> dict[str, Any]:
    return {"promised_due": DueDate(on=promised), "legal_due": DueDate(on=legal or promised + timedelta(days=30))}


async def inbox(approval: Approval, who: dict[str, str], **params: Any) -> list[dict[str, Any]]:
    answer = await approval.get("tasks", who, **params)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_each_role_sees_what_waits_for_it(approval: Approval) -> None:
    fresh, reviewed, decided = await approval.open(), await approval.reviewed(), await approval.reviewed()
    await approval.decide(decided.case_no, approval.chief, seen=2)

    handler = await inbox(approval, approval.handler)
    chief = await inbox(approval, approval.chief)
    supervisor = await inbox(approval, approval.caller("supervisor", "SUPERVISOR", org=""))
    done = await inbox(approval, approval.handler, state="DECIDED")

    assert [(t["case_no"], t["waiting_for"]) for t in handler] == [(fresh.case_no, "HANDLER")]
    assert [(t["case_no"], t["waiting_for"]) for t in chief] == [(reviewed.case_no, "CHIEF_REPRESENTATIVE")]
    assert {t["case_no"] for t in supervisor} == {fresh.case_no, reviewed.case_no}
    assert [(t["case_no"], t["waiting_for"], t["light"]) for t in done] == [(decided.case_no, None, None)]


async def test_a_line_shows_item_applicant_dates_and_the_version_to_act_on(approval: Approval) -> None:
    accepted = await approval.open(promised_due=DueDate(on=date(2099, 1, 5), provisional=True))

    (task,) = await inbox(approval, approval.handler)

    assert task["item"]["name"] == "食品经营许可（新办）"
    assert (task["applicant_name"], task["channel"]) == ("向小满", "ONLINE")
    assert task["promised_due"] == {"on": "2099-01-05", "provisional": True}
    assert task["legal_due"] == {"on": "2099-01-20", "provisional": False}
    assert (task["version"], task["state_label"]) == (1, "待审查")
    assert task["accepted_at"].startswith(accepted.accepted_at.strftime("%Y-%m-%dT%H:%M:%S"))


async def test_another_department_sees_nothing_of_it(approval: Approval) -> None:
    await approval.open()

    assert await inbox(approval, approval.caller("police", "HANDLER", org=POLICE)) == []
    assert await inbox(approval, approval.caller("nowhere", "HANDLER", org="")) == []


@pytest.mark.parametrize("roles", [("CITIZEN",), ("COUNTER_CLERK",), ("PROVINCIAL_PLATFORM",)])
async def test_who_is_no_officer_has_no_inbox(approval: Approval, roles: tuple[str, ...]) -> None:
    assert (await approval.get("tasks", approval.caller("x", *roles))).status_code == 403
    assert (await approval.get("tasks", {})).status_code == 401


async def test_the_inbox_is_filtered_by_item_and_due_date(approval: Approval) -> None:
    food = await approval.open(**due(date(2099, 1, 5)))
    drug = await approval.open(item=an_item(item_id="E15", item_code="9" * 31), **due(date(2099, 1, 6)))

    by_id = await inbox(approval, approval.handler, item="E15")
    by_code = await inbox(approval, approval.handler, item="9" * 31)
    before = await inbox(approval, approval.handler, due_before="2099-01-06")

    assert [t["case_no"] for t in by_id] == [t["case_no"] for t in by_code] == [drug.case_no]
    assert [t["case_no"] for t in before] == [food.case_no]


async def test_pages_neither_overlap_nor_skip_while_cases_come_and_go(approval: Approval) -> None:
    opened = [await approval.open(**due(date(2099, 1, 1 + n % 3))) for n in range(7)]
    first = (await approval.get("tasks", approval.handler, limit=3)).json()
    await approval.open(**due(date(2098, 12, 31)))
    await approval.opine(first["items"][-1]["case_no"], approval.handler, seen=1)

    seen = [task["case_no"] for task in first["items"]]
    cursor = first["next"]
    while cursor:
        page = (await approval.get("tasks", approval.handler, limit=3, cursor=cursor)).json()
        seen += [task["case_no"] for task in page["items"]]
        cursor = page["next"]

    assert sorted(seen) == sorted(accepted.case_no for accepted in opened)
    ordered = sorted(opened, key=lambda a: (a.promised_due.on, a.application_id))
    assert seen == [accepted.case_no for accepted in ordered]


@pytest.mark.parametrize(
    "params",
    [{"cursor": "nonsense"}, {"limit": 201}, {"limit": 0}, {"state": "X"}, {"item": "a'\x00"}, {"due_before": "soon"}],
)
async def test_faulty_parameters_are_named_problems(approval: Approval, params: dict[str, Any]) -> None:
    answer = await approval.get("tasks", approval.handler, **params)

    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_cursor_of_someone_elses_making_is_refused(approval: Approval) -> None:
    for n in range(2):
        await approval.open(**due(date(2099, 1, 1 + n)))
    cursor = (await approval.get("tasks", approval.handler, limit=1)).json()["next"]
    forged = cursor[:-4] + ("AAAA" if cursor[-4:] != "AAAA" else "BBBB")

    answer = await approval.get("tasks", approval.handler, cursor=forged)

    assert (answer.status_code, answer.json()["code"]) == (400, "platform.bad-cursor")
