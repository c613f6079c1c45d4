"""What operators watch: lights fired, lights that cannot be armed, how late the sweep is, dates that differ."""

from prometheus_client import Counter, Gauge

lights_fired = Counter("supervision_lights_fired_total", "Lights that went on", ["level"])
lights_voided = Counter("supervision_lights_voided_total", "Lights taken back: the case had ended before", ["level"])
cases_unarmed = Gauge(
    "supervision_cases_unarmed",
    "Pending cases with a light that cannot be armed: a year has no calendar. Alarm above 0",
)
sweep_behind = Gauge("supervision_sweep_behind_seconds", "How long the oldest due light has been waiting for the sweep")
date_differences = Counter(
    "supervision_due_date_differences_total", "Cases whose due date differs from the owning service's", ["limit"]
)
ratings_given = Counter("supervision_ratings_total", "Service ratings", ["satisfaction"])
