"""Bodies of the procedural acts. Chinese descriptions are what the documentation shows."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from services.approval.domain.case import Opinion, Recommendation
from services.approval.domain.consultation import Answer
from services.approval.domain.hearing import Announcement, HearingRecord
from services.approval.domain.proceedings import Body, Inspector
from services.approval.domain.site_check import SiteRecord
from services.approval.domain.standstill import SuspensionDraft
from services.approval.schemas import LongText, ShortText


def _in_living_memory(at: datetime) -> datetime:
    """The first and the last hours there are have no day in China."""
    if not 1900 < at.year < 2200:
        raise PydanticCustomError("instant_range", "时间不在合理范围内")
    return at


Instant = Annotated[AwareDatetime, AfterValidator(_in_living_memory)]
Days = Annotated[int, Field(ge=-10_000, le=10_000)]
People = Annotated[list[ShortText], Field(max_length=50)]
AccountId = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z._-]{1,64}$")]
Division = Annotated[str, StringConstraints(pattern=r"^[0-9]{12}$")]
PartyNumber = Annotated[str, StringConstraints(min_length=1, max_length=40)]
Uscc = Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{18}$")]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SuspensionIn(_In):
    kind: ShortText = Field(
        description="听证 HEARING、招标 TENDER、拍卖 AUCTION、检验 TESTING、检测 DETECTION、检疫 QUARANTINE、"
        "鉴定 APPRAISAL、专家评审 EXPERT_REVIEW；或事项依据的单行法规定的事由（OWN_LAW）"
    )
    expected_workdays: Days = Field(description="所需时间，工作日；书面告知申请人")
    notice: LongText = Field("", description="告知申请人的内容")
    cause: LongText = Field("", description="启动理由或依据")

    def draft(self) -> SuspensionDraft:
        return SuspensionDraft(**self.model_dump())


class ResumptionIn(_In):
    result: LongText = Field("", description="特别程序的结果")
    passed: bool | None = Field(None, description="检验、检测、检疫、鉴定是否合格")


class ExtensionIn(_In):
    days: Days = Field(description="延长的天数，单位随事项的延期规定")
    reason: LongText = Field("", description="延期的理由，告知申请人")


class InspectorIn(_In):
    account_id: AccountId
    name: ShortText
    officer_no: ShortText = Field("", description="执法证号；核查人员必填")

    def inspector(self) -> Inspector:
        return Inspector(**self.model_dump())


class InspectorsIn(_In):
    inspectors: Annotated[list[InspectorIn], Field(max_length=20)]
    purpose: LongText = Field("", description="核查、检验的内容")


class SiteCheckIn(_In):
    inspectors: Annotated[list[AccountId], Field(max_length=20, description="参加核查的人员，应在指派之列")]
    checked_at: Instant
    place: ShortText = ""
    facts: LongText = Field("", description="核查情况")
    passed: bool
    photos: Annotated[int, Field(ge=0, le=1000)] = 0
    party_present: ShortText = Field("", description="在场并签字的当事人")

    def record(self) -> SiteRecord:
        return SiteRecord(**self.model_dump(exclude={"inspectors"}), inspectors=tuple(self.inspectors))


class HearingNoticeIn(_In):
    persons: People = Field(description="被告知的申请人、利害关系人")
    notice: LongText = ""


class HearingRequestIn(_In):
    person: ShortText
    reason: LongText = ""


class HearingWaiverIn(_In):
    person: ShortText
    document: ShortText = Field("", description="书面放弃的文书名称或编号")


class HearingAnnouncementIn(_In):
    takes_place_at: Instant
    place: ShortText = ""
    chair: InspectorIn
    notice: LongText = Field("", description="时间、地点、主持人及申请回避的权利")
    public: bool = Field(True, description="是否公告")

    def announcement(self) -> Announcement:
        return Announcement(**self.model_dump(exclude={"chair"}), chair=self.chair.inspector())


class HearingRecordIn(_In):
    participants: People = Field(description="在笔录上签字的听证参加人")
    record: LongText = Field("", description="听证笔录")

    def held(self) -> HearingRecord:
        return HearingRecord(tuple(self.participants), self.record)


class InterestedPartyIn(_In):
    name: ShortText
    interest: LongText = Field("", description="与申请事项的重大利益关系")
    notice: LongText = ""
    workdays: Days = Field(5, description="陈述申辩的期限，工作日")
    number: PartyNumber | None = Field(
        None, description="公民身份号码或统一社会信用代码；填写的，本人可在网上陈述申辩、申请听证，号码不保存"
    )


class OwnHearingIn(_In):
    reason: LongText = ""


class StatementIn(_In):
    statement: LongText = Field("", description="陈述申辩的内容，无意见也应写明")


class FirstLevelIn(_In):
    division: Division


class PassingUpIn(_In):
    recommendation: Recommendation
    opinion: LongText = Field("", description="初步审查意见")
    materials: Annotated[list[int], Field(max_length=500, description="全部申请材料的序号")]

    def first_opinion(self) -> Opinion:
        return Opinion(self.recommendation, self.opinion)


class EndIn(_In):
    reason: LongText = ""
    legal_basis: LongText = ""


class BodyIn(_In):
    uscc: Uscc
    name: ShortText
    division: Division

    def body(self) -> Body:
        return Body(**self.model_dump())


class TransferIn(EndIn):
    transferred_to: BodyIn


class ConsultationIn(_In):
    department: BodyIn
    question: LongText = ""
    limit_workdays: Days = Field(5, description="答复期限，工作日")


class ConsultationAnswerIn(_In):
    answer: Answer
    text: LongText = Field("", description="意见及理由")
