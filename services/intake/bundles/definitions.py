"""Bundles as the catalogue versions define them, read once per version and process."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from services.intake.domain.bundle import BundleDefinition, read_bundle
from services.intake.domain.bundle_errors import UnknownBundle
from services.intake.domain.bundle_materials import Shared, common_list
from services.intake.domain.catalogue import CertificateType, Department
from services.intake.items import Snapshot, VersionedItem
from services.intake.tables import CatalogueVersionRow

_DEPARTMENTS = TypeAdapter(list[Department])
_TYPES = TypeAdapter(list[CertificateType])


@dataclass(frozen=True)
class Running:
    """A bundle with the items of its members in force and the common list of their materials."""

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
    """The process's cache: a catalogue version never changes."""

    def __init__(self) -> None:
        self._by_version: dict[int, dict[str, BundleDefinition]] = {}

    async def get(self, connection: AsyncConnection, snapshot: Snapshot, bundle_id: str, version: int) -> Running:
        """Raises UnknownBundle."""
        definition = (await self.all(connection, version)).get(bundle_id)
        if definition is None:
            raise UnknownBundle()
        return with_items(definition, snapshot)

    async def all(self, connection: AsyncConnection, version: int) -> dict[str, BundleDefinition]:
        if version not in self._by_version:
            self._by_version[version] = await _read(connection, version)
        return self._by_version[version]


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


def with_items(definition: BundleDefinition, snapshot: Snapshot) -> Running:
    """An item that a later catalogue no longer has cannot take part any more. Raises UnknownItem."""
    items = {m.member_id: snapshot.get(m.item_id) for m in definition.members if m.item_id is not None}
    return Running(definition, items, common_list(definition, {name: v.item for name, v in items.items()}))


@lru_cache(maxsize=1)
def definitions() -> Definitions:
    return Definitions()
