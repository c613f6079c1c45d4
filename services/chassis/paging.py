"""Opaque cursors: the sort values of the last row shown, signed so that nobody can forge a scope with them."""

import base64
import hashlib
import hmac
from typing import Annotated, Any, Generic, TypeVar

import orjson
from fastapi import Query
from pydantic import BaseModel

from services.chassis.errors import BadCursor

T = TypeVar("T")
_SIGNATURE_BYTES = 12

Limit = Annotated[int, Query(ge=1, le=200, description="每页条数, 最多 200")]
CursorText = Annotated[str | None, Query(max_length=512, description="上一页返回的 next")]


class Page(BaseModel, Generic[T]):
    """One page of a list; `next` is the cursor of the following page or null."""

    items: list[T]
    next: str | None = None


def encode_cursor(key: bytes, *values: Any) -> str:
    """`key`: Sealer.derived_key("cursor"). Values must be JSON-able (dates and UUIDs become text)."""
    content = orjson.dumps(values, default=str)
    signature = hmac.new(key, content, hashlib.sha256).digest()[:_SIGNATURE_BYTES]
    return base64.urlsafe_b64encode(signature + content).decode().rstrip("=")


def decode_cursor(key: bytes, cursor: str) -> list[Any]:
    """Raises BadCursor."""
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except ValueError as bad:
        raise BadCursor from bad
    signature, content = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
    expected = hmac.new(key, content, hashlib.sha256).digest()[:_SIGNATURE_BYTES]
    if not hmac.compare_digest(signature, expected):
        raise BadCursor
    values: list[Any] = orjson.loads(content)
    return values
