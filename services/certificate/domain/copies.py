"""Prints and purpose-stamped copies (加注件) of a certificate: what is stamped on them, and until when they count."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.certificate.domain.certificate import chinese
from services.certificate.domain.errors import CopyImpossible
from services.kernel.errors import FieldError

LONGEST_DAYS = 366
COPIES_A_DAY = 20  # of one certificate: each is a sealed file that is kept


class CopyKind(StrEnum):
    PRINT = "PRINT"  # by the production counter; from the second one on a numbered duplicate
    PURPOSE = "PURPOSE"  # by the holder, for one use


@dataclass(frozen=True)
class Stamp:
    """What a copy says of itself. `ordinal` of a print: 0 is the original, n the n-th duplicate."""

    kind: CopyKind
    ordinal: int
    purpose: str
    expires_on: date | None

    @property
    def mark(self) -> str:
        if self.kind is CopyKind.PRINT:
            return f"副本　第{self.ordinal}号（补证）" if self.ordinal else ""
        until = f"，有效至{chinese(self.expires_on)}" if self.expires_on else ""
        return f"加注件：仅用于{self.purpose}{until}，用于其他用途无效"

    def is_over(self, today: date) -> bool:
        return self.expires_on is not None and today > self.expires_on


def print_stamp(printed: int, reason: str) -> Stamp:
    """The next print after `printed` ones. Raises CopyImpossible: a duplicate says why it is needed."""
    if printed and not reason.strip():
        fault = FieldError("#/reason", "required", "再次打印为副本，应当写明补证的原因")
        raise CopyImpossible(fault.detail, errors=[fault])
    return Stamp(CopyKind.PRINT, printed, reason.strip(), None)


def purpose_stamp(ordinal: int, purpose: str, expires_on: date, valid_until: date | None, *, today: date) -> Stamp:
    """Raises CopyImpossible: it would be over already, or outlive the certificate or a year."""
    latest = min(valid_until or date.max, date.fromordinal(today.toordinal() + LONGEST_DAYS))
    if not today <= expires_on <= latest:
        fault = FieldError("#/expires_on", "range", f"加注件的有效期应在今天至{chinese(latest)}之间")
        raise CopyImpossible(fault.detail, errors=[fault])
    return Stamp(CopyKind.PURPOSE, ordinal, purpose, expires_on)
