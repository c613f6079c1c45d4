"""Import of certificate types from the directory file: checked completely, then all or nothing, as new versions."""

import asyncio
import json
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

from services.certificate.certificate_types import queries as type_queries
from services.certificate.certificate_types import template_queries
from services.certificate.commands.load_templates import Templates
from services.certificate.domain.certificate_type import document
from services.certificate.domain.errors import ImportFaulty
from services.certificate.domain.type_reading import Entry, read_directory
from services.chassis.database import Database
from services.chassis.yaml_files import read_yaml
from services.kernel.errors import FieldError


@dataclass(frozen=True)
class Loaded:
    """How many types the file has, and of how many this made a new version."""

    types: int
    changed: int


async def import_types(database: Database, file: Path, *, now: datetime) -> Loaded:
    """Load `cert_types` and the bodies that define them; a type that changed gets its next version.

    A type that the file does not name stays as it is; `state: 失效` ends one.

    Raises:
        ImportFaulty: with every fault and its place in the file; nothing is stored.
    """
    entries, faults = read_directory(_content(file))
    templates = Templates(file.parent)
    pinned = await asyncio.to_thread(lambda: [templates.of(entry) for entry in entries])
    async with database.transaction() as uow:
        known = await type_queries.lock_versions(uow.connection)
        names = {one.name for one in templates.loaded}
        templates.check_versions(await template_queries.named(uow.connection, names))
        if faults or templates.faults:
            raise ImportFaulty(errors=[*faults, *templates.faults])
        await template_queries.save(uow.connection, templates.loaded, now)
        new = [row for entry in pinned if (row := _row(entry, known, now)) is not None]
        await type_queries.save(uow.connection, new)
    return Loaded(len(entries), len(new))


def _content(file: Path) -> Any:
    try:
        return read_yaml(file)
    except yaml.YAMLError as fault:
        mark = getattr(fault, "problem_mark", None)
        where = f"/ 第 {mark.line + 1} 行" if mark else "/"
        raise ImportFaulty(errors=[FieldError(where, "malformed", "不是有效的 YAML (UTF-8)")]) from fault


def _row(entry: Entry, known: type_queries.Versions, now: datetime) -> dict[str, Any] | None:
    """None: the library has just this."""
    told = document(entry.type)
    digest = sha256(json.dumps(told, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
    version, before = known.get(entry.type.code, (0, ""))
    if digest == before:
        return None
    read = replace(entry.type, version=version + 1)
    return {
        "type_code": read.code,
        "short_id": entry.short_id,
        "name": read.name,
        "definer_uscc": read.definer.uscc,
        "definer_name": read.definer.name,
        "definer_division": read.definer.division,
        "holder_category": read.holder_category,
        "validity": read.validity,
        "version": read.version,
        "document": told,
        "sha256": digest,
        "imported_at": now,
    }
