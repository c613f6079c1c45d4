"""The file of registered callers: named ones, and defaults for the windows and departments of a catalogue."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from services.certificate.domain.caller_needs import at_windows, needs, types_by_id
from services.certificate.domain.errors import ImportFaulty
from services.certificate.domain.sharing import ORGANISATION
from services.chassis.yaml_files import read_yaml
from services.kernel.errors import FieldError

_PARTS = {"callers", "windows", "departments"}
_EVERY_TYPE = "all"


@dataclass(frozen=True)
class FileEntry:
    """One registration, and where in the file it stands."""

    at: str
    value: dict[str, Any]


def read_callers(file: Path, catalogue: Path | None) -> tuple[list[FileEntry], frozenset[str]]:
    """The registrations of the file, and the type codes of the catalogue (none without one).

    Raises: ImportFaulty, when the files have another shape.
    """
    try:
        content = read_yaml(file)
        named = read_yaml(catalogue) if catalogue else None
    except (OSError, yaml.YAMLError) as bad:
        raise ImportFaulty(errors=[FieldError("/", "unreadable", f"文件不可读：{type(bad).__name__}")]) from bad
    wrong = list(_faults(content, named))
    if wrong:
        raise ImportFaulty(errors=wrong)
    codes = types_by_id(named) if named else {}
    entries = [FileEntry(f"/callers/{n}", _with_codes(one, codes)) for n, one in enumerate(content.get("callers", ()))]
    if named:
        entries += _windows(content.get("windows"), named)
        entries += _departments(content, named)
    return entries, frozenset(codes.values())


def _faults(content: Any, catalogue: Any) -> Iterator[FieldError]:
    if not isinstance(content, dict) or not content.keys() <= _PARTS:
        yield FieldError("/", "malformed", "须为对象，只含 callers、windows、departments")
        return
    if not all(isinstance(one, dict) for one in content.get("callers", ())):
        yield FieldError("/callers", "not-an-object", "每一项须为对象")
    for part in ("windows", "departments"):
        if part in content and catalogue is None:
            yield FieldError(f"/{part}", "catalogue-missing", "须同时给出事项目录 (--catalogue)")
        if part in content and not isinstance(content[part], dict):
            yield FieldError(f"/{part}", "not-an-object", "须为对象")
    if catalogue is not None and not (isinstance(catalogue, dict) and {"cert_types", "matters"} <= catalogue.keys()):
        yield FieldError("/", "catalogue-malformed", "事项目录缺少 cert_types 或 matters")


def _with_codes(entry: Mapping[str, Any], codes: Mapping[str, str]) -> dict[str, Any]:
    """Short ids of the catalogue may stand for type codes, `all` for every type there is."""
    wanted = entry.get("types")
    if wanted == _EVERY_TYPE:
        return dict(entry) | {"types": sorted(codes.values())}
    if isinstance(wanted, list):
        return dict(entry) | {"types": [codes.get(str(one), one) for one in wanted]}
    return dict(entry)


def _windows(part: Mapping[str, Any] | None, catalogue: Mapping[str, Any]) -> Iterator[FileEntry]:
    """Windows take in every item and hand out every result."""
    for n, body in enumerate((part or {}).get("organisations", ())):
        yield FileEntry(f"/windows/organisations/{n}", _of_body(part or {}, body, at_windows(catalogue)))


def _departments(content: Mapping[str, Any], catalogue: Mapping[str, Any]) -> Iterator[FileEntry]:
    part = content.get("departments")
    windows = {body["uscc"] for body in (content.get("windows") or {}).get("organisations", ())}
    needed = needs(catalogue) if part else {}
    for body in catalogue["departments"]:
        if body["id"] in needed and str(body["uscc"]) not in windows:
            yield FileEntry(f"/departments ({body['id']})", _of_body(part or {}, body, needed[body["id"]]))


def _of_body(part: Mapping[str, Any], body: Mapping[str, Any], types: frozenset[str]) -> dict[str, Any]:
    defaults = {name: value for name, value in part.items() if name != "organisations"}
    return {"caller": f"{ORGANISATION}{body['uscc']}", "name": body["name"], "types": sorted(types)} | defaults
