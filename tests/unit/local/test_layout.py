"""The data folder: rights, keys, one stack at a time, the clock that is moved from outside."""

import os
import stat
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from deploy.local import travel
from deploy.local.layout import ROTATE_BYTES, AlreadyRunning, DataFolder
from services.chassis import clock
from services.chassis.sealing import Sealer

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def folder(tmp_path: Path) -> DataFolder:
    made = DataFolder(tmp_path / "data")
    made.prepare()
    return made


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_keys_are_for_the_owner_only_and_fit_the_sealer(folder: DataFolder) -> None:
    sealer = Sealer.load(folder.keys)

    assert sealer.open(sealer.seal("x", "test"), "test") == "x"
    assert {_mode(path) for path in folder.keys.rglob("*.key")} == {0o600}
    assert {_mode(path) for path in (folder.root, folder.keys, folder.files, folder.logs)} == {0o700}


def test_a_second_start_keeps_the_keys(folder: DataFolder) -> None:
    before = {path: path.read_bytes() for path in folder.keys.rglob("*.key")}

    DataFolder(folder.root).prepare()

    assert {path: path.read_bytes() for path in folder.keys.rglob("*.key")} == before


def test_a_second_stack_over_the_same_folder_is_refused_and_names_the_first(folder: DataFolder) -> None:
    folder.lock()

    with pytest.raises(AlreadyRunning, match=str(os.getpid())) as refused:
        DataFolder(folder.root).lock()

    assert str(refused.value).startswith("此目录已有一个正在运行的系统")
    folder.unlock()
    DataFolder(folder.root).lock()


def test_the_lock_of_a_dead_process_does_not_count(folder: DataFolder) -> None:
    code = f"from deploy.local.layout import *; DataFolder(Path({str(folder.root)!r})).lock()"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)

    assert not folder.is_locked()
    folder.lock()
    assert folder.is_locked()


def test_a_shell_reads_what_a_services_own_command_needs_and_nobody_else_may(folder: DataFolder) -> None:
    value = "postgresql://app:it's a secret@host/intake"

    file = folder.write_environment("intake", {"YICHUANG_DATABASE_URL_INTAKE": value})

    script = f". {file}; {sys.executable} -c 'import os; print(os.environ[\"YICHUANG_DATABASE_URL_INTAKE\"])'"
    said = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout
    assert (said.strip(), stat.S_IMODE(file.stat().st_mode)) == (value, 0o600)


def test_a_long_log_moves_aside_while_its_writer_goes_on(folder: DataFolder) -> None:
    log = folder.log("service")
    with log.open("ab") as writer:
        writer.write(b"x" * (ROTATE_BYTES + 1))
        writer.flush()

        folder.rotate_logs()
        writer.write(b"after\n")

    assert log.read_bytes() == b"after\n"
    assert log.with_name("service.log.1").stat().st_size == ROTATE_BYTES + 1


def test_the_services_follow_the_moved_clock(folder: DataFolder) -> None:
    folder.lock()
    clock.use_test_clock(folder.clock)
    try:
        travel.forward(folder, timedelta(days=10))

        ahead = clock.now() - clock.real_now()

        assert abs(ahead - timedelta(days=10)) < timedelta(seconds=5)
    finally:
        clock.use_test_clock(None)


def test_an_instant_without_offset_is_meant_in_shanghai(folder: DataFolder) -> None:
    folder.lock()
    target = (travel.now(folder) + timedelta(days=3)).replace(hour=9, minute=0, second=0, microsecond=0)

    reached = travel.to(folder, datetime.fromisoformat(target.strftime("%Y-%m-%dT%H:%M")))

    assert abs(reached - target) < timedelta(seconds=5)


def test_time_moves_forward_only_and_reset_returns_to_now(folder: DataFolder) -> None:
    folder.lock()
    travel.forward(folder, timedelta(days=2))

    with pytest.raises(travel.CannotTravel, match="只能前进"):
        travel.forward(folder, timedelta(days=-1))
    travel.reset(folder)

    assert travel.offset(folder) == timedelta()


def test_nobody_travels_without_a_running_stack(folder: DataFolder) -> None:
    with pytest.raises(travel.CannotTravel, match="未运行"):
        travel.forward(folder, timedelta(days=1))
