"""Which certificate types the bodies of a catalogue need to see: by what their items ask for and give. Pure."""

from collections.abc import Mapping
from typing import Any


def types_by_id(catalogue: Mapping[str, Any]) -> dict[str, str]:
    """Type codes by the short ids that items name."""
    return {entry["id"]: entry["type_code"] for entry in catalogue["cert_types"]}


def needs(catalogue: Mapping[str, Any]) -> dict[str, frozenset[str]]:
    """For each department by its id: the types of its items' materials and results; none without items."""
    codes = types_by_id(catalogue)
    needed: dict[str, set[str]] = {}
    for item in catalogue["matters"]:
        ids = {material.get("ecert") for material in item["materials"]} | {item["result"].get("cert_type")}
        found = {codes[short_id] for short_id in ids if short_id in codes}
        for department in (item["department"], *_joint(item)):
            needed.setdefault(department, set()).update(found)
    return {department: frozenset(types) for department, types in needed.items() if types}


def _joint(item: Mapping[str, Any]) -> list[str]:
    """Departments that are asked in a joint case: ids, or entries that name one."""
    named = item.get("joint_departments") or []
    return [entry if isinstance(entry, str) else str(entry.get("department", "")) for entry in named]


def at_windows(catalogue: Mapping[str, Any]) -> frozenset[str]:
    """What a window sees that takes in every item, hands out every result and takes every report of a loss."""
    return frozenset(code for types in needs(catalogue).values() for code in types)
