"""Files at rest: sealed, durable, and an unreachable store is a clear fact, never a lost file."""

from pathlib import Path

import pytest

from services.chassis.files import FileMissing, Files, FilesAway
from services.chassis.sealing import SealBroken, Sealer


def files_in(folder: Path) -> Files:
    return Files.open(f"file://{folder}", Sealer({"k1": b"1" * 32}, b"i" * 32))


async def test_what_is_put_comes_back_and_is_not_readable_on_disk(tmp_path: Path) -> None:
    files = files_in(tmp_path)

    await files.put("a/b", b"431202180001010012")

    assert await files.get("a/b") == b"431202180001010012"
    assert b"431202180001010012" not in (tmp_path / "a" / "b").read_bytes()


async def test_a_changed_file_is_told_apart_from_a_missing_one(tmp_path: Path) -> None:
    files = files_in(tmp_path)
    await files.put("a", b"content")
    path = tmp_path / "a"
    path.write_bytes(path.read_bytes()[:-1] + b"x")

    with pytest.raises(SealBroken):
        await files.get("a")
    with pytest.raises(FileMissing):
        await files.get("b")


async def test_a_file_moved_under_another_name_does_not_open(tmp_path: Path) -> None:
    files = files_in(tmp_path)
    await files.put("a", b"content")
    (tmp_path / "a").rename(tmp_path / "b")

    with pytest.raises(SealBroken):
        await files.get("b")


async def test_a_store_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    files = files_in(folder)
    folder.rmdir()
    folder.write_text("a file stands where the folder was")

    with pytest.raises(FilesAway):
        await files.put("a", b"content")
