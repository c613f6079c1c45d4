"""The monitor as its own process against a running service: quiet while it is honest, an alarm for each falsehood."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import uvicorn
from sqlalchemy import text

from services.certificate.__main__ import main
from services.certificate.commands import log_heads
from services.chassis.clock import now
from tests.support.certificate import Library
from tests.support.stack import free_port

SECOND = "(SELECT certificate_id FROM log_leaf WHERE leaf_index = 1)"
COPY = (
    "INSERT INTO certificate SELECT (jsonb_populate_record(c, jsonb_build_object('id', gen_random_uuid(), "
    "'source_key', 'x', 'identifier', 'x'))).* FROM certificate c WHERE id = " + SECOND
)


class Monitor:
    """`python -m services.certificate monitor URL --every …` as a process, without any of our settings."""

    def __init__(self, url: str, state: Path) -> None:
        self._command = [sys.executable, "-m", "services.certificate", "monitor", url, "--state", str(state)]
        self.said: list[str] = []

    async def __aenter__(self) -> "Monitor":
        bare = {name: value for name, value in os.environ.items() if not name.startswith("YICHUANG_")}
        out, err = asyncio.subprocess.PIPE, asyncio.subprocess.STDOUT
        self._process = await asyncio.create_subprocess_exec(
            *self._command, "--every", "0.2", env=bare, stdout=out, stderr=err
        )
        return self

    async def until(self, wanted: str) -> None:
        """Until it says so. (A look that was too slow is no alarm: it looks again.)"""
        assert self._process.stdout is not None
        async with asyncio.timeout(120):
            while not any(wanted in line for line in self.said):
                line = (await self._process.stdout.readline()).decode()
                assert line, f"it ended without {wanted}: {self.said}"
                self.said.append(line)

    async def ended(self) -> int:
        """Its exit code, when it ends by itself."""
        async with asyncio.timeout(120):
            return await self._process.wait()

    async def __aexit__(self, *_: object) -> None:
        if self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()


@pytest.fixture
async def url(library: Library) -> AsyncIterator[str]:
    """The service on a port of its own, with three certificates under a head."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(library.app, port=port, lifespan="off", log_config=None, access_log=False))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    for _ in range(3):
        await grow(library)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await serving


async def grow(library: Library) -> None:
    await library.issued()
    await log_heads.sign_head(library.database, library.kit, now=now())


async def change(library: Library, *statements: str) -> None:
    async with library.database.transaction() as uow:
        for statement in statements:
            await uow.connection.execute(text(statement))


async def test_the_command_is_quiet_while_the_library_is_honest_and_ends_with_an_alarm_for_each_falsification(
    library: Library, url: str, tmp_path: Path
) -> None:
    """Rewritten, inserted, removed: one after another, each mended before the next; one memory over all restarts."""
    state = tmp_path / "monitor.json"

    async with Monitor(url, state) as first:
        await first.until("日志 3 条，与上次（0 条）一致")
        await grow(library)
        await first.until("日志 4 条，与上次（4 条）一致")
        quiet = list(first.said)
        await change(library, f"UPDATE certificate SET holder_name = holder_name || '大' WHERE id = {SECOND}")
        await first.until("告警：")
        rewritten = first.said[-1], await first.ended()
    kept = state.read_text()
    await change(library, f"UPDATE certificate SET holder_name = left(holder_name, -1) WHERE id = {SECOND}")
    async with Monitor(url, state) as second:
        await second.until("日志 4 条，与上次（4 条）一致")
        await change(library, COPY)
        await second.until("告警：")
        inserted = second.said[-1], await second.ended()
    await change(library, "DELETE FROM certificate WHERE identifier = 'x'", "DELETE FROM log_leaf WHERE leaf_index = 1")
    async with Monitor(url, state) as third:
        await third.until("告警：")
        removed = third.said[-1], await third.ended()

    assert all("告警" not in line for line in quiet)
    for what, (said, status) in {"改写": rewritten, "插入": inserted, "删除": removed}.items():
        assert (what in said, status) == (True, 1), said
    assert json.loads(kept)["size"] == 4
    assert state.read_text() == kept


def test_a_library_that_is_away_is_no_alarm_and_no_all_clear(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["monitor", f"http://127.0.0.1:{free_port()}", "--state", str(tmp_path / "state.json")])

    said = capsys.readouterr().out
    assert (status, "未能核对" in said, "告警" in said) == (3, True, False)
    assert not (tmp_path / "state.json").exists()
