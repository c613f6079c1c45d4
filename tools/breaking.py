"""Which differences between two JSON Schemas or OpenAPI documents break somebody who relies on the older one."""

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]
_METHODS = {"get", "post", "put", "patch", "delete"}


def breaking_changes(path: str, old: Schema, new: Schema | None) -> list[str]:
    """Lines naming each break; empty when the change only adds."""
    if new is None:
        return [f"{path}: 已发布的契约不能删除 (removed)"]
    if "openapi" in old:
        return [f"{path} {fault}" for fault in _openapi(old, new)]
    return [f"{path} {fault}" for fault in _output(old, new, old, new, "", set())]


def _resolve(schema: Schema, root: Schema) -> Schema:
    while "$ref" in schema:
        target: Any = root
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target.get(part, {})
        schema = target
    return schema


def _output(old: Schema, new: Schema, old_root: Schema, new_root: Schema, at: str, seen: set[str]) -> Iterator[str]:
    """What we send: a field may be added; none may go, change its type, or become optional."""
    if old.get("$ref", at) in seen:
        return
    seen = seen | ({old["$ref"]} if "$ref" in old else set())
    old, new = _resolve(old, old_root), _resolve(new, new_root)
    yield from _same_kind(old, new, at)
    for name, part in old.get("properties", {}).items():
        if name not in new.get("properties", {}):
            yield f"{at}/{name}: 字段被删除 (field removed)"
        else:
            yield from _output(part, new["properties"][name], old_root, new_root, f"{at}/{name}", seen)
    for name in sorted(set(old.get("required", ())) - set(new.get("required", ()))):
        if name in new.get("properties", {}):
            yield f"{at}/{name}: 必有字段变为可缺 (no longer always there)"
    if "items" in old and "items" in new:
        yield from _output(old["items"], new["items"], old_root, new_root, f"{at}[]", seen)
    yield from _alternatives(old, new, old_root, new_root, at, seen)


def _alternatives(
    old: Schema, new: Schema, old_root: Schema, new_root: Schema, at: str, seen: set[str]
) -> Iterator[str]:
    if len(old.get("anyOf", ())) == len(new.get("anyOf", ())):
        for left, right in zip(old.get("anyOf", ()), new.get("anyOf", ()), strict=True):
            yield from _output(left, right, old_root, new_root, at, seen)
    elif "anyOf" in old or "anyOf" in new:
        yield f"{at}: 类型改变 (alternatives changed)"


def _same_kind(old: Schema, new: Schema, at: str) -> Iterator[str]:
    for key in ("type", "format"):
        if old.get(key) != new.get(key):
            yield f"{at}: {key} {old.get(key)} -> {new.get(key)}"
    before: list[Any] = old.get("enum", [])
    gone = set(before) - set(new.get("enum", before))
    if gone:
        yield f"{at}: 取值被删除 (values removed) {sorted(gone)}"


def _openapi(old: Schema, new: Schema) -> Iterator[str]:
    for path, operations in old["paths"].items():
        for method in operations.keys() & _METHODS:
            operation = new["paths"].get(path, {}).get(method)
            if operation is None:
                yield f"{method.upper()} {path}: 接口被删除 (operation removed)"
            else:
                yield from _operation(operations[method], operation, old, new, f"{method.upper()} {path}")


def _operation(old: Schema, new: Schema, old_root: Schema, new_root: Schema, at: str) -> Iterator[str]:
    known = {(p["name"], p["in"]) for p in old.get("parameters", ())}
    for parameter in new.get("parameters", ()):
        if parameter.get("required") and (parameter["name"], parameter["in"]) not in known:
            yield f"{at}: 新增必填参数 (new required parameter) {parameter['name']}"
    for status, answer in old.get("responses", {}).items():
        if status not in new.get("responses", {}):
            yield f"{at}: 响应 {status} 被删除 (response removed)"
        else:
            before, after = _json(answer), _json(new["responses"][status])
            if before and after:
                yield from _output(before, after, old_root, new_root, f"{at} {status}", set())
    before, after = _json(old.get("requestBody", {})), _json(new.get("requestBody", {}))
    if before and after:
        yield from _input(before, after, old_root, new_root, f"{at} body")


def _json(content: Schema) -> Schema:
    schema: Schema = content.get("content", {}).get("application/json", {}).get("schema", {})
    return schema


def _input(old: Schema, new: Schema, old_root: Schema, new_root: Schema, at: str) -> Iterator[str]:
    """What we take: a new field may be taken, never demanded; a known one must still be taken."""
    old, new = _resolve(old, old_root), _resolve(new, new_root)
    for name in sorted(set(new.get("required", ())) - set(old.get("required", ()))):
        yield f"{at}/{name}: 新增必填字段 (new required field)"
    for name in sorted(old.get("properties", {}).keys() - new.get("properties", {}).keys()):
        if new.get("additionalProperties") is False:
            yield f"{at}/{name}: 字段不再接受 (field no longer taken)"
