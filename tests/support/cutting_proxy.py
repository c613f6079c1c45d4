"""A wire to PostgreSQL that breaks at the worst moment: the commit is done, its answer never arrives."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit, urlunsplit

from deploy.local.process import LOOPBACK

_CHUNK = 64 * 1024


class CuttingProxy:
    """Passes everything on. When armed, it lets a COMMIT through and drops the connection before the answer."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._to_come = 0
        self.cuts = 0

    def arm(self, nth: int = 1) -> None:
        """The nth COMMIT from now on, counted over all connections."""
        self._to_come = nth

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection(LOOPBACK, self._port)
        answers = asyncio.create_task(pass_on(server_reader, writer))
        try:
            while chunk := await reader.read(_CHUNK):
                if self._is_the_one(chunk):
                    await self._cut(chunk, answers, server_reader, server_writer)
                    break
                server_writer.write(chunk)
                await server_writer.drain()
        finally:
            answers.cancel()
            for end in (writer, server_writer):
                end.transport.abort()

    def _is_the_one(self, chunk: bytes) -> bool:
        if not self._to_come or b"COMMIT" not in chunk:
            return False
        self._to_come -= 1
        return self._to_come == 0

    async def _cut(
        self,
        commit: bytes,
        answers: "asyncio.Task[None]",
        server_reader: asyncio.StreamReader,
        server_writer: asyncio.StreamWriter,
    ) -> None:
        answers.cancel()
        with suppress(asyncio.CancelledError):
            await answers
        server_writer.write(commit)
        await server_writer.drain()
        await server_reader.read(_CHUNK)  # the server has answered, so the transaction is committed
        self.cuts += 1


async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
    writer.transport.abort()


@asynccontextmanager
async def cutting(url: str) -> AsyncIterator[tuple[CuttingProxy, str]]:
    """The proxy in front of the database of this address, and the address that leads through it."""
    parts = urlsplit(url)
    proxy = CuttingProxy(parts.port or 5432)
    server = await asyncio.start_server(proxy.serve, LOOPBACK, 0)
    port = server.sockets[0].getsockname()[1]
    through = parts._replace(netloc=f"{parts.username}:{parts.password}@{LOOPBACK}:{port}")
    try:
        yield proxy, urlunsplit(through)
    finally:
        server.close()
