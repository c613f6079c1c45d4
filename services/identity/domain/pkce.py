"""Proof Key for Code Exchange (RFC 7636), method S256 only: "plain" is refused for every client (RFC 9700, 2.1.1)."""

import base64
import hashlib
import hmac
import re

from services.identity.domain.errors import InvalidGrant, InvalidRequest

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def check_challenge(challenge: str, method: str) -> str:
    """The challenge of an authorization request. A missing method means plain (RFC 7636, 4.3) and is refused too.

    Raises:
        InvalidRequest: no challenge, not S256, or not a SHA-256 in base64url.
    """
    if method != "S256":
        raise InvalidRequest("code_challenge_method must be S256")
    if _CHALLENGE.fullmatch(challenge) is None:
        raise InvalidRequest("code_challenge must be a base64url SHA-256")
    return challenge


def s256(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def verify(verifier: str, challenge: str) -> None:
    """Raises InvalidGrant unless `verifier` belongs to `challenge`."""
    if _VERIFIER.fullmatch(verifier) is None or not hmac.compare_digest(s256(verifier), challenge):
        raise InvalidGrant("code_verifier does not match")
