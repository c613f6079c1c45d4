"""The only wiring of intake for HTTP."""

from fastapi import FastAPI

from services.chassis.app import build_app
from services.chassis.files import Files
from services.chassis.sealing import Sealer
from services.intake import routes_applications, routes_items
from services.intake.items import Items
from services.intake.office import Office
from services.intake.settings import settings
from services.kernel.workdays import official_calendar


def create_app() -> FastAPI:
    loaded = settings()
    app = build_app(loaded, title="收件", routers=[routes_items.router, routes_applications.router])
    sealer = Sealer.load(loaded.keys_dir)
    app.state.office = Office(
        db=app.state.database,
        items=Items(),
        sealer=sealer,
        files=Files.open(loaded.files_url, sealer),
        calendar=official_calendar(),
        settings=loaded,
    )
    app.state.cursor_key = sealer.derived_key("intake.applications")
    return app
