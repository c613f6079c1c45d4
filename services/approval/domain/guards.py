"""What must be settled before a decision: site check, hearing, interested parties, consultations."""

from dataclasses import dataclass
from datetime import datetime

from services.approval.domain.clocks import is_over
from services.approval.domain.decision import DecisionDraft, Outcome
from services.approval.domain.errors import (
    CommitmentFalse,
    ConsultationOpen,
    HearingOpen,
    IncompleteDecision,
    MaterialOutstanding,
    OutsideWindow,
    PartyNotHeard,
    RenewedBySilence,
    SiteCheckOpen,
)
from services.approval.domain.proceedings import Consultation, ConsultationState, Hearing, HearingStep, Proceedings
from services.kernel.errors import FieldError


@dataclass(frozen=True)
class Unsettled:
    proceedings: Proceedings
    consultations: tuple[Consultation, ...]


def check_settled(case: Unsettled, *, now: datetime) -> None:
    """Raises SiteCheckOpen, HearingOpen, PartyNotHeard, ConsultationOpen; the first that is not settled."""
    check = case.proceedings.site_check
    if check is not None and not check.recorded:
        raise SiteCheckOpen()
    hearing = case.proceedings.hearing
    if hearing is not None and not hearing_settled(hearing, now=now):
        raise HearingOpen(_why_open(hearing))
    if any(not party.heard and not is_over(party.speak_by, now) for party in case.proceedings.parties):
        raise PartyNotHeard()
    if any(consultation.state is ConsultationState.OPEN for consultation in case.consultations):
        raise ConsultationOpen()


def check_promises(proceedings: Proceedings, *, granted: bool, now: datetime) -> None:
    """Raises RenewedBySilence: the old certificate's last day is over (art. 50); for a grant MaterialOutstanding,
    CommitmentFalse."""
    check_not_renewed(proceedings, now=now)
    if granted and proceedings.false_commitments:
        raise CommitmentFalse("经核查不实：" + "、".join(proceedings.false_commitments))
    if granted and proceedings.promised:
        raise MaterialOutstanding("尚未补交：" + "、".join(promised.name for promised in proceedings.promised))


def check_not_renewed(proceedings: Proceedings, *, now: datetime) -> None:
    """Raises RenewedBySilence: from the end of the old certificate's last day on the case is over by law (art. 50)."""
    if proceedings.decide_before is not None and now >= proceedings.decide_before:
        raise RenewedBySilence()


def check_window(proceedings: Proceedings) -> None:
    """Raises OutsideWindow: the item's own law wants the applicants to come again first, within their window."""
    claim = proceedings.claim
    if claim is not None and claim.claimed_at is None:
        raise OutsideWindow(
            f"{claim.waiting}自{claim.opens_on}起届满后、{claim.closes_on}以前，申请人办理“{claim.name}”的，方可作出决定"
        )


def check_standard(proceedings: Proceedings, draft: DecisionDraft) -> None:
    """Raises IncompleteDecision: a refusal after a failed inspection or test names the technical standard.

    Source: Administrative Licensing Law art. 55 para. 3.
    """
    failed = proceedings.examination_failed
    if draft.outcome is Outcome.REFUSED and failed and not draft.technical_standard.strip():
        fault = FieldError(
            "#/technical_standard",
            "required",
            "检验、检测、检疫或者现场核查不合格的，应当说明不予许可所依据的技术标准、技术规范（行政许可法第五十五条第三款）",
        )
        raise IncompleteDecision(fault.detail, errors=[fault])


def hearing_settled(hearing: Hearing, *, now: datetime) -> bool:
    """Held, or everybody who was told has waived in writing or let his own five working days pass (art. 47)."""
    if hearing.step is HearingStep.TOLD:
        return not any(may_ask(hearing, person, now=now) for person in hearing.told)
    return hearing.step in (HearingStep.WAIVED, HearingStep.HELD)


def may_ask(hearing: Hearing, person: str, *, now: datetime) -> bool:
    """He was told, has not waived, and his own five working days are not over (art. 47)."""
    due = hearing.day_of(person)
    open_to_all = hearing.step is HearingStep.TOLD and person not in hearing.waived
    return open_to_all and due is not None and not is_over(due, now)


def _why_open(hearing: Hearing) -> str:
    if hearing.step is HearingStep.TOLD:
        return "听证权利已经告知，申请期限未满且未书面放弃，不能作出决定"
    return "听证尚未举行，不能作出决定"
