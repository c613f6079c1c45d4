"""On what ground a certificate is read: whose case, which is open, and what its holders find in their log."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from tests.integration.certificate.test_several_holders import a_shared
from tests.support import tokens
from tests.support.certificate import CLERK as AT_THE_WINDOW
from tests.support.certificate import MARKER, MARKET, OTHER, POLICE, Library, an_item

Ended = Callable[[dict[str, Any]], Awaitable[None]]
FACTS = "SELECT 1 FROM outbox WHERE subject = 'certificate.access.unfounded.v1'"
CLERK = tokens.headers(["COUNTER_CLERK"], org=MARKET.uscc, org_name=MARKET.name)
OFFICER = tokens.headers(["HANDLER"], org=POLICE.uscc, division="")


def at(row: dict[str, Any]) -> str:
    return f"/api/v1/certificates/{row['identifier']}"


async def log_of(library: Library, number: str = MARKER, **only: Any) -> list[dict[str, Any]]:
    shown = await library.get("/api/v1/certificates/access-log", library.citizen(number), limit=200)
    return [one for one in shown.json()["items"] if all(one[name] == value for name, value in only.items())]


async def test_who_once_applied_for_somebody_reads_what_came_of_it_and_no_other_certificate(library: Library) -> None:
    other = await library.issued()
    case = library.a_case()
    await library.hear(case.submitted(by="agent"), case.received())
    agent = tokens.headers(["CITIZEN"], sub=tokens.account("agent"), subject_key="f" * 64, channel="ONLINE")

    answers = [await library.get(f"{at(other)}{part}", agent, case_no=case.case_no) for part in ("", "/file")]
    await library.hear(case.accepted(), case.decided())
    (own,) = await library.rows("SELECT * FROM certificate WHERE case_id = :id", id=case.id)
    came_of_it = await library.get(at(own._mapping), agent)

    assert [answer.status_code for answer in answers] == [404, 404]
    assert came_of_it.json()["jws"]


async def test_an_ended_case_gives_officials_nothing_beyond_their_registration(library: Library, ended: Ended) -> None:
    row = await library.issued(library.a_case(item=an_item(department=POLICE)))
    named = await library.issued()
    while_open = (await library.get(at(row), CLERK, purpose="随便看看")).json()
    await ended(row)
    await ended(named)
    before = len(await library.rows(FACTS))

    shown = [(await library.get(at(row), CLERK, purpose="补发核对", **of)).json() for of in ({}, by(named))]
    registered = len(await library.rows(FACTS))
    async with library.database.transaction() as uow:
        await uow.connection.exec_driver_sql("UPDATE caller SET closed = true")
    refused = [await library.get(at(row), CLERK, purpose="随便看看", **of) for of in ({}, by(named))]
    async with library.database.transaction() as uow:
        await uow.connection.exec_driver_sql("UPDATE caller SET closed = false")

    assert while_open["jws"]
    assert [one["jws"] for one in shown] == [None, None]
    assert registered == before
    assert [answer.status_code for answer in refused] == [403, 403]
    assert len(await library.rows(FACTS)) == before + 2


def by(row: dict[str, Any]) -> dict[str, str]:
    return {"case_no": row["case_no"]}


async def test_a_strangers_case_does_not_come_into_the_holders_log(library: Library) -> None:
    strangers = library.a_case(OTHER, "李小红")
    await library.hear(strangers.submitted(), strangers.received())
    row = await library.issued()

    answer = await library.get(at(row), OFFICER, purpose="核对旁人办件", case_no=strangers.case_no)
    listed = await library.search(OFFICER, number=MARKER, purpose="核对旁人办件", case_no=strangers.case_no)

    assert (answer.status_code, listed.status_code) == (200, 200)
    assert [one["case_no"] for one in await log_of(library, purpose="核对旁人办件")] == [None, None]


async def test_every_holder_of_what_a_search_showed_finds_it_in_his_log(library: Library, tmp_path: Path) -> None:
    row = await a_shared(library, tmp_path)

    shown = await library.search(OFFICER, number=MARKER, purpose="核对共有情况")

    (other,) = await log_of(library, OTHER, purpose="核对共有情况")
    (searched,) = await log_of(library, MARKER, purpose="核对共有情况")
    assert row["identifier"] in shown.text
    assert (other["act"], other["identifier"], searched["act"]) == ("SEARCH", row["identifier"], "SEARCH")


async def test_the_supervisor_sees_looks_of_those_who_belong_to_no_division_here(library: Library) -> None:
    path, supervisor = "/api/v1/certificate-reads", tokens.headers(["SUPERVISOR"])
    village = tokens.headers(["SUPERVISOR"], division="431202101000")
    for division in ("", "431103000000"):
        officer = tokens.headers(["HANDLER"], org=POLICE.uscc, division=division)
        await library.search(officer, number=MARKER, purpose=f"外来查询{division}")

    seen = {one["purpose"] for one in (await library.get(path, supervisor, limit=200)).json()["items"]}
    below = {one["purpose"] for one in (await library.get(path, village, limit=200)).json()["items"]}

    assert {"外来查询", "外来查询431103000000"} <= seen
    assert not {"外来查询", "外来查询431103000000"} & below


async def test_what_a_window_saw_of_the_library_while_it_entered_an_application_is_seen_though_it_went_no_further(
    library: Library,
) -> None:
    row = await library.issued()
    at_the_window, online = library.a_case(), library.a_case()
    said = {"reused": (row["identifier"],)}

    await library.hear(
        at_the_window.submitted().model_copy(update=said | {"submitted_by": AT_THE_WINDOW}),
        online.submitted().model_copy(update=said),
    )

    (seen,) = await log_of(library, act="SUBMITTED")
    assert (seen["identifier"], seen["organisation_name"]) == (row["identifier"], MARKET.name)
    assert seen["basis"] == "办件材料复用；事由：申请食品经营许可（新办），以证照代替材料"
