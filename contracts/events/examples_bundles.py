"""Examples of bundle events: one restaurant, four bodies, one of them a step."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from contracts.events import bundles
from contracts.events.common import (
    Actor,
    Channel,
    DueDate,
    Event,
    LimitStart,
    LimitUnit,
    LimitValue,
    OrganisationRef,
    Party,
)
from contracts.events.intake import HandOverMethod, MaterialFault

_LEAD = OrganisationRef(uscc="11431202006100029C", name="区市场监督管理局", division="431202000000")
_NAMED: dict[str, Any] = {
    "bundle_application_id": UUID("01989f2e-7c00-7000-8000-0000000000b1"),
    "bundle_no": "K01202603020001",
    "bundle_id": "K01",
}
_LIMIT = LimitValue(value=45, unit=LimitUnit.WORKDAY, start=LimitStart.ACCEPTED, basis="行政许可法第26、42条第2款")

_DUES = {"legal_due": DueDate(on=date(2026, 5, 8)), "promised_due": DueDate(on=date(2026, 3, 16))}


def bundle_examples(application_id: UUID, at: datetime, applicant: Party, clerk: Actor) -> tuple[Event, ...]:
    member = bundles.BundleMemberRef(member_id="E02", name="食品经营许可（新办）", application_id=application_id)
    ended = member.model_copy(update={"result": bundles.BundleMemberResult.GRANTED})
    return (
        bundles.BundleSubmitted(
            **_NAMED,
            name="开办餐饮店“一件事”",
            lead=_LEAD,
            applicant=applicant,
            channel=Channel.COUNTER,
            division="431202000000",
            members=(member,),
            submitted_at=at,
            submitted_by=clerk,
        ),
        bundles.BundleReceived(**_NAMED, received_at=at, received_by=clerk),
        bundles.BundleAccepted(
            **_NAMED,
            legal_limit=_LIMIT,
            promised_limit=_LIMIT.model_copy(update={"value": 10, "basis": "承诺时限"}),
            accepted_at=at,
            accepted_by=clerk,
            **_DUES,
            as_of=at,
        ),
        bundles.BundleSupplementRequested(
            **_NAMED,
            faults=(
                MaterialFault(material_no=1, name="食品经营许可申请书", fault="未签字", remedy="由法定代表人签字"),
            ),
            members=(member,),
            supply_by=date(2026, 3, 23),
            requested_at=at,
            requested_by=clerk,
        ),
        bundles.BundleSupplementSupplied(**_NAMED, supplied_at=at, supplied_by=clerk),
        bundles.BundleMemberStarted(**_NAMED, member=member, department=_LEAD, started_at=at),
        bundles.BundleMemberEnded(**_NAMED, member=ended, ended_at=at),
        *_later(ended, at, clerk),
    )


def _moved(at: datetime) -> Event:
    return bundles.BundleDatesMoved(
        **_NAMED,
        cause="2027 年节假日安排载入",
        dates=(
            bundles.BundleDateMoved(
                clock=bundles.BundleClockName.JOINT,
                earlier=DueDate(on=date(2027, 1, 5), provisional=True),
                now=DueDate(on=date(2027, 1, 7)),
            ),
        ),
        moved_at=at,
    )


def _later(ended: bundles.BundleMemberRef, at: datetime, clerk: Actor) -> tuple[Event, ...]:
    assert ended.application_id is not None  # the example's member is an item
    return (
        bundles.BundleExtended(
            **_NAMED,
            value=15,
            unit=LimitUnit.WORKDAY,
            reason="需要会同有关部门现场核验",
            approved_by="分管副区长",
            approval_no="鹤政批〔2026〕3号",
            extended_at=at,
            extended_by=clerk,
        ),
        _moved(at),
        bundles.BundleStageDone(
            **_NAMED, stage_no=1, stage_name="立项用地规划许可", next_stage_no=2, next_lead=_LEAD, done_at=at
        ),
        bundles.BundleStageHandedIn(
            **_NAMED, stage_no=2, stage_name="工程建设许可", lead=_LEAD, handed_in_at=at, handed_in_by=clerk
        ),
        bundles.BundleDecided(**_NAMED, members=(ended,), partial=False, decided_at=at),
        bundles.BundleHandedOver(
            **_NAMED,
            application_ids=(ended.application_id,),
            method=HandOverMethod.COLLECTION,
            recipient_name="石阶前",
            concluded=True,
            handed_over_at=at,
            handed_over_by=clerk,
        ),
        bundles.BundleWithdrawn(**_NAMED, reason="暂不开办", withdrawn_at=at, withdrawn_by=clerk),
    )
