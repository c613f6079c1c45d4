"""Which members of a bundle take part, and which may start now: the graph of what comes after what. Pure."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from graphlib import TopologicalSorter

from services.intake.domain.bundle import BundleDefinition, Member, Presence
from services.intake.domain.errors import Invalid
from services.kernel.errors import FieldError


class Part(StrEnum):
    """The part a member of the catalogue plays in one bundle application."""

    TAKES_PART = "TAKES_PART"
    SATISFIED = "SATISFIED"  # the applicant holds what it would result in
    NOT_CHOSEN = "NOT_CHOSEN"
    NOT_NEEDED = "NOT_NEEDED"  # its condition does not hold
    UNDECIDED = "UNDECIDED"  # its condition reads an answer that is not there yet


@dataclass(frozen=True)
class Planned:
    member: Member
    part: Part


class MemberState(StrEnum):
    WAITING = "WAITING"  # 待启动
    RUNNING = "RUNNING"  # 办理中
    GRANTED = "GRANTED"  # 已准予
    REFUSED = "REFUSED"  # 不予
    SATISFIED = "SATISFIED"  # 已具备，不需办理
    ENDED = "ENDED"  # 未受理、撤回或终止
    CANCELLED = "CANCELLED"  # 前序事项未通过，不再办理


OVER = frozenset(set(MemberState) - {MemberState.WAITING, MemberState.RUNNING})
PASSED = frozenset({MemberState.GRANTED, MemberState.SATISFIED})
FAILED = frozenset({MemberState.REFUSED, MemberState.ENDED, MemberState.CANCELLED})


def plan(
    bundle: BundleDefinition,
    *,
    chosen: Collection[str],
    held_types: Collection[str],
    holds: Callable[[str], bool | None],
) -> tuple[Planned, ...]:
    """The part of every member, in an order in which each comes after what it needs.

    Args:
        held_types: certificate types the applicant holds today.
        holds: whether a condition is met; None when an answer is missing.

    Raises:
        Invalid: something was chosen that the bundle does not offer.
    """
    offered = {member.member_id for member in bundle.members if member.presence is Presence.CHOSEN}
    foreign = [name for name in chosen if name not in offered]
    if foreign:
        raise Invalid(errors=[FieldError("#/members", "bundle.member", "只能选择该“一件事”中可选的事项")])
    return tuple(Planned(member, _part(member, chosen, held_types, holds)) for member in in_order(bundle))


def _part(
    member: Member, chosen: Collection[str], held_types: Collection[str], holds: Callable[[str], bool | None]
) -> Part:
    if member.unless_held in held_types:
        return Part.SATISFIED
    if member.presence is Presence.CHOSEN:
        return Part.TAKES_PART if member.member_id in chosen else Part.NOT_CHOSEN
    if member.presence is Presence.CONDITION:
        met = holds(member.condition)
        return Part.UNDECIDED if met is None else Part.TAKES_PART if met else Part.NOT_NEEDED
    return Part.TAKES_PART


def in_order(bundle: BundleDefinition) -> tuple[Member, ...]:
    """Members by stage, each after those it waits for; equals keep the catalogue's order."""
    by_id = {member.member_id: member for member in bundle.members}
    sorter = TopologicalSorter({member.member_id: member.after for member in bundle.members})
    depth: dict[str, int] = {}
    for member_id in sorter.static_order():
        depth[member_id] = max((depth[earlier] + 1 for earlier in by_id[member_id].after), default=0)
    return tuple(sorted(bundle.members, key=lambda m: (m.stage_no, depth[m.member_id])))


def may_start(
    member: Member,
    states: Mapping[str, MemberState],
    *,
    stage_no: int,
    lacking: Collection[str],
    wanting: Collection[str],
) -> bool:
    """Whether a waiting member may start.

    Args:
        lacking: members that were granted but whose number is not known yet.
        wanting: certificate types of required materials that are not there, and result from another member.
    """
    if states[member.member_id] is not MemberState.WAITING or member.stage_no > stage_no or wanting:
        return False
    before = [earlier for earlier in member.after if earlier in states]
    return all(states[earlier] in PASSED and earlier not in lacking for earlier in before)


def is_cut_off(member: Member, states: Mapping[str, MemberState]) -> bool:
    """A waiting member whose predecessor failed never starts."""
    if states[member.member_id] is not MemberState.WAITING:
        return False
    return any(states.get(earlier) in FAILED for earlier in member.after)


def stage_result(members: Sequence[Member], states: Mapping[str, MemberState], stage_no: int) -> bool | None:
    """True: every required member of the stage passed. False: one failed. None: still running."""
    of_stage = [m for m in members if m.stage_no == stage_no and m.member_id in states]
    if any(states[m.member_id] not in OVER for m in of_stage):
        return None
    return all(states[m.member_id] in PASSED for m in of_stage if m.required)
