"""Facts that stop an act of intake. The codes are public and never change."""

from typing import ClassVar

from services.kernel.errors import DomainError, Kind


class WrongState(DomainError):
    code: ClassVar[str] = "intake.wrong-state"
    kind: ClassVar[Kind] = Kind.CONFLICT
    title_zh: ClassVar[str] = "申请当前状态不允许此操作"
    title_en: ClassVar[str] = "The state of the application forbids this act"


class ApplicationChanged(DomainError):
    """The version named was right when it was read, and somebody else saved first."""

    code: ClassVar[str] = "intake.application-changed"
    kind: ClassVar[Kind] = Kind.CONFLICT
    title_zh: ClassVar[str] = "申请刚刚被他人办理，请刷新后再办"
    title_en: ClassVar[str] = "Somebody else has just acted on this application"


class AlreadyNotified(DomainError):
    code: ClassVar[str] = "intake.supplement-already-requested"
    kind: ClassVar[Kind] = Kind.CONFLICT
    title_zh: ClassVar[str] = "补正告知应当一次作出"
    title_en: ClassVar[str] = "A supplement notice is given only once"


class FaultCouldBeSeen(DomainError):
    """A second notice names what lay before the window, unchanged, at the first one."""

    code: ClassVar[str] = "intake.fault-could-be-seen"
    kind: ClassVar[Kind] = Kind.CONFLICT
    title_zh: ClassVar[str] = "首次告知时即可发现的问题，不得再次要求补正"
    title_en: ClassVar[str] = "What could be seen the first time cannot be asked for again"


class AlreadyAccepted(DomainError):
    """Nobody answered in time: by law the application is accepted, whether or not it was recorded yet."""

    code: ClassVar[str] = "intake.deemed-accepted"
    kind: ClassVar[Kind] = Kind.CONFLICT
    title_zh: ClassVar[str] = "逾期未告知，自收到申请材料之日起即为受理"
    title_en: ClassVar[str] = "Not told in time: accepted from the day the materials were received"


class SuppliedTooLate(DomainError):
    code: ClassVar[str] = "intake.supplied-too-late"
    kind: ClassVar[Kind] = Kind.CONFLICT
    title_zh: ClassVar[str] = "补正期限已过"
    title_en: ClassVar[str] = "The time for supplying is over"


class NotYetDue(DomainError):
    code: ClassVar[str] = "intake.not-yet-due"
    kind: ClassVar[Kind] = Kind.CONFLICT
    title_zh: ClassVar[str] = "期限尚未届满"
    title_en: ClassVar[str] = "The time limit is not over"


class RenewalWindow(DomainError):
    code: ClassVar[str] = "intake.renewal-window"
    kind: ClassVar[Kind] = Kind.CONFLICT
    title_zh: ClassVar[str] = "不在延续申请的期限内"
    title_en: ClassVar[str] = "Outside the time for applying for renewal"


class NothingToCheck(DomainError):
    code: ClassVar[str] = "intake.no-open-commitment"
    kind: ClassVar[Kind] = Kind.CONFLICT
    title_zh: ClassVar[str] = "该材料没有待核查的告知承诺"
    title_en: ClassVar[str] = "No open commitment stands for this material"


class MustAccept(DomainError):
    code: ClassVar[str] = "intake.must-accept"
    kind: ClassVar[Kind] = Kind.CONFLICT
    title_zh: ClassVar[str] = "已按告知补齐，应当受理"
    title_en: ClassVar[str] = "Everything asked for was supplied: acceptance cannot be refused"


class MaterialsMissing(DomainError):
    code: ClassVar[str] = "intake.materials-missing"
    kind: ClassVar[Kind] = Kind.CONFLICT
    title_zh: ClassVar[str] = "必要材料不齐，不能受理"
    title_en: ClassVar[str] = "Required materials are missing"


class ResultNotReady(DomainError):
    code: ClassVar[str] = "intake.result-not-ready"
    kind: ClassVar[Kind] = Kind.CONFLICT
    title_zh: ClassVar[str] = "决定书或结果证照尚未制作完成，暂不能出件"
    title_en: ClassVar[str] = "The decision in writing or the certificate of this case does not exist yet"


class Invalid(DomainError):
    """One or more fields break a rule; `errors` names each field and rule."""

    code: ClassVar[str] = "intake.invalid"
    kind: ClassVar[Kind] = Kind.INVALID
    title_zh: ClassVar[str] = "填报内容不符合要求"
    title_en: ClassVar[str] = "Some fields break a rule"


class NotForOthers(DomainError):
    code: ClassVar[str] = "intake.not-for-others"
    kind: ClassVar[Kind] = Kind.FORBIDDEN
    title_zh: ClassVar[str] = "只能以本人或所代理单位的名义申请"
    title_en: ClassVar[str] = "You may apply only for yourself or for an organisation you act for"


class ActsOfTheFirst(DomainError):
    """Who applies together with somebody reads the application; acts are the first applicant's, or his agent's."""

    code: ClassVar[str] = "intake.acts-of-the-first"
    kind: ClassVar[Kind] = Kind.FORBIDDEN
    title_zh: ClassVar[str] = "共同申请人可以查看，由第一申请人或其委托的代理人办理"
    title_en: ClassVar[str] = "You may read the application; its first applicant or his agent acts on it"


class UnknownApplication(DomainError):
    code: ClassVar[str] = "intake.application-not-found"
    kind: ClassVar[Kind] = Kind.NOT_FOUND
    title_zh: ClassVar[str] = "没有找到该申请"
    title_en: ClassVar[str] = "No such application"


class UnknownItem(DomainError):
    code: ClassVar[str] = "intake.item-not-found"
    kind: ClassVar[Kind] = Kind.NOT_FOUND
    title_zh: ClassVar[str] = "没有找到该政务服务事项"
    title_en: ClassVar[str] = "No such service item"


class UnknownMaterial(DomainError):
    code: ClassVar[str] = "intake.material-not-found"
    kind: ClassVar[Kind] = Kind.NOT_FOUND
    title_zh: ClassVar[str] = "没有找到该材料"
    title_en: ClassVar[str] = "No such material"


class NumbersExhausted(DomainError):
    code: ClassVar[str] = "intake.numbers-exhausted"
    kind: ClassVar[Kind] = Kind.CONFLICT
    title_zh: ClassVar[str] = "该事项当日办件编号已用完"
    title_en: ClassVar[str] = "The case numbers of this item and day are used up"


class UnsupportedFile(DomainError):
    code: ClassVar[str] = "intake.file-type"
    kind: ClassVar[Kind] = Kind.UNSUPPORTED
    title_zh: ClassVar[str] = "文件格式不支持，仅接受 PDF、JPEG、PNG、OFD"
    title_en: ClassVar[str] = "Only PDF, JPEG, PNG and OFD files are taken"


class FileTooLarge(DomainError):
    code: ClassVar[str] = "intake.file-too-large"
    kind: ClassVar[Kind] = Kind.TOO_LARGE
    title_zh: ClassVar[str] = "文件超过 20 MiB"
    title_en: ClassVar[str] = "The file is larger than 20 MiB"


class OutsideWindow(DomainError):
    """An act earlier or later than the window the item's own law gives it; `detail` names the dates."""

    code: ClassVar[str] = "intake.outside-window"
    kind: ClassVar[Kind] = Kind.CONFLICT
    title_zh: ClassVar[str] = "不在法律规定的期间内"
    title_en: ClassVar[str] = "Outside the window the law gives for this act"


class AlreadyClaimed(DomainError):
    code: ClassVar[str] = "intake.already-claimed"
    kind: ClassVar[Kind] = Kind.CONFLICT
    title_zh: ClassVar[str] = "已经办理过本次申请"
    title_en: ClassVar[str] = "The applicants have come already"


class StageNotOpen(DomainError):
    code: ClassVar[str] = "intake.stage-not-open"
    kind: ClassVar[Kind] = Kind.CONFLICT
    title_zh: ClassVar[str] = "前一阶段尚未准予，不能申请本阶段"
    title_en: ClassVar[str] = "The stage before is not granted yet"


class StageTaken(DomainError):
    code: ClassVar[str] = "intake.stage-taken"
    kind: ClassVar[Kind] = Kind.CONFLICT
    title_zh: ClassVar[str] = "本阶段已有申请，不能重复申请"
    title_en: ClassVar[str] = "This stage has been asked for already"


class RenewedBySilence(DomainError):
    """The old certificate's last day is over: by law it is renewed, whether or not it was recorded yet."""

    code: ClassVar[str] = "intake.renewed-by-silence"
    kind: ClassVar[Kind] = Kind.CONFLICT
    title_zh: ClassVar[str] = "原证有效期届满前未作出决定，视为准予延续"
    title_en: ClassVar[str] = "Not decided before the old certificate ended: renewed by law"


class RenewalTaken(DomainError):
    code: ClassVar[str] = "intake.renewal-taken"
    kind: ClassVar[Kind] = Kind.CONFLICT
    title_zh: ClassVar[str] = "该证照的延续已有申请，不能重复申请"
    title_en: ClassVar[str] = "The renewal of this certificate has been asked for already"


class NothingToReturn(DomainError):
    code: ClassVar[str] = "intake.no-originals"
    kind: ClassVar[Kind] = Kind.CONFLICT
    title_zh: ClassVar[str] = "没有需要退还的原件"
    title_en: ClassVar[str] = "No originals are here to be returned"


class BundleHandsOver(DomainError):
    """Members of a bundle are handed out together by the first counter."""

    code: ClassVar[str] = "intake.bundle-hands-over"
    kind: ClassVar[Kind] = Kind.CONFLICT
    title_zh: ClassVar[str] = "该办件属于“一件事”，由首办窗口统一出件"
    title_en: ClassVar[str] = "This case belongs to a bundle, which is handed out together"
