"""What every paper of a case repeats: who applied, for what, under which number. Numbers arrive masked and stay so."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.events.approval import CaseDecided
from contracts.events.common import AgentRef, CoApplicant, ItemRef, MaterialRef, Party, PartyType
from contracts.events.intake import ApplicationAccepted, ApplicationReceived
from services.certificate.files import contents

LICENCE = "行政许可"
_NUMBER_LABELS = {PartyType.PERSON: "公民身份号码", PartyType.ORGANISATION: "统一社会信用代码"}


def is_licence(item: ItemRef) -> bool:
    """The Administrative Licensing Law speaks of licences only; other matters rest on their own basis."""
    return item.type_name == LICENCE


@dataclass(frozen=True)
class CaseFacts:
    """What every paper of a case repeats."""

    case_id: UUID
    case_no: str
    query_code: str
    item: ItemRef
    applicant: Party
    agent: AgentRef | None
    received_at: datetime | None = None
    materials: tuple[MaterialRef, ...] = ()
    co_applicants: tuple[CoApplicant, ...] = ()

    @property
    def applicants(self) -> tuple[str, ...]:
        """Names of all who applied, the first one first."""
        return (self.applicant.name, *(one.name for one in self.co_applicants))

    @property
    def everybody(self) -> str:
        """All of them, as a sentence names them."""
        return contents.in_short(self.applicants)

    @classmethod
    def of_event(cls, event: ApplicationReceived | ApplicationAccepted) -> "CaseFacts":
        return cls(
            event.application_id,
            event.case_no,
            event.query_code,
            event.item,
            event.applicant,
            event.agent,
            event.received_at,
            co_applicants=event.co_applicants,
        )

    @classmethod
    def of_decision(cls, event: CaseDecided) -> "CaseFacts":
        facts = cls(event.case_id, event.case_no, event.query_code, event.item, event.applicant, event.agent)
        return replace(facts, co_applicants=event.co_applicants)

    @classmethod
    def of_copy(cls, row: Any) -> "CaseFacts":
        """From the kept copy of the case (a row of case_copy with its case number)."""
        applicant = Party(
            party_type=row.applicant_type,
            name=row.applicant_name,
            subject_key=row.applicant_key,
            masked_number=row.applicant_masked,
            sealed_number=row.applicant_sealed,
        )
        agent = (
            AgentRef(name=row.agent_name, subject_key=row.agent_key, masked_number=row.agent_masked)
            if row.agent_key
            else None
        )
        item = ItemRef.model_validate(row.item)
        materials = tuple(MaterialRef.model_validate(one) for one in row.materials or ())
        together = tuple(CoApplicant.model_validate(one) for one in row.co_applicants or ())
        facts = cls(row.case_id, row.case_no, row.query_code or "", item, applicant, agent, row.received_at, materials)
        return replace(facts, co_applicants=together)

    def header(self) -> dict[str, Any]:
        """What the common header of all papers says of the case."""
        return {
            "applicant_name": self.applicant.name,
            "applicant_number_label": _NUMBER_LABELS[self.applicant.party_type],
            "applicant_number": self.applicant.masked_number,
            "item_name": self.item.name,
            "item_code": self.item.item_code,
            "case_no": self.case_no,
            "query_code": self.query_code,
            "agent_name": self.agent.name if self.agent else "",
            "co_applicants": tuple(
                contents.CoApplicantLine(
                    name=one.name, number_label=_NUMBER_LABELS[one.party_type], number=one.masked_number
                )
                for one in self.co_applicants
            ),
        }
