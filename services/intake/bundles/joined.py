"""Commands of single applications inside the transaction of a bundle: all of it happens, or nothing."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.chassis.auth import Principal
from services.chassis.database import Database, Idempotency, UnitOfWork
from services.intake.domain.application import Staff
from services.intake.office import Call, Office

# The key of the bundle's own act stands for all of it.
_NO_KEY = Idempotency("", "", b"")


class Joined(Database):
    """A database whose transactions are the one that is already open."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow

    @asynccontextmanager
    async def transaction(self, idempotency: Idempotency | None = None) -> AsyncIterator[UnitOfWork]:
        yield self._uow

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        yield self._uow.connection


def joined(office: Office, uow: UnitOfWork) -> Office:
    return replace(office, db=Joined(uow))


def acting_as(by: Staff, *, channel: str, now: datetime, seen: int) -> Call:
    """The call of the clerk who took this bundle in: what he received and accepted together goes on in his name."""
    principal = Principal(
        subject=by.account_id,
        client_id="",
        name=by.name,
        roles=frozenset({by.role}),
        organisation=by.organisation,
        organisation_name=by.organisation_name,
        division=by.division,
        channel=channel,
    )
    return Call(principal, by, (by.role,), _NO_KEY, now, seen)
