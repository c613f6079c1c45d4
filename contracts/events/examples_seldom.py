"""Examples of the seldom events of intake: corrected, returned, promised, checked, renewed by law, moved."""

from datetime import UTC, date, datetime
from typing import Any

from contracts.events import intake, intake_seldom
from contracts.events.common import Actor, DueDate, Event, Outcome

_AT = datetime(2026, 3, 3, 2, 0, tzinfo=UTC)
_LATER = datetime(2026, 3, 9, 3, 0, tzinfo=UTC)
_SYSTEM = Actor(account_id="system", name="系统", role="SYSTEM")
_ADMIN = Actor(account_id="account-catalogue_admin", name="目录管理员", role="CATALOGUE_ADMIN")


def seldom_examples(whole: dict[str, Any], *, citizen: Actor, clerk: Actor, handler: Actor) -> tuple[Event, ...]:
    """`whole`: what the events of the usual way say of the same application."""
    case = {name: whole[name] for name in ("application_id", "case_no")}
    return (
        *_ways(case, whole, citizen, clerk),
        *_checked_and_renewed(case, whole, handler),
        *_calendar_and_versions(case, whole),
    )


def _ways(case: dict[str, Any], whole: dict[str, Any], citizen: Actor, clerk: Actor) -> tuple[Event, ...]:
    deferred = intake.DeferredRef(material_no=3, name="设备设施、经营布局文件", promised_on=date(2026, 3, 11))
    return (
        intake.ApplicationCorrected(
            corrections=("申请表漏填联系电话，已当场补填",), materials=(), corrected_at=_AT, corrected_by=clerk, **case
        ),
        intake.ApplicationReturned(
            kind=intake.ReturnKind.NOT_SUPPLIED,
            reason="逾期未补正",
            outstanding=("食品经营许可申请表",),
            returned_at=_AT,
            returned_by=_SYSTEM,
            **case,
        ),
        intake_seldom.ApplicationClaimed(
            window=intake.ClaimWindowRef(
                name="申领期",
                waiting="冷静期",
                opens_on=date(2026, 4, 2),
                closes=DueDate(on=date(2026, 5, 1)),
                basis="民法典第1077条",
            ),
            persons=("石阶前", "向小满"),
            claimed_at=_AT,
            claimed_by=clerk,
            **case,
        ),
        intake_seldom.OriginalsReturned(
            materials=("营业执照",), recipient_name="石阶前", returned_at=_LATER, returned_by=clerk, **case
        ),
        intake.DeferredMaterialSupplied(
            materials=whole["materials"][:1], outstanding=(deferred,), supplied_at=_AT, supplied_by=citizen, **case
        ),
    )


def _checked_and_renewed(case: dict[str, Any], whole: dict[str, Any], handler: Actor) -> tuple[Event, ...]:
    renews = intake.RenewalRef(
        certificate_identifier=whole["materials"][1].certificate_identifier,
        valid_until=date(2026, 3, 8),
        silence_renews=True,
    )
    return (
        intake.CommitmentChecked(
            item=whole["item"],
            subject_key=whole["applicant"].subject_key,
            material_no=4,
            name="食品安全自查、从业人员健康管理等制度目录",
            outcome=intake.CommitmentOutcome.FALSE,
            finding="现场核查未见承诺的制度文件",
            case_outcome=Outcome.GRANTED,
            barred_until=date(2027, 3, 9),
            checked_at=_LATER,
            checked_by=handler,
            **case,
        ),
        intake.RenewalDeemed(
            query_code=whole["query_code"],
            item=whole["item"],
            applicant=whole["applicant"],
            agent=whole["agent"],
            renews=renews,
            basis="行政许可法第五十条第二款",
            accepted_at=_AT,
            renewed_at=_LATER,
            deemed_at=_LATER,
            deemed_by=_SYSTEM,
            delivery_due=DueDate(on=date(2026, 3, 23)),
            **case,
        ),
    )


def _calendar_and_versions(case: dict[str, Any], whole: dict[str, Any]) -> tuple[Event, ...]:
    moved = intake.DateMoved(
        clock=intake.ClockName.LEGAL,
        earlier=DueDate(on=date(2027, 1, 1), provisional=True),
        now=DueDate(on=date(2027, 1, 4)),
    )
    return (
        intake.CalendarLoaded(
            year=2027,
            revision=1,
            sources=("https://www.gov.cn/example",),
            days=(intake.CalendarDay(on=date(2027, 1, 1), name="元旦", works=False),),
            loaded_at=_AT,
            loaded_by=_ADMIN,
        ),
        intake_seldom.QuotaSet(
            item_code=whole["item"].item_code,
            revision=1,
            quota=3,
            counts_from=date(2026, 3, 2),
            reason="2026年度合理布局规划",
            set_at=_AT,
            set_by=_ADMIN,
        ),
        intake.DatesMoved(cause="2027 年节假日安排载入", dates=(moved,), moved_at=_AT, **case),
        intake.ApplicationMoved(
            from_version=1,
            item=whole["item"],
            reason="新版本缩短承诺时限，对申请人有利",
            legal_due=DueDate(on=date(2026, 3, 17)),
            promised_due=DueDate(on=date(2026, 3, 10)),
            moved_at=_LATER,
            moved_by=_ADMIN,
            **case,
        ),
    )
