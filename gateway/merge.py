"""One OpenAPI document out of the services' own: public paths only, names that collide renamed, one security model."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from gateway import calendar_preview
from gateway.compose import PARTS
from gateway.routes import API, GATEWAY, Access, Route, service_of

Document = dict[str, Any]

METHODS = ("get", "post", "put", "patch", "delete")
SERVICES = ("intake", "approval", "certificate", "supervision", "identity")
TAGS: Mapping[str, tuple[str, str]] = {
    "gateway": ("办件全程", "由各服务数据合成的只读视图"),
    "intake": ("收件与受理", "办事指南、申请、材料、收件、补正、受理、出件"),
    "approval": ("审查与决定", "办理人员待办、审查意见、审批决定"),
    "certificate": ("证照与文书", "电子证照查询、下载、核验与文书"),
    "supervision": ("效能监督", "时限、预警、评价与统计"),
    "identity": ("身份与账户", "账户与授权"),
}
_PREFIX = "#/components/schemas/"
_PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": "错误说明 (RFC 9457)",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string", "description": "错误类别的说明地址"},
        "title": {"type": "string", "description": "标题, 按 Accept-Language 为中文 (默认) 或英文"},
        "status": {"type": "integer", "description": "HTTP 状态码"},
        "code": {"type": "string", "description": "稳定的错误代码, 形如 intake.wrong-state"},
        "detail": {"type": "string", "description": "本次错误的说明"},
        "instance": {"type": "string", "description": "链路追踪号, 报修时提供"},
        "service": {"type": "string", "description": "不可用的服务 (502, 503, 504)"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "pointer": {"type": "string", "description": "字段位置 (JSON Pointer)"},
                    "code": {"type": "string", "description": "违反的规则"},
                    "detail": {"type": "string", "description": "如何改正"},
                },
            },
        },
    },
}
_RESPONSES: Mapping[str, tuple[str, str]] = {
    "400": ("Malformed", "请求无法解析, 或缺少必需的请求头"),
    "401": ("Unauthenticated", "未登录, 或令牌无效"),
    "403": ("Forbidden", "当前角色不能进行此操作"),
    "404": ("NotFound", "没有这个对象, 或不在可见范围内"),
    "409": ("Conflict", "当前状态不允许此操作, 或刚刚被他人抢先办理"),
    "412": ("Stale", "对象已被他人修改, 请重新读取"),
    "413": ("TooLarge", "内容超过大小限制"),
    "422": ("Invalid", "内容违反规则, 逐项列出"),
    "428": ("PreconditionRequired", "缺少 If-Match"),
    "429": ("TooManyRequests", "请求过于频繁, 见 Retry-After"),
    "503": ("ServiceAway", "所需服务暂时不可用, 见 Retry-After"),
    "504": ("Deadline", "所需服务未在时限内答复"),
}


def merge(documents: Mapping[str, Document], *, server: str = "/", missing: tuple[str, ...] = ()) -> Document:
    """The public document.

    Args:
        documents: the OpenAPI document of each service by its name; absent ones are simply not in the result.
        server: address of the gateway.
        missing: services whose document could not be had; named in `info.x-missing`.
    """
    renamed = _unique_names(documents)
    paths: Document = {}
    for service in SERVICES:
        for path, operations in renamed.get(service, {}).get("paths", {}).items():
            for method, operation in _served(service, path, operations):
                paths.setdefault(path, {})[method] = operation
    schemas: Document = {}
    for document in renamed.values():
        schemas.update(document.get("components", {}).get("schemas", {}))
    _add_journey(paths)
    _complete_preview(paths)
    schemas = _used(paths, schemas)
    merged = _frame(server, missing)
    merged["paths"] = dict(sorted(paths.items()))
    merged["components"]["schemas"] = {"Problem": _PROBLEM, **dict(sorted(schemas.items()))}
    return merged


def _frame(server: str, missing: tuple[str, ...]) -> Document:
    problem = {"application/problem+json": {"schema": {"$ref": f"{_PREFIX}Problem"}}}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "一窗政务服务平台接口",
            "version": "1",
            "description": "一窗受理、分类审批、统一出件。系统对接使用 Bearer 令牌, 浏览器使用登录会话。",
            **({"x-missing": list(missing)} if missing else {}),
        },
        "servers": [{"url": server}],
        "tags": [{"name": n, "x-displayName": zh, "description": text} for n, (zh, text) in TAGS.items()],
        "paths": {},
        "components": {
            "responses": {name: {"description": text, "content": problem} for name, text in _RESPONSES.values()},
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "at+jwt",
                    "description": "系统对接: 向 /oauth/token 以 client_credentials 取得, 有效期 10 分钟",
                },
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "yc_session",
                    "description": "浏览器: /session/login 登录后的会话 (https 下名为 __Host-yc_session); "
                    "写操作另需同源来源与请求头 X-CSRF: 1",
                },
            },
        },
    }


def _unique_names(documents: Mapping[str, Document]) -> dict[str, Document]:
    """Copies of the documents in which no schema name means two things: `Problem` of intake becomes
    `IntakeProblem` if another service means something else by it, or by something it refers to."""
    schemas = {name: doc.get("components", {}).get("schemas", {}) for name, doc in documents.items()}
    clashing = {"Problem"} & {key for of in schemas.values() for key in of}
    definitions: dict[str, list[Any]] = {}
    for of in schemas.values():
        for key, schema in of.items():
            definitions.setdefault(key, []).append(schema)
    clashing |= {key for key, found in definitions.items() if any(one != found[0] for one in found)}
    shared = {key: found[0] for key, found in definitions.items() if len(found) > 1}
    grown = True
    while grown:
        spread = {key for key, schema in shared.items() if key not in clashing and clashing & set(_references(schema))}
        clashing |= spread
        grown = bool(spread)
    return {service: _rename(copy.deepcopy(doc), service, clashing) for service, doc in documents.items()}


def _rename(document: Document, service: str, names: set[str]) -> Document:
    new = {name: f"{service.capitalize()}{name}" for name in names}
    for node in _nodes(document):
        ref = node.get("$ref")
        if isinstance(ref, str) and ref.removeprefix(_PREFIX) in new:
            node["$ref"] = _PREFIX + new[ref.removeprefix(_PREFIX)]
    schemas = document.get("components", {}).get("schemas", {})
    for old in names & set(schemas):
        schemas[new[old]] = schemas.pop(old)
    return document


def _served(service: str, path: str, operations: Document) -> Iterator[tuple[str, Document]]:
    for method in METHODS:
        if method not in operations or not path.startswith(f"{API}/"):
            continue
        route = service_of(path, method.upper())
        if route is not None and route.service == service:
            yield method, _operation(operations[method], service, method, path, route)


def _operation(operation: Document, service: str, method: str, path: str, route: Route) -> Document:
    operation["tags"] = [service]
    operation["operationId"] = f"{service}_{operation.get('operationId') or f'{method}_{path}'}"
    public = route.access is not Access.TOKEN
    operation["security"] = [] if public else [{"bearer": []}, {"session": []}]
    operation["responses"] = _responses(operation.get("responses", {}), route, body="requestBody" in operation)
    return operation


def _responses(given: Document, route: Route, *, body: bool) -> Document:
    """The service's own answers, and the problems the gateway or the frame may give."""
    responses = {status: answer for status, answer in given.items() if not _is_default_validation(answer)}
    statuses = ["400", "429", "503", "504"]
    if route.access is Access.TOKEN:
        statuses += ["401", "403"]
    if "{" in route.template:
        statuses.append("404")
    if body:
        statuses += ["413", "422"]
    for status in sorted(statuses):
        responses.setdefault(status, {"$ref": f"#/components/responses/{_RESPONSES[status][0]}"})
    return dict(sorted(responses.items()))


def _is_default_validation(answer: Document) -> bool:
    """The framework's own 422 shape, which no service ever sends."""
    return "HTTPValidationError" in str(answer.get("content", {}))


def _add_journey(paths: Document) -> None:
    members = {part.name: _answer_schema(paths, part.template) for part in PARTS}
    optional = {name: {"anyOf": [schema, {"type": "null"}]} for name, schema in members.items()}
    journey = {
        "type": "object",
        "title": "Journey",
        "required": ["case_no", *members, "missing"],
        "properties": {
            "case_no": {"type": "string", "description": "办件编号"},
            **optional,
            "application": members["application"],
            "missing": {
                "type": "array",
                "items": {"type": "string", "enum": [part.service for part in PARTS[1:]]},
                "description": "暂时不可用、未能取得内容的服务",
            },
        },
    }
    path = f"{API}/cases/{{case_no}}"
    route = service_of(path, "GET")
    assert route is not None
    operation = {
        "operationId": "journey",
        "summary": "办件全程",
        "description": "受理、审查、文书、监督四部分合成, 只读。某部分为 null 表示尚无内容或不在可见范围; "
        "服务暂时不可用时列入 missing, 仍答 200。",
        "parameters": [
            {
                "name": "case_no",
                "in": "path",
                "required": True,
                "description": "办件编号",
                "schema": {"type": "string", "title": "Case No"},
            }
        ],
        "responses": {"200": {"description": "办件全程", "content": {"application/json": {"schema": journey}}}},
        "x-roles": ["*"],
    }
    paths.setdefault(path, {})["get"] = _operation(operation, GATEWAY, "get", path, route)


def _complete_preview(paths: Document) -> None:
    """A preview of a year is intake's answer with approval's part in it."""
    operation = paths.get(calendar_preview.TEMPLATE, {}).get("post")
    if operation is None:
        return
    steps = _answer_schema(paths, calendar_preview.STEPS, "post")
    part = {
        "type": "object",
        "required": ["steps", "missing", "notice"],
        "properties": {
            "steps": {"anyOf": [steps, {"type": "null"}]},
            "missing": {
                "type": "array",
                "items": {"type": "string", "enum": ["approval"]},
                "description": "暂时不可用、未能取得内容的服务；不为空时预览不完整",
            },
            "notice": {"anyOf": [{"type": "string"}, {"type": "null"}], "description": "预览不完整时的说明"},
        },
    }
    schema = {"allOf": [_answer_schema(paths, calendar_preview.TEMPLATE, "post", "201"), part]}
    content = {"application/json": {"schema": schema}}
    operation["responses"]["200"] = {"description": "预览：哪些日期会变动，尚未载入", "content": content}
    operation["responses"] = dict(sorted(operation["responses"].items()))


def _answer_schema(paths: Document, template: str, method: str = "get", status: str = "200") -> Document:
    operation = paths.get(template, {}).get(method, {})
    content = operation.get("responses", {}).get(status, {}).get("content", {})
    found: Document = content.get("application/json", {}).get("schema") or {"type": "object"}
    return found


def _used(paths: Document, schemas: Document) -> Document:
    """Only schemas a public path reaches: internal shapes are nobody's contract."""
    used: Document = {}
    waiting = list(_references(paths))
    while waiting:
        name = waiting.pop()
        if name in schemas and name not in used:
            used[name] = schemas[name]
            waiting += _references(schemas[name])
    return used


def _references(value: Any) -> Iterator[str]:
    for node in _nodes(value):
        ref = node.get("$ref")
        if isinstance(ref, str) and ref.startswith(_PREFIX):
            yield ref.removeprefix(_PREFIX)


def _nodes(value: Any) -> Iterator[Document]:
    """Every object in a JSON value, the value itself included."""
    if isinstance(value, dict):
        yield value
        for child in value.values():
            yield from _nodes(child)
    elif isinstance(value, list):
        for child in value:
            yield from _nodes(child)
