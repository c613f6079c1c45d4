"""What must be settled before a decision: site check, hearing, interested parties, consultations."""

from dataclasses import dataclass
from datetime import datetime

from services.approval.domain.clocks import is_over
from services.approval.domain.errors import (
    ConsultationOpen,
    HearingOpen,
    MaterialOutstanding,
    PartyNotHeard,
    RenewedBySilence,
    SiteCheckOpen,
)
from services.approval.domain.proceedings import Consultation, ConsultationState, Hearing, HearingStep, Proceedings


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
    """Raises RenewedBySilence: the old certificate's last day is over (art. 50); MaterialOutstanding: for a grant."""
    if proceedings.decide_before is not None and now >= proceedings.decide_before:
        raise RenewedBySilence()
    if granted and proceedings.promised:
        raise MaterialOutstanding("尚未补交：" + "、".join(promised.name for promised in proceedings.promised))


def hearing_settled(hearing: Hearing, *, now: datetime) -> bool:
    """Held, waived in writing by everybody who was told, or not asked for within the five working days (art. 47)."""
    if hearing.step is HearingStep.TOLD:
        return hearing.request_by is not None and is_over(hearing.request_by, now)
    return hearing.step in (HearingStep.WAIVED, HearingStep.HELD)


def _why_open(hearing: Hearing) -> str:
    if hearing.step is HearingStep.TOLD:
        return "听证权利已经告知，申请期限未满且未书面放弃，不能作出决定"
    return "听证尚未举行，不能作出决定"
