"""Conditions of bundle members, in the Common Expression Language: compiled once, run without side effects."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import cel

from services.intake.domain.bundle import FieldType, Question
from services.intake.domain.bundle_errors import Unanswered
from services.intake.domain.catalogue_shape import Fault, rows
from services.kernel.errors import FieldError

# Comparison, logic and arithmetic; whatever else the language offers has no place in a published condition.
OPERATORS = frozenset(
    [
        "_>=_",
        "_<=_",
        "_>_",
        "_<_",
        "_==_",
        "_!=_",
        "_&&_",
        "_||_",
        "!_",
        "-_",
        "_+_",
        "_-_",
        "_*_",
        "_/_",
        "_%_",
        "_?_:_",
        "@in",
        "in",
        "size",
        "startsWith",
        "endsWith",
        "contains",
    ]
)
_LONGEST = 400
_TYPES: Mapping[FieldType, tuple[type, ...]] = {
    FieldType.NUMBER: (int, float),
    FieldType.TEXT: (str,),
    FieldType.YES_NO: (bool,),
}


class BadCondition(ValueError):
    """The text is no condition that may be published."""


@lru_cache(maxsize=512)
def compiled(condition: str) -> cel.Program:
    """Raises BadCondition."""
    if len(condition) > _LONGEST:
        raise BadCondition(f"条件超过 {_LONGEST} 字")
    try:
        program = cel.compile(condition)
    except ValueError as broken:
        raise BadCondition("不是有效的条件表达式") from broken
    foreign = set(program.functions()) - OPERATORS
    if foreign:
        raise BadCondition("条件中使用了不允许的函数：" + "、".join(sorted(foreign)))
    return program


def fields_of(condition: str) -> tuple[str, ...]:
    """Names of the form's answers that the condition reads. Raises BadCondition."""
    return tuple(compiled(condition).variables())


def holds(condition: str, answers: Mapping[str, Any], questions: Mapping[str, Question]) -> bool:
    """Whether it holds for these answers. Raises Unanswered with every answer that is missing or of another kind."""
    program = compiled(condition)
    read = {name: answers.get(name) for name in program.variables()}
    wrong = [name for name, value in read.items() if not _answers(value, questions[name])]
    if wrong:
        raise Unanswered(errors=[_ask(questions[name]) for name in wrong])
    try:
        result = program.execute(read)
    except (RuntimeError, TypeError, ValueError) as broken:
        raise Unanswered(errors=[_ask(questions[name]) for name in read]) from broken
    return result is True


def _answers(value: Any, question: Question) -> bool:
    if isinstance(value, bool) and question.type is not FieldType.YES_NO:
        return False
    return isinstance(value, _TYPES[question.type])


def _ask(question: Question) -> FieldError:
    kind = {FieldType.NUMBER: "数字", FieldType.TEXT: "文字", FieldType.YES_NO: "是或否"}[question.type]
    return FieldError(f"#/form/{question.name}", "bundle.answer", f"请填写“{question.label}”（{kind}）")


def condition_faults(raw: object) -> Iterator[Fault]:
    """Conditions of a catalogue file that cannot be published. Trusts nothing about the file's shape."""
    if not isinstance(raw, dict):
        return
    for place, bundle in rows(raw, "packages"):
        if not isinstance(bundle, dict):
            continue
        declared = {field.get("name") for _, field in rows(bundle, "fields") if isinstance(field, dict)}
        for member_place, member in rows(bundle, "members", place):
            condition = member.get("required") if isinstance(member, dict) else None
            if isinstance(condition, str):
                yield from _faults(condition, f"{member_place}.required", declared)


def _faults(condition: str, place: str, declared: set[Any]) -> Iterator[Fault]:
    try:
        unknown = [name for name in fields_of(condition) if name not in declared]
    except BadCondition as bad:
        yield Fault(place, "bundle.condition", str(bad))
        return
    if unknown:
        yield Fault(place, "bundle.condition-field", "表单没有声明的字段：" + "、".join(unknown))
    elif not fields_of(condition):
        yield Fault(place, "bundle.condition", "条件没有用到表单的任何字段")
