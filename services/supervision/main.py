"""The only wiring of supervision for HTTP."""

from fastapi import FastAPI

from services.chassis.app import build_app
from services.chassis.sealing import Sealer
from services.supervision import routes, routes_clocks, routes_orders
from services.supervision.settings import settings


def create_app() -> FastAPI:
    loaded = settings()
    app = build_app(loaded, title="电子监察", routers=[routes.router, routes_clocks.router, routes_orders.router])
    app.state.cursor_key = Sealer.load(loaded.keys_dir).derived_key("supervision.lights")
    return app
