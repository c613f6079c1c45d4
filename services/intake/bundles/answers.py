"""Bodies of answers about bundles: the guide, a plan, a bundle application with its members and its clocks."""

from collections.abc import Collection, Iterable
from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, Field
from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.answers import AgentOut, FaultOut, PartyOut
from services.intake.answers_course import DueOut
from services.intake.bundles import repository as bundles
from services.intake.bundles.answers_clocks import BundleDueOut, joint_out, step_out
from services.intake.bundles.definitions import Running
from services.intake.domain.application import Application
from services.intake.domain.bundle import FieldType
from services.intake.domain.bundle_case import BUNDLE_STATE_NAMES, BundleCase, BundleState, MemberRun, heard, is_partial
from services.intake.domain.bundle_plan import MemberState
from services.intake.domain.bundle_supplement import outstanding
from services.intake.domain.catalogue import Need
from services.intake.domain.materials import Provided, Source
from services.intake.domain.states import State
from services.intake.office import Office
from services.kernel.light_rules import Basis

MEMBER_STATE_NAMES = {
    MemberState.WAITING: "待启动",
    MemberState.RUNNING: "办理中",
    MemberState.GRANTED: "已准予",
    MemberState.REFUSED: "不予",
    MemberState.SATISFIED: "已具备，不需办理",
    MemberState.ENDED: "未受理或已撤回",
    MemberState.CANCELLED: "前序事项未通过，不再办理",
}


class BundleMaterialOut(BaseModel):
    material_no: int
    name: str
    need: Need
    replaced_by: str | None
    needed_by: list[str] = Field(description="需要该材料的成员事项")
    brought_by: str | None = Field(description="由该成员事项产生，不需提交")
    source: Source | None = None
    certificate_identifier: str | None = None


class BundleMemberOut(BaseModel):
    member_id: str
    name: str
    department_name: str | None
    stage_no: int
    required: bool
    after: tuple[str, ...]
    state: MemberState
    state_name: str
    application_id: UUID | None
    application_state: State | None
    application_version: int | None
    case_no: str | None
    query_code: str | None
    opened_at: datetime | None
    ended_at: datetime | None
    legal_due: DueOut | None
    promised_due: DueOut | None
    step: BundleDueOut | None = Field(description="部门步骤的承诺时限，启动后才有；其他成员的时限见其办件")
    document_no: str | None
    reason: str | None
    masked_number: str | None


class BundleExtensionOut(BaseModel):
    workdays: int
    reason: str
    approved_by: str
    approval_no: str
    extended_at: datetime


class BundleSupplementOut(BaseModel):
    """The one notice for all members; `material_no` is that of the common list."""

    faults: list[FaultOut]
    outstanding: list[int]
    members: tuple[str, ...]
    supply_by: date
    supply_by_provisional: bool = Field(description="true：暂定，按周一至周五推算的最早日期")
    requested_at: datetime
    supplied_at: datetime | None
    ordinal: int = Field(description="本阶段第几次补正告知")
    reason: str | None = Field(description="再次补正的理由")


class BundleApplicationOut(BaseModel):
    bundle_application_id: UUID
    bundle_no: str
    bundle_id: str
    name: str
    version: int
    state: BundleState
    state_name: str
    partial: bool = Field(description="部分办结：有成员未通过，其余照发证")
    stage_no: int
    stage_name: str | None
    lead_department_name: str
    channel: str
    division: str
    applicant: PartyOut
    agent: AgentOut | None
    submitted_at: datetime
    received_at: datetime | None
    accepted_at: datetime | None
    decided_at: datetime | None
    handed_over_at: datetime | None
    concluded_at: datetime | None
    members: list[BundleMemberOut]
    materials: list[BundleMaterialOut]
    legal: BundleDueOut | None
    promised: BundleDueOut | None
    supplement: BundleSupplementOut | None = Field(description="一次性补正告知，涵盖全部事项")
    extension: BundleExtensionOut | None


async def bundle_out(
    office: Office, connection: AsyncConnection, running: Running, case: BundleCase, *, now: datetime
) -> BundleApplicationOut:
    applications = await bundles.applications(connection, [r.application_id for r in case.members if r.application_id])
    case = heard(case, applications, now=now)  # what members reached since the last event of this bundle
    stage = running.definition.stage(case.stage_no)
    agent, extension = case.agent, case.extension
    return BundleApplicationOut(
        **{name: getattr(case, name) for name in _SAME},
        name=running.definition.name,
        state_name=BUNDLE_STATE_NAMES[case.state],
        partial=case.over and is_partial(case),
        stage_name=stage.name if stage else None,
        lead_department_name=(stage.lead if stage else running.definition.lead).name,
        applicant=PartyOut(
            party_type=case.applicant.party_type,
            name=case.applicant.name,
            masked_number=case.applicant.masked_number,
        ),
        agent=AgentOut(name=agent.name, masked_number=agent.masked_number) if agent else None,
        members=[_member_out(office, running, run, applications, now) for run in case.members],
        materials=_materials_of(running, case),
        legal=joint_out(office, running, Basis.LEGAL, case, now),
        promised=joint_out(office, running, Basis.PROMISED, case, now),
        supplement=_supplement_out(case),
        extension=BundleExtensionOut(
            workdays=extension.value,
            reason=extension.reason,
            approved_by=extension.approved_by,
            approval_no=extension.approval_no,
            extended_at=extension.extended_at,
        )
        if extension
        else None,
    )


def _supplement_out(case: BundleCase) -> BundleSupplementOut | None:
    notice = case.supplement
    if notice is None:
        return None
    return BundleSupplementOut(
        faults=[FaultOut.of(fault) for fault in notice.faults],
        outstanding=[fault.material_no for fault in outstanding(case)],
        members=notice.members,
        supply_by=notice.supply_by,
        supply_by_provisional=notice.provisional,
        requested_at=notice.requested_at,
        supplied_at=notice.supplied_at,
        ordinal=notice.ordinal,
        reason=notice.reason,
    )


_SAME = (
    *("bundle_application_id", "bundle_no", "bundle_id", "version", "state", "stage_no", "channel", "division"),
    *("submitted_at", "received_at", "accepted_at", "decided_at", "handed_over_at", "concluded_at"),
)


def _member_out(
    office: Office, running: Running, run: MemberRun, applications: dict[UUID, Application], now: datetime
) -> BundleMemberOut:
    step = step_out(office, running, run, now)
    member, department = running.definition.member(run.member_id), running.department_of(run.member_id)
    application = applications.get(run.application_id) if run.application_id else None
    return BundleMemberOut(
        member_id=run.member_id,
        name=running.name_of(run.member_id),
        department_name=department.name if department else None,
        stage_no=member.stage_no,
        required=member.required,
        after=member.after,
        state=run.state,
        state_name=MEMBER_STATE_NAMES[run.state],
        application_id=run.application_id,
        application_state=application.state if application else None,
        application_version=application.version if application else None,
        case_no=application.case_no if application else None,
        query_code=application.query_code if application else None,
        opened_at=run.opened_at,
        ended_at=run.ended_at,
        legal_due=DueOut.of(application.legal_due) if application else None,
        promised_due=DueOut.of(application.promised_due) if application else step and step.due,
        step=step,
        document_no=run.result.document_no or None if run.result else None,
        reason=run.result.reason or None if run.result else None,
        masked_number=run.result.masked_number if run.result else None,
    )


def _materials_of(running: Running, case: BundleCase) -> list[BundleMaterialOut]:
    members = {run.member_id for run in case.members}
    satisfied = {run.member_id for run in case.members if run.state is MemberState.SATISFIED}
    return materials_out(running, members - satisfied, satisfied=satisfied, given=case.materials)


def materials_out(
    running: Running, members: set[str], *, satisfied: Collection[str] = (), given: Iterable[Provided] = ()
) -> list[BundleMaterialOut]:
    """The common list as far as these members need it; `satisfied` ones bring what the library holds already."""
    by_no = {p.material_no: p for p in given}
    results = {code: source for code, source in running.result_types().items() if source in {*members, *satisfied}}
    found = []
    for shared in running.shared:
        needed_by = [member_id for member_id, _ in shared.places if member_id in members]
        if needed_by:
            provided, material = by_no.get(shared.shared_no), shared.material
            source = results.get(material.own_type or "")
            found.append(
                BundleMaterialOut(
                    material_no=shared.shared_no,
                    name=material.name,
                    need=shared.need_of(set(needed_by)),
                    replaced_by=material.certificate_type_name,
                    needed_by=needed_by,
                    brought_by=source if source not in needed_by else None,
                    source=provided.source if provided else None,
                    certificate_identifier=provided.certificate_identifier if provided else None,
                )
            )
    return found


class QuestionOut(BaseModel):
    name: str
    label: str
    type: FieldType


class GuideMemberOut(BaseModel):
    member_id: str
    item_code: str | None
    name: str
    role: str
    department_name: str | None
    presence: str
    condition: str | None
    after: tuple[str, ...]
    stage_no: int
    not_needed_if_held: str | None
    promised: str | None


class StageOut(BaseModel):
    stage_no: int
    name: str
    lead_department_name: str
    consulted: list[str]
    promised_workdays: int | None


class BundleLine(BaseModel):
    bundle_id: str
    name: str
    kind: str
    lead_department_name: str
    promised: str
    members: int


class BundleGuideOut(BaseModel):
    """The one-time notice of a bundle: one form, one list of materials, who takes part when, and the limits."""

    bundle_id: str
    name: str
    kind: str
    lead_department_name: str
    basis: tuple[str, ...]
    form: str
    rule: str
    legal_limit: str
    legal_basis: str
    promised_limit: str
    extension: str | None
    questions: list[QuestionOut]
    members: list[GuideMemberOut]
    stages: list[StageOut]
    materials: list[BundleMaterialOut]


class PlannedMemberOut(BaseModel):
    member_id: str
    name: str
    part: str
    stage_no: int
    after: tuple[str, ...]
    questions: list[str] = Field(description="尚需回答的问题")


class PlanOut(BaseModel):
    """What would be needed for these answers."""

    bundle_id: str
    name: str
    legal_limit: str
    promised_limit: str
    members: list[PlannedMemberOut]
    materials: list[BundleMaterialOut]


class BundleBrief(BaseModel):
    """One line of a list."""

    bundle_application_id: UUID
    bundle_no: str
    bundle_id: str
    version: int
    state: BundleState
    state_name: str
    stage_no: int
    channel: str
    division: str
    applicant: PartyOut
    submitted_at: datetime
    accepted_at: datetime | None
    concluded_at: datetime | None

    @classmethod
    def of(cls, row: RowMapping) -> "BundleBrief":
        applicant = PartyOut(
            party_type=row["party_type"], name=row["applicant_name"], masked_number=row["applicant_masked"]
        )
        return cls(**row, state_name=BUNDLE_STATE_NAMES[BundleState(row["state"])], applicant=applicant)
