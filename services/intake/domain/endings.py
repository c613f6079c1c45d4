"""Whether an application stands; ends by approval without a result; originals that go back to the applicant. Pure."""

from dataclasses import replace

from services.intake.domain.application import Application, require
from services.intake.domain.course import Ended, EndKind, Originals
from services.intake.domain.errors import NothingToReturn
from services.intake.domain.materials import Source
from services.intake.domain.records import Outcome
from services.intake.domain.states import ENDED_WITHOUT_RESULT, Act, State

_ACTS = {EndKind.TERMINATED: Act.RECORD_TERMINATION, EndKind.TRANSFERRED: Act.RECORD_TRANSFER}


def record_end(application: Application, ended: Ended) -> Application:
    """What approval told: the case ended without a decision. Nothing is left to hand over. Raises WrongState."""
    require(application, _ACTS[ended.kind])
    return replace(application, state=State(ended.kind.value), course=replace(application.course, ended=ended))


def originals_of(application: Application) -> tuple[str, ...]:
    """Names of the originals the counter holds."""
    return tuple(m.name for m in application.materials if m.source is Source.PAPER_ORIGINAL)


def return_originals(application: Application, originals: Originals) -> Application:
    """Once, after an end without a result. Raises WrongState, NothingToReturn."""
    require(application, Act.RETURN_ORIGINALS)
    if application.course.originals is not None or not originals.materials:
        raise NothingToReturn()
    return replace(application, course=replace(application.course, originals=originals))


def stands(application: Application) -> bool:
    """Under way, or granted: another one for the same is too many."""
    return application.state not in ENDED_WITHOUT_RESULT and application.outcome is not Outcome.REFUSED
