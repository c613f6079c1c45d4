"""Registering callers: by the administrator over HTTP, from a file with the catalogue, suspended and resumed."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import yaml
from sqlalchemy import text

from services.certificate.__main__ import main
from services.certificate.commands import unregistered
from services.certificate.commands.register_callers import import_callers
from services.certificate.domain.errors import ImportFaulty
from services.chassis import clock
from tests.support import tokens
from tests.support.certificate import FOOD_LICENCE, ID_CARD, MARKER, POLICE, Library

ROOT = Path(__file__).parents[3]
CATALOGUE = ROOT / "demo" / "catalogue.yaml"
ADMINISTRATOR = ["CATALOGUE_ADMIN"]
PURPOSE = "企业开户核验"
SOUND: dict[str, Any] = {
    "caller": "client:credit",
    "name": "某信用社",
    "types": [FOOD_LICENCE],
    "fields": ["certificate_number"],
    "purposes": [PURPOSE],
    "daily_limit": 100,
    "valid_from": "2000-01-01",
}


async def post(library: Library, path: str, body: Any) -> httpx.Response:
    headers = tokens.headers(ADMINISTRATOR) | {"Idempotency-Key": str(uuid4())}
    return await library.http.post(f"/api/v1/certificate-callers{path}", headers=headers, json=body)


FAULTS = {
    "no types": ({"types": []}, "#/types"),
    "no fields": ({"fields": []}, "#/fields"),
    "a field that is none": ({"fields": ["birthday"]}, "#/fields/0"),
    "a type that is not loaded": ({"types": [FOOD_LICENCE, POLICE.uscc + "999"]}, "/types/1"),
    "a system without purposes": ({"purposes": []}, "/purposes"),
    "a bank's code without purposes": ({"caller": "organisation:91431202MA00BK0013", "purposes": []}, "/purposes"),
    "a code with a wrong check character": ({"caller": "organisation:91431202MA00BK0014"}, "/caller"),
    "over before it begins": ({"valid_until": "1999-12-31"}, "/valid_until"),
    "fewer than no queries a day": ({"daily_limit": -1}, "#/daily_limit"),
    "nobody": ({"caller": "default:STAFF"}, "#/caller"),
}


@pytest.mark.parametrize(("change", "pointer"), FAULTS.values(), ids=FAULTS.keys())
async def test_a_registration_with_a_fault_is_not_kept(library: Library, change: dict[str, Any], pointer: str) -> None:
    answer = await post(library, "", SOUND | {"caller": "client:faulty"} | change)

    assert answer.status_code == 422
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]
    assert not await library.rows("SELECT 1 FROM caller WHERE caller = 'client:faulty'")


async def test_a_suspended_caller_is_refused_at_once_and_every_change_is_on_record(library: Library) -> None:
    bank = tokens.headers(["RELYING_PARTY"], client_id="credit", division="")
    await post(library, "", SOUND | {"reason": "协议 2026-1 号"})
    before = await library.search(bank, number=MARKER, purpose=PURPOSE)

    suspended = await post(library, "/client:credit/suspension", {"reason": "超范围使用"})
    refused = await library.search(bank, number=MARKER, purpose=PURPOSE)
    await post(library, "/client:credit/resumption", {"reason": "整改完成"})
    again = await library.search(bank, number=MARKER, purpose=PURPOSE)

    supervisor = tokens.headers(["SUPERVISOR"])
    kept = (await library.get("/api/v1/certificate-callers/client:credit", supervisor)).json()
    listed = (await library.get("/api/v1/certificate-callers", supervisor)).json()
    assert (before.status_code, refused.status_code, again.status_code) == (200, 403, 200)
    assert suspended.json()["closed"] is True
    assert [(one["act"], one["reason"]) for one in kept["changes"]] == [
        ("RESUMED", "整改完成"),
        ("SUSPENDED", "超范围使用"),
        ("REGISTERED", "协议 2026-1 号"),
    ]
    assert "client:credit" in [one["caller"] for one in listed]


async def test_nobody_can_be_suspended_who_is_not_registered(library: Library) -> None:
    answer = await post(library, "/client:nobody/suspension", {"reason": "没有登记"})

    assert (answer.status_code, answer.json()["code"]) == (404, "certificate.caller-unknown")


async def test_a_file_and_the_catalogue_register_each_body_for_what_its_items_need(library: Library) -> None:
    file = CATALOGUE.with_name("callers.yaml")
    catalogue = yaml.safe_load(CATALOGUE.read_text("utf-8"))
    codes = {entry["id"]: entry["type_code"] for entry in catalogue["cert_types"]}

    first = await import_callers(library.database, file, CATALOGUE, now=clock.now())
    again = await import_callers(library.database, file, CATALOGUE, now=clock.now())

    rows = {
        row.caller: row for row in await library.rows("SELECT * FROM caller WHERE registered_by = 'import-callers'")
    }
    tobacco = rows["organisation:11431202006100125M"]
    assert (first > 30, again) == (True, 0)
    assert set(tobacco.types) == {codes[name] for name in ("bizlic", "idcard", "realestate", "tobacco")}
    assert set(rows["client:provincial"].types) == set(codes.values())
    assert all(row.fields_shown and row.types and "file" not in row.fields_shown for row in rows.values())


async def test_a_file_never_undoes_what_the_administrator_did(library: Library, tmp_path: Path) -> None:
    file = tmp_path / "callers.yaml"
    named = [SOUND | {"caller": f"client:{name}"} for name in ("changed", "stopped")]
    file.write_text(yaml.safe_dump({"callers": named}, allow_unicode=True), "utf-8")
    await import_callers(library.database, file, None, now=clock.now())
    await post(library, "", SOUND | {"caller": "client:changed", "daily_limit": 7})
    await post(library, "/client:stopped/suspension", {"reason": "超范围使用"})

    wider = [one | {"daily_limit": 9000} for one in named]
    file.write_text(yaml.safe_dump({"callers": wider}, allow_unicode=True), "utf-8")
    await import_callers(library.database, file, None, now=clock.now())

    rows = await library.rows("SELECT caller, daily_limit, closed FROM caller WHERE name = '某信用社' ORDER BY caller")
    kept = {row.caller: (row.daily_limit, row.closed) for row in rows}
    assert (kept["client:changed"], kept["client:stopped"]) == ((7, False), (9000, True))


async def test_every_fault_of_a_file_is_listed_with_its_place_and_nothing_is_stored(
    library: Library, tmp_path: Path
) -> None:
    file = tmp_path / "callers.yaml"
    entries = [
        SOUND | {"caller": "client:first"},
        SOUND | {"caller": "client:second", "types": [ID_CARD, "no type"], "daily_limit": "many"},
        SOUND | {"caller": "client:first", "purposes": []},
    ]
    file.write_text(yaml.safe_dump({"callers": entries}, allow_unicode=True), "utf-8")

    with pytest.raises(ImportFaulty) as faulty:
        await import_callers(library.database, file, None, now=clock.now())

    assert [error.pointer for error in faulty.value.errors] == [
        "/callers/1/types/1",
        "/callers/1/daily_limit",
        "/callers/2/purposes",
        "/callers/2/caller",
    ]
    assert not await library.rows("SELECT 1 FROM caller WHERE caller = 'client:first'")


@pytest.mark.parametrize("content", ["[]", "callers: [1]", "{", "windows: {}", "unknown: 1"])
async def test_a_file_of_another_shape_is_told_and_never_a_crash(
    library: Library, tmp_path: Path, content: str
) -> None:
    file = tmp_path / "callers.yaml"
    file.write_text(content, "utf-8")

    with pytest.raises(ImportFaulty):
        await import_callers(library.database, file, None, now=clock.now())


async def test_the_commands_list_suspend_and_resume(library: Library, capsys: pytest.CaptureFixture[str]) -> None:
    await post(library, "", SOUND | {"caller": "client:by-command"})

    async def run(*arguments: str) -> int:
        return await asyncio.to_thread(main, list(arguments))

    stopped = await run("suspend-caller", "client:by-command", "--reason", "协议到期")
    await run("list-callers")
    listed = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("client:by-command"))
    resumed = await run("resume-caller", "client:by-command", "--reason", "协议续签")
    unknown = await run("suspend-caller", "client:nobody", "--reason", "没有登记")

    assert (stopped, resumed, unknown) == (0, 0, 1)
    assert "某信用社  已停用" in listed


async def test_a_library_in_use_without_any_registration_tells_its_operator_what_to_run(
    library: Library, caplog: pytest.LogCaptureFixture
) -> None:
    """As an installation from before registrations, after its upgrade."""
    await library.issued()
    async with library.database.transaction() as uow:
        await uow.connection.execute(text("UPDATE caller SET caller = 'before-' || caller"))

    await unregistered.tell(library.database, clock.now())

    async with library.database.transaction() as uow:
        await uow.connection.execute(text("UPDATE caller SET caller = replace(caller, 'before-', '')"))
    told = [record.getMessage() for record in caplog.records]
    await unregistered.tell(library.database, clock.now())
    assert [one for one in told if "import-callers callers.yaml" in one] == [unregistered.TOLD]
    assert len(caplog.records) == len(told)
