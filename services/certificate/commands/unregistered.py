"""Tells operators when a library in use has no registered caller: then every query of officials is refused."""

import logging
from datetime import datetime

from sqlalchemy import text

from services.chassis.database import Database

EVERY_SECONDS = 3600
log = logging.getLogger(__name__)
# Other regions are registered as peers. An installation from before registrations came through migration 0013.
_NOBODY = text(
    "SELECT EXISTS (SELECT FROM certificate) AND NOT EXISTS "
    "(SELECT FROM caller WHERE caller LIKE 'client:%' OR caller LIKE 'organisation:%')"
)
TOLD = (
    "证照库尚未登记任何调用方，部门和窗口的查询一律不予答复：请执行 "
    "python -m services.certificate import-callers callers.yaml --catalogue catalogue.yaml "
    "/ nobody is registered to query certificates: run import-callers"
)


async def tell(database: Database, _: datetime) -> None:
    """At the start of the worker, and again until somebody is registered."""
    async with database.read() as connection:
        if await connection.scalar(_NOBODY):
            log.warning(TOLD)
