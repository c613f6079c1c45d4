"""What is told of a case under way: promised materials came in, applicants came again, a commitment was false."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

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


def take_deferred(case: Case, outstanding: Sequence[Promised]) -> Case:
    """What is still promised after something came in. The version stays: no event of the case tells of it.

    Raises: WrongState
    """
    require(case.state, Act.TAKE_DEFERRED)
    return replace(case, proceedings=replace(case.proceedings, promised=tuple(outstanding)))


def take_claim(case: Case, claim: Claim) -> Case:
    """The applicants came again in their window: the case may be decided. The version stays.

    Raises: WrongState
    """
    require(case.state, Act.TAKE_CLAIM)
    return replace(case, proceedings=replace(case.proceedings, claim=claim))


def take_falsehood(case: Case, falsehood: Falsehood) -> tuple[Case, Falsehood]:
    """From here on the case can be refused, terminated or withdrawn, but not granted.

    Raises: WrongState
    """
    require(case.state, Act.TAKE_FALSEHOOD)
    return case.stepped(false_commitments=(*case.proceedings.false_commitments, falsehood.name)), falsehood
