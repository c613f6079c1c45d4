"""Supplement: the notice with every fault, a second one only for what could not be seen, supply, and return."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TypeVar

from services.intake.domain.application import Application, require, require_unsilenced
from services.intake.domain.catalogue import Need, ServiceItem
from services.intake.domain.errors import AlreadyNotified, Invalid, NotYetDue, SuppliedTooLate
from services.intake.domain.materials import Provided, merge, missing
from services.intake.domain.records import (
    SYSTEM,
    BundleSupplement,
    MaterialFault,
    Return,
    ReturnKind,
    Staff,
    SupplementNotice,
)
from services.intake.domain.second_notice import NOTICES, lay_there, require_unseen
from services.intake.domain.states import Act, State
from services.kernel.errors import FieldError
from services.kernel.time_limit import Clock, DueDate, StartRule, TimeLimit, Unit, due_date, end_of
from services.kernel.workdays import WorkCalendar

LATEST_SUPPLY = timedelta(days=366)  # a later day is a slip of the pen, and 9999 has no next day
NOT_DEMANDED = frozenset({Need.OPTIONAL, Need.LATER})
NOT_NEEDED = "该材料不是必要材料（或者在办理过程中才产生，或者可以其他材料代替），申请人没有提交的，不得要求"
Notice = TypeVar("Notice", SupplementNotice, BundleSupplement)


def request_supplement(
    application: Application,
    item: ServiceItem,
    faults: Sequence[MaterialFault],
    *,
    supply_by: date,
    today: date,
    by: Staff,
    now: datetime,
    reason: str | None = None,
    workdays: int | None = None,
    calendar: WorkCalendar | None = None,
    counting: Sequence[Provided] | None = None,
    judged: bool = False,
) -> Application:
    """The one-time notice (补正告知): all faults at once, only once, within the published list of materials.

    Every required material that is missing must be in it: what is left out now can never be asked for again. A second
    notice needs a `reason`: what could not be seen the first time (see `second_notice`). Supervision hears of it.

    Args:
        workdays, calendar: see `derived`.
        counting: the materials that count today; without it, all.
        judged: the bundle has found for all its members that the faults could not be seen.

    Source: Administrative Licensing Law art. 32(4) (once, all items); art. 31 (no unrelated materials).
    """
    earlier = application.supplement
    if earlier is not None and (earlier.ordinal >= NOTICES or not (reason or "").strip()):
        raise AlreadyNotified("本申请已作出过补正告知；除首次告知时无法发现的问题并说明理由外，不得再次要求补正")
    counting, version = application.materials if counting is None else counting, application.item_version
    require(application, Act.REQUEST_SUPPLEMENT)
    require_unsilenced(application, now)
    errors = [*_fault_errors(item, faults), *_left_out(item, faults, counting), *deadline_faults(supply_by, today)]
    errors += [] if judged else _not_demanded(item, faults, application.materials, counting)
    if errors:
        raise Invalid(errors=errors)
    notice = SupplementNotice(tuple(faults), supply_by, now, by, workdays=workdays, item_version=version)
    asked = replace(application, state=State.CORRECTION, supplement=derived(notice, calendar) if calendar else notice)
    return asked if earlier is None else _again(asked, earlier, (reason or "").strip(), counting, judged=judged)


def _again(
    asked: Application, earlier: SupplementNotice, reason: str, counting: Sequence[Provided], *, judged: bool
) -> Application:
    notice = asked.supplement
    assert notice is not None  # just given
    seen = _seen(asked, earlier, notice.faults, counting)
    if not judged:
        require_unseen(notice.faults, seen, told_at=earlier.requested_at, materials=asked.materials)
    again = replace(notice, ordinal=earlier.ordinal + 1, reason=reason, seen_before=seen)
    return replace(asked, supplement=again, earlier_supplements=(*asked.earlier_supplements, earlier))


def deadline_faults(supply_by: date, today: date) -> Iterator[FieldError]:
    if not today < supply_by <= today + LATEST_SUPPLY:
        yield FieldError("#/supply_by", "supplement.deadline", "补正期限应晚于今日，且不超过一年")


def derived(notice: Notice, calendar: WorkCalendar) -> Notice:
    """The notice with its last day as this calendar has it: a rest day moves on (Civil Code art. 203).

    A day that was counted (`workdays`) is counted again; one the window named is only looked up.
    """
    if notice.workdays is None:
        on = calendar.earliest_workday(notice.supply_by, 0)
        return replace(notice, supply_by=on, provisional=calendar.is_provisional(on))
    limit = TimeLimit(notice.workdays, Unit.WORKDAY, StartRule.RECEIVED)
    due = due_date(Clock(limit, notice.requested_at), calendar)
    return replace(notice, supply_by=due.on, provisional=due.provisional)


def lapses_at(notice: SupplementNotice | BundleSupplement) -> datetime | None:
    """When the days to supply are over; None while the last one is only provisional: it cuts nobody off."""
    return None if notice.provisional else end_of(notice.supply_by)


def _seen(
    application: Application, earlier: SupplementNotice, faults: Sequence[MaterialFault], counting: Sequence[Provided]
) -> tuple[int, ...]:
    """Faulted materials whose fault could be told before; under another version of the item nothing could."""
    if earlier.item_version not in {None, application.item_version}:
        return ()
    told_at, materials = earlier.requested_at, application.materials
    return lay_there(faults, earlier.faults, told_at=told_at, materials=materials, counting=counting)


def _fault_errors(item: ServiceItem, faults: Sequence[MaterialFault]) -> list[FieldError]:
    errors = []
    if not faults:
        errors.append(FieldError("#/faults", "supplement.empty", "至少列明一项需要补正的材料"))
    numbers = [fault.material_no for fault in faults]
    for index, no in enumerate(numbers):
        if item.material(no) is None:
            message = "公布的材料目录中没有此项，不得要求"
            errors.append(FieldError(f"#/faults/{index}/material_no", "supplement.unlisted", message))
        if no in numbers[:index]:
            errors.append(FieldError(f"#/faults/{index}/material_no", "supplement.twice", "同一材料只列一次"))
    return errors


def _not_demanded(
    item: ServiceItem, faults: Sequence[MaterialFault], provided: Sequence[Provided], counting: Sequence[Provided]
) -> Iterator[FieldError]:
    """What the applicant did not hand in and need not: asked for, his silence would send the application back.

    Only what counts answers a one-of group: in the place of a lapsed certificate another one of the group may be asked.

    Source: Administrative Licensing Law art. 31, art. 32(4) (only what makes the materials complete).
    """
    asked, given = {fault.material_no for fault in faults}, {one.material_no for one in provided}
    group = {material.material_no for material in item.materials if material.need is Need.ONE_OF}
    answering = group & {one.material_no for one in counting} - asked
    for index, fault in enumerate(faults):
        material = item.material(fault.material_no)
        if material is None or fault.material_no in given:
            continue
        answered = material.need is Need.ONE_OF and bool(answering)
        if material.need in NOT_DEMANDED or answered:
            yield FieldError(f"#/faults/{index}/material_no", "supplement.not-needed", NOT_NEEDED)


def _left_out(item: ServiceItem, faults: Sequence[MaterialFault], counting: Sequence[Provided]) -> list[FieldError]:
    """Missing materials the notice forgets. One member of a one-of group stands for the group."""
    asked = {fault.material_no for fault in faults}
    absent = missing(item, counting)
    group = {m.material_no for m in absent if m.need is Need.ONE_OF}
    covered = asked | (group if group & asked else set())
    return [
        FieldError("#/faults", "supplement.incomplete", f"缺少的必要材料“{m.name}”未列入，补正告知只能作出一次")
        for m in absent
        if m.material_no not in covered
    ]


def supply(
    application: Application, materials: Sequence[Provided], *, now: datetime, notice_due: DueDate | None = None
) -> Application:
    """The applicant supplies. When every faulted material has come in anew, the application is received again.

    Args:
        notice_due: the last day on which the window may now answer; its silence is acceptance as before.

    Source: art. 32(5): with everything supplied it must be accepted; the acceptance date is then the day of supply.
    """
    require(application, Act.SUPPLY)
    notice = application.supplement
    assert notice is not None  # CORRECTION is entered only by a notice
    until = lapses_at(notice)
    if until is not None and now >= until:
        raise SuppliedTooLate(f"补正期限至 {notice.supply_by:%Y-%m-%d}，已经届满")
    supplied = replace(application, materials=merge(application.materials, materials))
    if outstanding(supplied):
        return supplied
    told = replace(notice, supplied_at=now)
    due = notice_due or application.notice_due
    return replace(supplied, state=State.RECEIVED, supplement=told, notice_due=due)


def outstanding(application: Application) -> tuple[MaterialFault, ...]:
    """Faults of the notice whose material has not come in since it was given."""
    notice = application.supplement
    if notice is None or notice.supplied_at is not None:
        return ()
    renewed = {p.material_no for p in application.materials if p.provided_at > notice.requested_at}
    return tuple(fault for fault in notice.faults if fault.material_no not in renewed)


def give_up(application: Application, *, reason: str, by: Staff, now: datetime) -> Application:
    """The applicant lets it be (放弃补正): the window returns the application with the reason (退件)."""
    require(application, Act.RETURN)
    if not reason.strip():
        raise Invalid(errors=[FieldError("#/reason", "required", "退件原因不能为空")])
    returned = Return(ReturnKind.GIVEN_UP, reason.strip(), now, by)
    return replace(application, state=State.RETURNED, returned=returned)


def return_unsupplied(application: Application, *, now: datetime) -> Application:
    """Not supplied in time (逾期未补正): returned by the system. Source: domain.md 3.1, CORRECTION."""
    require(application, Act.RETURN)
    notice = application.supplement
    assert notice is not None  # CORRECTION is entered only by a notice
    if lapses_at(notice) is None:
        raise NotYetDue("补正期限所在年度的节假日安排尚未载入，期限为暂定")
    names = "、".join(fault.name for fault in outstanding(application))
    reason = f"补正期限 {notice.supply_by:%Y-%m-%d} 届满，仍未补正：{names}"
    returned = Return(ReturnKind.NOT_SUPPLIED, reason, now, SYSTEM)
    return replace(application, state=State.RETURNED, returned=returned)
