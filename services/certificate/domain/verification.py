"""What verification answers: valid, altered, unknown, no longer valid, and of a person the surname only."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Verdict(StrEnum):
    VALID = "VALID"
    ALTERED = "ALTERED"
    UNKNOWN = "UNKNOWN"
    NO_LONGER_VALID = "NO_LONGER_VALID"


class Reason(StrEnum):
    """Why a verdict is not VALID."""

    IDENTIFIER_MALFORMED = "IDENTIFIER_MALFORMED"
    NOT_IN_LIBRARY = "NOT_IN_LIBRARY"
    NOT_OURS = "NOT_OURS"
    RECORD_ALTERED = "RECORD_ALTERED"
    FILE_ALTERED = "FILE_ALTERED"
    PROOF_FALSE = "PROOF_FALSE"
    NOT_YET_VALID = "NOT_YET_VALID"
    EXPIRED = "EXPIRED"
    SUPERSEDED = "SUPERSEDED"
    RESCINDED = "RESCINDED"
    ANNULLED = "ANNULLED"
    DEREGISTERED = "DEREGISTERED"
    REVOKED = "REVOKED"
    LOST = "LOST"
    COPY_EXPIRED = "COPY_EXPIRED"


@dataclass(frozen=True)
class Finding:
    verdict: Verdict
    reason: Reason | None = None


UNKNOWN = Finding(Verdict.UNKNOWN, Reason.NOT_IN_LIBRARY)


def judge(status: str, valid_from: date, valid_until: date | None, *, today: date, intact: bool) -> Finding:
    """The verdict on a known certificate whose record (and file, when one was shown) is `intact` or not.

    Alteration is told before anything else: what is written on an altered document is worth nothing.
    """
    if not intact:
        return Finding(Verdict.ALTERED, Reason.RECORD_ALTERED)
    if status != "VALID":
        return Finding(Verdict.NO_LONGER_VALID, Reason(status))
    if valid_until is not None and today > valid_until:
        return Finding(Verdict.NO_LONGER_VALID, Reason.EXPIRED)
    if today < valid_from:
        return Finding(Verdict.NO_LONGER_VALID, Reason.NOT_YET_VALID)
    return Finding(Verdict.VALID)


def masked_name(name: str, *, person: bool) -> str:
    """王小明 -> 王**; an organisation's name is public."""
    return name if not person else name[:1] + "*" * max(len(name) - 1, 1)
