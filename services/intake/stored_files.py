"""Which stored files the rows of intake tell of: materials of applications and of bundles, replaced ones included."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from services.chassis.files import Files
from services.chassis.orphans import Orphans
from services.chassis.sealing import Sealer
from services.intake.bundles.tables import BundleApplicationRow
from services.intake.settings import IntakeSettings
from services.intake.tables import ApplicationRow


def orphans(settings: IntakeSettings) -> Orphans:
    files = Files.open(settings.files_url, Sealer.load(settings.keys_dir))
    return Orphans(files, ("materials",), told)


async def told(connection: AsyncConnection, owners: Collection[UUID]) -> Mapping[UUID, Collection[str]]:
    """Names of the files by application; an application that is not there has no entry."""
    ids = list(owners)
    single, bundle = col(ApplicationRow.application_id), col(BundleApplicationRow.bundle_application_id)
    rows = await connection.execute(
        union_all(
            select(single.label("owner"), col(ApplicationRow.materials)).where(single.in_(ids)),
            select(bundle, col(BundleApplicationRow.materials)).where(bundle.in_(ids)),
        )
    )
    return {row.owner: {name for given in row.materials for name in _names(given) if name} for row in rows}


def _names(given: Mapping[str, Any]) -> list[str | None]:
    return [given.get("file_key"), *given.get("earlier_file_keys", ())]
