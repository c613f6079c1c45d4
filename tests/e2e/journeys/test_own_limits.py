"""E12 and E16: limits of an item's own law, three working days and three months, and what moves them."""

from datetime import time, timedelta

from demo.api import expect
from tests.support.day_walk import days_after, months_after, workdays_after, workdays_between
from tests.support.journeys import Town, lamps

REVIEW = {"kind": "EXPERT_REVIEW", "expected_workdays": 6, "notice": "组织专家评审，需要六个工作日"}


async def test_e12_art_13_a_performance_is_decided_within_three_days(town: Town) -> None:
    """营业性演出管理条例第13条. One material may follow later (容缺); nothing is granted before it is in."""
    accepted_on = town.office_opens()
    life = town.life("E12")
    await life.submit()
    promised_on = workdays_after(accepted_on, 2).isoformat()
    papers = [{"material_no": no, "source": "PAPER_ORIGINAL"} for no in life.missing() if no != 5]
    later = {"material_no": 5, "source": "DEFERRED", "promised_on": promised_on}
    clerk = await town.hall.person("clerk1")
    answer = await clerk.post(f"{life.path}/receipt", {"materials": [*papers, later]}, version=1)
    life.application = expect(answer, 201, "E12 receipt with a deferred material")
    await life.accept()

    clocks = await town.clocks(life.case_no, "DECISION", "PROMISED", "DEFERRED_MATERIAL")

    assert clocks["DECISION"]["due"]["on"] == workdays_after(accepted_on, 3).isoformat()
    assert "营业性演出管理条例第13条" in clocks["DECISION"]["why"]["zh"]
    assert clocks["PROMISED"]["due"]["on"] == promised_on
    assert clocks["DEFERRED_MATERIAL"]["due"]["on"] == promised_on

    await life.examine()
    chief = await town.officer("CHIEF_REPRESENTATIVE", "E12")
    early = await town.refused(chief, life.case_no, "decision", {"outcome": "GRANTED"})
    assert early == (409, "approval.material-outstanding")

    town.to(workdays_after(accepted_on, 2), at=time(17))
    seen = expect(await clerk.get(life.path), 200, "E12 application")
    paper = {"materials": [{"material_no": 5, "source": "PAPER_ORIGINAL"}]}
    answer = await clerk.post(f"{life.path}/deferred-materials", paper, version=seen["version"])
    life.application = expect(answer, 201, "E12 the deferred material")
    await town.clock_until(life.case_no, "DEFERRED_MATERIAL", state="MET")
    town.to(workdays_after(accepted_on, 3), at=time(9))
    await town.watched(life.case_no, "intake.deferred_material.supplied.v1", lights=("YELLOW",))
    await life.decide()
    await life.hand_over()

    assert (await town.clock_until(life.case_no, "DECISION", state="MET"))["met_at"]
    assert (await town.clocks(life.case_no))["PROMISED"]["state"] == "MISSED"
    # A promise of two days has no "two days before"; the law was kept.
    assert set(lamps(await town.watched(life.case_no, "intake.case.concluded.v1"))) == {"YELLOW"}
    await town.papers(life.case_no, "GRANT_DECISION", "PROOF_OF_SERVICE", certificates=1)


async def test_e16_art_17_three_months_and_an_expert_review(town: Town) -> None:
    """民办教育促进法第17条, 民法典第202条. The review stops the clock, the public notice does not."""
    accepted_on = town.office_opens()
    life = town.life("E16")
    await life.submit()
    await life.receive()
    await life.accept()

    clocks = await town.clocks(life.case_no, "DECISION", "PROMISED")

    assert clocks["DECISION"]["due"]["on"] == months_after(accepted_on, 3).isoformat()
    assert clocks["PROMISED"]["due"]["on"] == workdays_after(accepted_on, 20).isoformat()
    assert "3个月（民办教育促进法第17条）" in clocks["DECISION"]["why"]["zh"]

    chief = await town.officer("CHIEF_REPRESENTATIVE", "E16")
    await town.opened(life.case_no, chief)
    notice = REVIEW | {"kind": "公示", "notice": "公示七日"}
    no_pause = await town.refused(chief, life.case_no, "suspensions", notice)
    assert no_pause == (422, "approval.not-a-special-procedure")

    town.to(paused_on := workdays_after(accepted_on, 2))
    await town.act(chief, life.case_no, "suspensions", REVIEW)
    paused = await town.clock_until(life.case_no, "DECISION", state="PAUSED")
    assert paused["due"]["provisional"]
    own = await town.clocks(life.case_no, "SPECIAL_PROCEDURE")
    assert own["SPECIAL_PROCEDURE"]["due"]["on"] == workdays_after(paused_on, 6).isoformat()
    undecided = await town.refused(chief, life.case_no, "decision", {"outcome": "GRANTED"})
    assert undecided == (409, "approval.wrong-state")

    town.to(resumed_on := workdays_after(paused_on, 4))
    await town.act(chief, life.case_no, "resumption", {"result": "专家评审通过"})
    standstill = (resumed_on - paused_on).days
    due = days_after(months_after(accepted_on, 3, open_day=False), standstill)
    decision = await town.clock_until(life.case_no, "DECISION", state="RUNNING", due=due)
    promised = workdays_after(accepted_on, 20 + workdays_between(paused_on, resumed_on))
    assert (await town.clocks(life.case_no))["PROMISED"]["due"]["on"] == promised.isoformat()
    assert "专家评审" in decision["why"]["zh"]

    await life.examine()
    await life.decide({"outcome": "GRANTED", "valid_until": (town.today() + timedelta(days=365)).isoformat()})
    await life.hand_over()
    assert (await town.clock_until(life.case_no, "DECISION", state="MET"))["due"]["on"] == due.isoformat()
    # Four of the six days told for the review were used: that is warned of, the case itself is in time.
    watched = await town.watched(life.case_no, "intake.case.concluded.v1")
    assert [light["rule"] for light in watched["lights"]] == ["special-procedure-warning"]
    await town.papers(life.case_no, "SPECIAL_PROCEDURE_NOTICE", "GRANT_DECISION", certificates=1)
