"""The gateway's own pages and their files: everything local, for closed networks."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from gateway.asgi import Answer, Header, Request
from gateway.problems import Refused, not_found

_HERE = Path(__file__).parent
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_POLICY = (
    b"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
    b"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SECURITY_HEADERS: list[Header] = [
    (b"content-security-policy", _POLICY),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
]
_environment = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(template: str, **values: Any) -> bytes:
    return _environment.get_template(template).render(**values).encode()


def html(body: bytes, status: int = 200, headers: list[Header] | None = None) -> Answer:
    cache_control = (b"cache-control", b"no-store")
    return Answer(status, body, "text/html; charset=utf-8", [*SECURITY_HEADERS, cache_control, *(headers or [])])


@cache
def _start() -> bytes:
    return render("start.html")


def start(request: Request) -> Answer:
    return html(_start())


@cache
def _logout() -> bytes:
    return render("logout.html")


def logout(request: Request) -> Answer:
    return html(_logout())


def problem(request: Request, refused: Refused) -> Answer:
    """The same facts as the problem document, for somebody who came with a browser."""
    english = request.english
    title = refused.en if english else refused.zh
    detail = refused.detail_en if english else refused.detail_zh
    page = render(
        "problem.html",
        title=title,
        detail=detail,
        code=refused.code,
        status=refused.status,
        login=refused.status == 401 or refused.code == "gateway.login-failed",
    )
    wait: list[Header] = [(b"retry-after", str(refused.retry_after).encode())] if refused.retry_after else []
    return html(page, refused.status, wait)


@cache
def _files() -> dict[str, tuple[bytes, str, str]]:
    """Body, media type and entity tag of each file in `assets/`."""
    return {
        path.name: (body := path.read_bytes(), _TYPES[path.suffix], f'"{hashlib.sha256(body).hexdigest()[:16]}"')
        for path in (_HERE / "assets").iterdir()
        if path.suffix in _TYPES
    }


def asset(request: Request, name: str) -> Answer:
    """A file of `assets/`, by exact name: nothing on disk is looked up for a request."""
    found = _files().get("icon.svg" if name == "favicon.ico" else name)
    if found is None:
        raise not_found()
    body, content_type, tag = found
    headers = [(b"etag", tag.encode()), (b"cache-control", b"public, max-age=300"), *SECURITY_HEADERS]
    if tag in request.headers.get("if-none-match", ""):
        return Answer(304, b"", content_type, headers)
    return Answer(200, body, content_type, headers)
