"""What is told of a case under way: promised materials came in, applicants came again, a commitment was false."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from services.approval.domain.case import Case
from services.approval.domain.proceedings import Claim, Promised
from services.approval.domain.states import Act, require


@dataclass(frozen=True)
class Falsehood:
    """An informed commitment the later check has found false."""

    material_no: int
    name: str
    finding: str
    found_at: datetime


def take_deferred(case: Case, outstanding: Sequence[Promised], brought: Collection[int] = ()) -> Case:
    """What is still promised after something came in, which is from now on among the materials that go up (art. 35).

    The version stays: no event of the case tells of it. Raises: WrongState
    """
    require(case.state, Act.TAKE_DEFERRED)
    proceedings = replace(case.proceedings, promised=tuple(outstanding))
    return replace(case, proceedings=proceedings, materials=case.materials | frozenset(brought))


def take_claim(case: Case, claim: Claim) -> Case:
    """The applicants came again in their window, or its ends moved. The version stays.

    Raises: WrongState
    """
    require(case.state, Act.TAKE_CLAIM)
    return replace(case, proceedings=replace(case.proceedings, claim=claim))


def came_again(known: Claim | None, told: Claim) -> Claim:
    """The window with the claim that was made in it; its ends as told last."""
    if known is None:
        return told
    ends = later_ends(known, told.opens_on, told.closes_on, told=told.opens_told)
    return replace(ends, name=told.name, waiting=told.waiting, claimed_at=told.claimed_at)


def later_ends(claim: Claim, opens_on: date | None, closes_on: date | None, *, told: int) -> Claim:
    """The window with those ends that are named; of each the later word counts, in whatever order they come."""
    if opens_on is not None and told > claim.opens_told:
        claim = replace(claim, opens_on=opens_on, opens_told=told)
    if closes_on is not None and told > claim.closes_told:
        claim = replace(claim, closes_on=closes_on, closes_told=told)
    return claim


def take_falsehood(case: Case, falsehood: Falsehood) -> tuple[Case, Falsehood]:
    """From here on the case can be refused, terminated or withdrawn, but not granted.

    Raises: WrongState
    """
    require(case.state, Act.TAKE_FALSEHOOD)
    return case.stepped(false_commitments=(*case.proceedings.false_commitments, falsehood.name)), falsehood
