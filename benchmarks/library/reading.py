"""What is asked of libraries of several sizes, in turns, so that a busy moment falls on all of them alike."""

import asyncio
import math
import random
import time
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from benchmarks.library.people import EACH, citizen_id
from benchmarks.library.place import Place
from benchmarks.library.stages import Tell
from contracts.events.certificate import CertificateStatus
from deploy.local.postgres import ServiceDatabase
from services.certificate import queries
from services.certificate.commands import log_proofs, read_certificates, verify
from services.certificate.commands.log import Entry, later_act, log
from services.certificate.domain import merkle
from services.certificate.domain.transparency import Act
from services.certificate.kit import Kit
from services.certificate.schemas import SearchIn
from services.chassis.auth import Principal
from services.chassis.clock import now
from services.chassis.database import Database

Figures = dict[str, Any]
_QUESTIONS = 4


@dataclass
class Reader:
    """One library as the service reads it, and the holders that are asked for."""

    size: int
    kit: Kit
    database: Database
    holders: Sequence[int]
    identifiers: list[str] = field(default_factory=list)
    acted_on: Sequence[int] = ()
    entries: list[Entry] = field(default_factory=list)
    first_ms: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def open(cls, place: Place, address: ServiceDatabase, size: int, known: int) -> "Reader":
        """`known` holders and certificates are asked for; each is asked for once before it counts. Acts are done on as
        many others: nobody has thousands of acts on one certificate, and those that are verified have none.
        """
        known = min(known, size // EACH // 2)
        holders = random.Random(size).sample(range(size // EACH), 2 * known)
        return cls(size, place.kit(address), Database(address.app_url), holders[:known], acted_on=holders[known:])

    async def prepare(self) -> None:
        """Every question once: pages come into memory, imported records that are verified get their signatures."""
        searches = []
        for holder in self.holders:
            began = time.perf_counter()
            self.identifiers.append(await self.search(holder))
            searches.append(1000 * (time.perf_counter() - began))
        verifications = [await _timed(self.verify(identifier)) for identifier in self.identifiers]
        self.first_ms = {"first_search_ms": median(searches), "first_verify_ms": median(verifications)}
        for holder in self.acted_on:
            identifier = await self.search(holder)
            async with self.database.read() as connection:
                row = await queries.by_identifier(connection, identifier)
            self.entries.append(later_act(Act.REPRINT, row, self.kit, status=CertificateStatus.VALID.value))

    async def search(self, holder: int) -> str:
        """By citizen ID number, as its holder; gives the identifier of one of his certificates."""
        number = citizen_id(holder)
        key = self.kit.holder_key("PERSON", number)
        who = Principal("benchmark", "gateway", roles=frozenset({"CITIZEN"}), channel="ONLINE", subject_key=key)
        found = await read_certificates.search(self.database, SearchIn(number=number), who, self.kit, now=now())
        if len(found.items) != EACH:
            raise RuntimeError(f"a holder has {len(found.items)} certificates")
        return found.items[0].identifier

    async def verify(self, identifier: str) -> None:
        told = await verify.identifier(self.database, identifier, self.kit, now=now())
        if told.verdict.value != "VALID":
            raise RuntimeError(f"a certificate is {told.verdict}: {told.reason}")

    async def prove(self, index: int) -> None:
        async with self.database.read() as connection:
            await log_proofs.inclusion_out(connection, identifier=None, index=index, size=self.size)

    async def append(self, many: int = 1) -> int:
        """Acts with their leaves, in one transaction; their records were signed before."""
        async with self.database.transaction() as uow:
            log(uow, random.choices(self.entries, k=many))
        return many


@dataclass
class Asking:
    """The same questions to each library in turns; what has been measured is there at any time."""

    readers: Sequence[Reader]
    spent: dict[int, dict[str, list[float]]] = field(default_factory=dict)

    async def prepare(self, tell: Tell) -> None:
        for reader in self.readers:
            await reader.prepare()
            tell(1)

    async def run(self, rounds: int, tell: Tell) -> None:
        chance = random.Random(1)
        for turn in range(rounds):
            # Each is first as often as last: whatever one leaves behind in caches falls on all of them.
            first = turn % len(self.readers)
            for reader in (*self.readers[first:], *self.readers[:first]):
                await self._ask(reader, turn, chance)
            tell(1)

    async def _ask(self, reader: Reader, turn: int, chance: random.Random) -> None:
        questions = {
            "search_ms": reader.search(reader.holders[turn % len(reader.holders)]),
            "verify_ms": reader.verify(reader.identifiers[turn % len(reader.identifiers)]),
            "proof_ms": reader.prove(chance.randrange(reader.size)),
            "append_ms": reader.append(),
        }
        for name, question in questions.items():
            self.spent.setdefault(reader.size, {}).setdefault(name, []).append(await _timed(question))

    def figures(self) -> dict[str, Figures]:
        """Milliseconds (median) of each question in each library; only those of which all were asked."""
        return {
            str(reader.size): {name: median(times) for name, times in of.items()}
            | dict(reader.first_ms)
            | _work_of_tree(reader.size)
            for reader in self.readers
            if len(of := self.spent.get(reader.size, {})) == _QUESTIONS
        }


async def _timed(question: Awaitable[object]) -> float:
    began = time.perf_counter()
    await question
    return 1000 * (time.perf_counter() - began)


def _work_of_tree(size: int) -> Figures:
    """Counted, not timed: stored nodes that a proof reads, and its hashes (mean of a sample)."""
    sample = [merkle.inclusion_path(index, size) for index in range(0, size, max(1, size // 1000))]
    read = sum(len(merkle.nodes_for(path)) for path in sample) / len(sample)
    return {"proof_nodes_read": read, "proof_hashes": sum(map(len, sample)) / len(sample), "log2": math.log2(size)}


async def writers(reader: Reader, seconds: float) -> Figures:
    """Acts a second of one writer and of four at once, one act a transaction; and of four with a hundred in each."""

    async def write(batch: int, end: float) -> int:
        done = 0
        while time.perf_counter() < end:
            done += await reader.append(batch)
        return done

    async def rate(many: int, batch: int) -> float:
        await asyncio.gather(*(reader.append(batch) for _ in range(many)))  # each has its connection and its statements
        began = time.perf_counter()
        done = await asyncio.gather(*(write(batch, began + seconds) for _ in range(many)))
        return sum(done) / (time.perf_counter() - began)

    return {"one": await rate(1, 1), "four": await rate(4, 1), "four_batches_of_100": await rate(4, 100)}
