"""What approval does to a case reaches its applicant: pauses, more time, notices, and an end without a result."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from contracts.events.approval import (
    CaseExtended,
    CaseResumed,
    CaseSuspended,
    CaseTerminated,
    CaseTransferred,
    HearingAnnounced,
    HearingTold,
    Inspector,
)
from contracts.events.common import Actor, DueDate, LimitUnit, OrganisationRef
from contracts.events.days import CaseDaysMoved, DayClock, DayMoved
from tests.integration.intake.desk import Desk

CHIEF = Actor(account_id="chief", name="首席", role="CHIEF_REPRESENTATIVE")
BASIS = "行政许可法第七十条"
HAND_OVER = {"method": "COLLECTION", "recipient_name": "张三"}


def of_case(application: dict[str, Any]) -> dict[str, Any]:
    return {"case_id": UUID(application["application_id"]), "case_no": application["case_no"]}


def terminated(application: dict[str, Any]) -> CaseTerminated:
    return CaseTerminated(
        **of_case(application),
        reason="申请人主体资格终止",
        legal_basis=BASIS,
        terminated_at=datetime.now(UTC),
        terminated_by=CHIEF,
    )


def transferred(application: dict[str, Any]) -> CaseTransferred:
    return CaseTransferred(
        **of_case(application),
        transferred_to=OrganisationRef(uscc="11431202006100088U", name="市级有权机关", division="431200000000"),
        reason="属其职权",
        legal_basis="地方组织法",
        transferred_at=datetime.now(UTC),
        transferred_by=CHIEF,
    )


async def shown(desk: Desk, application: dict[str, Any]) -> dict[str, Any]:
    return dict((await desk.get(f"/applications/{application['application_id']}", desk.clerk)).json())


async def test_a_terminated_case_ends_at_the_window_and_nothing_can_be_handed_out(desk: Desk) -> None:
    accepted = await desk.accepted("P07")

    await desk.hear(terminated(accepted))
    await desk.hear(terminated(accepted))

    ended = await shown(desk, accepted)
    assert (ended["state"], ended["ended"]["kind"], ended["ended"]["legal_basis"]) == (
        "TERMINATED",
        "TERMINATED",
        BASIS,
    )
    assert {notice["kind"] for notice in ended["notices"]} == {"TERMINATED"}
    path = f"/cases/{accepted['case_no']}/hand-over"
    refused = await desk.post(path, desk.hand_over_clerk, HAND_OVER, version=ended["version"])
    assert (refused.status_code, refused.json()["code"]) == (409, "intake.wrong-state")


async def test_originals_go_back_once_and_the_receipt_of_it_is_told(desk: Desk) -> None:
    accepted = await desk.accepted("P07")
    await desk.hear(transferred(accepted))
    ended = await shown(desk, accepted)

    returned = await desk.done(ended, "originals", {"recipient_name": "张三"})
    again = await desk.act(returned, "originals", {"recipient_name": "张三"})

    assert (ended["state"], ended["ended"]["competent_body"]) == ("TRANSFERRED", "市级有权机关")
    assert "居民身份证" in returned["originals"]["materials"]
    assert (again.status_code, again.json()["code"]) == (409, "intake.no-originals")
    assert (await desk.events(accepted["application_id"]))[-1][1] == "intake.originals.returned.v1"


async def test_a_terminated_case_leaves_its_place_in_the_order_of_acceptance(desk: Desk) -> None:
    first, second = await desk.accepted("P15"), await desk.accepted("P15", number="431202180001010020", name="李四")

    await desk.hear(terminated(first))

    path, admin = f"/items/{first['item']['item_code']}/acceptance-order", desk.staff("CATALOGUE_ADMIN")
    waiting = [place["application_id"] for place in (await desk.get(path, admin)).json()["items"]]
    assert first["application_id"] not in waiting
    assert second["application_id"] in waiting


async def test_a_pause_and_more_time_move_the_dates_the_applicant_sees(desk: Desk) -> None:
    accepted = await desk.accepted("E02", number="91431202MA00000152", name="店")
    begun, over = datetime(2099, 3, 5, 2, tzinfo=UTC), datetime(2099, 3, 18, 2, tzinfo=UTC)
    dates = {"legal_due": DueDate(on=date(2099, 4, 1)), "promised_due": DueDate(on=date(2099, 3, 25))}
    pause = {"kind": "EXPERT_REVIEW", "kind_name": "专家评审", "expected_end": DueDate(on=date(2099, 3, 19))}
    suspended = CaseSuspended(
        **of_case(accepted),
        **pause,
        **(dates | {"legal_due": DueDate(on=date(2099, 3, 20), provisional=True)}),
        article="行政许可法第四十五条",
        expected_workdays=10,
        notice="组织专家评审",
        suspended_at=begun,
        approved_by=CHIEF,
    )
    resumed = CaseResumed(
        **of_case(accepted), **pause, **dates, suspended_at=begun, result="通过", resumed_at=over, resumed_by=CHIEF
    )
    extended = CaseExtended(
        **of_case(accepted),
        **(dates | {"legal_due": DueDate(on=date(2099, 4, 15))}),
        value=10,
        unit=LimitUnit.WORKDAY,
        article="行政许可法第四十二条",
        reason="情况复杂",
        previous_legal_due=dates["legal_due"],
        extended_at=datetime(2099, 3, 20, 2, tzinfo=UTC),
        approved_by=CHIEF,
    )

    await desk.hear(suspended)
    paused = await shown(desk, accepted)
    await desk.hear(extended)
    await desk.hear(resumed, suspended)  # late, and told again
    running = await shown(desk, accepted)

    assert (paused["paused"], paused["legal_due"]) == (True, {"on": "2099-03-20", "provisional": True})
    assert (running["paused"], running["legal_due"]["on"]) == (False, "2099-04-15")
    assert {notice["kind"] for notice in running["notices"]} == {"SUSPENDED", "RESUMED", "EXTENDED"}
    assert "组织专家评审" in paused["notices"][0]["text"]


async def test_a_hearing_that_is_told_and_announced_is_read_by_the_applicant(desk: Desk) -> None:
    accepted = await desk.accepted("P07")
    told = HearingTold(
        **of_case(accepted),
        persons=("张三",),
        request_by=DueDate(on=date(2026, 12, 1)),
        notice="可以要求听证",
        told_at=datetime.now(UTC),
        told_by=CHIEF,
    )
    announced = HearingAnnounced(
        **of_case(accepted),
        takes_place_at=datetime(2026, 12, 10, 1, tzinfo=UTC),
        place="政务服务中心三楼",
        chair=Inspector(account_id="c", name="主持甲"),
        notice="可以申请回避",
        public=True,
        announced_at=datetime.now(UTC),
        announced_by=CHIEF,
    )

    await desk.hear(told)
    await desk.hear(announced)

    texts = [notice["text"] for notice in (await shown(desk, accepted))["notices"]]
    assert "2026-12-01" in texts[0]
    assert "2026-12-10 09:00 在政务服务中心三楼" in texts[1]


async def test_days_that_a_loaded_year_moved_are_read_by_the_applicant_and_only_his_own(desk: Desk) -> None:
    accepted, other = await desk.accepted("P07"), await desk.accepted("P07")
    early, final = DueDate(on=date(2027, 1, 5), provisional=True), DueDate(on=date(2027, 1, 7))
    at = datetime(2026, 12, 29, 2, tzinfo=UTC)

    def moved(clock: DayClock, now: DueDate, about: str = "") -> DayMoved:
        limit = {"value": 5, "unit": LimitUnit.WORKDAY, "from_at": at}
        return DayMoved(clock=clock, about=about, earlier=early, now=now, **limit)

    def told(application: dict[str, Any], *dates: DayMoved) -> CaseDaysMoved:
        return CaseDaysMoved(**of_case(application), cause="节假日安排载入", dates=dates, moved_at=at)

    same_day = DueDate(on=early.on)
    asked, statement = moved(DayClock.CONSULTATION, final, "1"), moved(DayClock.STATEMENT, final, "1")
    own = moved(DayClock.HEARING_REQUEST, final), moved(DayClock.PAUSE, same_day)
    await desk.hear(told(accepted, *own, asked, statement))
    await desk.hear(told(other, asked, statement))

    (notice,) = (await shown(desk, accepted))["notices"]
    assert notice["kind"] == "DAYS_MOVED"
    assert "申请听证的最后日期由 2027-01-05（暂定） 改为 2027-01-07" in notice["text"]
    assert "特别程序预计结束的日期为 2027-01-05（此前为暂定）" in notice["text"]
    assert ("征求意见" in notice["text"], "利害关系人" in notice["text"]) == (False, False)
    assert (await shown(desk, other))["notices"] == []
