"""How a certificate of another region stands here, under our own seal: no statement in the database changes it."""

import json
from collections.abc import Mapping
from datetime import UTC
from typing import Any

from services.certificate.kit import Kit
from services.chassis.sealing import SealBroken


def sealed(columns: Mapping[str, Any], kit: Kit) -> bytes:
    return kit.seal_standing(_said(columns))


def holds(row: Any, kit: Kit) -> bool:
    """Whether the row stands as it was confirmed last."""
    try:
        return kit.open_standing(row.standing_sealed) == _said(row._mapping)
    except SealBroken:
        return False


def status(row: Any, kit: Kit) -> str:
    """As it was confirmed last, whatever the row says now; of one adopted before standings were sealed, the row's."""
    try:
        return str(json.loads(kit.open_standing(row.standing_sealed))["status"])
    except SealBroken:
        return str(row.status)


def _said(columns: Mapping[str, Any]) -> str:
    """What the region did not sign as a record, and what we concluded from its answer."""
    plain = {name: columns[name] for name in ("region", "identifier", "type_code", "status")}
    days = {
        "confirmed_at": columns["confirmed_at"].astimezone(UTC).isoformat(),
        "trusted_until": columns["trusted_until"].isoformat(),
    }
    return json.dumps(plain | days, sort_keys=True, ensure_ascii=False)
