"""What only approval knows about itself: how far the working-day calendar reaches."""

from prometheus_client import Gauge

from services.chassis import clock
from services.kernel.workdays import official_calendar

# Without a calendar there are no lights, and nobody would notice: see the alert on it.
calendar_days_left = Gauge("approval_calendar_days_left", "Days until the last day of the published calendars")
calendar_days_left.set_function(lambda: (official_calendar().last_day - clock.today()).days)
