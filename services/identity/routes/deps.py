"""What routes of the provider need from a request: parameters, cookies, the provider, real time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, Request, Response

from services.chassis import clock
from services.identity.domain.errors import InvalidRequest
from services.identity.passwords import random_secret
from services.identity.provider import Provider

_LARGEST_FORM = 32_768
_MOST_FIELDS = 40
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Params:
    """Parameters of a query or form. OAuth forbids to repeat one (RFC 6749, 3.1)."""

    values: dict[str, str]
    repeated: bool

    def once(self) -> dict[str, str]:
        """Raises InvalidRequest when a parameter came more than once."""
        if self.repeated:
            raise InvalidRequest("a parameter came more than once")
        return self.values


def parse(encoded: str) -> Params:
    """Raises InvalidRequest. NUL is replaced, because PostgreSQL has no text with it."""
    try:
        pairs = parse_qsl(encoded, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError as bad:
        raise InvalidRequest("too many parameters") from bad
    values = {name: value.replace("\0", "\ufffd") for name, value in pairs}
    return Params(values, repeated=len(values) != len(pairs))


async def _query(request: Request) -> Params:
    return parse(request.url.query)


async def _form(request: Request) -> Params:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise InvalidRequest(f"the body must be {_FORM}")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_FORM:
            raise InvalidRequest("the body is too large")
    return parse(body.decode("ascii", "replace"))


def _provider(request: Request) -> Provider:
    provider: Provider = request.app.state.provider
    return provider


class Cookies:
    """The two cookies of the provider: the session, and the browser mark that a form's CSRF token belongs to."""

    def __init__(self, request: Request) -> None:
        self._secure = _provider(request).secure_cookies
        prefix = "__Host-" if self._secure else ""
        self._session_name, self._form_name = f"{prefix}yichuang_identity", f"{prefix}yichuang_form"
        self.session = request.cookies.get(self._session_name, "")
        self.form = request.cookies.get(self._form_name, "")

    def mark(self) -> str:
        """The browser's mark, a new one when it has none."""
        self.form = self.form or random_secret()
        return self.form

    def keep_mark(self, response: Response) -> None:
        self._set(response, self._form_name, self.form)

    def keep_session(self, response: Response, secret: str) -> None:
        self._set(response, self._session_name, secret)

    def forget(self, response: Response) -> None:
        """Session and mark end; a form that is still open somewhere can no longer be sent."""
        for name in (self._session_name, self._form_name):
            response.delete_cookie(name, path="/", secure=self._secure, httponly=True, samesite="lax")

    def _set(self, response: Response, name: str, value: str) -> None:
        # Lax, not Strict: the person comes to /oauth/authorize by a link from the client's site.
        response.set_cookie(name, value, path="/", secure=self._secure, httponly=True, samesite="lax")


Query = Annotated[Params, Depends(_query)]
Form = Annotated[Params, Depends(_form)]
Provide = Annotated[Provider, Depends(_provider)]
Jar = Annotated[Cookies, Depends(Cookies)]
RealNow = Annotated[datetime, Depends(clock.real_now)]
