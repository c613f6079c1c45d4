"""Two levels: the township examines within its own limit and passes opinion and all materials up (arts. 35, 43)."""

from dataclasses import dataclass, replace
from datetime import datetime

from services.approval.domain.case import Case, Officer, Opinion, Recommendation, same_department
from services.approval.domain.clocks import Clocks
from services.approval.domain.errors import FirstLevelAssigned, IncompleteOpinion, IncompletePassingUp, NotFirstLevel
from services.approval.domain.proceedings import FirstLevel, ItemRules
from services.approval.domain.states import Act, State, require
from services.approval.domain.wording import require_that
from services.kernel.errors import FieldError
from services.kernel.time_limit import Clock, DueDate, due_date
from services.kernel.workdays import WorkCalendar


@dataclass(frozen=True)
class FirstLevelChosen:
    division: str
    due: DueDate
    assigned_at: datetime


@dataclass(frozen=True)
class PassedUp:
    division: str
    recommendation: Recommendation
    opinion: str
    materials: tuple[int, ...]
    due: DueDate
    passed_up_at: datetime


def is_township(division: str) -> bool:
    """Twelve digits, of which the seventh to ninth name a township or sub-district."""
    return len(division) == 12 and division.isdigit() and division[6:9] != "000"


def township_of(division: str) -> str | None:
    """The township a division is or lies in."""
    return division[:9] + "000" if is_township(division) else None


def first_level_of(rules: ItemRules, clocks: Clocks, division: str, calendar: WorkCalendar) -> FirstLevel | None:
    """None for an item handled at one level. The limit runs from acceptance (art. 43)."""
    if rules.first_level is None:
        return None
    return FirstLevel(township_of(division), due_date(Clock(rules.first_level, clocks.accepted_at), calendar))


def assign_first_level(case: Case, officer: Officer, *, division: str, now: datetime) -> tuple[Case, FirstLevelChosen]:
    """The department names the township where the way in did not.

    Raises: OtherDepartment, WrongState, FirstLevelAssigned, IncompleteRecord
    """
    same_department(case, officer)
    require(case.state, Act.ASSIGN_FIRST_LEVEL)
    first = case.proceedings.first_level
    assert first is not None  # a case in this state has one
    if first.division is not None:
        raise FirstLevelAssigned()
    below = is_township(division) and division[:6] == officer.division[:6]
    require_that(below, "division", "not-a-township", "应为本级以下的乡镇（街道）区划代码")
    chosen = replace(first, division=township_of(division))
    assert chosen.division is not None
    return case.stepped(first_level=chosen), FirstLevelChosen(chosen.division, chosen.due, now)


def pass_up(
    case: Case, officer: Officer, *, opinion: Opinion, materials: tuple[int, ...], now: datetime
) -> tuple[Case, PassedUp]:
    """Opinion and all materials go up directly; the upper body has no act that asks the applicant for them again.

    Raises:
        WrongState
        NotFirstLevel: another body, or it is not known yet which township examines first.
        IncompletePassingUp: a material of the case is not among those passed up, or one that is not of the case is.
        IncompleteOpinion: an opinion must be explicit.
    """
    require(case.state, Act.PASS_UP)
    first = case.proceedings.first_level
    assert first is not None  # a case in this state has one
    if first.division is None or first.division != township_of(officer.division):
        raise NotFirstLevel()
    if not opinion.text.strip():
        raise IncompleteOpinion("初审意见为空", errors=[FieldError("#/opinion", "required", "应当写明初审意见")])
    if set(materials) != case.materials:
        left = "、".join(str(no) for no in sorted(case.materials ^ set(materials)))
        fault = FieldError("#/materials", "not-all", f"与全部申请材料不符的序号：{left}")
        raise IncompletePassingUp(fault.detail, errors=[fault])
    passed = replace(case.stepped(State.EXAMINING), opinion_writers=case.opinion_writers | {officer.account_id})
    fact = PassedUp(
        division=first.division,
        recommendation=opinion.recommendation,
        opinion=opinion.text.strip(),
        materials=tuple(sorted(case.materials)),
        due=first.due,
        passed_up_at=now,
    )
    return passed, fact
