"""A load client that costs next to nothing: keep-alive HTTP/1.1 with prepared bytes, one request at a time."""

import asyncio
from typing import Any, Self
from urllib.parse import urlsplit

import orjson


class Connection:
    """One caller at one address. `headers` go with every request."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, headers: str) -> None:
        self._reader, self._writer, self._headers = reader, writer, headers

    @classmethod
    async def open(cls, url: str, headers: dict[str, str]) -> Self:
        parts = urlsplit(url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        lines = {"Host": parts.netloc, "Content-Type": "application/json"} | headers
        return cls(reader, writer, "".join(f"{name}: {value}\r\n" for name, value in lines.items()))

    async def post(self, path: str, body: bytes, key: str, version: int | None = None) -> tuple[int, bytes]:
        """Status and body of the answer."""
        seen = "" if version is None else f'If-Match: "v{version}"\r\n'
        head = f"POST {path} HTTP/1.1\r\n{self._headers}Idempotency-Key: {key}\r\n{seen}"
        head += f"Content-Length: {len(body)}\r\n\r\n"
        self._writer.write(head.encode("ascii") + body)
        answer = await self._reader.readuntil(b"\r\n\r\n")
        length = answer.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        return int(answer[9:12]), await self._reader.readexactly(int(length))

    def close(self) -> None:
        self._writer.close()


class Failed(RuntimeError):
    """The platform refused a request of the load: the figures would mean nothing."""


def expect(answer: tuple[int, bytes], step: str) -> dict[str, Any]:
    """The JSON of a 201. Raises Failed with the problem's own words."""
    status, body = answer
    if status != 201:
        raise Failed(f"{step}: {status} {body.decode('utf-8', 'replace')[:500]}")
    content: dict[str, Any] = orjson.loads(body)
    return content
