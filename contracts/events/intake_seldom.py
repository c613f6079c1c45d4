"""Seldom facts of intake: applicants who come again in their window, originals given back, numbers that are limited."""

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from contracts.events.common import Actor, Event
from contracts.events.intake import ClaimWindowRef


class ApplicationClaimed(Event):
    """The applicants came again within the window of the item's own law; from here on it may be decided."""

    SUBJECT: ClassVar[str] = "intake.application.claimed.v1"
    application_id: UUID
    case_no: str
    window: ClaimWindowRef
    persons: tuple[str, ...]
    claimed_at: datetime
    claimed_by: Actor


class OriginalsReturned(Event):
    """Ended without a result: originals taken at the counter went back."""

    SUBJECT: ClassVar[str] = "intake.originals.returned.v1"
    application_id: UUID
    case_no: str | None
    materials: tuple[str, ...]
    recipient_name: str
    returned_at: datetime
    returned_by: Actor


class QuotaSet(Event):
    """How many can be granted of an item limited in number (art. 57). Aggregate: the item's number, at `revision`."""

    SUBJECT: ClassVar[str] = "intake.quota.set.v1"
    item_code: str
    revision: int
    quota: int
    counts_from: date
    reason: str
    set_at: datetime
    set_by: Actor
