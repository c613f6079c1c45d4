"""import-catalogue: all or nothing, a new version for what changed, the old one for what did not."""

import copy
import subprocess
import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import text

from services.chassis.database import Database
from services.chassis.yaml_files import read_yaml
from services.intake import catalogue_import
from services.intake.catalogue_import import Imported
from services.intake.items import Items
from tests.integration.intake.desk import SHOP, Desk

FILE = Path(__file__).parents[3] / "demo" / "catalogue.yaml"
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
RAW: dict[str, Any] = read_yaml(FILE)


@pytest.fixture
def edited(tmp_path: Path) -> Callable[[Callable[[dict[str, Any]], object]], Path]:
    """`edited(change)`: the real catalogue with a change, as a file."""

    def write(change: Callable[[dict[str, Any]], object]) -> Path:
        raw = copy.deepcopy(RAW)
        change(raw)
        path = tmp_path / "catalogue.yaml"
        path.write_text(yaml.dump(raw, Dumper=_DUMPER, allow_unicode=True), encoding="utf-8")
        return path

    return write


def food(raw: dict[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = next(row for row in raw["matters"] if row["id"] == "E02")
    return row


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "services.intake", "import-catalogue", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


async def versions(database: Database) -> dict[str, int]:
    async with database.read() as connection:
        rows = await connection.execute(text("SELECT item_id, version FROM item WHERE active"))
        return {row.item_id: row.version for row in rows}


async def test_the_command_prints_what_it_imported_and_then_that_nothing_is_new(desk: Desk) -> None:
    done = command(str(FILE))

    assert done.returncode == 0, done.stderr
    assert "食品经营许可（新办）" in done.stdout
    assert "与当前第 1 版目录相同" in done.stdout


async def test_a_faulty_file_is_listed_with_places_and_lines_and_changes_nothing(
    desk: Desk, edited: Callable[..., Path]
) -> None:
    def break_two(raw: dict[str, Any]) -> None:
        food(raw)["promised_limit"]["value"] = 11
        food(raw)["materials"][1]["ecert"] = "nothing"

    before = await versions(desk.database)
    done = command(str(edited(break_two)))

    assert done.returncode == 1
    assert "2 处错误" in done.stdout
    assert "matters[17].materials[1].ecert（第 " in done.stdout
    assert "matters[17].promised_limit.value" in done.stdout
    assert await versions(desk.database) == before


@pytest.mark.parametrize(
    ("content", "status"),
    [("a: [", 1), ("", 1), ("- 1", 1), (None, 2)],
    ids=["not yaml", "empty", "a list", "no file"],
)
def test_a_file_that_cannot_be_used_is_told_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None, status: int
) -> None:
    path = tmp_path / "x.yaml"
    if content is not None:
        path.write_text(content)

    returned = catalogue_import.run(Namespace(file=path, check=False))

    assert returned == status
    assert capsys.readouterr().out.strip()


async def test_only_what_changed_gets_a_new_version_and_cases_keep_theirs(
    desk: Desk, edited: Callable[..., Path]
) -> None:
    running = await desk.done(await desk.complete("E02", number=SHOP), "receipt")

    def shorten(raw: dict[str, Any]) -> None:
        food(raw)["promised_limit"]["value"] = 3
        raw["matters"] = [row for row in raw["matters"] if row["id"] != "P15"]

    path = edited(shorten)
    imported = await catalogue_import.store(desk.database, *catalogue_import.read_file(path))
    again = await catalogue_import.store(desk.database, *catalogue_import.read_file(path))
    now = await versions(desk.database)

    assert imported == Imported(2, True, added=0, changed=1, unchanged=36, withdrawn=1)
    assert again == Imported(2, False, unchanged=37)
    assert now["E02"] == 2
    assert {version for item_id, version in now.items() if item_id != "E02"} == {1}
    assert "P15" not in now
    accepted = await desk.done(running, "acceptance")
    event = (await desk.events(running["application_id"]))[-1][2]
    assert accepted["item"]["version"] == 1
    assert event["item"]["promised_limit"]["value"] == 7
    current = await Items().current(desk.database)
    assert current.get("E02").item.promised_limit.value == 3


async def test_bundles_departments_and_certificate_types_are_kept(desk: Desk) -> None:
    async with desk.database.read() as connection:
        row = (await connection.execute(text("SELECT * FROM catalogue_version ORDER BY version LIMIT 1"))).one()

    assert [bundle["id"] for bundle in row.bundles] == ["K01", "K02", "K03", "K04"]
    assert len(row.departments) == 26
    assert len(row.certificate_types) == 35
