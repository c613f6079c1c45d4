"""The service-item catalogue as checked values: items, their materials, limits, fees and results.

Built only by `catalogue_reading.read_catalogue`, so a value of these types has passed the publish-time rules.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from services.intake.domain.whose import Whose
from services.kernel.time_limit import TimeLimit, Unit

LICENSING = "01"  # 行政许可, GB/T 39046 A.1


class ItemKind(StrEnum):
    INSTANT = "INSTANT"  # 即办件
    COMMITTED = "COMMITTED"  # 承诺件


class Need(StrEnum):
    """Whether a material is asked for (必要性)."""

    REQUIRED = "REQUIRED"  # 必要
    OPTIONAL = "OPTIONAL"  # 非必要
    CONDITIONAL = "CONDITIONAL"  # 条件必要: only when `condition` holds
    ONE_OF = "ONE_OF"  # N选一: one of the item's materials of this kind is enough
    LATER = "LATER"  # 特别程序产生: comes into being during the procedure, never asked at the counter


class MaterialOption(StrEnum):
    INFORMED_COMMITMENT = "INFORMED_COMMITMENT"  # 告知承诺
    DEFERRED = "DEFERRED"  # 容缺


@dataclass(frozen=True)
class Department:
    department_id: str
    uscc: str
    name: str
    division: str
    township: bool


@dataclass(frozen=True)
class CertificateType:
    type_id: str
    type_code: str
    name: str
    definer_uscc: str
    for_persons: bool
    for_organisations: bool
    validity: str


@dataclass(frozen=True)
class Basis:
    text: str
    source: str  # sourced | unchecked-high | unchecked-medium | unchecked-low


@dataclass(frozen=True)
class Material:
    material_no: int
    name: str
    need: Need
    need_text: str
    condition: str | None = None
    certificate_type_code: str | None = None  # the certificate that replaces it
    certificate_type_name: str | None = None
    options: tuple[MaterialOption, ...] = ()
    stage_no: int | None = None  # asked for in this stage only
    whose: Whose = Whose.APPLICANT  # whose certificate replaces it

    @property
    def own_type(self) -> str | None:
        """The type of certificate with which the applicant alone answers it."""
        return self.certificate_type_code if self.whose is Whose.APPLICANT else None


@dataclass(frozen=True)
class Extension:
    value: int
    unit: Unit
    approver: str


@dataclass(frozen=True)
class Fee:
    charged: bool
    item: str
    standard: str
    basis: str


@dataclass(frozen=True)
class ItemResult:
    name: str
    kind: str
    certificate_type_code: str | None
    certificate_type_name: str | None
    certificate_validity: str | None


@dataclass(frozen=True)
class SpecialProcedure:
    kind: str
    name: str
    stops_clock: bool
    effect: str = ""
    days: int | None = None
    unit: Unit | None = None
    persons: int | None = None
    cause: str = ""  # what the item's own law names, where it is none of the eight of art. 45
    basis: str = ""


@dataclass(frozen=True)
class Scenario:
    """One way of handling an item (情形), e.g. by informed commitment or by inspection."""

    scenario_id: str
    name: str
    promised_workdays: int
    papers_later: bool = False  # emergency: help first, deferred materials come after the grant


@dataclass(frozen=True)
class ServiceItem:
    """One version-less service item (事项). `item_code` is the 31-digit implementation code (实施编码)."""

    item_code: str
    item_id: str
    handling_code: str  # 33 digits, 业务办理项编码
    basic_code: str  # 12 digits, 基本编码
    name: str
    type_code: str
    type_name: str
    kind: ItemKind
    service_objects: tuple[str, ...]
    department: Department
    joint_departments: tuple[str, ...]
    use_level: int
    basis: tuple[Basis, ...]
    conditions: tuple[str, ...]
    materials: tuple[Material, ...]
    legal_limit: TimeLimit
    promised_limit: TimeLimit
    fee: Fee
    result: ItemResult
    extension: Extension | None = None
    special_procedures: tuple[SpecialProcedure, ...] = ()
    scenarios: tuple[Scenario, ...] = ()
    must_appear: bool = False
    quantity_limited: bool = False
    notes: str = ""
    papers_later: bool = False  # of the scenario it is handled under
    particulars: dict[str, Any] = field(default_factory=dict)  # stages, levels, renewal, windows: kept as published

    def material(self, material_no: int) -> Material | None:
        return next((m for m in self.materials if m.material_no == material_no), None)

    @property
    def serves_persons(self) -> bool:
        return "1" in self.service_objects

    @property
    def serves_organisations(self) -> bool:
        return any(code != "1" for code in self.service_objects)


@dataclass(frozen=True)
class Bundle:
    """A one-stop bundle (一件事), kept as published; it is not run yet."""

    bundle_id: str
    name: str
    content: dict[str, Any]


@dataclass(frozen=True)
class Catalogue:
    departments: tuple[Department, ...]
    certificate_types: tuple[CertificateType, ...]
    items: tuple[ServiceItem, ...]
    bundles: tuple[Bundle, ...]
    derived: tuple[str, ...] = ()  # materials of which the name told whose certificate is meant
