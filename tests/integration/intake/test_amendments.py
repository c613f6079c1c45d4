"""A holder applies at the window to have his certificate changed; approval hears what he asks for."""

from typing import Any

import pytest

from tests.integration.intake.bundle_desk import a_company
from tests.integration.intake.desk import BUSINESS_LICENCE, FOOD_LICENCE, Desk

CHANGES = [{"what": "经营场所", "before": "甲路1号", "after": "乙路2号"}]


async def asked(desk: Desk, company: str, identifier: str, item: str = "E02", **more: Any) -> Any:
    body = {
        "item_code": item,
        "applicant": {"party_type": "ORGANISATION", "number": company, "name": "好味餐饮"},
        "amends": {"certificate_identifier": identifier, "changes": CHANGES},
        "reuse": "auto",
    }
    return await desk.post("/applications", desk.clerk, body | more)


async def test_an_amendment_goes_its_way_like_any_application(desk: Desk) -> None:
    company = a_company()
    licence = await desk.holds(company, FOOD_LICENCE, "AMEND1")
    await desk.holds(company, BUSINESS_LICENCE, "AMEND2")

    application = (await asked(desk, company, licence)).json()
    papers = [
        {"material_no": m["material_no"], "source": "PAPER_ORIGINAL"}
        for m in application["materials"]
        if m["coverage"] == "MISSING"
    ]
    received = await desk.done(application, "receipt", {"materials": papers})
    await desk.done(received, "acceptance")

    events = {subject: payload for _, subject, payload in await desk.events(application["application_id"])}
    accepted = events["intake.application.accepted.v1"]
    assert application["amends"] == {"certificate_identifier": licence, "changes": CHANGES}
    assert [m["material_no"] for m in application["materials"]] == [1, 2, 3]
    assert accepted["item"]["name"] == "食品经营许可（变更）"
    assert accepted["amends"] == {"certificate_identifier": licence, "changes": CHANGES}


@pytest.mark.parametrize(
    ("item", "more", "code"),
    [
        pytest.param("E02", {"scenario": "E05a"}, "amendment.none", id="with another scenario"),
        pytest.param("E03", {}, "amendment.none", id="where the item is for renewals alone"),
        pytest.param("E04", {}, "amendment.other-item", id="at an item that did not issue it"),
    ],
)
async def test_what_makes_no_sense_is_refused(desk: Desk, item: str, more: dict[str, Any], code: str) -> None:
    company = a_company()
    licence = await desk.holds(company, FOOD_LICENCE, f"AMEND{item}{len(more)}")

    answer = await asked(desk, company, licence, item, **more)

    assert answer.status_code == 422, answer.text
    assert [fault["code"] for fault in answer.json()["errors"]] == [code]


async def test_nobody_amends_what_another_holds(desk: Desk) -> None:
    licence = await desk.holds(a_company(), FOOD_LICENCE, "AMEND9")

    answer = await asked(desk, a_company(), licence)

    assert [fault["code"] for fault in answer.json()["errors"]] == ["amendment.not-held"]
