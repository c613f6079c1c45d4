"""Problem documents (RFC 9457) the gateway itself answers with, Chinese first."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from services.chassis.telemetry import current_trace_id

SERVICE_NAMES: Mapping[str, tuple[str, str]] = {
    "identity": ("身份认证服务", "identity"),
    "intake": ("收件受理服务", "intake"),
    "approval": ("审批服务", "approval"),
    "certificate": ("证照与文书服务", "certificate"),
    "supervision": ("效能监督服务", "supervision"),
}


@dataclass(eq=False)
class Refused(Exception):
    """The gateway answers this itself. `zh` and `en` are titles; texts never hold anything the caller sent."""

    status: int
    code: str
    zh: str
    en: str
    detail_zh: str = ""
    detail_en: str = ""
    retry_after: int | None = None
    service: str = ""
    headers: tuple[tuple[bytes, bytes], ...] = field(default=())

    def document(self, *, english: bool) -> bytes:
        body: dict[str, Any] = {
            "type": f"/docs/problems#{self.code}",
            "title": self.en if english else self.zh,
            "status": self.status,
            "code": self.code,
        }
        if detail := self.detail_en if english else self.detail_zh:
            body["detail"] = detail
        if self.service:
            body["service"] = self.service
        if trace_id := current_trace_id():
            body["instance"] = f"urn:trace:{trace_id}"
        return orjson.dumps(body)

    def head(self) -> list[tuple[bytes, bytes]]:
        headers = [
            (b"content-type", b"application/problem+json"),
            (b"cache-control", b"no-store"),
            (b"vary", b"accept-language"),
            *self.headers,
        ]
        if self.retry_after is not None:
            headers.append((b"retry-after", str(self.retry_after).encode()))
        return headers


def not_found() -> Refused:
    return Refused(404, "gateway.not-found", "没有这个地址", "No such address")


def method_not_allowed(allowed: frozenset[str]) -> Refused:
    allow = (b"allow", ", ".join(sorted(allowed)).encode())
    return Refused(405, "gateway.method-not-allowed", "该地址不支持此方法", "Method not allowed", headers=(allow,))


def malformed(zh: str, en: str) -> Refused:
    return Refused(400, "gateway.malformed", "请求无法解析", "The request cannot be read", zh, en)


def unauthenticated(reason: str = "") -> Refused:
    """`reason` is an OAuth error code (RFC 6750), never the token or a part of it."""
    challenge = b'Bearer realm="yichuang"' + (f', error="{reason}"'.encode() if reason else b"")
    return Refused(
        401,
        "gateway.unauthenticated",
        "请先登录",
        "Log in first",
        "访问令牌缺失、无效或已过期" if reason else "此地址需要登录会话或访问令牌",
        "The access token is missing, invalid or expired" if reason else "A session or an access token is needed",
        headers=((b"www-authenticate", challenge),),
    )


def cross_site() -> Refused:
    return Refused(
        403,
        "gateway.cross-site",
        "拒绝跨站请求",
        "Cross-site request refused",
        "使用登录会话提交时, 请求须来自本站页面, 并带请求头 X-CSRF: 1",
        "A write with the session cookie must come from a page of this site and carry the header X-CSRF: 1",
    )


def too_many(seconds: int) -> Refused:
    return Refused(
        429, "gateway.too-many-requests", "请求过于频繁, 请稍后再试", "Too many requests", retry_after=seconds
    )


def too_large(limit: int) -> Refused:
    return Refused(
        413,
        "gateway.too-large",
        "内容超过大小限制",
        "The content is too large",
        f"此地址最多接收 {limit} 字节",
        f"This address takes at most {limit} bytes",
    )


def slow_client() -> Refused:
    return Refused(408, "gateway.slow-request", "请求内容传输超时", "The request body came too slowly")


def service_away(service: str, *, retry_after: int = 5) -> Refused:
    zh, en = SERVICE_NAMES[service]
    return Refused(
        503,
        "gateway.service-away",
        f"{zh}暂时不可用, 请稍后重试",
        f"The {en} service is temporarily unavailable",
        "其他功能不受影响; 重试时请使用同一 Idempotency-Key",
        "Other parts go on; use the same Idempotency-Key when you try again",
        retry_after=retry_after,
        service=service,
    )


def service_slow(service: str) -> Refused:
    zh, en = SERVICE_NAMES[service]
    return Refused(
        504,
        "gateway.deadline",
        f"{zh}未在时限内答复, 请稍后重试",
        f"The {en} service did not answer in time",
        "操作可能已经完成; 重试时请使用同一 Idempotency-Key",
        "The act may have been done; use the same Idempotency-Key when you try again",
        retry_after=5,
        service=service,
    )


def bad_answer(service: str) -> Refused:
    zh, en = SERVICE_NAMES[service]
    return Refused(
        502, "gateway.bad-answer", f"{zh}的答复无法识别", f"The {en} service gave no valid answer", service=service
    )


def internal() -> Refused:
    return Refused(500, "gateway.internal", "系统内部错误, 请稍后重试", "Internal error, try again later")
