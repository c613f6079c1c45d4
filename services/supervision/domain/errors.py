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
