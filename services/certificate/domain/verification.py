"""What verification answers: each kind of falsehood told from the others, and of a person the surname only.

`tell_apart` is the one rule for whatever is shown (a file, a code, an identifier), with the library or without it;
`judge` is the one rule for a certificate that is what it says. Words for people: `verdict_words.py`.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.kernel.certificate_identifier import check_certificate_identifier, parse_certificate_identifier


class Verdict(StrEnum):
    VALID = "VALID"
    ALTERED = "ALTERED"
    UNKNOWN = "UNKNOWN"
    NO_LONGER_VALID = "NO_LONGER_VALID"


class Reason(StrEnum):
    """Why a verdict is not VALID."""

    IDENTIFIER_MALFORMED = "IDENTIFIER_MALFORMED"
    NOT_IN_LIBRARY = "NOT_IN_LIBRARY"
    OTHER_REGION = "OTHER_REGION"
    REGION_NOT_ASKED = "REGION_NOT_ASKED"
    NOT_OURS = "NOT_OURS"
    FORGED = "FORGED"
    RECORD_ALTERED = "RECORD_ALTERED"
    FILE_ALTERED = "FILE_ALTERED"
    RE_SIGNED = "RE_SIGNED"
    TRUNCATED = "TRUNCATED"
    QR_SWAPPED = "QR_SWAPPED"
    PROOF_FALSE = "PROOF_FALSE"
    NOT_YET_VALID = "NOT_YET_VALID"
    EXPIRED = "EXPIRED"
    SUPERSEDED = "SUPERSEDED"
    RESCINDED = "RESCINDED"
    ANNULLED = "ANNULLED"
    DEREGISTERED = "DEREGISTERED"
    REVOKED = "REVOKED"
    LOST = "LOST"
    COPY_EXPIRED = "COPY_EXPIRED"


@dataclass(frozen=True)
class Finding:
    verdict: Verdict
    reason: Reason | None = None

    @property
    def genuine(self) -> bool:
        """It was issued as it stands, whether it is still valid or not."""
        return self.verdict in {Verdict.VALID, Verdict.NO_LONGER_VALID}


class Seal(StrEnum):
    """What the electronic seal of a file says. A code or an identifier has none."""

    OURS = "OURS"
    BROKEN = "BROKEN"  # there was one of ours: damaged, taken off, or the content was changed after it
    CUT_OFF = "CUT_OFF"  # the file ends too early
    FOREIGN = "FOREIGN"  # a sound signature of somebody else
    FOREIGN_ADDED = "FOREIGN_ADDED"  # the same, put over a seal of ours
    NONE = "NONE"


class Binding(StrEnum):
    """What the content hash and the log proof that are carried say about the certificate that is named."""

    ABSENT = "ABSENT"
    OWN = "OWN"
    ANOTHERS = "ANOTHERS"
    FALSE = "FALSE"  # of no certificate at all


@dataclass(frozen=True)
class Shown:
    """What was shown. `named`: it says that it is a certificate or paper of such a library; `here`: of this one."""

    seal: Seal
    named: bool = True
    here: bool = True
    binding: Binding = Binding.ABSENT


_FAULTS_OF_SEALS = {
    Seal.FOREIGN_ADDED: Finding(Verdict.ALTERED, Reason.RE_SIGNED),
    Seal.BROKEN: Finding(Verdict.ALTERED, Reason.FILE_ALTERED),
    Seal.FOREIGN: Finding(Verdict.UNKNOWN, Reason.FORGED),
}
_FAULTS_OF_BINDINGS = {
    Binding.ANOTHERS: Finding(Verdict.ALTERED, Reason.QR_SWAPPED),
    Binding.FALSE: Finding(Verdict.ALTERED, Reason.PROOF_FALSE),
}


def tell_apart(shown: Shown) -> Finding | None:
    """The falsehood of what was shown; None when it is what it says, so that only its state is left to ask.

    What cannot be read comes first, then whose it is, then what was done to it.
    """
    if shown.seal is Seal.CUT_OFF:
        return Finding(Verdict.ALTERED if shown.named else Verdict.UNKNOWN, Reason.TRUNCATED)
    if not shown.named:
        return Finding(Verdict.UNKNOWN, Reason.NOT_OURS)
    if not shown.here and shown.seal not in {Seal.OURS, Seal.FOREIGN_ADDED}:
        return Finding(Verdict.UNKNOWN, Reason.OTHER_REGION)
    if shown.binding is Binding.ANOTHERS:
        return _FAULTS_OF_BINDINGS[Binding.ANOTHERS]
    if shown.seal is Seal.FOREIGN and shown.binding is Binding.OWN:
        return _FAULTS_OF_SEALS[Seal.FOREIGN_ADDED]  # what only the genuine file carries, under another's signature
    return _FAULTS_OF_SEALS.get(shown.seal) or _FAULTS_OF_BINDINGS.get(shown.binding)


def region_of(identifier: str) -> str:
    """The six digits of the division where the issuer is registered; empty when there is no such identifier.

    Source: domain.md 2.4 (an issuer is a USCC, in older libraries a division code) and 2.2 (USCC, characters 3-8).
    """
    if check_certificate_identifier(identifier) is not None:
        return ""
    issuer = parse_certificate_identifier(identifier).issuer_code
    return region_of_body(issuer) or issuer[:6]


def region_of_body(uscc: str) -> str:
    """The six digits of the division where a body is registered; empty for what is no USCC."""
    return uscc[2:8] if len(uscc) == 18 and uscc[2:8].isdecimal() else ""


def is_elsewhere(identifier: str, division: str) -> bool:
    """Whether an identifier that is not in this library must belong to the library of another region."""
    return _is_outside(region_of(identifier), division)


def is_other_regions_body(uscc: str, division: str) -> bool:
    return _is_outside(region_of_body(uscc), division)


def _is_outside(region: str, division: str) -> bool:
    own = division[:6]
    while len(own) > 2 and own.endswith("00"):
        own = own[:-2]
    return bool(region) and not region.startswith(own)


def judge(status: str, valid_from: date, valid_until: date | None, *, today: date, intact: bool) -> Finding:
    """The verdict on a known certificate whose record (and file, when one was shown) is `intact` or not.

    Alteration is told before anything else: what is written on an altered document is worth nothing.
    """
    if not intact:
        return Finding(Verdict.ALTERED, Reason.RECORD_ALTERED)
    if status != "VALID":
        return Finding(Verdict.NO_LONGER_VALID, Reason(status))
    if valid_until is not None and today > valid_until:
        return Finding(Verdict.NO_LONGER_VALID, Reason.EXPIRED)
    if today < valid_from:
        return Finding(Verdict.NO_LONGER_VALID, Reason.NOT_YET_VALID)
    return Finding(Verdict.VALID)


def masked_name(name: str, *, person: bool) -> str:
    """王小明 -> 王**; an organisation's name is public."""
    return name if not person else name[:1] + "*" * max(len(name) - 1, 1)
