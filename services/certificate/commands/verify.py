"""Verification, for everybody: by identifier, by a paper's code, by uploading the file."""

import asyncio
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.events.certificate import PaperKind
from services.certificate import copy_queries, queries
from services.certificate.commands import log_proofs
from services.certificate.commands.log_check import says_what_was_signed
from services.certificate.commands.sign_records import signed_record
from services.certificate.domain.copies import CopyKind
from services.certificate.domain.holders import ORGANISATION, of_row
from services.certificate.domain.paper import FORMS
from services.certificate.domain.transparency import Act, may_stand
from services.certificate.domain.verification import UNKNOWN, Finding, Reason, Verdict, judge, masked_name
from services.certificate.files.errors import RecordNotAuthentic
from services.certificate.files.records import record_sha256
from services.certificate.files.verification import PdfVerdict, verify_pdf
from services.certificate.files.verification import Verdict as FileVerdict
from services.certificate.kit import Kit
from services.certificate.schemas import VerificationOut, VerifiedCertificate, VerifiedCopy, VerifiedPaper
from services.chassis.clock import local_date
from services.chassis.database import Database
from services.chassis.sealing import SealBroken
from services.kernel.certificate_identifier import check_certificate_identifier

_MESSAGES = {
    Reason.IDENTIFIER_MALFORMED: "证照标识不正确（结构或校验位有误），请核对后重新输入。",
    Reason.NOT_IN_LIBRARY: "本证照库没有该证照或文书。",
    Reason.NOT_OURS: "文件没有本平台的电子印章，无法确认真伪。",
    Reason.RECORD_ALTERED: "登记记录与签名或公开日志不一致，请联系颁发机构。",
    Reason.FILE_ALTERED: "文件在签章之后被改动，内容不可信。",
    Reason.PROOF_FALSE: "二维码中的证明与证照日志不符，二维码可能是伪造的，或者属于另一张证照。",
    Reason.NOT_YET_VALID: "证照尚未到生效日期。",
    Reason.EXPIRED: "证照已超过有效期。",
    Reason.SUPERSEDED: "证照已变更或换发，请以新版为准。",
    Reason.RESCINDED: "证照已被撤回。",
    Reason.ANNULLED: "证照已被撤销。",
    Reason.DEREGISTERED: "证照已注销。",
    Reason.REVOKED: "证照已被吊销。",
    Reason.LOST: "证照已挂失。",
    Reason.COPY_EXPIRED: "加注件已超过其有效期；证照本身有效。",
}
_GENUINE = "证照真实，当前有效。"
_GENUINE_PAPER = "文书真实，由所列机关出具。"
_SHOWN = {Verdict.VALID, Verdict.NO_LONGER_VALID}


async def identifier(db: Database, text: str, kit: Kit, *, now: datetime) -> VerificationOut:
    """The state of the certificate with this identifier."""
    wanted = text.strip().upper()
    if check_certificate_identifier(wanted) is not None:
        return _told(Finding(Verdict.UNKNOWN, Reason.IDENTIFIER_MALFORMED), now)
    async with db.read() as connection:
        row = await queries.by_identifier(connection, wanted)
    return await _certificate(db, row, kit, now)


async def qr_code(db: Database, text: str, proof: str, kit: Kit, *, now: datetime) -> VerificationOut:
    """What the QR code of a certificate opens: its state, once the proof it carries is that of the log."""
    told = await identifier(db, text, kit, now=now)
    if not proof or told.certificate is None:
        return told
    async with db.read() as connection:
        holds = await log_proofs.is_ours(connection, text.strip().upper(), proof)
    return told if holds else _told(Finding(Verdict.ALTERED, Reason.PROOF_FALSE), now)


async def copy(db: Database, copy_id: UUID, kit: Kit, *, now: datetime) -> VerificationOut:
    """The certificate behind a duplicate or a purpose-stamped copy, and what the copy is good for."""
    async with db.read() as connection:
        found = await copy_queries.by_id(connection, copy_id)
    if found is None:
        return _told(UNKNOWN, now)
    return _of_copy(await identifier(db, found.identifier, kit, now=now), found, now)


def _of_copy(told: VerificationOut, found: Any, now: datetime) -> VerificationOut:
    """A copy is never worth more than its certificate, and nothing after its own last day."""
    stamp = copy_queries.stamp_of(found)
    purpose = stamp.purpose if stamp.kind is CopyKind.PURPOSE else None
    shown = VerifiedCopy(number=stamp.ordinal, mark=stamp.mark, purpose=purpose, expires_on=stamp.expires_on)
    if told.verdict is Verdict.VALID and stamp.is_over(local_date(now)):
        told = _told(Finding(Verdict.NO_LONGER_VALID, Reason.COPY_EXPIRED), now, told.certificate)
    return told.model_copy(update={"stamped": shown})


async def paper(db: Database, paper_id: UUID, *, now: datetime) -> VerificationOut:
    """Whether this paper was issued."""
    async with db.read() as connection:
        row = await queries.paper_by_id(connection, paper_id)
    return _paper(row, now)


async def file(db: Database, content: bytes, kit: Kit, *, now: datetime) -> VerificationOut:
    """Judge an uploaded file: its seal first, then the state of what it says it is."""
    found = await asyncio.to_thread(verify_pdf, content, kit.trust())
    if found.verdict is FileVerdict.ALTERED:
        return _told(Finding(Verdict.ALTERED, Reason.FILE_ALTERED), now)
    if found.verdict is not FileVerdict.VALID or found.reference is None:
        return _told(Finding(Verdict.UNKNOWN, Reason.NOT_OURS), now)
    if found.kind == "paper":
        return await paper(db, UUID(found.reference), now=now)
    async with db.read() as connection:
        row = await queries.by_identifier(connection, found.reference)
        copied = await copy_queries.by_id(connection, UUID(found.copy_id)) if found.copy_id else None
    told = await _certificate(db, row, kit, now, found)
    return _of_copy(told, copied, now) if copied is not None else told


async def _certificate(
    db: Database, row: Any, kit: Kit, now: datetime, shown: PdfVerdict | None = None
) -> VerificationOut:
    """The state of a row; of an uploaded file (`shown`) also that it belongs to this very record."""
    if row is None:
        return _told(UNKNOWN, now)
    intact = await _record_intact(db, row, kit, shown.record_sha256 if shown else None)
    finding = judge(row.status, row.valid_from, row.valid_until, today=local_date(now), intact=intact)
    known = _known(row) if finding.verdict in _SHOWN else None
    return _told(finding, now, certificate=known)


async def _record_intact(db: Database, row: Any, kit: Kit, on_file: str | None) -> bool:
    """The signed record opens, its signature holds, the row says what was signed, and so does the file shown."""
    try:
        signed = kit.signer.verify(await signed_record(db, row, kit))
    except (SealBroken, RecordNotAuthentic, ValueError):
        return False
    if on_file is not None and on_file != record_sha256(signed):
        return False
    return says_what_was_signed(row, signed, kit) and _is_logged(row)


def _is_logged(row: Any) -> bool:
    """The log has this certificate, with an act that its status follows from."""
    if row.last_act is None:
        return bool(row.to_fill)  # older than the log, which the worker is filling
    return may_stand(Act(row.last_act), row.status)


def _known(row: Any) -> VerifiedCertificate:
    return VerifiedCertificate(
        identifier=row.identifier,
        type_name=row.type_name,
        holder_name="、".join(masked_name(one["name"], person=one["type"] != ORGANISATION) for one in of_row(row)),
        issuer_name=row.issuer_name,
        issued_on=row.issued_on,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
    )


def _paper(row: Any, now: datetime) -> VerificationOut:
    if row is None:
        return _told(UNKNOWN, now)
    shown = VerifiedPaper(
        kind=PaperKind(row.kind),
        kind_name=FORMS[row.kind].title,
        number=row.number,
        issuer_name=row.body_name,
        issued_on=local_date(row.issued_at),
    )
    return VerificationOut(verdict=Verdict.VALID, message=_GENUINE_PAPER, paper=shown, checked_at=now)


def _told(finding: Finding, now: datetime, certificate: VerifiedCertificate | None = None) -> VerificationOut:
    message = _MESSAGES[finding.reason] if finding.reason else _GENUINE
    return VerificationOut(
        verdict=finding.verdict, reason=finding.reason, message=message, certificate=certificate, checked_at=now
    )
