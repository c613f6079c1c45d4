"""K03 新生儿: the child's ID number exists only after the household registration; insurance and card wait for it."""

from tests.support.day_walk import workdays_after
from tests.support.journeys import Town
from tests.support.journeys_bundle import Bundle

HEALTH, POLICE = "11431202006100061P", "114312020061000377"
INSURANCE, LABOUR = "11431202006100192K", "11431202006100053W"
CHILD, FALSE_NUMBER = "431202188802290057", "431202188802290058"
BIRTH, VACCINATION = "出生医学证明签发", "预防接种证办理"
HEALTH_INSURANCE, CARD = "城乡居民基本医疗保险参保登记", "社会保障卡申领"


async def test_k03_the_card_waits_until_the_child_has_a_number(town: Town) -> None:
    accepted_on = town.office_opens()
    bundle = await Bundle.submitted(town, "K03", town.hall.citizen(1).applicant, members=["P09"])
    await bundle.receive_and_accept()

    assert bundle.states == {
        BIRTH: "RUNNING",
        "P02": "WAITING",
        VACCINATION: "WAITING",
        HEALTH_INSURANCE: "WAITING",
        CARD: "WAITING",
        "P09": "RUNNING",
    }
    assert bundle.shown["promised"]["due"]["on"] == workdays_after(accepted_on, 5).isoformat()
    await bundle.decide("P09")
    await bundle.until_states(P09="GRANTED")

    # The hospital's certificate is issued a day later: the registration needs it and nobody asks for it.
    town.to(born_on := workdays_after(accepted_on, 1))
    await bundle.result(BIRTH, HEALTH, {"outcome": "GRANTED", "document_no": "S430000001"})
    assert {bundle.states["P02"], bundle.states[VACCINATION]} == {"RUNNING"}
    assert bundle.member("P02")["application_state"] == "ACCEPTED"
    assert (await town.clocks(bundle.case_no("P02"), "DECISION"))["DECISION"]["due"]["on"] == born_on.isoformat()
    await bundle.decide("P02")
    await bundle.until_states(P02="GRANTED")

    # Registered, but the number is not recorded yet: nothing that needs it starts.
    assert {bundle.states[HEALTH_INSURANCE], bundle.states[CARD]} == {"WAITING"}
    police, number = await bundle.desk(POLICE), "members/P02/result"
    card = await bundle.problem(f"members/{CARD}/result", {"outcome": "GRANTED"}, who=await bundle.desk(LABOUR))
    assert card == (409, "intake.bundle-member-wrong-state")
    assert await bundle.problem(number, {"outcome": "GRANTED"}, who=police) == (422, "intake.invalid")
    false = await bundle.attempt(number, {"outcome": "GRANTED", "number": FALSE_NUMBER}, who=police)
    assert false.status_code == 422
    assert FALSE_NUMBER not in false.text
    await bundle.do(number, {"outcome": "GRANTED", "number": CHILD}, who=police)
    assert {bundle.states[HEALTH_INSURANCE], bundle.states[CARD]} == {"RUNNING"}
    assert bundle.member("P02")["masked_number"] == "4****************7"
    assert CHILD not in str(bundle.shown)
    assert bundle.member(CARD)["promised_due"]["on"] == workdays_after(born_on, 5).isoformat()

    town.to(workdays_after(born_on, 2))
    await bundle.result(VACCINATION, HEALTH)
    await bundle.result(HEALTH_INSURANCE, INSURANCE)
    await bundle.result(CARD, LABOUR, {"outcome": "GRANTED", "document_no": "SSC430001"})
    assert (bundle.shown["state"], bundle.shown["partial"]) == ("DECIDED", False)
    await bundle.hand_over()

    assert bundle.shown["legal"]["due"]["on"] == workdays_after(accepted_on, 45).isoformat()
    assert (bundle.shown["legal"]["state"], bundle.shown["promised"]["state"]) == ("MET", "MET")
    joint = await town.clock_until(bundle.case_no("P02"), "JOINT", state="MET")
    assert joint["due"]["on"] == bundle.shown["legal"]["due"]["on"]
    assert joint["started_on"] == accepted_on.isoformat()
    register = await town.papers(bundle.case_no("P02"), "GRANT_DECISION", "PROOF_OF_SERVICE", certificates=1)
    assert register["certificates"][0]["type_name"] == "居民户口簿"
