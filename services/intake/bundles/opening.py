"""Members start when the graph lets them, and what became of them moves the bundle on."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.chassis.database import UnitOfWork
from services.chassis.ids import uuid7
from services.intake import facts, repository
from services.intake.bundles import facts as bundle_facts
from services.intake.bundles import repository as bundles
from services.intake.bundles.definitions import Running
from services.intake.bundles.facts import HandedOut
from services.intake.bundles.joined import acting_as
from services.intake.commands import accept as accepting
from services.intake.commands import receive as receiving
from services.intake.domain import bundle_case as rules
from services.intake.domain.application import Application, Staff
from services.intake.domain.bundle_case import BundleCase, BundleState
from services.intake.domain.bundle_materials import fed_by_step, for_member, wanting_types
from services.intake.domain.bundle_plan import FAILED, MemberState
from services.intake.domain.materials import Holders, Provided, Source, auto_reuse, merge, missing
from services.intake.domain.states import State
from services.intake.items import VersionedItem
from services.intake.office import Office
from services.intake.schemas import ReceiptIn
from services.kernel.time_limit import china_date

_OPENING = frozenset({BundleState.SUBMITTED, BundleState.RECEIVED, BundleState.ACCEPTED})


@dataclass(frozen=True)
class Work:
    """One act on one bundle: `office` works inside the transaction of `uow`."""

    office: Office
    uow: UnitOfWork
    running: Running
    now: datetime

    def item(self, member_id: str) -> VersionedItem:
        return self.running.items[member_id]


async def settle(work: Work, case: BundleCase) -> BundleCase:
    """Hear what became of the members, start those that may, until nothing moves any more."""
    while True:
        before = case
        case = rules.heard(case, await applications_of(work, case), now=work.now)
        case = rules.advance(case, work.running.definition, now=work.now)
        for member_id in await _startable(work, case):
            case = await _start(work, case, member_id)
        if case == before:
            return case


async def applications_of(work: Work, case: BundleCase) -> dict[UUID, Application]:
    ids = [run.application_id for run in case.members if run.application_id is not None]
    return await repository.load_for_update(work.uow.connection, ids) if ids else {}


async def _startable(work: Work, case: BundleCase) -> tuple[str, ...]:
    if case.state not in _OPENING:
        return ()
    wanting: dict[str, frozenset[str]] = {}
    for run in case.members:
        is_item = run.member_id in work.running.items
        if run.state is MemberState.WAITING:
            wanting[run.member_id] = await _wanting(work, case, run.member_id) if is_item else frozenset()
    ready = rules.startable(case, work.running.definition, lambda member_id: wanting[member_id])
    # A step has no receipt of its own: its clock starts with the acceptance of the whole.
    return tuple(m for m in ready if m in work.running.items or case.state is BundleState.ACCEPTED)


async def _wanting(work: Work, case: BundleCase, member_id: str) -> frozenset[str]:
    provided = await provided_for(work, case, member_id)
    return wanting_types(work.item(member_id).item, provided, feeding(work, case), member_id)


def feeding(work: Work, case: BundleCase) -> dict[str, str]:
    """Certificate types that members of this application may still bring."""
    states = case.states
    return {
        code: source
        for code, source in work.running.result_types().items()
        if source in states and states[source] not in FAILED and states[source] is not MemberState.SATISFIED
    }


def _brought(work: Work, case: BundleCase) -> set[str]:
    """Certificate types that members of this application bring or that made them needless: never asked for again."""
    states = case.states
    return {code for code, source in work.running.result_types().items() if states.get(source) not in {None, *FAILED}}


async def provided_for(work: Work, case: BundleCase, member_id: str) -> tuple[Provided, ...]:
    """What this member gets: what was given once, what steps issued, and certificates that earlier members brought."""
    item, shared = work.item(member_id).item, work.running.shared
    given = for_member(work.running.definition.member(member_id), item, shared, case.materials)
    issued = fed_by_step(item, _issued_by_steps(work, case), Provided(0, "", Source.PAPER_ORIGINAL, work.now))
    given = merge(issued, given)
    whose = Holders(case.applicant.subject_key)
    held = await repository.held_by(work.uow.connection, whose.everybody)
    found = auto_reuse(item, given, held, whose, today=china_date(work.now), now=work.now)
    fed = _brought(work, case)
    types = {material.material_no: material.certificate_type_code for material in item.materials}
    return merge(given, [p for p in found if case.reuse or types[p.material_no] in fed])


def _issued_by_steps(work: Work, case: BundleCase) -> list[str]:
    granted = {run.member_id for run in case.members if run.state is MemberState.GRANTED}
    steps = [m for m in work.running.definition.members if m.item_id is None]
    return [m.result_type for m in steps if m.member_id in granted and m.result_type is not None]


async def _start(work: Work, case: BundleCase, member_id: str) -> BundleCase:
    if member_id not in work.running.items:
        return rules.open_member(case, member_id, None, now=work.now)
    item = work.item(member_id)
    application_id = uuid7()
    application = Application(
        application_id=application_id,
        state=State.SUBMITTED,
        item_code=item.item.item_code,
        item_version=item.version,
        department_uscc=item.item.department.uscc,
        division=case.division,
        channel=case.channel,
        applicant=case.applicant,
        agent=case.agent,
        submitted_by=case.submitted_by,
        submitted_at=work.now,
        bundle_no=case.bundle_no,
        materials=await copied(work.office, application_id, await provided_for(work, case, member_id)),
    )
    form_sealed = await bundles.form_of(work.uow.connection, case)
    await repository.add(work.uow.connection, application, item_name=item.item.name, form_sealed=form_sealed)
    work.uow.publish(facts.submitted(application, item), aggregate_id=application_id, version=1)
    if case.state in {BundleState.RECEIVED, BundleState.ACCEPTED} and case.received_by is not None:
        await receive_member(work, application, case.received_by)
    if case.state is BundleState.ACCEPTED and case.accepted_by is not None:
        await accept_member(work, application_id, case.accepted_by)
    return rules.open_member(case, member_id, application_id, now=work.now)


async def copied(office: Office, application_id: UUID, provided: Iterable[Provided]) -> tuple[Provided, ...]:
    """Each application keeps its own copy of a file: what one drops another still has."""
    own = []
    for given in provided:
        if given.file_key is not None:
            key = f"materials/{application_id}/{uuid7()}"
            await office.files.put(key, await office.files.get(given.file_key))
            given = replace(given, file_key=key, earlier_file_keys=())
        own.append(given)
    return tuple(own)


async def receive_member(work: Work, application: Application, by: Staff) -> None:
    call = acting_as(by, channel=application.channel, now=work.now, seen=application.version)
    await receiving.receive(work.office, application.application_id, ReceiptIn(), call)


async def accept_member(work: Work, application_id: UUID, by: Staff, *, as_of: datetime | None = None) -> bool:
    """Accept what is received and complete. What lacks something stays received: the clerk answers it by itself."""
    connection = work.uow.connection
    application = (await repository.load_for_update(connection, [application_id]))[application_id]
    if application.state is not State.RECEIVED:
        return application.state is State.ACCEPTED
    item = await work.office.items.pinned(
        connection, application.item_code, application.item_version, application.course.scenario
    )
    if missing(item.item, await accepting.counting(connection, application, china_date(work.now))):
        return False
    call = acting_as(by, channel=application.channel, now=work.now, seen=application.version)
    await accepting.accept(work.office, application_id, call, as_of=as_of)
    return True


async def finish(
    work: Work,
    before: BundleCase,
    after: BundleCase,
    by: Staff,
    *,
    form_sealed: str | None = None,
    handed: HandedOut | None = None,
) -> BundleCase:
    """Save with the next version and publish what has changed. Raises StaleVersion."""
    if after == before:
        return before
    as_of = bundle_facts.AsOf(work.now, work.office.calendar)
    events = bundle_facts.told(work.running, before, after, by, as_of, handed)
    saved = replace(after, version=before.version + 1, event_no=before.event_no + len(events))
    await bundles.save(work.uow.connection, saved, seen=before.version, form_sealed=form_sealed)
    for number, event in enumerate(events, start=before.event_no + 1):
        work.uow.publish(event, aggregate_id=saved.bundle_application_id, version=number)
    return saved
