"""Submit: the citizen online, a clerk on the applicant's behalf, a township centre or another system."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.chassis.auth import Principal
from services.chassis.database import Answer
from services.chassis.ids import uuid7
from services.intake import facts, repository
from services.intake.commands.names import check_names
from services.intake.commands.renewals import renews
from services.intake.commands.stages import require_stage
from services.intake.domain.amendment import amendment
from services.intake.domain.application import Agent, Applicant, Application, CoApplicant, PartyType
from services.intake.domain.catalogue import ServiceItem
from services.intake.domain.course import Course
from services.intake.domain.errors import Invalid, NotForOthers
from services.intake.domain.handing_in import Claim, Promises, check_applicant, check_claims
from services.intake.domain.materials import Holders, Library, Provided, Source, auto_reuse, merge
from services.intake.domain.records import Amendment
from services.intake.domain.scenarios import choose
from services.intake.domain.states import State
from services.intake.office import NUMBER_CONTEXT, Call, Office, answer
from services.intake.schemas import AgentIn, ApplicantIn, ApplicationIn
from services.intake.scope import RECEIVERS, SEES_PAPER, is_citizen_only, own_keys
from services.kernel.codes import (
    in_division,
    mask_citizen_id,
    mask_uscc,
    normalise_number,
    require_citizen_id,
    require_uscc,
)
from services.kernel.errors import FieldError


async def submit(office: Office, body: ApplicationIn, call: Call) -> Answer:
    """Raises Invalid, NotForOthers, UnknownItem, RenewalWindow, RenewalTaken, StageNotOpen, StageTaken."""
    published = (await office.items.current(office.db)).get(body.item_code)
    scenario = _scenario(published.item, body)
    item = office.items.under(published, scenario)
    applicant = applicant_of(office, body.applicant)
    others = co_applicants(office, item.item, body, applicant)
    agent = agent_of(office, body.agent, applicant, call.principal)
    check_applicant(item.item, applicant.party_type, has_agent=agent is not None)
    if is_citizen_only(call.principal) and applicant.subject_key not in own_keys(call.principal):
        raise NotForOthers()
    async with office.db.transaction(call.idempotency) as uow:
        await require_stage(uow.connection, published, scenario, body.follows, applicant, call)
        for party, by in ((applicant, agent), *((other.party, None) for other in others)):
            await check_names(uow.connection, party, by, call.principal)
        how: dict[str, Any] = {"holders": whose(applicant, others, agent, call.principal), "auto": body.reuse == "auto"}
        how["promising"] = promises(office, applicant, others, call.today)
        materials = await hand_in(uow.connection, item.item, [m.claim() for m in body.materials], call, **how)
        amends = await _amends(uow.connection, item.item, applicant, body, call)
        application = Application(
            application_id=uuid7(),
            state=State.SUBMITTED,
            item_code=item.item.item_code,
            item_version=item.version,
            department_uscc=item.item.department.uscc,
            division=_division(item.item, body.division, call.principal),
            channel=call.principal.channel,
            applicant=applicant,
            co_applicants=others,
            agent=agent,
            submitted_by=call.by,
            submitted_at=call.now,
            materials=materials,
            renews=None if amends else await renews(uow.connection, office, item.item, applicant, body.renews, call),
            course=Course(scenario, body.follows, amends=amends),
        )
        form = office.seal_form(body.form)
        await repository.add(uow.connection, application, item_name=item.item.name, form_sealed=form)
        uow.publish(facts.submitted(application, item), aggregate_id=application.application_id, version=1)
        return answer(uow, 201, application, item)


def _scenario(item: ServiceItem, body: ApplicationIn) -> str | None:
    """Raises Invalid."""
    return choose(item, body.scenario, follows=body.follows is not None, amends=body.amends is not None)


@dataclass(frozen=True)
class Promising:
    """Who promise materials, all who apply together, and up to which day."""

    subject_keys: frozenset[str]
    latest: date


async def hand_in(
    connection: AsyncConnection,
    item: ServiceItem,
    claims: Sequence[Claim],
    call: Call,
    *,
    holders: Holders,
    auto: bool = False,
    promising: Promising | None = None,
) -> tuple[Provided, ...]:
    """The materials that claims, and with `auto` the library, provide. One SELECT, none when nothing is reused."""
    reuses = auto or any(claim.source is Source.CERTIFICATE for claim in claims)
    held = await repository.held_by(connection, holders.everybody) if reuses else []
    claimed = check_claims(
        item,
        claims,
        {certificate.identifier: certificate for certificate in held},
        paper_allowed=bool(call.principal.roles & SEES_PAPER),
        promises=await _promises(connection, claims, promising),
        library=Library(held, holders, call.today),
        today=call.today,
        now=call.now,
    )
    found = auto_reuse(item, claimed, held, holders, today=call.today, now=call.now) if auto else ()
    return merge(claimed, found)


def promises(office: Office, applicant: Applicant, others: Iterable[CoApplicant], today: date) -> Promising:
    keys = {applicant.subject_key, *(other.party.subject_key for other in others)}
    return Promising(frozenset(keys), office.latest_promise(today))


async def _promises(
    connection: AsyncConnection, claims: Sequence[Claim], promising: Promising | None
) -> Promises | None:
    """Asks who is barred only when somebody commits himself; one of several who is barred bars them all."""
    if promising is None:
        return None
    commits = any(claim.source is Source.COMMITMENT for claim in claims)
    barred_until = await repository.barred_until(connection, promising.subject_keys) if commits else None
    return Promises(promising.latest, barred_until)


async def _amends(
    connection: AsyncConnection, item: ServiceItem, applicant: Applicant, body: ApplicationIn, call: Call
) -> Amendment | None:
    """Raises Invalid."""
    if body.amends is None:
        return None
    if body.renews is not None:
        raise Invalid(errors=[FieldError("#/renews", "amendment.or-renewal", "变更与延续请分别申请")])
    held = await repository.held_by(connection, [applicant.subject_key])
    asked = body.amends
    changes = [change.change() for change in asked.changes]
    return amendment(item, held, asked.certificate_identifier, changes, today=call.today)


def applicant_of(office: Office, body: ApplicantIn, at: str = "#/applicant") -> Applicant:
    """The applicant with his number checked, sealed and masked. Raises InvalidCode, which never repeats the number."""
    if body.party_type is PartyType.PERSON:
        number = require_citizen_id(body.number, f"{at}/number")
        masked = mask_citizen_id(number)
    else:
        number = require_uscc(body.number, f"{at}/number")
        masked = mask_uscc(number)
    return Applicant(
        party_type=body.party_type,
        name=body.name,
        subject_key=office.sealer.index_key(body.party_type.value, number),
        masked_number=masked,
        sealed_number=office.sealer.seal(number, NUMBER_CONTEXT),
    )


def co_applicants(
    office: Office, item: ServiceItem, body: ApplicationIn, applicant: Applicant
) -> tuple[CoApplicant, ...]:
    """Each once, of a kind the item serves. Raises Invalid, InvalidCode."""
    known = {applicant.subject_key}
    found = []
    for place, one in enumerate(body.co_applicants):
        at = f"#/co_applicants/{place}"
        check_applicant(item, one.party_type, has_agent=False, at=at)
        party = applicant_of(office, one, at)
        if party.subject_key in known:
            raise Invalid(errors=[FieldError(f"{at}/number", "applicant.twice", "与申请人或前面的共同申请人重复")])
        known.add(party.subject_key)
        found.append(CoApplicant(party, one.share))
    return tuple(found)


def subject_key(office: Office, party_type: PartyType, number: str) -> str:
    """Raises InvalidCode."""
    check = require_citizen_id if party_type is PartyType.PERSON else require_uscc
    return office.sealer.index_key(party_type.value, check(normalise_number(number), "#/number"))


def agent_of(office: Office, body: AgentIn | None, applicant: Applicant, principal: Principal) -> Agent | None:
    """The agent named; else an enterprise's own agent who files it himself. Raises InvalidCode."""
    if body is not None:
        number = require_citizen_id(body.number, "#/agent/number")
        key = office.sealer.index_key(PartyType.PERSON.value, number)
        return Agent(body.name, key, mask_citizen_id(number))
    if applicant.subject_key in principal.acts_for and principal.subject_key:
        return Agent(principal.name, principal.subject_key, masked_number="")
    return None


def whose(applicant: Applicant, others: Iterable[CoApplicant], agent: Agent | None, principal: Principal) -> Holders:
    """Whose certificates may be reused: the applicant's, and those of an agent and of co-applicants who stand here.

    Where nobody looks at them (online, an app, another system) a name and number typed in prove nothing: there an agent
    counts only when he is the caller.
    """
    at_the_window = principal.has(*RECEIVERS)
    acting = agent.subject_key if agent and (at_the_window or agent.subject_key == principal.subject_key) else None
    together = tuple(other.party.subject_key for other in others) if at_the_window else ()
    if applicant.party_type is PartyType.ORGANISATION:
        return Holders(applicant.subject_key, acting, together, together)
    return Holders(applicant.subject_key, named=((acting,) if acting else ()) + together, together=together)


def holders_of(application: Application, principal: Principal) -> Holders:
    return whose(application.applicant, application.co_applicants, application.agent, principal)


def _division(item: ServiceItem, asked: str | None, principal: Principal) -> str:
    """Where the application is handled: at the clerk's own place, else at the item's department.

    Raises Invalid: a system may name a division only within its own.
    """
    if asked is not None:
        if is_citizen_only(principal) or not principal.division or not in_division(asked, principal.division):
            raise Invalid(errors=[FieldError("#/division", "division.out-of-scope", "不能指定该收件地")])
        return asked
    if principal.channel in {"COUNTER", "TOWNSHIP"}:
        return principal.division
    return item.department.division
