"""Imported records are logged at once and signed later: by the worker, or when somebody needs them first."""

import asyncio
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from benchmarks.library.people import citizen_id
from services.certificate import __main__ as commands
from services.certificate.commands import import_certificates, log_heads, sign_records
from services.certificate.files.records import content_hash, is_draft
from services.chassis.clock import now
from tests.support.certificate import Library, an_id_card, ndjson

ORDINALS = count()


async def imported(library: Library, folder: Path, many: int = 1) -> list[Any]:
    """Rows of certificates that have just been imported."""
    numbers = [citizen_id(next(ORDINALS)) for _ in range(many)]
    file = ndjson(folder / "people.ndjson", *(an_id_card(number, "王小明") for number in numbers))
    known = await import_certificates.types(library.database)
    await import_certificates.load(library.database, file, known, library.kit, now=now())
    keys = [library.kit.holder_key("PERSON", number) for number in numbers]
    return list(await library.rows("SELECT * FROM certificate WHERE holder_key = ANY(:keys) ORDER BY id", keys=keys))


def stored(library: Library, row: Any) -> str:
    return library.kit.open_record(row.jws_sealed)


async def again(library: Library, row: Any) -> Any:
    (found,) = await library.rows("SELECT * FROM certificate WHERE id = :id", id=row.id)
    return found


async def leaf_of(library: Library, row: Any) -> bytes:
    found = await library.rows("SELECT record_sha256 FROM log_leaf WHERE certificate_id = :id", id=row.id)
    return bytes(found[0].record_sha256)


async def test_an_imported_record_is_logged_under_a_head_before_it_is_signed(library: Library, tmp_path: Path):
    (row,) = await imported(library, tmp_path)

    head = await log_heads.sign_head(library.database, library.kit, now=now())

    assert head is not None
    assert is_draft(stored(library, row))


async def test_the_worker_signs_what_was_imported_and_the_log_stays_as_it_is(library: Library, tmp_path: Path):
    rows = await imported(library, tmp_path, many=5)
    before = [await leaf_of(library, row) for row in rows]

    while await sign_records.sign_due(library.database, library.kit, many=3) is not None:
        pass

    signed = [stored(library, await again(library, row)) for row in rows]
    for row, text in zip(rows, signed, strict=True):
        assert library.kit.signer.verify(text)["certificate_identifier"] == row.identifier
    assert [content_hash(text) for text in signed] == before
    await log_heads.sign_head(library.database, library.kit, now=now())  # raises when the log no longer holds


async def test_a_verification_signs_the_record_it_needs(library: Library, tmp_path: Path):
    (row,) = await imported(library, tmp_path)

    told = (await library.get("/api/v1/certificates/verify", identifier=row.identifier)).json()

    assert told["verdict"] == "VALID"
    assert not is_draft(stored(library, await again(library, row)))


async def test_the_holder_gets_the_same_signatures_each_time(library: Library, tmp_path: Path):
    (row,) = await imported(library, tmp_path)
    number = library.kit.signer.verify(await sign_records.signed_record(library.database, row, library.kit))
    holder = library.citizen(number["certificate_holder_code"])

    first, second = [await library.get(f"/api/v1/certificates/{row.identifier}", holder) for _ in range(2)]

    assert first.json()["jws_general"] == second.json()["jws_general"]
    assert len(first.json()["jws_general"]["signatures"]) == 2


async def test_the_command_signs_all_that_is_left(
    library: Library,
    tmp_path: Path,
    certificate_environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    rows = await imported(library, tmp_path, many=3)
    for name, value in certificate_environment.items():
        monkeypatch.setenv(name, value)

    status = await asyncio.to_thread(commands.main, ["sign-records"])

    assert status == 0
    assert "已签名 3" in capsys.readouterr().err
    assert not any([is_draft(stored(library, await again(library, row))) for row in rows])


async def test_the_draft_of_another_certificate_is_never_signed(library: Library, tmp_path: Path):
    row, other = await imported(library, tmp_path, many=2)
    async with library.database.transaction() as uow:
        await sign_records._store(uow.connection, [(row.id, row.jws_sealed, other.jws_sealed)])

    told = (await library.get("/api/v1/certificates/verify", identifier=row.identifier)).json()
    await sign_records.sign_due(library.database, library.kit, many=1000)

    assert (told["verdict"], told["reason"]) == ("ALTERED", "RECORD_ALTERED")
    assert is_draft(stored(library, await again(library, row)))
