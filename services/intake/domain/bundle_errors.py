"""Facts that stop an act of a bundle. The codes are public and never change."""

from typing import ClassVar

from services.kernel.errors import DomainError, Kind


class UnknownBundle(DomainError):
    code: ClassVar[str] = "intake.bundle-not-found"
    kind: ClassVar[Kind] = Kind.NOT_FOUND
    title_zh: ClassVar[str] = "没有找到该“一件事”"
    title_en: ClassVar[str] = "No such bundle"


class UnknownBundleApplication(DomainError):
    code: ClassVar[str] = "intake.bundle-application-not-found"
    kind: ClassVar[Kind] = Kind.NOT_FOUND
    title_zh: ClassVar[str] = "没有找到该“一件事”申请"
    title_en: ClassVar[str] = "No such bundle application"


class BundleChanged(DomainError):
    """The version named was right when the request came in, and somebody else saved first."""

    code: ClassVar[str] = "intake.bundle-changed"
    kind: ClassVar[Kind] = Kind.CONFLICT
    title_zh: ClassVar[str] = "“一件事”申请刚刚被他人办理，请刷新后再办"
    title_en: ClassVar[str] = "Somebody else has just acted on this bundle application"


class UnknownMember(DomainError):
    code: ClassVar[str] = "intake.bundle-member-not-found"
    kind: ClassVar[Kind] = Kind.NOT_FOUND
    title_zh: ClassVar[str] = "该“一件事”申请中没有此事项"
    title_en: ClassVar[str] = "No such member in this bundle application"


class WrongBundleState(DomainError):
    code: ClassVar[str] = "intake.bundle-wrong-state"
    kind: ClassVar[Kind] = Kind.CONFLICT
    title_zh: ClassVar[str] = "“一件事”申请当前状态不允许此操作"
    title_en: ClassVar[str] = "The state of the bundle forbids this act"


class WrongMemberState(DomainError):
    code: ClassVar[str] = "intake.bundle-member-wrong-state"
    kind: ClassVar[Kind] = Kind.CONFLICT
    title_zh: ClassVar[str] = "该成员事项当前状态不允许此操作"
    title_en: ClassVar[str] = "The state of the member forbids this act"


class Unanswered(DomainError):
    """A condition reads an answer that the form does not hold."""

    code: ClassVar[str] = "intake.bundle-answer-missing"
    kind: ClassVar[Kind] = Kind.INVALID
    title_zh: ClassVar[str] = "表单缺少判断所需的内容"
    title_en: ClassVar[str] = "The form lacks an answer that a condition reads"


class BundleMaterialsMissing(DomainError):
    code: ClassVar[str] = "intake.bundle-materials-missing"
    kind: ClassVar[Kind] = Kind.CONFLICT
    title_zh: ClassVar[str] = "必要材料不齐，不能受理"
    title_en: ClassVar[str] = "Required materials are missing"


class AlreadyExtended(DomainError):
    code: ClassVar[str] = "intake.bundle-already-extended"
    kind: ClassVar[Kind] = Kind.CONFLICT
    title_zh: ClassVar[str] = "“一件事”办理期限只能延长一次"
    title_en: ClassVar[str] = "The limit of a bundle is extended only once"


class BundleLimitOver(DomainError):
    code: ClassVar[str] = "intake.bundle-limit-over"
    kind: ClassVar[Kind] = Kind.CONFLICT
    title_zh: ClassVar[str] = "“一件事”办理期限已经届满，不能再延长"
    title_en: ClassVar[str] = "The limit of the bundle is over and can no longer be extended"
