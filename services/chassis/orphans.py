"""Files that lost their row: a process killed between storing a file and committing the row that tells of it."""

import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.chassis import clock
from services.chassis.database import Database
from services.chassis.files import Files

log = logging.getLogger(__name__)

EVERY_SECONDS = 6 * 3600.0
# A row follows its file within one request or one lease: minutes. What is younger than this is never looked at.
_AGE = timedelta(days=1)

Told = Callable[[AsyncConnection, Collection[UUID]], Awaitable[Mapping[UUID, Collection[str]]]]


@dataclass(frozen=True)
class Orphans:
    """A timer. Files lie under `<folder>/<id of the row>/<unique>`; `told` gives the file names of the rows that exist.

    Only a file whose row exists and does not tell of it is deleted. Where the row itself is not there, the database may
    be the wrong one or an older one, so the file stays.
    """

    files: Files
    folders: Sequence[str]
    told: Told

    async def __call__(self, database: Database, _: datetime) -> None:
        """In steps of one listed chunk, one SELECT each. By the wall clock: a store knows no other."""
        before = clock.real_now() - _AGE
        for folder in self.folders:
            async for names in self.files.older(folder, before):
                await self._sweep(database, names)

    async def _sweep(self, database: Database, names: Sequence[str]) -> None:
        owners = {name: owner for name in names if (owner := _owner(name)) is not None}
        async with database.read() as connection:
            told = await self.told(connection, set(owners.values()))
        for name, owner in owners.items():
            if owner in told and name not in told[owner]:
                await self.files.delete(name)
                log.info("a file without a row was deleted", extra={"owner": str(owner)})


def _owner(name: str) -> UUID | None:
    """None: not a name of ours, left alone."""
    parts = name.split("/")
    try:
        return UUID(parts[1]) if len(parts) == 3 else None
    except ValueError:
        return None
