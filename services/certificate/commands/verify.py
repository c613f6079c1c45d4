"""Verification, for everybody: by identifier, by a paper's code, by uploading the file."""

import asyncio
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events.certificate import PaperKind
from services.certificate import queries
from services.certificate.commands import copy_acts, log_proofs
from services.certificate.commands.copy_acts import CopyAct
from services.certificate.commands.log_check import is_logged, is_true_paper, says_what_was_signed
from services.certificate.commands.sign_records import signed_record
from services.certificate.domain.copies import Stamp
from services.certificate.domain.paper import FORMS
from services.certificate.domain.qr_proof import code_identifier, unpack
from services.certificate.domain.transparency import COPY_ACTS
from services.certificate.domain.verdict_words import GENUINE_PAPER, words_of
from services.certificate.domain.verification import (
    Binding,
    Finding,
    Reason,
    Seal,
    Shown,
    Verdict,
    is_elsewhere,
    judge,
    region_of,
    tell_apart,
)
from services.certificate.files.errors import RecordNotAuthentic
from services.certificate.files.file_seals import seal_of, stamp_in
from services.certificate.files.records import record_sha256
from services.certificate.files.verification import PdfVerdict, verify_pdf
from services.certificate.kit import Kit
from services.certificate.life import copy_queries
from services.certificate.peers import papers, verifying
from services.certificate.schemas import VerificationOut, VerifiedCertificate, VerifiedCopy, VerifiedPaper
from services.chassis import file_guard
from services.chassis.clock import local_date
from services.chassis.database import Database
from services.kernel.certificate_identifier import check_certificate_identifier

_UNKNOWN = Finding(Verdict.UNKNOWN, Reason.NOT_IN_LIBRARY)
_OTHER_REGION = Finding(Verdict.UNKNOWN, Reason.OTHER_REGION)
_ROW_ALTERED = Finding(Verdict.ALTERED, Reason.RECORD_ALTERED)
_BEFORE_ANY_PROOF = {Reason.IDENTIFIER_MALFORMED, Reason.OTHER_REGION}


async def identifier(db: Database, text: str, kit: Kit, *, now: datetime) -> VerificationOut:
    """The state of the certificate with this identifier."""
    wanted = text.strip().upper()
    if check_certificate_identifier(wanted) is not None:
        return _told(Finding(Verdict.UNKNOWN, Reason.IDENTIFIER_MALFORMED), now)
    async with db.read() as connection:
        row = await queries.by_identifier(connection, wanted)
    if row is None and is_elsewhere(wanted, kit.settings.division):
        told = await verifying.by_identifier(db, wanted, kit, now=now)
        return told or _told(_OTHER_REGION, now, named=wanted)
    return await _certificate(db, row, kit, now)


async def qr_code(db: Database, text: str, proof: str, kit: Kit, *, now: datetime) -> VerificationOut:
    """What the QR code of a certificate opens: its state, once the proof it carries is that of the log."""
    told = await identifier(db, text, kit, now=now)
    if told.issued_in is not None:
        return await verifying.by_identifier(db, text.strip().upper(), kit, now=now, proof=proof) or told
    if not proof or told.reason in _BEFORE_ANY_PROOF:
        return told
    async with db.read() as connection:
        binding = _binding(text.strip().upper(), await log_proofs.owner_of(connection, proof))
    if told.certificate is None and binding is not Binding.ANOTHERS:
        return told
    fault = tell_apart(Shown(Seal.NONE, binding=binding))
    return _told(fault, now) if fault else await _of_copys_code(db, text, proof, kit, told, now)


async def _of_copys_code(
    db: Database, text: str, proof: str, kit: Kit, told: VerificationOut, now: datetime
) -> VerificationOut:
    """The code of a copy carries the proof of the act that made it, which tells what the copy is good for."""
    leaf = unpack(text.strip().upper(), proof)
    if leaf.leaf.act not in COPY_ACTS:
        return told
    async with db.read() as connection:
        act = await copy_acts.at(connection, leaf.index, kit)
        row = await copy_queries.by_id(connection, act.copy_id) if act and act.copy_id else None
    return _by_act(told, act, row, now) if act else _told(_ROW_ALTERED, now)


def _binding(named: str, owner: str | None) -> Binding:
    if owner is None:
        return Binding.FALSE
    return Binding.OWN if owner == named else Binding.ANOTHERS


async def copy(db: Database, copy_id: UUID, kit: Kit, *, now: datetime) -> VerificationOut:
    """The certificate behind a duplicate or a purpose-stamped copy, and what the copy is good for: a row alone proves
    no copy, what was signed and logged of it does.
    """
    async with db.read() as connection:
        found = await copy_queries.by_id(connection, copy_id)
        act = await copy_acts.of_copy(connection, found, kit) if found is not None else None
    if found is None or act is None:
        return _told(_UNKNOWN, now)
    return _by_act(await identifier(db, found.identifier, kit, now=now), act, found, now)


def _by_act(told: VerificationOut, act: CopyAct, row: Any, now: datetime) -> VerificationOut:
    """`row`: what the database says of the copy, None when it says nothing."""
    if row is not None and act.agrees_with(row):
        return of_copy(told, act.stamp, now)
    return _told(_ROW_ALTERED, now) if told.verdict is Verdict.VALID else told


def of_copy(told: VerificationOut, stamp: Stamp, now: datetime) -> VerificationOut:
    """A copy is never worth more than its certificate, and nothing after its own last day."""
    if told.verdict is Verdict.VALID and stamp.is_over(local_date(now)):
        told = _told(Finding(Verdict.NO_LONGER_VALID, Reason.COPY_EXPIRED), now, told.certificate)
    return told.model_copy(update={"stamped": VerifiedCopy.of(stamp)})


async def paper(db: Database, paper_id: UUID, kit: Kit, *, now: datetime) -> VerificationOut:
    """Whether this paper was issued."""
    async with db.read() as connection:
        row = await queries.paper_by_id(connection, paper_id)
    return _paper(row, kit, now)


async def file(db: Database, content: bytes, kit: Kit, *, now: datetime, code: str = "") -> VerificationOut:
    """Judge an uploaded file: its seal first, then the state of what it says it is. `code` is what a QR code seen on
    it says, when somebody scanned it: it must belong to the same certificate.
    """
    found = await asyncio.to_thread(verify_pdf, content, kit.trust())
    if found.kind == "paper" and found.reference is not None:
        return await _paper_file(db, found, content, kit, now, code)
    named = found.reference or ""
    async with db.read() as connection:
        row = await queries.by_identifier(connection, named) if named else None
        copied = await copy_queries.by_id(connection, UUID(found.copy_id)) if found.copy_id else None
        binding = await _carried(connection, found, code)
    if binding is Binding.ABSENT and seal_of(found) is Seal.FOREIGN and row is not None and found.record_sha256:
        binding = Binding.OWN if await intact_record(db, row, kit, found.record_sha256) else binding
    here = row is not None or not is_elsewhere(named, kit.settings.division)
    if not here and (elsewhere := await verifying.by_file(db, named, content, kit, now=now, code=code)):
        return elsewhere
    fault = tell_apart(Shown(seal_of(found), named=bool(named), here=here, binding=binding))
    if fault is not None and fault.reason is Reason.NOT_OURS:
        await file_guard.check(
            content
        )  # whoever shows such a file shall hear that it is dangerous, not that it is foreign
    if fault is not None:
        return _told(fault, now, named=named)
    told = await _certificate(db, row, kit, now, found)
    return of_copied_file(told, found, copied, now) if found.copy_id else told


def of_copied_file(told: VerificationOut, found: PdfVerdict, copied: Any, now: datetime) -> VerificationOut:
    """What is sealed into the file of a copy counts; a row that is gone or says something else does not lengthen it."""
    until, sealed = found.copy_until, stamp_in(found)
    if copied is not None and copied.identifier == found.reference:
        # From before number and purpose were sealed into it: the row tells them, never a later day.
        stamp = sealed or copy_queries.stamp_of(copied)
        if stamp is not None and copy_queries.says(copied, stamp) and until in (None, stamp.expires_on):
            return of_copy(told, stamp, now)
    if told.verdict is not Verdict.VALID:
        return told
    if until is not None and local_date(now) > until:
        return _told(Finding(Verdict.NO_LONGER_VALID, Reason.COPY_EXPIRED), now, told.certificate)
    return _told(_ROW_ALTERED, now)


async def _carried(connection: AsyncConnection, found: PdfVerdict, code: str) -> Binding:
    """Whether the proof in a file, and a code seen on it, are those of the certificate it names."""
    named = found.reference or ""
    seen = await _seen(connection, found, code) if code else Binding.ABSENT
    if seen in {Binding.ANOTHERS, Binding.FALSE} or seal_of(found) is Seal.OURS:
        return seen  # under our own seal the file's marks are proven, and its record is checked with the row
    if found.log_proof is None:
        return Binding.ABSENT
    carried = _binding(named, await log_proofs.owner_of(connection, found.log_proof))
    return Binding.ABSENT if carried is Binding.FALSE else carried  # a proof of nothing tells nothing of the rest


async def _seen(connection: AsyncConnection, found: PdfVerdict, code: str) -> Binding:
    """What a scanned code says of the certificate that the file names."""
    named, proof = found.reference or "", code.strip().partition("?")[2]
    if found.copy_id is not None and found.log_proof is None:  # made before the codes of copies carried a proof
        return Binding.OWN if proof == f"copy={found.copy_id}" else Binding.ANOTHERS
    if code_identifier(code) != named:
        return Binding.ANOTHERS
    whose = _binding(named, await log_proofs.owner_of(connection, proof)) if proof else Binding.OWN
    of_another_file = bool(proof) and found.log_proof not in (None, proof)  # of the original, or of another copy
    return Binding.ANOTHERS if whose is Binding.OWN and of_another_file else whose


async def _paper_file(
    db: Database, found: PdfVerdict, content: bytes, kit: Kit, now: datetime, code: str
) -> VerificationOut:
    """A paper's id is random: who knows it has taken it from the genuine paper."""
    paper_id = UUID(found.reference)
    async with db.read() as connection:
        row = await queries.paper_by_id(connection, paper_id)
    if row is None and seal_of(found) is not Seal.OURS:
        elsewhere = await papers.by_file(db, found, content, kit, now=now, code=code)
        if elsewhere is not None:
            return elsewhere
    binding = Binding.OWN if row is not None else Binding.ABSENT
    if code and not code.strip().endswith(f"paper={paper_id}"):
        binding = Binding.ANOTHERS
    fault = tell_apart(Shown(_seal_on_paper(found, row), binding=binding))
    return _told(fault, now) if fault else _paper(row, kit, now)


def _seal_on_paper(found: PdfVerdict, row: Any) -> Seal:
    """A paper is sealed by the body that made it; the seal of another body under our CA is a stranger's."""
    seal = seal_of(found)
    others = row is not None and found.sealed_by_uscc not in (None, row.body_uscc)
    return Seal.FOREIGN if seal is Seal.OURS and others else seal


async def _certificate(
    db: Database, row: Any, kit: Kit, now: datetime, shown: PdfVerdict | None = None
) -> VerificationOut:
    """The state of a row; of an uploaded file (`shown`) also that it belongs to this very record."""
    if row is None:
        return _told(_UNKNOWN, now)
    intact = await intact_record(db, row, kit, shown.record_sha256 if shown else None) is not None
    finding = judge(row.status, row.valid_from, row.valid_until, today=local_date(now), intact=intact)
    known = VerifiedCertificate.of(row) if finding.genuine else None
    return _told(finding, now, certificate=known)


async def intact_record(db: Database, row: Any, kit: Kit, on_file: str | None = None) -> dict[str, Any] | None:
    """The record of a row of `queries.by_identifier`: it opens, its signature holds, the row says what was signed (and
    so does the file shown), and its status follows from the log. None otherwise.
    """
    try:
        signed = kit.signer.verify(await signed_record(db, row, kit))
    except (RecordNotAuthentic, ValueError):
        return None
    if on_file is not None and on_file != record_sha256(signed):
        return None
    return signed if says_what_was_signed(row, signed, kit) and is_logged(row) else None


def _paper(row: Any, kit: Kit, now: datetime) -> VerificationOut:
    if row is None:
        return _told(_UNKNOWN, now)
    if not is_true_paper(row, kit):
        return _told(_ROW_ALTERED, now)
    shown = VerifiedPaper(
        kind=PaperKind(row.kind),
        kind_name=FORMS[row.kind].title,
        number=row.number,
        issuer_name=row.body_name,
        issued_on=local_date(row.issued_at),
    )
    words = GENUINE_PAPER
    return VerificationOut(
        verdict=Verdict.VALID,
        label=words.label,
        message=words.message,
        advice=words.advice,
        paper=shown,
        checked_at=now,
    )


def _told(
    finding: Finding, now: datetime, certificate: VerifiedCertificate | None = None, *, named: str = ""
) -> VerificationOut:
    words = words_of(finding)
    return VerificationOut(
        verdict=finding.verdict,
        reason=finding.reason,
        label=words.label,
        message=words.message,
        advice=words.advice,
        region=region_of(named) if finding.reason is Reason.OTHER_REGION else None,
        certificate=certificate,
        checked_at=now,
    )
