"""From what `verify_pdf` found of a file to what the rule of verification asks about its seal."""

from services.certificate.domain.copies import CopyKind, Stamp
from services.certificate.domain.verification import Seal
from services.certificate.files.verification import PdfVerdict, Reason, Verdict

_SEALS = {
    Reason.INCOMPLETE: Seal.CUT_OFF,
    Reason.FOREIGN_SEAL: Seal.FOREIGN,
    Reason.SEAL_ADDED: Seal.FOREIGN_ADDED,
    Reason.ANOTHER_BODYS_SEAL: Seal.FOREIGN,
}


def stamp_in(found: PdfVerdict) -> Stamp | None:
    """What is sealed into the file of a copy; None when it is none, or from before its number was sealed into it."""
    if found.copy_id is None or found.copy_no is None:
        return None
    kind = CopyKind.PRINT if found.copy_until is None else CopyKind.PURPOSE
    return Stamp(kind, found.copy_no, found.copy_purpose or "", found.copy_until)


def seal_of(found: PdfVerdict) -> Seal:
    if found.verdict is Verdict.VALID:
        return Seal.OURS
    return _SEALS.get(found.reason, Seal.BROKEN)
