"""Acts on a bundle application. Each is one transaction that holds the acts on its members as well."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from services.chassis.database import Answer, UnitOfWork
from services.chassis.errors import StaleVersion
from services.chassis.ids import uuid7
from services.intake import repository
from services.intake.bundles import facts as bundle_facts
from services.intake.bundles import repository as bundles
from services.intake.bundles.answers import bundle_out
from services.intake.bundles.conditions import holds
from services.intake.bundles.definitions import Running, definitions
from services.intake.bundles.joined import joined
from services.intake.bundles.opening import Work, finish, settle
from services.intake.bundles.schemas import BundleApplicationIn, StageIn
from services.intake.bundles.scope import visible
from services.intake.commands.names import check_names
from services.intake.commands.submit import agent_of, applicant_of, hand_in, promises, whose
from services.intake.domain import bundle_case as rules
from services.intake.domain.application import Applicant
from services.intake.domain.bundle_case import BundleAct, BundleCase, BundleState
from services.intake.domain.bundle_errors import BundleChanged
from services.intake.domain.bundle_materials import as_item
from services.intake.domain.bundle_plan import Part, Planned, plan
from services.intake.domain.errors import Invalid, NotForOthers
from services.intake.domain.handing_in import check_applicant
from services.intake.domain.materials import Provided, merge
from services.intake.office import Call, Office
from services.intake.schemas import Materials
from services.intake.scope import is_citizen_only, own_keys
from services.intake.sequences import next_sequence
from services.kernel.codes import in_division
from services.kernel.errors import FieldError

_SEQUENCE_DIGITS = 4


@dataclass(frozen=True)
class Seen:
    """A bundle application as it was read, and the work on it."""

    work: Work
    case: BundleCase


async def submit(office: Office, body: BundleApplicationIn, call: Call) -> Answer:
    """Raises Invalid, Unanswered, NotForOthers, UnknownBundle, NumbersExhausted."""
    snapshot = await office.items.current(office.db)
    applicant = applicant_of(office, body.applicant)
    agent = agent_of(office, body.agent, applicant, call.principal)
    if is_citizen_only(call.principal) and applicant.subject_key not in own_keys(call.principal):
        raise NotForOthers()
    form_sealed = office.seal_form(body.form)
    async with office.db.transaction(call.idempotency) as uow:
        await check_names(uow.connection, applicant, agent, call.principal)
        running = await definitions().get(uow.connection, office.items, body.bundle_id, snapshot.version)
        first_stage = min((stage.stage_no for stage in running.definition.stages), default=0)
        planned = await planned_for(uow, running, applicant, body.form, body.members, call, stage_no=first_stage)
        check_parties(running, planned, applicant, has_agent=agent is not None, stage_no=first_stage)
        sequence = await next_sequence(uow.connection, body.bundle_id, call.today)
        case = BundleCase(
            bundle_application_id=uuid7(),
            bundle_no=f"{body.bundle_id}{call.today:%Y%m%d}{sequence:0{_SEQUENCE_DIGITS}d}",
            bundle_id=body.bundle_id,
            catalogue_version=snapshot.version,
            state=BundleState.SUBMITTED,
            applicant=applicant,
            agent=agent,
            channel=call.principal.channel,
            division=_division(running, body.division, call),
            submitted_by=call.by,
            submitted_at=call.now,
            members=rules.runs_of(planned, _departments(running)),
            stage_no=first_stage,
            reuse=body.reuse == "auto",
        )
        work = Work(joined(office, uow), uow, running, call.now)
        case = replace(case, materials=await handed_in(work, case, body.materials, call))
        await bundles.add(uow.connection, case, form_sealed=form_sealed)
        uow.publish(bundle_facts.submitted(running, case), aggregate_id=case.bundle_application_id, version=1)
        case = await finish(work, case, await settle(work, case), call.by)
        return await answered(work, case, 201)


async def planned_for(
    uow: UnitOfWork,
    running: Running,
    applicant: Applicant,
    form: Mapping[str, Any],
    chosen: list[str],
    call: Call,
    *,
    stage_no: int,
) -> tuple[Planned, ...]:
    """The part of every member; chosen members may be only those of this stage. Raises Unanswered, Invalid."""
    held = await repository.held_by(uow.connection, [applicant.subject_key])
    types = {certificate.type_code for certificate in held if certificate.usable_on(call.today)}
    definition = running.definition
    questions = {question.name: question for question in definition.questions}
    planned = plan(
        definition, chosen=chosen, held_types=types, holds=lambda condition: holds(condition, form, questions)
    )
    chosen_elsewhere = [p for p in planned if p.member.member_id in chosen and p.member.stage_no != stage_no]
    if chosen_elsewhere:
        raise Invalid(errors=[FieldError("#/members", "bundle.stage", "只能选择本阶段的事项")])
    return planned


def check_parties(
    running: Running, planned: tuple[Planned, ...], applicant: Applicant, *, has_agent: bool, stage_no: int
) -> None:
    """Raises Invalid: a member does not serve this kind of applicant, or must be applied for in person."""
    for entry in planned:
        item = running.items.get(entry.member.member_id)
        if entry.part is Part.TAKES_PART and item is not None and entry.member.stage_no == stage_no:
            check_applicant(item.item, applicant.party_type, has_agent=has_agent)


def _departments(running: Running) -> dict[str, str | None]:
    found = {member.member_id: running.department_of(member.member_id) for member in running.definition.members}
    return {member_id: department.uscc if department else None for member_id, department in found.items()}


def _division(running: Running, asked: str | None, call: Call) -> str:
    """One place for all members: the first counter coordinates. Raises Invalid."""
    principal = call.principal
    if asked is not None:
        if is_citizen_only(principal) or not principal.division or not in_division(asked, principal.division):
            raise Invalid(errors=[FieldError("#/division", "division.out-of-scope", "不能指定该收件地")])
        return asked
    if principal.channel in {"COUNTER", "TOWNSHIP"}:
        return principal.division
    return running.definition.lead.division


async def handed_in(work: Work, case: BundleCase, materials: Materials, call: Call) -> tuple[Provided, ...]:
    """Claims on the common list, checked as those on an item's own list are. Raises Invalid."""
    like = next(iter(work.running.items.values())).item
    union = as_item(work.running.definition, work.running.shared, like)
    return await hand_in(
        work.uow.connection,
        union,
        [material.claim() for material in materials],
        call,
        holders=whose(case.applicant, (), case.agent, call.principal),
        auto=case.reuse,
        promising=promises(work.office, case.applicant, (), call.today),
    )


async def seen_by(
    office: Office, uow: UnitOfWork, bundle_no: str, call: Call, act: BundleAct, *, check: bool = True
) -> Seen:
    """The bundle application, locked.

    Raises UnknownBundleApplication, StaleVersion, BundleChanged, WrongBundleState.
    """
    case = await bundles.load(uow.connection, bundle_no, visible(call.principal, call.roles), lock=True)
    if check and case.version != call.seen:
        rules.require(case, act)  # what rules the act out says more than that something has changed
        await unchanged(uow, case, call)
    inside = joined(office, uow)
    running = await definitions().get(uow.connection, inside.items, case.bundle_id, case.catalogue_version)
    return Seen(Work(inside, uow, running, call.now), case)


async def unchanged(uow: UnitOfWork, case: BundleCase, call: Call) -> None:
    """Asked after the rule: what rules the act out says more than that something has changed.

    Raises: BundleChanged for who lost a race; StaleVersion for who had read too long ago.
    """
    if case.version != call.seen:
        lost = await uow.overtaken(case.bundle_application_id, case.version - call.seen)
        raise BundleChanged() if lost else StaleVersion()


async def answered(work: Work, case: BundleCase, status: int) -> Answer:
    body = await bundle_out(work.office, work.uow.connection, work.running, case, now=work.now)
    return work.uow.answer(status, body, etag_version=case.version)


async def hand_in_stage(office: Office, bundle_no: str, body: StageIn, call: Call) -> Answer:
    """The next stage's form: its chosen members join, its materials are added.

    Raises UnknownBundleApplication, StaleVersion, BundleChanged, WrongBundleState, Invalid, Unanswered.
    """
    form_sealed = office.seal_form(body.form)
    async with office.db.transaction(call.idempotency) as uow:
        seen = await seen_by(office, uow, bundle_no, call, BundleAct.HAND_IN_STAGE)
        rules.require(seen.case, rules.BundleAct.HAND_IN_STAGE)
        stage_no, running = seen.case.stage_no + 1, seen.work.running
        applicant = seen.case.applicant
        planned = await planned_for(uow, running, applicant, body.form, body.members, call, stage_no=stage_no)
        check_parties(running, planned, applicant, has_agent=seen.case.agent is not None, stage_no=stage_no)
        known = seen.case.states
        joining = [run for run in rules.runs_of(planned, _departments(running)) if run.member_id not in known]
        after = rules.hand_in_stage(seen.case, joining, now=call.now)
        given = await handed_in(seen.work, after, body.materials, call)
        after = replace(after, materials=merge(after.materials, given))
        after = await settle(seen.work, after)
        case = await finish(seen.work, seen.case, after, call.by, form_sealed=form_sealed)
        return await answered(seen.work, case, 201)
