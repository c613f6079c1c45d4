"""Import of certificate types from the catalogue file: checked completely, then all or nothing."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from services.certificate import repository
from services.certificate.domain.errors import ImportFaulty
from services.chassis.database import Database
from services.chassis.yaml_files import read_yaml
from services.kernel.codes import check_uscc
from services.kernel.errors import FieldError

_FIELDS = ("id", "name", "definer", "type_code", "holder", "validity")


async def import_types(database: Database, file: Path, *, now: datetime) -> int:
    """Load `cert_types` and the bodies that define them; a type already loaded is brought up to date.

    Raises:
        ImportFaulty: with every fault and its place in the file; nothing is stored.
    """
    catalogue = read_yaml(file)
    faults = list(_faults(catalogue))
    if faults:
        raise ImportFaulty(errors=faults)
    bodies = {body["id"]: body for body in catalogue["departments"]}
    rows = [_row(entry, bodies[entry["definer"]], now) for entry in catalogue["cert_types"]]
    async with database.transaction() as uow:
        await repository.save_types(uow.connection, rows)
    return len(rows)


def _row(entry: Mapping[str, Any], definer: Mapping[str, Any], now: datetime) -> dict[str, object]:
    return {
        "type_code": entry["type_code"],
        "short_id": entry["id"],
        "name": entry["name"],
        "definer_uscc": definer["uscc"],
        "definer_name": definer["name"],
        "definer_division": definer["area_code"],
        "holder_category": entry["holder"],
        "validity": entry["validity"],
        "imported_at": now,
    }


def _faults(catalogue: object) -> Iterator[FieldError]:
    if not isinstance(catalogue, dict) or not isinstance(catalogue.get("cert_types"), list):
        yield FieldError("/cert_types", "missing", "须为非空列表")
        return
    bodies = {body.get("id"): body for body in catalogue.get("departments") or () if isinstance(body, dict)}
    seen: set[str] = set()
    if not catalogue["cert_types"]:
        yield FieldError("/cert_types", "missing", "须为非空列表")
    for place, entry in enumerate(catalogue["cert_types"]):
        at = f"/cert_types/{place}"
        if not isinstance(entry, dict):
            yield FieldError(at, "not-an-object", "须为对象")
            continue
        yield from _entry_faults(at, entry, bodies)
        code = str(entry.get("type_code"))
        if code in seen:
            yield FieldError(f"{at}/type_code", "duplicate", "类型代码重复")
        seen.add(code)


def _entry_faults(at: str, entry: Mapping[str, Any], bodies: Mapping[Any, Mapping[str, Any]]) -> Iterator[FieldError]:
    missing = [name for name in _FIELDS if not isinstance(entry.get(name), str) or not entry[name]]
    yield from (FieldError(f"{at}/{name}", "missing", "必填") for name in missing)
    if missing:
        return
    code = entry["type_code"]
    if len(code) != 21 or not code[18:].isdigit():
        yield FieldError(f"{at}/type_code", "malformed", "须为定义机关 18 位统一社会信用代码加 3 位数字")
        return
    definer = bodies.get(entry["definer"])
    if definer is None:
        yield FieldError(f"{at}/definer", "unknown", "定义机关不在 departments 中")
    elif definer.get("uscc") != code[:18]:
        yield FieldError(f"{at}/type_code", "other-definer", "类型代码前 18 位与定义机关不一致")
    wrong = check_uscc(code[:18], f"{at}/type_code")
    if wrong is not None:
        yield wrong
