"""Supervision orders: the supervisor issues one (督办函, 监察通知书, 监察建议书), the department answers once.

Contents: GB/T 39046 table 11. A reply after its last day is taken and marked late: late feedback is itself a finding.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from services.kernel.time_limit import CHINA
from services.kernel.workdays import WorkCalendar
from services.supervision.domain.errors import AlreadyReplied, FindingMissing, NoOwnBody, OrderNeedsCase
from services.supervision.domain.lights import Level


class OrderKind(StrEnum):
    ORDER = "SUPERVISION_ORDER"
    NOTICE = "SUPERVISION_NOTICE"
    ADVICE = "SUPERVISION_ADVICE"


ORDER_LABELS = {OrderKind.ORDER: "督办函", OrderKind.NOTICE: "监察通知书", OrderKind.ADVICE: "监察建议书"}


class OrderState(StrEnum):
    ISSUED = "ISSUED"
    REPLIED = "REPLIED"


@dataclass(frozen=True)
class Lit:
    """The light an order is about: its level, when it was crossed, and the sentence that says so."""

    level: Level
    crossed_at: datetime
    sentence: str


@dataclass(frozen=True)
class Demand:
    """What the supervisor demands. `finding` may stay blank where a light says it."""

    kind: OrderKind
    rule: str
    finding: str
    requirement: str
    reply_within_workdays: int


@dataclass(frozen=True)
class Reply:
    content: str
    replied_at: datetime
    late: bool


@dataclass(frozen=True)
class Order:
    demand: Demand
    level: Level | None
    state_at: datetime
    reply_by: date
    provisional: bool
    issued_at: datetime
    reply: Reply | None = None

    @property
    def state(self) -> OrderState:
        return OrderState.ISSUED if self.reply is None else OrderState.REPLIED


def issue(
    demand: Demand, lit: Lit | None, *, about_case: bool, own_body: bool, now: datetime, calendar: WorkCalendar
) -> Order:
    """Issue an order.

    Args:
        lit: the light of this rule that burns on the case, if one does.
        about_case: an order (督办函) urges one case; notice and advice may be about a department's work.
        own_body: whether the supervisor belongs to a body, in whose name the paper goes out.

    Raises:
        NoOwnBody, OrderNeedsCase, FindingMissing.
    """
    if not own_body:
        raise NoOwnBody
    if demand.kind is OrderKind.ORDER and not about_case:
        raise OrderNeedsCase
    finding = demand.finding.strip() or (lit.sentence if lit else "")
    if not finding:
        raise FindingMissing
    reply_by = calendar.earliest_workday(now.astimezone(CHINA).date(), demand.reply_within_workdays)
    return Order(
        demand=replace(demand, finding=finding, requirement=demand.requirement.strip()),
        level=lit.level if lit else None,
        state_at=lit.crossed_at if lit else now,
        reply_by=reply_by,
        provisional=calendar.is_provisional(reply_by),
        issued_at=now,
    )


def known_day(order: Order, calendar: WorkCalendar) -> Order:
    """The order with its provisional last day as this calendar has it; a final one stays as it was told."""
    days = order.demand.reply_within_workdays
    if not order.provisional or not days:
        return order
    reply_by = calendar.earliest_workday(order.issued_at.astimezone(CHINA).date(), days)
    return replace(order, reply_by=reply_by, provisional=calendar.is_provisional(reply_by))


def answer(order: Order, content: str, *, now: datetime) -> Order:
    """The department answers what was done; nobody is late on a provisional day.

    Raises:
        AlreadyReplied.
    """
    if order.reply is not None:
        raise AlreadyReplied
    late = not order.provisional and now.astimezone(CHINA).date() > order.reply_by
    return replace(order, reply=Reply(content.strip(), now, late))


def order_number(year: int, ordinal: int) -> str:
    """监察编号, at most 20 characters (GB/T 39046 table 11): JC, the year, eight digits."""
    return f"JC{year:04d}{ordinal:08d}"
