"""We ask: for a holder himself or for an open case, with a purpose; what is believed is adopted for reuse here."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events.common import CoApplicant, PartyType
from services.certificate import queries, repository
from services.certificate.domain.access import APPLICANT_SIDE, holds, may_read_case
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
from services.certificate.looking.looks import reader_of, refused_as
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
from services.kernel.errors import DomainError, FieldError

_PENDING = "对方证照库正在登记该证照，请一分钟后再试"
_PENDING_SECONDS = 60
_REFUSED: dict[str, object] = {"certificate_id": None, "found": 0, "ground": ""}


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
    """What the other library says now, verified and adopted.

    Raises:
        PeerUnknown, PeerNotInForce, CaseRequired, CallerRefused, DailyLimitReached: we do not ask.
        PeerAway, PeerRefusesUs: no answer. PeerUntrusted: an answer that is not believed. HolderDiffers.
    """
    today = local_date(desk.now)
    async with desk.db.transaction() as uow:
        peer = await _peer(uow.connection, wanted)
        if not peer.in_force(today):
            raise PeerNotInForce
        subject = await _subject(uow.connection, wanted, principal, desk.kit)
        caller = asked_of(peer.region)  # the limit is that of all of us together
        allowed = await admit_as(uow.connection, (caller,), caller, Query(wanted.purpose), desk.now)
        if wanted.type_code and not (wanted.type_code in allowed.types and peer.their_types(wanted.type_code)):
            raise CallerRefused("该证照类型不在可向对方查询的范围内")
    try:
        return await _adopted(desk, peer, subject, wanted, principal)
    except DomainError as refused:  # the other library may have told the record nevertheless
        noted = _access_row(principal, subject, peer, wanted, desk.now)
        async with desk.db.transaction() as uow:
            rows_of_each = [noted | _REFUSED | refused_as(refused) | {"holder_key": key} for key in subject.keys]
            await repository.note_access(uow.connection, rows_of_each)
        raise


async def _adopted(desk: Desk, peer: Peer, subject: Subject, wanted: ElsewhereIn, principal: Principal) -> ElsewhereOut:
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
        noted = _access_row(principal, subject, peer, wanted, desk.now)
        asked = subject.keys if wanted.identifier is None else ()
        await repository.note_access(uow.connection, _of_each(noted, kept, asked))
        shown = [foreign_out(row) for row in kept]
    return ElsewhereOut(region=peer.region, region_name=peer.name, items=shown)


def _of_each(noted: dict[str, object], kept: Sequence[Any], asked: Sequence[str]) -> list[dict[str, object]]:
    """A row for every holder of what came back, and for each who was asked for and has none there."""
    found = [noted | {"certificate_id": row.id, "holder_key": key} for row in kept for key in row.holder_keys]
    without = set(asked) - {key for row in kept for key in row.holder_keys}
    return [*found, *(noted | {"certificate_id": None, "holder_key": key, "found": 0} for key in sorted(without))]


async def inquire(desk: Desk, peer: Peer, questions: list[Question]) -> Heard:
    """Ask and check; nothing is stored. Raises PeerAway, PeerRefusesUs, PeerUntrusted."""
    heard = Heard(None, (), pending=False)
    for question in questions:
        answer = await _asked(desk, peer, question)
        head = head_of(answer, peer)
        told = answer.certificates if head is not None else []
        found = tuple(certificate_of(one, head, peer, desk.kit) for one in told if head is not None)
        if question.identifier is not None and any(one.identifier != question.identifier for one in found):
            raise wire.untrusted("answer-other", "答复的证照不是所查询的证照")
        heard = Heard(head, (*heard.found, *found), pending=heard.pending or answer.pending)
    return heard


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


async def _subject(connection: AsyncConnection, wanted: ElsewhereIn, principal: Principal, kit: Kit) -> Subject:
    """The holder himself or his organisation, or who applies in an open case the asker handles.

    Raises CaseRequired.
    """
    reader = reader_of(principal)
    if reader.is_one_of(APPLICANT_SIDE):
        if wanted.number is None:
            if wanted.type_code is not None or not reader.subject_key:
                raise CaseRequired("请填写本人或所代理单位的号码", errors=[FieldError("/number", "required", "请填写")])
            return Subject((Asked(reader.subject_key, PartyType.PERSON.value, None),), "")
        number = normalise_number(wanted.number)
        party = PartyType.PERSON if check_citizen_id(number) is None else PartyType.ORGANISATION
        key = kit.holder_key(party.value, number)
        if not holds(reader, [key]):
            raise CaseRequired("只能查询本人或所代理单位的证照")
        return Subject((Asked(key, party.value, number),), "")
    case = await _case(connection, wanted)
    if case is None or not may_read_case(reader, queries.scope_of(case)) or case.ended_at is not None:
        raise CaseRequired
    return Subject(tuple(_applicants(case, kit)), case.case_no or "")


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


def _access_row(
    principal: Principal, subject: Subject, peer: Peer, wanted: ElsewhereIn, now: datetime
) -> dict[str, object]:
    """The holder sees that others asked elsewhere for him."""
    return {
        "at": now,
        "act": "ASKED",
        "account": principal.subject,
        "client_id": principal.client_id,
        "organisation": principal.organisation,
        "organisation_name": principal.organisation_name,
        "ground": "CASE" if subject.case_no else "WITH_PURPOSE",
        "channel": principal.channel,
        "division": principal.division,
        "holder_key": subject.keys[0],
        "purpose": f"{wanted.purpose}（向{peer.name}查询）",
        "case_no": subject.case_no or None,
        "found": 1,
    }
