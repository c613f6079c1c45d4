"""Facts of the domain as the events of approval carry them: field for field, with who did it."""

from dataclasses import asdict
from typing import Any

from contracts.events import approval as events
from contracts.events.common import Actor, Event
from contracts.events.days import CaseDaysMoved
from services.approval.domain import case as cases
from services.approval.domain import consultation, days_moved, hearing, levels, parties, site_check, standstill, taking

# fact of the domain -> its event and the field that names who did it (None: the system)
_EVENTS: dict[type, tuple[type[Event], str | None]] = {
    standstill.Suspended: (events.CaseSuspended, "approved_by"),
    standstill.Resumption: (events.CaseResumed, "resumed_by"),
    standstill.Extension: (events.CaseExtended, "approved_by"),
    site_check.Assigned: (events.InspectorsAssigned, "assigned_by"),
    site_check.SiteChecked: (events.SiteCheckRecorded, "recorded_by"),
    hearing.Told: (events.HearingTold, "told_by"),
    hearing.Requested: (events.HearingRequested, "recorded_by"),
    hearing.Waived: (events.HearingWaived, "recorded_by"),
    hearing.Announced: (events.HearingAnnounced, "announced_by"),
    hearing.Held: (events.HearingHeld, "recorded_by"),
    parties.Notified: (events.InterestedPartyNotified, "notified_by"),
    parties.ApplicantHeard: (events.ApplicantHeard, "recorded_by"),
    parties.Heard: (events.InterestedPartyHeard, "recorded_by"),
    taking.Falsehood: (events.FalseCommitmentFound, None),
    levels.FirstLevelChosen: (events.FirstLevelAssigned, "assigned_by"),
    levels.PassedUp: (events.CasePassedUp, "passed_up_by"),
    days_moved.DaysMoved: (CaseDaysMoved, None),
    cases.Renewed: (events.CaseRenewed, None),
    cases.Terminated: (events.CaseTerminated, "terminated_by"),
    cases.Transferred: (events.CaseTransferred, "transferred_by"),
    consultation.Asked: (events.ConsultationAsked, "asked_by"),
    consultation.Answered: (events.ConsultationAnswered, "answered_by"),
    consultation.Silent: (events.ConsultationSilent, None),
}


def event_of(case: cases.Case, fact: Any, by: Actor | None) -> Event:
    event, who = _EVENTS[type(fact)]
    content: dict[str, Any] = {"case_id": case.id, "case_no": case.case_no, **asdict(fact)}
    if who is not None:
        content[who] = by
    return event.model_validate(content)
