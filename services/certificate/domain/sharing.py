"""What a registered caller may ask the library: types, fields, purposes, how often a day, from when to when. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

STAFF, PLATFORM = "default:STAFF", "default:PLATFORM"  # who has no registration of his own
FIELDS = frozenset({"certificate_number", "holder_name", "holder_number", "case", "item"})  # what can be withheld


@dataclass(frozen=True)
class Registration:
    """`types`, `fields`, `purposes` empty: any. `daily_limit` counts queries of one organisation and day."""

    caller: str  # client:<client_id>, organisation:<uscc> or one of the defaults
    name: str
    daily_limit: int
    valid_from: date
    valid_until: date | None = None
    types: frozenset[str] = frozenset()
    fields: frozenset[str] = frozenset()
    purposes: frozenset[str] = frozenset()
    closed: bool = False


def callers_of(client_id: str, organisation: str, *, staff: bool, platform: bool) -> tuple[str, ...]:
    """Under which names this caller may be registered, the most particular first."""
    names = [f"client:{client_id}"] if client_id and client_id != "gateway" else []
    names += [f"organisation:{organisation}"] if organisation else []
    return (*names, *((PLATFORM,) if platform else ()), *((STAFF,) if staff else ()))


def in_force(callers: tuple[str, ...], known: Mapping[str, Registration]) -> Registration | None:
    """The most particular registration; a closed one closes what is general too."""
    return next((known[name] for name in callers if name in known), None)


def refusal(registration: Registration | None, purpose: str, today: date) -> str | None:
    """Why this query is not answered, in a sentence; None: it may be asked."""
    if registration is None:
        return "调用方未登记，不能查询证照库"
    if registration.closed:
        return "调用方的登记已停用"
    ended = registration.valid_until is not None and today > registration.valid_until
    if today < registration.valid_from or ended:
        return "不在调用方登记的有效期内"
    if registration.purposes and purpose not in registration.purposes:
        return f"事由不在登记的范围内：{'、'.join(sorted(registration.purposes))}"
    return None


def allows_type(registration: Registration, type_code: str) -> bool:
    return not registration.types or type_code in registration.types


def withheld(registration: Registration) -> frozenset[str]:
    return FIELDS - registration.fields if registration.fields else frozenset()
