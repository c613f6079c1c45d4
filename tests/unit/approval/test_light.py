"""The light of an open case, worked by hand on the real calendar of 2026."""

from datetime import date, timedelta

import pytest

from services.approval.domain.light import Light, LightDays
from services.approval.settings import settings as approval_settings
from services.kernel.light_rules import LightRule
from services.kernel.workdays import official_calendar
from services.supervision.settings import settings as supervision_settings


def supervision_rules() -> tuple[LightRule, ...]:
    return supervision_settings().light_rules


@pytest.mark.parametrize(
    ("today", "light"),
    [
        pytest.param(date(2026, 2, 11), None, id="three working days left: 12, 13 and the make-up Saturday 14"),
        pytest.param(date(2026, 2, 12), Light.WARNING, id="two working days left"),
        pytest.param(date(2026, 2, 14), Light.WARNING, id="the promised day itself is in time"),
        pytest.param(date(2026, 2, 15), Light.YELLOW, id="the day after, though it is a holiday"),
        pytest.param(date(2026, 2, 26), Light.YELLOW, id="the legal day itself is in time"),
        pytest.param(date(2026, 2, 27), Light.RED, id="past the legal date"),
    ],
)
def test_the_light_follows_the_two_due_dates(today: date, light: Light | None) -> None:
    days = LightDays.of(today, official_calendar())

    assert days.light(promised_due_on=date(2026, 2, 14), legal_due_on=date(2026, 2, 26)) is light


@pytest.mark.parametrize(
    ("setting", "first_day"),
    [
        pytest.param('[{"rule":"w","level":"WARNING","basis":"PROMISED","days":-1}]', date(2026, 2, 13), id="one day"),
        pytest.param('[{"rule":"w","level":"WARNING","basis":"PROMISED","days":-3}]', date(2026, 2, 11), id="three"),
        pytest.param("[]", None, id="no rule that warns"),
    ],
)
def test_the_inbox_warns_as_early_as_the_configured_rules(
    monkeypatch: pytest.MonkeyPatch, setting: str, first_day: date | None
) -> None:
    monkeypatch.setenv("YICHUANG_LIGHT_RULES", setting)
    monkeypatch.setenv("YICHUANG_DATABASE_URL_APPROVAL", "postgresql://approval_app@127.0.0.1/approval")
    rules, supervised = approval_settings().light_rules, supervision_rules()

    warned = [
        day
        for day in (date(2026, 2, 9) + timedelta(days=n) for n in range(6))
        if LightDays.of(day, official_calendar(), rules).light(
            promised_due_on=date(2026, 2, 14), legal_due_on=date(2026, 2, 26)
        )
    ]

    assert min(warned, default=None) == first_day
    assert rules == supervised


@pytest.mark.parametrize(("promised", "light"), [(16, Light.WARNING), (17, None)])
def test_calendar_days_are_warned_of_in_calendar_days(promised: int, light: Light | None) -> None:
    days = LightDays.of(date(2026, 2, 14), official_calendar())  # before the Spring Festival

    shown = days.light(promised_due_on=date(2026, 2, promised), legal_due_on=date(2026, 2, 26), in_workdays=False)

    assert shown is light


def test_lights_go_on_after_the_last_published_calendar() -> None:
    days = LightDays.of(date(2026, 12, 31), official_calendar())

    assert days.light(promised_due_on=date(2027, 1, 4), legal_due_on=date(2027, 1, 8)) is Light.WARNING
    assert days.light(promised_due_on=date(2027, 1, 5), legal_due_on=date(2027, 1, 8)) is None


@pytest.mark.parametrize(
    ("legal", "promised", "pause", "light"),
    [
        pytest.param(1, 1, 9, None, id="the clock stands still: nothing comes nearer"),
        pytest.param(-9, -9, 9, Light.RED, id="past the legal date before it stopped"),
        pytest.param(9, -9, 9, Light.YELLOW, id="past the promised date before it stopped"),
        pytest.param(9, 9, -1, Light.YELLOW, id="the pause itself is overdue"),
        pytest.param(9, 9, 0, Light.WARNING, id="the pause ends today"),
    ],
)
def test_a_paused_case_is_lit_for_what_was_past_and_for_its_pause(
    legal: int, promised: int, pause: int, light: Light | None
) -> None:
    today = date(2026, 3, 5)
    days = LightDays.of(today, official_calendar())

    shown = days.paused_light(
        legal_due_on=today + timedelta(days=legal),
        promised_due_on=today + timedelta(days=promised),
        projected_on=today,
        pause_due_on=today + timedelta(days=pause),
    )

    assert shown == light
