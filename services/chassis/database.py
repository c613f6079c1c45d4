"""Database access: one transaction per command, outbox rows and the idempotent answer inside it."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson
from fastapi import Response
from pydantic import BaseModel
from sqlalchemy import insert, text
from sqlalchemy.event import listen
from sqlalchemy.exc import IntegrityError, InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from contracts.events.common import Event
from services.chassis import clock, tables
from services.chassis.errors import KeyReused, StillRunning
from services.chassis.ids import uuid7
from services.chassis.telemetry import current_traceparent
from services.kernel.errors import DomainError

_CLAIM = text(
    "SELECT pg_try_advisory_xact_lock(:lock) AS free, i.request_hash, i.status, i.headers, i.body "
    "FROM (SELECT 1) AS one LEFT JOIN idempotency i ON i.caller = :caller AND i.key = :key"
)

# Made once: SQLAlchemy then finds their compiled form by the object, not by walking over them
_OUTBOX = insert(tables.outbox)
_IDEMPOTENCY = insert(tables.idempotency)

_KNOWN = text("SELECT request_hash, status, headers, body FROM idempotency WHERE caller = :caller AND key = :key")


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


@dataclass
class UnitOfWork:
    """What one transaction writes besides its own rows."""

    connection: AsyncConnection
    idempotency: Idempotency | None = None
    _events: list[dict[str, Any]] = field(default_factory=list)
    _answer: Answer | None = None

    def publish(self, event: Event, *, aggregate_id: UUID, version: int) -> None:
        """Add an outbox row; it is written at the end of the transaction and sent by the relay."""
        self._events.append(
            {
                "event_id": uuid7(),
                "subject": event.SUBJECT,
                "aggregate_id": aggregate_id,
                "aggregate_version": version,
                "occurred_at": clock.now(),
                "traceparent": current_traceparent(),
                "payload": event.model_dump_json().encode(),
            }
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

    async def _claim(self) -> None:
        """Raises Replay, KeyReused (another body) or StillRunning."""
        if self.idempotency is None:
            return
        claim = {"lock": self.idempotency.lock_id(), "caller": self.idempotency.caller, "key": self.idempotency.key}
        row = (await self.connection.execute(_CLAIM, claim)).one()
        _raise_if_known(row, self.idempotency)
        if not row.free:
            raise StillRunning(retry_after_seconds=1)

    async def _flush(self) -> bool:
        """Write outbox rows and answer; tells whether there is something to send."""
        if self._events:
            await self.connection.execute(_OUTBOX, self._events)
        if self.idempotency is not None and self._answer is not None:
            row = {
                "caller": self.idempotency.caller,
                "key": self.idempotency.key,
                "request_hash": self.idempotency.request_hash,
                "status": self._answer.status,
                "headers": dict(self._answer.headers),
                "body": self._answer.body,
            }
            await self.connection.execute(_IDEMPOTENCY, row)
        return bool(self._events)


def _raise_if_known(row: Any, idempotency: Idempotency) -> None:
    """Raises Replay, or KeyReused when the key stands for another request."""
    if row.status is None:
        return
    if bytes(row.request_hash) != idempotency.request_hash:
        raise KeyReused
    raise Replay(Answer(row.status, row.headers | {"idempotency-replayed": "true"}, bytes(row.body)))


def _refuse_dead(_: object, record: ConnectionPoolEntry, __: object) -> None:
    """The driver knows at once when its server has gone: the pool then connects anew instead of failing a request."""
    driver = record.driver_connection
    if driver is not None and driver.is_closed():
        raise InvalidatePoolError


class Database:
    """A service's own PostgreSQL database. Nothing else commits."""

    def __init__(self, url: str, *, pool_size: int = 5) -> None:
        self._engine: AsyncEngine = create_async_engine(
            url.replace("postgresql://", "postgresql+asyncpg://", 1),
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_timeout=5,
            pool_recycle=1800,
            query_cache_size=1200,
            hide_parameters=True,  # a database error quotes no value
            connect_args={
                "timeout": 5,
                # Nets, not rules: a lost client or a forgotten lock must not stop the others.
                "server_settings": {
                    "statement_timeout": "20s",
                    "lock_timeout": "8s",
                    "idle_in_transaction_session_timeout": "20s",
                    "timezone": "UTC",
                },
            },
        )
        listen(self._engine.sync_engine, "checkout", _refuse_dead)
        self._on_commit: list[Callable[[], None]] = []

    def when_events_committed(self, tell: Callable[[], None]) -> None:
        """Call `tell` after each commit that left outbox rows."""
        self._on_commit.append(tell)

    async def connect(self) -> None:
        """Raises when the database cannot be reached."""
        async with self._engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        await self._engine.dispose()

    @asynccontextmanager
    async def transaction(self, idempotency: Idempotency | None = None) -> AsyncIterator[UnitOfWork]:
        """One command. Commits at the end, rolls back when anything raises; raises Replay for a known key."""
        try:
            async with self._engine.connect() as connection, connection.begin() as transaction:
                uow = UnitOfWork(connection, idempotency)
                await uow._claim()
                yield uow
                to_send = await uow._flush()
                # A client that hangs up now must not leave a transaction open that holds locks.
                await asyncio.shield(transaction.commit())
        except (DomainError, IntegrityError) as refused:
            await self._answer_known(idempotency, refused)
            raise
        if to_send:
            for tell in self._on_commit:
                tell()

    async def _answer_known(self, idempotency: Idempotency | None, refused: Exception) -> None:
        """Look once more: the same request may have been committed after this one looked and before it got the lock.

        Without that a repeated act would be told that its version is stale, although it is its own doing.
        Raises Replay, KeyReused; StillRunning when the clash is with a key that is gone again.
        """
        if idempotency is None or isinstance(refused, KeyReused | StillRunning):
            return
        async with self.read() as connection:
            row = (
                await connection.execute(_KNOWN, {"caller": idempotency.caller, "key": idempotency.key})
            ).one_or_none()
        if row is not None:
            _raise_if_known(row, idempotency)
        if isinstance(refused, IntegrityError) and "idempotency_pkey" in str(refused.orig):
            raise StillRunning(retry_after_seconds=1) from refused

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection for queries; nothing is written. Autocommit: one round trip per SELECT."""
        async with self._engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            yield connection
