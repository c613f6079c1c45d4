"""Connections to PostgreSQL kept open: the last one used first, so many at most, a dead one never handed out."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
from sqlalchemy.exc import TimeoutError as PoolTimeout

from services.chassis.direct import prepare_connection

_WAIT_SECONDS = 10
_CONNECT_SECONDS = 10
_MAX_AGE_SECONDS = 1800
_CLOSE_SECONDS = 5
# Nets, not rules: a lost client or a forgotten lock must not stop the others.
_SERVER_SETTINGS = {
    "statement_timeout": "20s",
    "lock_timeout": "8s",
    "idle_in_transaction_session_timeout": "20s",
    "timezone": "UTC",
}


class Pool:
    """No overflow: a connection made and closed for one request costs the server more than the request."""

    def __init__(self, url: str, size: int) -> None:
        self._url = url
        self._free = asyncio.Semaphore(size)
        self._idle: list[tuple[asyncpg.Connection, float]] = []
        self._closing: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[asyncpg.Connection]:
        """Raises PoolTimeout when none becomes free; the driver's errors and OSError when none can be made."""
        await self._wait_for_turn()
        try:
            driver, born = self._reuse() or (await self._connect(), time.monotonic())
            try:
                yield driver
            finally:
                # An open transaction here means that its end could not be sent: nobody may go on in it.
                if not driver.is_closed():
                    if driver.is_in_transaction():
                        driver.terminate()
                    else:
                        self._idle.append((driver, born))
        finally:
            self._free.release()

    async def _wait_for_turn(self) -> None:
        if not self._free.locked():
            await self._free.acquire()
            return
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                await self._free.acquire()
        except TimeoutError:
            raise PoolTimeout("all database connections are in use") from None

    def _reuse(self) -> tuple[asyncpg.Connection, float] | None:
        """The driver knows at once when its server has gone: such a connection is dropped, not handed out."""
        while self._idle:
            driver, born = self._idle.pop()
            if driver.is_closed():
                continue
            if time.monotonic() - born < _MAX_AGE_SECONDS:
                return driver, born
            task = asyncio.create_task(_close(driver))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
        return None

    async def _connect(self) -> asyncpg.Connection:
        driver = await asyncpg.connect(self._url, timeout=_CONNECT_SECONDS, server_settings=_SERVER_SETTINGS)
        try:
            await prepare_connection(driver)
        except BaseException:
            driver.terminate()
            raise
        return driver

    async def close(self) -> None:
        """Close what is idle; what is in use closes with its server or its process."""
        idle, self._idle = self._idle, []
        await asyncio.gather(*(_close(driver) for driver, _ in idle), *self._closing)


async def _close(driver: asyncpg.Connection) -> None:
    try:
        await driver.close(timeout=_CLOSE_SECONDS)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
        driver.terminate()
