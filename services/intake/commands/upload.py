"""Upload a material: the file is durable before the row tells of it, so nothing is ever half stored."""

import asyncio
import hashlib
import logging
from contextlib import suppress
from dataclasses import dataclass, replace
from uuid import UUID

from services.chassis import file_guard
from services.chassis.auth import Principal
from services.chassis.database import Answer, Replay
from services.chassis.files import FileMissing, FilesAway
from services.chassis.ids import uuid7
from services.intake import facts_later, repository
from services.intake.commands.acting import load, publish, stepped
from services.intake.domain import application as rules
from services.intake.domain.errors import Invalid, UnknownMaterial
from services.intake.domain.materials import Provided, Source, deferred
from services.intake.domain.media import recognise
from services.intake.domain.states import ALLOWED, Act
from services.intake.office import Call, Office, answer
from services.intake.scope import readable
from services.kernel.errors import DomainError, FieldError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Upload:
    """One file of a multipart request. Its name is never kept: people put identity numbers into file names."""

    material_no: int
    content: bytes


async def upload(office: Office, application_id: UUID, given: Upload, call: Call) -> Answer:
    """Raises UnknownApplication, WrongState, Invalid, UnsupportedFile, UnsafeFile, FilesAway.

    Several materials may be uploaded at once: each waits for the row instead of losing a race.
    """
    seen = replace_key(call, given)
    await _check_place(office, application_id, given, seen)
    media_type = recognise(given.content)
    await file_guard.check(given.content)
    digest = await asyncio.to_thread(lambda: hashlib.sha256(given.content).hexdigest())
    key = f"materials/{application_id}/{uuid7()}"
    await office.files.put(key, given.content)
    try:
        answered, dropped = await _record(office, application_id, given, seen, key, digest, media_type.value)
    except (DomainError, Replay):
        # Refused: the row was never written. Any other failure may have come after the commit (the database went away
        # before it could say so): then the file may be told of, and an orphan costs less than a lost file.
        await _drop(office, key)
        raise
    for replaced in dropped:
        await _drop(office, replaced)
    return answered


async def _drop(office: Office, key: str) -> None:
    with suppress(FilesAway):  # an orphan costs room, nothing else
        await office.files.delete(key)


def replace_key(call: Call, given: Upload) -> Call:
    """The same key with another file is another request: its content belongs to what the key stands for."""
    mixed = hashlib.sha256(call.idempotency.request_hash + str(given.material_no).encode() + given.content)
    return replace(call, idempotency=replace(call.idempotency, request_hash=mixed.digest()))


async def _check_place(office: Office, application_id: UUID, given: Upload, call: Call) -> None:
    """Refuse before anything is stored; a known key is answered here already."""
    async with office.db.transaction(call.idempotency) as uow:
        application = await load(uow.connection, application_id, call)
        _require_place(application, given.material_no)
        item = await office.items.pinned(
            uow.connection, application.item_code, application.item_version, application.course.scenario
        )
        if item.item.material(given.material_no) is None:
            raise Invalid(errors=[FieldError("#/material_no", "material.unlisted", "公布的材料目录中没有此项")])


def _require_place(application: rules.Application, material_no: int) -> None:
    """Raises WrongState. After acceptance only what was promised for later is taken (容缺后补)."""
    promised = application.state in ALLOWED[Act.SUPPLY_DEFERRED] and any(
        p.material_no == material_no for p in deferred(application.materials)
    )
    if not promised:
        rules.require(application, Act.PROVIDE)


async def _record(
    office: Office, application_id: UUID, given: Upload, call: Call, key: str, digest: str, media_type: str
) -> tuple[Answer, frozenset[str]]:
    """The answer, and the files that nobody needs any more: replaced before the window received them."""
    async with office.db.transaction(call.idempotency) as uow:
        found = await repository.load_for_update(uow.connection, [application_id])
        seen = found[application_id]
        item = await office.items.pinned(uow.connection, seen.item_code, seen.item_version, seen.course.scenario)
        material = item.item.material(given.material_no)
        assert material is not None  # checked before the file was stored; a pinned version never changes
        provided = Provided(
            material_no=given.material_no,
            name=material.name,
            source=Source.UPLOAD,
            provided_at=call.now,
            file_key=key,
            sha256=digest,
            media_type=media_type,
            size_bytes=len(given.content),
        )
        if seen.state in ALLOWED[Act.SUPPLY_DEFERRED]:
            changed = stepped(seen, rules.supply_deferred(seen, [provided]), events=1)
            publish(uow, changed, facts_later.deferred_supplied(changed, item, seen, call.by, call.now))
        else:
            changed = stepped(seen, rules.provide(seen, [provided]), events=0)
        await repository.save_locked(uow.connection, [(changed, seen.version)])
        return answer(uow, 201, changed, item), rules.dropped_files(seen, changed)


async def download(
    office: Office, application_id: UUID, material_no: int, principal: Principal
) -> tuple[Provided, bytes]:
    """Raises UnknownApplication, UnknownMaterial, FileMissing, FilesAway."""
    async with office.db.read() as connection:
        application = await repository.load(connection, application_id, readable(principal))
    provided = next((p for p in application.materials if p.material_no == material_no), None)
    if provided is None or provided.file_key is None:
        raise UnknownMaterial()
    try:
        return provided, await office.files.get(provided.file_key)
    except FileMissing:
        log.error("a stored file is missing", extra={"application_id": str(application_id)})
        raise
