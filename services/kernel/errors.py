"""Base of every error the product raises on purpose: a fact with a stable code, and how to treat it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar


class Kind(StrEnum):
    """How an error is to be treated. Only the chassis maps a kind to an HTTP status or a bus reaction."""

    MALFORMED = "malformed"  # the request cannot be read
    INVALID = "invalid"  # the body is readable, a field breaks a rule
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not-found"
    CONFLICT = "conflict"  # the state forbids it
    STALE = "stale"  # If-Match names another version
    PRECONDITION_REQUIRED = "precondition-required"
    TOO_LARGE = "too-large"
    UNSUPPORTED = "unsupported"
    TOO_MANY = "too-many"
    UNAVAILABLE = "unavailable"  # try again later


@dataclass(frozen=True)
class FieldError:
    """One fault of one field: where (JSON pointer), which rule, and what to do. Never repeats a personal value."""

    pointer: str
    code: str
    detail: str


class DomainError(Exception):
    """A fact that stops an act.

    `code` is `<service>.<fact>` and never changes; the titles are what a person reads first. `detail` must hold no
    personal number.
    """

    code: ClassVar[str] = "platform.error"
    kind: ClassVar[Kind] = Kind.CONFLICT
    title_zh: ClassVar[str] = "操作无法完成"
    title_en: ClassVar[str] = "The act is not possible"

    def __init__(
        self, detail: str = "", *, errors: Sequence[FieldError] = (), retry_after_seconds: int | None = None
    ) -> None:
        super().__init__(detail or self.title_zh)
        self.detail = detail or self.title_zh
        self.errors = tuple(errors)
        self.retry_after_seconds = retry_after_seconds
