"""One supplement notice for a whole bundle: every fault of every member in one act, supplied once for all. Pure.

Source: Administrative Licensing Law art. 32(4) (once, all items); domain.md 1.4 (一次告知).
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime

from services.intake.domain.bundle_acceptance import require_unsilenced
from services.intake.domain.bundle_case import BundleAct, BundleCase, BundleState, require
from services.intake.domain.bundle_plan import MemberState
from services.intake.domain.errors import AlreadyNotified, Invalid, NotYetDue, SuppliedTooLate
from services.intake.domain.materials import Provided
from services.intake.domain.records import BundleSupplement, MaterialFault, Staff
from services.intake.domain.second_notice import NOTICES, lay_there, require_unseen
from services.intake.domain.supplement import deadline_faults, derived, lapses_at
from services.kernel.errors import FieldError
from services.kernel.time_limit import china_date
from services.kernel.workdays import WorkCalendar


def request(
    case: BundleCase,
    faults: Sequence[MaterialFault],
    members: Sequence[str],
    *,
    lacking: dict[int, str],
    supply_by: date,
    by: Staff,
    now: datetime,
    reason: str | None,
    workdays: int | None = None,
    calendar: WorkCalendar,
    counting: Sequence[Provided] | None = None,
) -> BundleCase:
    """Raises WrongBundleState, AlreadyAccepted, AlreadyNotified;
    Invalid: a lacking material that is left out, a day that cannot be;
    FaultCouldBeSeen: a second notice, within the stage, of what lay there unchanged at the first.

    Args:
        members: those with a fault.
        lacking: names of the materials without which members of this stage cannot be accepted, by number.
        workdays, calendar: as of an application's own notice.
        counting: the materials that count today; without it, all.
    """
    require(case, BundleAct.REQUEST_SUPPLEMENT)
    require_unsilenced(case, calendar, now)
    earlier = case.supplement if case.supplement and case.supplement.stage_no == case.stage_no else None
    if earlier is not None and (earlier.ordinal >= NOTICES or not (reason or "").strip()):
        raise AlreadyNotified("本阶段已作出过补正告知；除首次告知时无法发现的问题并说明理由外，不得再次要求补正")
    errors = [*_left_out(faults, lacking), *deadline_faults(supply_by, china_date(now))]
    if errors or not faults:
        raise Invalid(errors=errors or [FieldError("#/faults", "supplement.empty", "至少列明一项需要补正的材料")])
    notice = BundleSupplement(tuple(faults), tuple(members), supply_by, now, by, case.stage_no, workdays=workdays)
    notice = derived(notice, calendar)
    if earlier is not None:
        _require_unseen(case, faults, earlier, case.materials if counting is None else counting)
        notice = replace(notice, ordinal=earlier.ordinal + 1, reason=(reason or "").strip())
    return replace(case, state=BundleState.CORRECTION, supplement=notice)


def _left_out(faults: Sequence[MaterialFault], lacking: dict[int, str]) -> Iterator[FieldError]:
    asked = {fault.material_no for fault in faults}
    for number, name in sorted(lacking.items()):
        if number not in asked:
            message = f"缺少的必要材料“{name}”未列入，补正告知只能作出一次"
            yield FieldError("#/faults", "supplement.incomplete", message)


def _require_unseen(
    case: BundleCase, faults: Sequence[MaterialFault], earlier: BundleSupplement, counting: Sequence[Provided]
) -> None:
    told_at, materials = earlier.requested_at, case.materials
    seen = lay_there(faults, earlier.faults, told_at=told_at, materials=materials, counting=counting)
    require_unseen(faults, seen, told_at=told_at, materials=materials)


def outstanding(case: BundleCase) -> tuple[MaterialFault, ...]:
    """Faults whose material has not come in since the notice."""
    notice = case.supplement
    if notice is None or notice.supplied_at is not None:
        return ()
    renewed = {given.material_no for given in case.materials if given.provided_at > notice.requested_at}
    return tuple(fault for fault in notice.faults if fault.material_no not in renewed)


def supply(case: BundleCase, *, now: datetime) -> BundleCase:
    """With everything supplied the bundle is received again, and must be accepted. Raises WrongBundleState."""
    require(case, BundleAct.SUPPLY)
    notice = case.supplement
    assert notice is not None  # the state is entered only by a notice
    until = lapses_at(notice)
    if until is not None and now >= until:
        raise SuppliedTooLate(f"补正期限至 {notice.supply_by}，已经届满")
    if outstanding(case):
        return case
    return replace(case, state=BundleState.RECEIVED, supplement=replace(notice, supplied_at=now))


def settle_day(case: BundleCase, calendar: WorkCalendar) -> BundleCase:
    """The case with its provisional last day as this calendar has it; nothing changes where it is final."""
    notice = case.supplement
    if case.state is not BundleState.CORRECTION or notice is None or not notice.provisional:
        return case
    return replace(case, supplement=derived(notice, calendar))


def lapse(case: BundleCase, *, now: datetime) -> BundleCase:
    """Not supplied in time: members with a fault go back, the others go on (a failed member drowns nobody).

    Started members are returned by their own clock; those that still wait with a fault never start. It counts from the
    end of the last day, whenever that is found.
    """
    require(case, BundleAct.LAPSE)
    notice = case.supplement
    assert notice is not None  # the state is entered only by a notice
    until = lapses_at(notice)
    if until is None or now < until:
        raise NotYetDue("补正期限尚未届满")
    for run in case.members:
        if run.state is MemberState.WAITING and run.member_id in notice.members:
            case = case.with_run(replace(run, state=MemberState.CANCELLED, ended_at=now))
    return replace(case, state=BundleState.ACCEPTED, accepted_at=until, accepted_by=case.received_by)
