"""Verification of what another region issued: by its registered keys and seals, and by the last answer of its library.

Nobody is asked here: verification is open to everybody, and a question to another region needs a case or its holder.
"""

import asyncio
from base64 import b64decode
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from cryptography import x509
from sqlalchemy.ext.asyncio import AsyncConnection

from services.certificate.domain.peering import Peer
from services.certificate.domain.peering import region_of as peer_of_issuer
from services.certificate.domain.qr_proof import code_identifier
from services.certificate.domain.verdict_words import COPY_ELSEWHERE, words_of
from services.certificate.domain.verification import (
    Binding,
    Finding,
    Reason,
    Seal,
    Shown,
    Verdict,
    judge,
    region_of,
    tell_apart,
)
from services.certificate.files.file_seals import seal_of, stamp_in
from services.certificate.files.records import payload_of, record_sha256
from services.certificate.files.trust import Trust
from services.certificate.files.verification import PdfVerdict, verify_pdf
from services.certificate.kit import Kit
from services.certificate.peers import codes, rows
from services.certificate.peers.believing import holds_still
from services.certificate.schemas import IssuedIn, VerificationOut, VerifiedCertificate, VerifiedCopy
from services.chassis.clock import local_date
from services.chassis.database import Database
from services.kernel.certificate_identifier import parse_certificate_identifier

_NOT_ASKED = Finding(Verdict.UNKNOWN, Reason.REGION_NOT_ASKED)


@dataclass(frozen=True)
class Elsewhere:
    """The registered region an identifier belongs to, and the certificate as it was adopted, if it was."""

    identifier: str
    peer: Peer
    row: Any


async def find(db: Database, identifier: str, now: datetime) -> Elsewhere | None:
    """None: of no region that is registered today."""
    async with db.read() as connection:
        row = await rows.foreign(connection, identifier)
        peer = await _peer(connection, identifier, row)
    return Elsewhere(identifier, peer, row) if peer is not None and peer.in_force(local_date(now)) else None


async def _peer(connection: AsyncConnection, identifier: str, row: Any) -> Peer | None:
    if row is not None:
        return await rows.find_peer(connection, row.region)
    issuer = parse_certificate_identifier(identifier).issuer_code
    return peer_of_issuer(issuer, [rows.peer_of(one) for one in await rows.all_peers(connection)])


async def by_identifier(
    db: Database, identifier: str, kit: Kit, *, now: datetime, proof: str = ""
) -> VerificationOut | None:
    """The state as its region confirmed it last; None when that region is not registered.

    `proof` is what a QR code carries: it must be of this very record.
    """
    found = await find(db, identifier, now)
    if found is None:
        return None
    finding = _standing(found, kit, local_date(now))
    if not proof or found.row is None:
        return _told(found, finding, now)
    binding = codes.binding_of(found.row, found.peer, proof)
    fault = tell_apart(Shown(Seal.NONE, binding=binding))
    if fault is not None or finding.verdict is not Verdict.VALID:
        return _told(found, fault or finding, now)
    if binding is Binding.ABSENT:
        return _told(found, _NOT_ASKED, now)
    if codes.is_of_copy(proof):
        unsure = {"label": COPY_ELSEWHERE.label, "message": COPY_ELSEWHERE.message, "advice": COPY_ELSEWHERE.advice}
        return _told(found, _NOT_ASKED, now).model_copy(update=unsure)
    return _told(found, finding, now)


async def by_file(
    db: Database, identifier: str, content: bytes, kit: Kit, *, now: datetime, code: str = ""
) -> VerificationOut | None:
    """The seal by the roots registered for the region, then the state; None when no roots are registered. `code`: what
    a code seen on the file says.
    """
    found = await find(db, identifier, now)
    if found is None or not found.peer.seal_roots:
        return None
    trust = trust_of(found.peer)
    theirs = await asyncio.to_thread(verify_pdf, content, trust)
    fault = tell_apart(Shown(seal_of(theirs), binding=_seen(theirs, code)))
    told = _told(found, fault or _of_file(found, theirs, kit, local_date(now)), now)
    stamp = stamp_in(theirs) if fault is None else None
    return told.model_copy(update={"stamped": VerifiedCopy.of(stamp)}) if stamp else told


def _seen(theirs: PdfVerdict, code: str) -> Binding:
    """Under a sound seal the code is known: it says what is sealed into the file."""
    if not code:
        return Binding.ABSENT
    proof = code.strip().partition("?")[2]
    if code_identifier(code) != theirs.reference:
        old = theirs.copy_id is not None and theirs.log_proof is None and proof == f"copy={theirs.copy_id}"
        return Binding.OWN if old else Binding.ANOTHERS
    return Binding.OWN if proof in ("", theirs.log_proof) else Binding.FALSE


def _of_file(found: Elsewhere, theirs: PdfVerdict, kit: Kit, today: date) -> Finding:
    finding = _standing(found, kit, today)
    if finding.verdict is Verdict.VALID and theirs.copy_until is not None and today > theirs.copy_until:
        return Finding(Verdict.NO_LONGER_VALID, Reason.COPY_EXPIRED)
    if finding.genuine:
        said = payload_of(kit.open_record(found.row.record_sealed))
        if theirs.record_sha256 != record_sha256(said):
            return Finding(Verdict.ALTERED, Reason.RECORD_ALTERED)
    return finding


def _standing(found: Elsewhere, kit: Kit, today: date) -> Finding:
    """What took it away counts for ever; that it is valid, as long as the answer is trusted."""
    row = found.row
    if row is None or not row.standing_sealed:  # adopted before standings were sealed: asked for again
        return _NOT_ASKED
    intact = holds_still(row, found.peer, kit)
    finding = judge(row.status, row.valid_from, row.valid_until, today=today, intact=intact)
    return _NOT_ASKED if finding.verdict is Verdict.VALID and today > row.trusted_until else finding


def trust_of(peer: Peer) -> Trust:
    roots, stamps = (
        tuple(x509.load_der_x509_certificate(b64decode(one)) for one in encoded)
        for encoded in (peer.seal_roots, peer.stamp_roots)
    )
    return Trust(roots, stamps)


def _told(found: Elsewhere, finding: Finding, now: datetime) -> VerificationOut:
    words, name, row = words_of(finding), found.peer.name, found.row
    valid = f"证照由{name}颁发，已用其登记的公钥核验，当前有效。"
    issued_in = IssuedIn(
        region=found.peer.region,
        name=name,
        confirmed_at=row.confirmed_at if row is not None else None,
        trusted_until=row.trusted_until if row is not None else None,
    )
    return VerificationOut(
        verdict=finding.verdict,
        reason=finding.reason,
        label=words.label,
        message=valid if finding.verdict is Verdict.VALID else words.message,
        advice=words.advice,
        region=region_of(found.identifier),
        issued_in=issued_in,
        certificate=VerifiedCertificate.of(row) if finding.genuine else None,
        checked_at=now,
    )
