"""E09 and C04: the law counts from the day the application came in, however long acceptance took."""

from datetime import time

from tests.support.day_walk import workdays_after
from tests.support.journeys import Town, lamps

WRONG_STATE = (409, "approval.wrong-state")
PAPERS = ("RECEIPT", "ACCEPTANCE_NOTICE", "GRANT_DECISION", "PROOF_OF_SERVICE")


async def test_e09_art_19_twenty_days_run_from_receipt_not_from_acceptance(town: Town) -> None:
    """人力资源市场暂行条例第19条."""
    received_on = town.office_opens()
    life = town.life("E09")
    await life.submit()
    await life.receive()
    town.to(workdays_after(received_on, 3))
    await life.accept()

    clocks = await town.clocks(life.case_no, "DECISION", "PROMISED")

    assert clocks["NOTICE"]["state"] == "MET"
    assert clocks["DECISION"]["started_on"] == received_on.isoformat() != town.today().isoformat()
    assert clocks["DECISION"]["due"] == {"on": workdays_after(received_on, 20).isoformat(), "provisional": False}
    assert clocks["PROMISED"]["due"]["on"] == workdays_after(received_on, 5).isoformat()
    assert "收件起算" in clocks["DECISION"]["why"]["zh"]
    assert "人力资源市场暂行条例第18、19条" in clocks["DECISION"]["why"]["zh"]

    chief = await town.officer("CHIEF_REPRESENTATIVE", "E09")
    await town.opened(life.case_no, chief)
    assert await town.refused(chief, life.case_no, "decision", {"outcome": "GRANTED"}) == WRONG_STATE
    town.to(workdays_after(received_on, 5), at=time(9, 30))
    await life.examine()
    await life.decide()
    await life.hand_over()

    await town.papers(life.case_no, *PAPERS, certificates=1)
    assert (await town.clock_until(life.case_no, "PROMISED", state="MET"))["met_at"]
    delivery = await town.clock_until(life.case_no, "DELIVERY", state="MET")
    assert delivery["due"]["on"] == workdays_after(received_on, 15).isoformat()
    # Two days before the promise the window had not accepted yet: nobody could be warned of a decision before.
    watched = await town.watched(life.case_no, "intake.case.concluded.v1")
    assert lamps(watched) == {"WARNING": watched["accepted_at"]}


async def test_c04_art_8_a_late_building_permit_is_lit_from_receipt(town: Town) -> None:
    """建筑法第8条: seven days from receipt; promised three. Nobody decides in time."""
    received_on = town.office_opens()
    life = town.life("C04")
    await life.submit()
    await life.receive()
    received = town.now()
    town.to(workdays_after(received_on, 2))
    await life.accept()

    clocks = await town.clocks(life.case_no, "DECISION", "PROMISED")

    assert clocks["DECISION"]["due"]["on"] == workdays_after(received_on, 7).isoformat()
    assert clocks["PROMISED"]["due"]["on"] == workdays_after(received_on, 3).isoformat()
    assert "建筑法第8条" in clocks["DECISION"]["why"]["zh"]

    town.to(workdays_after(received_on, 4), received.time())
    watched = await town.watched(life.case_no, lights=("YELLOW",))
    assert "RED" not in lamps(watched)
    assert (await town.clocks(life.case_no))["PROMISED"]["state"] == "MISSED"
    assert (await town.clocks(life.case_no))["DECISION"]["state"] == "RUNNING"

    town.to(workdays_after(received_on, 8), received.time())
    watched = await town.watched(life.case_no, lights=("YELLOW", "RED"))
    days = {level: at[:10] for level, at in lamps(watched).items()}
    assert days["YELLOW"] == workdays_after(received_on, 3).isoformat()
    assert days["RED"] == workdays_after(received_on, 7).isoformat()

    chief = await town.officer("CHIEF_REPRESENTATIVE", "C04")
    late = await town.refused(chief, life.case_no, "extension", {"days": 5, "reason": "图纸较多"})
    assert late == (409, "approval.limit-over")
    await life.examine()
    await life.decide()
    await life.hand_over()
    await town.watched(life.case_no, "approval.case.decided.v1")
    decision = (await town.clocks(life.case_no))["DECISION"]
    assert decision["state"] == "MISSED"
    assert decision["due"]["on"] == workdays_after(received_on, 7).isoformat() < decision["met_at"][:10]
    await town.papers(life.case_no, *PAPERS, certificates=1)
