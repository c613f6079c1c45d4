"""What the seldom events of intake say: corrected, returned, promised, checked, renewed by law, dates moved."""

from collections.abc import Callable
from typing import Any

from contracts.events import intake, intake_seldom
from contracts.events.common import Event
from services.supervision.told import Fact


def _corrected(event: intake.ApplicationCorrected) -> Fact:
    detail = {"corrections": len(event.corrections)}
    return Fact(event.application_id, event.case_no, event.corrected_at, {}, event.corrected_by, detail)


def _returned(event: intake.ApplicationReturned) -> Fact:
    detail = {"kind": event.kind.value, "outstanding": list(event.outstanding)}
    columns = {"ended_at": event.returned_at, "supplement_open": False}
    return Fact(event.application_id, event.case_no, event.returned_at, columns, event.returned_by, detail)


def _deferred_supplied(event: intake.DeferredMaterialSupplied) -> Fact:
    detail = {"materials": [m.name for m in event.materials], "outstanding": [m.name for m in event.outstanding]}
    return Fact(event.application_id, event.case_no, event.supplied_at, {}, event.supplied_by, detail)


def _checked(event: intake.CommitmentChecked) -> Fact:
    detail = {"material": event.name, "outcome": event.outcome.value}
    if event.barred_until is not None:
        detail["barred_until"] = str(event.barred_until)
    return Fact(event.application_id, event.case_no, event.checked_at, {}, event.checked_by, detail)


def _claimed(event: intake_seldom.ApplicationClaimed) -> Fact:
    window = event.window
    detail = {"window": window.name, "opens_on": str(window.opens_on), "closes_on": str(window.closes.on)}
    return Fact(event.application_id, event.case_no, event.claimed_at, {}, event.claimed_by, detail)


def _originals_returned(event: intake_seldom.OriginalsReturned) -> Fact:
    detail = {"materials": list(event.materials)}
    return Fact(event.application_id, event.case_no, event.returned_at, {}, event.returned_by, detail)


def _dates_moved(event: intake.DatesMoved) -> Fact:
    columns = {}
    for moved in event.dates:
        if moved.clock in {intake.ClockName.LEGAL, intake.ClockName.PROMISED}:
            columns[f"told_{moved.clock.value.lower()}_due_on"] = moved.now.on
    detail = {"cause": event.cause, "dates": [moved.model_dump(mode="json") for moved in event.dates]}
    return Fact(event.application_id, event.case_no, event.moved_at, columns, None, detail)


def _renewal_deemed(event: intake.RenewalDeemed) -> Fact:
    columns = {"decided_at": event.renewed_at, "outcome": "GRANTED"}
    detail = {"outcome": "GRANTED", "deemed": True, "certificate": event.renews.certificate_identifier}
    if event.item.certificate_type_code:
        detail["certificate_due"] = True
    return Fact(event.application_id, event.case_no, event.deemed_at, columns, event.deemed_by, detail)


INTAKE_FACTS: dict[type[Event], Callable[[Any], Fact | None]] = {
    intake.ApplicationCorrected: _corrected,
    intake.ApplicationReturned: _returned,
    intake.DeferredMaterialSupplied: _deferred_supplied,
    intake.CommitmentChecked: _checked,
    intake.DatesMoved: _dates_moved,
    intake_seldom.ApplicationClaimed: _claimed,
    intake_seldom.OriginalsReturned: _originals_returned,
    intake.RenewalDeemed: _renewal_deemed,
}
