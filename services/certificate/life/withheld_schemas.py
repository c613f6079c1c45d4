"""Bodies and answers of certificates that wait for the fields of their type."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from services.certificate.schemas import PRINTABLE, without_number
from services.kernel.printable import unprintable


def _printed(text: str) -> str:
    """It goes onto the certificate, as the fields of a decision do."""
    if unprintable(text):
        raise PydanticCustomError("unprintable", "文字中不得包含控制字符、不可见字符、表情或自造字")
    return text


Name = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=PRINTABLE)]
Text = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=500, pattern=PRINTABLE),
    AfterValidator(_printed),
    AfterValidator(without_number),
]


class FieldsIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    fields: Annotated[dict[Name, Text], Field(min_length=1, max_length=50)] = Field(
        description="按名称填写：日期写作 YYYY-MM-DD，列表以“、”分隔"
    )


class LackingOut(BaseModel):
    field: str
    rule: str = Field(description="required 必填、form 格式不符")
    detail: str


class WithheldOut(BaseModel):
    """A decision whose certificate waits; `identifier` once it is issued."""

    id: UUID
    case_no: str | None
    type_code: str
    type_name: str
    lacking: list[LackingOut]
    withheld_at: datetime
    identifier: str | None = None
    completed_on: date | None = None
