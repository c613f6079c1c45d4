"""Who may read which certificate and which case's papers: the one rule behind search, record, file and list."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

APPLICANT_SIDE = frozenset({"CITIZEN", "ENTERPRISE_AGENT"})
DEPARTMENT = frozenset({"HANDLER", "CHIEF_REPRESENTATIVE"})
CLERKS = frozenset({"COUNTER_CLERK", "HANDOVER_CLERK", "TOWNSHIP_CLERK", "TOWNSHIP_CENTRE"})
PROVINCIAL = frozenset({"PROVINCIAL_PLATFORM"})
SUPERVISOR = frozenset({"SUPERVISOR"})
# Banks and others who rely on certificates (用证单位): nobody's case is theirs, they read as their registration says.
OUTSIDE = frozenset({"RELYING_PARTY"})
# Who serves a holder at a window: takes his report of a loss, prints his certificate.
WINDOWS = frozenset({"COUNTER_CLERK", "HANDOVER_CLERK", "TOWNSHIP_CLERK"})
PRODUCTION = frozenset({"HANDOVER_CLERK"})  # prints certificates and hands them out
# Readers of another's certificate: only with a purpose, and it leaves a row.
WITH_PURPOSE = DEPARTMENT | CLERKS | PROVINCIAL | OUTSIDE


class Access(StrEnum):
    """On what ground a certificate may be read."""

    HOLDER = "HOLDER"
    CASE = "CASE"  # of a case the reader handles or is part of: it came from there, or its holder applies there
    WITH_PURPOSE = "WITH_PURPOSE"  # shared library: the facts for a purpose; record and file hold the full number
    AUTHORISED = "AUTHORISED"  # an agent whom a holder has authorised for it
    NONE = "NONE"


class Ground(StrEnum):
    """On what ground a look was answered, as its row tells; the first two are those of `Access`."""

    CASE = "CASE"
    WITH_PURPOSE = "WITH_PURPOSE"
    PRESENTED = "PRESENTED"  # the holder showed it
    RELIED = "RELIED"  # a case counts on it
    WINDOW = "WINDOW"  # somebody serves the holder: a loss, a print, a reissue
    ISSUER = "ISSUER"  # the body that issued it
    DECISION = "DECISION"  # the issuing body proposes or decides about it
    SUPERVISION = "SUPERVISION"


@dataclass(frozen=True)
class Reader:
    """The caller, as far as reading goes."""

    account: str
    roles: frozenset[str]
    organisation: str
    division: str
    subject_key: str
    acts_for: Collection[str]

    def is_one_of(self, roles: frozenset[str]) -> bool:
        return bool(self.roles & roles)


@dataclass(frozen=True)
class CaseScope:
    """Whom a case concerns."""

    applicant_key: str
    agent_key: str | None
    submitted_by: str | None
    department: str
    division: str
    channel: str
    ended: bool = False  # no act on it is left
    co_applicant_keys: frozenset[str] = frozenset()  # of those who applied together with the applicant

    @property
    def applicant_keys(self) -> frozenset[str]:
        """Of all whose case it is."""
        return self.co_applicant_keys | {self.applicant_key}


def holds(reader: Reader, holder_keys: Collection[str]) -> bool:
    """One of the holders himself, or an agent of an organisation that is one of them."""
    own = bool(reader.subject_key) and reader.subject_key in holder_keys
    return reader.is_one_of(APPLICANT_SIDE) and (own or any(key in reader.acts_for for key in holder_keys))


def needs_purpose(reader: Reader, holder_keys: Collection[str]) -> bool | None:
    """False: may read as holder. True: may read, with a purpose. None: may not read at all."""
    if holds(reader, holder_keys):
        return False
    return True if reader.is_one_of(WITH_PURPOSE) else None


def access(reader: Reader, holder_keys: Collection[str], cases: Iterable[CaseScope]) -> Access:
    """The best ground on which this reader may read a certificate of these holders."""
    purposeful = needs_purpose(reader, holder_keys)
    if purposeful is False:
        return Access.HOLDER
    if not reader.is_one_of(SUPERVISOR) and any(_lets_in(reader, case) for case in cases):
        return Access.CASE
    return Access.WITH_PURPOSE if purposeful else Access.NONE


def _lets_in(reader: Reader, case: CaseScope) -> bool:
    """A case is a ground for officials while it is open; whoever applied keeps what his application gave."""
    return may_read_case(reader, case) and (not case.ended or reader.is_one_of(APPLICANT_SIDE))


def may_read_case(reader: Reader, case: CaseScope) -> bool:
    """Own application, own department, own division's subtree, or the provincial platform's own cases."""
    return any(
        (
            reader.is_one_of(APPLICANT_SIDE) and _own_case(reader, case),
            reader.is_one_of(DEPARTMENT) and reader.organisation == case.department,
            reader.is_one_of(CLERKS | SUPERVISOR) and within(case.division, reader.division),
            reader.is_one_of(PROVINCIAL) and case.channel == "PROVINCIAL",
        )
    )


def serves(reader: Reader, division: str) -> bool:
    """A window of the division the certificate was issued in, or above it."""
    return reader.is_one_of(WINDOWS) and within(division, reader.division)


def may_read_letter(reader: Reader, issuer: str, addressee: str) -> bool:
    """A letter of supervision is between the supervising body and the department: nobody else's paper."""
    return reader.is_one_of(SUPERVISOR | DEPARTMENT) and reader.organisation in {issuer, addressee}


def within(division: str, reader_division: str) -> bool:
    """Whether `division` is the reader's own or below it; a reader without a division reaches nothing."""
    return bool(reader_division) and division.startswith(subtree(reader_division))


def subtree(division: str) -> str:
    """The prefix all divisions below share: 6 digits of a district, 9 of a township, 12 of a village."""
    if division.endswith("000000"):
        return _without_zero_pairs(division[:6])
    return division[:9] if division.endswith("000") else division


def _without_zero_pairs(six: str) -> str:
    """431200 (a prefecture) -> 4312, 430000 (a province) -> 43."""
    while len(six) > 2 and six.endswith("00"):
        six = six[:-2]
    return six


def _own_case(reader: Reader, case: CaseScope) -> bool:
    keys = (case.applicant_keys | {case.agent_key}) - {None, ""}
    acts_for_one = any(key in reader.acts_for for key in case.applicant_keys)
    return reader.subject_key in keys or acts_for_one or reader.account == case.submitted_by
