"""We ask: for a holder himself or for an open case, with a purpose; what is believed is adopted for reuse here."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events.common import CoApplicant, PartyType
from services.certificate import queries, repository
from services.certificate.domain.access import APPLICANT_SIDE, Ground, holds, may_read_case
from services.certificate.domain.errors import (
    CallerRefused,
    CaseRequired,
    HolderDiffers,
    PeerAway,
    PeerNotInForce,
    PeerRefusesUs,
    PeerUnknown,
)
from services.certificate.domain.peering import Peer, asked_of, region_of
from services.certificate.domain.sharing import Query
from services.certificate.kit import Kit
from services.certificate.looking import looks
from services.certificate.looking.looks import Attempt, Look, attempt, reader_of
from services.certificate.peers import rows, wire
from services.certificate.peers.adopting import Why, adopt, foreign_out
from services.certificate.peers.believing import Believed, SeenHead, certificate_of, head_of
from services.certificate.peers.line import QUERIES, Line
from services.certificate.peers.schemas import ElsewhereIn, ElsewhereOut
from services.certificate.peers.tables import foreign_certificate
from services.certificate.peers.wire import Answer, HolderAsked, Question
from services.certificate.sharing.callers import admit_as
from services.chassis.auth import Principal
from services.chassis.clock import local_date, real_now
from services.chassis.database import Database
from services.kernel.certificate_identifier import check_certificate_identifier, parse_certificate_identifier
from services.kernel.codes import check_citizen_id, normalise_number
from services.kernel.errors import FieldError

_PENDING = "对方证照库正在登记该证照，请一分钟后再试"
_PENDING_SECONDS = 60


@dataclass(frozen=True)
class Desk:
    """What asking needs besides the database."""

    db: Database
    kit: Kit
    line: Line
    now: datetime


@dataclass(frozen=True)
class Asked:
    """One whose certificates are asked for."""

    key: str
    party_type: str
    number: str | None


@dataclass(frozen=True)
class Subject:
    """Whose certificates are asked for, and for which case: a holder himself, or all who apply in the case."""

    parties: tuple[Asked, ...]
    case_no: str

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(one.key for one in self.parties)


@dataclass(frozen=True)
class Heard:
    """What was answered and believed. `pending`: there is more, which the other's log does not prove yet."""

    head: SeenHead | None
    found: tuple[Believed, ...]
    pending: bool


async def ask(desk: Desk, wanted: ElsewhereIn, principal: Principal) -> ElsewhereOut:
    """What the other library says now, verified and adopted. A refusal leaves a row; one without a case is told.

    Raises:
        PeerUnknown, PeerNotInForce, CaseRequired, CallerRefused, DailyLimitReached: we do not ask.
        PeerAway, PeerRefusesUs: no answer. PeerUntrusted: an answer that is not believed. HolderDiffers.
    """
    division = desk.kit.settings.division
    async with attempt(desk.db, Attempt(identifier=wanted.identifier or "", division=division)) as tried:
        async with desk.db.transaction() as uow:
            peer = await _peer(uow.connection, wanted)
            if not peer.in_force(local_date(desk.now)):
                raise PeerNotInForce
            subject, look = await _look(uow.connection, wanted, peer, principal, desk, tried)
            caller = asked_of(peer.region)  # the limit is that of all of us together
            allowed = await admit_as(uow.connection, (caller,), caller, Query(wanted.purpose), desk.now)
            if wanted.type_code and not (wanted.type_code in allowed.types and peer.their_types(wanted.type_code)):
                raise CallerRefused("该证照类型不在可向对方查询的范围内")
        return await _adopted(desk, peer, subject, wanted, look)


async def _adopted(desk: Desk, peer: Peer, subject: Subject, wanted: ElsewhereIn, look: Look) -> ElsewhereOut:
    """Asked, believed and kept; each holder sees it. Raises: see `ask`."""
    heard = await inquire(desk, peer, _questions(wanted, subject, peer))
    own = [one for one in heard.found if not set(subject.keys).isdisjoint(one.holder_keys)]
    if not own:
        raise PeerAway(_PENDING, retry_after_seconds=_PENDING_SECONDS) if heard.pending else HolderDiffers()
    async with desk.db.transaction() as uow:
        await remember(uow.connection, peer, heard)
        for one in own:
            await adopt(uow, one, peer, desk.kit, now=desk.now, why=Why(wanted.purpose, subject.case_no))
        known = foreign_certificate.c.identifier.in_([one.identifier for one in own])
        kept = await rows.shown(uow.connection, known)
        ground = Ground.CASE if subject.case_no else Ground.WITH_PURPOSE
        asked = subject.keys if wanted.identifier is None else ()
        await repository.note_access(uow.connection, _of_each(look, ground, kept, asked))
        shown = [foreign_out(row) for row in kept]
    return ElsewhereOut(region=peer.region, region_name=peer.name, items=shown)


def _of_each(look: Look, ground: Ground, kept: Sequence[Any], asked: Sequence[str]) -> list[dict[str, object]]:
    """A row for every holder of what came back, and for each who was asked for and has none there."""
    seen = [replace(look, certificate_id=row.id, holder_keys=tuple(row.holder_keys)) for row in kept]
    without = sorted(set(asked) - {key for row in kept for key in row.holder_keys})
    found = [noted for one in seen for noted in one.rows(ground.value)]
    return [*found, *replace(look, holder_keys=tuple(without)).rows(ground.value, found=0)]


async def inquire(desk: Desk, peer: Peer, questions: list[Question]) -> Heard:
    """Ask and check; nothing is stored. Raises PeerAway, PeerRefusesUs, PeerUntrusted."""
    heard = Heard(None, (), pending=False)
    for question in questions:
        answer = await _asked(desk, peer, question)
        head = head_of(answer, peer)
        told = answer.certificates if head is not None else []
        found = tuple(certificate_of(one, head, peer, desk.kit) for one in told if head is not None)
        if not all(_is_asked(one.identifier, question) for one in found):
            raise wire.untrusted("answer-other", "答复的证照不是所查询的证照")
        heard = Heard(head, (*heard.found, *found), pending=heard.pending or answer.pending)
    return heard


def _is_asked(identifier: str, question: Question) -> bool:
    if question.identifier is not None:
        return identifier == question.identifier
    return parse_certificate_identifier(identifier).type_code == question.type_code


async def _asked(desk: Desk, peer: Peer, question: Question) -> Answer:
    ours, numbers = desk.kit.settings.division, list[str]()

    def body() -> dict[str, Any]:
        signed, number = wire.request(desk.kit.signer, ours, peer.region, question, now=real_now())
        numbers.append(number)
        return {"request": signed}

    said = await desk.line.send(peer, QUERIES, body)
    signed = said.get("answer")
    if not isinstance(signed, str):
        raise PeerRefusesUs(f"{peer.name}的答复不符合约定")
    return wire.read_answer(signed, peer, ours, numbers[-1])


async def remember(connection: AsyncConnection, peer: Peer, heard: Heard) -> None:
    """The head under the last answer: a later one must contain it."""
    if heard.head is not None:
        await rows.remember_head(connection, peer.region, heard.head.size, heard.head.root)


async def _peer(connection: AsyncConnection, wanted: ElsewhereIn) -> Peer:
    """Raises PeerUnknown."""
    if wanted.identifier is not None:
        fault = check_certificate_identifier(wanted.identifier.upper(), "/identifier")
        if fault is not None:
            raise PeerUnknown(fault.detail, errors=[fault])
    if wanted.region is not None:
        found = await rows.find_peer(connection, wanted.region)
    else:
        issuer = parse_certificate_identifier((wanted.identifier or "").upper()).issuer_code
        found = region_of(issuer, [rows.peer_of(row) for row in await rows.all_peers(connection)])
    if found is None:
        raise PeerUnknown(errors=[FieldError("/region", "unregistered", "该地区的证照库未在本地区登记")])
    return found


async def _look(
    connection: AsyncConnection, wanted: ElsewhereIn, peer: Peer, principal: Principal, desk: Desk, tried: Attempt
) -> tuple[Subject, Look]:
    """For whom it is asked, and the look that he sees: an applicant's own, or an official's by an open case.

    Raises CaseRequired, for which `tried` is known as far as there is a case or a number.
    """
    look = Look("ASKED", principal, (), looks.Why(f"{wanted.purpose}（向{peer.name}查询）"), desk.now)
    if principal.roles & APPLICANT_SIDE:
        subject = _own(wanted, principal, desk.kit)
        tried.look = look = replace(look, holder_keys=subject.keys)
        if not holds(reader_of(principal), look.holder_keys):
            raise CaseRequired("只能查询本人或所代理单位的证照")
        return subject, look
    case = await _case(connection, wanted)
    tried.look = look
    if case is not None:
        tried.cases, keys = [case], tuple(sorted(queries.scope_of(case).applicant_keys))
        tried.look = look = replace(look, holder_keys=keys, why=replace(look.why, case_no=case.case_no))
    if case is None or not may_read_case(reader_of(principal), queries.scope_of(case)) or case.ended_at is not None:
        raise CaseRequired(errors=[FieldError("/case_no", "not-open", "没有所述的经办未办结办件")])
    return Subject(tuple(_applicants(case, desk.kit)), case.case_no or ""), look


def _own(wanted: ElsewhereIn, principal: Principal, kit: Kit) -> Subject:
    """Raises CaseRequired: nobody is named, and he has no number of his own."""
    if wanted.number is None:
        if wanted.type_code is not None or not principal.subject_key:
            raise CaseRequired("请填写本人或所代理单位的号码", errors=[FieldError("/number", "required", "请填写")])
        return Subject((Asked(principal.subject_key, PartyType.PERSON.value, None),), "")
    number = normalise_number(wanted.number)
    party = PartyType.PERSON if check_citizen_id(number) is None else PartyType.ORGANISATION
    return Subject((Asked(kit.holder_key(party.value, number), party.value, number),), "")


def _applicants(case: Any, kit: Kit) -> Iterator[Asked]:
    yield Asked(case.applicant_key, case.applicant_type, kit.open_number(case.applicant_sealed))
    for one in (CoApplicant.model_validate(stored) for stored in case.co_applicants or ()):
        yield Asked(one.subject_key, one.party_type.value, kit.open_number(one.sealed_number))


async def _case(connection: AsyncConnection, wanted: ElsewhereIn) -> Any:
    if wanted.case_no is not None:
        return await queries.case_by_no(connection, wanted.case_no)
    return await queries.case_by_id(connection, UUID(wanted.application_id)) if wanted.application_id else None


def _questions(wanted: ElsewhereIn, subject: Subject, peer: Peer) -> list[Question]:
    said: dict[str, Any] = {"purpose": wanted.purpose, "case_no": subject.case_no, "head_size": peer.head_size}
    if wanted.identifier is not None:
        return [Question(identifier=wanted.identifier.upper(), **said)]
    holders = [HolderAsked(party_type=PartyType(one.party_type), number=one.number or "") for one in subject.parties]
    types = peer.their_types(wanted.type_code or "")
    return [Question(holder=holder, type_code=one, **said) for holder in holders for one in types]
