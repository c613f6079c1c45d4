"""Who may look: the person sees every read; callers keep to their registration."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from contracts.events.common import OrganisationRef, Outcome
from contracts.events.intake import CaseConcluded
from contracts.events.reuse import CertificateReliedUpon
from services.certificate.domain.errors import DailyLimitReached
from services.certificate.domain.sharing import Query
from services.certificate.sharing.callers import admit_as
from services.chassis import clock
from tests.support import tokens
from tests.support.certificate import (
    DISTRICT,
    FOOD_LICENCE,
    ID_CARD,
    MARKER,
    MARKET,
    OTHER,
    POLICE,
    Library,
)

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
