"""Bodies and answers of authorisations."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from contracts.events.common import PartyType
from services.certificate.domain.authorisation import Right
from services.certificate.looking.schemas import TypeCode
from services.certificate.schemas import PRINTABLE, Purpose

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=128, pattern=PRINTABLE)]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class AgentIn(_In):
    party_type: PartyType = PartyType.PERSON
    name: Name
    number: str = Field(max_length=40, description="公民身份号码或统一社会信用代码", repr=False)


class AuthorisationIn(_In):
    agent: AgentIn
    rights: Annotated[list[Right], Field(min_length=1, max_length=3)] = Field(
        description="READ 查看、COLLECT 领取（版式文件和签名数据）、PRESENT 亮证"
    )
    types: Annotated[list[TypeCode], Field(max_length=100)] = Field(
        default_factory=list, description="限于这些证照类型；不填则不限"
    )
    purpose: Purpose = Field(description="授权办理的事情")
    valid_until: date
    organisation: Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{18}$")] | None = Field(
        None, description="以所代理的单位的名义授权时，填其统一社会信用代码"
    )


class AuthorisationOut(BaseModel):
    authorisation_id: UUID
    given: bool = Field(description="true 由我（或我代理的单位）授权，false 授权给我")
    holder_name: str
    agent_name: str
    agent_number: str = Field(description="脱敏")
    rights: list[Right]
    types: list[str]
    purpose: str
    valid_until: date
    given_at: datetime
    revoked_at: datetime | None
    in_force: bool
