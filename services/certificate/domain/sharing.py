"""What a registered caller may ask the library: types, fields, purposes, how often a day, from when to when. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from services.kernel.errors import FieldError

# What a registration names; the rest of a record (type, issuer, dates, status) tells nothing of the holder.
DATA = ("certificate_number", "holder_name", "holder_number", "case", "item")
FILE = "file"  # the sealed file, which prints the holder's full number
FIELDS = (*DATA, FILE)
# `client:` a system by its client id, `organisation:` everybody who works for a body. A system is the more particular.
CLIENT, ORGANISATION = "client:", "organisation:"
_BROWSER = "gateway"  # people, whose registration is that of their body
# Libraries of other regions: they ask for the holder himself or for an open case, and answer for that.
_LIBRARIES = ("peer:", "to-peer:")
_ADMINISTRATION = (f"{ORGANISATION}1", *_LIBRARIES)  # by the first character of the uscc
# For what a body of the administration may ask whose registration names no purposes of its own.
STANDARD_PURPOSES = (
    "核对申请人身份",
    "核对申请材料",
    "审查办件",
    "制证发证",
    "补证换证",
    "办理挂失",
    "变更登记",
    "依法检查",
    "答复咨询投诉",
)
_NOTE = ("：", ":")  # after a purpose the caller may say more: 核对申请人身份：存量房转移登记


@dataclass(frozen=True)
class Registration:
    """`daily_limit` counts the queries of one day. `closed_types` are shared with nobody (不予共享)."""

    caller: str
    name: str
    daily_limit: int
    valid_from: date
    valid_until: date | None
    types: frozenset[str]
    fields: frozenset[str]
    purposes: frozenset[str] = frozenset()
    closed: bool = False
    closed_types: frozenset[str] = frozenset()

    @property
    def allowed_purposes(self) -> tuple[str, ...]:
        return tuple(sorted(self.purposes)) or STANDARD_PURPOSES

    def allows_purpose(self, purpose: str) -> bool:
        """One of the registered ones, with or without a note after it; a library has checked it by its own ones."""
        if not self.purposes and self.caller.startswith(_LIBRARIES):
            return True
        return any(
            purpose == allowed or purpose.startswith(tuple(f"{allowed}{colon}" for colon in _NOTE))
            for allowed in self.allowed_purposes
        )

    def in_directory(self, shared: "Shared") -> "Registration":
        """With what the directory says of the types: open ones are for the whole administration, closed ones for none.

        Source: 政务信息资源共享管理暂行办法 art. 9 (国发〔2016〕51号).
        """
        given = shared.open if self.caller.startswith(_ADMINISTRATION) else frozenset[str]()
        return replace(self, types=self.types | given, closed_types=shared.closed)


@dataclass(frozen=True)
class Shared:
    """Types of the directory that are shared with the whole administration, and with nobody; the rest as registered."""

    open: frozenset[str] = frozenset()
    closed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Query:
    """What is asked: for which purpose, which type (None: all he may see), which fields (none named: all he may).

    `own`: the asking body issued it itself, or makes it out for its holder at a window.
    """

    purpose: str
    type_code: str | None = None
    fields: tuple[str, ...] = ()
    own: bool = False


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
    if not registration.allows_purpose(query.purpose):
        allowed = "、".join(registration.allowed_purposes)
        return FieldError("/purpose", "not-allowed", f"申请事由不在登记的范围内，已登记：{allowed}")
    if query.type_code in registration.closed_types and not query.own:
        return not_shared(query.type_code or "")
    if query.type_code is not None and query.type_code not in registration.types:
        return FieldError("/type_code", "not-allowed", f"证照类型 {query.type_code} 不在登记的范围内")
    for place, field in enumerate(query.fields):
        if field not in registration.fields:
            return FieldError(f"/fields/{place}", "not-allowed", f"字段 {field} 不在登记的范围内")
    return None


def not_shared(type_code: str) -> FieldError:
    told = f"证照类型 {type_code} 不予共享，只有颁发机关和持证人可以查看"
    return FieldError("/type_code", "not-shared", told)


def type_refusal(registration: Registration, type_code: str) -> FieldError | None:
    """Why a certificate of this type does not go to this caller, who has not issued it."""
    if type_code in registration.closed_types:
        return not_shared(type_code)
    if type_code not in registration.types:
        return FieldError("/type_code", "not-allowed", f"证照类型 {type_code} 不在登记的范围内")
    return None


def withheld(registration: Registration, query: Query) -> frozenset[str]:
    """The fields this answer leaves empty: what the registration does not name, and what was not asked for."""
    shown = registration.fields & set(query.fields) if query.fields else registration.fields
    return frozenset(DATA) - shown
