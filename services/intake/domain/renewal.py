"""Renewal in its window: which held certificate an application renews, and whether today is a day to apply. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from services.intake.domain.application import Application
from services.intake.domain.catalogue import ServiceItem
from services.intake.domain.endings import stands
from services.intake.domain.errors import Invalid, RenewalTaken, RenewalWindow
from services.intake.domain.materials import HeldCertificate
from services.intake.domain.records import Renewal
from services.intake.domain.states import STATE_NAMES
from services.kernel.errors import FieldError
from services.kernel.time_limit import Unit
from services.kernel.workdays import WorkCalendar

_UNITS = {"工作日": Unit.WORKDAY, "自然日": Unit.CALENDAR_DAY}


@dataclass(frozen=True)
class Before:
    """So many days before the certificate's last day."""

    value: int
    unit: Unit

    @classmethod
    def of(cls, published: Any) -> "Before | None":
        return cls(int(published["value"]), _UNITS[published["unit"]]) if published else None

    def left(self, today: date, valid_until: date, calendar: WorkCalendar) -> int:
        """Days of this unit from today to the last day."""
        if self.unit is Unit.WORKDAY:
            return calendar.earliest_between(today, valid_until)
        return (valid_until - today).days

    def day(self, valid_until: date, calendar: WorkCalendar) -> date:
        """The last day that still leaves so many."""
        if self.unit is Unit.WORKDAY:
            return calendar.nth_workday(calendar.count_before(valid_until + timedelta(days=1)) - self.value - 1)
        return valid_until - timedelta(days=self.value)


@dataclass(frozen=True)
class Window:
    """When renewal of an item's certificate may be applied for, and what silence means.

    `only_renews`: the item is for renewals alone (E03); else holding a certificate makes the application one (E10).
    """

    opens: Before | None
    closes: Before | None
    silence_renews: bool
    only_renews: bool


def window_of(item: ServiceItem) -> Window | None:
    published = item.particulars.get("renewal") or item.particulars.get("renewal_window")
    if published is None:
        return None
    return Window(
        opens=Before.of(published.get("opens_before")),
        closes=Before.of(published.get("closes_before")),
        silence_renews="准予延续" in published.get("silence", ""),
        only_renews="of" in published,
    )


def renewal(
    item: ServiceItem, held: Sequence[HeldCertificate], named: str | None, *, today: date, calendar: WorkCalendar
) -> Renewal | None:
    """What this application renews; None when the library knows nothing to renew (the window then looks at the paper).

    Args:
        held: certificates of the applicant; who issued one renews it, so those of other regions do not count.
        named: identifier of the certificate to renew, needed when he holds several.

    Raises:
        RenewalWindow: too early, too late, or already expired.
        Invalid: the certificate named is none of his, or several could be meant.

    Source: Administrative Licensing Law art. 50 (30 days before expiry, unless the item's own law says otherwise).
    """
    window = window_of(item)
    if window is None:
        return None
    of_type = [c for c in held if c.is_ours and c.type_code == item.result.certificate_type_code]
    own = [c for c in of_type if c.valid and c.valid_until]
    if of_type and not any(c.valid for c in of_type) and window.only_renews:
        raise RenewalWindow("名下该类证照均已失效，不能延续，请重新申请")
    if named is None and not window.only_renews:
        own = [c for c in own if c.usable_on(today)]  # an expired one is no bar to a new application
    chosen = _chosen(own, named)
    if chosen is None or chosen.valid_until is None:
        return None
    _check(window, chosen.valid_until, today, calendar)
    return Renewal(chosen.identifier, chosen.valid_until, window.silence_renews)


def _chosen(own: Sequence[HeldCertificate], named: str | None) -> HeldCertificate | None:
    if named is not None:
        found = next((c for c in own if c.identifier == named), None)
        if found is None:
            raise Invalid(errors=[FieldError("#/renews", "renewal.not-held", "证照库中没有申请人名下可延续的该证照")])
        return found
    if len(own) > 1:
        raise Invalid(errors=[FieldError("#/renews", "renewal.which", "名下有多本同类证照，请指明延续哪一本")])
    return own[0] if own else None


def _check(window: Window, valid_until: date, today: date, calendar: WorkCalendar) -> None:
    if today > valid_until:
        raise RenewalWindow(f"原证已于 {valid_until:%Y-%m-%d} 届满，不能延续，请重新申请")
    if window.opens is not None and window.opens.left(today, valid_until, calendar) > window.opens.value:
        raise RenewalWindow(f"尚未到延续申请的时间，{window.opens.day(valid_until, calendar):%Y-%m-%d} 起可以申请")
    if window.closes is not None and window.closes.left(today, valid_until, calendar) < window.closes.value:
        raise RenewalWindow(f"延续申请应当在 {window.closes.day(valid_until, calendar):%Y-%m-%d} 以前提出，已经逾期")


def check_alone(others: Sequence[Application]) -> None:
    """Silence would renew one certificate twice. One that ended without a grant does not stand in the way.

    Args:
        others: applications for the renewal of the same certificate.

    Raises RenewalTaken.
    """
    alive = next((one for one in others if stands(one)), None)
    if alive is not None:
        known = f"办件编号 {alive.case_no}，" if alive.case_no else ""
        raise RenewalTaken(f"该证照的延续已有申请（{known}{STATE_NAMES[alive.state]}），不能重复申请")
