"""verify-receipt against the database: the same today, and a difference once the rows were changed behind our back."""

import argparse
import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from contracts.events.intake import ApplicationReceived
from services.intake import receipt_check
from services.intake.receipt_check import DIFFERS, GENUINE, NOT_GENUINE
from tests.integration.intake.desk import Desk
from tests.support.receipts import SignedReceipt, a_receipt


async def signed(desk: Desk, application: dict[str, Any], folder: Path) -> SignedReceipt:
    """The receipt as certificate makes it from the very event that intake published."""
    async with desk.database.read() as connection:
        told = text("SELECT payload FROM outbox WHERE aggregate_id = :id AND subject = :subject")
        of = {"id": application["application_id"], "subject": ApplicationReceived.SUBJECT}
        payload = (await connection.execute(told, of)).scalar_one()
    return await asyncio.to_thread(a_receipt, ApplicationReceived.model_validate_json(payload), folder / "signing")


async def received(desk: Desk, folder: Path) -> tuple[dict[str, Any], SignedReceipt]:
    application = await desk.done(await desk.complete("P07"), "receipt")
    return application, await signed(desk, application, folder)


async def verify(receipt: SignedReceipt, folder: Path, form: str = "pdf") -> int:
    file, keys = receipt.stored(folder, form=form)
    arguments = argparse.Namespace(file=file, jwks=str(keys), database=True)
    return await asyncio.to_thread(receipt_check.run, arguments)


@pytest.mark.parametrize("form", ["pdf", "jws"])
async def test_a_receipt_agrees_with_the_database_it_came_from(
    desk: Desk, tmp_path: Path, form: str, capsys: pytest.CaptureFixture[str]
):
    _, receipt = await received(desk, tmp_path)

    assert await verify(receipt, tmp_path, form) == GENUINE
    assert "与数据库一致" in capsys.readouterr().out


CHANGES = {
    "a material's hash": (
        "UPDATE application SET materials = jsonb_set(materials, '{0,sha256}', to_jsonb(repeat('f', 64)))",
        "f" * 64,
    ),
    "the due date": (
        "UPDATE application SET notice_due = jsonb_set(notice_due, '{on}', '\"2031-01-02\"')",
        "现为 2031-01-02",
    ),
    "the time of receipt": ("UPDATE application SET received_at = received_at + interval '3 days'", "收件时间"),
    "the applicant's name": ("UPDATE application SET applicant_name = '别人'", "申请人"),
    "somebody put beside the applicant": (
        """UPDATE application SET co_applicants = '[{"party": {"name": "别人", "masked_number": "4*2"}}]'""",
        "共同申请人：凭证为 无，现为 别人",
    ),
    "a material taken out": ("UPDATE application SET materials = materials - 0", "没有这项材料"),
}


@pytest.mark.parametrize(("change", "shown"), CHANGES.values(), ids=CHANGES.keys())
async def test_a_database_changed_afterwards_is_found_out(
    desk: Desk, tmp_path: Path, change: str, shown: str, capsys: pytest.CaptureFixture[str]
):
    application, receipt = await received(desk, tmp_path)
    async with desk.database.transaction() as uow:
        of = {"id": application["application_id"]}
        await uow.connection.execute(text(f"{change} WHERE application_id = :id"), of)

    assert await verify(receipt, tmp_path) == DIFFERS
    said = capsys.readouterr().out
    assert "核验通过" in said
    assert "不一致" in said
    assert shown in said


async def test_a_tampered_receipt_is_not_even_compared(desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    _, receipt = await received(desk, tmp_path)
    file, keys = receipt.stored(tmp_path, form="pdf")
    file.write_bytes(receipt.pdf.replace(b"/Contents", b"/contents", 1))
    arguments = argparse.Namespace(file=file, jwks=str(keys), database=True)

    assert await asyncio.to_thread(receipt_check.run, arguments) == NOT_GENUINE
    assert "不一致" not in capsys.readouterr().out


async def test_the_command_works_offline_with_a_file_of_keys_alone(desk: Desk, tmp_path: Path):
    _, receipt = await received(desk, tmp_path)
    file, keys = receipt.stored(tmp_path, form="pdf")
    nothing = {"PATH": "", "PYTHONPATH": str(Path(__file__).parents[3]), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-m", "services.intake", "verify-receipt", str(file), "--jwks", str(keys)]

    done = await asyncio.to_thread(subprocess.run, command, env=nothing, capture_output=True, text=True, check=False)

    assert done.returncode == GENUINE, done.stderr
    assert "核验通过" in done.stdout
    assert done.stderr == ""
    assert json.loads(keys.read_text())["seal_roots"]
