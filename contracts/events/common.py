"""Values that several events carry, and the base of all events."""

from datetime import date
from enum import StrEnum
from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """A part of an event. Unknown fields are ignored, so that a newer producer never breaks an older consumer."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Event(Value):
    """A fact that happened. `SUBJECT` is `<service>.<thing>.<past verb>.v<n>`; changes within a version only add."""

    SUBJECT: ClassVar[str] = ""


class PartyType(StrEnum):
    PERSON = "PERSON"
    ORGANISATION = "ORGANISATION"


class Channel(StrEnum):
    """Way in of an application."""

    ONLINE = "ONLINE"  # citizen, browser
    MOBILE = "MOBILE"  # citizen, mobile app backend
    COUNTER = "COUNTER"  # unified counter clerk on the applicant's behalf
    TOWNSHIP = "TOWNSHIP"  # township convenience centre
    PROVINCIAL = "PROVINCIAL"  # provincial platform


class LimitUnit(StrEnum):
    WORKDAY = "WORKDAY"
    CALENDAR_DAY = "CALENDAR_DAY"
    MONTH = "MONTH"


class LimitStart(StrEnum):
    RECEIVED = "RECEIVED"
    ACCEPTED = "ACCEPTED"
    DECIDED = "DECIDED"


class ItemKind(StrEnum):
    """Case type (GB/T 39046 A.6 has 1 instant, 2 committed, 9 other; joint and referred-up are local)."""

    INSTANT = "INSTANT"
    COMMITTED = "COMMITTED"
    JOINT = "JOINT"
    REFERRED = "REFERRED"


class MaterialSource(StrEnum):
    UPLOAD = "UPLOAD"
    CERTIFICATE = "CERTIFICATE"
    PAPER_ORIGINAL = "PAPER_ORIGINAL"  # seen and taken at the counter


class Outcome(StrEnum):
    GRANTED = "GRANTED"
    REFUSED = "REFUSED"


class Party(Value):
    """Applicant. `subject_key` joins services; the number travels sealed and only to whom must print it."""

    party_type: PartyType
    name: str
    subject_key: str
    masked_number: str
    sealed_number: str


class CoApplicant(Party):
    """Who applies together with the applicant and holds what is granted with him: a co-owner, the other spouse.

    `share` as the certificate is to state it (共同共有, 50%), or empty.
    """

    share: str = ""


class AgentRef(Value):
    name: str
    subject_key: str
    masked_number: str


class OrganisationRef(Value):
    """A body: its uscc, name and 12-digit administrative division."""

    uscc: str
    name: str
    division: str


class LimitValue(Value):
    """A time limit as the service item publishes it. `value` 0 with WORKDAY means on the spot."""

    value: int
    unit: LimitUnit
    start: LimitStart
    basis: str = ""


class ExtensionRule(Value):
    value: int
    unit: LimitUnit
    approver: str


class SpecialProcedureRef(Value):
    """A procedure of the item. `stops_clock`: art. 45 of the Licensing Law, or a cause the item's own law names."""

    kind: str  # as the catalogue names it, e.g. 专家评审
    name: str
    stops_clock: bool
    cause: str = ""
    basis: str = ""
    value: int | None = None
    unit: LimitUnit | None = None
    persons: int | None = None


class LevelRef(Value):
    """One level of a case handled at two levels; `limit` None where the item names no limit of its own."""

    no: int
    at: str
    does: str
    limit: int | None = None
    unit: LimitUnit = LimitUnit.WORKDAY


class ItemRef(Value):
    """The pinned version of a service item: everything a receiver needs without asking intake."""

    item_code: str  # 31 digits
    item_id: str  # the catalogue's short id, e.g. E02
    version: int
    name: str
    type_code: str  # GB/T 39046 A.1
    type_name: str
    kind: ItemKind
    department: OrganisationRef
    legal_limit: LimitValue
    promised_limit: LimitValue
    extension: ExtensionRule | None = None
    basis: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    result_name: str
    result_kind: str
    certificate_type_code: str | None = None
    certificate_type_name: str | None = None
    certificate_validity: str | None = None  # e.g. 5年, 长期
    special_procedures: tuple[SpecialProcedureRef, ...] = ()
    levels: tuple[LevelRef, ...] = ()  # two levels: the first examines and passes up (art. 35)
    quantity_limited: bool = False  # granted in the order of acceptance (art. 57)
    fee: str = ""  # what the item costs, as a paper prints it; empty: not told


class MaterialRef(Value):
    material_no: int
    name: str
    source: MaterialSource
    copies: int = 1
    sha256: str | None = None
    media_type: str | None = None
    certificate_identifier: str | None = None
    issued_in: str | None = None  # of a certificate that another region issued: its name
    further_certificates: tuple[str, ...] = ()  # where each who applies must hold one: those of the others


class Remedies(Value):
    """Reconsideration within 60 days, litigation within 6 months, both bodies named."""

    reconsideration_body: str
    reconsideration_days: int = 60
    court: str
    litigation_months: int = 6


class DueDate(Value):
    """Last day of a limit. `provisional`: it runs into a year without a published calendar, the earliest it can be."""

    on: date
    provisional: bool = False


class Actor(Value):
    """Who did it: the account, its role in this act and its body. Never a personal number."""

    account_id: str
    name: str
    role: str
    organisation: OrganisationRef | None = None


__all__ = [
    "Actor",
    "AgentRef",
    "Channel",
    "CoApplicant",
    "DueDate",
    "Event",
    "ExtensionRule",
    "ItemKind",
    "ItemRef",
    "LevelRef",
    "LimitStart",
    "LimitUnit",
    "LimitValue",
    "MaterialRef",
    "MaterialSource",
    "OrganisationRef",
    "Outcome",
    "Party",
    "PartyType",
    "Remedies",
    "SpecialProcedureRef",
    "Value",
]
