"""A paper that another region sealed: verified with the roots registered for that region, else told whose it says.

Papers stand in no log: their seal is all that proves them, and what became of one only its region knows.
"""

import asyncio
from datetime import datetime
from uuid import UUID

from services.certificate.domain.peering import Peer
from services.certificate.domain.verdict_words import FOREIGN_PAPER, Words, words_of
from services.certificate.domain.verification import (
    Binding,
    Finding,
    Reason,
    Shown,
    Verdict,
    is_other_regions_body,
    region_of_body,
    tell_apart,
)
from services.certificate.files.file_seals import seal_of
from services.certificate.files.verification import PdfVerdict, verify_pdf
from services.certificate.kit import Kit
from services.certificate.peers import rows
from services.certificate.peers.verifying import trust_of
from services.certificate.schemas import IssuedIn, VerificationOut
from services.chassis.clock import local_date
from services.chassis.database import Database

_OTHER_REGION = Finding(Verdict.UNKNOWN, Reason.OTHER_REGION)


async def by_file(
    db: Database, found: PdfVerdict, content: bytes, kit: Kit, *, now: datetime, code: str = ""
) -> VerificationOut | None:
    """`found` is what our own roots say of the file. None: nothing tells that it is of another region."""
    async with db.read() as connection:
        peers = [rows.peer_of(row) for row in await rows.all_peers(connection)]
    today = local_date(now)
    for peer in peers:
        if peer.seal_roots and peer.in_force(today):
            theirs = await asyncio.to_thread(verify_pdf, content, trust_of(peer))
            if theirs.sealed_by is not None:  # by a seal under its roots, whether or not it still holds
                return _of(peer, theirs, code, now)
    if is_other_regions_body(found.foreign_uscc or "", kit.settings.division):
        region = region_of_body(found.foreign_uscc or "")
        return _told(FOREIGN_PAPER, _OTHER_REGION, now).model_copy(update={"region": region})
    return None


def _of(peer: Peer, theirs: PdfVerdict, code: str, now: datetime) -> VerificationOut:
    of_another = bool(code) and not code.strip().endswith(f"paper={UUID(theirs.reference)}")
    fault = tell_apart(Shown(seal_of(theirs), binding=Binding.ANOTHERS if of_another else Binding.ABSENT))
    genuine = Words(
        "真实有效",
        f"文书由{peer.name}的{theirs.sealed_by}盖章，已用其登记的印章根证书核验，盖章后未被改动。",
        "是否已被撤回或者更正，以出具地区为准：请扫描文书上的二维码，在其平台查询。",
    )
    told = _told(words_of(fault) if fault else genuine, fault or Finding(Verdict.VALID), now)
    issued_in = IssuedIn(region=peer.region, name=peer.name, confirmed_at=None, trusted_until=None)
    return told.model_copy(update={"region": peer.region[:6], "issued_in": issued_in})


def _told(words: Words, finding: Finding, now: datetime) -> VerificationOut:
    said = {"label": words.label, "message": words.message, "advice": words.advice}
    return VerificationOut(verdict=finding.verdict, reason=finding.reason, checked_at=now, **said)
