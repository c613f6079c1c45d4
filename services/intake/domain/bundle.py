"""A one-stop bundle (一件事) as the catalogue defines it: members, order, stages, conditions and limits are data."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from services.intake.domain.catalogue import CertificateType, Department, Extension
from services.kernel.time_limit import StartRule, TimeLimit, Unit

# Administrative Licensing Law art. 42 para. 2: unified, joint or concentrated handling
JOINT_WORKDAYS = 45
JOINT_EXTENSION = Extension(15, Unit.WORKDAY, "本级人民政府负责人")
JOINT_ARTICLE = "行政许可法第42条第2款"
_UNITS = {"工作日": Unit.WORKDAY, "自然日": Unit.CALENDAR_DAY, "月": Unit.MONTH}


class Presence(StrEnum):
    """When a member takes part."""

    ALWAYS = "ALWAYS"
    CHOSEN = "CHOSEN"  # the applicant asks for it
    CONDITION = "CONDITION"  # its condition holds for the answers of the form


class FieldType(StrEnum):
    NUMBER = "number"
    TEXT = "text"
    YES_NO = "boolean"


@dataclass(frozen=True)
class Question:
    """One answer of the one form that a condition reads."""

    name: str
    label: str
    type: FieldType


@dataclass(frozen=True)
class Member:
    """A service item, or a step that a named department carries out and completes itself (`item_id` None).

    `unless_held`: not needed by whom holds a valid certificate of that type. `yields`: the granted result is a citizen
    ID number, without which nothing that comes after may start. `result_type`: the certificate type it results in.
    """

    member_id: str
    name: str
    item_id: str | None
    department: Department | None
    presence: Presence
    condition: str = ""
    after: tuple[str, ...] = ()
    limit_workdays: int | None = None
    unless_held: str | None = None
    yields: str | None = None
    result_type: str | None = None
    stage_no: int = 0
    role: str = ""

    @property
    def required(self) -> bool:
        return self.presence is not Presence.CHOSEN


@dataclass(frozen=True)
class Stage:
    stage_no: int
    name: str
    lead: Department
    promised_workdays: int | None
    consulted: tuple[Department, ...] = ()


@dataclass(frozen=True)
class BundleDefinition:
    bundle_id: str
    name: str
    kind: str
    lead: Department
    members: tuple[Member, ...]
    legal_limit: TimeLimit
    promised_limit: TimeLimit
    extension: Extension | None
    stages: tuple[Stage, ...] = ()
    questions: tuple[Question, ...] = ()
    basis: tuple[str, ...] = ()
    form: str = ""
    rule: str = ""
    shared_types: frozenset[str] | None = None  # certificate types given once for all; None: every type

    def member(self, member_id: str) -> Member:
        return next(member for member in self.members if member.member_id == member_id)

    def stage(self, stage_no: int) -> Stage | None:
        return next((stage for stage in self.stages if stage.stage_no == stage_no), None)


def read_bundle(
    row: Mapping[str, Any], departments: Mapping[str, Department], types: Mapping[str, CertificateType]
) -> BundleDefinition:
    """From a row of the catalogue that passed its rules; departments and types by their short ids."""
    limit = row["limit"]
    stages = tuple(_stage(stage, departments) for stage in row.get("stages", []))
    members = [_member(member, departments, types) for member in row.get("members", [])]
    for stage in row.get("stages", []):
        members += _stage_members(stage, departments)
    shared = row.get("dedup_materials")
    return BundleDefinition(
        bundle_id=row["id"],
        name=row["name"],
        kind=row["kind"],
        lead=departments[row["lead"]],
        members=tuple(members),
        legal_limit=_legal_limit(limit),
        promised_limit=TimeLimit(row["promised"], _UNITS[limit["unit"]], StartRule.ACCEPTED, "承诺时限"),
        extension=_extension(limit),
        stages=stages,
        questions=tuple(Question(q["name"], q["label"], FieldType(q["type"])) for q in row.get("fields", [])),
        basis=tuple(basis["text"] for basis in row["basis"]),
        form=row.get("form", ""),
        rule=row["rule"],
        shared_types=frozenset(types[t].type_code for t in shared) if shared else None,
    )


def _legal_limit(limit: Mapping[str, Any]) -> TimeLimit:
    if limit["legal"] is None:
        return TimeLimit(JOINT_WORKDAYS, Unit.WORKDAY, StartRule.ACCEPTED, JOINT_ARTICLE)
    return TimeLimit(limit["legal"], _UNITS[limit["unit"]], StartRule.ACCEPTED, limit["basis"])


def _extension(limit: Mapping[str, Any]) -> Extension | None:
    """The bundle's own, or that of the law where the bundle has no limit of its own."""
    if "extend" in limit:
        return Extension(limit["extend"], _UNITS[limit["unit"]], JOINT_EXTENSION.approver)
    return JOINT_EXTENSION if limit["legal"] is None else None


def _member(
    row: Mapping[str, Any], departments: Mapping[str, Department], types: Mapping[str, CertificateType]
) -> Member:
    required = row.get("required", True)
    condition = required if isinstance(required, str) else ""
    presence = Presence.CONDITION if condition else Presence.ALWAYS if required else Presence.CHOSEN
    return Member(
        member_id=row.get("matter") or row["name"],
        name=row.get("name") or row["matter"],
        item_id=row.get("matter"),
        department=departments[row["dept"]] if row.get("dept") else None,
        presence=presence,
        condition=condition,
        after=tuple(row["after"]),
        limit_workdays=row.get("limit"),
        unless_held=types[row["unless_held"]].type_code if "unless_held" in row else None,
        yields=row.get("yields"),
        result_type=types[row["result"]].type_code if row.get("result") in types else None,
        role=row.get("role", ""),
    )


def _stage(row: Mapping[str, Any], departments: Mapping[str, Department]) -> Stage:
    return Stage(
        stage_no=row["no"],
        name=row["name"],
        lead=departments[row["lead"]],
        promised_workdays=row.get("promised"),
        consulted=tuple(departments[department] for department in row.get("joint", [])),
    )


def _stage_members(row: Mapping[str, Any], departments: Mapping[str, Department]) -> list[Member]:
    """Members of a stage are items; what runs in parallel is an item or a step of the stage's lead, and is chosen."""
    no = row["no"]
    found = [Member(m, m, m, None, Presence.ALWAYS, stage_no=no) for m in row["members"]]
    for name in row.get("parallel", []):
        is_item = name.isascii()
        department = None if is_item else departments[row["lead"]]
        found.append(Member(name, name, name if is_item else None, department, Presence.CHOSEN, stage_no=no))
    return found
