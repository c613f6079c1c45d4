"""The one-time notice of a bundle, and what would be needed for the answers at hand."""

from services.intake.bundles.answers import (
    BundleGuideOut,
    BundleLine,
    GuideMemberOut,
    PlannedMemberOut,
    PlanOut,
    QuestionOut,
    StageOut,
    materials_out,
)
from services.intake.bundles.conditions import fields_of, holds
from services.intake.bundles.definitions import Running
from services.intake.bundles.schemas import PlanIn
from services.intake.domain.bundle import BundleDefinition, Member
from services.intake.domain.bundle_errors import Unanswered
from services.intake.domain.bundle_plan import Part, Planned, plan
from services.intake.domain.guide import limit_text

_UNITS = {"WORKDAY": "个工作日", "CALENDAR_DAY": "日（自然日）", "MONTH": "个月"}


def line(definition: BundleDefinition) -> BundleLine:
    return BundleLine(
        bundle_id=definition.bundle_id,
        name=definition.name,
        kind=definition.kind,
        lead_department_name=definition.lead.name,
        promised=limit_text(definition.promised_limit),
        members=len(definition.members),
    )


def guide_out(running: Running) -> BundleGuideOut:
    definition = running.definition
    extension = definition.extension
    return BundleGuideOut(
        bundle_id=definition.bundle_id,
        name=definition.name,
        kind=definition.kind,
        lead_department_name=definition.lead.name,
        basis=definition.basis,
        form=definition.form,
        rule=definition.rule,
        legal_limit=limit_text(definition.legal_limit),
        legal_basis=definition.legal_limit.article,
        promised_limit=limit_text(definition.promised_limit),
        extension=f"经{extension.approver}批准可延长 {extension.value} {_UNITS[extension.unit]}" if extension else None,
        questions=[QuestionOut(name=q.name, label=q.label, type=q.type) for q in definition.questions],
        members=[_member(running, member) for member in definition.members],
        stages=[
            StageOut(
                stage_no=stage.stage_no,
                name=stage.name,
                lead_department_name=stage.lead.name,
                consulted=[department.name for department in stage.consulted],
                promised_workdays=stage.promised_workdays,
            )
            for stage in definition.stages
        ],
        materials=materials_out(running, {member.member_id for member in definition.members}),
    )


def _member(running: Running, member: Member) -> GuideMemberOut:
    item, department = running.items.get(member.member_id), running.department_of(member.member_id)
    held = next((m for m in running.shared if m.material.certificate_type_code == member.unless_held), None)
    return GuideMemberOut(
        member_id=member.member_id,
        item_code=item.item.item_code if item else None,
        name=running.name_of(member.member_id),
        role=member.role,
        department_name=department.name if department else None,
        presence=member.presence.value,
        condition=member.condition or None,
        after=member.after,
        stage_no=member.stage_no,
        not_needed_if_held=held.material.certificate_type_name if member.unless_held and held else None,
        promised=limit_text(item.item.promised_limit) if item else _step_limit(member),
    )


def _step_limit(member: Member) -> str | None:
    if member.limit_workdays is None:
        return None
    return f"{member.limit_workdays} 个工作日" if member.limit_workdays else "当场办结"


def plan_out(running: Running, body: PlanIn) -> PlanOut:
    """Raises Invalid: something was chosen that the bundle does not offer."""
    definition = running.definition
    questions = {question.name: question for question in definition.questions}

    def met(condition: str) -> bool | None:
        try:
            return holds(condition, body.form, questions)
        except Unanswered:
            return None

    planned = plan(definition, chosen=body.members, held_types=body.held_certificate_types, holds=met)
    taking_part = {p.member.member_id for p in planned if p.part in {Part.TAKES_PART, Part.UNDECIDED}}
    satisfied = {p.member.member_id for p in planned if p.part is Part.SATISFIED}
    return PlanOut(
        bundle_id=definition.bundle_id,
        name=definition.name,
        legal_limit=limit_text(definition.legal_limit),
        promised_limit=limit_text(definition.promised_limit),
        members=[_planned(running, entry) for entry in planned],
        materials=materials_out(running, taking_part, satisfied=satisfied),
    )


def _planned(running: Running, entry: Planned) -> PlannedMemberOut:
    open_questions = fields_of(entry.member.condition) if entry.part is Part.UNDECIDED else ()
    return PlannedMemberOut(
        member_id=entry.member.member_id,
        name=running.name_of(entry.member.member_id),
        part=entry.part.value,
        stage_no=entry.member.stage_no,
        after=entry.member.after,
        questions=list(open_questions),
    )
