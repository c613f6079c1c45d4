"""K01 开办餐饮店: a member by condition, one refused, one clock over all of them."""

from datetime import date

from demo.api import expect
from tests.support.day_walk import workdays_after, workdays_between
from tests.support.journeys import Town
from tests.support.journeys_bundle import REFUSAL, Bundle

PAUSE = {"kind": "检测", "expected_workdays": 5, "notice": "后厨用水送检，需要五个工作日"}
MORE_TIME = {"workdays": 15, "reason": "涉及多个部门会商", "approval_no": "鹤政批〔2026〕1号"}
WRONG_STATE = (409, "intake.bundle-wrong-state")


async def test_k01_a_small_place_needs_no_fire_inspection(town: Town) -> None:
    """The condition is data: the guide asks one question and the plan follows the answer."""
    plan = "/api/v1/bundles/K01/plan"

    small = expect(await town.hall.public.post(plan, {"form": {"area_m2": 299}}), 200, "plan")
    large = expect(await town.hall.public.post(plan, {"form": {"area_m2": 300}}), 200, "plan")
    unknown = expect(await town.hall.public.post(plan, {}), 200, "plan")

    parts = [next(m["part"] for m in one["members"] if m["member_id"] == "E05") for one in (small, large, unknown)]
    assert parts == ["NOT_NEEDED", "TAKES_PART", "UNDECIDED"]


async def test_k01_a_refused_member_drowns_nobody_and_one_clock_runs_for_all(town: Town) -> None:
    accepted_on = town.office_opens()
    bundle = await _accepted(town)
    assert bundle.states == {"E01": "SATISFIED", "E02": "RUNNING", "E05": "RUNNING", "E07": "RUNNING"}
    await _check_the_clock(town, bundle, accepted_on)

    # The food licence waits for the laboratory; the fire inspection and the sign are decided meanwhile.
    market = await town.officer("CHIEF_REPRESENTATIVE", "E02")
    town.to(paused_on := workdays_after(accepted_on, 1))
    await town.act(market, bundle.case_no("E02"), "suspensions", PAUSE)
    town.to(alone_on := workdays_after(accepted_on, 3))
    await bundle.decide("E05")
    await bundle.decide("E07", REFUSAL)
    await bundle.until_states(E05="GRANTED", E07="REFUSED", E02="RUNNING")
    await bundle.until(lambda b: b.shown["legal"]["state"] == "PAUSED", "the clock of the whole stands still")
    assert bundle.shown["state"] == "ACCEPTED"
    early = {"method": "COLLECTION", "recipient_name": "李"}
    assert await bundle.problem("hand-over", early, who=await town.hall.person("handover1")) == WRONG_STATE

    # From the day the others were decided until the resumption nobody's clock ran: only this moves the whole.
    town.to(resumed_on := workdays_after(accepted_on, 6))
    await town.act(market, bundle.case_no("E02"), "resumption", {"result": "检测合格"})
    assert workdays_between(paused_on, resumed_on) == 5
    due = workdays_after(accepted_on, 45 + 15 + workdays_between(alone_on, resumed_on)).isoformat()
    await bundle.until(lambda b: b.shown["legal"]["state"] == "RUNNING", "the clock of the whole runs again")
    assert bundle.shown["legal"]["due"] == {"on": due, "provisional": False}
    assert "延长15个工作日" in bundle.shown["legal"]["why_zh"]
    await town.clock_until(bundle.case_no("E02"), "JOINT", due=due)
    await bundle.decide("E02")
    await bundle.until(lambda b: b.shown["state"] == "DECIDED", "every member decided")

    assert bundle.shown["partial"]
    await bundle.hand_over()
    assert bundle.shown["state"] == "CONCLUDED"
    assert bundle.shown["legal"]["state"] == "MET"
    for granted in ("E02", "E05"):
        await town.papers(bundle.case_no(granted), "GRANT_DECISION", "PROOF_OF_SERVICE", certificates=1)
    refused = await town.papers(bundle.case_no("E07"), "REFUSAL_DECISION", "PROOF_OF_SERVICE")
    assert refused["certificates"] == []
    watched = await town.watched(bundle.case_no("E07"), "intake.bundle_member.started.v1", "intake.case.concluded.v1")
    assert watched["outcome"] == "REFUSED"


async def _accepted(town: Town) -> Bundle:
    """One list: what is lacking is told at once, what is given once reaches every member that needs it."""
    who = town.enterprise(2)
    form = {"area_m2": 350, "trade": "热食类食品制售"}
    bundle = await Bundle.submitted(town, "K01", who.applicant, agent=who.agent, form=form, members=["E07"])
    assert await bundle.problem("acceptance") == WRONG_STATE

    papers = bundle.papers()
    common = next(m for m in bundle.shown["materials"] if len(m["needed_by"]) > 1)
    assert common["source"] == "CERTIFICATE"
    await bundle.do("receipt", {"materials": papers[1:]})
    lacking = await bundle.attempt("acceptance")
    assert (lacking.status_code, lacking.json()["code"]) == (409, "intake.bundle-materials-missing")
    assert [error["pointer"] for error in lacking.json()["errors"]] == [f"#/materials/{papers[0]['material_no']}"]
    await bundle.upload(papers[0]["material_no"])
    await bundle.do("acceptance")
    return bundle


async def _check_the_clock(town: Town, bundle: Bundle, accepted_on: date) -> None:
    """Forty-five working days, promised ten; supervision counts the same; the government gives more, once."""
    legal = bundle.shown["legal"]
    assert (legal["due"]["on"], legal["state"]) == (workdays_after(accepted_on, 45).isoformat(), "RUNNING")
    assert legal["article"] == "行政许可法第26、42条第2款"
    assert bundle.shown["promised"]["due"]["on"] == workdays_after(accepted_on, 10).isoformat()
    joint = (await town.clocks(bundle.case_no("E02"), "JOINT"))["JOINT"]
    assert joint["due"] == legal["due"]
    assert await _late_extension(town, bundle) == (409, "intake.bundle-already-extended")


async def _late_extension(town: Town, bundle: Bundle) -> tuple[int, str]:
    """More time is given by the head of the government, once; what a second attempt answers."""
    head = await town.hall.person("head1")
    assert await bundle.problem("extension", MORE_TIME) == (403, "platform.forbidden")
    before = bundle.shown["legal"]["due"]["on"]
    await bundle.do("extension", MORE_TIME, who=head)
    assert bundle.shown["legal"]["due"]["on"] > before
    return await bundle.problem("extension", MORE_TIME, who=head)
