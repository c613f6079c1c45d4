"""The only wiring of certificate for HTTP."""

from fastapi import FastAPI

from services.certificate import settings
from services.certificate.authorisation.routes import router as authorisation_router
from services.certificate.certificate_types.routes import router as type_router
from services.certificate.kit import Kit
from services.certificate.life.routes import router as life_router
from services.certificate.life.withheld_routes import router as withheld_router
from services.certificate.log.routes import router as log_router
from services.certificate.looking.routes import router as look_router
from services.certificate.looking.routes import shown as shown_router
from services.certificate.peers.line import Line
from services.certificate.peers.routes import between as between_router
from services.certificate.peers.routes import router as peers_router
from services.certificate.routes import router
from services.certificate.sharing.caller_routes import router as caller_router
from services.certificate.sharing.routes import router as sharing_router
from services.certificate.verification.routes import router as public_router
from services.chassis.app import build_app


def create_app() -> FastAPI:
    loaded = settings.load()

    async def open_kit(app: FastAPI) -> None:
        app.state.kit = Kit.open(loaded)
        app.state.line = Line()

    async def hang_up(app: FastAPI) -> None:
        await app.state.line.close()

    # Public routes first: `certificates/verify` must not be taken for an identifier.
    first = [public_router, type_router, authorisation_router, log_router, shown_router, look_router, caller_router]
    others = [withheld_router, sharing_router, between_router, peers_router, router, life_router]
    return build_app(loaded, title="证照", routers=[*first, *others], on_start=[open_kit], on_stop=[hang_up])
