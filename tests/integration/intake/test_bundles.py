"""Bundles within intake: K01 to K04, decisions heard as approval tells them."""

import pytest

from contracts.events.common import Outcome
from tests.integration.intake.bundle_desk import BundleDesk, a_company, member_of, states
from tests.integration.intake.desk import BUSINESS_LICENCE, ZHANG

HEALTH = "11431202006100061P"
POLICE = "114312020061000377"
LABOUR = "11431202006100053W"
INSURANCE = "11431202006100192K"
TAX = "11431202006100184Q"
HOUSING_FUND = "124312020061002056"
CHILD = "431202185006150033"


async def test_k01_with_a_conditional_and_a_refused_member(bundles: BundleDesk) -> None:
    """The licence of E01 feeds the others; E05 takes part by its condition; E07 refused drowns nobody."""
    bundle = await bundles.accepted("K01", form={"area_m2": 350}, members=["E07"])
    assert states(bundle) == {"E01": "RUNNING", "E02": "WAITING", "E07": "WAITING", "E05": "WAITING"}

    bundle = await bundles.decided(bundle, "E01")
    assert states(bundle) == {"E01": "GRANTED", "E02": "RUNNING", "E07": "RUNNING", "E05": "RUNNING"}
    assert {m["application_state"] for m in bundle["members"][1:]} == {"ACCEPTED"}
    bundle = await bundles.decided(bundle, "E02")
    bundle = await bundles.decided(bundle, "E07", Outcome.REFUSED)
    assert bundle["state"] == "ACCEPTED"
    early = await bundles.act(
        bundle, "hand-over", {"method": "COLLECTION", "recipient_name": "李"}, who=_hander(bundles)
    )
    bundle = await bundles.decided(bundle, "E05")

    assert early.status_code == 409
    assert early.json()["code"] == "intake.bundle-wrong-state"
    assert (bundle["state"], bundle["partial"]) == ("DECIDED", True)
    bundle = await bundles.handed_over(bundle)
    assert bundle["state"] == "CONCLUDED"
    assert {m["application_state"] for m in bundle["members"]} == {"CONCLUDED"}
    assert bundle["legal"]["state"] == "MET"


def _hander(bundles: BundleDesk) -> dict[str, str]:
    return bundles.desk.hand_over_clerk


async def test_who_holds_the_licence_needs_no_registration_and_a_small_place_no_fire_check(
    bundles: BundleDesk,
) -> None:
    other = a_company()
    await bundles.desk.holds(other, BUSINESS_LICENCE, "K01HELD")

    bundle = await bundles.accepted("K01", number=other, form={"area_m2": 120}, reuse="auto")

    assert states(bundle) == {"E01": "SATISFIED", "E02": "RUNNING"}
    licence = next(m for m in bundle["materials"] if m["source"] == "CERTIFICATE")
    assert licence["needed_by"] == ["E02"]


async def test_a_condition_without_its_answer_is_asked_for(bundles: BundleDesk) -> None:
    answer = await bundles.submit("K01", form={"area_m2": "大"})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "#/form/area_m2"


async def test_one_material_reaches_every_member_that_needs_it(bundles: BundleDesk) -> None:
    bundle = await bundles.submitted("K01", form={"area_m2": 350}, members=["E06"])

    shared = {m["name"]: m["needed_by"] for m in bundle["materials"]}
    assert [m["needed_by"] for m in bundle["materials"] if m["replaced_by"] == "居民身份证"] == [["E01", "E02", "E06"]]
    assert len(shared) == len(bundle["materials"])


async def test_k02_the_others_run_side_by_side_once_the_company_exists(bundles: BundleDesk) -> None:
    bundle = await bundles.accepted("K02", members=["税务信息确认与发票申领", "银行预约开户"])
    bundle = await bundles.decided(bundle, "E01")
    running = {name for name, state in states(bundle).items() if state == "RUNNING"}

    for name, department in (("公章刻制备案", POLICE), ("社会保险登记", LABOUR), ("税务信息确认与发票申领", TAX)):
        bundle = await bundles.result(bundle, name, department, document_no="备〔2026〕1号")
    strange = await bundles.act(bundle, "members/银行预约开户/result", {"outcome": "GRANTED"}, who=bundles.officer(TAX))
    bundle = await bundles.result(bundle, "银行预约开户", None)

    assert running == {"公章刻制备案", "税务信息确认与发票申领", "社会保险登记", "银行预约开户"}
    assert strange.status_code == 404
    assert bundle["state"] == "DECIDED"
    assert not bundle["partial"]


async def test_k03_insurance_starts_only_when_the_child_has_a_number(bundles: BundleDesk) -> None:
    bundle = await bundles.accepted("K03", number=ZHANG)
    assert states(bundle)["P02"] == "WAITING"
    bundle = await bundles.result(bundle, "出生医学证明签发", HEALTH, document_no="S430000001")
    assert member_of(bundle, "P02")["application_state"] == "ACCEPTED"
    bundle = await bundles.decided(bundle, "P02")
    assert states(bundle)["社会保障卡申领"] == "WAITING"

    bundle = await bundles.result(bundle, "P02", POLICE, number=CHILD)

    assert states(bundle)["社会保障卡申领"] == "RUNNING"
    assert member_of(bundle, "P02")["masked_number"] == "4****************3"
    for name, department in (
        ("预防接种证办理", HEALTH),
        ("城乡居民基本医疗保险参保登记", INSURANCE),
        ("社会保障卡申领", LABOUR),
    ):
        bundle = await bundles.result(bundle, name, department)
    assert bundle["state"] == "DECIDED"


@pytest.mark.parametrize("number", [None, "431202185006150034"], ids=["no number", "wrong check digit"])
async def test_a_number_is_needed_and_checked(bundles: BundleDesk, number: str | None) -> None:
    bundle = await bundles.accepted("K03", number=ZHANG)
    bundle = await bundles.result(bundle, "出生医学证明签发", HEALTH)
    bundle = await bundles.decided(bundle, "P02")

    body = {"outcome": "GRANTED"} | ({"number": number} if number else {})
    answer = await bundles.act(bundle, "members/P02/result", body, who=bundles.officer(POLICE))

    assert answer.status_code == 422
    assert "431202185006150034" not in answer.text


async def test_k04_runs_through_four_stages(bundles: BundleDesk) -> None:
    bundle = await bundles.accepted("K04", number=a_company())
    assert states(bundle)["C02"] == "WAITING"  # its material is what C01 results in
    bundle = await bundles.decided(bundle, "C01")
    assert member_of(bundle, "C02")["application_state"] == "ACCEPTED"
    bundle = await bundles.decided(bundle, "C02")

    for stage_no, members in ((2, ["C03"]), (3, ["C04", "E08"]), (4, ["C05"])):
        assert (bundle["state"], bundle["stage_no"]) == ("STAGE_DONE", stage_no - 1)
        chosen = [m for m in members if m == "E08"]
        bundle = await bundles.done(bundle, "stages", {"members": chosen})
        bundle = await bundles.done(bundle, "receipt", {"materials": bundles.papers(bundle)})
        bundle = await bundles.done(bundle, "acceptance")
        assert {name for name, state in states(bundle).items() if state == "RUNNING"} == set(members)
        for member_id in members:
            bundle = await bundles.decided(bundle, member_id)

    assert bundle["state"] == "DECIDED"
    assert (await bundles.handed_over(bundle))["state"] == "CONCLUDED"


async def test_k04_a_refused_required_member_ends_the_stages(bundles: BundleDesk) -> None:
    bundle = await bundles.accepted("K04", number=a_company())
    bundle = await bundles.decided(bundle, "C01")

    bundle = await bundles.decided(bundle, "C02", Outcome.REFUSED)

    assert (bundle["state"], bundle["partial"]) == ("DECIDED", True)
    assert states(bundle)["C05"] == "CANCELLED"
