"""Why a limit ends on its day: every reason as data and as a Chinese and an English sentence fit for a paper."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import groupby

from services.kernel.time_limit import (
    Clock,
    DueDate,
    Extended,
    Pause,
    StartRule,
    Unit,
    budget_days,
    china_date,
    due_date,
    pauses,
    settled,
)
from services.kernel.workdays import SATURDAY, SpecialDay, WorkCalendar

UNITS_ZH = {Unit.WORKDAY: "个工作日", Unit.CALENDAR_DAY: "日（自然日）", Unit.MONTH: "个月"}
UNITS_EN = {Unit.WORKDAY: "working day(s)", Unit.CALENDAR_DAY: "calendar day(s)", Unit.MONTH: "month(s)"}
STARTS_ZH = {StartRule.RECEIVED: "收件", StartRule.ACCEPTED: "受理", StartRule.DECIDED: "作出决定"}
NEAR_DAYS = 15  # days of one name this near belong to one holiday
STARTS_EN = {StartRule.RECEIVED: "receipt", StartRule.ACCEPTED: "acceptance", StartRule.DECIDED: "the decision"}


class ReasonKind(StrEnum):
    START = "START"
    LIMIT = "LIMIT"
    EXTENSION = "EXTENSION"
    PAUSE = "PAUSE"
    OPEN_PAUSE = "OPEN_PAUSE"
    HOLIDAY = "HOLIDAY"
    MAKEUP_WORKDAY = "MAKEUP_WORKDAY"
    LAST_DAY_RESTS = "LAST_DAY_RESTS"
    CALENDAR_MISSING = "CALENDAR_MISSING"
    AS_TOLD = "AS_TOLD"
    DUE = "DUE"


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that fixed or moved the date. `days` is what it adds (working days saved are negative)."""

    kind: ReasonKind
    zh: str
    en: str
    from_on: date | None = None
    to_on: date | None = None
    days: int = 0
    article: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Why:
    """The due date with its reasons, in the order a person would tell them."""

    due: DueDate
    reasons: tuple[Reason, ...]

    @property
    def zh(self) -> str:
        return "；".join(reason.zh for reason in self.reasons) + "。"

    @property
    def en(self) -> str:
        return "; ".join(reason.en for reason in self.reasons) + "."


def why(
    clock: Clock,
    calendar: WorkCalendar,
    *,
    as_of: date | None = None,
    begun: tuple[str, str] | None = None,
    told: DueDate | None = None,
) -> Why:
    """Explain `due_date` with the same arguments, same errors.

    Args:
        begun: Chinese and English name of the act that started the clock, where it is none of the three start rules.
        told: the day as somebody was told it last; what was told as final is not brought forward.
    """
    due = due_date(clock, calendar, as_of=as_of)
    stays = settled(told, due) if told is not None else due
    started_on, budget = china_date(clock.started_at), budget_days(clock)
    act = begun or (STARTS_ZH[clock.limit.start], STARTS_EN[clock.limit.start])
    reasons = [_start(act, started_on) if budget else _on_the_spot(act, started_on), _limit(clock)]
    reasons += [_extension(entry) for entry in clock.ledger if isinstance(entry, Extended)]
    stretches = [*_stretches(clock, due, as_of)]
    standstill = [_pause(stretch, clock.limit.unit, calendar) for stretch in stretches]
    reasons += standstill
    if clock.limit.unit is Unit.WORKDAY and budget:
        reasons += _holidays(calendar, started_on, due.on, stretches)
    else:
        days = 0 if clock.limit.unit is Unit.WORKDAY else sum(reason.days for reason in standstill)
        last = started_on + timedelta(days=budget + days)
        reasons += _moved_off_a_rest_day(calendar, last, due.on)
    if stays != due:
        reasons.append(_as_told(due, stays))
    elif calendar.is_provisional(due.on):
        reasons.append(_calendar_missing(calendar))
    return Why(stays, (*reasons, _due(stays)))


def why_set(
    started_on: date, due: DueDate, named: tuple[str, str], article: str = "", *, counted_back: bool = False
) -> Why:
    """A day that somebody named, so that nothing is counted: who named it, and the day.

    `counted_back` from a later day: while that one's year is not published, holidays can only make it earlier.
    """
    zh, en = named
    start = Reason(ReasonKind.START, f"{_zh(started_on)}{zh}", f"{en} on {started_on}", started_on, article=article)
    return Why(due, (start, _latest(due) if counted_back and due.provisional else _due(due)))


def _start(begun: tuple[str, str], started_on: date) -> Reason:
    act_zh, act_en = begun
    return Reason(
        ReasonKind.START,
        f"自{_zh(started_on)}{act_zh}起算，当日不计入",
        f"counted from {act_en} on {started_on}, the day itself not included",
        from_on=started_on,
        article="民法典第二百零一条",
    )


def _on_the_spot(act: tuple[str, str], started_on: date) -> Reason:
    """A limit of 0 is over with the day of its start, so that nothing is left uncounted."""
    act_zh, act_en = act
    return Reason(ReasonKind.START, f"{_zh(started_on)}{act_zh}", f"{act_en} on {started_on}", from_on=started_on)


def _limit(clock: Clock) -> Reason:
    limit = clock.limit
    basis_zh, basis_en = (f"（{limit.article}）", f" ({limit.article})") if limit.article else ("", "")
    if limit.value == 0:
        return Reason(
            ReasonKind.LIMIT, f"应当当场办结{basis_zh}", f"to be done on the spot{basis_en}", article=limit.article
        )
    return Reason(
        ReasonKind.LIMIT,
        f"期限为{limit.value}{UNITS_ZH[limit.unit]}{basis_zh}",
        f"the limit is {limit.value} {UNITS_EN[limit.unit]}{basis_en}",
        days=limit.value if limit.unit is not Unit.MONTH else budget_days(Clock(limit, clock.started_at)),
        article=limit.article,
    )


def _extension(entry: Extended) -> Reason:
    on = china_date(entry.at)
    return Reason(
        ReasonKind.EXTENSION,
        f"{_zh(on)}经批准延长{entry.value}{UNITS_ZH[entry.unit]}，理由：{entry.reason}",
        f"extended on {on} by {entry.value} {UNITS_EN[entry.unit]}, reason: {entry.reason}",
        from_on=on,
        days=entry.value,
        article=entry.article,
    )


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A pause in days: those after `first` up to and with `last` are not counted."""

    pause: Pause
    first: date
    last: date

    def leaves_out(self, day: date) -> bool:
        return self.first < day <= self.last


def _stretches(clock: Clock, due: DueDate, as_of: date | None) -> Iterator[_Stretch]:
    for pause in pauses(clock):
        first = china_date(pause.from_at)
        if first > due.on:
            return
        last = china_date(pause.to_at) if pause.to_at is not None else max(first, as_of or first)
        yield _Stretch(pause, first, last)


def _pause(stretch: _Stretch, unit: Unit, calendar: WorkCalendar) -> Reason:
    pause, first, last = stretch.pause, stretch.first, stretch.last
    counted = Unit.WORKDAY if unit is Unit.WORKDAY else Unit.CALENDAR_DAY
    days = calendar.earliest_between(first, last) if counted is Unit.WORKDAY else (last - first).days
    basis = f"（{pause.article}）" if pause.article else ""
    if pause.to_at is None:
        zh = f"自{_zh(first)}起因{pause.cause}暂停计时{basis}，尚未恢复"
        en = f"paused since {first} for {pause.cause}, not yet resumed"
        return Reason(ReasonKind.OPEN_PAUSE, zh, en, first, None, days, pause.article)
    zh = f"{_zh(first)}至{_zh(last)}因{pause.cause}暂停计时{basis}，不计入{days}{UNITS_ZH[counted]}"
    en = f"paused from {first} to {last} for {pause.cause}, {days} {UNITS_EN[counted]} not counted"
    return Reason(ReasonKind.PAUSE, zh, en, first, last, days, pause.article, str(unit))


def _holidays(
    calendar: WorkCalendar, started_on: date, due_on: date, stretches: Sequence[_Stretch]
) -> Iterator[Reason]:
    """Days that moved the date. What lies within a pause counts neither way: its reason names the days left out."""
    special = [day for day in calendar.special_days(started_on, due_on) if day.works is (day.on.weekday() >= SATURDAY)]
    moved = [day for day in special if not any(stretch.leaves_out(day.on) for stretch in stretches)]
    for (name, works), group in groupby(moved, key=lambda day: (day.name, day.works)):
        days = list(group)
        if works:
            yield _made_up(days)
            continue
        off = [day.on for day in calendar.special_days(started_on, due_on) if day.name == name and not day.works]
        whole = [day for day in off if abs((day - days[0].on).days) <= NEAR_DAYS]
        partly = len(days) < sum(day.weekday() < SATURDAY for day in whole)
        yield _holiday(days, whole[0], whole[-1], partly=partly)


def _made_up(days: Sequence[SpecialDay]) -> Reason:
    """Weekend days on which everybody works for a holiday."""
    name, count, listed = days[0].name, len(days), "、".join(_zh(day.on) for day in days)
    zh = f"{listed}为{name}调休上班日，计入{count}个工作日"
    en = f"{', '.join(str(day.on) for day in days)} made up for {name}: {count} working day(s) counted"
    return Reason(ReasonKind.MAKEUP_WORKDAY, zh, en, days[0].on, days[-1].on, -count, source=days[0].source)


def _holiday(days: Sequence[SpecialDay], first: date, last: date, *, partly: bool) -> Reason:
    """One holiday with the weekend days that belong to it; `partly` within a pause, which left those out already."""
    name, count = days[0].name, len(days)
    besides_zh, besides_en = ("暂停期间以外", " outside the pause") if partly else ("", "")
    zh = f"{_zh(first)}至{_zh(last)}{name}放假，其中{besides_zh}{count}天本为周一至周五，不计入"
    en = f"{name} {first} to {last}: {count} weekday(s){besides_en} off, not counted"
    return Reason(ReasonKind.HOLIDAY, zh, en, first, last, count, source=days[0].source)


def _moved_off_a_rest_day(calendar: WorkCalendar, last: date, due_on: date) -> Iterator[Reason]:
    if last < due_on:
        rests = calendar.earliest_workday(last, 0) == due_on  # otherwise a pause begun on a rest day lasted longer
        zh, en = ("为休息日", "is a rest day") if rests else ("处于暂停计时期间", "lies within a pause")
        yield Reason(
            ReasonKind.LAST_DAY_RESTS,
            f"期间最后一日{_zh(last)}{zh}，顺延至{_zh(due_on)}",
            f"the last day {last} {en}, so it moves on to {due_on}",
            last,
            due_on,
            (due_on - last).days,
            "民法典第二百零三条",
            "; ".join(calendar.sources(last.year)),
        )


def _calendar_missing(calendar: WorkCalendar) -> Reason:
    year = calendar.last_year + 1
    return Reason(
        ReasonKind.CALENDAR_MISSING,
        f"{year}年节假日安排尚未公布，暂按周一至周五计算，公布后重新计算，遇调休上班时可能略有提前",
        f"the official calendar of {year} is not loaded: Monday to Friday are assumed until it is, "
        "and a make-up weekend may bring the date forward",
        date(year, 1, 1),
    )


def _as_told(counted: DueDate, told: DueDate) -> Reason:
    zh = f"按现有节假日安排推算为{_zh(counted.on)}，已告知的{_zh(told.on)}不因安排调整而提前或收回"
    en = f"counted again it would be {counted.on}; {told.on} was told and is neither brought forward nor taken back"
    return Reason(ReasonKind.AS_TOLD, zh, en, counted.on, told.on)


def _latest(due: DueDate) -> Reason:
    zh = f"至迟于{_zh(due.on)}到期（暂定），节假日安排公布后可能提前"
    return Reason(ReasonKind.DUE, zh, f"due {due.on} at the latest (provisional), earlier once holidays are published")


def _due(due: DueDate) -> Reason:
    if due.provisional:
        return Reason(ReasonKind.DUE, f"最早于{_zh(due.on)}到期（暂定）", f"due {due.on} at the earliest (provisional)")
    return Reason(ReasonKind.DUE, f"于{_zh(due.on)}到期", f"due {due.on}")


def _zh(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
