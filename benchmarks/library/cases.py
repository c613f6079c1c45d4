"""Decisions that grant a licence, as approval tells them."""

from datetime import UTC, datetime
from uuid import uuid5

from benchmarks.library.people import citizen_id, name_of
from contracts.events.approval import CaseDecided
from contracts.events.common import (
    Actor,
    ItemKind,
    ItemRef,
    LimitStart,
    LimitUnit,
    LimitValue,
    OrganisationRef,
    Outcome,
    Party,
    PartyType,
)
from services.certificate.domain.personal import masked_number
from services.certificate.kit import Kit
from services.chassis.ids import uuid7

_MARKET = OrganisationRef(uscc="11431202006100029C", name="区市场监督管理局", division="431202000000")
_LIMIT = LimitValue(value=10, unit=LimitUnit.WORKDAY, start=LimitStart.ACCEPTED)
_RUN = uuid7()
_CHIEF = Actor(account_id=str(_RUN), name="首席代表", role="CHIEF_REPRESENTATIVE", organisation=_MARKET)
_AT = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
_ITEM = ItemRef(
    item_code=_MARKET.uscc + "4" + "430102001000",
    item_id="E02",
    version=1,
    name="食品经营许可（新办）",
    type_code="01",
    type_name="行政许可",
    kind=ItemKind.COMMITTED,
    department=_MARKET,
    legal_limit=_LIMIT,
    promised_limit=_LIMIT,
    basis=("《食品安全法》第三十五条",),
    result_name="食品经营许可证",
    result_kind="证照",
    certificate_type_code="11431202006100029C002",
    certificate_type_name="食品经营许可证",
    certificate_validity="5年",
)


def decided(kit: Kit, ordinal: int) -> CaseDecided:
    """Another case each time."""
    number = citizen_id(ordinal)
    applicant = Party(
        party_type=PartyType.PERSON,
        name=name_of(ordinal),
        subject_key=kit.holder_key("PERSON", number),
        masked_number=masked_number("PERSON", number),
        sealed_number=kit.seal_number(number),
    )
    return CaseDecided(
        case_id=uuid5(_RUN, str(ordinal)),
        case_no=f"{_ITEM.item_code}20260302{ordinal % 9999 + 1:04d}",
        query_code="K7P2M9",
        outcome=Outcome.GRANTED,
        item=_ITEM,
        applicant=applicant,
        agent=None,
        accepted_at=_AT,
        decided_at=_AT,
        decided_by=_CHIEF,
        content="餐饮服务：热食类食品制售",
    )
