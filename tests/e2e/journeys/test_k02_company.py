"""K02 企业开办: the company is registered first, then everything else runs side by side."""

from tests.support.day_walk import workdays_after
from tests.support.journeys import Town
from tests.support.journeys_bundle import Bundle

POLICE, LABOUR = "114312020061000377", "11431202006100053W"
TAX, HOUSING_FUND = "11431202006100184Q", "124312020061002056"
CHOSEN = ["税务信息确认与发票申领", "住房公积金单位缴存登记", "银行预约开户"]
# Registered by nobody yet: the library holds no licence under this number.
FOUNDED = {"party_type": "ORGANISATION", "number": "91431202MA0000226H", "name": "鹤城区新芽餐饮有限公司"}


async def test_k02_registered_first_then_all_the_others_side_by_side(town: Town) -> None:
    accepted_on = town.office_opens()
    bundle = await Bundle.submitted(town, "K02", FOUNDED, members=CHOSEN)
    await bundle.receive_and_accept()

    assert {bundle.states[step] for step in CHOSEN} == {"WAITING"}
    assert bundle.states["E01"] == "RUNNING"
    assert bundle.shown["promised"]["due"]["on"] == workdays_after(accepted_on, 1).isoformat()
    seal = ("members/公章刻制备案/result", {"outcome": "GRANTED"})
    early = await bundle.problem(*seal, who=await bundle.desk(POLICE))
    assert early == (409, "intake.bundle-member-wrong-state")

    town.to(founded_on := workdays_after(accepted_on, 1))
    await bundle.decide("E01")
    await bundle.until(lambda b: list(b.states.values()).count("RUNNING") == 5, "five steps run side by side")
    due = {name: bundle.member(name)["promised_due"]["on"] for name in bundle.states if name != "E01"}
    assert due == {
        "公章刻制备案": founded_on.isoformat(),
        "税务信息确认与发票申领": workdays_after(founded_on, 1).isoformat(),
        "社会保险登记": founded_on.isoformat(),
        "住房公积金单位缴存登记": founded_on.isoformat(),
        "银行预约开户": workdays_after(founded_on, 1).isoformat(),
    }

    # Another department's step does not exist for the tax office; a refusal says why.
    assert await bundle.problem(*seal, who=await bundle.desk(TAX)) == (404, "intake.bundle-member-not-found")
    bare = await bundle.problem(
        "members/住房公积金单位缴存登记/result", {"outcome": "REFUSED"}, who=await bundle.desk(HOUSING_FUND)
    )
    assert bare == (422, "intake.invalid")
    await bundle.result("公章刻制备案", POLICE, {"outcome": "GRANTED", "document_no": "鹤公章备〔2026〕12号"})
    await bundle.result("社会保险登记", LABOUR)
    await bundle.result("税务信息确认与发票申领", TAX)
    refused = {"outcome": "REFUSED", "reason": "未提供缴存职工名册"}
    await bundle.result("住房公积金单位缴存登记", HOUSING_FUND, refused)
    await bundle.result("银行预约开户", None)

    assert (bundle.shown["state"], bundle.shown["partial"]) == ("DECIDED", True)
    assert bundle.member("住房公积金单位缴存登记")["reason"] == "未提供缴存职工名册"
    assert bundle.shown["promised"]["state"] == "MET"
    await bundle.hand_over()
    assert bundle.shown["state"] == "CONCLUDED"
    licence = await town.papers(bundle.case_no("E01"), "GRANT_DECISION", "PROOF_OF_SERVICE", certificates=1)
    assert licence["certificates"][0]["type_name"] == "营业执照"
    assert (await town.clock_until(bundle.case_no("E01"), "JOINT", state="MET"))["started_on"] == str(accepted_on)
