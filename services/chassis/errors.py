"""Errors of the technical frame itself."""

from services.kernel.errors import DomainError, Kind


class Unauthenticated(DomainError):
    code = "platform.unauthenticated"
    kind = Kind.UNAUTHENTICATED
    title_zh = "未登录或登录已失效"
    title_en = "Not logged in, or the login has expired"


class Forbidden(DomainError):
    code = "platform.forbidden"
    kind = Kind.FORBIDDEN
    title_zh = "无权进行此操作"
    title_en = "Not allowed"


class KeyMissing(DomainError):
    code = "platform.idempotency-key-missing"
    kind = Kind.MALFORMED
    title_zh = "缺少 Idempotency-Key 请求头"
    title_en = "The Idempotency-Key header is missing"


class KeyReused(DomainError):
    code = "platform.idempotency-key-reused"
    kind = Kind.INVALID
    title_zh = "同一 Idempotency-Key 已用于不同的请求"
    title_en = "The Idempotency-Key was used for another request"


class StillRunning(DomainError):
    code = "platform.still-running"
    kind = Kind.CONFLICT
    title_zh = "相同请求正在处理, 请稍后重试"
    title_en = "The same request is still running"


class VersionMissing(DomainError):
    code = "platform.if-match-missing"
    kind = Kind.PRECONDITION_REQUIRED
    title_zh = "缺少 If-Match 请求头"
    title_en = "The If-Match header is missing"


class VersionMalformed(DomainError):
    code = "platform.if-match-malformed"
    kind = Kind.MALFORMED
    title_zh = 'If-Match 格式应为 "v<版本号>"'
    title_en = 'If-Match must be "v<version>"'


class StaleVersion(DomainError):
    """The object changed since the caller read it: 412, read again and decide again."""

    code = "platform.stale-version"
    kind = Kind.STALE
    title_zh = "内容已被他人修改, 请刷新后重试"
    title_en = "The object changed since it was read"


class BadCursor(DomainError):
    code = "platform.bad-cursor"
    kind = Kind.MALFORMED
    title_zh = "分页游标无效"
    title_en = "The cursor is not valid"


class TooLarge(DomainError):
    code = "platform.too-large"
    kind = Kind.TOO_LARGE
    title_zh = "内容超过大小限制"
    title_en = "The content is too large"


class UnsafeFile(DomainError):
    """An upload that does more than show something, or that cannot be looked into. `errors` name the rule."""

    code = "platform.file-unsafe"
    kind = Kind.INVALID
    title_zh = "文件含有不安全的内容，未予接收"
    title_en = "The file holds unsafe contents and was not taken"
