"""E03 食品经营许可（延续）: within its window only, and no decision by expiry renews by itself, exactly once."""

import asyncio
import json
from collections import Counter
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import uuid4

from httpx import Response

from demo.api import Caller, eventually, expect
from demo.hall import Applicant
from demo.life import Life
from deploy.local.travel import SHANGHAI
from tests.support.day_walk import workdays_after
from tests.support.journeys import PATIENCE_SECONDS, Town, lamps
from tests.support.steps import act_in, act_on, application, printed, refused

FOOD_LICENCE = "11431202006100029C002"
MARKET = {"uscc": "11431202006100029C", "name": "区市场监督管理局"}
GRANT = {"outcome": "GRANTED"}


async def test_a_renewal_is_applied_for_within_90_to_15_working_days_before_expiry(town: Town) -> None:
    today = town.office_opens()
    who = town.enterprise(2)
    early, late = await _hold(town, who, date(today.year + 4, 12, 31), workdays_after(today, 14))

    agent = await town.hall.person(who.username)
    for licence in (early, late):
        refused(await _asked(agent, _renewal(town, who, licence)), "intake.renewal-window")
    unheld = await agent.post("/api/v1/applications", _renewal(town, who, late[:-1] + "X"))
    refused(unheld, "intake.invalid", "renewal.not-held")


async def test_art_50_no_decision_by_expiry_renews_by_itself_exactly_once(town: Town) -> None:
    applied_on = town.office_opens()
    life = town.life("E03", town.enterprise(1), "ONLINE")
    expires_on = workdays_after(applied_on, 15)
    (licence,) = await _hold(town, life.who, expires_on)
    await _apply(town, life, licence)

    # It must be decided before expiry, whatever days the ten and the three would leave.
    renewal = await town.clock_until(life.case_no, "RENEWAL", state="RUNNING", due=expires_on)
    assert ("第五十条" in renewal["article"], "原证件届满前" in renewal["why"]["zh"]) == (True, True)
    await town.clock_until(life.case_no, "DECISION", state="RUNNING", due=workdays_after(applied_on, 10))
    await town.clock_until(life.case_no, "PROMISED", state="RUNNING", due=workdays_after(applied_on, 3))
    await life.examine()

    # Nobody decides: every lamp is lit, and on the last day the case is still open.
    town.to(expires_on)
    watched = await town.watched(life.case_no, "approval.opinion.written.v1", lights=("WARNING", "YELLOW", "RED"))
    assert sorted(lamps(watched)) == ["RED", "WARNING", "YELLOW"]
    await application(town, life, state="ACCEPTED")

    await _silence(town, life, expires_on)
    await _once_only(town, life)
    await _certified_again(town, life, licence, expires_on)


async def _silence(town: Town, life: Life, expires_on: date) -> None:
    """From midnight on nobody can decide any more; what was decided in time is given five minutes to be heard of."""
    chief = await town.officer("CHIEF_REPRESENTATIVE", "E03")
    midnight = datetime.combine(expires_on + timedelta(days=1), time(), SHANGHAI)
    town.to(midnight.date(), time(0, 1))
    refused(await act_in(chief, life, "decision", GRANT), "approval.renewed-by-silence")
    await town.breathe()
    await application(town, life, state="ACCEPTED")
    town.to(midnight.date(), time(0, 6))
    seen = await application(town, life, state="DECIDED", outcome="GRANTED")
    at = {datetime.fromisoformat(text) for text in (seen["decided_at"], seen["renews"]["renewed_at"])}
    assert at == {midnight}
    await town.clock_until(life.case_no, "RENEWAL", due=expires_on, met_at=seen["decided_at"])


async def _once_only(town: Town, life: Life) -> None:
    """One paper, one certificate, one line of the timeline, however long we wait and whoever tries."""
    chief = await town.officer("CHIEF_REPRESENTATIVE", "E03")
    agent = await town.hall.person(life.who.username)
    town.to(town.today() + timedelta(days=2))
    await town.breathe()
    refused(await act_on(agent, life, "withdrawal", {"reason": "不再需要"}), "intake.wrong-state")
    late = await act_in(chief, life, "decision", GRANT)
    assert late.status_code == 409, late.text
    paper = await printed(town, life, "RENEWAL_DECISION")
    assert "第五十条第二款" in paper
    papers = await town.papers(life.case_no, "RENEWAL_DECISION", certificates=1)
    assert len(papers["certificates"]) == 1
    kinds = Counter(paper["kind"] for paper in papers["papers"])
    assert (kinds["RENEWAL_DECISION"], kinds["GRANT_DECISION"]) == (1, 0)
    watched = await town.watched(life.case_no, "intake.renewal.deemed.v1")
    events = Counter(entry["event"] for entry in watched["timeline"])
    assert (events["intake.renewal.deemed.v1"], events["approval.case.decided.v1"]) == (1, 0)


async def _certified_again(town: Town, life: Life, licence: str, expires_on: date) -> None:
    """The next version of the same licence for five years more, handed over; the old one is over."""
    papers = await town.papers(life.case_no, certificates=1)
    new, begins = papers["certificates"][0], expires_on + timedelta(days=1)
    last = begins.replace(year=begins.year + 5) - timedelta(days=1)
    assert (new["valid_from"], new["valid_until"], new["certificate_version"]) == (str(begins), str(last), 2)
    seen = expect(await town.hall.public.get("/api/v1/certificates/verify", identifier=licence), 200, "the old one")
    assert seen["verdict"] == "NO_LONGER_VALID"
    seen = expect(
        await town.hall.public.get("/api/v1/certificates/verify", identifier=new["identifier"]), 200, "the new one"
    )
    assert seen["verdict"] == "VALID"

    delivery = await town.clock_until(life.case_no, "DELIVERY", state="RUNNING", started_on=begins)
    assert delivery["due"]["on"] == str(workdays_after(begins, 10))
    await life.hand_over()
    await application(town, life, state="CONCLUDED", outcome="GRANTED")
    await town.clock_until(life.case_no, "DELIVERY", state="MET")


def _renewal(town: Town, who: Applicant, licence: str) -> dict[str, Any]:
    item = town.items["E03"]
    applicant: dict[str, Any] = {"applicant": who.applicant, "agent": who.agent}
    return {"item_code": item["item_code"], "renews": licence, "reuse": "auto"} | applicant


async def _apply(town: Town, life: Life, licence: str) -> None:
    agent = await town.hall.person(life.who.username)
    answer = await _asked(agent, _renewal(town, life.who, licence))
    life.application = expect(answer, 201, "延续申请")
    await life.upload(agent)
    await life.receive()
    await life.accept()
    renews = life.application["renews"]
    assert (renews["certificate_identifier"], renews["silence_renews"], renews["renewed_at"]) == (licence, True, None)


async def _asked(agent: Caller, renewal: dict[str, Any]) -> Response:
    """The answer once intake has heard of the licence: it keeps its own copy of the library."""

    async def heard() -> Response | None:
        answer = await agent.post("/api/v1/applications", renewal)
        return None if "renewal.not-held" in answer.text else answer

    return await eventually(heard, "a licence that can be renewed", PATIENCE_SECONDS)


async def _hold(town: Town, who: Applicant, *expiring: date) -> list[str]:
    """Food licences of before our time in the library of the applicant, by their last days; their identifiers."""
    names = {str(day): f"JY2431202{uuid4().int % 10_000_000:07}" for day in expiring}
    lines = [
        {
            "type_code": FOOD_LICENCE,
            "certificate_number": number,
            "holder": who.applicant,
            "issuer": MARKET,
            "issued_on": "2021-01-04",
            "valid_from": "2021-01-04",
            "valid_until": day,
        }
        for day, number in names.items()
    ]
    file = town.stack.folder.accounts.with_name(f"licences-{uuid4().hex}.ndjson")
    file.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), "utf-8")
    await asyncio.to_thread(town.stack.run, "certificate", "import", str(file))
    owner = await town.hall.person(who.username)
    return [await _held(owner, who, number) for number in names.values()]


async def _held(owner: Caller, who: Applicant, number: str) -> str:
    wanted = {"number": who.applicant["number"], "type_code": FOOD_LICENCE, "limit": 200}
    found = expect(await owner.post("/api/v1/certificates/search", wanted), 200, "own certificates")["items"]
    return next(str(one["identifier"]) for one in found if one["certificate_number"] == number)
