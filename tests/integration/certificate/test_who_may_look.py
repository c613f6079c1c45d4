"""Who may look: the person sees every read; callers keep to their registration; a code shows chosen fields only."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from contracts.events.common import OrganisationRef, Outcome
from contracts.events.intake import CaseConcluded
from contracts.events.reuse import CertificateReliedUpon
from services.certificate.commands import presentations
from services.certificate.domain.errors import DailyLimitReached
from services.certificate.domain.presentation import digest
from services.certificate.domain.sharing import Query
from services.certificate.sharing.callers import admit_as
from services.chassis import clock
from tests.support import tokens
from tests.support.certificate import DISTRICT, FOOD_LICENCE, ID_CARD, MARKER, MARKET, OTHER, POLICE, Library

PURPOSE = "办理食品经营许可，核对申请人证照"
BANK = "91431202MA00BK0013"


def an_officer(org: str = POLICE.uscc, *, role: str = "HANDLER", **claims: Any) -> dict[str, str]:
    return tokens.headers([role], org=org, **({"division": DISTRICT} | claims))


async def post(library: Library, path: str, who: dict[str, str], body: Any) -> httpx.Response:
    headers = who | {"Idempotency-Key": str(uuid4())}
    return await library.http.post(f"/api/v1/{path}", headers=headers, json=body)


def a_bank(**claims: Any) -> dict[str, str]:
    return tokens.headers(["RELYING_PARTY"], **({"org": BANK, "division": "", "channel": "EXTERNAL"} | claims))


A_BANK: dict[str, Any] = {
    "caller": "client:bank",
    "name": "鹤城农村商业银行",
    "types": [FOOD_LICENCE],
    "fields": ["holder_name"],
    "purposes": ["贷款审核"],
    "daily_limit": 1000,
    "valid_from": "2000-01-01",
}


async def registered(library: Library, **of: Any) -> None:
    answer = await post(library, "certificate-callers", an_officer(role="CATALOGUE_ADMIN"), A_BANK | of)
    assert answer.status_code == 201, answer.text


def rule_of(answer: httpx.Response) -> tuple[int, str, str]:
    """Status, field and rule of a refusal."""
    (error,) = answer.json()["errors"]
    return answer.status_code, error["pointer"], error["code"]


async def test_the_person_sees_who_read_what_when_and_why_page_by_page(library: Library) -> None:
    row = await library.issued(library.a_case(OTHER, "李小红"))
    officer = an_officer(org_name="区公安分局", division="")
    await library.search(officer, number=OTHER, purpose=PURPOSE)
    await library.get(f"/api/v1/certificates/{row['identifier']}", officer, purpose="核对身份")

    first = (await library.get("/api/v1/certificates/access-log", library.citizen(OTHER), limit=1)).json()
    second = (
        await library.get("/api/v1/certificates/access-log", library.citizen(OTHER), limit=1, cursor=first["next"])
    ).json()
    another = (await library.get("/api/v1/certificates/access-log", library.citizen("431202185006150033"))).json()

    newest, before = first["items"][0], second["items"][0]
    assert (newest["act"], newest["purpose"], newest["identifier"]) == ("RECORD", "核对身份", row["identifier"])
    assert (before["act"], before["purpose"], before["organisation_name"]) == ("SEARCH", PURPOSE, "区公安分局")
    assert another["items"] == []


async def test_a_registered_bank_gets_its_types_and_fields_and_never_more(library: Library) -> None:
    row = await library.issued()
    await registered(library)

    listed = (await library.search(a_bank(), number=MARKER, purpose="贷款审核")).json()["items"]
    one = (await library.get(f"/api/v1/certificates/{row['identifier']}", a_bank(), purpose="贷款审核")).json()

    assert {shown["type_code"] for shown in listed} == {FOOD_LICENCE}
    for shown in (*listed, one):
        assert (shown["holder"]["name"], shown["holder"]["masked_number"]) == ("王小明", "")
        assert (shown["certificate_number"], shown["case_no"], shown["item_code"]) == ("", None, None)
    assert (one["jws"], one["jws_general"]) == (None, None)


OUTSIDE = {
    "another purpose": ({}, {"purpose": "随便看看"}, (403, "/purpose", "not-allowed")),
    "another type": ({}, {"type_code": ID_CARD}, (403, "/type_code", "not-allowed")),
    "another field": ({}, {"fields": ["holder_name", "holder_number"]}, (403, "/fields/1", "not-allowed")),
    "suspended": ({"closed": True}, {}, (403, "/caller", "suspended")),
    "run out": ({"valid_until": "2001-01-01"}, {}, (403, "/valid_until", "run-out")),
    "not begun": ({"valid_from": "2998-01-01"}, {}, (403, "/valid_from", "not-begun")),
    "nothing a day": ({"daily_limit": 0}, {}, (429, "/daily_limit", "reached")),
}


@pytest.mark.parametrize(("limits", "asked", "refused"), OUTSIDE.values(), ids=OUTSIDE.keys())
async def test_a_query_outside_the_registration_is_refused_by_field_and_rule(
    library: Library, limits: dict[str, Any], asked: dict[str, Any], refused: tuple[int, str, str]
) -> None:
    await registered(library, **limits)

    answer = await library.search(a_bank(), **{"number": MARKER, "purpose": "贷款审核"} | asked)

    assert rule_of(answer) == refused


async def test_a_bank_that_is_not_registered_or_names_no_purpose_gets_nothing(library: Library) -> None:
    row = await library.issued()
    path = f"/api/v1/certificates/{row['identifier']}"
    await registered(library)

    stranger = await library.search(a_bank(client_id="other-bank", org=""), number=MARKER, purpose="贷款审核")
    silent = await library.get(path, a_bank())
    by_case = await library.get(path, a_bank(), case_no=row["case_no"])
    papers = await library.get(f"/api/v1/cases/{row['case_no']}/papers", a_bank())

    assert rule_of(stranger) == (403, "/caller", "not-registered")
    assert [rule_of(answer) for answer in (silent, by_case)] == [(422, "/purpose", "required")] * 2
    assert papers.status_code == 403


async def test_the_file_goes_only_to_a_caller_whose_registration_names_it(library: Library) -> None:
    row = await library.issued()
    path = f"/api/v1/certificates/{row['identifier']}/file"
    await registered(library)
    withheld = await library.get(path, a_bank(), purpose="贷款审核")
    await registered(library, fields=["holder_name", "file"])

    answer = await library.get(path, a_bank(), purpose="贷款审核")

    assert rule_of(withheld) == (403, "/fields", "not-allowed")
    assert answer.status_code == 202


async def test_the_daily_limit_is_exact_when_all_ask_at_once(library: Library) -> None:
    bank = a_bank(client_id="limited", org="")
    await registered(library, caller="client:limited", daily_limit=10)

    answers = await asyncio.gather(*(library.search(bank, number=MARKER, purpose="贷款审核") for _ in range(20)))
    refused = [answer for answer in answers if answer.status_code != 200]

    assert len(refused) == 10
    assert {rule_of(answer) for answer in refused} == {(429, "/daily_limit", "reached")}
    assert all(0 < int(answer.headers["retry-after"]) <= 86_400 for answer in refused)


async def test_the_day_of_the_limit_begins_at_midnight_in_china(library: Library) -> None:
    await registered(library, caller="client:nightly", daily_limit=1)
    query = Query("贷款审核", FOOD_LICENCE)

    async def asks(now: datetime) -> int | None:
        """Seconds until he may ask again; none when he is answered."""
        try:
            async with library.database.transaction() as uow:
                await admit_as(uow.connection, ("client:nightly",), "", query, now)
        except DailyLimitReached as reached:
            return reached.retry_after_seconds
        return None

    last = datetime(2031, 11, 19, 15, 59, 50, tzinfo=UTC)
    waits = [await asks(moment) for moment in (last, last, last + timedelta(seconds=10), last + timedelta(seconds=11))]

    assert waits == [None, 11, None, 86_400]


async def test_a_refused_query_does_not_count(library: Library) -> None:
    bank = a_bank(client_id="counted", org="")
    await registered(library, caller="client:counted", daily_limit=1)

    refused = await library.search(bank, number=MARKER, purpose="随便看看")
    file = await library.get(f"/api/v1/certificates/{(await library.issued())['identifier']}/file", bank)
    answers = [(await library.search(bank, number=MARKER, purpose="贷款审核")).status_code for _ in range(2)]

    assert (refused.status_code, file.status_code) == (403, 422)
    assert answers == [200, 429]


async def test_a_read_by_an_ended_case_without_a_purpose_is_told_to_supervision(library: Library) -> None:
    row = await library.issued()
    path, clerk = f"/api/v1/certificates/{row['identifier']}", an_officer(MARKET.uscc, role="HANDOVER_CLERK")
    unfounded = "SELECT * FROM outbox WHERE subject = 'certificate.access.unfounded.v1'"
    before = len(await library.rows(unfounded))
    await library.get(path, clerk)
    while_open = len(await library.rows(unfounded))
    await library.hear(
        CaseConcluded(
            application_id=row["case_id"], case_no=row["case_no"], outcome=Outcome.GRANTED, concluded_at=clock.now()
        )
    )

    await library.get(path, clerk, purpose="补发核对")
    with_purpose = len(await library.rows(unfounded))
    answer = await library.get(path, clerk)

    assert (while_open, with_purpose) == (before, before)
    assert rule_of(answer) == (422, "/purpose", "required")
    assert len(await library.rows(unfounded)) == before + 1


async def test_a_code_shows_the_chosen_fields_only_and_the_holder_sees_each_look(library: Library) -> None:
    row = await library.issued()
    path = f"certificates/{row['identifier']}/presentations"

    made = (await post(library, path, library.citizen(), {"fields": ["type_name", "valid_until"]})).json()
    looked = await library.http.post("/api/v1/certificates/presented", json={"code": made["code"]})

    log = (await library.get("/api/v1/certificates/access-log", library.citizen(), limit=1)).json()["items"]
    assert looked.json()["status"] == "VALID"
    assert list(looked.json()["shown"]) == ["type_name", "valid_until"]
    assert (log[0]["act"], log[0]["identifier"]) == ("PRESENTED", row["identifier"])
    assert log[0]["purpose"] == "本人亮证，出示：证照名称、有效期至"
    assert not await library.rows("SELECT 1 FROM presentation WHERE code_sha256 = :code", code=made["code"])


async def test_a_code_runs_out_and_nobody_makes_one_for_another(library: Library) -> None:
    row = await library.issued()
    path, body = f"certificates/{row['identifier']}/presentations", {"fields": ["holder_name"]}
    made = (await post(library, path, library.citizen(), body)).json()
    async with library.database.transaction() as uow:
        await uow.connection.exec_driver_sql("UPDATE presentation SET runs_out_at = now() - interval '1 second'")

    over = await library.http.post("/api/v1/certificates/presented", json={"code": made["code"]})
    never = await library.http.post("/api/v1/certificates/presented", json={"code": "A" * 20})
    another = await post(library, path, library.citizen(OTHER), body)

    assert (over.status_code, never.status_code, another.status_code) == (404, 404, 404)
    assert over.json()["code"] == never.json()["code"] == "certificate.not-presented"


async def test_a_code_for_one_look_shows_its_fields_once_however_many_look_at_the_same_time(library: Library) -> None:
    """A picture of it taken over somebody's shoulder opens nothing afterwards."""
    row = await library.issued()
    body = {"fields": ["holder_name"], "once": True}
    made = (await post(library, f"certificates/{row['identifier']}/presentations", library.citizen(), body)).json()
    path, shown = "/api/v1/certificates/presented", {"code": made["code"]}

    looks = await asyncio.gather(*(library.http.post(path, json=shown) for _ in range(4)))
    later = await library.http.post(path, json=shown)

    seen = await library.rows("SELECT 1 FROM access WHERE act = 'PRESENTED' AND certificate_id = :id", id=row["id"])
    assert sorted(look.status_code for look in looks) == [200, 404, 404, 404]
    assert later.status_code == 404
    assert len(seen) == 1


async def test_codes_that_still_run_are_withdrawn_by_their_holder_alone(library: Library) -> None:
    row, other = await library.issued(), await library.issued()
    code = {"fields": ["holder_name"]}
    made = [
        (await post(library, f"certificates/{one['identifier']}/presentations", library.citizen(), code)).json()
        for one in (row, row, other)
    ]
    path = f"certificates/{row['identifier']}/presentations/withdrawal"

    by_another = await post(library, path, library.citizen(OTHER), {})
    withdrawn = await post(library, path, library.citizen(), {})

    looks = [await library.http.post("/api/v1/certificates/presented", json={"code": one["code"]}) for one in made]
    assert by_another.status_code == 404
    assert (withdrawn.status_code, withdrawn.json()) == (201, {"withdrawn": 2})
    assert [look.status_code for look in looks] == [404, 404, 200]


async def test_a_presentation_is_forgotten_a_day_after_it_ran_out_and_who_looked_is_not(library: Library) -> None:
    row = await library.issued()
    path, codes = f"certificates/{row['identifier']}/presentations", []
    for _ in range(2):
        made = (await post(library, path, library.citizen(), {"fields": ["holder_name"]})).json()
        await library.http.post("/api/v1/certificates/presented", json={"code": made["code"]})
        codes.append(digest(made["code"]))
    async with library.database.transaction() as uow:
        old = text("UPDATE presentation SET runs_out_at = now() - interval '25 hours' WHERE code_sha256 = :code")
        await uow.connection.execute(old, {"code": codes[0]})

    await presentations.forget(library.database, clock.now())

    kept = "SELECT code_sha256 FROM presentation WHERE certificate_id = :id"
    log = (await library.get("/api/v1/certificates/access-log", library.citizen(), limit=2)).json()["items"]
    assert [one.code_sha256 for one in await library.rows(kept, id=row["id"])] == codes[1:]
    assert [(one["act"], one["identifier"]) for one in log] == [("PRESENTED", row["identifier"])] * 2


async def test_the_person_sees_in_which_case_a_certificate_was_used(library: Library) -> None:
    row = await library.issued()
    await library.hear(
        CertificateReliedUpon(
            case_id=row["case_id"],
            case_no=row["case_no"],
            identifier=row["identifier"],
            holder_key=row["holder_key"],
            item_code="X",
            materials=(2,),
            department=OrganisationRef(uscc=POLICE.uscc, name="区公安分局", division=DISTRICT),
            relied_at=clock.now(),
        )
    )

    log = (await library.get("/api/v1/certificates/access-log", library.citizen(), limit=1)).json()["items"]

    assert (log[0]["act"], log[0]["case_no"], log[0]["identifier"]) == ("RELIED", row["case_no"], row["identifier"])


async def test_the_person_reads_who_when_for_which_case_and_on_what_basis(library: Library) -> None:
    row = await library.issued(library.a_case(OTHER, "李小红"))
    path = f"/api/v1/certificates/{row['identifier']}"
    await registered(library)
    await library.get(path, an_officer(MARKET.uscc, org_name="区市场监督管理局"))
    await library.get(path, a_bank(org_name="鹤城农村商业银行"), purpose="随便看看")
    await library.get(path, library.citizen("431202185006150033"))

    log = (await library.get("/api/v1/certificates/access-log", library.citizen(OTHER), limit=3)).json()["items"]

    stranger, bank, officer = log
    assert officer["basis"] == f"经办办件；办件 {row['case_no']}（食品经营许可（新办））；事由：办理本办件"
    assert (officer["who"], officer["act_label"], officer["refused"]) == ("区市场监督管理局", "查看证照信息", False)
    assert (bank["who"], bank["channel_label"], bank["refused"]) == ("鹤城农村商业银行", "用证单位接口", True)
    assert bank["refused_why"] == "申请事由不在登记的范围内，已登记：贷款审核"
    assert (stranger["who"], stranger["refused_why"]) == ("其他个人", "无权查看该证照")
    assert all(one["at"] and one["type_name"] == "食品经营许可证" for one in log)
    assert not any(number in str(log) for number in (OTHER, "431202185006150033", MARKER))


async def test_the_supervisor_finds_refused_looks_of_the_own_division_without_the_holder(library: Library) -> None:
    await registered(library)
    await library.search(a_bank(division=DISTRICT), number=MARKER, purpose="核对征信")
    asked = {"refused": True, "caller": "client:bank", "limit": 1}
    path = "/api/v1/certificate-reads"

    own = (await library.get(path, tokens.headers(["SUPERVISOR"]), **asked)).json()["items"]
    next_district = (await library.get(path, tokens.headers(["SUPERVISOR"], division="431221000000"), **asked)).json()
    answered = (await library.get(path, tokens.headers(["SUPERVISOR"]), **asked | {"refused": False})).json()["items"]

    (refused,) = own
    assert (refused["purpose"], refused["act"], refused["refused"]) == ("核对征信", "SEARCH", True)
    assert "holder" not in str(refused)
    assert next_district["items"] == []
    assert all(not one["refused"] for one in answered)
