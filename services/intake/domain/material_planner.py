"""The smallest set of materials still to bring for one item or several, and the order that lets results feed. Pure.

A member may start when those it comes after are done and each of its demands is met: by a valid certificate of the
library, by the result of a member done before, or by something the applicant brings. What is brought is there for all.
Doing a member never takes anything away from the others, so whoever may start is done at once; what remains to be
searched is only which materials unlock those that are stuck.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count


class Source(StrEnum):
    """Where a material comes from."""

    BRING = "BRING"  # 申请人提交
    LIBRARY = "LIBRARY"  # 证照库中有有效证照
    RESULT = "RESULT"  # 前序事项的办理结果
    NOT_NEEDED = "NOT_NEEDED"  # 多选一，已有其他材料


@dataclass(frozen=True)
class Wanted:
    """One member: `demands` are sets of numbers of the common list, any one of a set being enough."""

    member_id: str
    demands: tuple[frozenset[int], ...]
    after: frozenset[str] = frozenset()
    result_type: str | None = None


@dataclass(frozen=True)
class Supply:
    """Where one material comes from: `member_id` for a result."""

    source: Source
    member_id: str | None = None


@dataclass(frozen=True)
class MaterialPlan:
    bring: frozenset[int]
    order: tuple[str, ...]
    supplies: Mapping[int, Supply]


@dataclass(frozen=True)
class _Search:
    members: Sequence[Wanted]
    types: Mapping[int, str]  # certificate type that replaces a material, where there is one
    held: Collection[str]  # types of which the library holds a valid certificate
    seen: set[tuple[int, frozenset[int]]] = field(default_factory=set)

    def done_with(self, brought: Collection[int]) -> tuple[Wanted, ...]:
        """Who gets done with this, in order."""
        done: list[Wanted] = []
        there = {member.member_id for member in self.members}
        ids: set[str] = set()
        while True:
            results = {member.result_type for member in done}
            ready = next((m for m in self.members if self._ready(m, ids, there, brought, results)), None)
            if ready is None:
                return tuple(done)
            done.append(ready)
            ids.add(ready.member_id)

    def _ready(
        self,
        member: Wanted,
        done: Collection[str],
        there: set[str],
        brought: Collection[int],
        results: Collection[object],
    ) -> bool:
        if member.member_id in done or not (member.after & there) <= set(done):
            return False
        return all(self.is_met(demand, brought, results) for demand in member.demands)

    def is_met(self, demand: frozenset[int], brought: Collection[int], results: Collection[object]) -> bool:
        return any(no in brought or self.type_in(no, self.held) or self.type_in(no, results) for no in demand)

    def type_in(self, no: int, types: Collection[object]) -> bool:
        return no in self.types and self.types[no] in types

    def smallest(self) -> frozenset[int]:
        """Deeper by one material at a time, so the first answer is a smallest one."""
        certain = self.certain()
        for more in count():
            found = self._within(certain, more)
            if found is not None:
                return found
        raise AssertionError

    def certain(self) -> frozenset[int]:
        """What nothing but itself can answer."""
        return frozenset(
            no
            for member in self.members
            for demand in member.demands
            if len(demand) == 1 and not self.may_be_fed(member, demand) and not self.is_met(demand, (), ())
            for no in demand
        )

    def may_be_fed(self, member: Wanted, demand: frozenset[int]) -> bool:
        results = {other.result_type for other in self.members if other.member_id != member.member_id}
        return any(self.type_in(no, results) for no in demand)

    def _within(self, brought: frozenset[int], more: int) -> frozenset[int] | None:
        """`brought` and at most `more` materials with which everybody gets done; None when that is too few."""
        done = self.done_with(brought)
        if len(done) == len(self.members):
            return brought
        if more == 0 or (more, brought) in self.seen:
            return None
        self.seen.add((more, brought))
        for no in self._next(brought, done):
            found = self._within(brought | {no}, more - 1)
            if found is not None:
                return found
        return None

    def _next(self, brought: frozenset[int], done: Sequence[Wanted]) -> list[int]:
        """Materials of which a smallest set has at least one: those of a demand that only they can answer, else of
        whoever might be the next to start."""
        open_demands = list(self._open(brought, done))
        certain: list[frozenset[int]] = [
            demand for member, demand in open_demands if not self.may_be_fed(member, demand)
        ]
        if certain:
            narrowest = min(certain, key=_width)
            return sorted(narrowest)
        ids = {member.member_id for member in done}
        there = {member.member_id for member in self.members}
        first: dict[str, frozenset[int]] = {}
        for member, demand in open_demands:
            if member.after & there <= ids:
                first.setdefault(member.member_id, demand)
        if not first:
            raise ValueError("members wait for each other")
        return sorted(frozenset().union(*first.values()))

    def _open(self, brought: frozenset[int], done: Sequence[Wanted]) -> Iterator[tuple[Wanted, frozenset[int]]]:
        results = {member.result_type for member in done}
        for member in self.members:
            if member not in done:
                yield from ((member, d) for d in member.demands if not self.is_met(d, brought, results))


def plan_materials(members: Sequence[Wanted], types: Mapping[int, str], held: Collection[str]) -> MaterialPlan:
    """The smallest set still to bring, the order of the members, and where every demanded material comes from.

    Args:
        types: number of a material -> type of the certificate that replaces it.
        held: types of which the holder has a certificate that is valid today.

    Raises:
        ValueError: members come after each other in a ring (the catalogue's rules let none through).

    Source: State Council order 716 art. 7 (what sharing provides is not asked of the applicant).
    """
    search = _Search(members, types, held)
    bring = search.smallest()
    done = search.done_with(bring)
    return MaterialPlan(bring, tuple(m.member_id for m in done), dict(_supplies(search, bring, done)))


def _supplies(search: _Search, bring: frozenset[int], done: Sequence[Wanted]) -> Iterator[tuple[int, Supply]]:
    """In the order of the members; a number demanded by several gets the supply that the last one finds."""
    results: dict[str, str] = {}
    for member in done:
        for demand in member.demands:
            yield from _supply_of(search, demand, bring, results)
        if member.result_type is not None:
            results.setdefault(member.result_type, member.member_id)


def _supply_of(
    search: _Search, demand: frozenset[int], bring: frozenset[int], results: Mapping[str, str]
) -> Iterator[tuple[int, Supply]]:
    """Of several alternatives one is used, and no more is drawn from the library than that (PIPL art. 6)."""
    used = False
    for no in sorted(demand, key=lambda no: (no not in bring, not search.type_in(no, search.held), no)):
        supply = Supply(Source.NOT_NEEDED)
        if no in bring:
            supply = Supply(Source.BRING)
        elif not used and search.type_in(no, search.held):
            supply = Supply(Source.LIBRARY)
        elif not used and search.type_in(no, results):
            supply = Supply(Source.RESULT, results[search.types[no]])
        used = used or supply.source is not Source.NOT_NEEDED
        yield no, supply


def _width(demand: frozenset[int]) -> tuple[int, list[int]]:
    return len(demand), sorted(demand)
