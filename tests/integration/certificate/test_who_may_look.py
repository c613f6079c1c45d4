"""Who may look: the person sees every read; callers keep to their registration; a code shows chosen fields only."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from contracts.events.common import OrganisationRef, Outcome
from contracts.events.intake import CaseConcluded
from contracts.events.reuse import CertificateReliedUpon
from services.chassis import clock
from tests.support import tokens
from tests.support.certificate import DISTRICT, FOOD_LICENCE, MARKER, OTHER, POLICE, Library

PURPOSE = "办理食品经营许可，核对申请人证照"
BANK = "91431202MA00000152"


def an_officer(org: str = POLICE.uscc, *, role: str = "HANDLER", **claims: Any) -> dict[str, str]:
    return tokens.headers([role], org=org, **({"division": DISTRICT} | claims))


async def post(library: Library, path: str, who: dict[str, str], body: Any) -> httpx.Response:
    headers = who | {"Idempotency-Key": str(uuid4())}
    return await library.http.post(f"/api/v1/{path}", headers=headers, json=body)


async def registered(library: Library, org: str, **of: Any) -> None:
    body = {"caller": f"organisation:{org}", "name": "某行", "daily_limit": 100, "valid_from": "2000-01-01"} | of
    answer = await post(library, "certificate-callers", an_officer(role="CATALOGUE_ADMIN"), body)
    assert answer.status_code == 201, answer.text


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


async def test_a_registered_caller_gets_only_his_types_and_fields(library: Library) -> None:
    await library.issued()
    await registered(library, BANK, types=[FOOD_LICENCE], fields=["holder_name"], purposes=["贷款审核"])
    bank = an_officer(BANK, division="")

    shown = (await library.search(bank, number=MARKER, purpose="贷款审核")).json()["items"]
    other_purpose = await library.search(bank, number=MARKER, purpose="随便看看")
    await registered(library, BANK, types=[POLICE.uscc + "999"])
    other_type = (await library.search(bank, number=MARKER, purpose="贷款审核")).json()["items"]

    assert {one["type_code"] for one in shown} == {FOOD_LICENCE}
    assert {(one["certificate_number"], one["holder"]["masked_number"]) for one in shown} == {("", "")}
    assert (other_purpose.status_code, other_purpose.json()["code"]) == (403, "certificate.caller-refused")
    assert other_type == []


@pytest.mark.parametrize(
    "limits",
    [
        pytest.param({"closed": True}, id="closed"),
        pytest.param({"valid_until": "2001-01-01"}, id="run out"),
        pytest.param({"valid_from": "2998-01-01"}, id="not begun"),
        pytest.param({"daily_limit": 0}, id="nothing a day"),
    ],
)
async def test_a_registration_that_is_not_in_force_answers_nothing(library: Library, limits: dict[str, Any]) -> None:
    await registered(library, BANK, **limits)

    answer = await library.search(an_officer(BANK, division=""), number=MARKER, purpose=PURPOSE)

    assert answer.status_code == 403


async def test_the_daily_limit_counts_each_query(library: Library) -> None:
    org = "91431202MA00000233"
    await registered(library, org, daily_limit=2)
    caller = an_officer(org, division="")

    answers = [(await library.search(caller, number=MARKER, purpose=PURPOSE)).status_code for _ in range(3)]

    assert answers == [200, 200, 403]


async def test_a_read_by_an_ended_case_without_a_purpose_is_told_to_supervision(library: Library) -> None:
    row = await library.issued()
    path, clerk = f"/api/v1/certificates/{row['identifier']}", an_officer("", role="HANDOVER_CLERK")
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
    assert answer.status_code == 200
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
