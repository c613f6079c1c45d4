"""The sharing operations of GB/T 36906: search, by holder, by identifier, file, verify; within the registration."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.support import tokens
from tests.support.certificate import BUSINESS_LICENCE, FOOD_LICENCE, ID_CARD, MARKER, MARKET, OTHER, Library

PURPOSE = "企业开户核验"
BANK = tokens.headers(["RELYING_PARTY"], client_id="sharing", channel="EXTERNAL")


async def share(library: Library, operation: str, who: dict[str, str] = BANK, **body: Any) -> httpx.Response:
    said = {"purpose": PURPOSE} | body
    return await library.http.post(f"/api/v1/certificate-sharing/{operation}", headers=who, json=said)


@pytest.fixture(scope="module")
async def row(library: Library) -> dict[str, Any]:
    await registered(library)
    return await library.issued()


async def registered(library: Library, **of: Any) -> None:
    headers = tokens.headers(["CATALOGUE_ADMIN"]) | {"Idempotency-Key": str(uuid4())}
    body = {
        "caller": "client:sharing",
        "name": "某银行",
        "types": [FOOD_LICENCE, BUSINESS_LICENCE],
        "fields": ["holder_name", "holder_number", "certificate_number"],
        "purposes": [PURPOSE],
        "daily_limit": 1000,
        "valid_from": "2000-01-01",
    }
    answer = await library.http.post("/api/v1/certificate-callers", headers=headers, json=body | of)
    assert answer.status_code == 201, answer.text


async def test_search_by_holder_and_by_identifier_show_the_same_certificate(
    library: Library, row: dict[str, Any]
) -> None:
    of_holder: dict[str, Any] = {"number": MARKER, "type_code": FOOD_LICENCE}

    searched = (await share(library, "search", number=MARKER)).json()["items"]
    held = (await share(library, "by-holder", **of_holder)).json()["items"]
    one = (await share(library, "by-identifier", identifier=row["identifier"], fields=["holder_name"])).json()

    assert row["identifier"] in [found["identifier"] for found in searched]
    assert row["identifier"] in [found["identifier"] for found in held]
    assert (one["identifier"], one["holder"]["name"]) == (row["identifier"], "王小明")
    assert (one["holder"]["masked_number"], one["certificate_number"], one["jws"]) == ("", "", None)


TRUE: dict[str, Any] = {"holder_name": "王小明", "holder_number": MARKER}
FALSE = {"holder_name": "王小亮", "holder_number": OTHER}


async def test_verification_says_of_each_stated_value_whether_it_is_the_registered_one_and_tells_none(
    library: Library, row: dict[str, Any]
) -> None:
    number, issued_on = row["number_shown"], row["issued_on"].isoformat()
    right = TRUE | {"certificate_number": number, "issued_on": issued_on}

    true = await share(library, "verify", identifier=row["identifier"], stated=right)
    false = await share(library, "verify", identifier=row["identifier"], stated=TRUE | FALSE)

    assert (true.json()["all_match"], true.json()["status"]) == (True, "VALID")
    assert false.json()["matches"] == {"holder_name": False, "holder_number": False}
    assert "王小明" not in false.text
    assert MARKER not in true.text + false.text


async def test_nothing_stated_is_no_verification(library: Library, row: dict[str, Any]) -> None:
    answer = await share(library, "verify", identifier=row["identifier"], stated={})

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "#/stated")


async def test_what_nobody_holds_is_answered_counted_and_noted(library: Library, row: dict[str, Any]) -> None:
    nothing: dict[str, Any] = {"number": OTHER, "type_code": BUSINESS_LICENCE}

    verified = (await share(library, "verify", **nothing, stated={"holder_name": "李小红"})).json()
    file = await share(library, "file", **nothing, fields=[])

    log = (await library.get("/api/v1/certificates/access-log", library.citizen(OTHER), limit=2)).json()["items"]
    assert (verified["identifier"], verified["all_match"]) == (None, False)
    assert file.status_code == 404
    assert [one["act"] for one in log] == ["FILE", "VERIFY_DATA"]


async def test_who_may_not_see_a_field_may_not_have_it_compared(library: Library, row: dict[str, Any]) -> None:
    await registered(library, fields=["holder_name"])

    answer = await share(library, "verify", identifier=row["identifier"], stated={"holder_number": MARKER})

    await registered(library)
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (403, "/fields/0")


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("search", {"number": MARKER, "type_code": ID_CARD}),
        ("by-holder", {"number": MARKER, "type_code": ID_CARD}),
        ("verify", {"number": MARKER, "type_code": ID_CARD, "stated": {"holder_name": "王小明"}}),
        ("file", {"number": MARKER, "type_code": ID_CARD}),
    ],
)
async def test_a_type_outside_the_registration_is_refused_whether_there_is_one_or_not(
    library: Library, row: dict[str, Any], operation: str, body: dict[str, Any]
) -> None:
    answer = await share(library, operation, **body)

    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (403, "/type_code")


async def test_an_officer_with_an_open_case_of_the_holder_gets_the_file(library: Library, row: dict[str, Any]) -> None:
    officer = tokens.headers(["HANDLER"], org=MARKET.uscc)

    answer = await share(library, "file", officer, identifier=row["identifier"], case_no=row["case_no"])
    both_ways = await share(library, "file", officer, identifier=row["identifier"], number=MARKER)

    assert answer.status_code == 202
    assert both_ways.status_code == 422
