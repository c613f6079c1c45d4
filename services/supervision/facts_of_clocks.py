"""What events say that only the clocks need: other limits, promised days, and the bundle a case is part of."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from contracts.events import bundles, intake
from contracts.events.common import Event, ItemRef, OrganisationRef
from services.supervision.domain.clock_set import INSPECTIONS
from services.supervision.domain.clocks import BY_ANALOGY
from services.supervision.told import Fact

_LICENCE = "行政许可"
FIRST_LEVEL_WORKDAYS = 20  # art. 43, where the item names no limit of its own


def acceptance_detail(event: intake.ApplicationAccepted) -> dict[str, Any] | None:
    """Material names and days; never anything of a person."""
    detail: dict[str, Any] = {"deemed": True, "lacking": list(event.lacking)} if event.deemed else {}
    if event.deferred:
        detail["deferred"] = [{"name": d.name, "promised_on": d.promised_on.isoformat()} for d in event.deferred]
    checked = [c for c in event.commitments if c.check_by is not None]
    if checked:
        detail["commitments"] = [{"name": c.name, "check_by": str(c.check_by)} for c in checked]
    if event.claim_window is not None:
        window = event.claim_window
        detail["claim_window"] = {
            "name": window.name,
            "waiting": window.waiting,
            "opens_on": str(window.opens_on),
            "closes_on": str(window.closes.on),
            "provisional": window.closes.provisional,
            "basis": window.basis,
        }
        if window.waiting_limit is not None and window.claim_limit is not None:
            limits = {"waiting_limit": window.waiting_limit, "claim_limit": window.claim_limit}
            detail["claim_window"] |= {name: limit.model_dump(mode="json") for name, limit in limits.items()}
    if event.renews is not None:
        detail["renews"] = {
            "valid_until": event.renews.valid_until.isoformat(),
            "silence_renews": event.renews.silence_renews,
        }
    return (detail | _of_item(event.item)) or None


def matter_detail(item: ItemRef) -> dict[str, Any]:
    """The Licensing Law speaks of licences: other matters follow its general limits by analogy."""
    return {} if item.type_name == _LICENCE else {BY_ANALOGY: True}


def _of_item(item: ItemRef) -> dict[str, Any]:
    detail: dict[str, Any] = dict(matter_detail(item))
    if len(item.levels) >= 2:
        first = min(item.levels, key=lambda level: level.no)
        own = {"value": first.limit, "unit": first.unit.value}
        detail["first_level"] = own if first.limit is not None else {"value": FIRST_LEVEL_WORKDAYS, "unit": "WORKDAY"}
    if any(procedure.kind in INSPECTIONS for procedure in item.special_procedures):
        detail["inspection"] = True
    return detail


def _member_started(event: bundles.BundleMemberStarted) -> Fact:
    """A line of the member's own case; a step of a department is no case, its line is the bundle's."""
    if event.member.application_id is None:
        return _step(event, event.started_at)
    detail = {"bundle": str(event.bundle_application_id), "bundle_no": event.bundle_no, "member": event.member.name}
    return Fact(event.member.application_id, None, event.started_at, {}, None, detail)


def _member_ended(event: bundles.BundleMemberEnded) -> Fact | None:
    """How an item ended its own case tells."""
    return _step(event, event.ended_at) if event.member.application_id is None else None


def _step(event: bundles.BundleMemberStarted | bundles.BundleMemberEnded, at: datetime) -> Fact:
    return Fact(event.bundle_application_id, None, at, {}, None, {"step": event.member.member_id})


def _bundle_submitted(event: bundles.BundleSubmitted) -> Fact:
    """The row of a bundle carries its number and its lead department: the joint clock burns on that one."""
    columns = _lead(event.lead) | {
        "item_name": event.name,
        "division": event.division,
        "channel": event.channel.value,
        "submitted_at": event.submitted_at,
    }
    return Fact(event.bundle_application_id, event.bundle_no, event.submitted_at, columns, event.submitted_by)


def _stage_handed_in(event: bundles.BundleStageHandedIn) -> Fact:
    """Each stage has a lead of its own."""
    return Fact(event.bundle_application_id, None, event.handed_in_at, _lead(event.lead), event.handed_in_by)


def _lead(lead: OrganisationRef) -> dict[str, Any]:
    return {"department_uscc": lead.uscc, "department_name": lead.name}


_JOINT = (bundles.BundleClockName.JOINT, bundles.BundleClockName.JOINT_PROMISED)


def _told(event: bundles.BundleAccepted | bundles.BundleExtended) -> dict[str, Any]:
    """The dates of the joint limits this event tells, and the instant they were counted at."""
    dues = {"JOINT": event.legal_due, "JOINT_PROMISED": event.promised_due}
    told = {name: due.model_dump(mode="json") for name, due in dues.items() if due is not None}
    return {"told": told, "as_of": event.as_of.isoformat()} if told and event.as_of is not None else {}


def _bundle_accepted(event: bundles.BundleAccepted) -> Fact:
    detail = {"legal": event.legal_limit.model_dump(mode="json"), "bundle_no": event.bundle_no} | _told(event)
    detail["promised"] = event.promised_limit.model_dump(mode="json")
    return Fact(event.bundle_application_id, None, event.accepted_at, {}, event.accepted_by, detail)


def _bundle_extended(event: bundles.BundleExtended) -> Fact:
    detail = {"value": event.value, "unit": event.unit.value, "reason": event.reason} | _told(event)
    return Fact(event.bundle_application_id, None, event.extended_at, {}, event.extended_by, detail)


def _bundle_moved(event: bundles.BundleDatesMoved) -> Fact:
    """The joint dates as a loaded year has them; the day to supply by is the applicant's own and burns nobody."""
    told = {one.clock.value: one.now.model_dump(mode="json") for one in event.dates if one.clock in _JOINT}
    detail = {"cause": event.cause, "told": told, "as_of": event.moved_at.isoformat()}
    return Fact(event.bundle_application_id, None, event.moved_at, {}, None, detail)


def _bundle_decided(event: bundles.BundleDecided) -> Fact:
    return Fact(event.bundle_application_id, None, event.decided_at)


def _bundle_withdrawn(event: bundles.BundleWithdrawn) -> Fact:
    return Fact(event.bundle_application_id, None, event.withdrawn_at, {}, event.withdrawn_by)


# A bundle has lines of its own under its own id; its row is no case: it carries the joint lights alone.
BUNDLE_FACTS: dict[type[Event], Callable[[Any], Fact | None]] = {
    bundles.BundleSubmitted: _bundle_submitted,
    bundles.BundleStageHandedIn: _stage_handed_in,
    bundles.BundleMemberStarted: _member_started,
    bundles.BundleMemberEnded: _member_ended,
    bundles.BundleAccepted: _bundle_accepted,
    bundles.BundleExtended: _bundle_extended,
    bundles.BundleDatesMoved: _bundle_moved,
    bundles.BundleDecided: _bundle_decided,
    bundles.BundleWithdrawn: _bundle_withdrawn,
}
