"""The rule book's printed thresholds for what it monitors beside the case time (start Monday 2018-10-15 10:00)."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from services.kernel.time_limit import CHINA
from services.kernel.workdays import official_calendar
from services.supervision.domain.clock_lights import DEFAULT_CLOCK_RULES, watch_clocks
from services.supervision.domain.clocks import CERTIFICATE, ClockName, Run, workdays

START = datetime(2018, 10, 15, 10, tzinfo=CHINA)
SECOND = timedelta(seconds=1)


def run(name: ClockName, days: int) -> Run:
    limit = CERTIFICATE if name is ClockName.CERTIFICATE else workdays(days, "")
    return Run(name, "", ("", ""), START, limit)


@pytest.mark.parametrize(
    ("name", "days", "rule", "printed"),
    [
        (ClockName.SPECIAL_PROCEDURE, 7, "special-procedure-warning", "2018-10-19"),
        (ClockName.SPECIAL_PROCEDURE, 7, "special-procedure-yellow", "2018-10-24"),
        (ClockName.SPECIAL_PROCEDURE, 7, "special-procedure-red", "2018-10-25"),
        (ClockName.CONSULTATION, 5, "consultation-warning", "2018-10-17"),
        (ClockName.CONSULTATION, 5, "consultation-yellow", "2018-10-22"),
        (ClockName.CERTIFICATE, 3, "e-certificate-yellow", "2018-10-18"),
    ],
)
def test_at_the_printed_instant_no_light_and_one_second_later_one(
    name: ClockName, days: int, rule: str, printed: str
) -> None:
    at = datetime.fromisoformat(f"{printed}T10:00:00").replace(tzinfo=CHINA)

    def lit(now: datetime) -> set[str]:
        watch = watch_clocks([run(name, days)], DEFAULT_CLOCK_RULES, official_calendar(), now=now)
        return {crossing.rule.rule for crossing in watch.crossed}

    assert rule not in lit(at)
    assert rule in lit(at + SECOND)


def test_a_clock_that_was_met_tells_its_end_and_waits_for_nothing() -> None:
    met = replace(run(ClockName.DELIVERY, 10), met_at=START + timedelta(days=1))

    watch = watch_clocks([met], DEFAULT_CLOCK_RULES, official_calendar(), now=START + timedelta(days=90))

    assert (watch.crossed, watch.next_at, list(watch.ends.values())) == ((), None, [met.met_at])


@pytest.mark.parametrize("name", [ClockName.DELIVERY, ClockName.CONSULTATION], ids=["day", "elapsed"])
def test_a_light_beyond_the_last_loaded_year_waits_for_that_year_until_the_clock_ends(name: ClockName) -> None:
    last = datetime(official_calendar().last_year, 12, 30, 10, tzinfo=CHINA)
    open_one = Run(name, "", ("", ""), last, workdays(10, ""))
    ended = replace(open_one, met_at=last + timedelta(days=1))

    waiting = watch_clocks([open_one], DEFAULT_CLOCK_RULES, official_calendar(), now=last + timedelta(days=60))
    over = watch_clocks([ended], DEFAULT_CLOCK_RULES, official_calendar(), now=last + timedelta(days=60))

    assert (waiting.crossed, waiting.missing_year) == ((), last.year + 1)
    assert (over.crossed, over.missing_year) == ((), None)
