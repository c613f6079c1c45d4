"""What the people a case concerns do themselves: ask for a hearing, hand in statements."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.events.common import Actor
from services.approval import repository
from services.approval.commands.acting import on_version, store, with_days
from services.approval.domain import hearing, parties
from services.approval.domain.case import Case
from services.approval.repository import Loaded
from services.approval.schemas import CaseOut
from services.approval.scope import CONCERNED, concerned, own_keys
from services.chassis.auth import Principal
from services.chassis.database import Answer, Database, Idempotency
from services.chassis.sealing import Sealer
from services.kernel.codes import normalise_number, require_citizen_id, require_uscc
from services.kernel.workdays import WorkCalendar

_ORGANISATION, _PERSON = "ORGANISATION", "PERSON"


@dataclass(frozen=True)
class Speaker:
    """Who speaks, by the name the case knows; `party_no` of an interested party, None of the applicant's side."""

    name: str
    party_no: int | None = None


OwnRule = Callable[[Case, Speaker], tuple[Case, Any]]


async def perform_own(
    db: Database,
    idem: Idempotency,
    case_no: str,
    principal: Principal,
    rule: OwnRule,
    *,
    seen: int,
    now: datetime,
    calendar: WorkCalendar,
) -> Answer:
    """Raises UnknownCase (also where it does not concern the caller), StaleVersion, CaseChanged, and the rule's own."""
    async with db.transaction(idem) as uow:
        loaded = await repository.load(uow.connection, case_no, concerned(principal))
        async with on_version(uow, loaded.case, seen):
            before = await with_days(uow, loaded, calendar, now)
            case, fact = rule(before, speaker_of(loaded, principal))
        role = next(role for role in CONCERNED if principal.has(role))
        by = Actor(account_id=principal.subject, name=principal.name, role=role)
        await store(uow, before, case, fact, by=by, now=now, calendar=calendar)
        return uow.answer(201, CaseOut.of(case), etag_version=case.version)


def speaker_of(loaded: Loaded, principal: Principal) -> Speaker:
    """The applicant's side first, who applies with others by his own name; the scope has seen to it that it is one."""
    keys, agent = own_keys(principal), loaded.agent
    if loaded.applicant.subject_key in keys:
        return Speaker(loaded.applicant.name)
    together = next((one for one in loaded.co_applicants if one.subject_key in keys), None)
    if together is not None:
        return Speaker(together.name)
    if agent is not None and agent.subject_key in keys:
        return Speaker(loaded.applicant.name)
    party = next(party for party in loaded.case.proceedings.parties if party.subject_key in keys)
    return Speaker(party.name, party.no)


def own_hearing(reason: str, *, now: datetime, calendar: WorkCalendar) -> OwnRule:
    """Within five working days of being told (art. 47)."""

    def rule(case: Case, speaker: Speaker) -> tuple[Case, Any]:
        return hearing.ask_for_hearing(case, person=speaker.name, reason=reason, now=now, calendar=calendar)

    return rule


def own_statement(statement: str, *, now: datetime) -> OwnRule:
    def rule(case: Case, speaker: Speaker) -> tuple[Case, Any]:
        if speaker.party_no is None:
            return parties.hear_applicant(case, name=speaker.name, statement=statement, now=now)
        return parties.take_statement(case, party_no=speaker.party_no, statement=statement, now=now)

    return rule


def party_key(sealer: Sealer, number: str | None) -> str:
    """The key of an interested party's number, which itself is not kept. Raises InvalidCode."""
    if number is None:
        return ""
    plain = normalise_number(number)
    if plain[:1] == "9" or not plain[:17].isdigit():
        return sealer.index_key(_ORGANISATION, require_uscc(plain, "#/number"))
    return sealer.index_key(_PERSON, require_citizen_id(plain, "#/number"))
