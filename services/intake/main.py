"""The only wiring of intake for HTTP."""

from fastapi import FastAPI

from services.chassis.app import build_app
from services.chassis.files import Files
from services.chassis.sealing import Sealer
from services.intake import (
    routes_admin,
    routes_applications,
    routes_bundles,
    routes_items,
    routes_planning,
    routes_progress,
    routes_ways,
)
from services.intake.items import Items
from services.intake.office import Office, work_calendars
from services.intake.settings import settings

ROUTERS = (
    routes_items.router,
    routes_applications.router,
    routes_ways.router,
    routes_progress.router,
    routes_admin.router,
)


def create_app() -> FastAPI:
    loaded = settings()
    app = build_app(
        loaded,
        title="收件",
        routers=[
            routes_items.router,
            routes_applications.router,
            routes_ways.router,
            routes_progress.router,
            routes_admin.router,
            routes_planning.router,
            routes_bundles.guides,
            routes_bundles.router,
        ],
    )
    sealer = Sealer.load(loaded.keys_dir)
    app.state.office = Office(
        db=app.state.database,
        items=Items(),
        sealer=sealer,
        files=Files.open(loaded.files_url, sealer),
        calendars=work_calendars(),
        settings=loaded,
    )
    app.state.cursor_key = sealer.derived_key("intake.applications")
    return app
