"""Acts on a bundle application under way: receipt, acceptance, results of steps, extension, hand-over, withdrawal."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from services.chassis.database import Answer
from services.intake import repository
from services.intake.bundles.commands import Seen, answered, handed_in, seen_by, unchanged
from services.intake.bundles.facts import HandedOut
from services.intake.bundles.opening import (
    Work,
    accept_member,
    applications_of,
    copied,
    feeding,
    finish,
    provided_for,
    receive_member,
    settle,
)
from services.intake.bundles.schemas import BundleExtensionIn, BundleReceiptIn, ResultIn
from services.intake.commands import accept as accepting
from services.intake.commands import hand_over as handing
from services.intake.commands import withdraw as withdrawing
from services.intake.commands.acting import stepped
from services.intake.domain import application as application_rules
from services.intake.domain import bundle_case as rules
from services.intake.domain.application import Application
from services.intake.domain.bundle_acceptance import accept as accept_all
from services.intake.domain.bundle_case import BundleAct, BundleCase, MemberRun
from services.intake.domain.bundle_errors import BundleMaterialsMissing, UnknownMember
from services.intake.domain.bundle_materials import for_member
from services.intake.domain.bundle_plan import MemberState
from services.intake.domain.joint_clock import joint_clock
from services.intake.domain.materials import Provided, merge, missing
from services.intake.domain.states import ALLOWED, Act, State
from services.intake.office import NUMBER_CONTEXT, Call, Office
from services.intake.schemas import HandOverIn, WithdrawalIn
from services.intake.scope import CLERKS
from services.kernel.codes import mask_citizen_id, require_citizen_id
from services.kernel.errors import FieldError
from services.kernel.light_rules import Basis
from services.kernel.time_limit import china_date


async def receive(office: Office, bundle_no: str, body: BundleReceiptIn, call: Call) -> Answer:
    """Receipt of everything at once: each member that has started gets its case number.

    Raises UnknownBundleApplication, StaleVersion, BundleChanged, WrongBundleState, Invalid, NumbersExhausted.
    """
    async with office.db.transaction(call.idempotency) as uow:
        seen = await seen_by(office, uow, bundle_no, call, BundleAct.RECEIVE)
        work, after = seen.work, rules.receive(seen.case, by=call.by, now=call.now)
        given = await handed_in(work, after, body.materials, call)
        await give(work, after, given)
        after = replace(after, materials=merge(after.materials, given))
        for application in (await applications_of(work, after)).values():
            if application.state is State.SUBMITTED:
                await receive_member(work, application, call.by)
        case = await finish(work, seen.case, await settle(work, after), call.by)
        return await answered(work, case, 201)


async def give(work: Work, case: BundleCase, given: Sequence[Provided]) -> list[str]:
    """What was given once goes to every member that is still with the window; keys of files nobody needs any more."""
    applications = await applications_of(work, case)
    changed: list[tuple[application_rules.Application, int]] = []
    dropped: list[str] = []
    for run in case.members:
        application = applications.get(run.application_id) if run.application_id else None
        if application is None or application.state not in ALLOWED[Act.PROVIDE]:
            continue
        member = work.running.definition.member(run.member_id)
        own = for_member(member, work.item(run.member_id).item, work.running.shared, given)
        if own:
            own = await copied(work.office, application.application_id, own)
            after = stepped(application, application_rules.provide(application, own), events=0)
            dropped += application_rules.dropped_files(application, after)
            changed.append((after, application.version))
    await repository.save_locked(work.uow.connection, changed)
    return dropped


async def accept(office: Office, bundle_no: str, call: Call) -> Answer:
    """Acceptance of all members together, those that start later included: nothing is asked for twice.

    Raises UnknownBundleApplication, StaleVersion, BundleChanged, WrongBundleState, AlreadyAccepted,
    BundleMaterialsMissing.
    """
    async with office.db.transaction(call.idempotency) as uow:
        seen = await seen_by(office, uow, bundle_no, call, BundleAct.ACCEPT)
        work = seen.work
        after = accept_all(seen.case, by=call.by, now=call.now, calendar=office.calendar)
        await _check_complete(work, after)
        for run in after.members:
            if run.state is MemberState.RUNNING and run.application_id is not None:
                await accept_member(work, run.application_id, call.by, as_of=after.accepted_at)
        case = await finish(work, seen.case, await settle(work, after), call.by)
        return await answered(work, case, 201)


async def _check_complete(work: Work, case: BundleCase) -> None:
    """Raises BundleMaterialsMissing with every material of the common list that a member of this stage lacks."""
    lacking = await lacking_of(work, case)
    if lacking:
        errors = [FieldError(f"#/materials/{no}", "material.missing", f"缺少：{lacking[no]}") for no in sorted(lacking)]
        raise BundleMaterialsMissing("必要材料不齐，请一次性告知补正", errors=errors)


async def lacking_of(work: Work, case: BundleCase) -> dict[int, str]:
    """Names by number of the common list: what members of this stage lack and nobody of the bundle will bring.

    What was handed in and no longer counts is lacking too, as in each member's own acceptance: it would stay behind
    with nobody to ask for it.
    """
    applications = await applications_of(work, case)
    fed = feeding(work, case)
    lacking: dict[int, str] = {}
    for member_id in await still_asked(work, case):
        application = _application(case, member_id, applications)
        provided = application.materials if application else await provided_for(work, case, member_id)
        for material in missing(work.item(member_id).item, await counting_today(work, case, provided)):
            if fed.get(material.own_type or "", member_id) == member_id:
                number = _shared_no(work, member_id, material.material_no)
                lacking[number] = material.name
    return lacking


async def counting_today(work: Work, case: BundleCase, provided: Sequence[Provided]) -> tuple[Provided, ...]:
    keys = [case.applicant.subject_key]
    return await accepting.counting_of(work.uow.connection, provided, keys, china_date(work.now))


async def still_asked(work: Work, case: BundleCase) -> list[str]:
    """Members of this stage whose materials the window looks at: received and not answered, or waiting to start."""
    applications = await applications_of(work, case)
    found = []
    for run in case.members:
        member = work.running.definition.member(run.member_id)
        open_now = run.state in {MemberState.WAITING, MemberState.RUNNING} and member.stage_no == case.stage_no
        application = _application(case, run.member_id, applications)
        answered = application is not None and application.state is not State.RECEIVED
        if run.member_id in work.running.items and open_now and not answered:
            found.append(run.member_id)
    return found


def _application(case: BundleCase, member_id: str, known: Mapping[UUID, Application]) -> Application | None:
    application_id = case.run_of(member_id).application_id
    return known.get(application_id) if application_id else None


def _shared_no(work: Work, member_id: str, material_no: int) -> int:
    return next(s.shared_no for s in work.running.shared if (member_id, material_no) in s.places)


async def record_result(office: Office, bundle_no: str, member_id: str, body: ResultIn, call: Call) -> Answer:
    """The named department completes its step, or records the number its item has yielded.

    Raises UnknownBundleApplication, StaleVersion, BundleChanged, UnknownMember, WrongBundleState, WrongMemberState,
    Invalid.
    """
    async with office.db.transaction(call.idempotency) as uow:
        seen = await seen_by(office, uow, bundle_no, call, BundleAct.RECORD_RESULT, check=False)
        rules.require(seen.case, BundleAct.RECORD_RESULT)
        _check_department(seen, member_id, call)
        sealed = masked = None
        if body.number is not None:
            number = require_citizen_id(body.number, "#/number")
            sealed, masked = office.sealer.seal(number, NUMBER_CONTEXT), mask_citizen_id(number)
        result = rules.StepResult(
            outcome=body.outcome,
            recorded_at=call.now,
            recorded_by=call.by,
            reason=body.reason or "",
            document_no=body.document_no or "",
            sealed_number=sealed,
            masked_number=masked,
        )
        after = rules.record_result(seen.case, seen.work.running.definition, member_id, result)
        await unchanged(seen.work.uow, seen.case, call)
        case = await finish(seen.work, seen.case, await settle(seen.work, after), call.by)
        return await answered(seen.work, case, 201)


def _check_department(seen: Seen, member_id: str, call: Call) -> None:
    """Raises UnknownMember: another department's member. A step of nobody's is completed by the counter."""
    department = seen.case.run_of(member_id).department_uscc
    mine = department == call.principal.organisation if department else call.principal.has(*CLERKS)
    if not mine:
        raise UnknownMember()


async def extend(office: Office, bundle_no: str, body: BundleExtensionIn, call: Call) -> Answer:
    """The responsible person of the government approves more time, once, before the legal limit is over.

    Raises UnknownBundleApplication, StaleVersion, BundleChanged, WrongBundleState, AlreadyExtended, BundleLimitOver,
    Invalid.
    """
    async with office.db.transaction(call.idempotency) as uow:
        seen = await seen_by(office, uow, bundle_no, call, BundleAct.EXTEND, check=False)
        extension = rules.BundleExtension(
            value=body.workdays,
            reason=body.reason,
            approved_by=call.by.name,
            approval_no=body.approval_no,
            extended_at=call.now,
            extended_by=call.by,
        )
        definition = seen.work.running.definition
        clock = joint_clock(seen.case, definition, Basis.LEGAL, office.calendar, now=call.now)
        due = clock.why.due if clock is not None else None
        after = rules.extend(seen.case, definition.extension, extension, due=due)
        await unchanged(seen.work.uow, seen.case, call)
        case = await finish(seen.work, seen.case, after, call.by)
        return await answered(seen.work, case, 201)


async def hand_over(office: Office, bundle_no: str, body: HandOverIn, call: Call) -> Answer:
    """Everything decided is handed out together, at the first counter.

    Raises UnknownBundleApplication, StaleVersion, BundleChanged, WrongBundleState, ResultNotReady, Invalid.
    """
    async with office.db.transaction(call.idempotency) as uow:
        seen = await seen_by(office, uow, bundle_no, call, BundleAct.HAND_OVER)
        work, case = seen.work, await settle(seen.work, seen.case)
        after = rules.hand_over(case, now=call.now)
        handed: list[MemberRun] = []
        applications = await applications_of(work, case)
        for run in case.members:
            application = applications.get(run.application_id) if run.application_id else None
            if application is not None and application.state is State.DECIDED and application.case_no:
                inner = replace(call, seen=application.version)
                await handing.hand_over(work.office, application.case_no, body, inner, together=True)
                handed.append(run)
        out = HandedOut(body.method, body.recipient_name, handed)
        saved = await finish(work, seen.case, after, call.by, handed=out)
        return await answered(work, saved, 201)


async def withdraw(office: Office, bundle_no: str, body: WithdrawalIn, call: Call) -> Answer:
    """Everything that is not decided yet is taken back; what was granted stands.

    Raises UnknownBundleApplication, StaleVersion, BundleChanged, WrongBundleState.
    """
    async with office.db.transaction(call.idempotency) as uow:
        seen = await seen_by(office, uow, bundle_no, call, BundleAct.WITHDRAW)
        work, case = seen.work, await settle(seen.work, seen.case)
        after = rules.withdraw(case, reason=body.reason, now=call.now)
        for application in (await applications_of(work, case)).values():
            if application.state in ALLOWED[Act.WITHDRAW]:
                inner = replace(call, seen=application.version)
                await withdrawing.withdraw(work.office, application.application_id, body, inner)
        case = await finish(work, seen.case, after, call.by)
        return await answered(work, case, 201)
