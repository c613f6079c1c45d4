"""Everything a running stack leaves behind, as text, and the forms in which a personal number could hide in it."""

import base64
import hashlib
import re
from collections.abc import AsyncIterator, Iterable, Iterator
from urllib.parse import quote

import httpx
import nats
from nats.js.errors import NotFoundError

from deploy.local.environment import SERVICES
from deploy.local.stack import Stack

_HEX_BYTES = re.compile(r"\\\\?x((?:[0-9a-f]{2})+)")


def forms_of(number: str) -> dict[str, str]:
    """The number as it is, as people and programs rewrite it, and as plain hashes; never what a key is needed for."""
    forms = {
        "plain": number,
        "lower case": number.lower(),
        "full width": "".join(chr(ord(character) + 0xFEE0) for character in number),
        "URL-encoded": "".join(f"%{ord(character):02X}" for character in number),
        "URL-encoded full width": quote("".join(chr(ord(character) + 0xFEE0) for character in number)),
        "hex": number.encode().hex(),
        "reversed": number[::-1],
        "grouped": f"{number[:6]} {number[6:14]} {number[14:]}",
    }
    for text in (number, number.lower()):
        for name in ("md5", "sha1", "sha256", "sm3"):
            if name in hashlib.algorithms_available:
                forms[f"{name} of {'X' if text == number else 'x'}"] = hashlib.new(name, text.encode()).hexdigest()
    for before in range(3):  # base64 looks different by where in the text the number begins
        encoded = base64.b64encode(b"\0" * before + number.encode()).decode().rstrip("=")
        forms[f"base64 from {before}"] = encoded[(before * 8 + 5) // 6 : -1]
    return forms


def found(text: str, forms: Iterable[tuple[str, str]]) -> list[str]:
    """Names of the forms the text holds."""
    return [name for name, form in forms if form in text]


def logs(stack: Stack) -> Iterator[tuple[str, str]]:
    """Each log file, servers included."""
    for path in sorted(stack.folder.logs.iterdir()):
        yield f"log {path.name}", path.read_text("utf-8", "replace")


def stored_files(stack: Stack) -> Iterator[tuple[str, str]]:
    """Names and contents of the object store."""
    for path in sorted(stack.folder.files.rglob("*")):
        yield "file name", str(path.relative_to(stack.folder.files))
        if path.is_file():
            yield f"file {path.name}", path.read_bytes().decode("latin-1")


def rows(stack: Stack) -> Iterator[tuple[str, str]]:
    """Every table of the five databases as text; bytes also decoded."""
    assert stack.postgres is not None
    for service in SERVICES:
        listed = (
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname !~ '^(pg_|information_)'"
        )
        for table in stack.postgres.execute(listed, database=service):
            text = "\n".join(stack.postgres.execute(f"SELECT t::text FROM {table} t", database=service))
            decoded = [bytes.fromhex(run).decode("utf-8", "replace") for run in _HEX_BYTES.findall(text)]
            yield f"table {service} {table}", "\n".join([text, *decoded])
        statements = "SELECT query FROM pg_stat_activity WHERE datname = current_database()"
        yield f"statements {service}", "\n".join(stack.postgres.execute(statements, database=service))


async def metrics(stack: Stack) -> AsyncIterator[tuple[str, str]]:
    """/metrics of every process."""
    async with httpx.AsyncClient(timeout=30) as client:
        for name, member in stack.members.items():
            if name == "tsa":  # stands for an authority elsewhere: it sees hashes only and measures nothing
                continue
            yield f"metrics {name}", (await client.get(f"{member.url}/metrics")).raise_for_status().text


async def messages(stack: Stack) -> AsyncIterator[tuple[str, str]]:
    """Every message of every stream: subject, headers, content."""
    client = await nats.connect(stack.nats_url)
    try:
        manager = client.jsm()
        for stream in await manager.streams_info():
            name = str(stream.config.name)
            for sequence in range(max(stream.state.first_seq, 1), stream.state.last_seq + 1):
                try:
                    message = await manager.get_msg(name, sequence)
                except NotFoundError:
                    continue
                text = f"{message.subject} {message.headers} {(message.data or b'').decode('utf-8', 'replace')}"
                yield f"message {name}", text
    finally:
        await client.close()
