"""A year an administrator wants to load: refused with every fault it has. Pure."""

from collections.abc import Sequence

from services.intake.domain.errors import Invalid
from services.kernel.calendar_year import Day, Year, in_order, year_faults
from services.kernel.workdays import WorkCalendar


def read_year(year: int, sources: Sequence[str], days: Sequence[Day], calendar: WorkCalendar) -> Year:
    """Raises Invalid."""
    if faults := year_faults(year, sources, days, calendar):
        raise Invalid(errors=faults)
    return in_order(year, sources, days)
