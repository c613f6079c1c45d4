"""Rules between libraries of two regions: who is a peer today, what a request may say, how long an answer is trusted.

Pure. A peer speaks for its own division and below, never for another region.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any

from services.kernel.codes import division_prefix, in_division

REQUEST_SECONDS = 60  # how long a signed request is good for
SKEW_SECONDS = 30
KEPT_DAYS = 30  # so long after somebody asked, a certificate nobody relies on is still asked again
RETRY_HOURS = 1
HEAD_MINUTES = 1  # what the other's next signed head will cover is asked for again so soon
_USCC = 18
_CENTRAL = "100000"  # bodies of the State itself
_CHINA = timezone(timedelta(hours=8))


@dataclass(frozen=True)
class Peer:
    """A registered library. `types` maps its type codes to ours; `keys` are pinned, whatever it publishes."""

    region: str
    name: str
    base_url: str
    keys: tuple[Mapping[str, Any], ...]
    types: Mapping[str, str]
    trust_days: int
    valid_from: date
    valid_until: date | None = None
    closed: bool = False
    seal_roots: tuple[str, ...] = ()
    stamp_roots: tuple[str, ...] = ()
    head_size: int = 0
    head_root: bytes = b""

    @property
    def jwks(self) -> dict[str, Any]:
        return {"keys": list(self.keys)}

    def in_force(self, today: date) -> bool:
        ended = self.valid_until is not None and today > self.valid_until
        return not self.closed and self.valid_from <= today and not ended

    def speaks_for(self, division: str) -> bool:
        return in_division(division, self.region)

    def issues_by(self, issuer: str) -> bool:
        """Whether a body may be one of its issuers: registered in its division, or one above that.

        By the division in its uscc (characters 3 to 8), in older libraries by the division code that stands for it.
        """
        registered = issuer[2:8] if len(issuer) == _USCC else issuer[:6]
        own, theirs = division_prefix(self.region), _significant(registered)
        return registered == _CENTRAL or own.startswith(theirs) or theirs.startswith(own)

    def their_types(self, ours: str) -> tuple[str, ...]:
        """Their codes for a type of ours."""
        return tuple(sorted(theirs for theirs, mapped in self.types.items() if mapped == ours))


def _significant(six: str) -> str:
    """Without the pairs of zeros that a city or a province ends with; `-` (nobody's) where there are no six digits."""
    return six.removesuffix("00").removesuffix("00") if len(six) == len(_CENTRAL) and six.isdecimal() else "-"


def asked_by(region: str) -> str:
    """The name under which `caller` says what this peer may ask of us."""
    return f"peer:{region}"


def asked_of(region: str) -> str:
    """The name under which `caller` says what we may ask of this peer."""
    return f"to-peer:{region}"


def region_of(issuer_uscc: str, peers: Sequence[Peer]) -> Peer | None:
    """Whose an issuer is by the division in its uscc (digits 3 to 8); the smallest region that has it."""
    division = f"{issuer_uscc[2:8]}000000"
    found = [peer for peer in peers if peer.speaks_for(division)]
    return max(found, key=lambda peer: len(division_prefix(peer.region)), default=None)


def times_fault(claims: Mapping[str, Any], now: datetime) -> str | None:
    """Why a request may not be answered at this moment: too old, too long-lived, from the future. None: it may."""
    issued, runs_out, moment = float(claims["iat"]), float(claims["exp"]), now.timestamp()
    if runs_out - issued > REQUEST_SECONDS or issued > moment + SKEW_SECONDS:
        return f"请求的有效时间不得超过 {REQUEST_SECONDS} 秒，且不得晚于当前时间"
    return "请求已过期" if runs_out < moment - SKEW_SECONDS else None


def runs_out_at(claims: Mapping[str, Any]) -> datetime:
    """Until when a request must be remembered."""
    return datetime.fromtimestamp(float(claims["exp"]) + 2 * SKEW_SECONDS, UTC)


@dataclass(frozen=True)
class Trust:
    """How long an answer of today is relied upon, and when it is asked again by itself."""

    until: date
    again_at: datetime | None


def trust(peer: Peer, today: date, *, asked_on: date, relied: bool, valid_until: date | None) -> Trust:
    """Asked again on the last day of trust (never twice a day), while a case relies on it or somebody asked lately.

    Nothing is trusted beyond the last day of the region's registration.
    """
    until = min(today + timedelta(days=peer.trust_days), peer.valid_until or date.max)
    over = valid_until is not None and today > valid_until
    kept = relied or today <= asked_on + timedelta(days=KEPT_DAYS)
    again = datetime.combine(max(until, today + timedelta(days=1)), time(), _CHINA)
    return Trust(until, again if kept and not over else None)
