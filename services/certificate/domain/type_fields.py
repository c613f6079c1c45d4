"""The fields that a certificate type declares: whether a certificate tells them, and in their form. Pure."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from services.certificate.domain.certificate_type import FieldType, TypeField
from services.kernel.errors import FieldError

FORM_NAMES = {
    FieldType.TEXT: "文本",
    FieldType.DATE: "存在的日期, 格式 YYYY-MM-DD",
    FieldType.NUMBER: "数字",
    FieldType.LIST: "列表",
}
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?")
_BETWEEN = "、"  # between the members of a list that is written as a text
_EMPTY: tuple[object, ...] = (None, "", [])


def _is_day(value: object) -> bool:
    try:
        return isinstance(value, str) and len(value) == 10 and bool(date.fromisoformat(value))
    except ValueError:
        return False


_FITS: Mapping[FieldType, Callable[[object], bool]] = {
    FieldType.TEXT: lambda value: isinstance(value, str),
    FieldType.DATE: _is_day,
    FieldType.NUMBER: lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    FieldType.LIST: lambda value: isinstance(value, list),
}


def faults(fields: Sequence[TypeField], values: Mapping[str, Any], at: str) -> Iterator[FieldError]:
    """What the declared fields break, by their names; never the value."""
    for one in fields:
        value = values.get(one.name)
        if value in _EMPTY:
            if one.required:
                yield FieldError(f"{at}/{one.name}", "required", "该类证照必填")
        elif not _FITS[one.type](value):
            yield FieldError(f"{at}/{one.name}", "form", f"须为{FORM_NAMES[one.type]}")


def typed(fields: Sequence[TypeField], texts: Mapping[str, str]) -> dict[str, Any]:
    """Texts of a decision as the fields want them: a number, a list of what stands between 、; others stay as they are.

    A text that is not of the form stays too, and is found by `faults`.
    """
    kinds = {one.name: one.type for one in fields}
    return {name: _typed(kinds.get(name, FieldType.TEXT), text.strip()) for name, text in texts.items()}


def _typed(kind: FieldType, text: str) -> Any:
    if kind is FieldType.NUMBER and _NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    if kind is FieldType.LIST:
        return [part.strip() for part in text.split(_BETWEEN) if part.strip()]
    return text
