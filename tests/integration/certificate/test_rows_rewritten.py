"""Whoever rewrites rows in the database deceives no reader: no relying party, no viewer, nobody who checks a copy."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from services.certificate.commands import verify
from services.certificate.commands.make_files import Job
from services.certificate.domain.transparency import Act
from services.certificate.files.errors import RecordNotAuthentic
from services.chassis import clock
from services.chassis.clock import local_date
from tests.support import tokens
from tests.support.certificate import FOOD_LICENCE, Library

PURPOSE = "企业开户核验"
BANK = tokens.headers(["RELYING_PARTY"], client_id="rewritten", channel="EXTERNAL")


@pytest.fixture(scope="module", autouse=True)
async def registered(library: Library) -> None:
    body = {
        "caller": "client:rewritten",
        "name": "某银行",
        "types": [FOOD_LICENCE],
        "fields": ["holder_name", "holder_number", "certificate_number"],
        "purposes": [PURPOSE],
        "daily_limit": 1000,
        "valid_from": "2000-01-01",
    }
    headers = tokens.headers(["CATALOGUE_ADMIN"]) | {"Idempotency-Key": str(uuid4())}
    answer = await library.http.post("/api/v1/certificate-callers", headers=headers, json=body)
    assert answer.status_code == 201, answer.text


async def change(library: Library, statement: str, **values: Any) -> None:
    async with library.database.transaction() as uow:
        await uow.connection.execute(text(statement), values)


async def made(library: Library, row: dict[str, Any], what: str, **body: Any) -> dict[str, Any]:
    path, key = f"/api/v1/certificates/{row['identifier']}/{what}", {"Idempotency-Key": str(uuid4())}
    answer = await library.http.post(path, headers=library.citizen() | key, json=body)
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def compared(library: Library, row: dict[str, Any], **stated: str) -> Any:
    body = {"purpose": PURPOSE, "identifier": row["identifier"], "stated": stated}
    return await library.http.post("/api/v1/certificate-sharing/verify", headers=BANK, json=body)


async def test_a_rewritten_row_is_neither_confirmed_to_a_relying_party_nor_presented(library: Library) -> None:
    row = await library.issued()
    code = await made(library, row, "presentations", fields=["holder_name", "valid_until"])
    before = await compared(library, row, holder_name="王小明")
    await library.act(row, Act.ANNUL, "ANNULLED")
    rewrite = "UPDATE certificate SET status = 'VALID', holder_name = '李四', valid_until = '2999-01-01' WHERE id = :id"
    await change(library, rewrite, id=row["id"])

    confirmed = await compared(library, row, holder_name="李四", valid_until="2999-01-01")
    shown = await library.http.post("/api/v1/certificates/presented", json={"code": code["code"]})

    back = "UPDATE certificate SET status = 'ANNULLED', holder_name = :name, valid_until = :until WHERE id = :id"
    await change(library, back, id=row["id"], name=row["holder_name"], until=row["valid_until"])
    assert (before.json()["all_match"], before.json()["status"]) == (True, "VALID")
    for answer in (confirmed, shown):
        assert (answer.status_code, answer.json()["code"]) == (422, "certificate.record-not-authentic")
        assert "李四" not in answer.text
        assert "2999" not in answer.text
    annulled = await compared(library, row, holder_name="王小明")
    assert (annulled.json()["all_match"], annulled.json()["status"]) == (True, "ANNULLED")


async def test_a_changed_record_is_an_answer_and_not_a_fault_of_the_platform(library: Library) -> None:
    row = await library.issued()
    spoil = "UPDATE certificate SET jws_sealed = :sealed WHERE id = :id"
    await change(library, spoil, id=row["id"], sealed=row["jws_sealed"] + b"x")

    answers = [
        await library.get(f"/api/v1/certificates/{row['identifier']}", library.citizen()),
        await compared(library, row, holder_name="王小明"),
    ]

    await change(library, spoil, id=row["id"], sealed=row["jws_sealed"])
    told = [(answer.status_code, answer.json()["code"]) for answer in answers]
    assert told == [(422, "certificate.record-not-authentic")] * 2


async def test_a_copy_counts_until_its_printed_end_whatever_its_row_says(library: Library) -> None:
    row = await library.issued()
    last_day = local_date(clock.now())
    copy = await made(library, row, "copies", purpose="办理银行开户", expires_on=last_day.isoformat())
    async with library.file_maker() as maker:
        while await maker.make_due():
            pass
    path = f"/api/v1/certificates/{row['identifier']}/copies/{copy['copy_id']}/file"
    content = (await library.get(path, library.citizen())).content

    async def told() -> list[tuple[str, str | None]]:
        days = (clock.now(), clock.now() + timedelta(days=3))
        answers = [await verify.file(library.database, content, library.kit, now=day) for day in days]
        return [(answer.verdict, answer.reason) for answer in answers]

    untouched = await told()
    await change(library, "UPDATE certificate_copy SET expires_on = '2999-01-01' WHERE id = :id", id=copy["copy_id"])
    lengthened = await told()
    await change(library, "DELETE FROM certificate_copy WHERE id = :id", id=copy["copy_id"])
    removed = await told()

    over, altered = ("NO_LONGER_VALID", "COPY_EXPIRED"), ("ALTERED", "RECORD_ALTERED")
    assert untouched == [("VALID", None), over]
    assert lengthened == removed == [altered, over]


async def papers_of(library: Library) -> dict[str, Any]:
    """The ids of a case's papers, by kind."""
    row = await library.issued()
    found = await library.rows("SELECT id, kind FROM paper WHERE case_id = :id", id=row["case_id"])
    return {"case": row["case_no"]} | {one.kind: one.id for one in found}


@pytest.mark.parametrize(
    "said",
    [
        "number = '鹤市监准〔2026〕999号'",
        "body_name = '区公安分局'",
        "body_uscc = '114312020061000377'",
        "kind = 'COMMITMENT'",
        "kind = 'JUNK'",
        "issued_at = issued_at - interval '400 days'",
        "contents_sealed = (SELECT contents_sealed FROM paper WHERE id <> :id LIMIT 1)",
        "contents_sealed = 'x'",
    ],
)
async def test_a_paper_whose_row_was_rewritten_is_not_genuine(library: Library, said: str) -> None:
    papers = await papers_of(library)
    wanted = papers["GRANT_DECISION"]
    before = (await library.get("/api/v1/certificates/verify", paper=str(wanted))).json()

    await change(library, f"UPDATE paper SET {said} WHERE id = :id", id=wanted)
    after = (await library.get("/api/v1/certificates/verify", paper=str(wanted))).json()

    await change(library, "DELETE FROM paper WHERE id = :id", id=wanted)
    assert before["verdict"] == "VALID"
    assert (after["verdict"], after["reason"], after["paper"]) == ("ALTERED", "RECORD_ALTERED", None)


async def test_a_receipt_whose_record_was_changed_is_an_answer_and_not_a_fault(library: Library) -> None:
    receipt = (await papers_of(library))["RECEIPT"]
    await change(library, "UPDATE paper SET jws_sealed = 'x' WHERE id = :id", id=receipt)

    told = await library.get(f"/api/v1/papers/{receipt}/file", library.citizen(), form="jws")

    assert (told.status_code, told.json()["code"]) == (422, "certificate.record-not-authentic")


async def test_the_contents_of_another_paper_are_not_sealed_in_its_place(library: Library) -> None:
    papers = await papers_of(library)
    wanted, other = papers["GRANT_DECISION"], papers["ACCEPTANCE_NOTICE"]
    swap = "UPDATE paper SET contents_sealed = (SELECT contents_sealed FROM paper WHERE id = :other) WHERE id = :id"
    await change(library, swap, id=wanted, other=other)

    async with library.file_maker() as maker:
        with pytest.raises(RecordNotAuthentic):
            await maker.contents_of(Job(1, "PAPER", wanted, 1))

    await change(library, "DELETE FROM paper WHERE id = :id", id=wanted)
