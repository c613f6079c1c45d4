"""What a registered caller may ask the library: types, fields, purposes, how often a day, from when to when. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from services.kernel.errors import FieldError

# What a registration names; the rest of a record (type, issuer, dates, status) tells nothing of the holder.
DATA = ("certificate_number", "holder_name", "holder_number", "case", "item")
FILE = "file"  # the sealed file, which prints the holder's full number
FIELDS = (*DATA, FILE)
# `client:` a system by its client id, `organisation:` everybody who works for a body. A system is the more particular.
CLIENT, ORGANISATION = "client:", "organisation:"
_BROWSER = "gateway"  # people, whose registration is that of their body


@dataclass(frozen=True)
class Registration:
    """`daily_limit` counts the queries of one day. No `purposes`: any, which only bodies of the administration have."""

    caller: str
    name: str
    daily_limit: int
    valid_from: date
    valid_until: date | None
    types: frozenset[str]
    fields: frozenset[str]
    purposes: frozenset[str] = frozenset()
    closed: bool = False


@dataclass(frozen=True)
class Query:
    """What is asked: for which purpose, which type (None: all he may see), which fields (none named: all he may)."""

    purpose: str
    type_code: str | None = None
    fields: tuple[str, ...] = ()


def callers_of(client_id: str, organisation: str) -> tuple[str, ...]:
    """Under which names this caller may be registered, the most particular first."""
    names = [f"{CLIENT}{client_id}"] if client_id and client_id != _BROWSER else []
    names += [f"{ORGANISATION}{organisation}"] if organisation else []
    return tuple(names)


def in_force(callers: tuple[str, ...], known: Mapping[str, Registration]) -> Registration | None:
    """The most particular registration; a closed one closes what is general too."""
    return next((known[name] for name in callers if name in known), None)


def refusal(registration: Registration | None, query: Query, today: date) -> FieldError | None:
    """Why this query is not answered: the field and its rule; None: it may be asked."""
    if registration is None:
        return FieldError("/caller", "not-registered", "调用方未登记，不能查询证照库")
    return _not_in_force(registration, today) or _outside(registration, query)


def _not_in_force(registration: Registration, today: date) -> FieldError | None:
    if registration.closed:
        return FieldError("/caller", "suspended", "调用方的登记已停用")
    if today < registration.valid_from:
        return FieldError("/valid_from", "not-begun", f"调用方的登记自 {registration.valid_from} 起有效")
    if registration.valid_until is not None and today > registration.valid_until:
        return FieldError("/valid_until", "run-out", f"调用方的登记已于 {registration.valid_until} 到期")
    return None


def _outside(registration: Registration, query: Query) -> FieldError | None:
    if registration.purposes and query.purpose not in registration.purposes:
        allowed = "、".join(sorted(registration.purposes))
        return FieldError("/purpose", "not-allowed", f"申请事由不在登记的范围内，已登记：{allowed}")
    if query.type_code is not None and query.type_code not in registration.types:
        return FieldError("/type_code", "not-allowed", f"证照类型 {query.type_code} 不在登记的范围内")
    for place, field in enumerate(query.fields):
        if field not in registration.fields:
            return FieldError(f"/fields/{place}", "not-allowed", f"字段 {field} 不在登记的范围内")
    return None


def allows_type(registration: Registration, type_code: str) -> bool:
    return type_code in registration.types


def withheld(registration: Registration, query: Query) -> frozenset[str]:
    """The fields this answer leaves empty: what the registration does not name, and what was not asked for."""
    shown = registration.fields & set(query.fields) if query.fields else registration.fields
    return frozenset(DATA) - shown
