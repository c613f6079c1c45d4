"""Redirect URIs: exact match only (RFC 9700, 2.1), and how parameters are added to one."""

from collections.abc import Collection, Mapping
from urllib.parse import urlencode, urlsplit

from services.identity.domain.errors import InvalidRequest

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def matches(registered: Collection[str], given: str) -> bool:
    """Character by character. No prefix, no case folding, no wildcard, no added query."""
    return given in registered


def check_registrable(uri: str, *, plain_http: bool = False) -> str:
    """A URI a client may register: https, loopback http, or an app's own scheme in reverse-domain form (RFC 8252, 7.1).

    Args:
        uri: the redirect URI.
        plain_http: allow http to any host; for a platform that itself runs on http inside a closed network.

    Raises:
        InvalidRequest: fragment, user part, relative, or a scheme that another app or a script could claim.
    """
    parts = urlsplit(uri)
    if parts.fragment or "#" in uri or "@" in parts.netloc or not uri.isascii():
        raise InvalidRequest("redirect_uri must be absolute, without fragment and user part")
    web = bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and (plain_http or parts.hostname in _LOOPBACK))
    )
    if not web and "." not in parts.scheme:
        raise InvalidRequest("redirect_uri must be https, loopback http, or a reverse-domain app scheme")
    return uri


def with_params(uri: str, params: Mapping[str, str]) -> str:
    """`uri` with `params` added to its query; empty values are left out."""
    query = urlencode({name: value for name, value in params.items() if value})
    return f"{uri}{'&' if '?' in uri else '?'}{query}"


def form_target(uri: str) -> str:
    """The source expression that lets a form's answer redirect to `uri` under a Content-Security-Policy."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"
