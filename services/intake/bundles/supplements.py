"""One supplement notice for the whole bundle, and what is supplied once for all members."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from services.chassis.database import Answer
from services.intake.bundles.acts import counting_today, give, lacking_of, still_asked
from services.intake.bundles.commands import answered, handed_in, seen_by
from services.intake.bundles.opening import Work, applications_of, finish, settle
from services.intake.bundles.schemas import BundleReceiptIn
from services.intake.commands import supplement as supplementing
from services.intake.domain import bundle_supplement as rules
from services.intake.domain.application import MaterialFault
from services.intake.domain.bundle_case import BundleAct, BundleCase, require
from services.intake.domain.errors import Invalid
from services.intake.domain.materials import merge
from services.intake.domain.states import State
from services.intake.domain.supplement import NOT_DEMANDED, NOT_NEEDED
from services.intake.office import Call, Office
from services.intake.schemas import FaultIn, SupplementNoticeIn, SupplementsIn
from services.kernel.errors import FieldError

_UNLISTED = {
    False: "公布的材料目录中没有此项，不得要求",
    True: "正在收件的事项不需要此项材料，不得要求（行政许可法第31条）",
}


async def request_supplement(office: Office, bundle_no: str, body: SupplementNoticeIn, call: Call) -> Answer:
    """Every fault of every member in one act; each member that has started gets its part as its own notice.

    Raises UnknownBundleApplication, StaleVersion, BundleChanged, WrongBundleState, AlreadyAccepted, AlreadyNotified,
    FaultCouldBeSeen, Invalid.
    """
    async with office.db.transaction(call.idempotency) as uow:
        seen = await seen_by(office, uow, bundle_no, call, BundleAct.REQUEST_SUPPLEMENT)
        work, case = seen.work, seen.case
        require(case, BundleAct.REQUEST_SUPPLEMENT)
        asked = await still_asked(work, case)
        faults = _named(work, case, body.faults, asked)
        supply_by = body.supply_by or office.workdays_after(call.now, office.settings.supply_workdays).on
        after = rules.request(
            case,
            faults,
            _concerned(work, body.faults, asked),
            lacking=await lacking_of(work, case),
            supply_by=supply_by,
            workdays=office.settings.supply_workdays if body.supply_by is None else None,
            calendar=office.calendar,
            by=call.by,
            now=call.now,
            reason=body.reason,
            counting=await counting_today(work, case, case.materials),
        )
        await _tell_members(work, case, faults, body, call)
        saved = await finish(work, case, await settle(work, after), call.by)
        return await answered(work, saved, 201)


def _named(work: Work, case: BundleCase, faults: Sequence[FaultIn], asked: Sequence[str]) -> list[MaterialFault]:
    """Raises Invalid: not in the common list, of no member that is before the window now, or not handed in and not
    necessary for any of them (art. 31)."""
    names = {shared.shared_no: shared.material.name for shared in work.running.shared}
    wanted = {shared.shared_no for shared in work.running.shared if any(one in asked for one, _ in shared.places)}
    errors = [
        FieldError(f"#/faults/{index}/material_no", "supplement.unlisted", _UNLISTED[fault.material_no in names])
        for index, fault in enumerate(faults)
        if fault.material_no not in wanted
    ]
    errors += [] if errors else _not_demanded(work, case, faults, asked)
    if errors:
        raise Invalid(errors=errors)
    return [
        MaterialFault(f.material_no, names[f.material_no], f.fault, f.remedy, f.shown_by, names.get(f.shown_by or 0))
        for f in faults
    ]


def _not_demanded(
    work: Work, case: BundleCase, faults: Sequence[FaultIn], asked: Sequence[str]
) -> Iterator[FieldError]:
    given = {material.material_no for material in case.materials}
    needs = {shared.shared_no: shared for shared in work.running.shared}
    for index, fault in enumerate(faults):
        if fault.material_no not in given and needs[fault.material_no].need_of(set(asked)) in NOT_DEMANDED:
            yield FieldError(f"#/faults/{index}/material_no", "supplement.not-needed", NOT_NEEDED)


def _concerned(work: Work, faults: Sequence[FaultIn], asked: Sequence[str]) -> list[str]:
    named = {fault.material_no for fault in faults}
    places = {member for shared in work.running.shared if shared.shared_no in named for member, _ in shared.places}
    return [member_id for member_id in asked if member_id in places]


async def _tell_members(
    work: Work, case: BundleCase, faults: Sequence[MaterialFault], body: SupplementNoticeIn, call: Call
) -> None:
    applications = await applications_of(work, case)
    for run in case.members:
        application = applications.get(run.application_id) if run.application_id else None
        own = _own(work, run.member_id, faults)
        if application is not None and application.state is State.RECEIVED and own:
            inner = replace(call, seen=application.version)
            await supplementing.request_supplement(work.office, application.application_id, body, inner, judged=own)


def _own(work: Work, member_id: str, faults: Sequence[MaterialFault]) -> list[MaterialFault]:
    """The faults as they stand in the member's own list; what shows one may stand in another member's alone."""
    places = {shared.shared_no: shared.numbers_for(member_id) for shared in work.running.shared}
    item = work.running.items.get(member_id)
    return [
        replace(fault, material_no=number, name=material.name, shown_by=shown)
        for fault in faults
        for shown in [next(iter(places.get(fault.shown_by or 0, ())), None)]
        for number in places[fault.material_no]
        if item is not None and (material := item.item.material(number)) is not None
    ]


async def supply(office: Office, bundle_no: str, body: BundleReceiptIn, call: Call) -> Answer:
    """What was uploaded since the notice counts, and what is named here; given once for all members.

    Raises UnknownBundleApplication, StaleVersion, BundleChanged, WrongBundleState, SuppliedTooLate, Invalid.
    """
    async with office.db.transaction(call.idempotency) as uow:
        seen = await seen_by(office, uow, bundle_no, call, BundleAct.SUPPLY)
        work, case = seen.work, seen.case
        require(case, BundleAct.SUPPLY)
        given = await handed_in(work, case, body.materials, call)
        await give(work, case, given)
        case = rules.supply(replace(case, materials=merge(case.materials, given)), now=call.now)
        for application in (await applications_of(work, case)).values():
            if application.state is State.CORRECTION:
                inner = replace(call, seen=application.version)
                await supplementing.supply(work.office, application.application_id, SupplementsIn(), inner)
        saved = await finish(work, seen.case, await settle(work, case), call.by)
        return await answered(work, saved, 201)
