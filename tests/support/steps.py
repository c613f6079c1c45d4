"""Short words for the steps of a journey: an act that is refused with its code, a clock, an application's state."""

from io import BytesIO
from typing import Any

from httpx import Response
from pypdf import PdfReader

from demo.api import Caller, eventually, expect
from demo.life import Life
from tests.support.journeys import PATIENCE_SECONDS, Town


def refused(answer: Response, code: str, *faults: str) -> None:
    """The answer is a problem with this code; of its named faults, these are among them."""
    problem = answer.json()
    assert (answer.status_code >= 400, problem.get("code")) == (True, code), problem
    assert {fault["code"] for fault in problem.get("errors", [])} >= set(faults), problem


async def act_on(caller: Caller, life: Life, act: str, body: Any = None) -> Response:
    """An act of the window or the applicant, with the version just read; the answer as it comes."""
    seen = expect(await caller.get(life.path), 200, f"{life.name} 查询申请")
    return await caller.post(f"{life.path}/{act}", body, version=seen["version"])


async def act_in(caller: Caller, life: Life, act: str, body: Any = None) -> Response:
    """An act of an officer on an opened case, with the version just read; the answer as it comes."""
    case = await examination(caller, life)
    return await caller.post(f"/api/v1/cases/{life.case_no}/{act}", body, version=case["version"])


async def examination(caller: Caller, life: Life, **values: Any) -> dict[str, Any]:
    """The case as an officer sees it, as soon as it is open and shows these values."""

    async def shows() -> dict[str, Any] | None:
        answer = await caller.get(f"/api/v1/cases/{life.case_no}/examination")
        seen: dict[str, Any] = answer.json() if answer.status_code == 200 else {}
        return seen if seen and all(seen[name] == value for name, value in values.items()) else None

    return await eventually(shows, f"{life.name} 审查 {values}", PATIENCE_SECONDS)


async def account(caller: Caller) -> dict[str, str]:
    """Who this caller is, as an officer is named in a record."""
    seen = expect(await caller.get("/session"), 200, "会话")
    return {"account_id": seen["subject"], "name": seen["name"], "officer_no": "18120001"}


async def application(town: Town, life: Life, **values: Any) -> dict[str, Any]:
    """The application, as soon as it shows these values."""
    supervisor = await town.hall.person("supervisor1")

    async def shows() -> dict[str, Any] | None:
        seen: dict[str, Any] = expect(await supervisor.get(life.path), 200, f"{life.name} 查询申请")
        return seen if all(seen[name] == value for name, value in values.items()) else None

    life.application = await eventually(shows, f"{life.name} {values}", PATIENCE_SECONDS)
    return life.application


async def clocks_named(town: Town, life: Life, name: str) -> list[dict[str, Any]]:
    """All clocks of this name, in the order in which they began."""
    supervisor = await town.hall.person("supervisor1")
    answer = expect(await supervisor.get(f"/api/v1/cases/{life.case_no}/clocks"), 200, f"{life.name} 时限")
    return [clock for clock in answer["items"] if clock["clock"] == name]


async def printed(town: Town, life: Life, kind: str) -> str:
    """The text of a paper of the case, as soon as its file is sealed."""
    supervisor = await town.hall.person("supervisor1")
    shown = await town.papers(life.case_no, kind)
    paper = next(paper for paper in shown["papers"] if paper["kind"] == kind)

    async def file() -> bytes | None:
        answer = await supervisor.get(f"/api/v1/papers/{paper['paper_id']}/file")
        return answer.content if answer.status_code == 200 else None

    content = await eventually(file, f"{life.name} {kind}", PATIENCE_SECONDS)
    return "".join("".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages).split())
