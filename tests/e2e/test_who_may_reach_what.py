"""Role x address x relation over every operation of the merged document: nobody reaches what is outside his scope."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Any

import httpx
import pytest

from demo.api import expect
from demo.hall import Hall, a_pdf
from deploy.local.stack import Stack
from tests.e2e.access_table import ALL_CASES, ANY_ROLE, CALLERS, PUBLIC, ROWS, UNKNOWN, Relation, Row, bundles_of
from tests.e2e.district import District, Made, prepare

STALE = 999
AT_ONCE = 8
SUBMIT, LIBRARY = "/api/v1/applications", "/api/v1/certificates/search"
BUNDLES, BARRED = "/api/v1/bundle-applications", "/api/v1/barred-applicants"
PLAN = "/materials-plan"
NOBODY = "431202180001010013"  # its check digit is wrong
UNLISTED = "999"  # number of a material that no list has
OFFICERS = [
    {"account_id": "check-1", "name": "核查甲", "officer_no": "18120001"},
    {"account_id": "check-2", "name": "核查乙", "officer_no": "18120002"},
]
ANOTHER_BODY = {"uscc": "11430000006100999X", "name": "省级有关部门", "division": "430000000000"}
OF_APPROVAL: dict[str, Any] = {
    "opinions": {"recommendation": "GRANT", "text": "材料齐全"},
    "decision": {"outcome": "GRANTED"},
    "suspensions": {"kind": "APPRAISAL", "expected_workdays": 5, "notice": "需要鉴定", "cause": "材料真伪存疑"},
    "resumption": {"result": "鉴定结束"},
    "extension": {"days": 5, "reason": "情况复杂"},
    "inspectors": {"inspectors": OFFICERS, "purpose": "核查经营场所"},
    "site-checks": {
        "inspectors": ["check-1", "check-2"],
        "checked_at": "2026-03-05T10:00:00+08:00",
        "place": "经营场所",
        "facts": "与申请一致",
        "passed": True,
    },
    "notice": {"persons": ["王建国"], "notice": "可以在五个工作日内申请听证"},
    "request": {"person": "王建国"},
    "waiver": {"person": "王建国", "document": "放弃听证声明"},
    "application": {"reason": "对事实有异议"},
    "announcement": {
        "takes_place_at": "2098-03-05T10:00:00+08:00",
        "place": "政务服务中心三楼",
        "chair": {"account_id": "chair-1", "name": "主持甲"},
        "notice": "可以申请主持人回避",
    },
    "record": {"participants": ["王建国"], "record": "各方均已陈述"},
    "interested-parties": {"name": "李秀英", "interest": "相邻", "notice": "可以陈述和申辩"},
    "statements": {"statement": "无意见"},
    "first-level": {"division": "431202101000"},
    "passing-up": {"recommendation": "GRANT", "opinion": "情况属实", "materials": [1]},
    "termination": {"reason": "申请人死亡", "legal_basis": "《行政许可法》第七十条"},
    "transfer": {"transferred_to": ANOTHER_BODY, "reason": "不属于本级", "legal_basis": "《行政许可法》第三十二条"},
    "consultations": {"department": ANOTHER_BODY, "question": "是否同意"},
    "answer": {"answer": "NO_OBJECTION", "text": "无意见"},
    "conclusion": {"outcome": "STANDS", "reasons": "不影响准予的条件"},
}
PARTIES = {"CITIZEN", "ENTERPRISE_AGENT"}
BODIES: dict[str, Any] = {
    "receipt": {},
    "acceptance": None,
    "refusal": {"kind": "OUT_OF_SCOPE", "reason": "不属于本机关职权范围", "competent_body": "区城市管理和综合执法局"},
    "supplement-notice": {"faults": [{"material_no": 1, "fault": "缺页", "remedy": "补齐"}]},
    "supplements": {},
    "withdrawal": {"reason": "不再办理"},
    "hand-over": {"method": "ELECTRONIC", "recipient_name": "王建国"},
    "reply": {"content": "已办结"},
    "rating": {"satisfaction": "VERY_SATISFIED"},
    "claim": {"persons": ["王建国"]},
    "originals": {"recipient_name": "王建国"},
    "corrections": {"corrections": ["更正地址中的错别字"]},
    "return": {"reason": "申请人放弃补正"},
    "deferred-materials": {"materials": []},
    "commitment-checks": {"material_no": 1, "outcome": "KEPT", "finding": "与承诺一致"},
    "quota": {"quota": 10, "reason": "年度限额"},
    "moves": {"application_ids": ["00000000-0000-7000-8000-000000000000"], "reason": "适用新版本"},
}
OF_CERTIFICATES: dict[str, Any] = {
    "rescission": {"ground": "LAW_CHANGED"},  # without facts: 422, so that nothing is proposed
    "annulment": {"ground": "FRAUD"},
    "deregistration": {"ground": "FORCE_MAJEURE"},
    "amendment": {"ground": "HOLDER_ASKED"},
    "revocation": {"decided_on": "2026-03-01"},
    "loss": None,
    "withdrawal": None,
    "reissue": None,
    "prints": {},
    "fields": {"fields": {"主体业态": "餐饮服务"}},
    "presentations": {"fields": ["type_name"]},
    "copies": {"purpose": "办理贷款", "expires_on": "2000-01-01"},  # over already: 422
    "statements": {"statement": "无意见"},
    "decision": {"outcome": "DECIDED"},
}
CERTIFICATE_IDS = ("identifier", "decision_id", "authorisation_id", "withheld_id")
CALENDAR = {"sources": ["节假日安排的通知"], "days": [{"on": "2190-01-01", "name": "元旦", "works": False}]}
OF_BUNDLES: dict[str, Any] = {
    "receipt": {},
    "supplement-notice": {"faults": [{"material_no": 1, "fault": "缺页", "remedy": "补齐"}]},
    "supplements": {},
    "acceptance": None,
    "result": {"outcome": "GRANTED"},
    "extension": {"workdays": 15, "reason": "情况复杂", "approval_no": "鹤政批〔2026〕1号"},
    "stages": {},
    "hand-over": BODIES["hand-over"],
    "withdrawal": BODIES["withdrawal"],
}


@pytest.fixture(scope="module")
async def district(stack: Stack) -> AsyncIterator[District]:
    made = District(Hall.of(stack.gateway_url, stack.accounts))
    try:
        await prepare(made, stack)
        yield made
    finally:
        await made.close()


async def test_every_operation_of_the_merged_document_has_a_row_with_the_roles_it_declares(stack: Stack) -> None:
    async with httpx.AsyncClient(base_url=stack.gateway_url) as client:
        document = expect(await client.get("/api/v1/openapi.json"), 200, "openapi.json")
    operations = {(method.upper(), path): o for path, of in document["paths"].items() for method, o in of.items()}

    declared = {key: set(operation.get("x-roles", ())) for key, operation in operations.items()}

    assert set(operations) == set(ROWS) | PUBLIC
    assert {key for key, operation in operations.items() if operation["security"] == []} == PUBLIC
    for key in set(ROWS) - ANY_ROLE:
        assert declared[key] == ROWS[key].roles, key


@pytest.mark.parametrize("row", ROWS.values(), ids=lambda row: f"{row.method} {row.path}")
async def test_each_role_gets_what_the_table_says(district: District, row: Row) -> None:
    turns = asyncio.Semaphore(AT_ONCE)

    async def cell(caller: str, case: Made, related: bool, expected: int) -> str:
        async with turns:
            answer = await call(district, row, caller, case, let_in=expected < 300 or expected in {409, 412, 422})
        relation = CALLERS[caller][1] if related else Relation.ANOTHERS
        fault = f"{caller} ({relation}: {case.prepared.name}) should get {expected}, got {answer.status_code}"
        return "" if answer.status_code == expected else f"{fault} {answer.text[:200]}"

    faults = [fault for fault in await asyncio.gather(*(cell(*one) for one in cells(district, row))) if fault]

    assert not faults, "\n".join(faults)
    assert row.method == "GET" or await district.unchanged()


@pytest.mark.parametrize("row", ROWS.values(), ids=lambda row: f"{row.method} {row.path}")
async def test_nobody_gets_in_without_a_valid_token(district: District, row: Row) -> None:
    case = district.cases["granted"]

    answers = [await call(district, row, caller, case, let_in=False) for caller in UNKNOWN]

    assert [answer.status_code for answer in answers] == [401, 401]


def cells(district: District, row: Row) -> Iterable[tuple[str, Made, bool, int]]:
    """For each caller one case he is related to and one of another's, as far as there are such."""
    names = ["granted"] if "{identifier}" in row.path else sorted(ALL_CASES)
    for caller, (role, _, _) in CALLERS.items():
        mine = [name for name in names if is_related(row, caller, name)]
        others = [name for name in names if name not in mine]
        for name, related in ((mine[:1], True), (others[:1], False)):
            if name:
                yield caller, district.cases[name[0]], related, row.status(role, related=related)


def is_related(row: Row, caller: str, case: str) -> bool:
    """Who may file for others may file for anybody; a search of the library asks who the holder is, not whose case.

    The catalogue is one for everybody: its administrator has every item and every year.
    """
    role, _, reached = CALLERS[caller]
    if row.method == "POST" and (row.path in {SUBMIT, BUNDLES} or row.path.endswith(PLAN)):
        return role not in PARTIES or case in reached
    if row.path == LIBRARY:
        return role in PARTIES and case in reached
    if "{bundle_no}" in row.path:
        return case in bundles_of(caller)
    if role == "CATALOGUE_ADMIN" and ("{item_code}" in row.path or "{year}" in row.path):
        return True
    if "{caller}" in row.path:  # registered callers are one list for everybody who may see it
        return True
    return "{" not in row.path or case in reached


async def call(district: District, row: Row, caller: str, case: Made, *, let_in: bool) -> httpx.Response:
    """Ask; who is to be turned away names the right version, so that nothing but his scope stands in the way."""
    who = district.callers[caller]
    path = row.path.format(**{name: getattr(case, name) for name in _names(row.path)})
    if row.method == "GET":
        return await who.get(path)
    if row.path.endswith("/materials"):
        number = UNLISTED if "{bundle_no}" in row.path else str(case.material_no)
        return await who.post(path, {"material_no": number}, file=("scan.pdf", a_pdf("scan")))
    if "{" not in row.path:
        return await who.post(path, _opening(row, case))
    if "{year}" in row.path:
        return await who.post(path, CALENDAR)
    if "{caller}" in row.path:
        return await who.post(path, {"reason": ""})  # 422
    if row.path.endswith(PLAN):
        return await who.post(path, {"applicant": _opening(row, case)})
    body, version = _act_on(row, case)
    return await who.post(path, body, version=STALE if let_in else version)


def _act_on(row: Row, case: Made) -> tuple[Any, int]:
    """Body of an act, and the version that is right for it."""
    act = row.path.rpartition("/")[2]
    if "{bundle_no}" in row.path:
        return OF_BUNDLES[act], case.bundle_version
    if any(f"{{{name}}}" in row.path for name in CERTIFICATE_IDS):
        return OF_CERTIFICATES[act], STALE
    if act in OF_APPROVAL:
        return OF_APPROVAL[act], case.case_version
    return BODIES[act], case.version


def _names(path: str) -> list[str]:
    return [part[1:-1] for part in path.split("/") if part.startswith("{")]


def _opening(row: Row, case: Made) -> dict[str, Any]:
    if row.path == SUBMIT:
        return {"item_code": case.prepared.item_id, "applicant": case.applicant}
    if row.path == BUNDLES:
        return case.bundle
    if row.path == BARRED:
        return {"party_type": "PERSON", "number": NOBODY, "barred_until": "2098-01-01", "reason": "承诺不实"}
    return {"party_type": case.applicant["party_type"], "number": case.applicant["number"]}


async def test_lists_hold_every_case_in_scope_and_no_other(district: District) -> None:
    row = ROWS["GET", "/api/v1/applications"]

    async def listed(caller: str) -> set[str]:
        return await known_in(district, caller, "/api/v1/applications", {})

    readers = [caller for caller, (role, _, _) in CALLERS.items() if role in row.roles]
    found = dict(zip(readers, await asyncio.gather(*(listed(caller) for caller in readers)), strict=True))

    assert found == {caller: set(CALLERS[caller][2]) for caller in readers}


async def test_bundle_lists_hold_every_bundle_in_scope_and_no_other(district: District) -> None:
    row = ROWS["GET", BUNDLES]

    readers = [caller for caller, (role, _, _) in CALLERS.items() if role in row.roles]
    listed = await asyncio.gather(*(known_in(district, caller, BUNDLES, {}) for caller in readers))

    assert dict(zip(readers, listed, strict=True)) == {caller: set(bundles_of(caller)) for caller in readers}


async def test_the_inbox_holds_every_case_of_the_scope_and_no_other(district: District) -> None:
    row = ROWS["GET", "/api/v1/tasks"]
    states = {"state": ["EXAMINING", "REVIEWED", "DECIDED"]}

    officers = [caller for caller, (role, _, _) in CALLERS.items() if role in row.roles]
    inboxes = await asyncio.gather(*(known_in(district, caller, "/api/v1/tasks", states) for caller in officers))

    assert dict(zip(officers, inboxes, strict=True)) == {caller: set(CALLERS[caller][2]) for caller in officers}


async def test_lights_show_the_cases_of_the_scope_and_no_other(district: District, stack: Stack) -> None:
    row = ROWS["GET", "/api/v1/supervision/lights"]
    light_up(stack, district)

    overseers = [caller for caller, (role, _, _) in CALLERS.items() if role in row.roles]
    lit = await asyncio.gather(*(known_in(district, caller, row.path, {}) for caller in overseers))

    assert dict(zip(overseers, lit, strict=True)) == {caller: set(CALLERS[caller][2]) for caller in overseers}


def light_up(stack: Stack, district: District) -> None:
    """A light for every case. Written straight into the rows, because moving the time would move it for all tests."""
    assert stack.postgres is not None
    numbers = ", ".join(f"'{case.case_no}'" for case in district.cases.values())
    stack.postgres.execute(
        "INSERT INTO light (id, case_id, department_uscc, division, rule, level, crossed_at, fired_at)"
        " SELECT gen_random_uuid(), case_id, department_uscc, division, 'who-may-reach-what', 'WARNING', now(), now()"
        f" FROM supervised_case WHERE case_no IN ({numbers})",
        database="supervision",
    )


async def test_figures_count_the_departments_of_the_scope_and_no_other(district: District) -> None:
    row = ROWS["GET", "/api/v1/supervision/statistics"]
    departments = {item["item_id"]: item["department_uscc"] for item in await district.hall.items()}

    async def counted(caller: str) -> set[str]:
        answer = expect(await district.callers[caller].get(row.path), 200, caller)
        return {line["department"]["uscc"] for line in answer["items"]} & of_cases

    of_cases = {departments[case.prepared.item_id] for case in district.cases.values()}
    for caller, (role, _, reached) in CALLERS.items():
        if role in row.roles:
            expected = {departments[district.cases[name].prepared.item_id] for name in reached}
            assert await counted(caller) == expected, caller


async def test_a_search_by_number_finds_the_cases_of_the_scope_and_no_other(district: District) -> None:
    row = ROWS["POST", "/api/v1/applications/search"]
    turns = asyncio.Semaphore(AT_ONCE)

    async def search(caller: str, case: Made) -> str:
        async with turns:
            wanted = _opening(row, case)
            answer = expect(await district.callers[caller].post(row.path, wanted), 200, caller)
        of_party = {name for name, other in district.cases.items() if other.applicant == case.applicant}
        found = names_of(district, answer["items"])
        expected = of_party & CALLERS[caller][2]
        return "" if found == expected else f"{caller} looking for {case.prepared.applicant}: {found}, not {expected}"

    readers = [caller for caller, (role, _, _) in CALLERS.items() if role in row.roles]
    parties = {case.prepared.applicant: case for case in district.cases.values()}
    answers = await asyncio.gather(*(search(caller, case) for caller in readers for case in parties.values()))

    assert not [answer for answer in answers if answer]


# Whose items have to do with no residence permit, and who is not registered here at all.
NOT_THEIR_TYPE = {"handler.cgj", "chief.rsj", "chief.scjg", "bank"}


async def test_anothers_certificate_is_shown_for_a_purpose_without_number_and_signed_record(district: District) -> None:
    case = district.cases["granted"]
    path = f"/api/v1/certificates/{case.identifier}"
    for caller, (role, _, reached) in CALLERS.items():
        mark = ROWS["GET", "/api/v1/certificates/{identifier}"].marks[role]
        if mark != "p" or "granted" in reached:
            continue
        answer = await district.callers[caller].get(path, purpose="核对申请人身份")
        if caller in NOT_THEIR_TYPE or caller.startswith("next."):
            assert expect(answer, 403, caller)["code"] == "certificate.caller-refused", caller
            continue
        shown = expect(answer, 200, caller)

        assert shown["jws"] is None, caller
        assert case.applicant["number"] not in str(shown), caller


async def test_a_journey_shows_each_role_only_its_parts(district: District) -> None:
    row = ROWS["GET", "/api/v1/cases/{case_no}"]
    for caller, (role, _, reached) in CALLERS.items():
        for name in sorted(reached)[:1] if role in row.roles else ():
            journey = expect(
                await district.callers[caller].get(f"/api/v1/cases/{district.cases[name].case_no}"), 200, caller
            )
            parts = {"examination": "examination", "papers": "papers"}
            for part, address in parts.items():
                may = role in ROWS["GET", f"/api/v1/cases/{{case_no}}/{address}"].roles
                assert (journey[part] is not None) is may, f"{caller} {part}"
            assert journey["missing"] == []


async def known_in(district: District, caller: str, path: str, query: dict[str, Any]) -> set[str]:
    """Names of the prepared cases in all pages of a list."""
    names: set[str] = set()
    cursor: str | None = ""
    while cursor is not None:
        wanted = query | {"limit": 200} | ({"cursor": cursor} if cursor else {})
        page = expect(await district.callers[caller].http.get(path, params=wanted), 200, f"{caller} {path}")
        names |= names_of(district, page["items"])
        cursor = page["next"]
    return names


def names_of(district: District, lines: Iterable[dict[str, Any]]) -> set[str]:
    """Members of a bundle that have no case number yet are not the case the bundle was applied for beside."""
    by_number = {number: name for name, case in district.cases.items() for number in (case.case_no, case.bundle_no)}
    shown = [line.get("bundle_no" if "bundle_application_id" in line else "case_no") for line in lines]
    return {by_number[number] for number in shown if number in by_number}
