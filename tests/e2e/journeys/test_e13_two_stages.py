"""E13 互联网上网服务营业场所: approval to set up within 20 days, then, whenever it is ready, the licence within 15."""

from typing import Any

from httpx import Response

from demo.api import expect
from demo.life import Life
from tests.support.day_walk import workdays_after
from tests.support.journeys import Town
from tests.support.steps import account, act_in, application, printed, refused

FUNDS = "资金信用证明"  # asked for in the first stage only
REFUSAL = {
    "outcome": "REFUSED",
    "facts": "选址距中学校门不足二百米",
    "reasons": "选址不符合规定",
    "legal_basis": "《互联网上网服务营业场所管理条例》第九条、《行政许可法》第三十八条第二款",
}


async def test_art_11_the_final_review_follows_the_granted_setting_up(town: Town) -> None:
    """互联网上网服务营业场所管理条例第11条: 20 working days, then 15 of its own; nothing runs in between."""
    first_on = town.office_opens()
    first = town.life("E13")
    refused(await _ask(town, first, scenario="E13-2"), "intake.stage-not-open")
    refused(await _ask(town, first, scenario="E13-3"), "intake.invalid", "scenario.unknown")
    await _accepted(town, first)

    seen = await application(town, first, scenario="E13-1", follows=None)
    assert seen["item"]["name"].endswith("（筹建批准）")
    assert FUNDS in _names(seen)
    clocks = await town.clocks(first.case_no, "DECISION", "PROMISED")
    assert clocks["DECISION"]["due"] == {"on": str(workdays_after(first_on, 20)), "provisional": False}
    assert "期限为20个工作日" in clocks["DECISION"]["why"]["zh"]
    assert clocks["PROMISED"]["due"]["on"] == str(workdays_after(first_on, 10))
    # Accepted is not granted.
    refused(await _ask(town, first, follows=first.case_no), "intake.stage-not-open")

    town.to(workdays_after(first_on, 5))
    await _granted(town, first)
    assert (await town.papers(first.case_no, "GRANT_DECISION", "PROOF_OF_SERVICE"))["certificates"] == []
    assert "筹建批准" in await printed(town, first, "GRANT_DECISION")

    # Four months of building: no clock of the first stage runs, and nobody is late.
    town.to(second_on := workdays_after(first_on, 80))
    await _other_ways_in(town, first)
    second = town.life("E13")
    await _accepted(town, second, follows=first.case_no)
    states = {name: clock["state"] for name, clock in (await town.clocks(first.case_no)).items()}
    assert set(states.values()) == {"MET"}, states

    seen = await application(town, second, scenario="E13-2", follows=first.case_no)
    assert seen["item"]["name"].endswith("（最终审核）")
    assert FUNDS not in _names(seen)
    clocks = await town.clocks(second.case_no, "DECISION", "PROMISED")
    assert clocks["DECISION"]["due"] == {"on": str(workdays_after(second_on, 15)), "provisional": False}
    assert "期限为15个工作日" in clocks["DECISION"]["why"]["zh"]
    assert clocks["PROMISED"]["due"]["on"] == str(workdays_after(second_on, 10))

    town.to(workdays_after(second_on, 5))
    await _granted(town, second)
    papers = await town.papers(second.case_no, "GRANT_DECISION", "PROOF_OF_SERVICE", certificates=1)
    assert [one["type_name"] for one in papers["certificates"]] == ["网络文化经营许可证"]
    for life in (first, second):
        watched = await town.watched(life.case_no, "intake.case.concluded.v1")
        assert (watched["lights"], watched["differences"]) == ([], [])


async def test_a_refused_setting_up_opens_no_final_review(town: Town) -> None:
    town.office_opens()
    life = town.life("E13", town.enterprise(2))
    await _accepted(town, life)
    await life.examine("REFUSE", "选址不符合规定")
    await life.decide(REFUSAL)
    await application(town, life, state="DECIDED", outcome="REFUSED")

    refused(await _ask(town, life, follows=life.case_no), "intake.stage-not-open")


async def _other_ways_in(town: Town, first: Life) -> None:
    """Somebody else cannot build on this approval, nor does an item without stages have a second one."""
    refused(await _ask(town, town.life("E13", town.enterprise(2)), follows=first.case_no), "intake.stage-not-open")
    refused(await _ask(town, town.life("E12"), follows=first.case_no), "intake.invalid", "stage.none")
    missing = first.case_no[:-4] + "9999"
    refused(await _ask(town, first, follows=missing), "intake.stage-not-open")


def _names(seen: dict[str, Any]) -> set[str]:
    return {material["name"] for material in seen["materials"]}


async def _ask(town: Town, life: Life, **values: str) -> Response:
    clerk = await town.hall.person("clerk1")
    applicant = {"applicant": life.who.applicant, "agent": life.who.agent, "reuse": "auto"}
    return await clerk.post("/api/v1/applications", {"item_code": life.item["item_code"]} | applicant | values)


async def _accepted(town: Town, life: Life, **values: str) -> None:
    life.application = expect(await _ask(town, life, **values), 201, f"{life.name} 提交申请")
    await life.receive()
    await life.accept()


async def _granted(town: Town, life: Life) -> None:
    """Seen on site by two, as each stage asks for; granted and handed over."""
    handler = await town.officer("HANDLER", "E13")
    inspectors = [await account(handler), {"account_id": "wlj-inspector-2", "name": "覃同行", "officer_no": "18120002"}]
    assigned = {"inspectors": inspectors, "purpose": "营业场所、计算机及安全技术措施"}
    expect(await act_in(handler, life, "inspectors", assigned), 201, "inspectors")
    found = {
        "inspectors": [one["account_id"] for one in inspectors],
        "checked_at": town.now().isoformat(),
        "place": "迎丰中路66号二楼",
        "facts": "场所面积、出入口与图纸一致",
        "passed": True,
    }
    expect(await act_in(handler, life, "site-checks", found), 201, "site check")
    await life.examine()
    await life.decide()
    await life.hand_over()
    await application(town, life, state="CONCLUDED", outcome="GRANTED")
