"""Search and record: who may look at whose certificates, with which purpose, and what is left behind."""

from typing import Any

import pytest

from contracts.events.common import CoApplicant
from services.certificate.files.jose import canonical
from tests.support import tokens
from tests.support.certificate import COMPANY, DISTRICT, FOOD_LICENCE, MARKER, MARKET, OTHER, POLICE, Library, an_item

PURPOSE = "办理食品经营许可，核对申请人证照"
CASE_NO = f"{MARKET.uscc}4430102001000202611200001"


def an_officer(*roles: str, org: str = "", division: str = DISTRICT, **claims: Any) -> dict[str, str]:
    return tokens.headers(roles, org=org, division=division, **claims)


def an_agent(library: Library) -> dict[str, str]:
    key = library.kit.holder_key("ORGANISATION", COMPANY)
    return tokens.headers(["ENTERPRISE_AGENT"], subject_key="e" * 64, acts_for=[key], channel="ONLINE")


async def accesses(library: Library, act: str) -> list[Any]:
    return list(await library.rows("SELECT * FROM access WHERE act = :act ORDER BY id", act=act))


async def test_a_citizen_finds_the_own_certificates_without_saying_why(library: Library):
    row = await library.issued()
    before = len(await accesses(library, "SEARCH"))

    answer = await library.search(library.citizen())

    assert answer.status_code == 200, answer.text
    found = {item["identifier"]: item for item in answer.json()["items"]}
    assert found[row["identifier"]]["holder"]["masked_number"] == "4****************2"
    assert found[row["identifier"]]["file"]["state"] == "IN_THE_MAKING"
    assert MARKER not in answer.text
    assert len(await accesses(library, "SEARCH")) == before


async def test_a_citizen_may_also_give_the_own_number_in_lower_case_or_with_blanks(library: Library):
    await library.issued()

    answer = await library.search(library.citizen(), number=f" {MARKER[:6]} {MARKER[6:]}")

    assert answer.status_code == 200
    assert answer.json()["items"]


async def test_an_agent_finds_what_the_organisation_holds(library: Library):
    row = await library.issued(library.a_case(COMPANY, "鹤城餐饮有限公司"))

    answer = await library.search(an_agent(library), number=COMPANY)

    assert [item["identifier"] for item in answer.json()["items"]] == [row["identifier"]]


@pytest.mark.parametrize(
    ("roles", "expected"),
    [
        pytest.param(("CITIZEN",), 403, id="another citizen"),
        pytest.param(("ENTERPRISE_AGENT",), 403, id="agent of another organisation"),
        pytest.param(("SUPERVISOR",), 403, id="supervisor"),
        pytest.param(("CATALOGUE_ADMIN",), 403, id="catalogue administrator"),
        pytest.param(("MOBILE_BACKEND",), 403, id="mobile backend without a citizen"),
        pytest.param(("HANDLER",), 200, id="handler"),
        pytest.param(("CHIEF_REPRESENTATIVE",), 200, id="chief representative"),
        pytest.param(("COUNTER_CLERK",), 200, id="counter clerk"),
        pytest.param(("HANDOVER_CLERK",), 200, id="hand-over clerk"),
        pytest.param(("TOWNSHIP_CLERK",), 200, id="township clerk"),
        pytest.param(("TOWNSHIP_CENTRE",), 200, id="township centre"),
        pytest.param(("PROVINCIAL_PLATFORM",), 200, id="provincial platform"),
    ],
)
async def test_anothers_certificates_are_shown_by_role_and_purpose(
    library: Library, roles: tuple[str, ...], expected: int
):
    who = an_officer(*roles, org=POLICE.uscc, subject_key="f" * 64)

    with_purpose = await library.search(who, number=MARKER, purpose=PURPOSE)
    without = await library.search(who, number=MARKER)

    assert with_purpose.status_code == expected
    assert without.status_code == (422 if expected == 200 else 403)
    assert MARKER not in with_purpose.text + without.text


async def test_no_token_no_search(library: Library):
    assert (await library.search({})).status_code == 401


async def test_looking_for_another_leaves_who_when_why_and_how_many(library: Library):
    row = await library.issued(library.a_case(OTHER, "李小红"))
    who = an_officer("HANDLER", org=POLICE.uscc, sub=tokens.account("officer-7"))

    await library.search(who, number=OTHER, purpose=PURPOSE, case_no=row["case_no"])

    left = (await accesses(library, "SEARCH"))[-1]
    assert (left.account, left.organisation, left.purpose, left.case_no, left.found) == (
        tokens.account("officer-7"),
        POLICE.uscc,
        PURPOSE,
        row["case_no"],
        1,
    )
    assert left.holder_key == library.kit.holder_key("PERSON", OTHER)


async def test_a_purpose_that_repeats_the_number_is_turned_away(library: Library):
    answer = await library.search(an_officer("HANDLER"), number=MARKER, purpose=f"查询{MARKER}的证照")

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "#/purpose"
    assert MARKER not in answer.text


@pytest.mark.parametrize(
    ("field", "text"),
    [
        pytest.param("type_code", "\0", id="NUL as a type"),
        pytest.param("type_code", "FOOD", id="no type"),
        pytest.param("purpose", "核对\0身份", id="NUL in the purpose"),
        pytest.param("case_no", "\0", id="NUL as a case"),
        pytest.param("case_no", CASE_NO[:-1], id="a case number that is too short"),
        pytest.param("case_no", CASE_NO + "\n", id="a case number with a line end"),
    ],
)
async def test_what_no_database_stores_is_a_fault_of_its_field(library: Library, field: str, text: str):
    row = await library.issued()
    body = {"purpose": PURPOSE} | {field: text}
    path, who = f"/api/v1/certificates/{row['identifier']}", an_officer("HANDLER")

    answer = await library.search(who, number=OTHER, **body)
    read = [await library.get(f"{path}{suffix}", who, **{field: text}) for suffix in ("", "/file")]

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [f"#/{field}"]
    assert field == "type_code" or {one.status_code for one in read} == {422}


@pytest.mark.parametrize("path", ["certificates/%00", "certificates/%00/file", "cases/%00/papers", "cases/1/papers"])
async def test_an_address_that_can_name_nothing_is_turned_away(library: Library, path: str):
    answer = await library.get(f"/api/v1/{path}", an_officer("HANDLER"))

    assert answer.status_code == 422


async def test_a_wrong_check_digit_is_told_without_the_number(library: Library):
    wrong = MARKER[:-1] + "3"

    answer = await library.search(an_officer("HANDLER"), number=wrong, purpose=PURPOSE)

    assert answer.status_code == 422
    assert answer.json()["code"] == "certificate.number-invalid"
    assert answer.json()["errors"][0]["pointer"] == "/number"
    assert wrong not in answer.text


async def test_a_long_list_is_paged_and_the_cursor_belongs_to_its_holder(library: Library):
    number = "431202185006150033"
    for _ in range(3):
        await library.issued(library.a_case(number, "张老三"))
    me = library.citizen(number)

    first = (await library.search(me, limit=2)).json()
    second = (await library.search(me, limit=2, cursor=first["next"])).json()
    other = await library.search(library.citizen(OTHER), limit=2, cursor=first["next"])

    seen = [item["identifier"] for item in (*first["items"], *second["items"])]
    assert len(seen) == len(set(seen)) == 3
    assert second["next"] is None
    assert other.status_code == 400


async def test_only_valid_certificates_of_one_type_can_be_asked_for(library: Library):
    row = await library.issued()
    me = library.citizen()

    of_type = (await library.search(me, type_code=FOOD_LICENCE, valid_only=True)).json()["items"]
    of_other = (await library.search(me, type_code=MARKET.uscc + "001")).json()["items"]

    assert row["identifier"] in [item["identifier"] for item in of_type]
    assert of_other == []


# --- one certificate


async def test_the_holder_gets_the_record_with_its_signature(library: Library):
    row = await library.issued()

    answer = await library.get(f"/api/v1/certificates/{row['identifier']}", library.citizen())

    assert answer.status_code == 200
    assert answer.headers["etag"] == '"v1"'
    general = library.kit.signer.verify(canonical(answer.json()["jws_general"]).decode())
    record = library.kit.signer.verify(answer.json()["jws"])
    assert general == record
    assert record["certificate_identifier"] == row["identifier"]
    assert answer.json()["verify_url"].startswith("https://yichuang.test/api/v1/certificates/verify?identifier=1.2.156")


async def test_a_clerk_of_the_division_gets_the_record_of_a_case_and_leaves_a_row(library: Library):
    row = await library.issued()

    answer = await library.get(f"/api/v1/certificates/{row['identifier']}", an_officer("HANDOVER_CLERK"))

    assert answer.json()["jws"]
    left = (await accesses(library, "RECORD"))[-1]
    assert (left.certificate_id, left.case_no) == (row["id"], row["case_no"])


async def test_another_department_needs_a_purpose_and_gets_no_signed_record(library: Library):
    row = await library.issued()
    path, who = f"/api/v1/certificates/{row['identifier']}", an_officer("HANDLER", org=POLICE.uscc, division="")

    without = await library.get(path, who)
    answer = await library.get(path, who, purpose=PURPOSE)

    assert without.status_code == 422
    assert answer.status_code == 200
    assert (answer.json()["jws"], answer.json()["jws_general"]) == (None, None)
    assert (await accesses(library, "RECORD"))[-1].purpose == PURPOSE


NO_CASE = {
    "clerk of another district": ("COUNTER_CLERK", "", "110101000000"),
    "clerk of a far township": ("TOWNSHIP_CLERK", "", "110101001000"),
    "handler of another department": ("HANDLER", POLICE.uscc, DISTRICT),
    "provincial platform": ("PROVINCIAL_PLATFORM", "", "430000000000"),
}


@pytest.mark.parametrize(("role", "org", "division"), NO_CASE.values(), ids=NO_CASE.keys())
async def test_a_purpose_alone_opens_no_file_and_the_attempt_is_on_record(
    library: Library, role: str, org: str, division: str
):
    row = await library.issued()
    strangers = library.a_case(OTHER, "李小红")
    await library.hear(strangers.submitted(), strangers.received())
    path = f"/api/v1/certificates/{row['identifier']}/file"
    who = an_officer(role, org=org, division=division)

    without = await library.get(path, who)
    answer = await library.get(path, who, purpose=PURPOSE)
    named = await library.get(path, who, purpose=PURPOSE, case_no=strangers.case_no)

    code = "certificate.file-withheld" if org else "certificate.caller-refused"
    assert without.status_code == 422
    assert (answer.status_code, named.status_code) == (403, 403)
    assert answer.json()["code"] == code
    left = (await accesses(library, "FILE"))[-1]
    assert (left.purpose, left.refused, left.found) == (PURPOSE, code, 0)


async def test_who_handles_an_application_of_the_holder_names_it_and_gets_file_and_record(library: Library):
    row = await library.issued()
    other_case = library.a_case(item=an_item(department=POLICE))
    await library.hear(other_case.submitted(), other_case.received())
    path, who = f"/api/v1/certificates/{row['identifier']}", an_officer("HANDLER", org=POLICE.uscc, division="")

    file = await library.get(f"{path}/file", who, case_no=other_case.case_no)
    record = await library.get(path, who, case_no=other_case.case_no)
    foreign = await library.get(f"{path}/file", who, case_no=row["case_no"])

    assert file.status_code == 202
    assert record.json()["jws"]
    assert foreign.status_code == 422
    left = [one for one in await accesses(library, "FILE") if not one.refused][-1]
    assert left.case_no == other_case.case_no


async def test_an_application_of_several_opens_the_certificates_of_each_of_them(library: Library):
    row = await library.issued()
    case = library.a_case(OTHER, "李小红", item=an_item(department=POLICE))
    together = CoApplicant(**library.party(MARKER, "王小明").model_dump())
    accepted = case.accepted().model_copy(update={"co_applicants": (together,)})
    await library.hear(case.submitted(), case.received(), accepted)
    told = "SELECT 1 FROM outbox WHERE subject = 'certificate.access.unfounded.v1'"
    before = len(await library.rows(told))
    path, who = f"/api/v1/certificates/{row['identifier']}", an_officer("HANDLER", org=POLICE.uscc, division="")

    record = await library.get(path, who, case_no=case.case_no)

    left = (await accesses(library, "RECORD"))[-1]
    assert (record.status_code, left.case_no, left.ground) == (200, case.case_no, "CASE")
    assert len(await library.rows(told)) == before


@pytest.mark.parametrize("suffix", ["", "/file"])
async def test_another_citizen_does_not_even_learn_that_it_exists(library: Library, suffix: str):
    row = await library.issued()
    stranger = library.citizen(OTHER)

    there = await library.get(f"/api/v1/certificates/{row['identifier']}{suffix}", stranger)
    nowhere = await library.get(f"/api/v1/certificates/1.2.156.3005.2.X{suffix}", stranger)

    assert (there.status_code, nowhere.status_code) == (404, 404)
    assert there.json()["code"] == nowhere.json()["code"]
