"""A certificate type as its directory entry tells it (GB/T 36902): bodies, holders, validity, fields, template."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from services.certificate.domain.holders import ORGANISATION, PERSON
from services.certificate.domain.validity import Rule, rule_of


@dataclass(frozen=True)
class Body:
    """A public body: uscc, name, 12-digit division."""

    uscc: str
    name: str
    division: str


class FieldType(StrEnum):
    TEXT = "TEXT"
    DATE = "DATE"
    NUMBER = "NUMBER"
    LIST = "LIST"


class Sharing(StrEnum):
    OPEN = "OPEN"  # 无条件共享
    CONDITIONAL = "CONDITIONAL"  # 有条件共享
    CLOSED = "CLOSED"  # 不予共享


class Kind(StrEnum):
    CERTIFICATE = "CERTIFICATE"  # 证照
    APPROVAL = "APPROVAL"  # 批文
    PROOF = "PROOF"  # 证明


@dataclass(frozen=True)
class TypeField:
    """What certificates of the type tell besides what all do. `name` is the label in records, `code` in templates."""

    code: str
    name: str
    type: FieldType = FieldType.TEXT
    required: bool = False


@dataclass(frozen=True)
class Template:
    """By what the file is printed. `sha256` of all its parts: an old version stays printable as it was."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True)
class CertificateType:
    """One version of an entry; `code` is the definer's uscc and three digits."""

    code: str
    name: str
    definer: Body
    holder_category: str
    validity: str  # as published
    rule: Rule | None = None
    version: int = 1
    kind: Kind = Kind.CERTIFICATE
    in_force: bool = True
    issuer_level: str = ""
    several_holders: bool = True
    sharing: Sharing = Sharing.CONDITIONAL
    basis: tuple[str, ...] = ()
    fields: tuple[TypeField, ...] = ()
    template: Template | None = None

    @property
    def limits(self) -> Rule:
        return self.rule or rule_of(self.validity)

    @property
    def holder_kinds(self) -> tuple[str, ...]:
        kinds = ((PERSON, "自然人"), (ORGANISATION, "法人"))
        return tuple(kind for kind, label in kinds if label in self.holder_category)

    def held_by(self, party_type: str) -> bool:
        """自然人 / 法人 / 自然人或法人; an individual business (法人 types) may be held by a person."""
        return party_type != ORGANISATION or "法人" in self.holder_category

    def field(self, code: str) -> TypeField | None:
        return next((field for field in self.fields if field.code == code), None)


def document(kind: CertificateType) -> dict[str, Any]:
    """What makes a version: all of the entry but its number. Plain JSON, kept with the version."""
    return {
        "type_code": kind.code,
        "name": kind.name,
        "definer": {"uscc": kind.definer.uscc, "name": kind.definer.name, "division": kind.definer.division},
        "holder_category": kind.holder_category,
        "validity": kind.validity,
        "rule": kind.limits.as_dict(),
        "kind": kind.kind.value,
        "in_force": kind.in_force,
        "issuer_level": kind.issuer_level,
        "several_holders": kind.several_holders,
        "sharing": kind.sharing.value,
        "basis": list(kind.basis),
        "fields": [
            {"code": one.code, "name": one.name, "type": one.type.value, "required": one.required}
            for one in kind.fields
        ],
        "template": _template(kind.template),
    }


def _template(template: Template | None) -> dict[str, str] | None:
    if template is None:
        return None
    return {"name": template.name, "version": template.version, "sha256": template.sha256}


def of_document(told: Mapping[str, Any], version: int) -> CertificateType:
    return CertificateType(
        code=told["type_code"],
        name=told["name"],
        definer=Body(**told["definer"]),
        holder_category=told["holder_category"],
        validity=told["validity"],
        rule=Rule.of_dict(told["rule"]),
        version=version,
        kind=Kind(told["kind"]),
        in_force=told["in_force"],
        issuer_level=told["issuer_level"],
        several_holders=told["several_holders"],
        sharing=Sharing(told["sharing"]),
        basis=tuple(told["basis"]),
        fields=tuple(TypeField(f["code"], f["name"], FieldType(f["type"]), f["required"]) for f in told["fields"]),
        template=Template(**told["template"]) if told["template"] else None,
    )
