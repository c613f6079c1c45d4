"""One worked example per procedural act of approval: clock, site check, hearing, parties, levels, consultations."""

from datetime import UTC, date, datetime
from typing import Any

from contracts.events import approval, days
from contracts.events.common import Actor, DueDate, Event, LimitUnit, OrganisationRef

_AT = datetime(2026, 3, 5, 2, 0, tzinfo=UTC)
_LATER = datetime(2026, 3, 18, 2, 0, tzinfo=UTC)
_HEARING_AT = datetime(2026, 3, 18, 1, 0, tzinfo=UTC)
_INSPECTORS = (
    approval.Inspector(account_id="account-inspector-1", name="核查甲", officer_no="18120001"),
    approval.Inspector(account_id="account-inspector-2", name="核查乙", officer_no="18120002"),
)
_CHAIR = approval.Inspector(account_id="account-chair", name="主持甲")
_FIRE = OrganisationRef(uscc="11431202006100088U", name="区消防救援大队", division="431202000000")


def procedural_examples(case: dict[str, Any], handler: Actor, chief: Actor) -> tuple[Event, ...]:
    beside = (*_site_check(case, handler), *_hearing(case, handler), *_heard(case, handler))
    return (*_clock(case, chief), *beside, *_others(case, handler, chief), *_consultation(case, handler))


def _clock(case: dict[str, Any], chief: Actor) -> tuple[Event, ...]:
    pause = {"kind": "EXPERT_REVIEW", "kind_name": "专家评审", "expected_end": DueDate(on=date(2026, 3, 19))}
    return (
        approval.CaseSuspended(
            **case,
            **pause,
            article="行政许可法第四十五条",
            expected_workdays=10,
            notice="组织专家评审，需要十个工作日，不计入办理期限",
            suspended_at=_AT,
            approved_by=chief,
            legal_due=DueDate(on=date(2026, 3, 17), provisional=True),
            promised_due=DueDate(on=date(2026, 3, 12), provisional=True),
        ),
        approval.CaseResumed(
            **case,
            **pause,
            suspended_at=_AT,
            result="专家评审通过",
            resumed_at=_LATER,
            resumed_by=chief,
            legal_due=DueDate(on=date(2026, 3, 30)),
            promised_due=DueDate(on=date(2026, 3, 25)),
        ),
        approval.CaseExtended(
            **case,
            value=5,
            unit=LimitUnit.WORKDAY,
            article="行政许可法第四十二条第一款",
            reason="工艺流程复杂，需要补充核实",
            previous_legal_due=DueDate(on=date(2026, 3, 30)),
            extended_at=_LATER,
            approved_by=chief,
            legal_due=DueDate(on=date(2026, 4, 7)),
            promised_due=DueDate(on=date(2026, 3, 25)),
        ),
    )


def _site_check(case: dict[str, Any], handler: Actor) -> tuple[Event, ...]:
    return (
        approval.InspectorsAssigned(
            **case,
            inspectors=_INSPECTORS,
            due=DueDate(on=date(2026, 3, 10)),
            purpose="核查经营场所布局和设施",
            assigned_at=_AT,
            assigned_by=handler,
        ),
        approval.SiteCheckRecorded(
            **case,
            inspectors=_INSPECTORS,
            checked_at=_AT,
            place="鹤城区迎丰中路1号",
            facts="布局合理，设施齐全",
            passed=True,
            photos=4,
            party_present="石阶前",
            recorded_at=_AT,
            recorded_by=handler,
        ),
    )


def _hearing(case: dict[str, Any], handler: Actor) -> tuple[Event, ...]:
    return (
        approval.HearingTold(
            **case,
            persons=("石阶前小吃店", "向家院"),
            request_by=DueDate(on=date(2026, 3, 12)),
            notice="可以在五个工作日内申请听证，不承担费用",
            told_at=_AT,
            told_by=handler,
        ),
        approval.HearingRequested(
            **case,
            person="向家院",
            reason="油烟影响居住",
            hold_by=DueDate(on=date(2026, 4, 3)),
            requested_at=_AT,
            recorded_by=handler,
        ),
        approval.HearingWaived(
            **case, person="石阶前小吃店", document="放弃听证声明", settled=False, waived_at=_AT, recorded_by=handler
        ),
        approval.HearingAnnounced(
            **case,
            takes_place_at=_HEARING_AT,
            place="区政务服务中心三楼",
            chair=_CHAIR,
            notice="2026年3月18日9时举行听证，可以申请主持人回避",
            public=True,
            announced_at=_AT,
            announced_by=handler,
        ),
    )


def _heard(case: dict[str, Any], handler: Actor) -> tuple[Event, ...]:
    return (
        approval.HearingHeld(
            **case,
            took_place_at=_HEARING_AT,
            chair=_CHAIR,
            participants=("石阶前小吃店", "向家院"),
            record="双方陈述、申辩、质证，核对笔录无误后签字",
            held_at=_LATER,
            recorded_by=handler,
        ),
        approval.InterestedPartyNotified(
            **case,
            party_no=1,
            name="向家院",
            interest="相邻住户，油烟和噪声",
            speak_by=DueDate(on=date(2026, 3, 12)),
            limit_workdays=5,
            notice="可以在五个工作日内陈述、申辩",
            notified_at=_AT,
            notified_by=handler,
        ),
        approval.InterestedPartyHeard(
            **case, party_no=1, name="向家院", statement="要求加装净化设施", heard_at=_AT, recorded_by=handler
        ),
        approval.FalseCommitmentFound(
            **case, material_no=4, name="食品安全自查制度目录", finding="现场核查未见承诺的制度文件", found_at=_AT
        ),
        approval.ApplicantHeard(
            **case,
            name="石阶前",
            statement="已加装油烟净化设施，请予核查",
            heard_at=_AT,
            recorded_by=Actor(account_id="account-citizen", name="石阶前", role="CITIZEN"),
        ),
    )


def _others(case: dict[str, Any], handler: Actor, chief: Actor) -> tuple[Event, ...]:
    grounds = {"reason": "申请人主体资格终止", "legal_basis": "行政许可法第七十条"}
    return (
        approval.FirstLevelAssigned(
            **case, division="431202101000", due=DueDate(on=date(2026, 3, 31)), assigned_at=_AT, assigned_by=handler
        ),
        approval.CasePassedUp(
            **case,
            division="431202101000",
            recommendation=approval.Recommendation.GRANT,
            opinion="材料齐全，经公示无异议，建议准予",
            materials=(1, 2),
            due=DueDate(on=date(2026, 3, 31)),
            passed_up_at=_LATER,
            passed_up_by=handler,
        ),
        approval.CaseRenewed(
            **case,
            certificate_identifier="1.2.156.3005.2.11431202006100029C002.11431202006100029C.000001.001.A",
            basis="《中华人民共和国行政许可法》第五十条第二款",
            renewed_at=_AT,
            recorded_at=_LATER,
        ),
        approval.CaseTerminated(**case, **grounds, terminated_at=_LATER, terminated_by=chief),
        _days_moved(case),
        approval.CaseTransferred(
            **case,
            transferred_to=_FIRE,
            reason="属于消防救援机构职权",
            legal_basis="消防法第十五条",
            transferred_at=_LATER,
            transferred_by=chief,
        ),
    )


def _days_moved(case: dict[str, Any]) -> Event:
    early, final = DueDate(on=date(2027, 1, 4), provisional=True), DueDate(on=date(2027, 1, 5))
    asked_at = datetime(2026, 12, 28, 1, 0, tzinfo=UTC)
    limit: dict[str, Any] = {"value": 5, "unit": LimitUnit.WORKDAY, "from_at": asked_at}
    moved = days.DayMoved(clock=days.DayClock.CONSULTATION, about="1", earlier=early, now=final, **limit)
    return days.CaseDaysMoved(**case, cause="2027年节假日安排载入", dates=(moved,), moved_at=asked_at)


def _consultation(case: dict[str, Any], handler: Actor) -> tuple[Event, ...]:
    consultation = {"consultation_no": 1, "department": _FIRE, "due": DueDate(on=date(2026, 3, 12))}
    return (
        approval.ConsultationAsked(
            **case, **consultation, question="是否符合消防安全条件", limit_workdays=5, asked_at=_AT, asked_by=handler
        ),
        approval.ConsultationAnswered(
            **case,
            **consultation,
            answer=approval.ConsultationAnswer.NO_OBJECTION,
            text="无意见",
            answered_at=_AT,
            answered_by=handler,
        ),
        approval.ConsultationSilent(
            **case, **consultation, silent_since=datetime(2026, 3, 12, 16, 0, tzinfo=UTC), recorded_at=_LATER
        ),
    )
