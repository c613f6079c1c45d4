"""Domain values of approval for unit tests: a case in any state with everything an act needs."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from services.approval.domain.case import Case, Officer, Opinion, Recommendation
from services.approval.domain.clocks import Clocks
from services.approval.domain.decision import DecisionDraft, Outcome, ResultRule
from services.approval.domain.proceedings import (
    Body,
    Consultation,
    FirstLevel,
    Hearing,
    HearingStep,
    Inspector,
    ItemRules,
    Party,
    Procedure,
    Proceedings,
    SiteCheck,
    Suspension,
)
from services.approval.domain.states import State
from services.kernel.time_limit import DueDate, Paused, StartRule, TimeLimit, Unit
from services.kernel.workdays import official_calendar

MARKET = "11431202006100029C"
POLICE = "114312020061000377"
FIRE = Body("11431202006100088U", "区消防救援大队", "431202000000")
DISTRICT, TOWNSHIP = "431202000000", "431202101000"
CLERK = "clerk"
CALENDAR = official_calendar()
ACCEPTED_AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # Monday
NOON = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)  # Thursday
TODAY = date(2026, 3, 5)
HANDLER = Officer("handler", MARKET, DISTRICT)
CHIEF = Officer("chief", MARKET, DISTRICT, is_chief=True)
VILLAGE_HANDLER = Officer("village", "11431202006100256H", TOWNSHIP)
FIREMAN = Officer("fireman", FIRE.uscc, DISTRICT)
OPINION = Opinion(Recommendation.GRANT, "材料齐全，符合条件")
GRANT = DecisionDraft(outcome=Outcome.GRANTED)
INSPECTORS = (Inspector("i1", "核查甲", "18120001"), Inspector("i2", "核查乙", "18120002"))
TWENTY = TimeLimit(20, Unit.WORKDAY, StartRule.ACCEPTED, "行政许可法第四十二条")
TEN = TimeLimit(10, Unit.WORKDAY, StartRule.ACCEPTED)


def utc(text: str) -> datetime:
    """An instant written as it reads on a clock in China: 2026-03-05 12:00."""
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


def clocks(legal: TimeLimit = TWENTY, promised: TimeLimit = TEN, **changes: Any) -> Clocks:
    return replace(Clocks(legal, promised, complete_at=ACCEPTED_AT, accepted_at=ACCEPTED_AT), **changes)


def a_case(**changes: Any) -> Case:
    own = changes.get("clocks", clocks())
    case = Case(
        id=UUID(int=1),
        case_no="1" * 43,
        state=State.EXAMINING,
        version=1,
        department=MARKET,
        accepted_by=CLERK,
        result=ResultRule("食品经营许可（新办）", "食品经营许可证", True, "5年"),
        clocks=own,
        dates=own.dates(CALENDAR, as_of=TODAY),
        rules=ItemRules(basis="食品安全法"),
        materials=frozenset({1, 2}),
    )
    return replace(case, **changes)


def ready(state: State, **changes: Any) -> Case:
    """A case in a state in which every other condition of every act is met, each in the part that it looks at."""
    paused = Paused(ACCEPTED_AT, "专家评审", "行政许可法第四十五条")
    own = clocks(ledger=(paused,)) if state is State.SUSPENDED else clocks()
    pause = Suspension("EXPERT_REVIEW", "专家评审", ACCEPTED_AT, DueDate(date(2026, 3, 16)), State.REVIEWED)
    proceedings = Proceedings(
        suspension=pause if state is State.SUSPENDED else None,
        site_check=SiteCheck(INSPECTORS, DueDate(date(2026, 3, 9)), recorded=True),
        first_level=FirstLevel(TOWNSHIP, DueDate(date(2026, 3, 30))),
        parties=(Party(1, "向家院", DueDate(date(2026, 3, 4))),),
    )
    asked = Consultation(1, FIRE, "是否符合消防安全条件", 20, ACCEPTED_AT)
    base = a_case(state=state, version=7, clocks=own, proceedings=proceedings, consultations=(asked,))
    return replace(base, **changes)


def hearing(step: HearingStep, **changes: Any) -> Hearing:
    begun = Hearing(
        step,
        told=("申请人",),
        request_by=DueDate(date(2026, 3, 9)),
        hold_by=DueDate(date(2026, 4, 1)) if step in (HearingStep.REQUESTED, HearingStep.ANNOUNCED) else None,
        takes_place_at=utc("2026-03-05 09:00") if step is HearingStep.ANNOUNCED else None,
        chair=Inspector("chair", "主持甲") if step is HearingStep.ANNOUNCED else None,
    )
    return replace(begun, **changes)


SPECIAL = Procedure("中止", "中止", stops_clock=True, cause="取水申请引起争议或诉讼")
SURVEY = Procedure("现场核查", "现场核查", stops_clock=False)
