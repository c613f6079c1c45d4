"""Every process killed with SIGKILL in the middle of 200 cases and started again: nothing lost, nothing twice."""

import asyncio
import hashlib
import os
import random
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from demo.hall import Hall
from deploy.local.stack import Stack
from tests.support.books import Books, faults
from tests.support.reading_books import quiet_books
from tests.support.township import Clerks, History

CASES = 200
AT_ONCE = 16
BEFORE_THE_STORM = 10  # so many have reached their end when the first process is killed
AFTER_THE_STORM = 20  # these start only when every kind of process has been killed
ITEMS = ("P02", "P03")  # decided on the spot, each with a certificate, of two departments
PAUSE_SECONDS = (0.3, 1.0)
QUIET_SECONDS = 150
SAMPLE = 3
SERVERS = ("postgres", "nats")


class Townships:
    """The clients, in a thread of their own: the killer needs the main thread, to which its servers are tied."""

    def __init__(self, stack: Stack) -> None:
        self.history = History()
        self.ready, self.storm_over = threading.Event(), threading.Event()
        self._stack = stack
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="townships")

    def start(self) -> None:
        self._thread.start()
        self.ready.wait(60)

    @property
    def done(self) -> int:
        return sum("hand-over" in case.acts for case in self.history.cases)

    def wait_for(self, cases: int) -> None:
        """Until so many have reached their end, or the clients have given up."""
        while self.done < cases and self._thread.is_alive():
            time.sleep(0.05)

    def join(self) -> None:
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        try:
            asyncio.run(self._drive())
        except BaseException as failure:
            self._failure = failure
        finally:
            self.ready.set()

    async def _drive(self) -> None:
        hall = Hall.of(self._stack.gateway_url, self._stack.accounts)
        clerks = Clerks(hall, self.history)
        try:
            chosen = [item for item in await hall.items() if item["item_id"] in ITEMS]
            await clerks.log_in([item["department_uscc"] for item in chosen])
            self.ready.set()
            turns = asyncio.Semaphore(AT_ONCE)

            async def one(number: int) -> None:
                async with turns:
                    while number >= CASES - AFTER_THE_STORM and not self.storm_over.is_set():
                        await asyncio.sleep(0.1)
                    await clerks.drive(number, chosen[number % len(chosen)])

            async with asyncio.TaskGroup() as group:
                for number in range(CASES):
                    group.create_task(one(number))
        finally:
            await hall.close()


def storm(stack: Stack, chance: random.Random) -> list[str]:
    """Kill each kind of process once, in any order, and start it again at once."""
    kinds = [*stack.members, *SERVERS]
    chance.shuffle(kinds)
    for kind in kinds:
        time.sleep(chance.uniform(*PAUSE_SECONDS))
        if kind in stack.members:
            stack.kill(kind)
            stack.start_member(kind, wait=False)
        else:
            server = stack.postgres if kind == "postgres" else stack.nats
            assert server is not None
            port = server.port
            server.kill()
            server.start(port)
            assert server.port == port
    return kinds


@asynccontextmanager
async def printers_paused(stack: Stack) -> AsyncIterator[None]:
    """No further file is begun, so that the books can be read while nothing changes."""
    await _execute(stack, "UPDATE file_job SET ready_at = ready_at + interval '1 day'")
    yield
    await _execute(stack, "UPDATE file_job SET ready_at = ready_at - interval '1 day'")


async def _execute(stack: Stack, statement: str) -> None:
    connection = await asyncpg.connect(stack.database_url("certificate"))
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def verified(stack: Stack, books: Books) -> list[tuple[str, str]]:
    """Some made files of either kind, downloaded by the clerk and shown to the public verification: what it says."""
    hall = Hall.of(stack.gateway_url, stack.accounts)
    clerk = await hall.person("clerk1")
    # Cases have ended: the window reads by its registration, which has to name the file.
    await _execute(stack, """UPDATE caller SET fields_shown = fields_shown || '["file"]'::jsonb""")
    ready = [row for row in books.tables["certificates"] if row["file_sha256"]][:SAMPLE]
    addresses = [(row, f"/api/v1/certificates/{row['identifier']}/file") for row in ready]
    ready = [row for row in books.tables["papers"] if row["file_sha256"]][:SAMPLE]
    addresses += [(row, f"/api/v1/papers/{row['id']}/file") for row in ready]
    said = []
    try:
        for row, address in addresses:
            file = await clerk.get(address, purpose="核对申请人身份")
            assert file.status_code == 200, file.text
            same = hashlib.sha256(file.content).hexdigest() == row["file_sha256"]
            shown = await hall.public.post("/api/v1/certificates/verify", {}, file=("file.pdf", file.content))
            said.append((shown.json()["verdict"], "as recorded" if same else "another file"))
    finally:
        await hall.close()
    return said


@pytest.mark.timeout(600)
async def test_200_cases_survive_sigkill_of_every_process(durable_stack: Stack) -> None:
    seed = int(os.environ.get("YICHUANG_STORM_SEED", "20260302"))
    townships = Townships(durable_stack)

    townships.start()
    townships.wait_for(BEFORE_THE_STORM)
    killed = storm(durable_stack, random.Random(seed))
    townships.storm_over.set()
    townships.join()
    async with printers_paused(durable_stack):
        books = await quiet_books(durable_stack, QUIET_SECONDS)
    said = await verified(durable_stack, books)

    assert len(killed) == len(durable_stack.members) + len(SERVERS)
    assert len(townships.history.cases) == CASES
    assert townships.history.failures, "the storm was not felt"
    assert faults(townships.history.cases, books) == []
    assert said == [("VALID", "as recorded")] * 2 * SAMPLE
