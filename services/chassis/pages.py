"""Small server-rendered pages beside a JSON answer: who wants one, and the headers that keep it harmless."""

from fastapi import Request
from starlette.responses import Response

# A page needs no script and nothing from another host; its style is inline, everything else is refused.
PAGE_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "vary": "accept",
}


def wants_page(request: Request) -> bool:
    """A browser names text/html; whoever asks for JSON first, or for anything, gets JSON."""
    asked = request.headers.get("accept", "")
    html, json = asked.find("text/html"), asked.find("application/json")
    return html >= 0 and (json < 0 or html < json)


def page_answer(content: str, status: int = 200) -> Response:
    return Response(content, status, PAGE_HEADERS, media_type="text/html; charset=utf-8")
