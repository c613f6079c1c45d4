"""Errors of approval: facts that stop an act, each with a code that never changes."""

from services.kernel.errors import DomainError, Kind


class UnknownCase(DomainError):
    code = "approval.unknown-case"
    kind = Kind.NOT_FOUND
    title_zh = "没有这个办件，或不在您的权限范围内"
    title_en = "No such case, or it is outside your scope"


class UnknownRecall(DomainError):
    code = "approval.unknown-recall"
    kind = Kind.NOT_FOUND
    title_zh = "没有这个召回任务，或不在您的权限范围内"
    title_en = "No such recall, or it is outside your scope"


class RecallAnswered(DomainError):
    code = "approval.recall-answered"
    kind = Kind.CONFLICT
    title_zh = "该召回已经处理"
    title_en = "The recall has been answered already"


class RecallOpen(DomainError):
    code = "approval.recall-open"
    kind = Kind.CONFLICT
    title_zh = "本办件所依据的证照已失效，请先处理召回，再作准予决定"
    title_en = "A certificate this case relied on was taken away: the recall is to be answered before a grant"


class RecallToAnnul(DomainError):
    code = "approval.recall-to-annul"
    kind = Kind.CONFLICT
    title_zh = "召回的处理结论为拟撤销或撤回，本办件不能准予"
    title_en = "The answer to the recall was that the grant is to be annulled: the case cannot be granted"


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


class IncompleteRecord(DomainError):
    """A notice or record lacks what the law asks of it; each fault names its field."""

    code = "approval.incomplete-record"
    kind = Kind.INVALID
    title_zh = "文书或记录缺少法定内容"
    title_en = "The notice or record lacks what the law asks of it"


class NotASpecialProcedure(DomainError):
    """Only the eight kinds of art. 45, or a cause in the item's own law, stop the clock."""

    code = "approval.not-a-special-procedure"
    kind = Kind.INVALID
    title_zh = "该程序不能停止计时"
    title_en = "This procedure does not stop the clock"


class NotExtendable(DomainError):
    code = "approval.not-extendable"
    kind = Kind.CONFLICT
    title_zh = "该事项的期限不能延长"
    title_en = "The limit of this item cannot be extended"


class AlreadyExtended(DomainError):
    code = "approval.already-extended"
    kind = Kind.CONFLICT
    title_zh = "期限只能延长一次"
    title_en = "A limit is extended only once"


class ExtensionTooLong(DomainError):
    code = "approval.extension-too-long"
    kind = Kind.INVALID
    title_zh = "延长的期限超过规定"
    title_en = "The extension is longer than the rule allows"


class LimitOver(DomainError):
    code = "approval.limit-over"
    kind = Kind.CONFLICT
    title_zh = "法定期限已经届满，不能再延长"
    title_en = "The legal limit is over and cannot be extended any more"


class NeedsGovernmentHead(DomainError):
    """Joint handling is extended by the head of the government (art. 42 para. 2)."""

    code = "approval.needs-government-head"
    kind = Kind.FORBIDDEN
    title_zh = "联合办理的延期须经本级人民政府负责人批准"
    title_en = "An extension of joint handling needs the head of the government"


class NeedsDepartmentHead(DomainError):
    code = "approval.needs-department-head"
    kind = Kind.FORBIDDEN
    title_zh = "延期须经本行政机关负责人批准"
    title_en = "An extension needs a head of the department"


class TooFewInspectors(DomainError):
    code = "approval.too-few-inspectors"
    kind = Kind.INVALID
    title_zh = "核查应当由两名以上工作人员进行"
    title_en = "At least two officers inspect"


class NotAnInspector(DomainError):
    code = "approval.not-an-inspector"
    kind = Kind.FORBIDDEN
    title_zh = "只有受指派的核查人员可以记录核查"
    title_en = "Only assigned inspectors record the check"


class SiteCheckOpen(DomainError):
    code = "approval.site-check-open"
    kind = Kind.CONFLICT
    title_zh = "现场核查尚未完成，不能作出决定"
    title_en = "No decision before the site check is recorded"


class HearingStage(DomainError):
    """A step of the hearing out of its order."""

    code = "approval.hearing-stage"
    kind = Kind.CONFLICT
    title_zh = "听证程序尚未进行到这一步，或已经过了这一步"
    title_en = "The hearing is not at this step"


class HearingRequestLate(DomainError):
    code = "approval.hearing-request-late"
    kind = Kind.CONFLICT
    title_zh = "听证申请已超过五个工作日"
    title_en = "The hearing was asked for after five working days"


class HearingDate(DomainError):
    code = "approval.hearing-date"
    kind = Kind.INVALID
    title_zh = "听证时间不合规定"
    title_en = "The time of the hearing breaks a rule"


class HearingOpen(DomainError):
    code = "approval.hearing-open"
    kind = Kind.CONFLICT
    title_zh = "听证事项尚未了结，不能作出决定"
    title_en = "No decision before the hearing is settled"


class UnknownParty(DomainError):
    code = "approval.unknown-party"
    kind = Kind.NOT_FOUND
    title_zh = "没有这位利害关系人"
    title_en = "No such interested party"


class PartyNotHeard(DomainError):
    code = "approval.party-not-heard"
    kind = Kind.CONFLICT
    title_zh = "利害关系人陈述申辩的期限未满，不能作出决定"
    title_en = "No decision while interested parties may still speak"


class UnknownConsultation(DomainError):
    code = "approval.unknown-consultation"
    kind = Kind.NOT_FOUND
    title_zh = "没有这次征求意见，或不是向您所在部门征求"
    title_en = "No such consultation of your department"


class ConsultationOver(DomainError):
    """Answered before, or silent past its limit."""

    code = "approval.consultation-over"
    kind = Kind.CONFLICT
    title_zh = "征求意见已答复，或已逾期视为无意见"
    title_en = "The consultation is answered or its limit is over"


class ConsultationRunning(DomainError):
    """Silence cannot be recorded before the limit is over."""

    code = "approval.consultation-running"
    kind = Kind.CONFLICT
    title_zh = "征求意见期限未满"
    title_en = "The limit of the consultation is not over"


class ConsultationOpen(DomainError):
    code = "approval.consultation-open"
    kind = Kind.CONFLICT
    title_zh = "征求意见尚未答复，不能作出决定"
    title_en = "No decision while a consultation is open"


class NotFirstLevel(DomainError):
    code = "approval.not-first-level"
    kind = Kind.FORBIDDEN
    title_zh = "只有负责初审的下级机关可以报送"
    title_en = "Only the body of the first level passes the case up"


class MaterialOutstanding(DomainError):
    """No grant before every material that was deferred at acceptance is in (容缺受理)."""

    code = "approval.material-outstanding"
    kind = Kind.CONFLICT
    title_zh = "容缺后补的材料尚未补齐，不能作出准予决定"
    title_en = "A deferred material is not in yet: nothing can be granted"


class CommitmentFalse(DomainError):
    """What was promised in writing is not so: nothing is granted on it (国办发〔2020〕42号)."""

    code = "approval.commitment-false"
    kind = Kind.CONFLICT
    title_zh = "告知承诺经核查不实，不能作出准予决定"
    title_en = "An informed commitment was found false: nothing can be granted"


class RenewedBySilence(DomainError):
    code = "approval.renewed-by-silence"
    kind = Kind.CONFLICT
    title_zh = "原证届满前未作出决定，视为准予延续"
    title_en = "No decision before expiry: renewed by law"


class FirstLevelAssigned(DomainError):
    code = "approval.first-level-assigned"
    kind = Kind.CONFLICT
    title_zh = "初审机关已经确定"
    title_en = "The body of the first level is already known"


class IncompletePassingUp(DomainError):
    """The opinion and all materials go up together (art. 35)."""

    code = "approval.incomplete-passing-up"
    kind = Kind.INVALID
    title_zh = "应当将初审意见和全部申请材料一并报送"
    title_en = "The opinion and all materials go up together"


class QuotaUsedUp(DomainError):
    code = "approval.quota-used-up"
    kind = Kind.CONFLICT
    title_zh = "数量限额已用完，不能再作出准予决定"
    title_en = "The number that can be granted is used up"


class EarlierAcceptedFirst(DomainError):
    """Limited numbers go by the order of acceptance (art. 57)."""

    code = "approval.earlier-accepted-first"
    kind = Kind.CONFLICT
    title_zh = "应当按照受理的先后顺序作出准予决定"
    title_en = "Those accepted earlier are decided first"


class OutsideWindow(DomainError):
    """The item's own law has windows: nothing is decided before the applicants have come again within theirs."""

    code = "approval.outside-window"
    kind = Kind.CONFLICT
    title_zh = "尚不在可以作出决定的期间"
    title_en = "Outside the window in which this may be decided"


class FaultyYear(DomainError):
    """The notice of a year cannot be loaded; `errors` names each fault."""

    code = "approval.faulty-year"
    kind = Kind.INVALID
    title_zh = "该年度节假日安排不能载入"
    title_en = "The notice of this year cannot be loaded"


class UnknownCertificate(DomainError):
    code = "approval.unknown-certificate"
    kind = Kind.NOT_FOUND
    title_zh = "没有这个证照，或不在您的权限范围内"
    title_en = "No such certificate, or it is outside your scope"


class UnknownStanding(DomainError):
    code = "approval.unknown-standing-decision"
    kind = Kind.NOT_FOUND
    title_zh = "没有这个后续处理决定，或不在您的权限范围内"
    title_en = "No such decision about a certificate, or it is outside your scope"


class CertificateState(DomainError):
    """The certificate's state, or its holder, does not allow the act on this ground."""

    code = "approval.certificate-state"
    kind = Kind.CONFLICT
    title_zh = "证照当前状态不允许此操作"
    title_en = "The certificate is in a state that forbids this act"


class StandingClosed(DomainError):
    code = "approval.standing-closed"
    kind = Kind.CONFLICT
    title_zh = "该处理意见已经决定"
    title_en = "This proposal has been decided on"


class StandingOpen(DomainError):
    """One proposal at a time: two decisions about one certificate would contradict each other."""

    code = "approval.standing-open"
    kind = Kind.CONFLICT
    title_zh = "该证照已有一项处理意见待决定"
    title_en = "A proposal about this certificate waits for its decision"


class HolderNotHeard(DomainError):
    code = "approval.holder-not-heard"
    kind = Kind.CONFLICT
    title_zh = "持证人尚未陈述申辩，期限未满，不能作出决定"
    title_en = "The holder has not been heard and still has time to speak"
