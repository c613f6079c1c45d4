"""We are asked: a signed request of a registered peer is answered with signed records, proofs and head."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.certificate import repository
from services.certificate.commands import log_proofs
from services.certificate.commands.sign_records import signed_within
from services.certificate.domain.errors import CallerRefused, PeerNotInForce, PeerRequestReplayed, PeerUnknown
from services.certificate.domain.holders import keys_of
from services.certificate.domain.peering import Peer, asked_by, runs_out_at
from services.certificate.domain.sharing import Query, type_refusal, withheld
from services.certificate.domain.transparency import Act
from services.certificate.files.records import general_form
from services.certificate.kit import Kit
from services.certificate.log import queries as log_queries
from services.certificate.log.queries import Head
from services.certificate.looking.looks import refused_as
from services.certificate.peers import rows
from services.certificate.peers.wire import (
    ANSWER_TYPE,
    MOST,
    MOST_HEADS,
    Answer,
    LeafSaid,
    Question,
    Request,
    S,
    Standing,
    Told,
    asker_of,
    digest,
    read_signed,
)
from services.certificate.sharing.callers import admit_as
from services.chassis.clock import local_date
from services.chassis.database import Database
from services.kernel.errors import DomainError, FieldError


async def said_by_peer(
    db: Database, signed: str, kind: type[S], kit: Kit, *, now: datetime, real_now: datetime
) -> tuple[Peer, S]:
    """Who says it and what, once. Its minute follows the real clock, its registration the days of the library.

    Raises:
        PeerUnknown, PeerRequestRefused, PeerNotInForce, PeerRequestReplayed.
    """
    async with db.transaction() as uow:
        peer = await rows.find_peer(uow.connection, asker_of(signed))
        if peer is None:
            raise PeerUnknown(errors=[FieldError("/request", "region", "请求方地区未在本地区登记")])
        said = read_signed(signed, kind, peer, kit.settings.division, now=real_now)
        if not peer.in_force(local_date(now)):
            raise PeerNotInForce
        until = runs_out_at({"exp": said.exp})
        if not await rows.first_use(uow.connection, peer.region, digest(said), until, real_now):
            raise PeerRequestReplayed
    return peer, said


async def answer(db: Database, signed: str, kit: Kit, *, now: datetime, real_now: datetime) -> str:
    """The signed answer. Each holder sees the question, answered or refused; who holds nothing of it sees it too.

    Raises: see `said_by_peer`; CallerRefused, DailyLimitReached.
    """
    peer, said = await said_by_peer(db, signed, Request, kit, now=now, real_now=real_now)
    looked = _Looked(peer, said.question, now)
    try:
        return await _answered(db, looked, said, kit, now=now, real_now=real_now)
    except DomainError as refused:
        async with db.transaction() as uow:
            found = await _found(uow.connection, said.question, kit)
            await looked.note(uow.connection, _holder(said.question, kit), found, refused)
        raise


async def _answered(
    db: Database, looked: "_Looked", said: Request, kit: Kit, *, now: datetime, real_now: datetime
) -> str:
    peer = looked.peer
    async with db.transaction() as uow:
        found = await _asked_for(uow.connection, peer, said.question, kit, now)
        await looked.note(uow.connection, _holder(said.question, kit), found)
        for row in found:
            await rows.remember_told(uow.connection, row.id, peer.region)
        head = await log_queries.latest_head(uow.connection)
        told = await _told(uow.connection, found, head, kit) if head else []
        pending = len(told) < len(found)
        consistency = await _consistency(uow.connection, said.question.head_size, head)
    answered = Answer(
        iss=kit.settings.division,
        aud=peer.region,
        answers=said.jti,
        iat=int(real_now.timestamp()),
        head=head.jws if head else "",
        pending=pending,
        consistency=consistency,
        certificates=told,
    )
    return kit.signer.sign(answered.model_dump(mode="json"), typ=ANSWER_TYPE)


async def _asked_for(
    connection: AsyncConnection, peer: Peer, question: Question, kit: Kit, now: datetime
) -> Sequence[Any]:
    """Raises CallerRefused, DailyLimitReached; a type is refused before it is known whether there is one."""
    query = Query(question.purpose, question.type_code)
    allowed = await admit_as(connection, (asked_by(peer.region),), asked_by(peer.region), query, now)
    if withheld(allowed, query):
        raise CallerRefused("登记只允许提供部分字段；签名记录不能拆分，不能提供")
    if question.identifier is None and (question.holder is None or question.type_code is None):
        raise CallerRefused("须按证照标识，或按持证人和证照类型查询")
    found = await _found(connection, question, kit)
    refused = next((rule for row in found if (rule := type_refusal(allowed, row.type_code))), None)
    if refused is not None:
        raise CallerRefused(refused.detail, errors=[refused])
    return found


async def _found(connection: AsyncConnection, question: Question, kit: Kit) -> Sequence[Any]:
    holder = _holder(question, kit)
    return await rows.of_question(
        connection, identifier=question.identifier, holder_key=holder, type_code=question.type_code, limit=MOST
    )


def _holder(question: Question, kit: Kit) -> str:
    holder = question.holder
    return kit.holder_key(holder.party_type.value, holder.number) if holder else ""


async def _told(connection: AsyncConnection, found: Sequence[Any], head: Head, kit: Kit) -> list[Told]:
    """What no head covers yet is told when the next one is signed, within a minute."""
    acts = await rows.acts_of(connection, [row.id for row in found])
    return [
        await _one(connection, row, acts[row.id], head, kit)
        for row in found
        if row.id in acts and _is_due(acts[row.id], head)
    ]


def _is_due(acts: Sequence[Any], head: Head) -> bool:
    """What takes a certificate away is told at once; what brings it into force or back, under a head only."""
    brings_back = acts[-1].act == Act.WITHDRAW_LOSS
    return bool((acts[-1] if brings_back else acts[0]).leaf_index < head.size)


async def _one(connection: AsyncConnection, row: Any, acts: Sequence[Any], head: Head, kit: Kit) -> Told:
    first, last = acts[0], acts[-1]
    standing = None
    if last.record_sealed is not None:
        covered = last.leaf_index < head.size
        leaf = await _leaf(connection, last, head) if covered else None
        standing = Standing(record=general_form(kit.open_record(last.record_sealed)), leaf=leaf)
    return Told(
        identifier=row.identifier,
        status=row.status,
        record=general_form(await signed_within(connection, row, kit)),
        leaf=await _leaf(connection, first, head),
        standing=standing,
        code_heads=await log_queries.heads_of_codes(connection, row.id, head.size, MOST_HEADS),
    )


async def _leaf(connection: AsyncConnection, act: Any, head: Head) -> LeafSaid:
    proof = await log_proofs.inclusion(connection, act, head.size)
    return LeafSaid(index=act.leaf_index, act=Act(act.act), path=[part.hex() for part in proof.path])


async def _consistency(connection: AsyncConnection, known: int, head: Head | None) -> list[str]:
    if head is None or not 0 < known < head.size:
        return []
    return (await log_proofs.consistency_out(connection, known, head.size)).proof


@dataclass(frozen=True)
class _Looked:
    """A question of a peer as the holders see it in their log."""

    peer: Peer
    question: Question
    now: datetime

    async def note(
        self, connection: AsyncConnection, holder: str, found: Sequence[Any], refused: DomainError | None = None
    ) -> None:
        """For each holder of what was found; when nothing was, for whom it was asked."""
        told = {"found": 0, "ground": "", **refused_as(refused)} if refused else {"found": 1, "ground": "WITH_PURPOSE"}
        noted = [self._row(key, row.id) | told for row in found for key in keys_of(row)]
        if holder and not found:
            noted = [self._row(holder, None) | told | {"found": 0}]
        if noted:
            await repository.note_access(connection, noted)

    def _row(self, holder_key: str, certificate_id: UUID | None) -> dict[str, object]:
        return {
            "at": self.now,
            "act": "PEER",
            "account": "",
            "client_id": asked_by(self.peer.region),
            "organisation": "",
            "organisation_name": self.peer.name,
            "channel": "",
            "division": self.peer.region,
            "certificate_id": certificate_id,
            "holder_key": holder_key,
            "purpose": self.question.purpose,
            "case_no": self.question.case_no or None,
        }
