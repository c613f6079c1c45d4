"""Bodies and answers of the material plan."""

from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, Field

from services.intake.bundles.schemas import MemberIds
from services.intake.domain.material_planner import Source
from services.intake.domain.records import PartyType
from services.intake.schemas import In, MaterialNo, Number


class HolderIn(In):
    party_type: PartyType
    number: Number = Field(description="公民身份号码或统一社会信用代码")


class MaterialsPlanIn(In):
    applicant: HolderIn | None = Field(None, description="申请人；不填为本人")
    conditions: Annotated[list[MaterialNo], Field(max_length=200)] = Field(
        default_factory=list, description="所列条件成立的“条件必要”材料序号"
    )
    scenario: str | None = Field(None, max_length=20, description="办理情形或阶段")


class BundleMaterialsPlanIn(In):
    applicant: HolderIn | None = Field(None, description="申请人；不填为本人")
    conditions: Annotated[list[MaterialNo], Field(max_length=200)] = Field(default_factory=list)
    form: dict[str, Any] = Field(default_factory=dict, description="已知的表单内容")
    members: MemberIds = Field(default_factory=list, description="选择一并办理的可选事项")


class BasisOut(BaseModel):
    item_code: str
    item_name: str
    basis: list[str]
    why: str


class ToBring(BaseModel):
    """A material still to bring. `instead`: any one of these would do as well."""

    material_no: int
    name: str
    instead: list[str]
    for_whom: list[str] = Field(description="须各方均有或者属于他人的材料：缺何人的（号码遮盖）；其他材料为空")
    options: list[str]
    needed_by: list[BasisOut]


class NotToBring(BaseModel):
    """A material that nobody has to bring, and what stands for it."""

    material_no: int
    name: str
    source: Source
    certificate_identifier: str | None = None
    valid_until: date | None = Field(None, description="该证照的有效期至；长期有效的为空")
    ends_before: date | None = Field(
        None, description="今日受理的承诺办结日，该证照在此以前到期：受理时仍可采用，宜先办理延续"
    )
    from_member: str | None = None


class MayBeAsked(BaseModel):
    """Asked for only when its condition holds."""

    material_no: int
    name: str
    condition: str | None


class MaterialsPlanOut(BaseModel):
    bring: list[ToBring]
    avoided: list[NotToBring]
    conditional: list[MayBeAsked]
    order: list[str] = Field(description="成员事项的办理顺序，前者的结果供后者使用")


class ItemReuse(BaseModel):
    """How often a certificate of the library spared an upload for one item, in how many accepted cases."""

    item_code: str
    item_id: str | None
    uploads: int
    cases: int


class UploadsAvoided(BaseModel):
    uploads: int
    items: list[ItemReuse]
