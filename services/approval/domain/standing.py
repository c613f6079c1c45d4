"""A standing decision: what a department proposes and decides about a certificate after it was granted. Pure.

The handler proposes with ground, facts and basis; where it hurts the holder he is heard; another, the chief
representative, decides. A revocation is a penalty decided elsewhere: it is recorded, with its decision, in one step.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from services.approval.domain.case import Officer
from services.approval.domain.clocks import is_over, workdays_after
from services.approval.domain.decision import Remedies
from services.approval.domain.errors import (
    CertificateState,
    HolderNotHeard,
    IncompleteRecord,
    OtherDepartment,
    SeparationOfDuties,
    StandingClosed,
)
from services.approval.domain.wording import require_text, require_that
from services.kernel.certificate_life import (
    GROUNDS,
    LABELS,
    STATUS_LABELS,
    Ground,
    GroundRule,
    LifeAct,
    Status,
    allowed,
)
from services.kernel.errors import FieldError
from services.kernel.time_limit import DueDate, china_date, settled
from services.kernel.workdays import WorkCalendar

LONGEST_WORKDAYS = 30
_WHAT = {"PERSON": "自然人", "ORGANISATION": "法人和其他组织"}


class StandingState(StrEnum):
    PROPOSED = "PROPOSED"
    DECIDED = "DECIDED"
    DISMISSED = "DISMISSED"


STATE_LABELS = {
    StandingState.PROPOSED: "待决定",
    StandingState.DECIDED: "已决定",
    StandingState.DISMISSED: "不予采纳",
}


@dataclass(frozen=True)
class HeldCertificate:
    """What approval keeps of a certificate, from the library's events."""

    id: UUID
    identifier: str
    issuer: str
    holder_key: str
    holder_type: str | None
    status: Status
    co_holders: int = 0  # who hold it besides the first
    valid_until: date | None = None  # None: for ever, or not known


@dataclass(frozen=True)
class Change:
    what: str
    before: str
    after: str


@dataclass(frozen=True)
class Penalty:
    """The decision of another procedure that revokes the certificate."""

    number: str
    body: str
    decided_on: date


@dataclass(frozen=True)
class Proposal:
    """What the handler wrote; not yet checked."""

    act: LifeAct
    ground: Ground
    facts: str
    basis: str = ""
    compensation: str = ""
    changes: tuple[Change, ...] = ()
    valid_until: date | None = None
    major_public_harm: bool = False  # art. 69 para. 3: then there is no annulment
    speak_workdays: int = 5


@dataclass(frozen=True)
class StandingDecision:
    """One decision about one certificate, from its proposal on."""

    id: UUID
    certificate: HeldCertificate
    proposal: Proposal
    proposed_by: str
    proposed_at: datetime
    speak_by: DueDate | None
    state: StandingState = StandingState.PROPOSED
    version: int = 1
    statements: tuple[str, ...] = ()
    moved_at: datetime | None = None  # of the last statement
    penalty: Penalty | None = None
    remedies: Remedies | None = None
    reasons: str = ""  # of a dismissal
    decided_at: datetime | None = None
    effective_on: date | None = None

    @property
    def rule(self) -> GroundRule:
        return GROUNDS[self.proposal.ground]


def propose(
    decision_id: UUID,
    certificate: HeldCertificate,
    draft: Proposal,
    officer: Officer,
    *,
    now: datetime,
    calendar: WorkCalendar,
) -> StandingDecision:
    """The handler's opinion; where the law has the holder heard, his days begin.

    Raises:
        OtherDepartment; CertificateState: the act, or its ground, does not fit the certificate's state or holder;
        IncompleteRecord: facts, changes, compensation, the days or the new term are missing or out of place.
    """
    _own(certificate, officer)
    _fits(certificate, draft)
    _complete(draft)
    _term(certificate, draft, now)
    rule = GROUNDS[draft.ground]
    speak_by = workdays_after(now, draft.speak_workdays, calendar) if rule.hearing else None
    draft = replace(draft, basis=draft.basis.strip() or rule.article, facts=draft.facts.strip())
    return StandingDecision(decision_id, certificate, draft, officer.account_id, now, speak_by)


def hear(decision: StandingDecision, statement: str, *, now: datetime) -> StandingDecision:
    """The holder speaks, also after his day and more than once: he is heard up to the decision.

    Raises: StandingClosed, IncompleteRecord
    """
    _open(decision)
    require_text(("statement", statement, "陈述申辩的内容（无意见的也应写明）"))
    statements = (*decision.statements, statement.strip())
    return replace(decision, statements=statements, moved_at=now, version=decision.version + 1)


def decide(
    decision: StandingDecision, officer: Officer, *, remedies: Remedies | None, now: datetime
) -> StandingDecision:
    """The chief representative follows the opinion.

    Raises: OtherDepartment, StandingClosed, SeparationOfDuties, HolderNotHeard, CertificateState (it changed since),
        IncompleteRecord (no remedies named, or the new term is over by now).
    """
    _may_end(decision, officer)
    if not _heard(decision, now):
        raise HolderNotHeard()
    _fits(decision.certificate, decision.proposal)
    _term(decision.certificate, decision.proposal, now)
    _remedies(remedies)
    return _ended(decision, StandingState.DECIDED, now, remedies=remedies, effective_on=china_date(now))


def dismiss(decision: StandingDecision, officer: Officer, *, reasons: str, now: datetime) -> StandingDecision:
    """Raises: OtherDepartment, StandingClosed, SeparationOfDuties, IncompleteRecord"""
    _may_end(decision, officer)
    require_text(("reasons", reasons, "不予采纳的理由"))
    return _ended(decision, StandingState.DISMISSED, now, reasons=reasons.strip())


def record_penalty(
    decision_id: UUID,
    certificate: HeldCertificate,
    penalty: Penalty,
    facts: str,
    officer: Officer,
    *,
    now: datetime,
) -> StandingDecision:
    """A revocation decided in a penalty case: the hearing and the remedies were there.

    Raises: OtherDepartment, CertificateState, IncompleteRecord
    """
    _own(certificate, officer)
    basis = f"{penalty.body}《行政处罚决定书》（{penalty.number}）"
    draft = Proposal(LifeAct.REVOKE, Ground.PENALTY, facts.strip(), basis)
    _fits(certificate, draft)
    require_text(
        ("facts", facts, "处罚决定认定的事实"),
        ("penalty/number", penalty.number, "处罚决定书文号"),
        ("penalty/body", penalty.body, "作出处罚决定的机关"),
    )
    on = china_date(now)
    require_that(penalty.decided_on <= on, "penalty/decided_on", "future", "处罚决定日期不得晚于今天")
    made = StandingDecision(decision_id, certificate, draft, officer.account_id, now, None, penalty=penalty)
    return replace(made, state=StandingState.DECIDED, decided_at=now, effective_on=on)


def day_now(decision: StandingDecision, calendar: WorkCalendar) -> DueDate | None:
    """The holder's last day as this calendar has it, where that is other than told."""
    told = decision.speak_by
    if decision.state is not StandingState.PROPOSED or told is None:
        return None
    now = settled(told, workdays_after(decision.proposed_at, decision.proposal.speak_workdays, calendar))
    return now if now != told else None


def move_day(decision: StandingDecision, calendar: WorkCalendar) -> StandingDecision:
    """The system's act once a year is loaded. Without it a provisional day would never be over.

    Raises: StandingClosed
    """
    _open(decision)
    speak_by = day_now(decision, calendar) or decision.speak_by
    return replace(decision, speak_by=speak_by, version=decision.version + 1)


def _heard(decision: StandingDecision, now: datetime) -> bool:
    """He spoke, or his days are over without a word. Of several holders one does not speak for the others: they have
    their days.
    """
    if decision.speak_by is None or is_over(decision.speak_by, now):
        return True
    return bool(decision.statements) and decision.certificate.co_holders == 0


def _own(certificate: HeldCertificate, officer: Officer) -> None:
    if officer.department != certificate.issuer:
        raise OtherDepartment()


def _open(decision: StandingDecision) -> None:
    if decision.state is not StandingState.PROPOSED:
        raise StandingClosed()


def _may_end(decision: StandingDecision, officer: Officer) -> None:
    _own(decision.certificate, officer)
    _open(decision)
    if officer.account_id == decision.proposed_by:
        raise SeparationOfDuties()


def _fits(certificate: HeldCertificate, draft: Proposal) -> None:
    rule, label = GROUNDS[draft.ground], LABELS[draft.act]
    if draft.act not in rule.acts:
        fault = FieldError("#/ground", "other-act", f"{rule.article}所列情形不是{label}的法定情形")
        raise IncompleteRecord(fault.detail, errors=[fault])
    if not allowed(draft.act, certificate.status, draft.ground):
        raise CertificateState(f"证照{STATUS_LABELS[certificate.status]}，不能以“{rule.wording}”为由{label}")
    if rule.holder and certificate.holder_type not in (None, rule.holder):
        raise CertificateState(f"“{rule.wording}”只适用于持证人为{_WHAT[rule.holder]}的证照")


def _complete(draft: Proposal) -> None:
    """Raises IncompleteRecord."""
    rule = GROUNDS[draft.ground]
    require_text(("facts", draft.facts, "事实与理由"))
    amends = draft.act is LifeAct.AMEND
    require_that(amends == bool(draft.changes), "changes", "changes", "变更应当写明变更内容，其他决定没有变更内容")
    require_that(amends or draft.valid_until is None, "valid_until", "not-applicable", "只有变更可以更改有效期")
    said = bool(draft.compensation.strip())
    if rule.compensation:
        require_that(said, "compensation", "required", "应当写明对财产损失的补偿或赔偿（没有损失的也应写明）")
    else:
        require_that(not said, "compensation", "not-applicable", "依法不予补偿或赔偿的情形，不应填写此项")
    harms = draft.act is LifeAct.ANNUL and draft.major_public_harm
    require_that(
        not harms, "major_public_harm", "not-annulled", "可能对公共利益造成重大损害的，不予撤销（第六十九条第三款）"
    )
    within = 1 <= draft.speak_workdays <= LONGEST_WORKDAYS
    require_that(within, "speak_workdays", "range", f"陈述申辩的期限应为 1 至 {LONGEST_WORKDAYS} 个工作日")


def _term(certificate: HeldCertificate, draft: Proposal, now: datetime) -> None:
    """Raises IncompleteRecord."""
    if draft.valid_until is not None:
        over = draft.valid_until < china_date(now)
        require_that(not over, "valid_until", "over", "变更后的有效期届满日不得早于今天")
        check_term(draft.valid_until, certificate.valid_until)


def check_term(decided: date | None, before: date | None) -> None:
    """An amendment (art. 49) lengthens no term: that is what a renewal is for (art. 50).

    Raises: IncompleteRecord
    """
    longer = decided is not None and before is not None and decided > before
    told = f"变更不得延长有效期（原有效期至{before}），延长应当申请延续（第五十条）"
    require_that(not longer, "valid_until", "longer", told)


def _remedies(remedies: Remedies | None) -> None:
    named = remedies or Remedies("", "")
    require_text(
        ("remedies/reconsideration_body", named.reconsideration_body, "行政复议机关"),
        ("remedies/court", named.court, "有管辖权的人民法院"),
    )


def _ended(
    decision: StandingDecision,
    state: StandingState,
    now: datetime,
    *,
    remedies: Remedies | None = None,
    reasons: str = "",
    effective_on: date | None = None,
) -> StandingDecision:
    return replace(
        decision,
        state=state,
        version=decision.version + 1,
        remedies=remedies,
        reasons=reasons,
        decided_at=now,
        effective_on=effective_on,
    )
