"""Upload a material once: every member that needs it gets its own copy, members that start later as well."""

import asyncio
import hashlib
from contextlib import suppress

from services.chassis.database import Answer, Replay
from services.chassis.files import FilesAway
from services.chassis.ids import uuid7
from services.intake.bundles.acts import give
from services.intake.bundles.commands import Seen, answered, seen_by
from services.intake.bundles.opening import finish, settle
from services.intake.commands.upload import Upload, replace_key
from services.intake.domain import bundle_case as rules
from services.intake.domain.catalogue import Material
from services.intake.domain.errors import Invalid
from services.intake.domain.materials import Provided, Source
from services.intake.domain.media import MediaType, recognise
from services.intake.office import Call, Office
from services.kernel.errors import DomainError, FieldError


async def upload(office: Office, bundle_no: str, given: Upload, call: Call) -> Answer:
    """Raises UnknownBundleApplication, WrongBundleState, Invalid, UnsupportedFile, FilesAway."""
    call = replace_key(call, given)
    async with office.db.transaction(call.idempotency) as uow:
        seen = await seen_by(office, uow, bundle_no, call, rules.BundleAct.PROVIDE, check=False)
        rules.require(seen.case, rules.BundleAct.PROVIDE)
        _material(seen, given.material_no)
    media_type = recognise(given.content)
    key = f"materials/{seen.case.bundle_application_id}/{uuid7()}"
    await office.files.put(key, given.content)
    try:
        answer, dropped = await _record(office, bundle_no, given, call, key, media_type)
    except (DomainError, Replay):
        await _drop(office, key)
        raise
    for replaced in dropped:
        await _drop(office, replaced)
    return answer


async def _record(
    office: Office, bundle_no: str, given: Upload, call: Call, key: str, media_type: MediaType
) -> tuple[Answer, list[str]]:
    digest = await asyncio.to_thread(lambda: hashlib.sha256(given.content).hexdigest())
    async with office.db.transaction(call.idempotency) as uow:
        seen = await seen_by(office, uow, bundle_no, call, rules.BundleAct.PROVIDE, check=False)
        provided = Provided(
            material_no=given.material_no,
            name=_material(seen, given.material_no).name,
            source=Source.UPLOAD,
            provided_at=call.now,
            file_key=key,
            sha256=digest,
            media_type=media_type.value,
            size_bytes=len(given.content),
        )
        before = {p.file_key for p in seen.case.materials if p.file_key}
        after = rules.provide(seen.case, [provided])
        dropped = await give(seen.work, after, [provided])
        case = await finish(seen.work, seen.case, await settle(seen.work, after), call.by)
        kept = {k for p in case.materials for k in (p.file_key, *p.earlier_file_keys) if k}
        return await answered(seen.work, case, 201), [*dropped, *(before - kept)]


def _material(seen: Seen, material_no: int) -> Material:
    """Raises Invalid: not in the common list."""
    found = next((s.material for s in seen.work.running.shared if s.shared_no == material_no), None)
    if found is None:
        raise Invalid(errors=[FieldError("#/material_no", "material.unlisted", "公布的材料目录中没有此项")])
    return found


async def _drop(office: Office, key: str) -> None:
    with suppress(FilesAway):  # an orphan costs room, nothing else
        await office.files.delete(key)
