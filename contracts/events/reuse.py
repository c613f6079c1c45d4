"""Facts of reuse: a certificate used in a case, a case that relied on one taken away, a read without ground.

Aggregates: the reliance (intake, one event each), the recall (recall_id, in intake and approval), the read (access_id).
"""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from contracts.events.certificate import CertificateStatus
from contracts.events.common import Actor, Event, OrganisationRef


class CertificateReliedUpon(Event):
    """An accepted case counts on this certificate; `materials` are the numbers it stands for (none: it is renewed)."""

    SUBJECT: ClassVar[str] = "intake.certificate.relied_upon.v1"
    case_id: UUID
    case_no: str
    identifier: str
    holder_key: str
    item_code: str
    materials: tuple[int, ...]
    department: OrganisationRef
    relied_at: datetime


class CaseRecalled(Event):
    """A certificate this case relied on, itself or through others, was taken away: its department looks at it again.

    `through` leads from the certificate taken away to the one the case used; `issued` are the certificates it brought.
    """

    SUBJECT: ClassVar[str] = "intake.case.recalled.v1"
    recall_id: UUID
    case_id: UUID
    case_no: str
    department: OrganisationRef
    concluded: bool
    identifier: str
    status: CertificateStatus
    through: tuple[str, ...]
    issued: tuple[str, ...] = ()
    taken_away_at: datetime
    recalled_at: datetime


class AccessUnfounded(Event):
    """Somebody looked at certificates of another, or tried to, without an open case and an allowed purpose.

    `identifier` is empty of a search, which names none; its `division` is that of the library that was searched.
    `case_id`: the ended case he may have looked by; None where there is none of his (an imported certificate has no
    case at all). `lacking` is field and rule of what was wrong, `why` the same in words; no stated purpose is repeated.
    """

    SUBJECT: ClassVar[str] = "certificate.access.unfounded.v1"
    access_id: UUID
    case_id: UUID | None
    case_no: str  # empty without a case
    identifier: str
    act: str  # as in the access log: SEARCH, RECORD, FILE, PRINT …
    account_id: str
    reader: str  # his body
    reader_uscc: str = ""
    division: str = ""  # of the body that issued it
    lacking: str = ""
    why: str = ""
    read_at: datetime


class RecallOutcome(StrEnum):
    STANDS = "STANDS"  # the case stands without the certificate
    REEXAMINED = "REEXAMINED"  # an open case goes on with other evidence
    TO_BE_ANNULLED = "TO_BE_ANNULLED"  # what was granted is to be annulled or rescinded


class RecallConcluded(Event):
    """The department has looked at a recalled case again."""

    SUBJECT: ClassVar[str] = "approval.recall.concluded.v1"
    recall_id: UUID
    case_id: UUID
    case_no: str
    outcome: RecallOutcome
    reasons: str
    concluded_at: datetime
    concluded_by: Actor
