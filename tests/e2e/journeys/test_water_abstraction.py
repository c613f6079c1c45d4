"""E17 取水许可: a dispute suspends the case and moves its date by exactly the pause; a site survey moves nothing."""

from datetime import time

from demo.api import expect
from tests.support.day_walk import workdays_after, workdays_between
from tests.support.journeys import Town, lamps

SURVEY = {"kind": "现场踏勘", "expected_workdays": 3, "notice": "现场踏勘三个工作日"}
DISPUTE = {"kind": "OWN_LAW", "expected_workdays": 10, "notice": "下游用水户提出争议，中止审查", "cause": "取水争议"}


async def test_e17_art_19_only_a_suspension_the_law_names_moves_the_date(town: Town) -> None:
    """取水许可和水资源费征收管理条例第18、19条: 45 working days."""
    accepted_on = town.office_opens()
    life = town.life("E17")
    await life.submit()
    await life.receive()
    await life.accept()
    first = workdays_after(accepted_on, 45)

    clocks = await town.clocks(life.case_no, "DECISION", "PROMISED")

    assert clocks["DECISION"]["due"] == {"on": first.isoformat(), "provisional": False}
    assert clocks["PROMISED"]["due"]["on"] == workdays_after(accepted_on, 15).isoformat()

    # A survey: it stops nothing by itself, and it cannot be declared a pause.
    handler, chief = await town.officer("HANDLER", "E17"), await town.officer("CHIEF_REPRESENTATIVE", "E17")
    town.to(workdays_after(accepted_on, 3))
    pair = await town.inspectors("E17")
    await town.act(handler, life.case_no, "inspectors", {"inspectors": pair, "purpose": "取水口现场踏勘"})
    not_a_pause = await town.refused(chief, life.case_no, "suspensions", SURVEY)
    assert not_a_pause == (422, "approval.not-a-special-procedure")
    town.to(workdays_after(accepted_on, 5))
    record = {
        "inspectors": [one["account_id"] for one in pair],
        "checked_at": town.now().isoformat(),
        "place": "舞水河取水口",
        "facts": "取水口位置与图纸一致",
        "passed": True,
    }
    await town.act(handler, life.case_no, "site-checks", record)
    await town.watched(life.case_no, "approval.site_check.recorded.v1")
    clocks = await town.clocks(life.case_no)
    assert clocks["INSPECTORS"]["state"] == "MET"
    assert clocks["DECISION"]["due"]["on"] == first.isoformat()

    # A dispute: the item's own law suspends, from this evening to a morning in the week after next.
    town.to(paused_on := workdays_after(accepted_on, 6), at=time(17))
    await town.act(chief, life.case_no, "suspensions", DISPUTE)
    paused = await town.clock_until(life.case_no, "DECISION", state="PAUSED")
    assert paused["due"]["provisional"]
    town.to(resumed_on := workdays_after(paused_on, 7), at=time(9))
    grown = await town.clock_until(life.case_no, "DECISION", due=workdays_after(accepted_on, 45 + 7))
    assert grown["state"] == "PAUSED"
    assert await town.refused(handler, life.case_no, "suspensions", DISPUTE) == (403, "platform.forbidden")
    await town.act(handler, life.case_no, "resumption", {"result": "争议已由镇政府调解解决"})

    moved = workdays_between(paused_on, resumed_on)
    decision = await town.clock_until(life.case_no, "DECISION", state="RUNNING")
    assert moved == 7
    assert decision["due"] == {"on": workdays_after(accepted_on, 45 + moved).isoformat(), "provisional": False}
    pause = next(one for one in decision["why"]["reasons"] if one["kind"] == "PAUSE")
    assert (pause["from_on"], pause["to_on"], pause["days"]) == (paused_on.isoformat(), resumed_on.isoformat(), moved)
    assert "争议" in decision["why"]["zh"]
    case = expect(await chief.get(f"/api/v1/cases/{life.case_no}/examination"), 200, "E17 examination")
    assert case["legal_due"]["on"] == decision["due"]["on"]

    await life.examine()
    await life.decide()
    await life.hand_over()
    assert (await town.clock_until(life.case_no, "PROMISED", state="MET"))["met_at"]
    watched = await town.watched(life.case_no, "intake.case.concluded.v1", "approval.case.resumed.v1")
    assert lamps(watched) == {}
    kinds = ("SITE_CHECK_RECORD", "SPECIAL_PROCEDURE_NOTICE", "GRANT_DECISION", "PROOF_OF_SERVICE")
    await town.papers(life.case_no, *kinds, certificates=1)
