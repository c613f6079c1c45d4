"""Finds the acts that exist in code, so that a table of acts cannot leave one out."""

import importlib
import inspect
import pkgutil
import re
from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any


def acts_in(package: str, state: type) -> set[str]:
    """Public functions of the package's modules that take a state first and give a changed one back."""
    found = set()
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__, f"{package}."):
        for name, function in inspect.getmembers(importlib.import_module(module.name), inspect.isfunction):
            own = function.__module__ == module.name and not name.startswith("_")
            if own and _changes(function, state.__name__):
                found.add(name)
    return found


def _changes(function: FunctionType, state: str) -> bool:
    signature = inspect.signature(function)
    first = next(iter(signature.parameters.values()), None)
    return first is not None and _words(first.annotation) == {state} and state in _words(signature.return_annotation)


def _words(annotation: object) -> set[str]:
    """The names in an annotation, which may be text where the type is imported for checking only."""
    text = annotation.__name__ if isinstance(annotation, type) else str(annotation)
    return {word.rsplit(".", 1)[-1] for word in re.findall(r"[\w.]+", text)}


def named_by(acts: Iterable[Callable[..., Any]]) -> set[str]:
    """What the functions or lambdas of a table call, and their own names."""
    return {name for act in acts for name in (*act.__code__.co_names, act.__name__)}
