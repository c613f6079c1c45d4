"""Builders of bundles: a definition, a bundle application in any state."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from services.intake.domain.application import Applicant, PartyType
from services.intake.domain.bundle import BundleDefinition, Member, Presence, Stage
from services.intake.domain.bundle_case import BundleCase, BundleState, MemberRun
from services.intake.domain.bundle_plan import MemberState
from services.intake.domain.catalogue import Department, Extension
from services.kernel.time_limit import StartRule, TimeLimit, Unit
from tests.unit.intake.builders import CLERK, NOON

OFFICE = Department("scjg", "11431202006100029C", "区市场监督管理局", "431202000000", township=False)


def a_member(member_id: str, *after: str, **more: Any) -> Member:
    values: dict[str, Any] = {
        "name": member_id,
        "item_id": member_id if member_id.isascii() else None,
        "department": None if member_id.isascii() else OFFICE,
        "presence": Presence.ALWAYS,
    }
    return Member(member_id, after=after, **(values | more))


def a_bundle(*members: Member, **more: Any) -> BundleDefinition:
    values: dict[str, Any] = {
        "bundle_id": "K09",
        "name": "一件事",
        "kind": "一件事",
        "lead": OFFICE,
        "members": members,
        "legal_limit": TimeLimit(45, Unit.WORKDAY, StartRule.ACCEPTED, "行政许可法第42条第2款"),
        "promised_limit": TimeLimit(10, Unit.WORKDAY, StartRule.ACCEPTED),
        "extension": Extension(15, Unit.WORKDAY, "本级人民政府负责人"),
    }
    return BundleDefinition(**(values | more))


def a_stage(stage_no: int) -> Stage:
    return Stage(stage_no, f"第{stage_no}阶段", OFFICE, 10)


def a_case(state: BundleState = BundleState.ACCEPTED, *runs: MemberRun, **more: Any) -> BundleCase:
    values: dict[str, Any] = {
        "bundle_application_id": UUID(int=9),
        "bundle_no": "K09202611200001",
        "bundle_id": "K09",
        "catalogue_version": 1,
        "state": state,
        "applicant": Applicant(PartyType.ORGANISATION, "好味餐饮", "key", "91************0152", "sealed"),
        "agent": None,
        "channel": "COUNTER",
        "division": "431202000000",
        "submitted_by": CLERK,
        "submitted_at": NOON,
        "members": runs,
    }
    return BundleCase(**(values | more))


def a_run(member_id: str, state: MemberState = MemberState.WAITING, **more: Any) -> MemberRun:
    run = MemberRun(member_id, OFFICE.uscc, state)
    if state not in {MemberState.WAITING, MemberState.SATISFIED, MemberState.CANCELLED}:
        run = replace(run, opened_at=NOON, clock_from=NOON)
    if state in {MemberState.GRANTED, MemberState.REFUSED, MemberState.ENDED}:
        run = replace(run, ended_at=NOON + timedelta(days=3))
    return replace(run, **more)
