"""What is proposed and decided about a certificate after its grant: bodies and answers."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from contracts.events.common import DueDate
from services.approval.domain.decision import Remedies
from services.approval.domain.standing import (
    STATE_LABELS,
    Change,
    Penalty,
    Proposal,
    StandingDecision,
    StandingState,
)
from services.approval.schemas import LongText, RemediesIn, RemediesOut, ShortText
from services.approval.settings import ApprovalSettings
from services.kernel.certificate_life import LABELS, Ground, LifeAct

_GROUNDS = (
    "法定情形：HOLDER_ASKED 被许可人要求变更（第49条）；LAW_CHANGED、SITUATION_CHANGED（第8条）；ABUSE_OF_POWER、"
    "ULTRA_VIRES、PROCEDURE_VIOLATED、UNQUALIFIED_APPLICANT、OTHER_ANNULMENT、FRAUD（第69条）；FOUND_FALSE 证照虚假；"
    "EXPIRED_NOT_RENEWED、DEATH_OR_INCAPACITY、TERMINATED、TAKEN_AWAY、FORCE_MAJEURE、OTHER_DEREGISTRATION（第70条）"
)


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ChangeIn(_In):
    what: ShortText = Field(min_length=1, description="变更的事项，如 经营场所、持证人名称")
    before: ShortText = ""
    after: ShortText = Field(min_length=1)


class ProposalIn(_In):
    """The handler's opinion. It is told to the holder, who is heard where it hurts him."""

    ground: Ground = Field(description=_GROUNDS)
    facts: LongText = Field("", description="事实与理由")
    basis: LongText = Field("", description="法律依据；不填则为所选情形的法条")
    compensation: LongText = Field("", description="补偿或赔偿（第八条、第六十九条第四款）；没有损失的也应写明")
    major_public_harm: bool = Field(False, description="可能对公共利益造成重大损害的，不予撤销")
    speak_workdays: int = Field(5, ge=-100, le=1000, description="持证人陈述申辩的期限，工作日")

    def proposal(self, act: LifeAct) -> Proposal:
        return Proposal(act, **self.model_dump())


class AmendmentIn(ProposalIn):
    changes: Annotated[list[ChangeIn], Field(max_length=50)] = Field(default_factory=list)
    valid_until: date | None = Field(None, description="变更后的有效期届满日；不填则不变")

    def proposal(self, act: LifeAct) -> Proposal:
        values = self.model_dump(exclude={"changes"})
        return Proposal(act, **values, changes=tuple(Change(**one.model_dump()) for one in self.changes))


class StandingStatementIn(_In):
    statement: LongText


class StandingDecisionIn(_In):
    outcome: Literal["DECIDED", "DISMISSED"] = Field(description="DECIDED 决定；DISMISSED 不予采纳")
    reasons: LongText = Field("", description="不予采纳的理由")
    remedies: RemediesIn | None = Field(None, description="救济途径；不填则用本地默认机关")

    def named(self, settings: ApprovalSettings) -> Remedies:
        given = self.remedies or RemediesIn()
        body = given.reconsideration_body or settings.reconsideration_body
        return Remedies(body, given.court or settings.court)


class PenaltyIn(_In):
    """A penalty decided elsewhere: nothing is decided here, it is recorded."""

    number: ShortText = Field("", description="行政处罚决定书文号")
    body: ShortText = Field("", description="作出处罚决定的机关")
    decided_on: date
    facts: LongText = Field("", description="处罚决定认定的事实")

    def penalty(self) -> Penalty:
        return Penalty(self.number, self.body, self.decided_on)


class ChangeOut(BaseModel):
    what: str
    before: str
    after: str


class StandingOut(BaseModel):
    decision_id: UUID
    identifier: str
    act: LifeAct
    act_label: str
    ground: Ground
    article: str
    grounds: str
    state: StandingState
    state_label: str
    version: int = Field(description='If-Match: "v<version>"')
    facts: str
    basis: str
    compensation: str
    changes: list[ChangeOut]
    speak_by: DueDate | None = Field(description="持证人陈述申辩的期限；无须听取的没有")
    statements: list[str]
    proposed_at: datetime
    reasons: str
    remedies: RemediesOut | None
    effective_on: date | None
    decided_at: datetime | None

    @classmethod
    def of(cls, made: StandingDecision) -> "StandingOut":
        proposal, due = made.proposal, made.speak_by
        return cls(
            decision_id=made.id,
            identifier=made.certificate.identifier,
            act=proposal.act,
            act_label=LABELS[proposal.act],
            ground=proposal.ground,
            article=made.rule.article,
            grounds=made.rule.wording,
            state=made.state,
            state_label=STATE_LABELS[made.state],
            version=made.version,
            facts=proposal.facts,
            basis=proposal.basis,
            compensation=proposal.compensation,
            changes=[ChangeOut(**vars(one)) for one in proposal.changes],
            speak_by=DueDate(on=due.on, provisional=due.provisional) if due else None,
            statements=list(made.statements),
            proposed_at=made.proposed_at,
            reasons=made.reasons,
            remedies=RemediesOut(**vars(made.remedies)) if made.remedies else None,
            effective_on=made.effective_on,
            decided_at=made.decided_at,
        )


class StandingPage(BaseModel):
    items: list[StandingOut]
    next: str | None = None
