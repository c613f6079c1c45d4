"""What the window tells of a case under way: promised materials that came in, applicants who came again."""

from collections.abc import Sequence
from dataclasses import replace

from services.approval.domain.case import Case
from services.approval.domain.proceedings import Claim, Promised
from services.approval.domain.states import Act, require


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
