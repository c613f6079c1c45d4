"""A certificate read after its case ended, for no purpose: told by the library, found by supervision, once."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from contracts.events.common import Outcome
from contracts.events.intake import CaseConcluded
from contracts.events.reuse import AccessUnfounded
from services.chassis import clock
from services.chassis.bus import Incoming
from tests.support import tokens
from tests.support.certificate import MARKER, MARKET, POLICE, Library, environment, running
from tests.support.supervision import Story, Supervision

UNFOUNDED = "SELECT event_id, aggregate_id, payload FROM outbox WHERE subject = 'certificate.access.unfounded.v1'"


@pytest.fixture(scope="module")
async def library(
    database_url: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Library]:
    async with running(environment(tmp_path_factory.mktemp("library"), database_url("certificate"))) as service:
        yield service


async def told(library: Library) -> list[Incoming]:
    """What the library has told of such reads, as supervision receives it."""
    now = clock.now()
    return [
        Incoming(
            row.event_id,
            AccessUnfounded.SUBJECT,
            row.aggregate_id,
            1,
            AccessUnfounded.model_validate_json(row.payload),
            now,
            now,
            None,
            1,
        )
        for row in await library.rows(UNFOUNDED)
    ]


async def test_a_read_without_an_open_case_or_a_purpose_becomes_a_finding_of_the_case(
    library: Library, supervision: Supervision
) -> None:
    story = await supervision.tell(Story.whole())
    case = library.a_case(id=story.case_id)
    row = await library.issued(case)
    path = f"/api/v1/certificates/{row['identifier']}"
    officer = tokens.headers(["HANDLER"], org=MARKET.uscc, org_name=MARKET.name)
    await library.get(path, officer)
    while_open = await told(library)
    ended = {"application_id": case.id, "case_no": case.case_no, "outcome": Outcome.GRANTED}
    await library.hear(CaseConcluded(**ended, concluded_at=clock.now()))
    await library.get(path, officer, purpose="补发核对")
    for_a_purpose = await told(library)

    answer = await library.get(path, officer)
    messages = await told(library)
    await supervision.hear(*messages)
    await supervision.hear(*messages)

    listed = (await supervision.get("supervision/findings", supervision.supervisor)).json()["items"]
    (found,) = [one for one in listed if one["kind"] == "READ_WITHOUT_GROUND"]
    assert answer.json()["code"] == "certificate.purpose-required"
    assert (while_open, for_a_purpose, len(messages)) == ([], [], 1)
    assert (found["label"], found["case_no"]) == ("无在办办件、无事由查看证照", story.case_no)
    assert found["detail"]["identifier"] == row["identifier"]
    assert found["summary"].startswith(f"{MARKET.name}查看证照：所依办件已办结，未填申请事由")


async def test_a_purpose_that_is_not_his_is_told_as_what_it_is_and_a_read_of_no_case_has_its_overseers(
    library: Library, supervision: Supervision
) -> None:
    row = await library.issued()
    stranger = tokens.headers(["HANDLER"], org=POLICE.uscc, org_name=POLICE.name, division="")
    known = len(await told(library))
    await library.get(f"/api/v1/certificates/{row['identifier']}", stranger, purpose="随便看看")

    await supervision.hear(*(await told(library))[known:])
    await supervision.hear(*(await told(library))[known:])

    async def listed(who: dict[str, str]) -> list[dict[str, Any]]:
        return list((await supervision.get("supervision/findings", who)).json()["items"])

    (found,) = await listed(supervision.supervisor)
    assert "没有其在办的办件，申请事由不在登记的范围内" in found["summary"]
    assert "未填" not in found["summary"]
    assert found["detail"]["identifier"] == row["identifier"]
    assert (found["case_no"], found["department"]["uscc"]) == (None, POLICE.uscc)
    assert [one["id"] for one in await listed(stranger)] == [found["id"]]
    elsewhere = tokens.headers(["SUPERVISOR"], division="431221000000")
    other_body = tokens.headers(["HANDLER"], org=MARKET.uscc)
    assert [await listed(who) for who in (elsewhere, other_body)] == [[], []]


async def test_a_search_for_no_purpose_is_found_for_the_body_that_searched(
    library: Library, supervision: Supervision
) -> None:
    searcher = tokens.headers(["HANDLER"], org=POLICE.uscc, org_name=POLICE.name, division="")
    known = len(await told(library))
    await library.search(searcher, number=MARKER)

    await supervision.hear(*(await told(library))[known:])

    for who in (supervision.supervisor, searcher):
        listed = (await supervision.get("supervision/findings", who)).json()["items"]
        (found,) = [one for one in listed if one["detail"].get("act") == "SEARCH"]
        assert found["summary"] == f"{POLICE.name}检索他人证照：没有其在办的办件，未填申请事由"
        assert "identifier" not in found["detail"]
