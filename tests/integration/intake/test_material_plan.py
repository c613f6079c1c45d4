"""The material plan over the real catalogue: the library is never asked for again, results feed later members."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.chassis.clock import local_date
from services.kernel.codes import mask_uscc
from tests.integration.intake.bundle_desk import a_company
from tests.integration.intake.desk import BUSINESS_LICENCE, IDCARD, LI, ZHANG, Desk, coverage


async def test_what_the_library_holds_as_valid_is_not_asked_for_and_the_rest_has_its_basis(desk: Desk) -> None:
    company = a_company()
    applicant = {"party_type": "ORGANISATION", "number": company}
    before = (
        await desk.post(
            "/items/E02/materials-plan", desk.enterprise_agent(organisation=company), {"applicant": applicant}
        )
    ).json()
    identifier = await desk.holds(company, BUSINESS_LICENCE, "PLAN1")

    plan = (
        await desk.post(
            "/items/E02/materials-plan", desk.enterprise_agent(organisation=company), {"applicant": applicant}
        )
    ).json()

    covered = [m for m in plan["avoided"] if m["certificate_identifier"] == identifier]
    assert len(covered) == 1
    assert len(before["bring"]) == len(plan["bring"]) + 1
    assert {m["material_no"] for m in before["bring"]} - {m["material_no"] for m in plan["bring"]} == {
        covered[0]["material_no"]
    }
    assert all(by["basis"] and by["why"] for m in plan["bring"] for by in m["needed_by"])


async def test_an_expired_certificate_stands_for_nothing(desk: Desk) -> None:
    company = a_company()
    await desk.holds(company, BUSINESS_LICENCE, "PLAN2", valid_until=date(2021, 1, 1))

    body = {"applicant": {"party_type": "ORGANISATION", "number": company}}
    plan = (await desk.post("/items/E02/materials-plan", desk.enterprise_agent(organisation=company), body)).json()

    assert [m for m in plan["avoided"] if m["source"] == "LIBRARY"] == []


@pytest.mark.parametrize(
    ("path", "more"), [("/items/E02/materials-plan", {}), ("/bundles/K01/materials-plan", {"form": {"area_m2": 350}})]
)
async def test_a_certificate_that_ends_before_the_promised_day_is_counted_and_told(
    desk: Desk, path: str, more: dict[str, Any]
) -> None:
    """It counts on the day of acceptance; the applicant learns that it should be renewed first.

    Tomorrow, for a day may end while this runs; both promise more than two days.
    """
    company, tomorrow = a_company(), local_date(datetime.now(UTC)) + timedelta(days=1)
    body = {"applicant": {"party_type": "ORGANISATION", "number": company}} | more

    async def covered(valid_until: date, serial: str) -> dict[str, Any]:
        identifier = await desk.holds(company, BUSINESS_LICENCE, f"{serial}{path[1:3]}", valid_until=valid_until)
        plan = (await desk.post(path, desk.enterprise_agent(organisation=company), body)).json()
        return next(m for m in plan["avoided"] if m["certificate_identifier"] == identifier)

    soon = await covered(tomorrow, "SOON")
    late = await covered(tomorrow + timedelta(days=400), "LATE")

    assert soon["valid_until"] == tomorrow.isoformat() < soon["ends_before"]
    assert late["ends_before"] is None


async def test_the_plan_is_what_submission_then_needs(desk: Desk) -> None:
    """Submitted with reuse and just the planned materials, nothing is missing."""
    await desk.holds(ZHANG, IDCARD, "PLAN3")
    plan = (await desk.post("/items/P10/materials-plan", desk.citizen())).json()
    papers = [{"material_no": m["material_no"], "source": "PAPER_ORIGINAL"} for m in plan["bring"]]

    application = await desk.submitted("P10", reuse="auto", materials=papers)

    assert "MISSING" not in {m["coverage"] for m in application["materials"]}


async def test_a_bundle_is_ordered_so_that_results_feed_later_members(desk: Desk) -> None:
    company = a_company()
    body = {"applicant": {"party_type": "ORGANISATION", "number": company}, "form": {"area_m2": 350}}

    plan = (await desk.post("/bundles/K01/materials-plan", desk.enterprise_agent(organisation=company), body)).json()

    fed = [m for m in plan["avoided"] if m["from_member"] == "E01"]
    assert plan["order"].index("E01") < plan["order"].index("E02")
    assert fed
    assert not {m["material_no"] for m in fed} & {m["material_no"] for m in plan["bring"]}


async def test_nobody_learns_from_a_plan_what_another_holds(desk: Desk) -> None:
    body = {"applicant": {"party_type": "PERSON", "number": LI}}

    answer = await desk.post("/items/P10/materials-plan", desk.citizen(), body)

    assert answer.status_code == 403
    assert LI not in answer.text


async def test_staff_do_not_ask_the_library_through_a_plan(desk: Desk) -> None:
    """What is covered is told on an application, which leaves a trail; a plan would leave none."""
    body = {"applicant": {"party_type": "PERSON", "number": LI}}

    for path in ("/items/P10/materials-plan", "/bundles/K01/materials-plan"):
        answer = await desk.post(path, desk.clerk, body)

        assert answer.status_code == 403


async def test_an_agent_who_files_himself_is_not_asked_for_what_the_library_holds_of_him(desk: Desk) -> None:
    """As the application then counts it: his own identity card beside the company's licence."""
    company = a_company()
    await desk.holds(company, BUSINESS_LICENCE, "PLAN4")
    card = await desk.holds(ZHANG, IDCARD, "PLAN5")
    agent = desk.enterprise_agent(ZHANG, organisation=company)
    applicant = {"party_type": "ORGANISATION", "number": company}

    plan = (await desk.post("/items/E06/materials-plan", agent, {"applicant": applicant})).json()

    body = {"item_code": "E06", "applicant": applicant | {"name": "好味餐饮"}, "reuse": "auto"}
    application = (await desk.post("/applications", agent, body)).json()
    assert card in {m["certificate_identifier"] for m in plan["avoided"]}
    missing = {m["material_no"] for m in application["materials"] if m["coverage"] == "MISSING"}
    assert missing == {m["material_no"] for m in plan["bring"]}


async def test_an_agents_card_is_not_taken_for_that_of_the_legal_representative(desk: Desk) -> None:
    """Asked for in plan and application; an upload covers it, a clerk may name the card of who stands here."""
    company = a_company()
    card = await desk.holds(ZHANG, IDCARD, "LEGAL1")
    agent = desk.enterprise_agent(ZHANG, organisation=company)
    applicant = {"party_type": "ORGANISATION", "number": company}
    claim = {"material_no": 6, "source": "CERTIFICATE", "certificate_identifier": card}
    body = {"item_code": "E02", "applicant": applicant | {"name": "好味餐饮"}}

    plan = (await desk.post("/items/E02/materials-plan", agent, {"applicant": applicant})).json()
    application = (await desk.post("/applications", agent, body | {"reuse": "auto"})).json()
    claimed = await desk.post("/applications", agent, body | {"materials": [claim]})
    named = await desk.submitted(
        "E02", number=company, name="好味餐饮", agent={"name": "张三", "number": ZHANG}, materials=[claim]
    )
    uploaded = (await desk.upload(application, 6, who=agent)).json()

    assert {m["material_no"]: m["for_whom"] for m in plan["bring"]}[6] == [
        f"材料所指的人（不是申请人 {mask_uscc(company)}本人）"
    ]
    assert coverage(application)[6] == "MISSING"
    assert claimed.json()["errors"][0]["code"] == "certificate.of-other"
    assert (coverage(named)[6], coverage(uploaded)[6]) == ("COVERED", "UPLOADED")


async def test_one_persons_card_does_not_stand_for_those_of_both(desk: Desk) -> None:
    """At the window, where both stand, the library answers with both; when one is annulled nothing is left."""
    first, second = "431202197801010011", "431202197801010038"
    own = await desk.holds(first, IDCARD, "BOTH1")
    together: dict[str, Any] = {
        "co_applicants": [{"party_type": "PERSON", "number": second, "name": "李四"}],
        "number": first,
    }
    claim = {"material_no": 1, "source": "CERTIFICATE", "certificate_identifier": own}

    plan = (await desk.post("/items/P04/materials-plan", desk.citizen(first))).json()
    of_one = await desk.submitted("P04", reuse="auto", **together)
    alone = await desk.submitted("P04", number=first, reuse="auto")
    claimed = await desk.submit("P04", materials=[claim], **together)
    others = await desk.holds(second, IDCARD, "BOTH2")
    of_both = await desk.submitted("P04", reuse="auto", **together)

    assert {m["material_no"]: m["for_whom"] for m in plan["bring"]}[1] == ["共同申请的其他各方"]
    assert coverage(of_one)[1] == coverage(alone)[1] == "MISSING"
    assert claimed.json()["errors"][0]["code"] == "certificate.not-of-each"
    card = of_both["materials"][0]
    assert (card["coverage"], card["certificate_identifier"], card["further_certificates"]) == (
        "COVERED",
        own,
        [others],
    )
    (_, _, told), *_ = await desk.events(of_both["application_id"])
    assert set(told["reused"]) == {own, others}
