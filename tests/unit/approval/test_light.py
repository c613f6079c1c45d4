"""The light of an open case, worked by hand on the real calendar, and the same as supervision's at any instant."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.approval.domain.clocks import Clocks
from services.approval.domain.light import Light, LightBook, LightInstants
from services.approval.domain.proceedings import Claim, Proceedings, Suspension
from services.approval.domain.states import State
from services.approval.settings import settings as approval_settings
from services.kernel.light_rules import ClockName, ClockRule, Counted, Level
from services.kernel.time_limit import (
    CHINA,
    DueDate,
    Entry,
    Extended,
    Paused,
    Resumed,
    StartRule,
    TimeLimit,
    Unit,
)
from services.supervision.domain.case import Supervised
from services.supervision.domain.clock_lights import watch_clocks
from services.supervision.domain.clocks import Run
from services.supervision.domain.lights import watch
from services.supervision.settings import settings as supervision_settings
from tests.support.approval_domain import CALENDAR, clocks, utc

BOOK, NOTHING, SECOND = LightBook(), Proceedings(), timedelta(seconds=1)
SEVEN, TEN = TimeLimit(7, Unit.WORKDAY, StartRule.ACCEPTED), TimeLimit(10, Unit.WORKDAY, StartRule.ACCEPTED)
GRAVITY = (Level.WARNING, Level.YELLOW, Level.RED)


def limits(legal: TimeLimit = TEN, promised: TimeLimit = SEVEN, **changes: object) -> Clocks:
    """Accepted on Monday 2026-03-02 at 10:00; March has no holiday."""
    return clocks(legal, promised, **changes)


def a_pause(begun: str, expected_end: str) -> Suspension:
    due = DueDate(date.fromisoformat(expected_end))
    return Suspension("EXPERT_REVIEW", "专家评审", utc(begun), due, State.EXAMINING)


@pytest.mark.parametrize(
    ("instant", "before", "after"),
    [
        pytest.param("2026-03-06 10:00", None, Light.WARNING, id="the fifth of seven promised days begins"),
        pytest.param("2026-03-11 10:00", Light.WARNING, Light.YELLOW, id="on the promised day, the hour of acceptance"),
        pytest.param("2026-03-16 10:00", Light.YELLOW, Light.RED, id="on the legal day, the hour of acceptance"),
    ],
)
def test_a_light_is_on_one_second_after_its_instant(instant: str, before: Light | None, after: Light) -> None:
    instants = BOOK.instants(limits(), NOTHING, CALENDAR)

    shown = [instants.light(utc(instant) + seconds * SECOND) for seconds in (-1, 0, 1)]

    assert shown == [before, before, after]


@pytest.mark.parametrize(
    ("ledger", "expected"),
    [
        pytest.param(
            (Paused(utc("2026-03-04 10:00"), "评审"), Resumed(utc("2026-03-09 10:00"))),
            ("2026-03-11 10:00", "2026-03-16 10:00", "2026-03-19 10:00"),
            id="a pause of three working days moves all three",
        ),
        pytest.param(
            (Extended(utc("2026-03-04 10:00"), 10, Unit.WORKDAY, "补充核实"),),
            ("2026-03-06 10:00", "2026-03-11 10:00", "2026-03-30 10:00"),
            id="what was promised stays promised",
        ),
        pytest.param(
            (Paused(utc("2026-03-10 10:00"), "评审"),),
            ("2026-03-06 10:00", None, None),
            id="what was crossed before the clock stopped stays lit, nothing comes nearer",
        ),
    ],
)
def test_the_instants_follow_the_ledger(ledger: tuple[Entry, ...], expected: tuple[str | None, ...]) -> None:
    found = BOOK.instants(limits(ledger=ledger), NOTHING, CALENDAR)

    assert found == LightInstants(*(utc(text) if text else None for text in expected))


def test_a_pause_is_itself_watched_while_it_lasts() -> None:
    going_on = Proceedings(suspension=a_pause("2026-03-04 10:00", "2026-03-13"))  # seven working days were told
    paused = limits(ledger=(Paused(utc("2026-03-04 10:00"), "评审"),))

    found = BOOK.instants(paused, going_on, CALENDAR)

    expected = ("2026-03-10 10:00", "2026-03-13 10:00", "2026-03-16 10:00")
    assert found == LightInstants(*map(utc, expected))


def test_a_rule_by_whole_days_counts_to_the_end_of_the_last_one() -> None:
    book = LightBook((), (ClockRule("pause", ClockName.SPECIAL_PROCEDURE, Level.RED, counted=Counted.DAY),))

    found = book.instants(limits(), Proceedings(suspension=a_pause("2026-03-04 10:00", "2026-03-13")), CALENDAR)

    assert found == LightInstants(red_after=utc("2026-03-14 00:00"))


def test_an_instant_that_lies_in_a_year_without_a_calendar_is_not_guessed() -> None:
    late = datetime(CALENDAR.last_year, 12, 29, 2, tzinfo=UTC)

    found = BOOK.instants(limits(accepted_at=late, complete_at=late), NOTHING, CALENDAR)

    assert found == LightInstants()


def test_nobody_is_late_while_the_applicants_may_still_come_again() -> None:
    window = Claim("冷静期", "冷静期内", date(2026, 3, 10), date(2026, 4, 8))
    claimed = replace(window, claimed_at=utc("2026-03-20 09:00"))

    waiting, come = (BOOK.instants(limits(), Proceedings(claim=claim), CALENDAR) for claim in (window, claimed))

    assert waiting == LightInstants()
    assert come == LightInstants(*[utc("2026-04-09 00:00")] * 3)


@pytest.mark.parametrize(
    ("setting", "warned_at"),
    [
        pytest.param('[{"rule":"w","level":"WARNING","basis":"PROMISED","days":-1}]', "2026-03-09 10:00", id="one day"),
        pytest.param('[{"rule":"w","level":"WARNING","basis":"LEGAL","days":-3}]', "2026-03-10 10:00", id="legal"),
        pytest.param("[]", None, id="no rule that warns"),
    ],
)
def test_both_services_are_lit_by_the_same_setting(
    monkeypatch: pytest.MonkeyPatch, setting: str, warned_at: str | None
) -> None:
    monkeypatch.setenv("YICHUANG_LIGHT_RULES", setting)
    monkeypatch.setenv("YICHUANG_CLOCK_LIGHT_RULES", "[]")
    monkeypatch.setenv("YICHUANG_DATABASE_URL_APPROVAL", "postgresql://approval_app@127.0.0.1/approval")
    book, supervised = approval_settings().light_book, supervision_settings()

    assert book.instants(limits(), NOTHING, CALENDAR).warning_after == (utc(warned_at) if warned_at else None)
    assert (book.case_rules, book.clock_rules) == (supervised.light_rules, supervised.clock_light_rules)


HOURS = st.integers(0, 24 * 60).map(lambda n: timedelta(hours=n, minutes=17 * n % 60))
LIMITS = st.builds(
    TimeLimit,
    st.integers(0, 25),
    st.sampled_from([Unit.WORKDAY, Unit.CALENDAR_DAY]),
    st.sampled_from([StartRule.ACCEPTED, StartRule.RECEIVED]),
)


@st.composite
def histories(draw: st.DrawFn) -> tuple[Clocks, Proceedings]:
    """A case with any limits, and any run of pauses and extensions; the last pause may still be open."""
    received = datetime(2017, 3, 1, tzinfo=UTC) + draw(st.integers(0, 8 * 365)) * timedelta(days=1) + draw(HOURS)
    accepted = received + draw(HOURS) / 10
    legal = draw(LIMITS)
    at = [accepted]
    for stretch in draw(st.lists(HOURS, max_size=6)):
        at.append(at[-1] + stretch)
    turns = at[1:]
    ledger: list[Entry] = [(Resumed(one) if n % 2 else Paused(one, "评审")) for n, one in enumerate(turns)]
    if draw(st.booleans()):
        ledger.append(Extended(at[-1], draw(st.integers(1, 10)), legal.unit, "补充核实"))
    own = Clocks(legal, draw(LIMITS), complete_at=received, accepted_at=accepted, ledger=tuple(ledger))
    pause = None
    if len(turns) % 2:
        due = DueDate(CALENDAR.add_workdays(at[-1].astimezone(CHINA).date(), draw(st.integers(1, 20))))
        pause = Suspension("EXPERT_REVIEW", "专家评审", at[-1], due, State.EXAMINING)
    return own, Proceedings(suspension=pause)


def supervised_light(own: Clocks, going_on: Proceedings, now: datetime) -> Light | None:
    """The gravest lamp supervision has on for the case time and for an open pause."""
    case = Supervised(
        own.legal,
        own.promised,
        received_at=own.complete_at,
        complete_at=own.complete_at,
        accepted_at=own.accepted_at,
        ledger=own.ledger,
    )
    on = {crossing.rule.level for crossing in watch(case, BOOK.case_rules, CALENDAR, now=now).crossed}
    if (pause := going_on.suspension) is not None:
        told = CALENDAR.workdays_between(pause.suspended_at.astimezone(CHINA).date(), pause.expected_end.on)
        limit = TimeLimit(told, Unit.WORKDAY, StartRule.ACCEPTED)
        run = Run(ClockName.SPECIAL_PROCEDURE, "", ("启动", "begun"), pause.suspended_at, limit)
        on |= {crossing.rule.level for crossing in watch_clocks([run], BOOK.clock_rules, CALENDAR, now=now).crossed}
    return Light(max(on, key=GRAVITY.index)) if on else None


@settings(max_examples=300)
@given(history=histories(), later=HOURS)
def test_the_inbox_and_supervision_show_the_same_light_at_any_instant(
    history: tuple[Clocks, Proceedings], later: timedelta
) -> None:
    own, going_on = history

    instants = BOOK.instants(own, going_on, CALENDAR)

    moments = [own.accepted_at + later]
    for crossed in (instants.warning_after, instants.yellow_after, instants.red_after):
        moments += [crossed + seconds * SECOND for seconds in (-1, 0, 1)] if crossed else []
    for now in moments:
        assert instants.light(now) == supervised_light(own, going_on, now)
