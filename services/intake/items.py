"""Service items in memory: the catalogue in force, and every pinned version once it was asked for.

A version never changes, so it is read once per process. Which version is in force is asked for at most once a second.
"""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from contracts.events.common import (
    ExtensionRule,
    ItemKind,
    ItemRef,
    LevelRef,
    LimitStart,
    LimitUnit,
    LimitValue,
    OrganisationRef,
    SpecialProcedureRef,
)
from services.chassis.database import Database
from services.intake.domain.catalogue import Extension, Fee, ServiceItem, SpecialProcedure
from services.intake.domain.catalogue_shape import UNITS
from services.intake.domain.errors import UnknownItem
from services.intake.domain.materials import Provided
from services.intake.domain.scenario import in_scenario
from services.intake.domain.scenarios import under
from services.intake.metrics import uploads_avoided
from services.intake.tables import CatalogueVersionRow, ItemRow, ItemVersionRow
from services.kernel.time_limit import TimeLimit, Unit

ITEM_JSON = TypeAdapter(ServiceItem)
_FRESH_SECONDS = 1.0


@dataclass(frozen=True)
class VersionedItem:
    """One version of a service item, with the reference that events carry."""

    item: ServiceItem
    version: int
    ref: ItemRef

    def chosen_by(self, provided: Iterable[Provided]) -> "VersionedItem":
        """As it is for an application with these materials; the same for an item handled in one way only."""
        item = in_scenario(self.item, provided)
        return self if item is self.item else VersionedItem(item, self.version, item_ref(item, self.version))


@dataclass(frozen=True)
class Snapshot:
    """The catalogue in force: `version` 0 means nothing was imported yet."""

    version: int = 0
    by_code: Mapping[str, VersionedItem] = field(default_factory=dict)
    by_id: Mapping[str, VersionedItem] = field(default_factory=dict)

    def get(self, code_or_id: str) -> VersionedItem:
        """Raises UnknownItem."""
        found = self.by_code.get(code_or_id) or self.by_id.get(code_or_id)
        if found is None:
            raise UnknownItem()
        return found


class Items:
    """The process's cache of the catalogue."""

    def __init__(self) -> None:
        self._snapshot = Snapshot()
        self._checked_at = float("-inf")
        self._pinned: dict[tuple[str, int], VersionedItem] = {}
        self._under: dict[tuple[str, int, str], VersionedItem] = {}

    async def current(self, db: Database) -> Snapshot:
        """The catalogue in force, at most a second old. Asks outside of any transaction."""
        if time.monotonic() - self._checked_at < _FRESH_SECONDS:
            return self._snapshot
        async with db.read() as connection:
            version = int(await connection.scalar(select(func.max(col(CatalogueVersionRow.version)))) or 0)
            if version != self._snapshot.version:
                self._snapshot = await self._read(connection, version)
        self._checked_at = time.monotonic()
        return self._snapshot

    async def pinned(
        self, connection: AsyncConnection, item_code: str, version: int, scenario: str | None = None
    ) -> VersionedItem:
        """The version a case is pinned to, in force or not, as handled under its scenario. Raises UnknownItem."""
        known = self._pinned.get((item_code, version))
        if known is None:
            statement = select(col(ItemVersionRow.content)).where(
                col(ItemVersionRow.item_code) == item_code, col(ItemVersionRow.version) == version
            )
            content = await connection.scalar(statement)
            if content is None:
                raise UnknownItem()
            known = self._remember(ITEM_JSON.validate_python(content), version)
        return self.under(known, scenario)

    def under(self, item: VersionedItem, scenario: str | None) -> VersionedItem:
        """The item as it is handled under a scenario or in a stage."""
        if scenario is None:
            return item
        key = (item.item.item_code, item.version, scenario)
        if key not in self._under:
            handled = under(item.item, scenario)
            self._under[key] = VersionedItem(handled, item.version, item_ref(handled, item.version))
        return self._under[key]

    async def _read(self, connection: AsyncConnection, version: int) -> Snapshot:
        statement = (
            select(col(ItemVersionRow.version), col(ItemVersionRow.content))
            .join(
                ItemRow,
                (col(ItemRow.item_code) == col(ItemVersionRow.item_code))
                & (col(ItemRow.version) == col(ItemVersionRow.version)),
            )
            .where(col(ItemRow.active))
            .order_by(col(ItemRow.item_id))
        )
        found = [
            self._remember(ITEM_JSON.validate_python(row.content), row.version)
            for row in await connection.execute(statement)
        ]
        for known in found:
            uploads_avoided.labels(known.item.item_id)  # from 0 on: the first upload spared must not go uncounted
        by_code = {v.item.item_code: v for v in found}
        return Snapshot(version, by_code, {v.item.item_id: v for v in found})

    def _remember(self, item: ServiceItem, version: int) -> VersionedItem:
        known = VersionedItem(item, version, item_ref(item, version))
        return self._pinned.setdefault((item.item_code, version), known)


def item_ref(item: ServiceItem, version: int) -> ItemRef:
    """What receivers of events need of an item."""
    return ItemRef(
        item_code=item.item_code,
        item_id=item.item_id,
        version=version,
        name=item.name,
        type_code=item.type_code,
        type_name=item.type_name,
        kind=ItemKind(item.kind.value),
        department=OrganisationRef(
            uscc=item.department.uscc, name=item.department.name, division=item.department.division
        ),
        legal_limit=limit_value(item.legal_limit),
        promised_limit=limit_value(item.promised_limit),
        extension=_extension(item.extension),
        basis=tuple(basis.text for basis in item.basis),
        conditions=item.conditions,
        result_name=item.result.name,
        result_kind=item.result.kind,
        certificate_type_code=item.result.certificate_type_code,
        certificate_type_name=item.result.certificate_type_name,
        certificate_validity=item.result.certificate_validity,
        special_procedures=tuple(_procedure(procedure) for procedure in item.special_procedures),
        levels=tuple(_level(row) for row in item.particulars.get("levels", ())),
        quantity_limited=item.quantity_limited,
        fee=fee_text(item.fee),
    )


def fee_text(fee: Fee) -> str:
    """The fee as a notice prints it: none, or its standard and, where it is another text, its legal basis."""
    if not fee.charged:
        return "不收费"
    basis = f"（依据：{fee.basis}）" if fee.basis and fee.basis != fee.standard else ""
    return f"收费：{fee.standard or fee.item}{basis}"


def limit_value(limit: TimeLimit) -> LimitValue:
    return LimitValue(
        value=limit.value, unit=LimitUnit(limit.unit.value), start=LimitStart(limit.start.value), basis=limit.article
    )


def _extension(rule: Extension | None) -> ExtensionRule | None:
    return ExtensionRule(value=rule.value, unit=LimitUnit(rule.unit.value), approver=rule.approver) if rule else None


def _procedure(procedure: SpecialProcedure) -> SpecialProcedureRef:
    return SpecialProcedureRef(
        kind=procedure.kind,
        name=procedure.name,
        stops_clock=procedure.stops_clock,
        cause=procedure.cause,
        basis=procedure.basis,
        value=procedure.days,
        unit=LimitUnit(procedure.unit.value) if procedure.unit else None,
        persons=procedure.persons,
    )


def _level(row: Mapping[str, Any]) -> LevelRef:
    unit = UNITS[row["unit"]] if row.get("unit") else Unit.WORKDAY
    return LevelRef(no=row["no"], at=row["at"], does=row["does"], limit=row.get("limit"), unit=LimitUnit(unit.value))
