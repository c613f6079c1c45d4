"""Database access: one transaction per command, outbox rows and the idempotent answer inside it."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response

from contracts.events.common import Event
from services.chassis import clock
from services.chassis.direct import DirectConnection
from services.chassis.errors import KeyReused, StillRunning
from services.chassis.ids import uuid7
from services.chassis.pool import Pool
from services.chassis.telemetry import current_traceparent
from services.kernel.errors import DomainError

# What every command begins and ends with goes to the driver itself, in one round trip each.
_CLAIM = (
    "SELECT pg_try_advisory_xact_lock($1) AS free, i.request_hash, i.status, i.headers::text, i.body "
    "FROM (SELECT 1) AS one LEFT JOIN idempotency i ON i.caller = $2 AND i.key = $3"
)
_EVENT_COLUMNS = "event_id, subject, aggregate_id, aggregate_version, occurred_at, traceparent, payload"
_TELL = (
    f"INSERT INTO outbox ({_EVENT_COLUMNS}) SELECT {_EVENT_COLUMNS} "
    "FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::integer[], $5::timestamptz[], $6::text[], $7::bytea[]) "
    f"WITH ORDINALITY AS told ({_EVENT_COLUMNS}, place) ORDER BY place"
)
_KEEP = "INSERT INTO idempotency (caller, key, request_hash, status, headers, body) "
_KEEP_ANSWER = f"{_KEEP} VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING"
_TELL_AND_KEEP = f"WITH told AS ({_TELL}) {_KEEP} VALUES ($8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING"
_NOTHING_KEPT = "INSERT 0 0"

# Between an act and the moment anybody can have read its answer: who asks within it has not seen what has changed.
A_MOMENT = timedelta(seconds=1)
# A request does not last an hour: older partitions need not be asked.
_SINCE = text(
    "SELECT count(*) FROM outbox WHERE aggregate_id = :aggregate AND occurred_at >= :arrived "
    "AND created_at >= now() - interval '1 hour'"
)
_KNOWN = "SELECT request_hash, status, headers::text, body FROM idempotency WHERE caller = $1 AND key = $2"


@dataclass(frozen=True)
class Answer:
    """What a command answers: status, headers, JSON body. Stored under the idempotency key."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def response(self) -> Response:
        return Response(self.body, self.status, dict(self.headers), media_type="application/json")


class Replay(Exception):
    """The key was used for this very request before: the stored answer is sent again."""

    def __init__(self, answer: Answer) -> None:
        super().__init__("replayed")
        self.answer = answer


@dataclass(frozen=True)
class Idempotency:
    """One caller's key and the hash of the request it stands for."""

    caller: str
    key: str
    request_hash: bytes

    def lock_id(self) -> int:
        digest = hashlib.sha256(f"{self.caller}|{self.key}".encode()).digest()
        return int.from_bytes(digest[:8], "big", signed=True)


# What runs last, with what was gathered for it.
LastStep = Callable[[AsyncConnection, Sequence[Any]], Awaitable[None]]


@dataclass
class UnitOfWork:
    """What one transaction writes besides its own rows."""

    connection: AsyncConnection
    idempotency: Idempotency | None = None
    _events: list[tuple[Any, ...]] = field(default_factory=list)
    _answer: Answer | None = None
    _last: dict[LastStep, list[Any]] = field(default_factory=dict)
    _after: list[Callable[[], None]] = field(default_factory=list)

    def when_committed(self, tell: Callable[[], None]) -> None:
        """Call `tell` once this transaction is committed, and never when it is not: for what is counted."""
        self._after.append(tell)

    def at_the_end(self, step: LastStep, items: Sequence[Any] = ()) -> None:
        """Run `step` as the last statements of the transaction: for a lock that everybody needs, held shortly.

        However often it is asked for, it runs once, with all the items in their order. It may publish nothing.
        """
        self._last.setdefault(step, []).extend(items)

    def waiting(self, step: LastStep) -> Sequence[Any]:
        """The items that this step has been given so far."""
        return tuple(self._last.get(step, ()))

    def publish(self, event: Event, *, aggregate_id: UUID, version: int) -> None:
        """Add an outbox row; it is written at the end of the transaction and sent by the relay."""
        self._events.append(
            (
                uuid7(),
                event.SUBJECT,
                aggregate_id,
                version,
                clock.now(),
                current_traceparent(),
                event.model_dump_json().encode(),
            )
        )

    def answer(
        self,
        status: int,
        body: BaseModel | Mapping[str, Any],
        *,
        etag_version: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """The answer of this command; kept under its idempotency key together with the effect."""
        content = body.model_dump_json().encode() if isinstance(body, BaseModel) else orjson.dumps(body)
        all_headers = dict(headers or {})
        if etag_version is not None:
            all_headers["etag"] = f'"v{etag_version}"'
        self._answer = Answer(status, all_headers, content)
        return self._answer

    async def overtaken(self, aggregate_id: UUID, missed: int) -> bool:
        """Whether a caller who missed so many versions was overtaken while the request was under way.

        Then it lost a race: what it saw was the newest when it came in, or a moment before. Otherwise it had read too
        long ago.
        """
        values = {"aggregate": aggregate_id, "arrived": clock.arrived_at() - A_MOMENT}
        since: int = (await self.connection.execute(_SINCE, values)).scalar_one()
        return 0 < missed <= since

    async def _claim(self, driver: asyncpg.Connection) -> None:
        """Raises Replay, KeyReused (another body) or StillRunning."""
        known = self.idempotency
        if known is None:
            return
        row = await driver.fetchrow(_CLAIM, known.lock_id(), known.caller, known.key)
        if row["status"] is not None:
            _raise_known(row, known)
        if not row["free"]:
            raise StillRunning(retry_after_seconds=1)

    async def _flush(self, driver: asyncpg.Connection) -> bool:
        """Outbox rows and answer, then the last steps; tells whether there is something to send.

        Raises StillRunning when the key was used after the claim looked.
        """
        told = await self._tell(driver)
        for step, items in self._last.items():
            await step(self.connection, items)
        return told

    async def _tell(self, driver: asyncpg.Connection) -> bool:
        events = [list(column) for column in zip(*self._events, strict=True)]
        answer = self._answer_row()
        if answer and events:
            kept = await driver.execute(_TELL_AND_KEEP, *events, *answer)
        elif answer:
            kept = await driver.execute(_KEEP_ANSWER, *answer)
        elif events:
            kept = await driver.execute(_TELL, *events)
        else:
            return False
        if kept == _NOTHING_KEPT:
            raise StillRunning(retry_after_seconds=1)
        return bool(events)

    def _answer_row(self) -> tuple[Any, ...]:
        known, answer = self.idempotency, self._answer
        if known is None or answer is None:
            return ()
        headers = orjson.dumps(dict(answer.headers)).decode()
        return known.caller, known.key, known.request_hash, answer.status, headers, answer.body


def _raise_known(row: Mapping[str, Any], idempotency: Idempotency) -> None:
    """Raises Replay, or KeyReused when the key stands for another request."""
    if bytes(row["request_hash"]) != idempotency.request_hash:
        raise KeyReused
    headers = orjson.loads(row["headers"]) | {"idempotency-replayed": "true"}
    raise Replay(Answer(row["status"], headers, bytes(row["body"])))


async def _to_its_end(step: Awaitable[None]) -> None:
    """Cancelled meanwhile, it is still finished first: the connection must be at rest when it goes back."""
    task = asyncio.ensure_future(step)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


async def _roll_back(driver: asyncpg.Connection) -> None:
    """A connection whose transaction cannot be ended does not go back to the pool."""
    try:
        await _to_its_end(driver.execute("ROLLBACK"))
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        driver.terminate()


class Database:
    """A service's own PostgreSQL database. Nothing else commits."""

    def __init__(self, url: str, *, pool_size: int = 5) -> None:
        self._pool = Pool(url, 2 * pool_size)
        self._on_commit: list[Callable[[], None]] = []

    def when_events_committed(self, tell: Callable[[], None]) -> None:
        """Call `tell` after each commit that left outbox rows."""
        self._on_commit.append(tell)

    async def connect(self) -> None:
        """Raises when the database cannot be reached."""
        async with self._pool.connection() as driver:
            await driver.execute("SELECT 1")

    async def close(self) -> None:
        await self._pool.close()

    @asynccontextmanager
    async def transaction(self, idempotency: Idempotency | None = None) -> AsyncIterator[UnitOfWork]:
        """One command. Commits at the end, rolls back when anything raises; raises Replay for a known key."""
        try:
            async with self._pool.connection() as driver:
                try:
                    await driver.execute("BEGIN")
                    uow = UnitOfWork(DirectConnection(driver), idempotency)
                    await uow._claim(driver)
                    yield uow
                    to_send = await uow._flush(driver)
                except BaseException:
                    await _roll_back(driver)
                    raise
                # A client that hangs up now must not leave a transaction open that holds locks.
                await _to_its_end(driver.execute("COMMIT"))
        except (DomainError, IntegrityError) as refused:
            await self._answer_known(idempotency, refused)
            raise
        for tell in (*uow._after, *(self._on_commit if to_send else ())):
            tell()

    async def _answer_known(self, idempotency: Idempotency | None, refused: Exception) -> None:
        """Look once more: the same request may have been committed after this one looked and before it got the lock.

        Without that a repeated act would be told that its version is stale, although it is its own doing.
        Raises Replay, KeyReused.
        """
        if idempotency is None or isinstance(refused, KeyReused):
            return
        async with self._pool.connection() as driver:
            row = await driver.fetchrow(_KNOWN, idempotency.caller, idempotency.key)
        if row is not None:
            _raise_known(row, idempotency)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection for queries; nothing is written. Autocommit: one round trip per SELECT."""
        async with self._pool.connection() as driver:
            yield DirectConnection(driver)
