"""Reference data a service keeps of its own: documents under a name and key, told by events or loaded by hand.

What is made of them is built once per process and read again when a revision has changed.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.chassis.database import Database
from services.chassis.tables import reference

T = TypeVar("T")
FRESH_SECONDS = 10.0


async def keep(connection: AsyncConnection, name: str, key: str, revision: int, document: Mapping[str, Any]) -> None:
    """Store a document unless the same or a later revision is there: told twice or late changes nothing."""
    statement = upsert(reference).values(name=name, key=key, revision=revision, document=dict(document))
    newer = {"revision": statement.excluded.revision, "document": statement.excluded.document}
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=[reference.c.name, reference.c.key],
            set_=newer,
            where=reference.c.revision < statement.excluded.revision,
        )
    )


async def documents(connection: AsyncConnection, name: str) -> dict[str, tuple[int, dict[str, Any]]]:
    """(revision, document) by key."""
    statement = select(reference.c.key, reference.c.revision, reference.c.document).where(reference.c.name == name)
    return {row.key: (row.revision, row.document) for row in await connection.execute(statement)}


class Reference(Generic[T]):
    """What `build` makes of all documents of one name; `value` is the last that is known in this process."""

    def __init__(self, name: str, build: Callable[[Mapping[str, Mapping[str, Any]]], T]) -> None:
        self.name = name
        self._build = build
        self.value = build({})
        self.revisions = 0
        self._asked_at = float("-inf")

    async def current(self, connection: AsyncConnection) -> T:
        """As the database has it now: one SELECT, and another one when something changed."""
        asked_at = time.monotonic()
        total = func.coalesce(func.sum(reference.c.revision), 0)
        revisions = int(await connection.scalar(select(total).where(reference.c.name == self.name)) or 0)
        if revisions != self.revisions:
            found = await documents(connection, self.name)
            self.value = self._build({key: document for key, (_, document) in found.items()})
            self.revisions = sum(revision for revision, _ in found.values())
        self._asked_at = asked_at
        return self.value

    async def fresh(self, database: Database) -> T:
        """At most FRESH_SECONDS old; asks outside of any transaction."""
        if time.monotonic() - self._asked_at > FRESH_SECONDS:
            async with database.read() as connection:
                await self.current(connection)
        return self.value
