"""create_app(): the only wiring for HTTP."""

import orjson
from fastapi import FastAPI, Request, Response

from services.chassis.app import build_app
from services.chassis.problems import STATUS
from services.chassis.settings import ServiceSettings, load_settings
from services.identity.domain.errors import InvalidClient, ProtocolError, UnknownRedirect
from services.identity.pages import message_page
from services.identity.provider import Provider
from services.identity.routes import oauth, pages


def create_app(settings: ServiceSettings | None = None) -> FastAPI:
    """The provider. Keys are read before the first request; without them it does not start."""
    settings = settings or load_settings("identity", ServiceSettings)

    async def start(app: FastAPI) -> None:
        app.state.provider = Provider.start(settings)

    app = build_app(settings, title="统一身份认证", routers=[oauth.router, pages.router], on_start=[start])
    app.add_exception_handler(ProtocolError, _protocol_error)
    app.add_exception_handler(UnknownRedirect, _unknown_redirect)
    return app


async def _protocol_error(request: Request, error: Exception) -> Response:
    """RFC 6749, 5.2. `code` and `title` come besides, for people."""
    assert isinstance(error, ProtocolError)
    headers = dict(oauth.NO_STORE)
    if isinstance(error, InvalidClient):
        headers["www-authenticate"] = 'Basic realm="yichuang"'
    body = {"error": error.error, "error_description": error.detail, "code": error.code, "title": error.title_zh}
    return Response(orjson.dumps(body), STATUS[error.kind], headers, media_type="application/json")


async def _unknown_redirect(request: Request, error: Exception) -> Response:
    """Seen by a person who followed a wrong link; there is no safe place to send them back to."""
    assert isinstance(error, UnknownRedirect)
    return message_page("无法登录", f"{error.title_zh}。请从原应用重新进入，或联系应用管理员。", status=400)
