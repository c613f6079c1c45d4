"""What approval decided about a certificate is done here: amended, rescinded, annulled, deregistered, revoked."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.events.standing import StandingAct, StandingDecided, StandingHeard, StandingProposed
from services.certificate import repository
from services.certificate.commands.issue_papers import issue_papers
from services.certificate.commands.life import Cause, Next, change, next_version
from services.certificate.commands.sign_records import signed_within
from services.certificate.commands.standing_version import since, standing_version
from services.certificate.commands.withhold import withhold
from services.certificate.domain.access import Ground
from services.certificate.domain.certificate import HOLDER_NAME
from services.certificate.domain.errors import FieldsFaulty, NotFound
from services.certificate.domain.holders import keys_of
from services.certificate.kit import Kit
from services.certificate.papers.paper_contents import CaseFacts
from services.certificate.papers.standing_papers import Standing, bare_case, draft, notice, of_holders, statement
from services.chassis.database import UnitOfWork
from services.kernel.certificate_life import LifeAct


async def execute_standing(uow: UnitOfWork, decided: Sequence[StandingDecided], kit: Kit, *, now: datetime) -> None:
    """Each decision once, in the order it was made, with its paper.

    What takes a licence away takes away the version that stands: one that was reissued, amended or renewed while the
    decision was on its way saves nobody's licence.

    Raises:
        NotFound: the library has no such certificate; WrongState: it changed before the decision came.
    """
    for event in decided:
        row = await repository.lock_certificate(uow.connection, event.identifier)
        if row is None:
            raise NotFound
        if event.act is not StandingAct.AMEND:
            row = await standing_version(uow, row, kit, also_renewed=True)
        if row.decision_id != event.decision_id:
            await _note(uow, row, event)
            await _execute(uow, row, event, kit, now)


async def tell_holders(uow: UnitOfWork, proposed: Sequence[StandingProposed], kit: Kit) -> None:
    """Where the law has the holder heard, what is proposed reaches him in writing; told twice it is one paper.

    Raises:
        NotFound: the library has no such certificate.
    """
    for event in proposed:
        row = await repository.lock_certificate(uow.connection, event.identifier)
        if row is not None:
            await _note(uow, row, event)
        if event.speak_by is None:
            continue
        if row is None:
            raise NotFound
        standing, case = await _about(uow, row, event, kit)
        await issue_papers(uow, [notice(standing, case, kit.settings.contact)], kit)


async def hear_holders(uow: UnitOfWork, heard: Sequence[StandingHeard], kit: Kit) -> None:
    """What a holder says is recorded in writing, once.

    Raises:
        NotFound: the library has no such certificate.
    """
    for event in heard:
        row = await repository.lock_certificate(uow.connection, event.identifier)
        if row is None:
            raise NotFound
        standing, case = await _about(uow, row, event, kit)
        await issue_papers(uow, [statement(standing, case)], kit)


async def _note(uow: UnitOfWork, row: Any, event: StandingDecided | StandingProposed) -> None:
    """Who proposes or decides about a certificate has read it: the holder sees by whom."""
    if isinstance(event, StandingDecided):
        act, by, at = "DECIDED", event.decided_by, event.decided_at
    else:
        act, by, at = "PROPOSED", event.proposed_by, event.proposed_at
    said = {
        "at": at,
        "act": act,
        "account": by.account_id,
        "client_id": "",
        "organisation": event.department_uscc,
        "organisation_name": by.organisation.name if by.organisation else row.issuer_name,
        "channel": "",
        "certificate_id": row.id,
        "purpose": event.article,
        "case_no": row.case_no,
        "found": 1,
        "ground": Ground.DECISION.value,
    }
    await repository.note_access(uow.connection, [said | {"holder_key": key} for key in keys_of(row)])


async def _about(
    uow: UnitOfWork, row: Any, event: StandingDecided | StandingProposed | StandingHeard, kit: Kit
) -> tuple[Standing, CaseFacts]:
    standing, signed = await standing_of(uow, row, event, kit)
    return standing, await _case_of(uow, row, event.decision_id, signed, kit)


async def standing_of(
    uow: UnitOfWork, row: Any, event: StandingDecided | StandingProposed | StandingHeard, kit: Kit
) -> tuple[Standing, dict[str, Any]]:
    """The certificate as it was before, with what is proposed or decided about it; and its signed record."""
    signed = kit.signer.verify(await signed_within(uow.connection, row, kit))
    told = Standing(event, row.id, row.type_name, row.number_shown, signed["extend_info"], row.holder_name)
    return told, signed


async def _execute(uow: UnitOfWork, row: Any, event: StandingDecided, kit: Kit, now: datetime) -> None:
    cause = Cause(event.ground, event.article, event.decision_id)
    act = LifeAct(event.act.value)
    if act is LifeAct.AMEND:
        try:
            await amend_standing(uow, await _meeting(uow, event, kit), kit, now)
        except FieldsFaulty as lacking:  # the decision stands; its version waits for the department
            await withhold(uow, event, row.type_code, lacking.errors, now)
        await repository.note_decision(uow.connection, row.id, event.ground, event.decision_id)
    else:
        await change(uow, row, act, kit, now=now, cause=cause)
    if act is not LifeAct.REVOKE:  # its paper is the penalty decision, which is not ours
        standing, case = await _about(uow, row, event, kit)
        await issue_papers(uow, [draft(standing, case)], kit)


async def _meeting(uow: UnitOfWork, event: StandingDecided, kit: Kit) -> StandingDecided:
    """An amendment of a version that was superseded on the way goes into the one that stands; what was changed there
    was decided later and stays.
    """
    met = await since(uow, event.identifier, kit)
    return event.model_copy(update={"identifier": met.identifier, "changes": met.left(event.changes)} | met.term())


async def amend_standing(uow: UnitOfWork, event: StandingDecided, kit: Kit, now: datetime) -> None:
    """The version after an amendment that was decided. Raises: NotFound, WrongState; FieldsFaulty."""
    row = await repository.lock_certificate(uow.connection, event.identifier)
    if row is None:
        raise NotFound
    cause = Cause(event.ground, event.article, event.decision_id)
    await next_version(uow, row, LifeAct.AMEND, amended(row, event), kit, now=now, cause=cause)


def amended(row: Any, event: StandingDecided) -> Next:
    """What is new in the version after an amendment."""
    changes = {one.what: one.after for one in event.changes}
    name = changes.pop(HOLDER_NAME, None)
    return Next(
        source=f"decision:{event.decision_id}",
        issued_on=event.effective_on,
        valid_from=max(row.valid_from, event.effective_on),
        valid_until=event.valid_until or row.valid_until,
        holder_name=name,
        extend=changes,
    )


async def _case_of(uow: UnitOfWork, row: Any, decision_id: UUID, signed: dict[str, Any], kit: Kit) -> CaseFacts:
    """The case the certificate came from; an imported one has none, so its paper stands with the decision itself."""
    if row.case_id is not None:
        known = await repository.cases(uow.connection, [row.case_id])
        if row.case_id in known and known[row.case_id].case_no:
            return of_holders(CaseFacts.of_copy(known[row.case_id]), row)
    facts, kept = bare_case(row, decision_id, kit.seal_number(signed["certificate_holder_code"]))
    await repository.keep_cases(uow.connection, [kept])
    return facts
