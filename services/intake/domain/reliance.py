"""Which cases relied on a certificate that was taken away, directly or through certificates they led to. Pure.

All versions of a certificate are one: who used version 001 relied on what version 002 says was never lawful.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

TAKEN_AWAY = frozenset({"RESCINDED", "ANNULLED", "REVOKED"})
ENDED_FOR_GOOD = TAKEN_AWAY | {"DEREGISTERED"}  # nothing is left that could be renewed


def base_of(identifier: str) -> str:
    """The identifier without version and check character: the certificate whatever its version (GB/T 36904)."""
    return identifier.rsplit(".", 2)[0]


@dataclass(frozen=True)
class Reached:
    """A case that relied on the certificate; `through` leads from the certificate to the one this case used."""

    case_id: UUID
    through: tuple[str, ...]


@dataclass(frozen=True)
class Frontier:
    """Certificates (by base) to look for next, each with the way that led to it."""

    ways: Mapping[str, tuple[str, ...]]


def start(identifier: str) -> Frontier:
    return Frontier({base_of(identifier): ()})


def step(frontier: Frontier, relied: Iterable[tuple[UUID, str]], known: Collection[UUID]) -> tuple[Reached, ...]:
    """Cases not reached before that used a certificate of the frontier, each once, by the first way found.

    Args:
        relied: (case, identifier it used) of every case that used one of the frontier.
    """
    found: dict[UUID, Reached] = {}
    for case_id, identifier in sorted(relied, key=lambda pair: (str(pair[0]), pair[1])):
        if case_id not in known and case_id not in found:
            found[case_id] = Reached(case_id, (*frontier.ways[base_of(identifier)], identifier))
    return tuple(found.values())


def onward(reached: Iterable[Reached], issued: Iterable[tuple[UUID, str]], seen: Collection[str]) -> Frontier:
    """The certificates these cases led to, as the next ones to look for; `seen` were looked for already.

    Args:
        issued: (case, identifier of a certificate it led to).
    """
    ways = {one.case_id: one.through for one in reached}
    found: dict[str, tuple[str, ...]] = {}
    for case_id, identifier in sorted(issued, key=lambda pair: (str(pair[0]), pair[1])):
        if base_of(identifier) not in seen:
            found.setdefault(base_of(identifier), ways[case_id])
    return Frontier(found)
