"""Bundles as the catalogue versions define them, read once per version and process."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from services.intake.domain.bundle import BundleDefinition, read_bundle
from services.intake.domain.bundle_errors import UnknownBundle
from services.intake.domain.bundle_materials import Shared, common_list
from services.intake.domain.catalogue import CertificateType, Department
from services.intake.items import Items, VersionedItem
from services.intake.tables import CatalogueVersionRow, ItemRow, ItemVersionRow

_DEPARTMENTS = TypeAdapter(list[Department])
_TYPES = TypeAdapter(list[CertificateType])


@dataclass(frozen=True)
class Running:
    """A bundle with the items of its members and the common list of their materials."""

    definition: BundleDefinition
    items: Mapping[str, VersionedItem]  # by member id
    shared: tuple[Shared, ...]

    def name_of(self, member_id: str) -> str:
        item = self.items.get(member_id)
        return item.item.name if item else self.definition.member(member_id).name

    def department_of(self, member_id: str) -> Department | None:
        item = self.items.get(member_id)
        return item.item.department if item else self.definition.member(member_id).department

    def result_types(self) -> dict[str, str]:
        """Certificate type -> the member that results in it."""
        of_items = {i.item.result.certificate_type_code: member_id for member_id, i in self.items.items()}
        of_steps = {m.result_type: m.member_id for m in self.definition.members if m.item_id is None}
        return {code: member_id for code, member_id in (of_items | of_steps).items() if code is not None}


class Definitions:
    """The process's cache: a catalogue version never changes, so neither does a bundle of it with its items."""

    def __init__(self) -> None:
        self._by_version: dict[int, dict[str, BundleDefinition]] = {}
        self._running: dict[tuple[int, str], Running] = {}

    async def get(self, connection: AsyncConnection, items: Items, bundle_id: str, version: int) -> Running:
        """A bundle with the items as they were in this version of the catalogue. Raises UnknownBundle."""
        key = (version, bundle_id)
        if key not in self._running:
            definition = (await self.all(connection, version)).get(bundle_id)
            if definition is None:
                raise UnknownBundle()
            self._running[key] = await _with_items(connection, items, definition, version)
        return self._running[key]

    async def all(self, connection: AsyncConnection, version: int) -> dict[str, BundleDefinition]:
        if version not in self._by_version:
            self._by_version[version] = await _read(connection, version)
        return self._by_version[version]


async def _with_items(connection: AsyncConnection, items: Items, definition: BundleDefinition, version: int) -> Running:
    """A bundle application stays with the items it was submitted under: their materials have its numbers."""
    wanted = {member.item_id: member.member_id for member in definition.members if member.item_id is not None}
    statement = (
        select(col(ItemRow.item_id), col(ItemRow.item_code), func.max(col(ItemVersionRow.version)))
        .join(ItemVersionRow, col(ItemVersionRow.item_code) == col(ItemRow.item_code))
        .where(col(ItemRow.item_id).in_(wanted), col(ItemVersionRow.catalogue_version) <= version)
        .group_by(col(ItemRow.item_id), col(ItemRow.item_code))
    )
    found = {
        wanted[item_id]: await items.pinned(connection, item_code, item_version)
        for item_id, item_code, item_version in (await connection.execute(statement)).all()
    }
    return Running(definition, found, common_list(definition, {name: v.item for name, v in found.items()}))


async def _read(connection: AsyncConnection, version: int) -> dict[str, BundleDefinition]:
    row: Any = (
        await connection.execute(
            select(
                col(CatalogueVersionRow.bundles),
                col(CatalogueVersionRow.departments),
                col(CatalogueVersionRow.certificate_types),
            ).where(col(CatalogueVersionRow.version) == version)
        )
    ).one_or_none()
    if row is None:
        return {}
    departments = {d.department_id: d for d in _DEPARTMENTS.validate_python(row.departments)}
    types = {t.type_id: t for t in _TYPES.validate_python(row.certificate_types)}
    found = [read_bundle(bundle, departments, types) for bundle in row.bundles]
    return {bundle.bundle_id: bundle for bundle in found}


@lru_cache(maxsize=1)
def definitions() -> Definitions:
    return Definitions()
