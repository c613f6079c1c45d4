"""Where things stand in a YAML file: the line of every place, and fields written twice."""

from typing import Any

import yaml

from services.chassis.yaml_files import LOADER, parse_yaml


def load_yaml(content: bytes) -> tuple[Any, list[str]]:
    """The plain value of the file, and the places of fields that were written twice. Raises yaml.YAMLError.

    Aliases are refused: a few lines of them unfold into gigabytes.
    """
    for event in yaml.parse(content, Loader=LOADER):
        if isinstance(event, yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not allowed")
    repeated: list[str] = []
    _walk(yaml.compose(content, Loader=LOADER), "", {}, repeated)
    return parse_yaml(content), repeated


def lines_of(content: bytes) -> dict[str, int]:
    """Line (from 1) of every place like `matters[12].materials[2].ecert`; empty when the file is not YAML."""
    lines: dict[str, int] = {}
    try:
        _walk(yaml.compose(content, Loader=LOADER), "", lines, [])
    except yaml.YAMLError:
        return {}
    return lines


def _walk(node: yaml.Node | None, place: str, lines: dict[str, int], repeated: list[str]) -> None:
    if node is None:
        return
    lines.setdefault(place, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        for number, child in enumerate(node.value):
            _walk(child, f"{place}[{number}]", lines, repeated)
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, child in node.value:
            where = f"{place}.{key.value}" if place else str(key.value)
            if where in seen:
                repeated.append(where)
            seen.add(where)
            lines.setdefault(where, key.start_mark.line + 1)
            _walk(child, where, lines, repeated)
