"""Registering who may query the library: one by one by the administrator, or from a file with all faults listed."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from services.certificate.certificate_types import queries as type_queries
from services.certificate.domain.errors import CallerFaulty, CallerUnknown, ImportFaulty
from services.certificate.domain.sharing import ORGANISATION
from services.certificate.looking.schemas import CallerActIn, CallerIn, CallerOut
from services.certificate.sharing import callers
from services.certificate.sharing.callers_file import FileEntry, read_callers
from services.chassis.auth import Principal
from services.chassis.database import Answer, Database, Idempotency
from services.chassis.problems import rule_in_chinese
from services.kernel.codes import check_uscc
from services.kernel.errors import FieldError

FROM_FILE = "import-callers"  # who registered what a file brought; what a person registered is never overwritten
_ADMINISTRATION = "1"  # first character of the uscc of state bodies, institutions and mass organisations


def faults(body: CallerIn, known_types: Collection[str], at: str = "") -> Iterator[FieldError]:
    """Everything a registration breaks, by its fields."""
    if body.caller.startswith(ORGANISATION):
        wrong = check_uscc(body.caller.removeprefix(ORGANISATION), f"{at}/caller")
        if wrong is not None:
            yield wrong
    if not body.purposes and not body.caller.startswith(f"{ORGANISATION}{_ADMINISTRATION}"):
        yield FieldError(f"{at}/purposes", "missing", "系统和行政机关以外的单位须逐项登记事由")
    if body.valid_until is not None and body.valid_until < body.valid_from:
        yield FieldError(f"{at}/valid_until", "before-begin", "有效期截止日早于起始日")
    for place, code in enumerate(body.types):
        if code not in known_types:
            yield FieldError(f"{at}/types/{place}", "unknown-type", f"没有证照类型 {code}")


async def register(db: Database, idem: Idempotency, body: CallerIn, by: Principal, *, now: datetime) -> Answer:
    """Register, or replace the registration of that caller. Raises CallerFaulty."""
    async with db.transaction(idem) as uow:
        wrong = list(faults(body, await type_queries.everything(uow.connection)))
        if wrong:
            raise CallerFaulty(errors=wrong)
        await callers.register(uow.connection, [_row(body, by.subject, now)])
        state = body.model_dump(mode="json")
        await callers.note_change(uow.connection, body.caller, "REGISTERED", by.subject, body.reason, state, now)
        return uow.answer(201, caller_out(await callers.one_caller(uow.connection, body.caller)))


async def suspend(
    db: Database, idem: Idempotency, caller: str, body: CallerActIn, by: Principal, *, now: datetime, closed: bool
) -> Answer:
    """Suspend, or resume with `closed=False`; the next query follows it. Raises CallerUnknown."""
    async with db.transaction(idem) as uow:
        row = await _close(uow.connection, caller, by.subject, body.reason, now, closed=closed)
        return uow.answer(201, caller_out(row))


async def suspend_by_command(db: Database, caller: str, reason: str, *, now: datetime, closed: bool) -> None:
    """Raises CallerUnknown."""
    async with db.transaction() as uow:
        await _close(uow.connection, caller, "command", reason, now, closed=closed)


async def _close(connection: AsyncConnection, caller: str, by: str, reason: str, now: datetime, *, closed: bool) -> Any:
    row = await callers.close(connection, caller, closed=closed)
    if row is None:
        raise CallerUnknown
    act = "SUSPENDED" if closed else "RESUMED"
    await callers.note_change(connection, caller, act, by, reason, {"closed": closed}, now)
    return row


async def import_callers(db: Database, file: Path, catalogue: Path | None, *, now: datetime) -> int:
    """Register what the file names, with a catalogue also its departments; answers how many are new or changed.

    A caller whom an administrator has registered or changed keeps that, and a suspended one stays suspended.

    Raises:
        ImportFaulty: with every fault and its place in the file; nothing is stored.
    """
    entries, codes = read_callers(file, catalogue)
    async with db.transaction() as uow:
        known = codes or frozenset(await type_queries.everything(uow.connection))
        bodies = _checked(entries, known)
        changed = [body for body in bodies if await _is_new(uow.connection, body)]
        if changed:
            rows = [_row(body, FROM_FILE, now) for body in changed]
            await callers.register(uow.connection, rows, only_of=FROM_FILE)
        for body in changed:
            state = body.model_dump(mode="json")
            await callers.note_change(uow.connection, body.caller, "REGISTERED", FROM_FILE, "", state, now)
        return len(changed)


def _checked(entries: Sequence[FileEntry], known_types: Collection[str]) -> list[CallerIn]:
    """Raises ImportFaulty."""
    bodies: list[CallerIn] = []
    wrong: list[FieldError] = []
    for entry in entries:
        try:
            body = CallerIn.model_validate(entry.value)
        except ValidationError as invalid:
            wrong += _of_model(invalid, entry.at)
            continue
        wrong += faults(body, known_types, entry.at)
        if any(other.caller == body.caller for other in bodies):
            wrong.append(FieldError(f"{entry.at}/caller", "duplicate", f"{body.caller} 登记了两次"))
        bodies.append(body)
    if wrong:
        raise ImportFaulty(errors=wrong)
    return bodies


def _of_model(invalid: ValidationError, at: str) -> Iterator[FieldError]:
    for fault in invalid.errors():
        path = "".join(f"/{part}" for part in fault["loc"])
        yield FieldError(f"{at}{path}", fault["type"], rule_in_chinese(fault["type"], fault["msg"]))


async def _is_new(connection: AsyncConnection, body: CallerIn) -> bool:
    """Not there, or from a file and different now."""
    row = await callers.one_caller(connection, body.caller)
    if row is None:
        return True
    there = caller_out(row).model_dump(include=set(CallerIn.model_fields) - {"closed", "reason"})
    return row.registered_by == FROM_FILE and there != body.model_dump(exclude={"closed", "reason"})


def _row(body: CallerIn, by: str, now: datetime) -> dict[str, Any]:
    said = body.model_dump(exclude={"fields", "reason"})
    return said | {"fields_shown": list(body.fields), "registered_by": by, "registered_at": now}


def caller_out(row: Any, changes: Sequence[Any] = ()) -> CallerOut:
    return CallerOut(
        caller=row.caller,
        name=row.name,
        types=row.types,
        fields=row.fields_shown,
        purposes=row.purposes,
        daily_limit=row.daily_limit,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        closed=row.closed,
        registered_by=row.registered_by,
        registered_at=row.registered_at,
        changes=[_change(one) for one in changes],
    )


def _change(row: Any) -> Mapping[str, Any]:
    return {name: getattr(row, name) for name in ("at", "act", "changed_by", "reason", "state")}
