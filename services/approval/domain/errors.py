"""Errors of approval: facts that stop an act, each with a code that never changes."""

from services.kernel.errors import DomainError, Kind


class UnknownCase(DomainError):
    code = "approval.unknown-case"
    kind = Kind.NOT_FOUND
    title_zh = "没有这个办件，或不在您的权限范围内"
    title_en = "No such case, or it is outside your scope"


class WrongState(DomainError):
    code = "approval.wrong-state"
    kind = Kind.CONFLICT
    title_zh = "办件当前状态不允许此操作"
    title_en = "The case is in a state that forbids this act"


class CaseChanged(DomainError):
    """Somebody else's act won while this one was running."""

    code = "approval.case-changed"
    kind = Kind.CONFLICT
    title_zh = "办件刚刚被他人处理，请刷新后再办"
    title_en = "Somebody else has just acted on this case"


class OtherDepartment(DomainError):
    code = "approval.other-department"
    kind = Kind.FORBIDDEN
    title_zh = "只有本部门人员可以办理此件"
    title_en = "Only an officer of the department in charge may do this"


class SeparationOfDuties(DomainError):
    """Who accepted, or who wrote an opinion, does not decide."""

    code = "approval.separation-of-duties"
    kind = Kind.FORBIDDEN
    title_zh = "受理与审批、审查与决定应当由不同人员办理"
    title_en = "Acceptance, examination and decision are done by different people"


class IncompleteOpinion(DomainError):
    code = "approval.incomplete-opinion"
    kind = Kind.INVALID
    title_zh = "审查意见不完整"
    title_en = "The opinion is incomplete"


class IncompleteDecision(DomainError):
    code = "approval.incomplete-decision"
    kind = Kind.INVALID
    title_zh = "决定内容不完整或不合法"
    title_en = "The decision is incomplete or unlawful"
