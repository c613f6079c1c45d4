"""A certificate reused in a chain of cases, then taken away: visible at once, each case handed back once."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from demo.api import Caller, StepFailed, eventually, expect
from demo.life import Life
from demo.standing import Standing, certificate_of, plan_with, recalled
from tests.support.journeys import PATIENCE_SECONDS, Town
from tests.support.pages import qr_codes
from tests.support.steps import printed, refused

FRAUD = {"ground": "FRAUD", "facts": "用地项目备案证明系伪造"}
PENALTY = {
    "number": "鹤自然资罚〔2025〕1号",
    "body": "区自然资源局",
    "decided_on": "2025-02-05",
    "facts": "不按规划许可内容建设，情节严重",
}
LAND_USE, PLANNING = 2, 3  # numbers of the materials that certificates stand for: of C03, of E08


async def test_a_certificate_taken_away_hands_every_case_of_its_chain_back_once(town: Town) -> None:
    """C02 brings the land-use permit, with it C03 the planning permit, with that E08 is asked for and still open."""
    town.office_opens()
    (land_case, land), (planning_case, planning), road_case = await _chain(town)

    await _annulled(town, land_case, land)
    (direct,) = await recalled(town.hall, planning_case.item["department_uscc"], planning_case.case_no)
    (through,) = await recalled(town.hall, road_case.item["department_uscc"], road_case.case_no)
    assert (direct["concluded"], direct["through"], direct["issued"]) == (
        True,
        [land.identifier],
        [planning.identifier],
    )
    assert (through["concluded"], through["through"]) == (False, [land.identifier, planning.identifier])
    handler = await town.officer("HANDLER", "E08")
    inbox = expect(await handler.get("/api/v1/tasks"), 200, "inbox")
    assert through["recall_id"] in {one["recall_id"] for one in inbox["recalls"]}

    # A penalty on the certificate in the middle, recorded in one step: the open case is not handed back a second time.
    await planning.propose("revocation", PENALTY, role="CHIEF_REPRESENTATIVE")
    await planning.until("REVOKED")
    chief = await town.officer("CHIEF_REPRESENTATIVE", "E08")
    answered = {"outcome": "REEXAMINED", "reasons": "补交有效的规划许可后再审"}
    path = f"/api/v1/recalls/{through['recall_id']}/conclusion"
    expect(await chief.post(path, answered, version=through["version"]), 201, "recall answered")
    await town.watched(road_case.case_no, "intake.case.recalled.v1", "approval.recall.concluded.v1")
    assert await _recalls(town, road_case) == []

    # Deregistration is the last step, and closes nothing but the books.
    await land.propose("deregistration", {"ground": "TAKEN_AWAY", "facts": "许可已被撤销"})
    await land.decide()
    await land.until("DEREGISTERED")


async def _chain(town: Town) -> tuple[tuple[Life, Standing], tuple[Life, Standing], Life]:
    who = town.enterprise(2)
    land_case = town.life("C02", who)
    await land_case.live()
    land = await certificate_of(land_case)
    planning_case = town.life("C03", who)
    plan = await plan_with(planning_case, land.identifier)
    assert LAND_USE not in {one["material_no"] for one in plan["bring"]}
    await planning_case.live({LAND_USE: land.identifier})
    planning = await certificate_of(planning_case)
    road = town.life("E08", who)
    await plan_with(road, planning.identifier, PLANNING)
    await road.submit(certificates={PLANNING: planning.identifier})
    await road.receive()
    await road.accept()
    return (land_case, land), (planning_case, planning), road


async def _annulled(town: Town, case: Life, land: Standing) -> None:
    """Proposed by the handler, told to the holder in writing, heard, decided by the chief; the paper's code says so."""
    owner = await land.owner()
    (code,) = qr_codes(await _file(owner.get, f"{land.path}/file"))
    assert (await _scanned(town, code))["verdict"] == "VALID"
    await land.propose("annulment", FRAUD)
    chief = await town.officer("CHIEF_REPRESENTATIVE", "C02")
    path = f"/api/v1/standing-decisions/{land.decision['decision_id']}"
    refused(await chief.post(f"{path}/decision", {"outcome": "DECIDED"}, version=1), "approval.holder-not-heard")
    told = await _told(owner.get, case, "CERTIFICATE_PROPOSAL")
    assert (told["decision_id"], "陈述、申辩" in told["text"]) == (land.decision["decision_id"], True)
    assert "拟撤销行政许可事先告知书" in await printed(town, case, "STANDING_NOTICE")
    await land.until("VALID")

    await land.speak("备案证明由中介代办，本人不知情")
    await land.decide()
    await land.until("ANNULLED")
    seen = await _scanned(town, code)
    assert (seen["verdict"], seen["reason"]) == ("NO_LONGER_VALID", "ANNULLED")
    await _told(owner.get, case, "CERTIFICATE_DECISION")
    papers = expect(await owner.get(f"{land.path}/papers"), 200, "papers about it")["papers"]
    assert [paper["kind"] for paper in papers] == ["STANDING_NOTICE", "STATEMENT_RECORD", "ANNULMENT_DECISION"]


async def test_a_certificate_is_lost_reissued_printed_again_amended_and_runs_out(town: Town) -> None:
    today = town.office_opens()
    life = town.life("C01", town.enterprise(2))
    await life.submit()
    await life.receive()
    await life.accept()
    await life.examine()
    await life.decide({"outcome": "GRANTED", "valid_until": str(today + timedelta(days=2))})
    first = await certificate_of(life)
    owner, counter = await first.owner(), await town.hall.person("handover1")

    lost = await _acted(owner, owner, f"{first.path}/loss", first)
    assert lost["status"] == "LOST"
    await first.until("LOST")
    reissued = await _acted(counter, owner, f"{first.path}/reissue", first)
    second = Standing(town.hall, reissued["identifier"], first.department, first.holder)
    await first.until("SUPERSEDED")
    original = expect(await counter.post(f"{second.path}/prints", {}), 201, "the sealed file is printed")
    again = expect(await counter.post(f"{second.path}/prints", {"reason": "纸质证件污损"}), 201, "printed again")
    assert (original["number"], again["number"], again["mark"]) == (0, 1, "副本　第1号（补证）")
    (code,) = qr_codes(await _file(counter.get, again["file_url"]))
    assert (await _scanned(town, code))["verdict"] == "VALID"

    # Amended on application (art. 49), through the window like any other.
    changes = [{"what": "建设规模", "before": "3000平方米", "after": "3500平方米"}]
    amendment = town.life("C01", first.holder)
    await _heard_of(town, amendment, second.identifier, changes)
    await amendment.receive()
    await amendment.accept()
    await amendment.examine()
    await amendment.decide()
    await second.until("SUPERSEDED")
    assert "准予变更" in await printed(town, amendment, "AMENDMENT_DECISION")
    third = await _latest(owner.get, amendment, version=3)
    await amendment.hand_over()
    town.to(today + timedelta(days=3))
    await Standing(town.hall, third, first.department, first.holder).until("EXPIRED")


async def _heard_of(town: Town, amendment: Life, identifier: str, changes: list[dict[str, str]]) -> None:
    """Submitted, as soon as the window has heard of the certificate to be amended."""
    asked = {"certificate_identifier": identifier, "changes": changes}

    async def submitted() -> bool | None:
        try:
            await amendment.submit(amends=asked)
        except StepFailed as failed:
            if "amendment.not-held" in str(failed):
                return None
            raise
        return True

    await eventually(submitted, "the certificate to be amended", PATIENCE_SECONDS)
    assert amendment.application["item"]["name"].endswith("（变更）")


Get = Callable[..., Awaitable[Any]]


async def _acted(caller: Caller, owner: Caller, path: str, one: Standing) -> dict[str, Any]:
    """An act with the version just read; read again when the sealed file came in between."""

    async def acted() -> dict[str, Any] | None:
        version = int(expect(await owner.get(one.path), 200, "certificate")["version"])
        answer = await caller.post(path, {}, version=version)
        return None if answer.status_code == 412 else dict(expect(answer, 201, path))

    return await eventually(acted, path, PATIENCE_SECONDS)


async def _latest(get: Get, life: Life, version: int) -> str:
    async def there() -> str | None:
        shown = expect(await get(f"/api/v1/cases/{life.case_no}/papers"), 200, "papers")["certificates"]
        return next((str(one["identifier"]) for one in shown if one["certificate_version"] == version), None)

    return await eventually(there, f"version {version}", PATIENCE_SECONDS)


async def _file(get: Get, url: str) -> bytes:
    async def made() -> bytes | None:
        answer = await get(url)
        return answer.content if answer.status_code == 200 else None

    return await eventually(made, url, PATIENCE_SECONDS)


async def _scanned(town: Town, code: str) -> dict[str, Any]:
    shown: dict[str, Any] = expect(await town.hall.public.get(code), 200, "scanned")
    return shown


async def _told(get: Get, case: Life, kind: str) -> dict[str, Any]:
    async def told() -> dict[str, Any] | None:
        notices = expect(await get(case.path), 200, "the holder's view")["notices"]
        return next((one for one in notices if one["kind"] == kind), None)

    return await eventually(told, kind, PATIENCE_SECONDS)


async def _recalls(town: Town, case: Life) -> list[dict[str, Any]]:
    """Those of this case still to answer."""
    handler = await town.hall.officer("HANDLER", case.item["department_uscc"])
    shown = expect(await handler.get("/api/v1/recalls", limit=200), 200, "recalls")["items"]
    return [one for one in shown if one["case_no"] == case.case_no]
