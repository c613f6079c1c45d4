"""Authorization codes and refresh tokens: single use, and what a second use means (RFC 9700, 2.1 and 4.14)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from services.identity.domain import pkce
from services.identity.domain.errors import InvalidGrant

CODE_LIFE = timedelta(seconds=60)
RETRY_GRACE = timedelta(seconds=10)
SESSION_IDLE = timedelta(minutes=30)
SESSION_LIFE = timedelta(hours=10)


class Reused(InvalidGrant):
    """A code or refresh token came a second time: one of the two users stole it, so everything from it ends."""

    code = "identity.grant-reused"


@dataclass(frozen=True)
class Session:
    """A browser in which a person gave the password; ends after 30 idle minutes (GB/T 22239 level 3 practice)."""

    id: UUID
    account_id: UUID
    authenticated_at: datetime
    seen_at: datetime
    expires_at: datetime
    ended: bool = False


def is_live(session: Session, *, now: datetime) -> bool:
    return not session.ended and now < session.expires_at and now - session.seen_at < SESSION_IDLE


@dataclass(frozen=True)
class Code:
    """An authorization code. `family_id` names what was issued for it, once it was redeemed."""

    client_id: str
    account_id: UUID
    session_id: UUID
    redirect_uri: str
    challenge: str
    nonce: str
    scope: str
    authenticated_at: datetime
    expires_at: datetime
    used: bool = False
    family_id: UUID | None = None


def check_code(code: Code, *, redirect_uri: str, verifier: str, now: datetime) -> None:
    """Whether a code of this client may become tokens. Whatever is raised, the code is spent.

    Raises:
        Reused: it was used before.
        InvalidGrant: expired, other redirect URI, or the verifier does not match.
    """
    if code.used:
        raise Reused("the code was used before")
    if now >= code.expires_at:
        raise InvalidGrant("the code has expired")
    if redirect_uri != code.redirect_uri:
        raise InvalidGrant("redirect_uri is not the one of the authorization request")
    pkce.verify(verifier, code.challenge)


@dataclass(frozen=True)
class Family:
    """All refresh tokens that grew out of one login. `newest` is the sequence number of the one in force."""

    id: UUID
    client_id: str
    account_id: UUID
    session_id: UUID | None
    scope: str
    authenticated_at: datetime
    expires_at: datetime
    newest: int = 0
    revoked: bool = False


@dataclass(frozen=True)
class RefreshToken:
    sequence: int
    expires_at: datetime
    used_at: datetime | None = None


class Turn(StrEnum):
    """What a good refresh leads to."""

    ROTATE = "ROTATE"  # a successor is made
    RETRY = "RETRY"  # the answer was lost on the way: the same successor is given again


def turn(token: RefreshToken, family: Family, *, now: datetime) -> Turn:
    """Whether the token may be refreshed.

    The grace for a lost answer is safe because it never forks the chain: a retry within 10 seconds gets the very
    successor that was made, and only while that one is unused. A thief and the owner then hold the same successor, and
    whoever uses it second, later than the grace, ends the family.

    Raises:
        Reused: a spent token came back; the family must be revoked.
        InvalidGrant: revoked or expired.
    """
    if family.revoked or now >= family.expires_at:
        raise InvalidGrant("the login has ended")
    if token.used_at is None:
        if now >= token.expires_at:
            raise InvalidGrant("the refresh token has expired")
        return Turn.ROTATE
    if token.sequence == family.newest - 1 and now - token.used_at <= RETRY_GRACE:
        return Turn.RETRY
    raise Reused("the refresh token was used before")
