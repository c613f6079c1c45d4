"""What was rewritten in the database is never signed or told as if it were true: no act builds on such a row."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from services.certificate.certificate_types import template_queries
from services.certificate.commands.expire import expire
from services.certificate.domain.errors import WrongState
from services.certificate.domain.transparency import Act
from services.certificate.files.errors import RecordNotAuthentic
from services.chassis import clock
from tests.integration.certificate.test_life import ACTS, decided
from tests.support import tokens
from tests.support.certificate import DISTRICT, FOOD_LICENCE, MARKER, OTHER, POLICE, Library

VERIFY = "/api/v1/certificates/verify"
PRODUCER = tokens.headers(["HANDOVER_CLERK"], sub=tokens.account("producer"), channel="COUNTER")
BANK = tokens.headers(["RELYING_PARTY"], client_id="made-good", channel="EXTERNAL")
PURPOSE = "企业开户核验"


async def change(library: Library, statement: str, **values: Any) -> None:
    async with library.database.transaction() as uow:
        await uow.connection.execute(text(statement), values)


async def rewrite(library: Library, row: dict[str, Any], **columns: Any) -> None:
    said = ", ".join(f"{name} = :{name}" for name in columns)
    await change(library, f"UPDATE certificate SET {said} WHERE id = :id", id=row["id"], **columns)


@asynccontextmanager
async def rewritten(library: Library, row: dict[str, Any], **columns: Any) -> AsyncIterator[None]:
    """For a while; afterwards it is as it was."""
    await rewrite(library, row, **columns)
    try:
        yield
    finally:
        await rewrite(library, row, **{name: row[name] for name in columns})


async def post(
    library: Library, row: dict[str, Any], path: str, who: dict[str, str], body: Any = None
) -> httpx.Response:
    (now,) = await library.rows("SELECT version FROM certificate WHERE id = :id", id=row["id"])
    headers = who | {"Idempotency-Key": str(uuid4()), "If-Match": f'"v{now.version}"'}
    return await library.http.post(f"/api/v1/certificates/{row['identifier']}/{path}", headers=headers, json=body)


async def verdict(library: Library, row: dict[str, Any]) -> tuple[str, str | None]:
    told = (await library.get(VERIFY, identifier=row["identifier"])).json()
    return told["verdict"], told["reason"]


async def leaves(library: Library, row: dict[str, Any]) -> list[str]:
    found = await library.rows("SELECT act FROM log_leaf WHERE certificate_id = :id ORDER BY leaf_index", id=row["id"])
    return [one.act for one in found]


async def test_an_annulled_certificate_that_was_set_valid_is_not_brought_back_by_a_loss_and_its_withdrawal(
    library: Library,
) -> None:
    row = await library.issued()
    await library.act(row, Act.ANNUL, "ANNULLED")
    await rewrite(library, row, status="VALID")

    answers = [await post(library, row, path, library.citizen()) for path in ("loss", "loss/withdrawal")]

    assert answers[0].json().get("code") == "certificate.record-not-authentic"
    assert not answers[1].is_success
    assert await leaves(library, row) == ["ISSUE", "ANNUL"]
    assert await verdict(library, row) == ("ALTERED", "RECORD_ALTERED")
    await rewrite(library, row, status="ANNULLED")


async def test_a_lengthened_term_is_not_signed_into_the_next_version(library: Library) -> None:
    row = await library.issued()
    await post(library, row, "loss", library.citizen())
    await rewrite(library, row, valid_until=date(2999, 1, 1))

    answer = await post(library, row, "reissue", PRODUCER)

    made = await library.rows("SELECT 1 FROM certificate WHERE source_key = :key", key=f"reissue:{row['id']}")
    assert (answer.status_code, answer.json()["code"], made) == (422, "certificate.record-not-authentic", [])
    await rewrite(library, row, valid_until=row["valid_until"])


@pytest.mark.parametrize("path", ["prints", "copies"])
async def test_no_copy_is_signed_of_a_row_that_tells_otherwise(library: Library, path: str) -> None:
    row = await library.issued()
    body = {"purpose": "开户", "expires_on": clock.today().isoformat()} if path == "copies" else {}
    who = library.citizen() if path == "copies" else PRODUCER

    async with rewritten(library, row, valid_until=date(2999, 1, 1)):
        answer = await post(library, row, path, who, body)

    assert (answer.status_code, answer.json()["code"]) == (422, "certificate.record-not-authentic")
    assert await leaves(library, row) == ["ISSUE"]


async def test_a_shortened_term_ends_nothing_and_holds_up_nobody(library: Library) -> None:
    row, other = await library.issued(), await library.issued()
    async with rewritten(library, row, valid_until=date(2026, 1, 1)):
        done = await expire(library.database, library.kit, now=clock.now())

    assert done == 0
    assert [await leaves(library, one) for one in (row, other)] == [["ISSUE"], ["ISSUE"]]
    assert await verdict(library, row) == ("VALID", None)


async def test_rewritten_rows_stop_no_others_however_many_they_are(
    library: Library, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """They come first, and are more than one batch."""
    false, case = [await library.issued() for _ in range(3)], library.a_case()
    last = date(2030, 1, 1)
    await library.hear(case.submitted(), case.received(), case.accepted(), case.decided(valid_until=last))
    (over,) = await library.rows("SELECT * FROM certificate WHERE case_id = :id", id=case.id)
    monkeypatch.setattr("services.certificate.commands.expire.BATCH", 2)
    for row in false:
        await rewrite(library, row, valid_until=date(2026, 1, 1))

    done = await expire(library.database, library.kit, now=datetime(2030, 1, 2, tzinfo=UTC))

    for row in false:
        await rewrite(library, row, valid_until=row["valid_until"])
    told = [record.getMessage() for record in caplog.records]
    assert (over.valid_until, done, await leaves(library, dict(over._mapping))) == (last, 1, ["ISSUE", "EXPIRE"])
    assert [await leaves(library, row) for row in false] == [["ISSUE"]] * 3
    assert [sum(row["identifier"] in line for line in told) for row in false] == [1, 1, 1]


@pytest.mark.parametrize(
    ("act", "column", "false"),
    [
        ("ANNUL", "holder_name", "李四"),
        ("ANNUL", "status", "DEREGISTERED"),
        ("RESCIND", "status", "SUPERSEDED"),
        ("REVOKE", "status", "RESCINDED"),
        ("DEREGISTER", "status", "ANNULLED"),
    ],
)
async def test_what_takes_a_certificate_away_is_done_whatever_its_row_says(
    library: Library, act: str, column: str, false: str
) -> None:
    """Otherwise rewriting a row would save its certificate."""
    row, (ground, _, status, _) = await library.issued(), ACTS[act]
    await rewrite(library, row, **{column: false})
    decision = decided(row, act, ground)

    await library.hear(decision)
    await library.hear(decision)

    if column != "status":
        await rewrite(library, row, **{column: row[column]})
    assert await leaves(library, row) == ["ISSUE", act]
    assert await verdict(library, row) == ("NO_LONGER_VALID", status)


async def test_what_was_taken_away_is_not_taken_away_again_because_its_row_says_valid(library: Library) -> None:
    row = await library.issued()
    await library.act(row, Act.DEREGISTER, "DEREGISTERED")

    async with rewritten(library, row | {"status": "DEREGISTERED"}, status="VALID"):
        with pytest.raises(WrongState):
            await library.hear(decided(row, "ANNUL", "FRAUD"))

    assert await leaves(library, row) == ["ISSUE", "DEREGISTER"]


async def test_nothing_is_printed_by_a_template_that_was_rewritten(library: Library) -> None:
    """What it prints would be sealed by the body that issued the certificate."""
    row = await library.issued()
    async with library.database.read() as connection:
        honest = await template_queries.by_sha256(connection, row["template_sha256"])
    parts = {name: text.replace("data.holder_name", '"李四"') for name, text in honest.parts}
    change_parts = (
        "UPDATE certificate_template SET parts = CAST(:parts AS jsonb), declared = :fields WHERE sha256 = :id"
    )

    await change(library, change_parts, id=honest.sha256, parts=json.dumps(parts), fields='["*"]')
    async with library.database.read() as connection:
        with pytest.raises(RecordNotAuthentic):
            await template_queries.by_sha256(connection, honest.sha256)

    await change(library, change_parts, id=honest.sha256, parts=json.dumps(dict(honest.parts)), fields='["*"]')
    async with library.database.read() as connection:
        again = await template_queries.by_sha256(connection, honest.sha256)
    assert again == honest  # the declared fields are those of its text, whatever its row says


async def register(library: Library) -> None:
    """The bank, which may ask for the name of the holder."""
    body = {
        "caller": "client:made-good",
        "name": "某银行",
        "types": [FOOD_LICENCE],
        "fields": ["holder_name"],
        "purposes": [PURPOSE],
        "daily_limit": 1000,
        "valid_from": "2000-01-01",
    }
    headers = tokens.headers(["CATALOGUE_ADMIN"]) | {"Idempotency-Key": str(uuid4())}
    registered = await library.http.post("/api/v1/certificate-callers", headers=headers, json=body)
    assert registered.status_code == 201


async def test_a_rewritten_row_is_told_to_no_reader(library: Library, caplog: pytest.LogCaptureFixture) -> None:
    await register(library)
    row = await library.issued()
    await library.act(row, Act.ANNUL, "ANNULLED")
    identifier = row["identifier"]

    async def told() -> dict[str, httpx.Response]:
        key = {"Idempotency-Key": str(uuid4())}
        shared = "/api/v1/certificate-sharing"
        one = {"purpose": PURPOSE, "identifier": identifier}
        holder = {"purpose": PURPOSE, "number": MARKER, "type_code": FOOD_LICENCE}
        return {
            "record": await library.get(f"/api/v1/certificates/{identifier}", library.citizen()),
            "one": await library.http.post(f"{shared}/by-identifier", headers=BANK | key, json=one),
            "search": await library.search(library.citizen()),
            "holder": await library.http.post(f"{shared}/by-holder", headers=BANK | key, json=holder),
            "case": await library.get(f"/api/v1/cases/{row['case_no']}/papers", library.citizen()),
        }

    honest = await told()
    async with rewritten(library, row | {"status": "ANNULLED"}, status="VALID", holder_name="李四"):
        false = await told()

    assert {name: answer.status_code for name, answer in honest.items()} == dict.fromkeys(honest, 200)
    assert all(identifier in honest[name].text for name in ("record", "one", "search", "case"))
    for name, answer in false.items():
        assert "李四" not in answer.text, name
    for name in ("record", "one"):
        assert (false[name].status_code, false[name].json()["code"]) == (422, "certificate.record-not-authentic")
    for name in ("search", "holder", "case"):
        assert (false[name].status_code, identifier in false[name].text) == (200, False), name
    assert f"not shown: the rows of {identifier}" in caplog.text


async def test_who_wrote_himself_into_a_row_as_its_holder_gets_no_copy_of_it(library: Library) -> None:
    row = await library.issued()
    body = {"purpose": "开户", "expires_on": clock.today().isoformat()}
    copy = (await post(library, row, "copies", library.citizen(), body)).json()
    stranger, path = library.citizen(OTHER), f"/api/v1/certificates/{row['identifier']}"

    async with rewritten(library, row, holder_key=library.kit.holder_key("PERSON", OTHER)):
        wanted = (path, f"{path}/file", f"{path}/copies", copy["file_url"], f"{path}/papers")
        answers = [await library.get(one, stranger) for one in wanted]
        true_holder = await library.get(path, library.citizen())

    assert [answer.status_code for answer in answers] == [404] * 5
    assert (true_holder.status_code, true_holder.json()["code"]) == (422, "certificate.record-not-authentic")
    assert await seen_by_holder(library, row) == ["PAPERS", "COPY_FILE", "COPIES", "FILE", "RECORD"]


async def seen_by_holder(library: Library, row: dict[str, Any]) -> list[str]:
    """The acts of the refused looks at this certificate that its true holder finds in his log, the newest first."""
    log = (await library.get("/api/v1/certificates/access-log", library.citizen(), limit=20)).json()["items"]
    return [one["act"] for one in log if one["identifier"] == row["identifier"] and one["refused"]]


async def test_that_a_row_was_rewritten_is_told_to_those_only_who_might_have_read_it(library: Library) -> None:
    row = await library.issued()
    path = f"/api/v1/certificates/{row['identifier']}"
    handler = tokens.headers(["HANDLER"], org=POLICE.uscc, org_name=POLICE.name, division=DISTRICT)

    async with rewritten(library, row, holder_name="李四"):
        himself = await library.get(path, library.citizen())
        unseen = await seen_by_holder(library, row)
        answers = [
            await library.get(path, library.citizen(OTHER)),
            await library.get(path, handler),
            await library.get(path, handler, purpose="核对身份"),
        ]

    assert (himself.status_code, unseen) == (422, [])
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (404, "certificate.not-found"),
        (422, "certificate.purpose-required"),
        (422, "certificate.record-not-authentic"),
    ]
    assert await seen_by_holder(library, row) == ["RECORD"] * 3


async def test_a_spoiled_record_hides_a_certificate_from_strangers_and_its_holder_sees_who_asked(
    library: Library,
) -> None:
    row = await library.issued()

    async with rewritten(library, row, jws_sealed=b"x", holders='"x"'):
        answer = await library.get(f"/api/v1/certificates/{row['identifier']}", library.citizen(OTHER))

    assert answer.status_code == 404
    assert await seen_by_holder(library, row) == ["RECORD"]


async def test_a_search_notes_as_many_as_it_shows_and_goes_on_after_those_that_it_does_not(library: Library) -> None:
    number = "431202188802290057"
    older, newer = [await library.issued(library.a_case(number, "李四")) for _ in range(2)]
    handler = tokens.headers(["HANDLER"], org=POLICE.uscc, org_name=POLICE.name, division=DISTRICT)
    wanted = {"number": number, "purpose": "核对身份", "limit": 1}

    async with rewritten(library, newer, holder_name="王五"):
        first = (await library.search(handler, **wanted)).json()
        second = (await library.search(handler, **wanted, cursor=first["next"])).json()

    assert first["items"] == []
    assert [one["identifier"] for one in second["items"]] == [older["identifier"]]
    key = library.kit.holder_key("PERSON", number)
    noted = await library.rows("SELECT found FROM access WHERE holder_key = :key ORDER BY id", key=key)
    assert [one.found for one in noted] == [0, 1]


@pytest.mark.parametrize(
    ("table", "column", "where"),
    [
        ("caller", "types", f"caller = 'organisation:{POLICE.uscc}'"),
        ("caller", "purposes", f"caller = 'organisation:{POLICE.uscc}'"),
        ("case_copy", "co_applicants", "case_id = :case_id"),
    ],
)
async def test_a_spoiled_row_of_who_may_do_what_is_an_answer_and_not_a_fault(
    library: Library, table: str, column: str, where: str
) -> None:
    row = await library.issued()
    handler = tokens.headers(["HANDLER"], org=POLICE.uscc, org_name=POLICE.name, division=DISTRICT)
    path, asked = f"/api/v1/certificates/{row['identifier']}", {"purpose": "核对身份"}
    values = {"case_id": row["case_id"]} if "case_id" in where else {}
    (kept,) = await library.rows(f"SELECT {column}::text AS said FROM {table} WHERE {where}", **values)
    spoil = f"UPDATE {table} SET {column} = CAST(CAST(:said AS text) AS jsonb) WHERE {where}"

    await change(library, spoil, said='"x"', **values)
    spoiled = await library.get(path, handler, **asked)
    await change(library, spoil, said=kept.said, **values)

    assert (spoiled.status_code, spoiled.json()["code"]) == (503, "certificate.row-unreadable")
    assert table in spoiled.json()["detail"]
    assert (await library.get(path, handler, **asked)).status_code == 200


async def test_a_copy_of_no_known_kind_is_left_out_of_the_list(library: Library) -> None:
    row = await library.issued()
    body = {"purpose": "开户", "expires_on": clock.today().isoformat()}
    sound, spoiled = [(await post(library, row, "copies", library.citizen(), body)).json() for _ in range(2)]

    await change(library, "UPDATE certificate_copy SET kind = 'JUNK' WHERE id = :id", id=spoiled["copy_id"])
    listed = await library.get(f"/api/v1/certificates/{row['identifier']}/copies", library.citizen())

    await change(library, "DELETE FROM certificate_copy WHERE id = :id", id=spoiled["copy_id"])
    assert [one["copy_id"] for one in listed.json()["items"]] == [sound["copy_id"]]
