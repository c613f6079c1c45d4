"""The only wiring of approval for HTTP."""

from fastapi import FastAPI

from services.approval import metrics
from services.approval.calendar_preview import router as calendar_preview
from services.approval.calendars import calendars
from services.approval.recalls import router as recalls
from services.approval.routes import router
from services.approval.routes_concerned import router as concerned
from services.approval.routes_proceedings import router as proceedings
from services.approval.routes_standing import router as standing
from services.approval.settings import settings
from services.chassis.app import build_app
from services.chassis.sealing import Sealer


def create_app() -> FastAPI:
    loaded = settings()
    app = build_app(loaded, title="审批", routers=[router, proceedings, concerned, standing, recalls, calendar_preview])
    app.state.sealer = Sealer.load(loaded.keys_dir)
    app.state.cursor_key = app.state.sealer.derived_key("approval.tasks")
    app.state.calendars = calendars()
    app.state.metrics = metrics  # they are read when asked for
    return app
