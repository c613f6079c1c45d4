"""A certificate of several holders: each of them finds it, is told who looked, and may act on it."""

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from contracts.events.common import CoApplicant
from contracts.events.reuse import CertificateReliedUpon
from services.certificate.commands import import_certificates, import_file, log_heads, make_files
from services.certificate.commands.log_check import live_leaves
from services.certificate.files import rendering
from services.certificate.files.contents import Certificate
from services.certificate.files.records import payload_of
from tests.support import tokens
from tests.support.certificate import (
    DISTRICT,
    MARKER,
    NOON,
    OTHER,
    POLICE,
    Library,
    an_id_card,
    an_item,
    ndjson,
)

DEED = POLICE.uscc + "001"  # any type that people hold
THIRD = "431202185006150033"
_HOLDERS = [
    {"party_type": "PERSON", "number": MARKER, "name": "王小明", "share": "60%"},
    {"party_type": "PERSON", "number": OTHER, "name": "李小红", "share": "40%"},
]


def a_deed(number: str, *holders: dict[str, str]) -> dict[str, Any]:
    line = an_id_card(type_code=DEED, certificate_number=number, valid_until=None, holders=list(holders or _HOLDERS))
    del line["holder"]
    return line


async def imported(library: Library, folder: Path, *lines: Any) -> None:
    file = ndjson(folder / f"{uuid4().hex}.ndjson", *lines)
    known = await import_certificates.types(library.database)
    assert import_file.check(file, known, DISTRICT, lambda read: None) == []
    await import_certificates.load(library.database, file, known, library.kit, now=NOON)


async def a_shared(library: Library, folder: Path) -> dict[str, Any]:
    number = f"BDC{uuid4().hex[:12].upper()}"
    await imported(library, folder, a_deed(number))
    (row,) = await library.rows("SELECT * FROM certificate WHERE number_shown = :number", number=number)
    return dict(row._mapping)


async def post(library: Library, row: Any, path: str, who: dict[str, str], body: Any = None) -> Any:
    headers = who | {"Idempotency-Key": str(uuid4()), "If-Match": f'"v{row["version"]}"'}
    return await library.http.post(f"/api/v1/certificates/{row['identifier']}/{path}", headers=headers, json=body)


@pytest.mark.parametrize("number", [MARKER, OTHER])
async def test_each_holder_finds_it_with_all_holders_in_order(library: Library, tmp_path: Path, number: str):
    row = await a_shared(library, tmp_path)

    found = (await library.search(library.citizen(number))).json()["items"]
    (shown,) = [one for one in found if one["identifier"] == row["identifier"]]
    detail = await library.get(f"/api/v1/certificates/{row['identifier']}", library.citizen(number))

    assert [(one["name"], one["share"]) for one in shown["holders"]] == [("王小明", "60%"), ("李小红", "40%")]
    assert [one["masked_number"] for one in shown["holders"]] == [f"4{'*' * 16}2", f"4{'*' * 16}0"]
    assert shown["holder"]["name"] == "王小明"
    assert detail.json()["jws"]
    assert (await library.get(f"/api/v1/certificates/{row['identifier']}", library.citizen(THIRD))).status_code == 404


async def test_the_record_lists_them_and_their_numbers_are_nowhere_in_clear(library: Library, tmp_path: Path):
    row = await a_shared(library, tmp_path)

    record = payload_of(library.kit.open_record(row["jws_sealed"]))
    stored = await library.rows("SELECT c::text FROM certificate c UNION ALL SELECT h::text FROM co_holder h")
    told = await library.rows("SELECT payload FROM outbox WHERE aggregate_id = :id", id=row["id"])

    assert record["certificate_holder_name"] == "王小明^李小红"
    assert [(one["code"], one["share"]) for one in record["certificate_holders"]] == [(MARKER, "60%"), (OTHER, "40%")]
    assert not [line for (line,) in stored if OTHER in line or MARKER in line]
    (event,) = [json.loads(payload) for (payload,) in told]
    assert [one["holder_name"] for one in event["co_holders"]] == ["李小红"]
    assert OTHER not in str(event)


async def test_each_holder_sees_who_looked(library: Library, tmp_path: Path):
    row = await a_shared(library, tmp_path)
    officer = tokens.headers(["HANDLER"], org=POLICE.uscc, division="")
    case = library.a_case(MARKER)
    relied = CertificateReliedUpon(
        case_id=case.id,
        case_no=case.case_no,
        identifier=row["identifier"],
        holder_key=row["holder_key"],
        item_code=an_item().item_code,
        materials=(1,),
        department=POLICE,
        relied_at=NOON,
    )

    await library.get(f"/api/v1/certificates/{row['identifier']}", officer, purpose="核对权属")
    await library.hear(relied)

    for number in (MARKER, OTHER):
        log = (await library.get("/api/v1/certificates/access-log", library.citizen(number))).json()["items"]
        mine = [one["act"] for one in log if one["identifier"] == row["identifier"]]
        assert mine == ["RELIED", "RECORD"]


async def test_the_second_holder_reports_a_loss_presents_and_makes_a_copy(library: Library, tmp_path: Path):
    row, second = await a_shared(library, tmp_path), library.citizen(OTHER)

    presented = await post(library, row, "presentations", second, {"fields": ["holder_name"]})
    copied = await post(library, row, "copies", second, {"purpose": "办理入学", "expires_on": "2026-12-31"})
    (now,) = await library.rows("SELECT version FROM certificate WHERE id = :id", id=row["id"])
    lost = await post(library, {**row, "version": now.version}, "loss", second)

    assert (presented.status_code, copied.status_code, lost.status_code) == (201, 201, 201), copied.text
    code = {"code": presented.json()["code"]}
    shown = (await library.http.post("/api/v1/certificates/presented", json=code)).json()
    assert shown["shown"] == {"holder_name": "王小明、李小红"}
    first = await library.get(f"/api/v1/certificates/{row['identifier']}", library.citizen(MARKER))
    assert first.json()["status"] == "LOST"


async def test_the_next_version_has_them_all(library: Library, tmp_path: Path):
    row, second = await a_shared(library, tmp_path), library.citizen(OTHER)
    await post(library, row, "loss", second)
    producer = tokens.headers(["HANDOVER_CLERK"], division=DISTRICT)

    answer = await post(library, {**row, "version": 2}, "reissue", producer)

    assert answer.status_code == 201, answer.text
    assert [one["name"] for one in answer.json()["holders"]] == ["王小明", "李小红"]
    found = (await library.search(second, valid_only=True)).json()["items"]
    assert answer.json()["identifier"] in [one["identifier"] for one in found]


async def test_verification_masks_every_name_and_finds_a_changed_co_holder(library: Library, tmp_path: Path):
    row = await a_shared(library, tmp_path)
    address = "/api/v1/certificates/verify"

    genuine = (await library.get(address, identifier=row["identifier"])).json()
    (leaf,) = await library.rows("SELECT leaf_index FROM log_leaf WHERE certificate_id = :id", id=row["id"])
    async with library.database.transaction() as uow:
        change = """UPDATE certificate SET holders = jsonb_set(holders, '{1,name}', '"别人"') WHERE id = :id"""
        await uow.connection.execute(text(change), {"id": row["id"]})
    async with library.database.read() as connection:
        live = await live_leaves(connection, library.kit, leaf.leaf_index, leaf.leaf_index + 1)
    altered = (await library.get(address, identifier=row["identifier"])).json()

    assert genuine["verdict"] == "VALID", genuine
    assert genuine["certificate"]["holder_name"] == "王**、李**"
    assert altered["reason"] == "RECORD_ALTERED"
    assert live == [None]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param("DELETE FROM co_holder WHERE certificate_id = :id", id="a holder removed"),
        pytest.param("INSERT INTO co_holder (certificate_id, holder_key) VALUES (:id, 'x')", id="a stranger added"),
        pytest.param("UPDATE co_holder SET holder_key = 'x' WHERE certificate_id = :id", id="a holder replaced"),
    ],
)
async def test_whoever_is_removed_from_or_added_to_those_who_find_it_is_noticed(
    library: Library, tmp_path: Path, change: str
):
    row = await a_shared(library, tmp_path)
    (leaf,) = await library.rows("SELECT leaf_index FROM log_leaf WHERE certificate_id = :id", id=row["id"])

    async def live() -> list[bytes | None]:
        async with library.database.read() as connection:
            return await live_leaves(connection, library.kit, leaf.leaf_index, leaf.leaf_index + 1)

    before = await live()
    async with library.database.transaction() as uow:
        await uow.connection.execute(text(change), {"id": row["id"]})
    told = (await library.get("/api/v1/certificates/verify", identifier=row["identifier"])).json()

    assert before != [None]
    assert (told["verdict"], told["reason"]) == ("ALTERED", "RECORD_ALTERED")
    assert await live() == [None]


async def test_who_applied_together_holds_it_together(library: Library):
    case = library.a_case(MARKER)
    spouse = CoApplicant(**library.party(OTHER, "李小红").model_dump(), share="共同共有")
    await library.hear(case.decided(co_applicants=(spouse,)))

    (row,) = await library.rows("SELECT * FROM certificate WHERE case_id = :id", id=case.id)
    shown = (await library.get(f"/api/v1/certificates/{row.identifier}", library.citizen(OTHER))).json()

    assert [(one["name"], one["share"]) for one in shown["holders"]] == [("王小明", ""), ("李小红", "共同共有")]
    async with library.file_maker() as maker:
        await log_heads.sign_head(library.database, library.kit, now=NOON)
        job = await maker.contents_of(make_files.Job(0, "CERTIFICATE", row.id, 1))
    assert isinstance(job.contents, Certificate)
    assert [one.number for one in job.contents.holders] == [MARKER, OTHER]
    assert rendering.render(job).pdf.startswith(b"%PDF")
