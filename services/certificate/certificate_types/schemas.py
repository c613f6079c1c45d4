"""Answers of the directory of certificate types (GB/T 36902)."""

from datetime import date, datetime

from pydantic import BaseModel, Field

from contracts.events.common import PartyType
from services.certificate.domain.certificate_type import FieldType, Kind, Sharing
from services.certificate.domain.validity import RuleKind


class DefinerOut(BaseModel):
    uscc: str
    name: str


class ValidityOut(BaseModel):
    """The rule that issuing follows. `months`: the longest; `type_code`: no longer than the holder's of that type."""

    text: str = Field(description="对外公布的有效期")
    kind: RuleKind
    months: int | None = None
    until: date | None = None
    type_code: str | None = None


class FieldOut(BaseModel):
    code: str
    name: str
    type: FieldType
    required: bool


class TemplateOut(BaseModel):
    name: str
    version: str
    sha256: str


class TypeOut(BaseModel):
    type_code: str
    name: str
    version: int
    kind: Kind
    in_force: bool
    definer: DefinerOut
    issuer_level: str = Field(description="颁发机构级别；未载明时为空")
    holder_kinds: list[PartyType]
    several_holders: bool
    validity: ValidityOut
    sharing: Sharing
    basis: list[str]
    fields: list[FieldOut]
    template: TemplateOut | None = Field(description="为空：通用版式")
    loaded_at: datetime


class TypeVersionOut(BaseModel):
    version: int
    loaded_at: datetime


class TypeDetail(TypeOut):
    versions: list[TypeVersionOut] = Field(description="全部版本，新的在前；证照保持签发时的版本")
