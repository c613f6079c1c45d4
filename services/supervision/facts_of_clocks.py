"""What events say that only the clocks need: other limits, promised days, and the bundle a case is part of."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from contracts.events import bundles, intake
from contracts.events.common import Event, ItemRef
from services.supervision.domain.clock_set import INSPECTIONS
from services.supervision.told import Fact

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
    if event.renews is not None:
        detail["renews"] = {
            "valid_until": event.renews.valid_until.isoformat(),
            "silence_renews": event.renews.silence_renews,
        }
    return (detail | _of_item(event.item)) or None


def _of_item(item: ItemRef) -> dict[str, Any]:
    detail: dict[str, Any] = {}
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


def _bundle_accepted(event: bundles.BundleAccepted) -> Fact:
    detail = {"legal": event.legal_limit.model_dump(mode="json"), "bundle_no": event.bundle_no}
    return Fact(event.bundle_application_id, None, event.accepted_at, {}, event.accepted_by, detail)


def _bundle_extended(event: bundles.BundleExtended) -> Fact:
    detail = {"value": event.value, "unit": event.unit.value, "reason": event.reason}
    return Fact(event.bundle_application_id, None, event.extended_at, {}, event.extended_by, detail)


def _bundle_decided(event: bundles.BundleDecided) -> Fact:
    return Fact(event.bundle_application_id, None, event.decided_at)


def _bundle_withdrawn(event: bundles.BundleWithdrawn) -> Fact:
    return Fact(event.bundle_application_id, None, event.withdrawn_at, {}, event.withdrawn_by)


# A bundle has lines of its own under its own id; its row has no case number and is shown to nobody.
BUNDLE_FACTS: dict[type[Event], Callable[[Any], Fact | None]] = {
    bundles.BundleMemberStarted: _member_started,
    bundles.BundleMemberEnded: _member_ended,
    bundles.BundleAccepted: _bundle_accepted,
    bundles.BundleExtended: _bundle_extended,
    bundles.BundleDecided: _bundle_decided,
    bundles.BundleWithdrawn: _bundle_withdrawn,
}
