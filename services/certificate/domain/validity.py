"""Until when a certificate is valid: the type's rule (5年, 长期, 每年…) and what the decision says."""

import re
from datetime import date, timedelta

_TERM = re.compile(r"(?:最长)?(\d{1,2})年")


def years_later(start: date, years: int) -> date:
    """The last day of a term of `years` that begins on `start` (it counts): the day before the anniversary.

    A term that begins on 29 February ends on 28 February of a common year.
    """
    try:
        anniversary = start.replace(year=start.year + years)
    except ValueError:
        anniversary = date(start.year + years, 3, 1)
    return anniversary - timedelta(days=1)


def term(
    rule: str | None, decided_on: date, decided_from: date | None, decided_until: date | None
) -> tuple[date, date | None]:
    """First and last day of what was granted: the same on the decision and on the certificate."""
    valid_from = decided_from or decided_on
    return valid_from, valid_until(rule or "", valid_from, decided_until)


def valid_until(rule: str, valid_from: date, decided_until: date | None) -> date | None:
    """Last day of validity, None when open-ended.

    `N年` and `最长N年` give a term that the decision may shorten but not lengthen; `每年…` gives one year; `长期` is
    open-ended unless the decision limits it; any other rule (按决定, 按场次…) leaves it to the decision.
    """
    years = _years(rule)
    if years is None:
        return decided_until
    longest = years_later(valid_from, years)
    return min(longest, decided_until) if decided_until else longest


def _years(rule: str) -> int | None:
    if rule.startswith("每年"):
        return 1
    match = _TERM.fullmatch(rule.strip())
    return int(match[1]) if match else None
