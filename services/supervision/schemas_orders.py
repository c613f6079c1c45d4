"""What supervision orders take and give over HTTP."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from services.supervision.domain.lights import Level
from services.supervision.domain.order import ORDER_LABELS, Demand, OrderKind, OrderState
from services.supervision.schemas import BodyOut, without_number

_PRINTABLE = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
_Words = StringConstraints(strip_whitespace=True, min_length=1, max_length=2000, pattern=_PRINTABLE)
_Optional = StringConstraints(strip_whitespace=True, max_length=2000, pattern=_PRINTABLE)
Words = Annotated[str, _Words, AfterValidator(without_number)]


class OrderIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: OrderKind
    case_no: str | None = Field(None, pattern=r"^[0-9A-Z]{43}$", description="办件编号；督办函必填")
    department: str | None = Field(None, pattern=r"^[0-9A-Z]{18}$", description="部门代码；不针对办件时填写")
    rule: str = Field(pattern=r"^[0-9A-Za-z-]{2,40}$", description="监察规则编号，如 R-02 或亮灯规则")
    finding: Annotated[str, _Optional, AfterValidator(without_number)] = Field(
        "", description="监察结果描述；该规则已亮灯时可不填"
    )
    content: Words = Field(description="督办内容、监察建议")
    reply_within_workdays: int = Field(3, ge=1, le=60, description="反馈期限，工作日")

    @model_validator(mode="after")
    def _one_subject(self) -> Self:
        if (self.case_no is None) == (self.department is None):
            raise PydanticCustomError("one_subject", "办件编号和部门应当且只能填写一项")
        return self

    def demand(self) -> Demand:
        return Demand(self.kind, self.rule, self.finding, self.content, self.reply_within_workdays)


class ReplyIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    content: Words = Field(description="办理情况")


class ReplyOut(BaseModel):
    content: str
    replied_at: datetime
    replied_by: str
    late: bool = Field(description="是否超过反馈期限")


class OrderOut(BaseModel):
    order_no: str
    kind: OrderKind
    label: str
    state: OrderState
    case_no: str | None
    item_name: str | None
    department: BodyOut
    rule: str
    level: Level | None
    level_label: str | None
    state_at: datetime
    finding: str
    content: str
    reply_by: date
    reply_by_provisional: bool
    issued_at: datetime
    issued_by: str
    issuer: BodyOut
    reply: ReplyOut | None
    paper_id: UUID | None = Field(description="文书签发后可按 papers/{paper_id}/file 下载")
    paper_number: str | None

    @classmethod
    def of(cls, row: Mapping[str, Any], labels: Mapping[Level, str]) -> "OrderOut":
        kind, level = OrderKind(row["kind"]), row["level"] and Level(row["level"])
        reply = None
        if row["replied_at"] is not None:
            reply = ReplyOut(
                content=row["reply"], replied_at=row["replied_at"], replied_by=row["replied_by"], late=row["late"]
            )
        same = ("order_no", "case_no", "item_name", "rule", "state_at", "finding", "reply_by", "reply_by_provisional")
        return cls(
            **{name: row[name] for name in (*same, "issued_at", "issued_by", "paper_id", "paper_number")},
            kind=kind,
            label=ORDER_LABELS[kind],
            state=OrderState.ISSUED if reply is None else OrderState.REPLIED,
            department=BodyOut(uscc=row["department_uscc"], name=row["department_name"]),
            level=level or None,
            level_label=labels[level] if level else None,
            content=row["requirement"],
            issuer=BodyOut(uscc=row["issuer_uscc"], name=row["issuer_name"]),
            reply=reply,
        )


class OrderPage(BaseModel):
    items: list[OrderOut]
    next: str | None
