"""Dependencies of routes: database, time, idempotency key, expected version.

All of them are coroutines: FastAPI sends a plain function through its thread pool, once per request and dependency.
"""

import hashlib
import re
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Header, Request

from services.chassis import clock
from services.chassis.database import Database, Idempotency
from services.chassis.errors import KeyMissing, VersionMalformed, VersionMissing

_VERSION = re.compile(r'^(?:W/)?"v([0-9]{1,9})"$')


def etag(version: int) -> str:
    return f'"v{version}"'


async def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


async def _now() -> datetime:
    return clock.now()


async def _idempotency(
    request: Request,
    idempotency_key: Annotated[
        str | None,
        Header(max_length=128, description="同一操作重试时保持不变的唯一键, 保留 7 天"),
    ] = None,
) -> Idempotency:
    """The key counts per caller; the request is its method, path and body."""
    if not idempotency_key:
        raise KeyMissing
    principal = getattr(request.state, "principal", None)
    caller = f"{principal.client_id}|{principal.subject}" if principal else "public"
    request_hash = hashlib.sha256(f"{request.method} {request.url.path}\n".encode())
    if not request.headers.get("content-type", "").startswith("multipart/"):
        request_hash.update(await request.body())
    # Only its hash is kept: what a client chose as key may say more than it should.
    kept = hashlib.sha256(idempotency_key.encode()).hexdigest()
    return Idempotency(caller, kept, request_hash.digest())


async def _seen(
    if_match: Annotated[str | None, Header(description='所见版本, 例如 "v3"')] = None,
) -> int:
    if if_match is None:
        raise VersionMissing
    match = _VERSION.match(if_match.strip())
    if match is None:
        raise VersionMalformed
    return int(match.group(1))


Db = Annotated[Database, Depends(_database)]
Now = Annotated[datetime, Depends(_now)]
Idem = Annotated[Idempotency, Depends(_idempotency)]
Seen = Annotated[int, Depends(_seen)]
