"""Bodies of requests about bundles."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from services.intake.domain.application import Outcome
from services.intake.schemas import AgentIn, ApplicantIn, In, Materials, Name, Number, Words

MemberIds = Annotated[list[Annotated[str, StringConstraints(min_length=1, max_length=100)]], Field(max_length=100)]
FORM = "一张表单的内容；成员条件所用的内容见办事指南的 questions，加密保存"


class PlanIn(In):
    """What would be needed: answers as far as they are known."""

    form: dict[str, Any] = Field(default_factory=dict, description="已知的表单内容")
    members: MemberIds = Field(default_factory=list, description="选择一并办理的可选事项")
    held_certificate_types: Annotated[list[str], Field(max_length=100)] = Field(
        default_factory=list, description="已持有的电子证照类型代码"
    )


class BundleApplicationIn(In):
    bundle_id: Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{2,12}$")] = Field(examples=["K01"])
    applicant: ApplicantIn
    agent: AgentIn | None = None
    form: dict[str, Any] = Field(default_factory=dict, description=FORM)
    members: MemberIds = Field(default_factory=list, description="选择一并办理的可选事项")
    materials: Materials = Field(default_factory=list, description="material_no 为“一件事”材料清单的序号")
    reuse: Literal["none", "auto"] = Field("none", description="auto：自动使用证照库中申请人名下的有效证照")
    division: Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")] | None = None


class StageIn(In):
    """The next stage's form and materials."""

    form: dict[str, Any] = Field(default_factory=dict, description=FORM)
    members: MemberIds = Field(default_factory=list)
    materials: Materials = Field(default_factory=list)


class BundleReceiptIn(In):
    materials: Materials = Field(default_factory=list, description="窗口当场收到的纸质原件或可用证照")


class ResultIn(In):
    """A step's result, or the number an item has yielded."""

    outcome: Outcome
    reason: Words | None = None
    document_no: Name | None = Field(None, description="结果文件编号")
    number: Number | None = Field(None, description="该事项产生的公民身份号码")


class BundleExtensionIn(In):
    workdays: Annotated[int, Field(ge=1, le=365)]
    reason: Words
    approval_no: Name = Field(description="批准文号")
