"""The joint clock of a bundle: it runs while any member's clock runs (art. 42 para. 2); from events alone. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.kernel.time_limit import Clock, Entry, Extended, Paused, Resumed, TimeLimit, pauses
from services.supervision.domain.case import Basis, Supervised
from services.supervision.domain.clocks import ACCEPTANCE, ClockName, Run

JOINT_ARTICLE = "行政许可法第四十二条第二款"
STANDSTILL = "各成员事项均未在计时"
Span = tuple[datetime, datetime | None]


@dataclass(frozen=True)
class Joint:
    """A bundle as its events tell it: its limit runs while the clock of any member runs (art. 42 para. 2).

    `steps` are the stretches of members that are no cases: what a department does without an application.
    """

    limit: TimeLimit
    members: tuple[Supervised, ...]
    extended: Extended | None = None
    decided_at: datetime | None = None
    ended_at: datetime | None = None
    about: str = ""
    steps: tuple[Span, ...] = ()


def joint_run(joint: Joint) -> Iterator[Run]:
    """45 working days and once 15 more; stands still only while no member's clock runs."""
    spans = _spans(joint)
    over = joint.decided_at is not None or joint.ended_at is not None
    yield Run(
        ClockName.JOINT,
        joint.limit.article or JOINT_ARTICLE,
        ACCEPTANCE,
        spans[0][0] if spans else None,
        joint.limit,
        ledger=_ledger(joint, spans, over=over),
        met_at=joint.decided_at,
        ended_at=joint.ended_at,
        about=joint.about,
    )


def clock_then(joint: Joint, at: datetime, basis: Basis = Basis.LEGAL) -> Clock | None:
    """The clock as it stood at an instant: what its owner could know of it then; None before it started.

    An extension prolongs the legal limit only: what was promised stays promised.
    """
    known = [(from_at, to_at) for from_at, to_at in _spans(joint) if from_at <= at]
    spans = [(from_at, to_at if to_at is not None and to_at <= at else None) for from_at, to_at in known]
    prolonged = basis is Basis.LEGAL and joint.extended is not None and joint.extended.at <= at
    extended = joint.extended if prolonged else None
    then = replace(joint, extended=extended)
    return Clock(joint.limit, spans[0][0], _ledger(then, spans, over=False)) if spans else None


def _spans(joint: Joint) -> list[Span]:
    clocks = [(member, clock) for member in joint.members if (clock := member.clock(Basis.LEGAL)) is not None]
    found = [span for member, clock in clocks for span in _running(clock, member)]
    return sorted([*found, *joint.steps], key=lambda span: span[0])


def _ledger(joint: Joint, spans: Sequence[Span], *, over: bool) -> tuple[Entry, ...]:
    entries: list[Entry] = list(_standstills(spans, over=over))
    if joint.extended is not None and spans:
        entries = sorted([*entries, joint.extended], key=lambda entry: entry.at)
    return tuple(entries)


def _running(clock: Clock, member: Supervised) -> Iterator[Span]:
    """When a member's clock ran: from acceptance, as joint handling counts, to its end, without its pauses."""
    at = max(clock.started_at, member.accepted_at or clock.started_at)
    for pause in pauses(clock):
        yield at, pause.from_at
        if pause.to_at is None:
            return
        at = pause.to_at
    yield at, member.stopped_at


def _standstills(spans: Sequence[Span], *, over: bool) -> Iterator[Paused | Resumed]:
    """The gaps between the members' stretches, in order."""
    reached: datetime | None = spans[0][0] if spans else None
    for from_at, to_at in spans:
        if reached is None:
            return
        if from_at > reached:
            yield Paused(reached, STANDSTILL)
            yield Resumed(from_at)
        reached = None if to_at is None else max(reached, to_at)
    if reached is not None and spans and not over:
        yield Paused(reached, STANDSTILL)
