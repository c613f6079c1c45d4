"""Amend on application: a granted amendment is the next version of the certificate it names, exactly once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from contracts.events.approval import CaseDecided
from contracts.events.common import Outcome
from contracts.events.standing import AmendmentRef, StandingAct, StandingDecided
from services.certificate import repository
from services.certificate.commands.issue_papers import issue_papers
from services.certificate.commands.life import Cause, next_version
from services.certificate.commands.standing_acts import amended, standing_of
from services.certificate.commands.standing_version import since
from services.certificate.commands.withhold import withhold
from services.certificate.domain.certificate import RelatedCase
from services.certificate.domain.errors import FieldsFaulty, NotFound
from services.certificate.kit import Kit
from services.certificate.papers.paper_contents import CaseFacts
from services.certificate.papers.standing_papers import draft
from services.chassis.clock import local_date
from services.chassis.database import UnitOfWork
from services.kernel.certificate_life import GROUNDS, Ground, LifeAct

_FACTS = "申请人要求变更本机关颁发的证件所载事项。经审查，变更符合法定条件、标准。"


async def amend_granted(uow: UnitOfWork, decided: Sequence[CaseDecided], kit: Kit, *, now: datetime) -> set[str]:
    """The granted amendments among these decisions, done with their papers; gives their case ids.

    Raises:
        NotFound: the library has no such certificate; WrongState: it is not valid any more.
    """
    wanted = {_source(event): event for event in decided if event.outcome is Outcome.GRANTED and event.amends}
    known = await repository.known_sources(uow.connection, wanted)
    for source, event in wanted.items():
        if source not in known and event.amends is not None:
            await _amend(uow, event, event.amends, kit, now)
    return {str(event.case_id) for event in wanted.values()}


async def _amend(uow: UnitOfWork, event: CaseDecided, asked: AmendmentRef, kit: Kit, now: datetime) -> None:
    """With the paper of what was decided about the version that it was decided about, whatever became of that since;
    where the next version waits for its fields, that alone.
    """
    row = await _row(uow, asked)
    standing, _ = await standing_of(uow, row, _standing(event, asked, row.id), kit)
    try:
        await amended_version(uow, *await _meeting(uow, event, asked, kit), kit, now)
    except FieldsFaulty as lacking:
        await withhold(uow, event, row.type_code, lacking.errors, now)
    case = CaseFacts.of_decision(event)
    paper = draft(standing, case, conditions=event.conditions, deliver_by=event.delivery_due)
    await issue_papers(uow, [paper], kit)


async def _meeting(
    uow: UnitOfWork, event: CaseDecided, asked: AmendmentRef, kit: Kit
) -> tuple[CaseDecided, AmendmentRef]:
    """What was superseded on the way (reissued, amended otherwise) is amended as it stands now; what was changed there
    was decided later and stays.
    """
    met = await since(uow, asked.certificate_identifier, kit)
    return met.decided(event), AmendmentRef(certificate_identifier=met.identifier, changes=met.left(asked.changes))


async def amended_version(uow: UnitOfWork, event: CaseDecided, asked: AmendmentRef, kit: Kit, now: datetime) -> None:
    """Raises: NotFound, WrongState; FieldsFaulty, before anything is written."""
    row = await _row(uow, asked)
    as_decided = _standing(event, asked, row.id)
    said = {
        "许可内容": event.content if event.content != event.item.name else "",
        "条件": event.conditions,
    } | event.fields
    new = amended(row, as_decided)
    new = replace(
        new,
        source=_source(event),
        case=RelatedCase(event.case_id, event.case_no, event.item.item_code, event.item.name),
        extend=(new.extend or {}) | {name: value for name, value in said.items() if value},
    )
    await next_version(uow, row, LifeAct.AMEND, new, kit, now=now, cause=Cause(as_decided.ground, as_decided.article))


async def _row(uow: UnitOfWork, asked: AmendmentRef) -> Any:
    """Locked. Raises NotFound."""
    row = await repository.lock_certificate(uow.connection, asked.certificate_identifier)
    if row is None:
        raise NotFound
    return row


def _standing(event: CaseDecided, asked: AmendmentRef, certificate_id: object) -> StandingDecided:
    """The grant in the words in which a decision about a certificate is told."""
    rule, item = GROUNDS[Ground.HOLDER_ASKED], event.item
    return StandingDecided.model_validate(
        {
            "decision_id": event.case_id,
            "identifier": asked.certificate_identifier,
            "holder_key": event.applicant.subject_key,
            "department_uscc": item.department.uscc,
            "act": StandingAct.AMEND,
            "ground": Ground.HOLDER_ASKED.value,
            "article": rule.article,
            "certificate_id": certificate_id,
            "department": item.department,
            "grounds": rule.wording,
            "facts": _FACTS,
            "basis": event.legal_basis or "；".join(item.basis) or rule.article,
            "changes": asked.changes,
            "valid_until": event.valid_until,
            "effective_on": local_date(event.decided_at),
            "decided_at": event.decided_at,
            "decided_by": event.decided_by,
        }
    )


def _source(event: CaseDecided) -> str:
    return f"case:{event.case_id}:{event.item.certificate_type_code}"
