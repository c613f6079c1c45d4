"""Agents of a holder: within what he allowed, until he takes it back; each look names both."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.chassis import clock
from tests.support import tokens
from tests.support.certificate import BUSINESS_LICENCE, COMPANY, FOOD_LICENCE, MARKER, OTHER, Library

AGENT = "431202185006150033"
PATH = "/api/v1/certificates/authorisations"
Row = dict[str, Any]


async def post(library: Library, path: str, who: dict[str, str], body: Any = None) -> httpx.Response:
    return await library.http.post(path, headers=who | {"Idempotency-Key": str(uuid4())}, json=body)


def soon(days: int = 30) -> str:
    day: date = clock.today() + timedelta(days)
    return day.isoformat()


def wanted(*rights: str, **changes: Any) -> Row:
    return {
        "agent": {"name": "赵经办", "number": AGENT},
        "rights": list(rights or ("READ", "COLLECT", "PRESENT")),
        "purpose": "代为办理年检",
        "valid_until": soon(),
    } | changes


async def given(library: Library, holder: dict[str, str], *rights: str, **changes: Any) -> Row:
    answer = await post(library, PATH, holder, wanted(*rights, **changes))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def a_holder(library: Library) -> tuple[Row, dict[str, str]]:
    """A certificate and its holder, whose authorisations are gone."""
    async with library.database.transaction() as uow:
        await uow.connection.exec_driver_sql("DELETE FROM authorisation")
    return await library.issued(), library.citizen(MARKER, name="王小明")


async def statuses(library: Library, row: Row, agent: dict[str, str]) -> list[int]:
    """Of reading, collecting and presenting."""
    path = f"/api/v1/certificates/{row['identifier']}"
    read, file = await library.get(path, agent), await library.get(f"{path}/file", agent)
    shown = await post(library, f"{path}/presentations", agent, {"fields": ["type_name"]})
    return [answer.status_code for answer in (read, file, shown)]


async def test_an_agent_does_what_he_was_authorised_for_and_nothing_else(library: Library):
    row, holder = await a_holder(library)
    agent = library.citizen(AGENT, name="赵经办")

    before = await statuses(library, row, agent)
    await given(library, holder, "READ")
    reading = await statuses(library, row, agent)
    await given(library, holder, "COLLECT", "PRESENT")
    everything = await statuses(library, row, agent)

    assert before == [404, 404, 404]
    assert reading == [200, 404, 404]
    assert everything == [200, 202, 201]


async def test_only_who_may_collect_gets_the_signed_record(library: Library):
    row, holder = await a_holder(library)
    path, agent = f"/api/v1/certificates/{row['identifier']}", library.citizen(AGENT)
    await given(library, holder, "READ")

    reads = (await library.get(path, agent)).json()
    await given(library, holder, "READ", "COLLECT", valid_until=soon(60))
    collects = (await library.get(path, agent)).json()

    assert (reads["jws"], reads["holder"]["masked_number"]) == (None, row["holder_masked"])
    assert collects["jws"]


async def test_every_look_names_agent_and_holder(library: Library):
    row, holder = await a_holder(library)
    path, agent = f"/api/v1/certificates/{row['identifier']}", library.citizen(AGENT, name="赵经办")
    await given(library, holder)

    await library.get(path, agent)
    await library.search(agent, number=MARKER)
    made = await post(library, f"{path}/presentations", agent, {"fields": ["type_name"]})
    await library.http.post("/api/v1/certificates/presented", json={"code": made.json()["code"]})

    log = (await library.get("/api/v1/certificates/access-log", holder, limit=3)).json()["items"]
    assert [one["act"] for one in log] == ["PRESENTED", "SEARCH", "RECORD"]
    assert {(one["agent_name"], one["principal_name"]) for one in log} == {("赵经办", "王小明")}
    assert [one["purpose"] for one in log] == ["代理人亮证，出示：证照名称", "代为办理年检", "代为办理年检"]


async def test_taken_back_it_opens_nothing_not_even_a_code_made_before(library: Library):
    row, holder = await a_holder(library)
    agent, path = library.citizen(AGENT), f"/api/v1/certificates/{row['identifier']}"
    one = await given(library, holder)
    made = await post(library, f"{path}/presentations", agent, {"fields": ["type_name"]})

    revoked = await post(library, f"{PATH}/{one['authorisation_id']}/revocation", holder)

    assert (revoked.status_code, revoked.json()["in_force"]) == (201, False)
    assert await statuses(library, row, agent) == [404, 404, 404]
    assert (await library.search(agent, number=MARKER)).status_code == 403
    presented = await library.http.post("/api/v1/certificates/presented", json={"code": made.json()["code"]})
    assert presented.status_code == 404


async def test_it_ends_with_its_last_day(library: Library):
    row, holder = await a_holder(library)
    agent = library.citizen(AGENT)
    await given(library, holder)
    async with library.database.transaction() as uow:
        await uow.connection.exec_driver_sql("UPDATE authorisation SET valid_until = current_date - 2")

    assert await statuses(library, row, agent) == [404, 404, 404]
    listed = (await library.get(PATH, agent)).json()["items"]
    assert [one["in_force"] for one in listed] == [False]


async def test_it_may_be_for_some_types_only(library: Library):
    row, holder = await a_holder(library)
    agent = library.citizen(AGENT)
    await given(library, holder, types=[BUSINESS_LICENCE])

    others = await statuses(library, row, agent)
    found = (await library.search(agent, number=MARKER)).json()["items"]
    await given(library, holder, types=[FOOD_LICENCE])

    assert (others, found) == ([404, 404, 404], [])
    assert (await statuses(library, row, agent))[0] == 200


async def test_an_organisation_authorises_through_who_acts_for_it(library: Library):
    await a_holder(library)
    row = await library.issued(library.a_case(COMPANY, "鹤城餐饮有限公司"))
    key = library.kit.holder_key("ORGANISATION", COMPANY)
    clerk = tokens.headers(["ENTERPRISE_AGENT"], subject_key="k" * 64, acts_for=[key], channel="ONLINE", name="钱文员")

    one = await given(library, clerk, organisation=COMPANY)
    others = await post(library, PATH, library.citizen(OTHER), wanted(organisation=COMPANY))

    assert (one["holder_name"], one["given"]) == ("鹤城餐饮有限公司", True)
    assert (await statuses(library, row, library.citizen(AGENT)))[0] == 200
    assert others.status_code == 403


async def test_both_sides_see_it_and_nobody_else_takes_it_back(library: Library):
    _, holder = await a_holder(library)
    agent, stranger = library.citizen(AGENT), library.citizen(OTHER)
    one = await given(library, holder)

    mine, his = [(await library.get(PATH, who)).json()["items"] for who in (holder, agent)]
    path = f"{PATH}/{one['authorisation_id']}/revocation"
    refused = [(await post(library, path, who)).status_code for who in (agent, stranger)]

    assert [(line["given"], line["agent_name"]) for line in (*mine, *his)] == [(True, "赵经办"), (False, "赵经办")]
    assert his[0]["agent_number"] == f"4{'*' * 16}3"
    assert (await library.get(PATH, stranger)).json()["items"] == []
    assert refused == [404, 404]
    stored = await library.rows("SELECT a::text FROM authorisation a")
    assert not [line for (line,) in stored if AGENT in line or MARKER in line]


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        pytest.param({"agent": {"name": "本人", "number": MARKER}}, "#/agent/number", id="himself"),
        pytest.param({"agent": {"name": "赵", "number": "431202185006150034"}}, "#/agent/number", id="check digit"),
        pytest.param({"valid_until": "2020-01-01"}, "#/valid_until", id="over already"),
        pytest.param({"valid_until": "2099-01-01"}, "#/valid_until", id="for ever"),
        pytest.param({"types": [FOOD_LICENCE[:-3] + "999"]}, "#/types/0", id="unknown type"),
    ],
)
async def test_what_cannot_be_authorised_is_told_by_field(library: Library, changes: Row, pointer: str):
    answer = await post(library, PATH, library.citizen(MARKER), wanted(**changes))

    assert (answer.status_code, [one["pointer"] for one in answer.json()["errors"]]) == (422, [pointer])
    assert MARKER not in answer.text


async def test_a_clerk_is_no_holder(library: Library):
    clerk = tokens.headers(["COUNTER_CLERK"], division="431202000000")

    assert (await post(library, PATH, clerk, wanted())).status_code == 403
    assert (await library.get(PATH, clerk)).status_code == 403
