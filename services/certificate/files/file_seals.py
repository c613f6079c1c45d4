"""From what `verify_pdf` found of a file to what the rule of verification asks about its seal."""

from services.certificate.domain.verification import Seal
from services.certificate.files.verification import PdfVerdict, Reason, Verdict

_SEALS = {
    Reason.INCOMPLETE: Seal.CUT_OFF,
    Reason.FOREIGN_SEAL: Seal.FOREIGN,
    Reason.SEAL_ADDED: Seal.FOREIGN_ADDED,
}


def seal_of(found: PdfVerdict) -> Seal:
    if found.verdict is Verdict.VALID:
        return Seal.OURS
    return _SEALS.get(found.reason, Seal.BROKEN)
