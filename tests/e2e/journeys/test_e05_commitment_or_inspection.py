"""E05 消防安全检查: the applicant chooses, commitment and the licence at once, or the inspection within ten days."""

from datetime import date, timedelta
from typing import Any

from demo.api import eventually, expect
from demo.life import Life
from tests.support.day_walk import workdays_after
from tests.support.journeys import PATIENCE_SECONDS, Town
from tests.support.steps import account, act_in, act_on, application, printed, refused

COMMITS = {"material_no": 2, "source": "COMMITMENT"}


async def test_a_commitment_is_granted_on_the_spot_and_checked_within_sixty_days(town: Town) -> None:
    committed_on = town.office_opens()
    life = town.life("E05", town.enterprise(1), "ONLINE")
    await _apply(town, life, COMMITS)
    await life.receive()
    await life.accept()

    # Everything promised for the same day; the check of what was promised is a clock of its own.
    await town.clock_until(life.case_no, "PROMISED", state="RUNNING", due=committed_on)
    await town.clock_until(life.case_no, "DECISION", state="RUNNING", due=workdays_after(committed_on, 10))
    check_by = committed_on + timedelta(days=60)
    check = await town.clock_until(life.case_no, "COMMITMENT_CHECK", state="RUNNING", due=check_by)
    assert (check["about"], check["whose"]) == ("消防安全告知承诺书", "BODY")
    paper = await printed(town, life, "COMMITMENT")
    assert "消防安全告知承诺书" in paper

    await life.examine()
    await life.decide()
    await life.hand_over()
    await town.clock_until(life.case_no, "PROMISED", state="MET", due=committed_on)
    papers = await town.papers(life.case_no, "GRANT_DECISION", "PROOF_OF_SERVICE", certificates=1)
    assert "消防安全检查合格证" in papers["certificates"][0]["type_name"]

    # Checked afterwards, once, by the department: what was promised is kept.
    handler, clerk = await town.officer("HANDLER", "E05"), await town.hall.person("clerk1")
    town.to(workdays_after(committed_on, 20))
    finding = {"material_no": 2, "outcome": "KEPT", "finding": "现场核查与承诺一致"}
    refused(await act_on(clerk, life, "commitment-checks", finding), "platform.forbidden")
    refused(await act_on(handler, life, "commitment-checks", finding | {"material_no": 5}), "intake.no-open-commitment")
    expect(await act_on(handler, life, "commitment-checks", finding), 201, "check")
    refused(await act_on(handler, life, "commitment-checks", finding), "intake.no-open-commitment")
    await town.clock_until(life.case_no, "COMMITMENT_CHECK", state="MET", due=check_by)
    watched = await town.watched(life.case_no, "intake.commitment.checked.v1")
    assert (watched["lights"], watched["differences"]) == ([], [])


async def test_who_is_barred_from_commitments_is_inspected_within_ten_days(town: Town) -> None:
    applied_on = town.office_opens()
    life = town.life("E05", town.enterprise(2), "ONLINE")
    await _barred(town, life, applied_on + timedelta(days=90), "虚假承诺，尚未修复信用")

    # The commitment is refused to him; the general procedure is open.
    agent = await town.hall.person(life.who.username)
    refused(await agent.post("/api/v1/applications", _request(life, COMMITS)), "intake.invalid", "commitment.barred")
    await _apply(town, life)
    await life.receive()
    await life.accept()
    accepted_on = town.today()
    due = workdays_after(accepted_on, 10)
    promised = await town.clock_until(life.case_no, "PROMISED", state="RUNNING", due=due)
    assert "期限为10个工作日" in promised["why"]["zh"]
    await town.clock_until(life.case_no, "DECISION", state="RUNNING", due=due)
    assert "COMMITMENT_CHECK" not in await town.clocks(life.case_no)

    # Inspected by two on the eighth day, the warning lamp is on; granted on the tenth.
    await _inspected(town, life, workdays_after(accepted_on, 8))
    watched = await town.watched(life.case_no, "approval.site_check.recorded.v1", lights=("WARNING",))
    assert [light["level"] for light in watched["lights"]] == ["WARNING"]
    town.to(due)
    await life.examine()
    await life.decide()
    await life.hand_over("COLLECTION")
    await town.clock_until(life.case_no, "PROMISED", state="MET", due=due)
    seen = await application(town, life, state="CONCLUDED", outcome="GRANTED")
    assert {material["source"] for material in seen["materials"] if material["material_no"] == 2} == {None}
    papers = await town.papers(life.case_no, "SITE_CHECK_RECORD", "GRANT_DECISION", certificates=1)
    assert "COMMITMENT" not in {paper["kind"] for paper in papers["papers"]}


async def test_a_false_commitment_is_told_and_bars_its_maker_from_the_next_one(town: Town) -> None:
    """国办发〔2020〕42号: who committed himself falsely may not do so again before his credit is repaired."""
    committed_on = town.office_opens()
    life = town.life("E05", town.enterprise(1), "ONLINE")
    await _apply(town, life, COMMITS)
    await life.receive()
    await life.accept()
    await life.examine()
    await life.decide()
    await life.hand_over()
    check_by = committed_on + timedelta(days=60)

    # Found false on the thirtieth working day: in time, once, and never taken back.
    handler = await town.officer("HANDLER", "E05")
    town.to(workdays_after(committed_on, 30))
    finding = {"material_no": 2, "outcome": "FALSE", "finding": "二层疏散通道被封堵，与承诺不符"}
    expect(await act_on(handler, life, "commitment-checks", finding), 201, "check")
    refused(
        await act_on(handler, life, "commitment-checks", finding | {"outcome": "KEPT"}), "intake.no-open-commitment"
    )
    await town.clock_until(life.case_no, "COMMITMENT_CHECK", state="MET", due=check_by)
    watched = await town.watched(life.case_no, "intake.commitment.checked.v1")
    (told,) = (entry for entry in watched["timeline"] if entry["event"] == "intake.commitment.checked.v1")
    assert told["detail"]["outcome"] == "FALSE"
    seen = await application(town, life, state="CONCLUDED", outcome="GRANTED")
    assert {m["check_outcome"] for m in seen["materials"] if m["material_no"] == 2} == {"FALSE"}

    # It bars him by itself, and what was granted on it waits for the chief representative.
    agent, again = await town.hall.person(life.who.username), town.life("E05", town.enterprise(1), "ONLINE")
    refused(await agent.post("/api/v1/applications", _request(again, COMMITS)), "intake.invalid", "commitment.barred")
    recall = await eventually(lambda: _recall_of(town, life), "the recall", PATIENCE_SECONDS)
    assert (recall["ground"], recall["finding"]) == ("COMMITMENT_FALSE", finding["finding"])

    # The supervisor shortens it: only up to that day, and only commitments.
    until = town.today() + timedelta(days=90)
    await _barred(town, life, until, str(finding["finding"]))
    refused(await agent.post("/api/v1/applications", _request(again, COMMITS)), "intake.invalid", "commitment.barred")
    await _apply(town, again)
    withdrawn = await act_on(agent, again, "withdrawal", {"reason": "先整改后再申请"})
    assert expect(withdrawn, 201, "withdrawal")["state"] == "WITHDRAWN"
    town.to(until + timedelta(days=1))
    await _apply(town, again, COMMITS)


def _request(life: Life, *claims: dict[str, Any]) -> dict[str, Any]:
    applicant: dict[str, Any] = {"applicant": life.who.applicant, "agent": life.who.agent}
    return {"item_code": life.item["item_code"], "reuse": "auto", "materials": list(claims)} | applicant


async def _recall_of(town: Town, life: Life) -> dict[str, Any] | None:
    chief = await town.officer("CHIEF_REPRESENTATIVE", "E05")
    recalls = expect(await chief.get("/api/v1/recalls"), 200, "recalls")["items"]
    return next((one for one in recalls if one["case_no"] == life.case_no), None)


async def _barred(town: Town, life: Life, until: date, reason: str) -> None:
    """Recorded by the supervisor, and on the list without his number."""
    supervisor = await town.hall.person("supervisor1")
    party = {name: life.who.applicant[name] for name in ("party_type", "number")}
    record = party | {"barred_until": str(until), "reason": reason}
    barred = expect(await supervisor.post("/api/v1/barred-applicants", record), 201, "barred")
    listed = expect(await supervisor.get("/api/v1/barred-applicants"), 200, "barred applicants")
    assert (barred["barred_until"], barred in listed["items"]) == (str(until), True)
    assert party["number"] not in str(listed)


async def _apply(town: Town, life: Life, *claims: dict[str, Any]) -> None:
    """Online, with what is promised instead of handed in."""
    agent = await town.hall.person(life.who.username)
    answer = await agent.post("/api/v1/applications", _request(life, *claims))
    life.application = expect(answer, 201, f"{life.name} 提交申请")
    await life.upload(agent)


async def _inspected(town: Town, life: Life, on: date) -> None:
    handler = await town.officer("HANDLER", "E05")
    inspectors = [await account(handler), {"account_id": "xfj-inspector-2", "name": "易向东", "officer_no": "18120002"}]
    assigned = {"inspectors": inspectors, "purpose": "疏散通道、消防设施"}
    expect(await act_in(handler, life, "inspectors", assigned), 201, "inspectors")
    town.to(on)
    found = {
        "inspectors": [inspector["account_id"] for inspector in inspectors],
        "checked_at": town.now().isoformat(),
        "place": "迎丰中路18号",
        "facts": "疏散通道畅通，消防设施完好有效",
        "passed": True,
    }
    expect(await act_in(handler, life, "site-checks", found), 201, "site check")
