"""The Chinese pages of the provider: plain HTML without JavaScript, nothing from another host."""

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

_FOLDER = Path(__file__).parent / "templates"
_STYLE = (_FOLDER / "style.css").read_text("utf-8").strip()
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_pages = Environment(
    loader=FileSystemLoader(_FOLDER), autoescape=select_autoescape(default=True), undefined=StrictUndefined
)
_pages.globals["style"] = Markup(_STYLE)  # noqa: S704 (our own file; hashed into the policy below)


def _headers(form_targets: tuple[str, ...]) -> dict[str, str]:
    """Browsers apply form-action to redirects after a form too, so the client's own address has to be in it."""
    targets = " ".join(("'self'", *form_targets))
    policy = (
        "default-src 'none'",
        f"style-src 'sha256-{_STYLE_HASH}'",
        f"form-action {targets}",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
    return {
        "content-security-policy": "; ".join(policy),
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "content-language": "zh-CN",
    }


def _page(name: str, status: int, values: Mapping[str, object], form_targets: tuple[str, ...] = ()) -> HTMLResponse:
    return HTMLResponse(_pages.get_template(name).render(values), status, _headers(form_targets))


def login_page(
    *, csrf: str, next_url: str = "", error: str = "", status: int = 200, form_targets: tuple[str, ...] = ()
) -> HTMLResponse:
    """What was typed is never shown again: it may be a personal number, or a password in the wrong field."""
    return _page("login.html", status, {"csrf": csrf, "next": next_url, "error": error}, form_targets)


def account_page(
    name: str, *, csrf: str, params: Mapping[str, str], form_targets: tuple[str, ...] = ()
) -> HTMLResponse:
    """Who is logged in, and a button to log out."""
    return _page("account.html", 200, {"name": name, "csrf": csrf, "params": params}, form_targets)


def message_page(
    title: str, text: str, *, status: int = 200, href: str = "/login", label: str = "返回登录"
) -> HTMLResponse:
    return _page("message.html", status, {"title": title, "text": text, "href": "/login", "label": label})
