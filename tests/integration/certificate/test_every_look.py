"""Every route that shows a certificate: which look leaves a row its holder sees, and which needs a purpose."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from services.chassis import clock
from services.chassis.clock import local_date
from tests.support import tokens
from tests.support.certificate import DISTRICT, FOOD_LICENCE, MARKER, MARKET, Library

BANK = tokens.headers(["RELYING_PARTY"], client_id="every-look", division=DISTRICT, channel="EXTERNAL")
WINDOW = tokens.headers(["HANDOVER_CLERK"], org=MARKET.uscc, org_name=MARKET.name)
HANDLER = tokens.headers(["HANDLER"], org=MARKET.uscc, org_name=MARKET.name)
PURPOSE = "贷款审核"
ONE = "/api/v1/certificates/{identifier}"
SHARING = "/api/v1/certificate-sharing"
BY_HOLDER = {"number": MARKER, "type_code": FOOD_LICENCE}


@dataclass(frozen=True)
class Look:
    """One route by somebody who is not the holder. `act` None: it shows others nothing, so no row is left."""

    act: str | None
    who: dict[str, str] = field(default_factory=dict)
    body: Any = None
    needs_purpose: bool = False


def shared(act: str, body: dict[str, Any]) -> Look:
    return Look(act, BANK, body, needs_purpose=True)


LOOKS: dict[tuple[str, str], Look] = {
    ("POST", "/api/v1/certificates/search"): shared("SEARCH", {"number": MARKER}),
    ("GET", ONE): Look("RECORD", BANK, needs_purpose=True),
    ("GET", f"{ONE}/file"): Look("FILE", BANK, needs_purpose=True),
    ("POST", f"{SHARING}/search"): shared("SEARCH", {"number": MARKER}),
    ("POST", f"{SHARING}/by-holder"): shared("BY_HOLDER", BY_HOLDER),
    ("POST", f"{SHARING}/by-identifier"): shared("RECORD", {"identifier": ONE}),
    ("POST", f"{SHARING}/file"): shared("FILE", BY_HOLDER),
    ("POST", f"{SHARING}/verify"): shared("VERIFY_DATA", BY_HOLDER | {"stated": {"holder_name": "王小明"}}),
    ("POST", f"{ONE}/prints"): Look("PRINT", WINDOW, {}),
    ("GET", f"{ONE}/copies"): Look("COPIES", WINDOW),
    ("GET", f"{ONE}/copies/{{copy_id}}/file"): Look("COPY_FILE", WINDOW),
    ("GET", f"{ONE}/papers"): Look("PAPERS", HANDLER),
    ("GET", "/api/v1/cases/{case_no}/papers"): Look("CASE_PAPERS", HANDLER),
    ("GET", "/api/v1/papers/{paper_id}/file"): Look(None, HANDLER),  # of a paper about it: the test below
    ("POST", f"{ONE}/loss"): Look("LOSS", WINDOW),
    ("POST", f"{ONE}/loss/withdrawal"): Look("LOSS", WINDOW),
    ("POST", f"{ONE}/reissue"): Look("REISSUE", WINDOW),
    ("POST", f"{ONE}/copies"): Look(None, BANK),  # the holder's alone
    ("POST", "/api/v1/certificates/presented"): Look("PRESENTED"),
    # Of another region: asking, and what was adopted, which is nothing here (test_two_regions).
    ("POST", "/api/v1/certificates/elsewhere"): Look(None),
    ("GET", "/api/v1/certificates/elsewhere"): Look(None),  # the holder's alone
    ("GET", "/api/v1/cases/{case_no}/certificates-elsewhere"): Look("SEARCH", HANDLER),
}
SHOWING = {
    *("CertificateOut", "CertificateDetail", "CertificatePapersOut", "CopyOut", "ForeignOut", "PresentedOut"),
    "VerifiedDataOut",
}
IN_ORDER = [*LOOKS]  # the reissue last but those it does not concern: it ends this version


def schemas_of(document: dict[str, Any], part: Any) -> set[str]:
    """Names of all schemas that an answer holds."""
    if isinstance(part, list):
        return {name for one in part for name in schemas_of(document, one)}
    if not isinstance(part, dict):
        return set()
    found = {name for one in part.values() for name in schemas_of(document, one)}
    if isinstance(part.get("$ref"), str):
        name = part["$ref"].rpartition("/")[2]
        found |= {name} | schemas_of(document, document["components"]["schemas"][name])
    return found


def shows_a_certificate(document: dict[str, Any], operation: dict[str, Any]) -> bool:
    answers = [answer for code, answer in operation["responses"].items() if code.startswith("2")]
    kinds = {kind for answer in answers for kind in answer.get("content", {})}
    return bool(schemas_of(document, answers) & SHOWING or "application/pdf" in kinds)


def test_the_table_names_every_route_that_shows_a_certificate(library: Library) -> None:
    document = library.app.openapi()

    showing = {
        (method.upper(), path)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if shows_a_certificate(document, operation)
    }

    assert showing == LOOKS.keys()


@dataclass
class Shown:
    """One certificate and everything its routes need."""

    library: Library
    identifier: str
    case_no: str
    paper_id: str
    copy_id: str

    async def ask(self, method: str, path: str, look: Look, *, purpose: str | None) -> httpx.Response:
        of = {
            "identifier": self.identifier,
            "case_no": self.case_no,
            "paper_id": self.paper_id,
            "copy_id": self.copy_id,
        }
        address = path.format(**of)
        said = {"purpose": purpose} if purpose else {}
        if method == "GET":
            return await self.library.get(address, look.who, **said)
        body = look.body if look.body is None else look.body | said
        if body and body.get("identifier") == ONE:
            body = body | {"identifier": self.identifier}
        if path.endswith(("/withdrawal", "/reissue")):
            await self.lost()
        if path.endswith("/presented"):
            body = {"code": await self.code()}
        return await self.post(address, look.who, body)

    async def lost(self) -> None:
        """Reported by the holder, which is no look of another."""
        await self.post(f"/api/v1/certificates/{self.identifier}/loss", self.library.citizen(), None)

    async def post(self, address: str, who: dict[str, str], body: Any) -> httpx.Response:
        query = "SELECT version FROM certificate WHERE identifier = :i"
        ((version,),) = await self.library.rows(query, i=self.identifier)
        headers = who | {"Idempotency-Key": str(uuid4()), "If-Match": f'"v{version}"'}
        return await self.library.http.post(address, headers=headers, json=body)

    async def code(self) -> str:
        path = f"/api/v1/certificates/{self.identifier}/presentations"
        made = await self.post(path, self.library.citizen(), {"fields": ["type_name"]})
        return str(made.json()["code"])

    async def log(self) -> list[dict[str, Any]]:
        shown = await self.library.get("/api/v1/certificates/access-log", self.library.citizen(), limit=200)
        return list(shown.json()["items"])


@pytest.fixture(scope="module")
async def shown(library: Library) -> Shown:
    row = await library.issued()
    administrator = tokens.headers(["CATALOGUE_ADMIN"]) | {"Idempotency-Key": str(uuid4())}
    bank = {"caller": "client:every-look", "name": "某行", "types": [FOOD_LICENCE], "purposes": [PURPOSE]}
    limits = {"fields": ["holder_name", "file"], "daily_limit": 1000, "valid_from": "2000-01-01"}
    await library.http.post("/api/v1/certificate-callers", headers=administrator, json=bank | limits)
    (paper,) = await library.rows("SELECT id FROM paper WHERE case_id = :id AND kind = 'RECEIPT'", id=row["case_id"])
    headers = library.citizen() | {"Idempotency-Key": str(uuid4())}
    copy = await library.http.post(
        f"/api/v1/certificates/{row['identifier']}/copies",
        headers=headers,
        json={"purpose": "办理银行开户", "expires_on": local_date(clock.now()).isoformat()},
    )
    return Shown(library, row["identifier"], row["case_no"], str(paper.id), copy.json()["copy_id"])


@pytest.mark.parametrize(("method", "path"), IN_ORDER, ids=[f"{method} {path}" for method, path in IN_ORDER])
async def test_each_look_leaves_the_row_of_the_table_and_wants_the_purpose_it_says(
    shown: Shown, method: str, path: str
) -> None:
    look = LOOKS[method, path]
    before = len(await shown.log())
    refused = await shown.ask(method, path, look, purpose=None) if look.needs_purpose else None
    left = (await shown.log())[: 1 if refused else 0]

    answer = await shown.ask(method, path, look, purpose=PURPOSE if look.needs_purpose else None)

    rows = await shown.log()
    if refused is not None:
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/purpose")
        assert [(row["act"], row["refused"]) for row in left] == [(look.act, True)]
    if look.act is None:
        assert len(rows) == before
        return
    assert answer.status_code in {200, 201, 202}, answer.text
    assert len(rows) == before + (2 if refused else 1)
    assert (rows[0]["act"], rows[0]["refused"]) == (look.act, False)
    assert rows[0]["act_label"] != rows[0]["act"]
    assert MARKER not in answer.text


async def test_of_an_ended_case_officials_see_which_certificates_there_are_and_more_for_a_purpose(
    library: Library, ended: Callable[[dict[str, Any]], Any]
) -> None:
    row = await library.issued()
    path = f"/api/v1/cases/{row['case_no']}/papers"
    (open_one,) = (await library.get(path, HANDLER)).json()["certificates"]
    await ended(row)

    (without,) = (await library.get(path, HANDLER)).json()["certificates"]
    (stated,) = (await library.get(path, HANDLER, purpose="补发核对")).json()["certificates"]
    (own,) = (await library.get(path, library.citizen())).json()["certificates"]

    assert [one["holder"]["name"] for one in (open_one, stated, own)] == ["王小明"] * 3
    assert (without["identifier"], without["holder"]["name"]) == (row["identifier"], "")
    assert (without["holder"]["masked_number"], without["certificate_number"]) == ("", "")


async def test_of_an_ended_case_a_purpose_shows_what_the_registration_names_and_no_more(
    library: Library, ended: Callable[[dict[str, Any]], Any]
) -> None:
    row = await library.issued()
    await ended(row)
    fields = "UPDATE caller SET fields_shown = CAST(:fields AS jsonb) WHERE caller = :caller"
    caller = f"organisation:{MARKET.uscc}"
    ((usual,),) = await library.rows("SELECT fields_shown::text FROM caller WHERE caller = :caller", caller=caller)

    async with library.database.transaction() as uow:
        await uow.connection.execute(text(fields), {"fields": '["certificate_number"]', "caller": caller})
    answer = await library.get(f"/api/v1/cases/{row['case_no']}/papers", HANDLER, purpose="补发核对")
    async with library.database.transaction() as uow:
        await uow.connection.execute(text(fields), {"fields": usual, "caller": caller})

    (stated,) = answer.json()["certificates"]
    assert (stated["holder"]["name"], stated["holder"]["masked_number"]) == ("", "")
    assert stated["certificate_number"] == row["number_shown"]
    log = (await library.get("/api/v1/certificates/access-log", library.citizen(), limit=1)).json()["items"]
    assert (log[0]["act"], log[0]["ground"], log[0]["purpose"]) == ("CASE_PAPERS", "WITH_PURPOSE", "补发核对")
