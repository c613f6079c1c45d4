"""RFC 9457 problem documents: the one place that turns an error into an HTTP answer."""

import logging
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, get_args

import asyncpg
import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic_core.core_schema import ErrorType
from sqlalchemy.exc import DBAPIError, InterfaceError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException

from services.chassis.telemetry import current_trace_id
from services.kernel.errors import DomainError, Kind

log = logging.getLogger(__name__)

STATUS: Mapping[Kind, int] = {
    Kind.MALFORMED: 400,
    Kind.UNAUTHENTICATED: 401,
    Kind.FORBIDDEN: 403,
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.STALE: 412,
    Kind.TOO_LARGE: 413,
    Kind.UNSUPPORTED: 415,
    Kind.INVALID: 422,
    Kind.PRECONDITION_REQUIRED: 428,
    Kind.TOO_MANY: 429,
    Kind.UNAVAILABLE: 503,
}
_RETRY_AFTER = {409: None, 429: 1, 503: 5}
_STATUS_TITLES = {
    400: ("请求无法解析", "The request cannot be read"),
    404: ("没有这个地址或对象", "No such address or object"),
    405: ("该地址不支持此方法", "Method not allowed"),
    413: ("内容超过大小限制", "The content is too large"),
    422: ("请求内容不符合要求", "The request breaks a rule"),
    500: ("系统内部错误, 请稍后重试", "Internal error, try again later"),
    503: ("服务暂时不可用, 请稍后重试", "Temporarily unavailable, try again later"),
}


def wants_english(request: Request) -> bool:
    return request.headers.get("accept-language", "").lower().startswith("en")


def problem(
    request: Request,
    status: int,
    code: str,
    titles: tuple[str, str],
    *,
    detail: str = "",
    errors: list[dict[str, str]] | None = None,
    retry_after: int | None = None,
) -> Response:
    """An `application/problem+json` answer. `detail` and `errors` must not hold personal values."""
    title = titles[1] if wants_english(request) else titles[0]
    body: dict[str, Any] = {"type": f"/docs/problems#{code}", "title": title, "status": status, "code": code}
    if detail:
        body["detail"] = detail
    if errors:
        body["errors"] = errors
    if trace_id := current_trace_id():
        body["instance"] = f"urn:trace:{trace_id}"
    headers = {"cache-control": "no-store"}
    seconds = retry_after if retry_after is not None else _RETRY_AFTER.get(status)
    if seconds is not None:
        headers["retry-after"] = str(seconds)
    if status == HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = "Bearer"
    return Response(orjson.dumps(body), status, headers, media_type="application/problem+json")


async def _domain_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, DomainError)
    errors = [{"pointer": e.pointer, "code": e.code, "detail": e.detail} for e in error.errors]
    return problem(
        request,
        STATUS[error.kind],
        error.code,
        (error.title_zh, error.title_en),
        detail=error.detail,
        errors=errors,
        retry_after=error.retry_after_seconds,
    )


_RULES_ZH = {
    "missing": "必填",
    "string_too_short": "太短",
    "string_too_long": "太长",
    "enum": "不是允许的取值",
    "extra_forbidden": "不认识的字段",
    "uuid_parsing": "不是有效的编号",
    "json_invalid": "不是有效的 JSON",
    "string_unicode": "含有不能保存的字符",
    "string_pattern_mismatch": "格式不正确",
    "string_type": "应为文字",
    "int_type": "应为整数",
    "int_parsing": "应为整数",
    "bool_parsing": "应为 true 或 false",
    "list_type": "应为数组",
    "dict_type": "应为对象",
    "model_type": "应为对象",
    "model_attributes_type": "应为对象（Content-Type: application/json）",
    "too_short": "条数太少",
    "too_long": "条数太多",
    "greater_than_equal": "小于允许的最小值",
    "less_than_equal": "大于允许的最大值",
    "literal_error": "不是允许的取值",
    "date_type": "应为日期，如 2026-03-02",
    "date_parsing": "不是有效的日期，应如 2026-03-02",
    "date_from_datetime_parsing": "不是有效的日期，应如 2026-03-02",
    "date_from_datetime_inexact": "不是有效的日期，应如 2026-03-02",
    "datetime_parsing": "不是有效的时间，应如 2026-03-02T09:00:00+08:00",
    "datetime_from_date_parsing": "不是有效的时间，应如 2026-03-02T09:00:00+08:00",
}
_UNREADABLE_ZH = "正文无法解析：应为 UTF-8 编码、嵌套不过深的 JSON，或完整的 multipart/form-data"
# The rules pydantic brings; a rule of our own says in its message what is wrong, and quotes nothing.
_PYDANTIC_RULES = frozenset(get_args(ErrorType))


async def _validation_error(request: Request, error: Exception) -> Response:
    """Names field and rule; pydantic's `input` is left out because it may be a personal number."""
    assert isinstance(error, RequestValidationError)
    english = wants_english(request)
    errors = []
    malformed = False
    for fault in error.errors():
        rule = str(fault["type"])
        malformed = malformed or rule == "json_invalid"
        text = rule if english else rule_in_chinese(rule, fault["msg"])
        errors.append({"pointer": _pointer(fault["loc"]), "code": rule, "detail": text})
    if malformed:
        return problem(request, 400, "platform.malformed", _STATUS_TITLES[400], errors=errors)
    return problem(request, 422, "platform.invalid", _STATUS_TITLES[422], errors=errors)


def rule_in_chinese(rule: str, message: str) -> str:
    return _RULES_ZH.get(rule, f"不符合规则 {rule}") if rule in _PYDANTIC_RULES else message


# The name of an unknown field is the caller's own text: a number in it is not repeated.
_LONG_NUMBER = re.compile(r"\d{6,}[\dXx]*")


def _pointer(location: tuple[int | str, ...]) -> str:
    where, *rest = location
    path = "/".join(_LONG_NUMBER.sub("…", str(part)) for part in rest)
    return f"#/{path}" if where == "body" else f"{where}:{path}"


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if (
        error.status_code == HTTPStatus.BAD_REQUEST
    ):  # the framework's own, for a body it cannot take apart; ours are typed
        text = "body_unreadable" if wants_english(request) else _UNREADABLE_ZH
        errors = [{"pointer": "#", "code": "body_unreadable", "detail": text}]
        return problem(request, 400, "platform.malformed", _STATUS_TITLES[400], errors=errors)
    titles = _STATUS_TITLES.get(error.status_code, (HTTPStatus(error.status_code).phrase,) * 2)
    return problem(request, error.status_code, f"platform.http-{error.status_code}", titles)


def is_database_away(error: BaseException) -> bool:
    """Whether the database cannot be reached or refuses for lack of room: the caller may try again."""
    if isinstance(error, PoolTimeout | InterfaceError | OSError | asyncpg.PostgresConnectionError):
        return True
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or _is_away(error.orig)
    # The driver's own: while a connection is made (57P03: the server is still starting), or in the instant between the
    # server's farewell and the end of the connection, which the driver calls an internal error.
    if isinstance(error, asyncpg.InterfaceError | asyncpg.InternalClientError):
        return True
    return isinstance(error, asyncpg.PostgresError) and _is_away(error)


def _is_away(error: BaseException | None) -> bool:
    """08 connection, 53 resources (disk full, too many connections), 57 shutdown and cancelled statements."""
    return str(getattr(error, "sqlstate", "") or "")[:2] in {"08", "53", "57"}


def is_lock_timeout(error: DBAPIError) -> bool:
    """Whether a statement gave up because somebody else held what it wanted to lock (55P03)."""
    return getattr(error.orig, "sqlstate", None) == "55P03"


async def _unexpected(request: Request, error: Exception) -> Response:
    if is_database_away(error):
        log.warning("database away: %s", type(error).__name__)
        return problem(request, 503, "platform.database-away", _STATUS_TITLES[503])
    # The message may quote values: log the type and where it happened, never the text.
    log.error("unexpected %s", type(error).__name__, extra={"where": where_raised(error)})
    return problem(request, 500, "platform.internal", _STATUS_TITLES[500])


def where_raised(error: BaseException) -> list[str]:
    """File, line and function of each frame: a traceback without any value in it."""
    frames = []
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append(f"{code.co_filename.rpartition('/services/')[2]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return frames[-12:]


def install(app: FastAPI) -> None:
    """Every error that leaves a route becomes a problem document."""
    app.add_exception_handler(DomainError, _domain_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    driver = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
    for away in (DBAPIError, PoolTimeout, OSError, *driver):
        app.add_exception_handler(away, _unexpected)
    app.add_exception_handler(Exception, _unexpected)
