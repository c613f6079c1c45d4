"""Who reaches what: every caller against an application of one citizen at the counter of the district."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.intake.desk import LI, MARKET, SHOP, TOWN, Desk
from tests.support import tokens

OTHER_TOWN = "431202001000"
OTHER_DISTRICT = "431221000000"

# caller -> sees an application for E02 of SHOP, submitted online by its agent LI (division 431202000000)
CALLERS: dict[str, tuple[Callable[[Desk], dict[str, str]], bool]] = {
    "the agent who submitted it": (lambda d: d.enterprise_agent(), True),
    "another agent of the organisation": (lambda d: d.enterprise_agent("431202185006150033"), True),
    "an agent of another organisation": (
        lambda d: d.enterprise_agent("431202185006150033", organisation="92431202MA0000031L"),
        False,
    ),
    "a citizen": (lambda d: d.citizen(), False),
    "the agent as a citizen under another account": (
        lambda d: d.citizen(LI, sub=tokens.account("li-at-home")),
        False,
    ),
    "a counter clerk of the district": (lambda d: d.clerk, True),
    "a counter clerk of another district": (lambda d: d.staff("COUNTER_CLERK", division=OTHER_DISTRICT), False),
    "a township clerk": (lambda d: d.township_clerk, False),
    "a hand-over clerk of the district": (lambda d: d.hand_over_clerk, True),
    "a handler of the department": (lambda d: d.staff("HANDLER", org=MARKET), True),
    "a handler of another department": (lambda d: d.staff("HANDLER", org="114312020061000377"), False),
    "a handler without a department": (lambda d: d.staff("HANDLER", org=""), False),
    "the chief representative of the department": (lambda d: d.staff("CHIEF_REPRESENTATIVE", org=MARKET), True),
    "a supervisor of the district": (lambda d: d.staff("SUPERVISOR"), True),
    "a supervisor of the city": (lambda d: d.staff("SUPERVISOR", division="431200000000"), True),
    "a supervisor of another district": (lambda d: d.staff("SUPERVISOR", division=OTHER_DISTRICT), False),
    "a supervisor with a broken division": (lambda d: d.staff("SUPERVISOR", division="%"), False),
    "the provincial platform": (lambda d: d.staff("PROVINCIAL_PLATFORM", channel="PROVINCIAL"), False),
    "the mobile back end": (lambda d: d.staff("MOBILE_BACKEND", channel="MOBILE"), False),
    "a township centre": (lambda d: d.staff("TOWNSHIP_CENTRE", division=TOWN, channel="TOWNSHIP"), False),
}


@pytest.fixture(scope="module")
async def application(desk: Desk) -> dict[str, Any]:
    submitted = await desk.submitted("E02", who=desk.enterprise_agent(), number=SHOP, name="好味餐饮")
    await desk.upload(submitted, 1, who=desk.enterprise_agent())
    detail = (await desk.get(f"/applications/{submitted['application_id']}", desk.clerk)).json()
    return await desk.done(detail, "receipt")


@pytest.mark.parametrize("caller", CALLERS)
async def test_list_search_detail_and_file_agree_on_who_sees_it(
    desk: Desk, application: dict[str, Any], caller: str
) -> None:
    make, sees = CALLERS[caller]
    who = make(desk)
    application_id = application["application_id"]

    listed = (await desk.get("/applications", who)).json()["items"]
    found = (await desk.post("/applications/search", who, {"party_type": "ORGANISATION", "number": SHOP})).json()[
        "items"
    ]
    detail = await desk.get(f"/applications/{application_id}", who)
    by_case = await desk.get(f"/cases/{application['case_no']}/application", who)
    file = await desk.get(f"/applications/{application_id}/materials/1/file", who)

    assert [line["application_id"] for line in listed] == ([application_id] if sees else [])
    assert [line["application_id"] for line in found] == ([application_id] if sees else [])
    assert [detail.status_code, by_case.status_code, file.status_code] == ([200] * 3 if sees else [404] * 3)


# act -> roles that may do it on an application of their own scope; all others are told 403
CLERKS = {"COUNTER_CLERK", "TOWNSHIP_CLERK"}
APPLICANT_SIDE = CLERKS | {"CITIZEN", "ENTERPRISE_AGENT", "TOWNSHIP_CENTRE", "MOBILE_BACKEND", "PROVINCIAL_PLATFORM"}
ACTS: dict[str, tuple[dict[str, Any], set[str]]] = {
    "receipt": ({}, CLERKS | {"TOWNSHIP_CENTRE"}),
    "supplement-notice": ({"faults": [{"material_no": 1, "fault": "x", "remedy": "y"}]}, CLERKS),
    "acceptance": ({}, CLERKS),
    "refusal": ({"kind": "NOT_REQUIRED", "reason": "x"}, CLERKS),
    "supplements": ({}, APPLICANT_SIDE),
    "withdrawal": ({"reason": "x"}, APPLICANT_SIDE),
}
ROLES = sorted(APPLICANT_SIDE | {"HANDLER", "CHIEF_REPRESENTATIVE", "HANDOVER_CLERK", "SUPERVISOR", "CATALOGUE_ADMIN"})


@pytest.mark.parametrize("act", ACTS)
async def test_an_act_belongs_to_its_roles_and_to_their_scope(
    desk: Desk, application: dict[str, Any], act: str
) -> None:
    body, allowed = ACTS[act]
    path = f"/applications/{application['application_id']}/{act}"

    for role in ROLES:
        # Everybody here stands outside the application's scope, so that nothing is changed.
        outside = tokens.headers([role], division=OTHER_DISTRICT, org="114312020061000377", sub=f"outside-{role}")
        answer = await desk.post(path, outside, body, version=application["version"])

        assert answer.status_code == (404 if role in allowed else 403), (role, answer.text)


async def test_a_role_that_only_reads_lends_its_scope_to_no_act(desk: Desk, application: dict[str, Any]) -> None:
    """A supervisor of the district who is also a clerk elsewhere sees the application but may not act on it."""
    two_hats = tokens.headers(["SUPERVISOR", "TOWNSHIP_CLERK"], division="431202000000")
    reader_only = tokens.headers(["HANDLER", "CITIZEN"], org=MARKET, subject_key="nobody", sub="x")

    seen = await desk.get(f"/applications/{application['application_id']}", reader_only)
    refused = await desk.act(application, "withdrawal", {"reason": "x"}, who=reader_only)

    assert (await desk.get(f"/applications/{application['application_id']}", two_hats)).status_code == 200
    assert [seen.status_code, refused.status_code] == [200, 404]


async def test_without_a_token_only_the_catalogue_answers(desk: Desk, application: dict[str, Any]) -> None:
    paths = ["/applications", f"/applications/{application['application_id']}"]

    answers = [(await desk.get(path)).status_code for path in paths]

    assert answers == [401, 401]


async def test_the_list_is_narrowed_and_paged(desk: Desk) -> None:
    for _ in range(3):
        await desk.submitted("P07", who=desk.township_clerk)

    waiting = await desk.get("/applications", desk.township_clerk, state="SUBMITTED", channel="TOWNSHIP", limit=2)
    rest = await desk.get(
        "/applications", desk.township_clerk, state="SUBMITTED", limit=2, cursor=waiting.json()["next"]
    )
    none = await desk.get("/applications", desk.township_clerk, channel="MOBILE")

    assert len(waiting.json()["items"]) == 2
    assert len(rest.json()["items"]) == 1
    assert rest.json()["next"] is None
    assert none.json()["items"] == []


async def test_every_route_carries_its_rule(desk: Desk) -> None:
    document = (await desk.http.get("/openapi.json")).json()

    bare = [
        (path, method)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if not operation.get("x-public") and not operation.get("x-roles")
    ]

    assert bare == []
    assert document["paths"]["/api/v1/items"]["get"]["x-public"] is True
    assert document["paths"]["/api/v1/cases/{case_no}/hand-over"]["post"]["x-roles"] == ["HANDOVER_CLERK"]
