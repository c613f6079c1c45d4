"""An agent (经办人、代理人) of a holder: what he may do with which certificates, until when. Pure."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

LONGEST_DAYS = 366


class Right(StrEnum):
    READ = "READ"  # 查看: find it and read what it says
    COLLECT = "COLLECT"  # 领取: its file and its signed record
    PRESENT = "PRESENT"  # 亮证


@dataclass(frozen=True)
class Authorisation:
    """`types` empty: any."""

    id: UUID
    holder_key: str
    holder_name: str
    agent_key: str
    agent_name: str
    rights: frozenset[Right]
    types: frozenset[str]
    purpose: str
    valid_until: date
    revoked_at: datetime | None = None

    def in_force(self, today: date) -> bool:
        return self.revoked_at is None and today <= self.valid_until

    def covers(self, right: Right, type_code: str, today: date) -> bool:
        return self.in_force(today) and right in self.rights and (not self.types or type_code in self.types)


def covering(given: Iterable[Authorisation], right: Right, type_code: str, today: date) -> Authorisation | None:
    """Of several that cover it the one that lasts longest."""
    fitting = [one for one in given if one.covers(right, type_code, today)]
    return max(fitting, key=lambda one: (one.valid_until, one.id), default=None)


def types_of(given: Collection[Authorisation]) -> list[str] | None:
    """All types these open together; None: any."""
    if any(not one.types for one in given):
        return None
    return sorted(frozenset[str]().union(*(one.types for one in given)))


def last_day(today: date) -> date:
    """Until when one may be given today."""
    return today + timedelta(days=LONGEST_DAYS)
