"""What supervision refuses, as facts."""

from services.kernel.errors import DomainError, Kind


class UnknownCase(DomainError):
    """Also for a case outside the caller's scope: nobody learns that it exists."""

    code = "supervision.unknown-case"
    kind = Kind.NOT_FOUND
    title_zh = "没有这个办件"
    title_en = "No such case"


class NotConcluded(DomainError):
    code = "supervision.not-concluded"
    kind = Kind.CONFLICT
    title_zh = "办件尚未办结，暂不能评价"
    title_en = "The case is not concluded yet and cannot be rated"


class AlreadyRated(DomainError):
    code = "supervision.already-rated"
    kind = Kind.CONFLICT
    title_zh = "本次服务已经评价，一次服务只评价一次"
    title_en = "This service has been rated already"


class NotTheApplicant(DomainError):
    code = "supervision.not-the-applicant"
    kind = Kind.FORBIDDEN
    title_zh = "只有申请人一方可以评价"
    title_en = "Only the applicant's side may rate"


class BadPeriod(DomainError):
    code = "supervision.bad-period"
    kind = Kind.INVALID
    title_zh = "统计时段无效"
    title_en = "The period is not valid"


class BadRules(DomainError):
    code = "supervision.bad-rules"
    kind = Kind.INVALID
    title_zh = "亮灯规则配置有误"
    title_en = "The configured light rules are faulty"


class UnknownDepartment(DomainError):
    """Also for one that has no case within the supervisor's division."""

    code = "supervision.unknown-department"
    kind = Kind.NOT_FOUND
    title_zh = "监察范围内没有这个部门"
    title_en = "No such department within the supervised division"


class UnknownOrder(DomainError):
    """Also for an order outside the caller's scope."""

    code = "supervision.unknown-order"
    kind = Kind.NOT_FOUND
    title_zh = "没有这份监察文书"
    title_en = "No such supervision order"


class AlreadyReplied(DomainError):
    code = "supervision.already-replied"
    kind = Kind.CONFLICT
    title_zh = "已经反馈，一份监察文书只反馈一次"
    title_en = "The order has been answered already"


class OrderNeedsCase(DomainError):
    code = "supervision.order-needs-case"
    kind = Kind.INVALID
    title_zh = "督办函应当针对具体办件，请填写办件编号"
    title_en = "A supervision order is about one case: its number is needed"


class FindingMissing(DomainError):
    code = "supervision.finding-missing"
    kind = Kind.INVALID
    title_zh = "该规则没有亮灯，请填写监察结果描述"
    title_en = "No light of this rule is on: say what was found"


class NoOwnBody(DomainError):
    code = "supervision.no-own-body"
    kind = Kind.FORBIDDEN
    title_zh = "监督员账号未归属任何机构，不能发出监察文书"
    title_en = "The supervisor's account belongs to no body in whose name the paper could go out"
