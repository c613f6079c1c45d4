"""Looks by who serves the holder: an open case or a registered purpose; refused acts and types that are not shared."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest
import yaml

from contracts.events.reuse import AccessUnfounded
from services.certificate.commands import import_certificates
from services.certificate.commands.import_types import import_types
from tests.integration.certificate.test_life import decided, proposed
from tests.integration.certificate.test_who_may_look import A_BANK, a_bank, post, rule_of
from tests.support import tokens
from tests.support.certificate import (
    BUSINESS_LICENCE,
    CATALOGUE,
    DISTRICT,
    FOOD_LICENCE,
    ID_CARD,
    MARKER,
    MARKET,
    NOON,
    OTHER,
    POLICE,
    Library,
    an_id_card,
    an_item,
    ndjson,
)

Ended = Callable[[dict[str, Any]], Awaitable[None]]
WINDOW = tokens.headers(["HANDOVER_CLERK"], org=MARKET.uscc, org_name=MARKET.name)
FACTS = "SELECT payload FROM outbox WHERE subject = 'certificate.access.unfounded.v1' ORDER BY seq"
LOOKS = ["prints", "copies", "copies/{copy}/file"]


async def look(library: Library, row: dict[str, Any], path: str, who: dict[str, str], **why: str) -> httpx.Response:
    address = f"certificates/{row['identifier']}/{path.format(copy=row['copy'])}"
    if path == "prints":
        return await post(library, address, who, {"reason": "纸质证件污损", **why})
    return await library.get(f"/api/v1/{address}", who, **why)


async def newest(library: Library) -> dict[str, Any]:
    shown = await library.get("/api/v1/certificates/access-log", library.citizen(), limit=1)
    return dict(shown.json()["items"][0])


async def acted(library: Library, row: dict[str, Any], act: str, who: dict[str, str]) -> httpx.Response:
    ((version,),) = await library.rows("SELECT version FROM certificate WHERE identifier = :i", i=row["identifier"])
    headers = who | {"Idempotency-Key": str(uuid4()), "If-Match": f'"v{version}"'}
    return await library.http.post(f"/api/v1/certificates/{row['identifier']}/{act}", headers=headers)


async def with_a_copy(library: Library) -> dict[str, Any]:
    row = await library.issued()
    wanted = {"purpose": "办理银行开户", "expires_on": str(row["issued_on"].replace(year=row["issued_on"].year + 1))}
    copy = await post(library, f"certificates/{row['identifier']}/copies", library.citizen(), wanted)
    return row | {"copy": copy.json()["copy_id"]}


@pytest.mark.parametrize("path", LOOKS)
async def test_a_window_looks_by_an_open_case_or_a_purpose_and_otherwise_supervision_is_told(
    library: Library, ended: Ended, path: str
) -> None:
    row = await with_a_copy(library)
    by_case = await look(library, row, path, WINDOW)
    case_row, before = await newest(library), len(await library.rows(FACTS))
    await ended(row)

    without, other = await look(library, row, path, WINDOW), await look(library, row, path, WINDOW, purpose="随便看看")
    refused, facts = await newest(library), await facts_of(library, before)
    served = await look(library, row, path, WINDOW, purpose="补证换证：污损")
    row_of_purpose = await newest(library)

    assert [answer.status_code // 100 for answer in (by_case, served)] == [2, 2]
    assert (case_row["ground"], case_row["case_no"], case_row["refused"]) == ("CASE", row["case_no"], False)
    assert rule_of(without) == (422, "/purpose", "required")
    assert rule_of(other) == (403, "/purpose", "not-allowed")
    assert (refused["refused"], refused["purpose"], refused["who"]) == (True, "随便看看", MARKET.name)
    assert [fact.lacking for fact in facts] == ["/purpose required", "/purpose not-allowed"]
    assert row_of_purpose["basis"] == "窗口为持证人办理；事由：补证换证：污损"
    assert row_of_purpose["at"]


async def test_a_copy_goes_by_a_purpose_to_the_production_counter_and_to_who_may_have_files(
    library: Library, ended: Ended
) -> None:
    row = await with_a_copy(library)
    counter = tokens.headers(["COUNTER_CLERK"], org=MARKET.uscc, org_name=MARKET.name)
    path = "copies/{copy}/file"
    by_case = await look(library, row, path, counter)
    await ended(row)

    by_purpose = await look(library, row, path, counter, purpose="补证换证：污损")
    production = await look(library, row, path, WINDOW, purpose="补证换证：污损")

    assert [answer.status_code // 100 for answer in (by_case, production)] == [2, 2]
    assert (by_purpose.status_code, by_purpose.json()["code"]) == (403, "certificate.file-withheld")


async def facts_of(library: Library, before: int = 0) -> list[AccessUnfounded]:
    return [AccessUnfounded.model_validate_json(row.payload) for row in (await library.rows(FACTS))[before:]]


async def test_a_search_without_ground_is_told_as_a_look_at_one_certificate_is(library: Library, ended: Ended) -> None:
    row = await library.issued()
    before = len(await library.rows(FACTS))

    async def search(**why: str) -> httpx.Response:
        return await library.search(WINDOW, number=MARKER, **why)

    by_open_case = await search(case_no=row["case_no"])
    while_open = await facts_of(library, before)
    await ended(row)
    answers = [await search(), await search(purpose="随便看看"), await search(case_no=row["case_no"])]
    served = await search(purpose="补证换证：污损")
    own = await library.search(library.citizen(), number=MARKER)
    stranger = await library.search(library.citizen(OTHER), number=MARKER)

    facts = await facts_of(library, before)
    refused = await newest(library)
    assert (by_open_case.status_code, while_open) == (422, [])
    assert [answer.status_code for answer in answers] == [422, 403, 422]
    assert [answer.status_code for answer in (served, own, stranger)] == [200, 200, 403]
    assert [(fact.act, fact.identifier, fact.lacking, fact.case_id) for fact in facts] == [
        ("SEARCH", "", "/purpose required", None),
        ("SEARCH", "", "/purpose not-allowed", None),
        ("SEARCH", "", "/purpose required", row["case_id"]),
    ]
    assert {(fact.reader_uscc, fact.division) for fact in facts} == {(MARKET.uscc, DISTRICT)}
    assert (refused["act"], refused["refused"]) == ("SEARCH", True)


async def test_the_holder_needs_neither_for_his_own(library: Library, ended: Ended) -> None:
    row = await with_a_copy(library)
    await ended(row)
    before = await library.rows("SELECT 1 FROM access")

    answers = [await look(library, row, path, library.citizen()) for path in LOOKS[1:]]

    assert [answer.status_code // 100 for answer in answers] == [2, 2]
    assert len(await library.rows("SELECT 1 FROM access")) == len(before)


@pytest.mark.parametrize(
    ("act", "refused"),
    [
        ("loss", "certificate.wrong-state"),
        ("reissue", "certificate.wrong-state"),
        ("prints", "certificate.wrong-state"),
    ],
)
async def test_a_refused_act_of_a_window_tells_of_the_certificate_and_leaves_a_row(
    library: Library, act: str, refused: str
) -> None:
    row = await with_a_copy(library)
    await acted(library, row, "loss", library.citizen())
    if act == "reissue":
        await acted(library, row, "loss/withdrawal", library.citizen())
    by_window = look(library, row, act, WINDOW) if act == "prints" else acted(library, row, act, WINDOW)

    answer = await by_window

    left = await newest(library)
    assert answer.json()["code"] == "certificate.wrong-state"
    assert (left["who"], left["refused"], left["identifier"]) == (MARKET.name, True, row["identifier"])
    assert left["refused_why"] == answer.json()["detail"]


async def test_an_imported_certificate_read_without_ground_is_a_fact_without_a_case(library: Library) -> None:
    line = ndjson(library.folder / "window.ndjson", an_id_card(certificate_number="W1"))
    types = await import_certificates.types(library.database)
    await import_certificates.load(library.database, line, types, library.kit, now=NOON)
    (row,) = await library.rows("SELECT identifier, issuer_division FROM certificate WHERE number_shown = 'W1'")
    before = len(await library.rows(FACTS))

    answer = await post(library, f"certificates/{row.identifier}/prints", WINDOW, {})

    (fact,) = await facts_of(library, before)
    assert rule_of(answer) == (422, "/purpose", "required")
    assert (fact.case_id, fact.case_no, fact.identifier) == (None, "", row.identifier)
    assert (fact.reader_uscc, fact.division, fact.act) == (MARKET.uscc, row.issuer_division, "PRINT")


async def test_of_an_ended_case_officials_see_holders_only_for_a_purpose_they_have(
    library: Library, ended: Ended
) -> None:
    row = await library.issued()
    await ended(row)
    before = len(await library.rows(FACTS))

    answer = await library.get(f"/api/v1/cases/{row['case_no']}/papers", WINDOW, purpose="随便看看")

    (fact,) = await facts_of(library, before)
    assert rule_of(answer) == (403, "/purpose", "not-allowed")
    assert (fact.case_id, fact.act) == (row["case_id"], "CASE_PAPERS")


async def test_a_window_reads_a_paper_about_a_certificate_for_a_purpose_and_its_issuer_as_his_own(
    library: Library, ended: Ended
) -> None:
    row = await library.issued()
    await ended(row)
    await library.hear(proposed(decided(row, "ANNUL", "FRAUD")))
    (paper,) = await library.rows("SELECT id FROM paper WHERE certificate_id = :id", id=row["id"])
    path, police = f"/api/v1/papers/{paper.id}/file", tokens.headers(["HANDOVER_CLERK"], org=POLICE.uscc)
    issuer = tokens.headers(["HANDLER"], org=MARKET.uscc)

    without = await library.get(path, police)
    others = [await library.get(path, police, purpose="制证发证"), await library.get(path, issuer)]

    assert rule_of(without) == (422, "/purpose", "required")
    assert [answer.status_code for answer in others] == [202, 202]


async def shared_as(library: Library, **sharing: str) -> None:
    """The directory again, with what it says of how types are shared."""
    types = [one | ({"sharing": sharing[one["id"]]} if one["id"] in sharing else {}) for one in CATALOGUE["cert_types"]]
    file = library.folder / f"shared-{uuid4()}.yaml"
    file.write_text(yaml.safe_dump(CATALOGUE | {"cert_types": types}, allow_unicode=True), "utf-8")
    await import_types(library.database, file, now=NOON)


async def test_a_type_not_to_be_shared_is_for_the_holder_and_the_body_that_issued_it(
    library: Library, ended: Ended
) -> None:
    item = an_item(certificate_type_code=BUSINESS_LICENCE, certificate_type_name="营业执照")
    row = await library.issued(library.a_case(item=item))
    await ended(row)
    elsewhere = library.a_case(item=an_item(department=POLICE))
    await library.hear(elsewhere.submitted(), elsewhere.received())
    await shared_as(library, bizlic="不予共享")
    police, market = (tokens.headers(["HANDLER"], org=body.uscc, division="") for body in (POLICE, MARKET))
    path, said = f"/api/v1/certificates/{row['identifier']}", {"purpose": "核对申请人身份"}
    of_type = {"number": MARKER, "type_code": BUSINESS_LICENCE} | said

    refused = [
        await library.get(path, police, **said),
        await library.get(path, police, **said, case_no=elsewhere.case_no),
        await library.search(police, **of_type),
    ]
    listed = (await library.search(police, number=MARKER, **said)).json()["items"]
    own = [await library.get(path, market, **said), await library.search(market, **of_type)]
    holder = await library.get(path, library.citizen())

    assert [rule_of(answer) for answer in refused] == [(403, "/type_code", "not-shared")] * 3
    assert refused[0].json()["errors"][0]["detail"].endswith("不予共享，只有颁发机关和持证人可以查看")
    assert row["identifier"] not in [one["identifier"] for one in listed]
    assert [answer.status_code for answer in (*own, holder)] == [200, 200, 200]
    assert row["identifier"] in own[1].text


async def test_an_open_type_needs_no_naming_for_the_administration_and_does_for_a_bank(library: Library) -> None:
    await shared_as(library, idcard="无条件共享")
    administrator = tokens.headers(["CATALOGUE_ADMIN"])
    narrow = {"caller": f"organisation:{POLICE.uscc}", "types": [FOOD_LICENCE], "purposes": []}
    await post(library, "certificate-callers", administrator, A_BANK)
    await post(library, "certificate-callers", administrator, A_BANK | narrow)
    police = tokens.headers(["HANDLER"], org=POLICE.uscc, division="")

    open_one = await library.search(police, number=MARKER, purpose="核对申请人身份", type_code=ID_CARD)
    not_named = await library.search(police, number=MARKER, purpose="核对申请人身份", type_code=BUSINESS_LICENCE)
    bank = await library.search(a_bank(), number=MARKER, purpose="贷款审核", type_code=ID_CARD)

    assert open_one.status_code == 200
    assert [rule_of(answer) for answer in (not_named, bank)] == [(403, "/type_code", "not-allowed")] * 2
