"""E02 食品经营许可: one notice for a faulty material, supplied, inspected by two, refused with facts and reasons."""

from datetime import date

from demo.api import expect
from demo.life import Life
from tests.support.day_walk import workdays_after
from tests.support.journeys import Town
from tests.support.steps import account, act_in, act_on, application, clocks_named, printed, refused

FAULT = {"material_no": 3, "fault": "操作流程图未标注清洗区", "remedy": "补充标注后重新上传"}
REFUSAL = {
    "outcome": "REFUSED",
    "facts": "现场核查发现加工区与卫生间之间没有隔断",
    "reasons": "经营布局不符合食品安全要求",
    "legal_basis": "《食品经营许可和备案管理办法》第十二条、《行政许可法》第三十八条第二款",
    "technical_standard": "《餐饮服务食品安全操作规范》第三章",
}


async def test_arts_32_and_38_a_food_licence_is_supplied_once_inspected_and_refused(town: Town) -> None:
    life = town.life("E02", way_in="ONLINE")
    supplied_on = await _supplied_once(town, life)
    await _accepted_as_of_the_supply(town, life, supplied_on)
    await _inspected_by_two(town, life, supplied_on)
    await _refused_with_reasons(town, life, supplied_on)


async def _supplied_once(town: Town, life: Life) -> date:
    received_on = town.office_opens()
    clerk = await town.hall.person("clerk1")
    await life.submit()
    await life.receive()
    notice = await town.clock_until(life.case_no, "NOTICE", state="RUNNING", due=workdays_after(received_on, 5))
    assert "第三十二条" in notice["why"]["zh"]

    # One notice, of the published list only; nothing is accepted while the applicant supplies.
    unlisted = FAULT | {"material_no": 99}
    refused(
        await act_on(clerk, life, "supplement-notice", {"faults": [unlisted]}), "intake.invalid", "supplement.unlisted"
    )
    await life.request_supplement([FAULT])
    refused(await act_on(clerk, life, "supplement-notice", {"faults": [FAULT]}), "intake.supplement-already-requested")
    refused(await act_on(clerk, life, "acceptance"), "intake.wrong-state")
    supply = await town.clock_until(life.case_no, "SUPPLEMENT", state="RUNNING", due=workdays_after(received_on, 15))
    assert (supply["whose"], (await town.clocks(life.case_no))["NOTICE"]["state"]) == ("APPLICANT", "MET")

    # Supplied two days later: from here the window has five days again, and it cannot refuse acceptance any more.
    supplied_on = workdays_after(received_on, 2)
    town.to(supplied_on)
    await life.supply()
    refusal = {"kind": "FALSE_MATERIALS", "reason": "布局不合要求"}
    refused(await act_on(clerk, life, "refusal", refusal), "intake.must-accept")
    await town.clock_until(life.case_no, "SUPPLEMENT", state="MET")
    again = (await clocks_named(town, life, "NOTICE"))[-1]
    assert (again["started_on"], again["due"]["on"]) == (str(supplied_on), str(workdays_after(supplied_on, 5)))
    return supplied_on


async def _accepted_as_of_the_supply(town: Town, life: Life, supplied_on: date) -> None:
    """Accepted a day later, and the ten and seven working days count from the supply."""
    accepted_on = workdays_after(supplied_on, 1)
    town.to(accepted_on)
    await life.accept()
    legal, promised = workdays_after(supplied_on, 10), workdays_after(supplied_on, 7)
    decision = await town.clock_until(life.case_no, "DECISION", state="RUNNING", due=legal, started_on=supplied_on)
    await town.clock_until(life.case_no, "PROMISED", state="RUNNING", due=promised)
    assert "期限为10个工作日" in decision["why"]["zh"]


async def _inspected_by_two(town: Town, life: Life, supplied_on: date) -> None:
    """A site check stops no clock, needs two officers, and there is no decision before it is recorded."""
    handler, chief = await town.officer("HANDLER", "E02"), await town.officer("CHIEF_REPRESENTATIVE", "E02")
    pause = {"kind": "SITE_CHECK", "expected_workdays": 3, "notice": "现场核查需3个工作日"}
    refused(await act_in(chief, life, "suspensions", pause), "approval.not-a-special-procedure")
    await life.examine("REFUSE", "拟不予许可，待现场核查")
    inspectors = [
        await account(handler),
        {"account_id": "scjg-inspector-2", "name": "肖建国", "officer_no": "18120002"},
    ]
    alone = {"inspectors": inspectors[:1], "purpose": "经营布局与设备设施"}
    refused(await act_in(handler, life, "inspectors", alone), "approval.too-few-inspectors")
    expect(await act_in(handler, life, "inspectors", alone | {"inspectors": inspectors}), 201, "inspectors")
    refused(await act_in(chief, life, "decision", REFUSAL), "approval.site-check-open")
    await town.clock_until(life.case_no, "INSPECTORS", state="MET", due=workdays_after(supplied_on, 5))

    # Checked when five of the seven promised days are used: the warning lamp is on.
    checked_on = workdays_after(supplied_on, 6)
    town.to(checked_on)
    record = {
        "inspectors": [inspector["account_id"] for inspector in inspectors],
        "checked_at": town.now().isoformat(),
        "place": "迎丰中路18号",
        "facts": REFUSAL["facts"],
        "passed": False,
        "party_present": "赵雅琴",
    }
    refused(await act_in(chief, life, "site-checks", record), "approval.not-an-inspector")
    expect(await act_in(handler, life, "site-checks", record), 201, "site check")
    watched = await town.watched(life.case_no, "approval.site_check.recorded.v1", lights=("WARNING",))
    assert [light["level"] for light in watched["lights"]] == ["WARNING"]


async def _refused_with_reasons(town: Town, life: Life, supplied_on: date) -> None:
    """Not without facts, reasons and basis; the paper names them and both remedies."""
    handler, chief = await town.officer("HANDLER", "E02"), await town.officer("CHIEF_REPRESENTATIVE", "E02")
    refused(await act_in(chief, life, "decision", {"outcome": "REFUSED"}), "approval.incomplete-decision")
    no_standard = REFUSAL | {"technical_standard": ""}
    refused(await act_in(chief, life, "decision", no_standard), "approval.incomplete-decision", "required")
    refused(await act_in(handler, life, "decision", REFUSAL), "platform.forbidden")
    expect(await act_in(chief, life, "decision", REFUSAL), 201, "refusal")
    refused(await act_in(chief, life, "decision", REFUSAL), "approval.wrong-state")
    await town.clock_until(life.case_no, "DECISION", state="MET", due=workdays_after(supplied_on, 10))
    await town.clock_until(life.case_no, "PROMISED", state="MET", due=workdays_after(supplied_on, 7))
    paper = await printed(town, life, "REFUSAL_DECISION")
    for words in (
        REFUSAL["facts"],
        REFUSAL["reasons"],
        REFUSAL["technical_standard"],
        "60日内",
        "6个月内",
        "鹤城区人民法院",
    ):
        assert words in paper, words

    await life.hand_over("COLLECTION")
    seen = await application(town, life, state="CONCLUDED", outcome="REFUSED")
    assert (seen["delivery_due"], len(seen["earlier_supplements"])) == (None, 0)
    papers = await town.papers(life.case_no, "RECEIPT", "SUPPLEMENT_NOTICE", "ACCEPTANCE_NOTICE", "SITE_CHECK_RECORD")
    assert papers["certificates"] == []
    assert "DELIVERY" not in await town.clocks(life.case_no)
    watched = await town.watched(life.case_no, "intake.case.concluded.v1")
    assert (watched["outcome"], watched["differences"]) == ("REFUSED", [])
