"""The documentation page, rendered here from the merged OpenAPI document: searchable, without foreign files."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from gateway import pages
from gateway.asgi import Answer, Request
from gateway.merge import METHODS, TAGS, Document
from gateway.openapi import Documents

_PREFIX = "#/components/schemas/"
_DEPTH = 6
_PLACES = {"path": "路径", "query": "查询", "header": "请求头", "cookie": "Cookie"}
_FORMATS = {
    "date-time": "2026-01-05T09:30:00+08:00",
    "date": "2026-01-05",
    "uuid": "0197f3a0-5c1e-7c3a-9d55-3f1b2a4c6d7e",
    "uri": "https://example.invalid/",
    "binary": "(文件)",
}
_GATEWAY_PROBLEMS = (
    ("gateway.malformed", 400, "请求无法解析; 检查地址与重复的请求头"),
    ("gateway.login-failed", 400, "登录没有完成; 重新登录"),
    ("gateway.unauthenticated", 401, "未登录, 或令牌无效、已过期; 重新登录或重新取得令牌"),
    ("gateway.cross-site", 403, "会话写操作不是来自本站页面, 或缺少请求头 X-CSRF: 1"),
    ("gateway.not-found", 404, "没有这个地址"),
    ("gateway.method-not-allowed", 405, "该地址不支持此方法, 可用方法见 Allow"),
    ("gateway.slow-request", 408, "请求内容传输过慢; 用同一 Idempotency-Key 重试"),
    ("gateway.too-large", 413, "内容超过大小限制 (一般 1 MiB, 上传 21 MiB)"),
    ("gateway.too-many-requests", 429, "请求过于频繁; 按 Retry-After 等待"),
    ("gateway.internal", 500, "系统内部错误; 报修时提供 instance"),
    ("gateway.bad-answer", 502, "所需服务的答复无法识别; 报修"),
    ("gateway.service-away", 503, "service 所指服务暂时不可用; 按 Retry-After 等待后用同一 Idempotency-Key 重试"),
    ("gateway.deadline", 504, "service 所指服务未在时限内答复; 操作可能已完成, 用同一 Idempotency-Key 重试即得原答复"),
)
_ROLES = {
    "CITIZEN": "群众",
    "ENTERPRISE_AGENT": "企业经办人",
    "COUNTER_CLERK": "综合窗口",
    "TOWNSHIP_CLERK": "乡镇窗口",
    "HANDLER": "审查人员",
    "CHIEF_REPRESENTATIVE": "首席代表",
    "HANDOVER_CLERK": "出件窗口",
    "SUPERVISOR": "效能监督",
    "CATALOGUE_ADMIN": "事项目录管理",
    "PROVINCIAL_PLATFORM": "省级平台",
    "MOBILE_BACKEND": "移动端后台",
    "TOWNSHIP_CENTRE": "便民服务中心",
    "RELYING_PARTY": "用证单位",
    "*": "任何已登录者",
}


@dataclass(frozen=True)
class Field:
    name: str
    type: str
    required: bool
    text: str
    where: str = ""
    link: str = ""


@dataclass(frozen=True)
class Shape:
    """A body: its media type, its fields or the schema it is, and an example."""

    media_type: str
    fields: tuple[Field, ...]
    link: str
    example: str


@dataclass(frozen=True)
class Result:
    status: str
    text: str
    link: str


@dataclass(frozen=True)
class Operation:
    id: str
    method: str
    path: str
    summary: str
    text: str
    who: str
    parameters: tuple[Field, ...]
    bodies: tuple[Shape, ...]
    answer: Shape | None
    results: tuple[Result, ...]
    curl: str


@dataclass(frozen=True)
class Section:
    tag: str
    name: str
    text: str
    operations: tuple[Operation, ...]


class Docs:
    """The page is rendered once per version of the document."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._rendered: tuple[str, bytes] = ("", b"")

    async def page(self, request: Request) -> Answer:
        document = await self._documents.current()
        if self._rendered[0] != self._documents.etag:
            self._rendered = (self._documents.etag, pages.render("docs.html", **describe(document)))
        return pages.html(self._rendered[1])

    async def problems(self, request: Request) -> Answer:
        document = await self._documents.current()
        responses = document["components"]["responses"]
        return pages.html(pages.render("problems.html", responses=responses, gateway_problems=_GATEWAY_PROBLEMS))


def describe(document: Document) -> dict[str, Any]:
    """What the page shows: sections by service, then the schemas they use."""
    schemas = document["components"]["schemas"]
    sections = []
    for tag, (name, text) in TAGS.items():
        operations = tuple(
            _operation(document, path, method, held[method])
            for path, held in document["paths"].items()
            for method in METHODS
            if method in held and tag in held[method]["tags"]
        )
        if operations:
            sections.append(Section(tag, name, text, operations))
    shapes = {name: _fields(schema, schemas) for name, schema in schemas.items()}
    enums = {name: schema["enum"] for name, schema in schemas.items() if "enum" in schema}
    texts = {name: schema.get("description", "") for name, schema in schemas.items()}
    return {
        "info": document["info"],
        "sections": sections,
        "schemas": shapes,
        "enums": enums,
        "texts": texts,
        "count": sum(len(section.operations) for section in sections),
    }


def _operation(document: Document, path: str, method: str, operation: Document) -> Operation:
    schemas = document["components"]["schemas"]
    bodies = tuple(
        _shape(media_type, held.get("schema", {}), held, schemas)
        for media_type, held in operation.get("requestBody", {}).get("content", {}).items()
    )
    return Operation(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation.get("summary", ""),
        text=operation.get("description", ""),
        who=_who(operation),
        parameters=tuple(_parameter(p, schemas) for p in operation.get("parameters", [])),
        bodies=bodies,
        answer=_good_answer(operation, schemas),
        results=tuple(_result(document, status, held) for status, held in operation["responses"].items()),
        curl=_curl(document, path, method, operation, bodies),
    )


def _who(operation: Document) -> str:
    if not operation["security"]:
        return "公开, 无需登录"
    return "、".join(_ROLES.get(role, role) for role in operation.get("x-roles", ["*"]))


def _parameter(parameter: Document, schemas: Document) -> Field:
    schema = parameter.get("schema", {})
    where = _PLACES.get(parameter["in"], "")
    text: str = parameter.get("description") or schema.get("description", "")
    return Field(parameter["name"], _type(schema), parameter.get("required", False), text, where, _link(schema))


def _good_answer(operation: Document, schemas: Document) -> Shape | None:
    for status, answer in operation["responses"].items():
        if status.startswith("2"):
            for media_type, held in answer.get("content", {}).items():
                return _shape(media_type, held.get("schema", {}), held, schemas)
    return None


def _shape(media_type: str, schema: Document, held: Document, schemas: Document) -> Shape:
    given = held.get("example") or next((e.get("value") for e in held.get("examples", {}).values()), None)
    made = given if given is not None else example(schema, schemas)
    text = "" if made in (None, "", {}) else orjson.dumps(made, option=orjson.OPT_INDENT_2).decode()
    return Shape(media_type, _fields(schema, schemas), _link(schema), text)


def _result(document: Document, status: str, answer: Document) -> Result:
    if ref := answer.get("$ref"):
        answer = document["components"]["responses"][ref.rpartition("/")[2]]
    schema: Document = next((held.get("schema", {}) for held in answer.get("content", {}).values()), {})
    return Result(status, answer.get("description", ""), _link(schema))


def _fields(schema: Document, schemas: Document) -> tuple[Field, ...]:
    schema = _resolved(schema, schemas)
    required = schema.get("required", [])
    return tuple(
        Field(name, _type(held), name in required, held.get("description", ""), link=_link(held))
        for name, held in schema.get("properties", {}).items()
    )


def _resolved(schema: Document, schemas: Document) -> Document:
    name = str(schema.get("$ref", "")).removeprefix(_PREFIX)
    found: Document = schemas.get(name, {}) if name else schema
    return found


def _link(schema: Document) -> str:
    """Name of the schema this one is, holds or may be."""
    if ref := schema.get("$ref"):
        return str(ref).removeprefix(_PREFIX)
    if "items" in schema:
        return _link(schema["items"])
    options = [_link(option) for option in schema.get("anyOf") or schema.get("oneOf") or []]
    return next((option for option in options if option), "")


def _type(schema: Document) -> str:
    if ref := schema.get("$ref"):
        return str(ref).removeprefix(_PREFIX)
    if options := schema.get("anyOf") or schema.get("oneOf"):
        return " | ".join(dict.fromkeys(_type(option) for option in options))
    if schema.get("type") == "array":
        return f"{_type(schema.get('items', {}))}[]"
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    kind = str(schema.get("type", "any"))
    return f"{kind} ({schema['format']})" if "format" in schema else kind


def example(schema: Document, schemas: Mapping[str, Any], depth: int = 0) -> Any:
    """A value of the schema: its own example or default where it has one, otherwise a plain one of the type."""
    if depth > _DEPTH:
        return None
    if "$ref" in schema:
        return example(_resolved(schema, dict(schemas)), schemas, depth + 1)
    given = [schema.get(key) for key in ("example", "const", "default")]
    given += [next(iter(schema.get(key) or ()), None) for key in ("examples", "enum")]
    if (chosen := next((value for value in given if value is not None), None)) is not None:
        return chosen
    options = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
    return example(options[0], schemas, depth + 1) if options else _plain(schema, schemas, depth)


def _plain(schema: Document, schemas: Mapping[str, Any], depth: int) -> Any:
    kind = schema.get("type")
    if kind == "object" or "properties" in schema:
        return {name: example(held, schemas, depth + 1) for name, held in schema.get("properties", {}).items()}
    if kind == "array":
        inner = example(schema.get("items", {}), schemas, depth + 1)
        return [] if inner is None else [inner]
    if kind == "string":
        return _FORMATS.get(schema.get("format", ""), "…")
    return {"integer": schema.get("minimum", 1), "number": 1.0, "boolean": True}.get(str(kind))


def _curl(document: Document, path: str, method: str, operation: Document, bodies: tuple[Shape, ...]) -> str:
    lines = [f"curl -X {method.upper()} '{document['servers'][0]['url'].rstrip('/')}{path}'"]
    if operation["security"]:
        lines.append("-H 'Authorization: Bearer <令牌>'")
    headers = {p["name"].lower() for p in operation.get("parameters", []) if p["in"] == "header"}
    if "idempotency-key" in headers:
        lines.append("-H 'Idempotency-Key: <每次提交一个新的 UUID>'")
    if "if-match" in headers:
        lines.append("-H 'If-Match: \"v1\"'")
    if bodies:
        multipart = bodies[0].media_type == "multipart/form-data"
        lines.append("-F 'file=@材料.pdf'" if multipart else f"-H 'Content-Type: {bodies[0].media_type}' -d @body.json")
    return " \\\n  ".join(lines)
