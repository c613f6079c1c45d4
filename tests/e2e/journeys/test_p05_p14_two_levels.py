"""P05 低保 and P14 乡村建设规划许可: the township examines first and passes up its opinion and all materials."""

from datetime import date

from demo.api import expect
from demo.hall import TOWNSHIP_DIVISION
from demo.life import Life
from tests.support.day_walk import workdays_after
from tests.support.journeys import Town
from tests.support.steps import act_in, act_on, application, examination, refused

OPINION = {"recommendation": "GRANT", "opinion": "经入户调查、民主评议，公示无异议，建议给予"}


async def test_arts_35_and_43_the_county_names_the_township_which_passes_a_building_permit_up(town: Town) -> None:
    accepted_on = town.office_opens()
    life = town.life("P14", town.hall.citizen(3))
    await life.submit()
    await life.receive()
    await life.accept()
    legal = workdays_after(accepted_on, 20)
    first = await town.clock_until(life.case_no, "FIRST_LEVEL", state="RUNNING", due=legal, started_on=accepted_on)
    assert ("第四十三条" in first["article"], first["why"]["zh"].count("第四十三条")) == (True, 1)
    await town.clock_until(life.case_no, "PROMISED", state="RUNNING", due=workdays_after(accepted_on, 10))
    materials = await _named_by_the_county(town, life)
    await _passed_up_with_all_materials(town, life, accepted_on, materials)
    await _decided_and_delivered(town, life, accepted_on)


async def _named_by_the_county(town: Town, life: Life) -> list[int]:
    """Taken in at the county's counter: nobody examines until the department names the township, once."""
    handler, chief = await town.officer("HANDLER", "P14"), await town.officer("CHIEF_REPRESENTATIVE", "P14")
    seen = await examination(handler, life, state="FIRST_EXAMINING", first_level_division=None)
    materials = [material["material_no"] for material in seen["materials"]]
    passing = OPINION | {"materials": materials}
    opinion = {"recommendation": "GRANT", "text": "材料齐全"}
    refused(await act_in(handler, life, "opinions", opinion), "approval.wrong-state")
    refused(await act_in(chief, life, "decision", {"outcome": "GRANTED"}), "approval.wrong-state")
    refused(await act_in(handler, life, "passing-up", passing), "approval.not-first-level")
    county = {"division": "431202000000"}
    refused(await act_in(handler, life, "first-level", county), "approval.incomplete-record", "not-a-township")
    named = {"division": TOWNSHIP_DIVISION}
    expect(await act_in(handler, life, "first-level", named), 201, "first level")
    refused(await act_in(handler, life, "first-level", named), "approval.first-level-assigned")
    return materials


async def _passed_up_with_all_materials(town: Town, life: Life, accepted_on: date, materials: list[int]) -> None:
    """Four days later: opinion and all materials, nothing left out; then the county examines."""
    handler, township = await town.officer("HANDLER", "P14"), await town.hall.person("handler.xz")
    passing, legal = OPINION | {"materials": materials}, workdays_after(accepted_on, 20)
    town.to(workdays_after(accepted_on, 4))
    refused(
        await act_in(township, life, "passing-up", passing | {"materials": materials[1:]}),
        "approval.incomplete-passing-up",
    )
    refused(await act_in(township, life, "passing-up", passing | {"opinion": " "}), "approval.incomplete-opinion")
    expect(await act_in(township, life, "passing-up", passing), 201, "passing up")
    seen = await examination(handler, life, state="EXAMINING")
    assert [material["material_no"] for material in seen["materials"]] == materials
    passed = next(record for record in seen["records"] if record["subject"] == "approval.case.passed_up.v1")
    assert (passed["content"]["opinion"], passed["content"]["materials"]) == (OPINION["opinion"], materials)
    await town.clock_until(life.case_no, "FIRST_LEVEL", state="MET", due=legal)
    refused(await act_in(handler, life, "first-level", {"division": TOWNSHIP_DIVISION}), "approval.wrong-state")
    # The county asks the applicant for nothing again (art. 35).
    clerk = await town.hall.person("clerk1")
    fault = {"material_no": materials[0], "fault": "需重新提交", "remedy": "重新提交"}
    refused(await act_on(clerk, life, "supplement-notice", {"faults": [fault]}), "intake.wrong-state")


async def _decided_and_delivered(town: Town, life: Life, accepted_on: date) -> None:
    decided_on = workdays_after(accepted_on, 6)
    town.to(decided_on)
    await life.examine()
    await life.decide()
    await town.clock_until(life.case_no, "DECISION", state="MET", due=workdays_after(accepted_on, 20))
    delivery = await town.clock_until(
        life.case_no, "DELIVERY", state="RUNNING", started_on=decided_on, due=workdays_after(decided_on, 10)
    )
    assert "第四十四条" in delivery["article"]

    # Handed over on the last of the ten days.
    town.to(workdays_after(decided_on, 10))
    await life.hand_over("COLLECTION")
    await town.clock_until(life.case_no, "DELIVERY", state="MET")
    papers = await town.papers(life.case_no, "GRANT_DECISION", "PROOF_OF_SERVICE", certificates=1)
    assert papers["certificates"][0]["type_name"] == "乡村建设规划许可证"
    watched = await town.watched(life.case_no, "intake.case.concluded.v1")
    events = [entry["event"] for entry in watched["timeline"] if entry["event"].startswith("approval.")]
    assert events == [
        "approval.case.opened.v1",
        "approval.first_level.assigned.v1",
        "approval.case.passed_up.v1",
        "approval.opinion.written.v1",
        "approval.case.decided.v1",
    ]
    assert (watched["lights"], watched["differences"]) == ([], [])


async def test_art_43_a_township_that_passes_an_allowance_up_a_day_late_is_seen_to(town: Town) -> None:
    accepted_on = town.office_opens()
    handler, township = await town.officer("HANDLER", "P05"), await town.hall.person("handler.xz")
    chief = await town.officer("CHIEF_REPRESENTATIVE", "P05")
    life = town.life("P05", town.hall.citizen(4), "TOWNSHIP")
    await life.submit()
    await life.receive()
    await life.accept()
    # The item names no limit of the first level: twenty working days (art. 43); the decision itself has thirty.
    first_due, legal = workdays_after(accepted_on, 20), workdays_after(accepted_on, 30)
    await town.clock_until(life.case_no, "FIRST_LEVEL", state="RUNNING", due=first_due)
    await town.clock_until(life.case_no, "DECISION", state="RUNNING", due=legal)

    # Taken in at the township: it examines what it took in itself; the county sees the case and has no say yet.
    seen = await examination(handler, life, state="FIRST_EXAMINING", first_level_division=TOWNSHIP_DIVISION)
    refused(await act_in(chief, life, "first-level", {"division": TOWNSHIP_DIVISION}), "approval.first-level-assigned")

    late_on = workdays_after(first_due, 1)
    town.to(late_on)
    await town.clock_until(life.case_no, "FIRST_LEVEL", state="MISSED", due=first_due)
    passing = OPINION | {"materials": [material["material_no"] for material in seen["materials"]]}
    expect(await act_in(township, life, "passing-up", passing), 201, "passing up")
    # The promised twenty days are over as well, the legal thirty are not: red is the township's, not the decision's.
    watched = await town.watched(life.case_no, "approval.case.passed_up.v1", lights=("WARNING", "YELLOW", "RED"))
    rules = {light["rule"] for light in watched["lights"]}
    assert rules == {"case-time-warning", "case-time-yellow", "first-level-red"}
    missed = (await town.clocks(life.case_no))["FIRST_LEVEL"]
    assert (missed["state"], missed["met_at"] is not None) == ("MISSED", True)

    refused(await act_in(township, life, "decision", {"outcome": "GRANTED"}), "platform.forbidden")
    await life.examine()
    await life.decide()
    await life.hand_over()
    await town.clock_until(life.case_no, "DECISION", state="MET", due=legal)
    await town.clock_until(life.case_no, "PROMISED", state="MISSED", due=workdays_after(accepted_on, 20))
    await application(town, life, state="CONCLUDED", outcome="GRANTED")
    await town.papers(life.case_no, "GRANT_DECISION", certificates=1)
