"""P07 临时救助: in an emergency help comes first and the papers later; else nothing is granted before they are in."""

from datetime import date, timedelta
from typing import Any

from demo.api import eventually, expect
from demo.hall import a_pdf
from demo.life import Life
from tests.support.day_walk import workdays_after
from tests.support.journeys import PATIENCE_SECONDS, Town
from tests.support.steps import act_in, application, examination, refused

GRANT = {"outcome": "GRANTED"}
PROOF = 3  # 困难情形证明


async def test_in_an_emergency_help_is_granted_before_the_proof_is_in(town: Town) -> None:
    applied_on = town.office_opens()
    promised_on = workdays_after(applied_on, 5)
    life = await _applied(town, 1, "P07b", promised_on)
    await life.receive()
    await life.accept()

    # One working day is promised; the proof has its own day, and the applicant owes it.
    await town.clock_until(life.case_no, "PROMISED", state="RUNNING", due=workdays_after(applied_on, 1))
    await town.clock_until(life.case_no, "DECISION", state="RUNNING", due=workdays_after(applied_on, 20))
    owed = await town.clock_until(life.case_no, "DEFERRED_MATERIAL", state="RUNNING", due=promised_on)
    assert (owed["whose"], owed["about"].startswith("困难情形证明")) == ("APPLICANT", True)
    await life.examine()
    await life.decide()
    await application(town, life, state="DECIDED", outcome="GRANTED")
    await town.clock_until(life.case_no, "PROMISED", state="MET")
    assert (await town.clocks(life.case_no))["DEFERRED_MATERIAL"]["state"] == "RUNNING"

    # The proof comes on its last day.
    town.to(promised_on)
    await _bring(town, life)
    await town.clock_until(life.case_no, "DEFERRED_MATERIAL", state="MET", due=promised_on)
    await life.hand_over()
    await town.papers(life.case_no, "RECEIPT", "ACCEPTANCE_NOTICE", "GRANT_DECISION", "PROOF_OF_SERVICE")
    watched = await town.watched(life.case_no, "intake.case.concluded.v1")
    events = [entry["event"] for entry in watched["timeline"]]
    assert events.index("approval.case.decided.v1") < events.index("intake.deferred_material.supplied.v1")
    assert (watched["lights"], watched["differences"]) == ([], [])


async def test_without_an_emergency_nothing_is_granted_before_the_proof_is_in(town: Town) -> None:
    applied_on = town.office_opens()
    promised_on = workdays_after(applied_on, 3)
    who = await town.hall.person("citizen2")
    for day in (applied_on, workdays_after(applied_on, 16)):
        refused(
            await who.post("/api/v1/applications", _request(town, 2, "P07a", day)), "intake.invalid", "deferred.date"
        )
    life = await _applied(town, 2, "P07a", promised_on)
    await life.receive()
    await life.accept()
    await town.clock_until(life.case_no, "PROMISED", state="RUNNING", due=workdays_after(applied_on, 5))
    chief = await town.officer("CHIEF_REPRESENTATIVE", "P07")
    await life.examine()
    refused(await act_in(chief, life, "decision", GRANT), "approval.material-outstanding")

    # The day is over and the proof is not there: missed by the applicant, and still nothing is granted.
    town.to(promised_on + timedelta(days=1))
    await town.clock_until(life.case_no, "DEFERRED_MATERIAL", state="MISSED", due=promised_on)
    refused(await act_in(chief, life, "decision", GRANT), "approval.material-outstanding")

    # It comes late, and is taken: the case goes on within its own five days.
    town.to(workdays_after(applied_on, 4))
    await _bring(town, life)
    await town.watched(life.case_no, "intake.deferred_material.supplied.v1")
    missed = (await town.clocks(life.case_no))["DEFERRED_MATERIAL"]
    assert (missed["state"], missed["met_at"] is not None) == ("MISSED", True)
    handler = await town.officer("HANDLER", "P07")
    await examination(handler, life, state="REVIEWED")
    await _granted(town, life)
    await town.clock_until(life.case_no, "PROMISED", state="MET", due=workdays_after(applied_on, 5))
    await life.hand_over()
    await application(town, life, state="CONCLUDED", outcome="GRANTED")


def _request(town: Town, citizen: int, scenario: str, promised_on: date) -> dict[str, Any]:
    item, who = town.items["P07"], town.hall.citizen(citizen)
    later = {"material_no": PROOF, "source": "DEFERRED", "promised_on": str(promised_on)}
    applicant = {"applicant": who.applicant, "reuse": "auto"}
    return {"item_code": item["item_code"], "scenario": scenario, "materials": [later]} | applicant


async def _applied(town: Town, citizen: int, scenario: str, promised_on: date) -> Life:
    life = town.life("P07", town.hall.citizen(citizen), "ONLINE")
    who = await town.hall.person(life.who.username)
    answer = await who.post("/api/v1/applications", _request(town, citizen, scenario, promised_on))
    life.application = expect(answer, 201, "临时救助申请")
    await life.upload(who)
    return life


async def _bring(town: Town, life: Life) -> None:
    who = await town.hall.person(life.who.username)
    file = ("proof.pdf", a_pdf("proof"))
    expect(await who.post(f"{life.path}/materials", {"material_no": str(PROOF)}, file=file), 201, "proof")


async def _granted(town: Town, life: Life) -> None:
    """As soon as approval has heard that the proof is in."""
    chief = await town.officer("CHIEF_REPRESENTATIVE", "P07")

    async def granted() -> bool | None:
        answer = await act_in(chief, life, "decision", GRANT)
        if answer.status_code != 201:
            refused(answer, "approval.material-outstanding")
        return True if answer.status_code == 201 else None

    await eventually(granted, "granted with the proof", PATIENCE_SECONDS)
