"""What answers say of an application that does not go the usual way: windows, an end without result, notices."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, Field

from services.intake.domain.course import Course, EndKind, Originals
from services.kernel.time_limit import DueDate


class DueOut(BaseModel):
    on: date
    provisional: bool

    @classmethod
    def of(cls, due: DueDate | None) -> "DueOut | None":
        return cls(on=due.on, provisional=due.provisional) if due else None


class WindowOut(BaseModel):
    """Windows of the item's own law: nothing is decided before the second one, silence in it is withdrawal."""

    name: str
    waiting: str
    waiting_until: DueOut
    opens_on: date
    closes: DueOut
    claimed_at: datetime | None = Field(description="申请人再次到场申请的时刻")
    persons: tuple[str, ...]


class EndedOut(BaseModel):
    kind: EndKind
    reason: str
    legal_basis: str
    competent_body: str | None = Field(description="转报：有权机关")
    ended_at: datetime


class OriginalsOut(BaseModel):
    materials: tuple[str, ...]
    recipient_name: str
    returned_at: datetime


class ChangeOut(BaseModel):
    what: str
    before: str
    after: str


class AmendmentOut(BaseModel):
    certificate_identifier: str
    changes: list[ChangeOut]


class NoticeOut(BaseModel):
    """Something the department told the applicant: while it examined, or later about the certificate it issued.

    `decision_id`: of what is proposed about the certificate: `standing-decisions/{decision_id}/statements` hears him.
    """

    kind: str
    at: datetime
    text: str
    decision_id: UUID | None = None


def amendment_out(course: Course) -> AmendmentOut | None:
    asked = course.amends
    if asked is None:
        return None
    changes = [ChangeOut(**vars(one)) for one in asked.changes]
    return AmendmentOut(certificate_identifier=asked.certificate_identifier, changes=changes)


def window_out(course: Course) -> WindowOut | None:
    window, claimed = course.window, course.claimed
    if window is None:
        return None
    return WindowOut(
        name=window.name,
        waiting=window.waiting,
        waiting_until=DueOut(on=window.waiting_until.on, provisional=window.waiting_until.provisional),
        opens_on=window.opens_on,
        closes=DueOut(on=window.closes.on, provisional=window.closes.provisional),
        claimed_at=claimed.claimed_at if claimed else None,
        persons=claimed.persons if claimed else (),
    )


def originals_out(originals: Originals | None) -> OriginalsOut | None:
    if originals is None:
        return None
    return OriginalsOut(
        materials=originals.materials, recipient_name=originals.recipient_name, returned_at=originals.returned_at
    )
