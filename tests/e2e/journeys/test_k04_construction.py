"""K04 工程建设项目: four stages one after the other, a lead department each; a consulted one stays silent."""

from datetime import time
from typing import Any

from demo.api import expect
from tests.support.day_walk import workdays_after
from tests.support.journeys import Town
from tests.support.journeys_bundle import Bundle

LAND, HOUSING = "区自然资源局", "区住房和城乡建设局"
FIRE = {"uscc": "11431202006100117T", "name": "区消防救援局", "division": "431202000000"}
QUESTION = {"department": FIRE, "question": "消防验收有无意见", "limit_workdays": 5}
PROMISED_WORKDAYS = 40


async def test_k04_four_stages_with_a_lead_each_and_a_department_that_stays_silent(town: Town) -> None:
    accepted_on = town.office_opens()
    who = town.enterprise(1)
    bundle = await Bundle.submitted(town, "K04", who.applicant, agent=who.agent)
    await bundle.receive_and_accept()

    # Stage 1: C02 needs what C01 results in; nobody is asked for it.
    assert _stage(bundle) == (1, "立项用地规划许可", LAND)
    assert bundle.states == {"C01": "RUNNING", "C02": "WAITING", "C03": "WAITING", "C04": "WAITING", "C05": "WAITING"}
    assert bundle.shown["legal"]["due"]["on"] == workdays_after(accepted_on, 120).isoformat()
    assert bundle.shown["promised"]["due"]["on"] == workdays_after(accepted_on, PROMISED_WORKDAYS).isoformat()
    assert await bundle.problem("stages", {}) == (409, "intake.bundle-wrong-state")
    await bundle.decide("C01")
    await bundle.until_states(C01="GRANTED", C02="RUNNING")
    town.to(workdays_after(accepted_on, 3))
    await bundle.decide("C02")

    # Stages 2 and 3, each handed in, received and accepted; between them nobody's clock runs.
    await _next_stage(bundle, 2, "工程建设许可", LAND, running={"C03"})
    await bundle.decide("C03")
    await bundle.until(lambda b: b.shown["state"] == "STAGE_DONE", "stage 2 is done")
    assert bundle.shown["legal"]["state"] == "PAUSED"
    idle_from = town.today()
    town.to(idle_until := workdays_after(idle_from, 4))
    await _next_stage(bundle, 3, "施工许可", HOUSING, running={"C04", "E08"}, members=["E08"])
    due = workdays_after(accepted_on, 120 + 4).isoformat()
    assert bundle.shown["legal"]["due"]["on"] == due
    assert idle_until.isoformat() in str(bundle.shown["legal"]["why_en"])
    await bundle.decide("C04")
    await bundle.decide("E08")

    # Stage 4: the fire brigade is asked and says nothing.
    await _next_stage(bundle, 4, "竣工验收", HOUSING, running={"C05"})
    await _silent_consultation(town, bundle.case_no("C05"))
    await bundle.decide("C05")
    await bundle.until(lambda b: b.shown["state"] == "DECIDED", "all four stages")
    assert not bundle.shown["partial"]
    await bundle.hand_over()

    assert bundle.shown["state"] == "CONCLUDED"
    for member_id in ("C01", "C02", "C03", "C04", "E08", "C05"):
        await town.papers(bundle.case_no(member_id), "GRANT_DECISION", "PROOF_OF_SERVICE", certificates=1)
    joint = await town.clock_until(bundle.case_no("C05"), "JOINT", state="MET")
    assert joint["due"]["on"] == due


def _stage(bundle: Bundle) -> tuple[int, str, str]:
    return bundle.shown["stage_no"], bundle.shown["stage_name"], bundle.shown["lead_department_name"]


async def _next_stage(bundle: Bundle, no: int, name: str, lead: str, *, running: set[str], **form: Any) -> None:
    """The stage before is done and handed out; the next one goes through the counter like the first."""
    await bundle.until(lambda b: b.shown["state"] == "STAGE_DONE", f"before stage {no}")
    await bundle.do("stages", form)
    assert _stage(bundle) == (no, name, lead)
    await bundle.receive_and_accept()
    assert {member for member, state in bundle.states.items() if state == "RUNNING"} == running


async def _silent_consultation(town: Town, case_no: str) -> None:
    """Five working days without an answer are no objection, exactly once, lit red; the case itself waits for people."""
    handler, chief = await town.officer("HANDLER", "C05"), await town.officer("CHIEF_REPRESENTATIVE", "C05")
    asked_on = town.today()
    await town.act(handler, case_no, "consultations", QUESTION)
    fire = await town.hall.officer("HANDLER", FIRE["uscc"])
    clock = (await town.clocks(case_no, "CONSULTATION"))["CONSULTATION"]
    assert clock["due"]["on"] == workdays_after(asked_on, 5).isoformat()
    waiting = expect(await fire.get("/api/v1/consultations"), 200, "questions to the fire brigade")["items"]
    assert case_no in {one["case_no"] for one in waiting}

    town.to(workdays_after(asked_on, 6), at=time(9))
    await town.watched(case_no, "approval.consultation.silent.v1")
    late = {"answer": "NO_OBJECTION", "text": "同意"}
    assert await town.refused_blind(fire, chief, case_no, "consultations/1/answer", late) == (
        409,
        "approval.consultation-over",
    )
    case = await town.opened(case_no, chief)
    assert case["consultations"][0]["state"] == "SILENT"
    assert case["state"] == "EXAMINING"
    clock = (await town.clocks(case_no))["CONSULTATION"]
    assert clock["state"] == "MISSED"
    watched = await town.watched(case_no, lights=("RED",))
    red = next(light for light in watched["lights"] if light["level"] == "RED")
    assert (red["clock"], red["about"]) == ("CONSULTATION", FIRE["name"])
    told = [entry["event"] for entry in watched["timeline"]]
    assert told.count("approval.consultation.silent.v1") == 1
