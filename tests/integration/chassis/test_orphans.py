"""A swept orphan: only a file older than a day whose row exists and does not tell of it is ever deleted."""

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from time import time
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from deploy.local.postgres import ServiceDatabase
from services.chassis.clock import real_now
from services.chassis.database import Database
from services.chassis.files import Files
from services.chassis.orphans import Orphans
from services.chassis.sealing import Sealer
from tests.support.events import chassis_database
from tests.support.stack import Databases

OWNER = uuid4()


@pytest.fixture(scope="module")
def source(databases: Databases) -> ServiceDatabase:
    return chassis_database(databases.server, "identity")


async def stored(files: Files, folder: Path, name: str, *, days_old: float) -> None:
    await files.put(name, b"content")
    at = time() - days_old * 86400
    os.utime(folder / name, (at, at))


async def told(_: AsyncConnection, owners: Collection[UUID]) -> Mapping[UUID, Collection[str]]:
    return {OWNER: {f"materials/{OWNER}/told"}} if OWNER in owners else {}


@pytest.mark.parametrize(
    ("name", "days_old", "stays"),
    [
        pytest.param(f"materials/{OWNER}/lost", 1.1, False, id="no row tells of it"),
        pytest.param(f"materials/{OWNER}/lost", 0.9, True, id="its row may still come"),
        pytest.param(f"materials/{OWNER}/told", 900.0, True, id="its row tells of it"),
        pytest.param(f"materials/{uuid4()}/lost", 900.0, True, id="not even the owner is known: another database?"),
        pytest.param("materials/by-hand", 900.0, True, id="not a name of ours"),
        pytest.param(f"others/{OWNER}/lost", 900.0, True, id="a folder of somebody else"),
    ],
)
async def test_only_an_old_file_whose_row_does_not_tell_of_it_is_swept(
    source: ServiceDatabase, tmp_path: Path, name: str, days_old: float, stays: bool
) -> None:
    files = Files.open(f"file://{tmp_path}", Sealer({"k1": b"1" * 32}, b"i" * 32))
    await stored(files, tmp_path, name, days_old=days_old)
    database = Database(source.app_url)

    await Orphans(files, ("materials",), told)(database, real_now())
    await database.close()

    assert (tmp_path / name).exists() is stays


async def test_many_are_swept_in_steps(source: ServiceDatabase, tmp_path: Path) -> None:
    files = Files.open(f"file://{tmp_path}", Sealer({"k1": b"1" * 32}, b"i" * 32))
    for number in range(250):
        await stored(files, tmp_path, f"materials/{OWNER}/{number}", days_old=2)
    await stored(files, tmp_path, f"materials/{OWNER}/told", days_old=2)
    database = Database(source.app_url)
    asked: list[int] = []

    async def counted(connection: AsyncConnection, owners: Collection[UUID]) -> Mapping[UUID, Collection[str]]:
        asked.append(len(owners))
        return await told(connection, owners)

    await Orphans(files, ("materials",), counted)(database, real_now())
    await database.close()

    assert [path.name for path in (tmp_path / "materials" / str(OWNER)).iterdir()] == ["told"]
    assert asked == [1, 1]
