"""Errors of identity: a ProtocolError is answered as OAuth asks for (RFC 6749, 5.2), others as problem documents."""

from typing import ClassVar

from services.kernel.errors import DomainError, Kind


class ProtocolError(DomainError):
    """An error of the OAuth protocol. `error` is the registered name, `detail` is ASCII and without personal data."""

    error: ClassVar[str] = "invalid_request"
    code = "identity.invalid-request"
    kind = Kind.MALFORMED
    title_zh = "认证请求不符合协议"
    title_en = "The request does not follow the protocol"


class InvalidRequest(ProtocolError):
    """A parameter is missing, repeated or malformed."""


class InvalidClient(ProtocolError):
    """The client is unknown or could not prove who it is."""

    error = "invalid_client"
    code = "identity.invalid-client"
    kind = Kind.UNAUTHENTICATED
    title_zh = "应用身份验证失败"
    title_en = "The client could not be authenticated"


class InvalidGrant(ProtocolError):
    """The code or refresh token is unknown, expired, used, revoked, or belongs to someone else."""

    error = "invalid_grant"
    code = "identity.invalid-grant"
    title_zh = "授权已失效"
    title_en = "The grant is not valid"


class UnauthorizedClient(ProtocolError):
    error = "unauthorized_client"
    code = "identity.unauthorized-client"
    title_zh = "该应用不能使用此授权方式"
    title_en = "The client may not use this grant"


class UnsupportedGrantType(ProtocolError):
    error = "unsupported_grant_type"
    code = "identity.unsupported-grant-type"
    title_zh = "不支持的授权方式"
    title_en = "The grant type is not supported"


class UnsupportedResponseType(ProtocolError):
    error = "unsupported_response_type"
    code = "identity.unsupported-response-type"
    title_zh = "不支持的响应类型"
    title_en = "The response type is not supported"


class InvalidScope(ProtocolError):
    error = "invalid_scope"
    code = "identity.invalid-scope"
    title_zh = "申请的范围无效"
    title_en = "The scope is not valid"


class RequestNotSupported(ProtocolError):
    error = "request_not_supported"
    code = "identity.request-not-supported"
    title_zh = "不支持请求对象"
    title_en = "Request objects are not supported"


class LoginRequired(ProtocolError):
    """prompt=none, and nobody is logged in."""

    error = "login_required"
    code = "identity.login-required"
    title_zh = "需要登录"
    title_en = "A login is needed"


class UnsupportedTokenType(ProtocolError):
    error = "unsupported_token_type"
    code = "identity.unsupported-token-type"
    title_zh = "此类令牌不能撤销"
    title_en = "This kind of token cannot be revoked"


class UnknownRedirect(DomainError):
    """Client or redirect URI is not registered: shown to the person, never redirected (RFC 9700, 4.1)."""

    code = "identity.unknown-redirect"
    kind = Kind.MALFORMED
    title_zh = "登录请求来自未登记的应用，或返回地址与登记的不一致"
    title_en = "The client or its redirect URI is not registered"


class WrongCredentials(DomainError):
    """Deliberately one fact for all causes: unknown account, wrong password, locked, disabled."""

    code = "identity.wrong-credentials"
    kind = Kind.UNAUTHENTICATED
    title_zh = "用户名或密码不正确，或账号已被暂时锁定"
    title_en = "Wrong user name or password, or the account is locked for now"


class FormExpired(DomainError):
    """The form's CSRF token does not belong to this browser."""

    code = "identity.form-expired"
    kind = Kind.FORBIDDEN
    title_zh = "页面已过期，请重新提交"
    title_en = "The form has expired, send it again"


class TokenRevoked(DomainError):
    code = "identity.token-revoked"
    kind = Kind.UNAUTHENTICATED
    title_zh = "登录已退出或被撤销"
    title_en = "The login was ended or revoked"


class TooBusy(DomainError):
    """More log-ins are waiting than this process can check in time."""

    code = "identity.too-busy"
    kind = Kind.UNAVAILABLE
    title_zh = "当前登录人数较多，请稍后再试"
    title_en = "Too many log-ins at once, try again later"


class BadAccountsFile(DomainError):
    code = "identity.bad-accounts-file"
    kind = Kind.INVALID
    title_zh = "演示账号文件不可用"
    title_en = "The demo accounts file cannot be used"
