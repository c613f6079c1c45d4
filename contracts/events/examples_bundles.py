"""Examples of bundle events: one restaurant, four bodies, one of them a step."""

from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.events import bundles
from contracts.events.common import (
    Actor,
    Channel,
    Event,
    LimitStart,
    LimitUnit,
    LimitValue,
    OrganisationRef,
    Party,
)
from contracts.events.intake import HandOverMethod


def bundle_examples(application_id: UUID, at: datetime, applicant: Party, clerk: Actor) -> tuple[Event, ...]:
    lead = OrganisationRef(uscc="11431202006100029C", name="区市场监督管理局", division="431202000000")
    named: dict[str, Any] = {
        "bundle_application_id": UUID("01989f2e-7c00-7000-8000-0000000000b1"),
        "bundle_no": "K01202603020001",
        "bundle_id": "K01",
    }
    member = bundles.BundleMemberRef(member_id="E02", name="食品经营许可（新办）", application_id=application_id)
    ended = member.model_copy(update={"result": bundles.BundleMemberResult.GRANTED})
    limit = LimitValue(value=45, unit=LimitUnit.WORKDAY, start=LimitStart.ACCEPTED, basis="行政许可法第26、42条第2款")
    return (
        bundles.BundleSubmitted(
            **named,
            name="开办餐饮店“一件事”",
            lead=lead,
            applicant=applicant,
            channel=Channel.COUNTER,
            division="431202000000",
            members=(member,),
            submitted_at=at,
            submitted_by=clerk,
        ),
        bundles.BundleReceived(**named, received_at=at, received_by=clerk),
        bundles.BundleAccepted(
            **named,
            legal_limit=limit,
            promised_limit=limit.model_copy(update={"value": 10, "basis": "承诺时限"}),
            accepted_at=at,
            accepted_by=clerk,
        ),
        bundles.BundleMemberStarted(**named, member=member, department=lead, started_at=at),
        bundles.BundleMemberEnded(**named, member=ended, ended_at=at),
        bundles.BundleExtended(
            **named,
            value=15,
            unit=LimitUnit.WORKDAY,
            reason="需要会同有关部门现场核验",
            approved_by="区人民政府分管负责人",
            approval_no="鹤政批〔2026〕3号",
            extended_at=at,
            extended_by=clerk,
        ),
        bundles.BundleStageDone(
            **named, stage_no=1, stage_name="立项用地规划许可", next_stage_no=2, next_lead=lead, done_at=at
        ),
        bundles.BundleStageHandedIn(
            **named, stage_no=2, stage_name="工程建设许可", lead=lead, handed_in_at=at, handed_in_by=clerk
        ),
        bundles.BundleDecided(**named, members=(ended,), partial=False, decided_at=at),
        bundles.BundleHandedOver(
            **named,
            application_ids=(application_id,),
            method=HandOverMethod.COLLECTION,
            recipient_name="石阶前",
            concluded=True,
            handed_over_at=at,
            handed_over_by=clerk,
        ),
        bundles.BundleWithdrawn(**named, reason="暂不开办", withdrawn_at=at, withdrawn_by=clerk),
    )
