"""The procedural acts through HTTP on a real database: what they store, publish, refuse and show."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from contracts.events.common import ItemKind, LimitUnit, SpecialProcedureRef
from services.approval import records
from services.approval.calendars import calendars
from services.approval.commands.ticking import Projection, Silence
from services.chassis import clock
from services.kernel.workdays import official_calendar
from tests.support import approval_desk as desks
from tests.support.approval import POLICE, Approval, an_item
from tests.support.approval_desk import EXTENSION, OPINION, PAUSE, Desk

CALENDAR = official_calendar()


def clock_named(shown: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(c for c in shown["clocks"] if c["name"] == name)
    return found


async def test_a_pause_and_an_extension_are_ledger_entries_and_the_date_says_why(approval: Approval) -> None:
    desk = await Desk.reviewed(approval)

    suspended = await desk.done("suspensions", approval.chief, **PAUSE)
    paused = await desk.shown()
    await desk.done("resumption", approval.handler, result="专家评审通过")
    extended = await desk.done("extension", approval.chief, **EXTENSION)
    shown = await desk.shown()

    assert (suspended["state"], suspended["state_label"]) == ("SUSPENDED", "特别程序中")
    assert clock_named(paused, "LEGAL")["state"] == "PAUSED"
    assert clock_named(paused, "LEGAL")["due"]["provisional"]
    assert clock_named(paused, "PAUSE")["state"] == "RUNNING"
    assert "期限为10个工作日（行政许可法第四十五条）" in clock_named(paused, "PAUSE")["why"]["zh"]
    assert extended["state"] == "REVIEWED"
    assert [entry["kind"] for entry in shown["ledger"]] == ["PAUSED", "RESUMED", "EXTENDED"]
    reasons = clock_named(shown, "LEGAL")["why"]
    assert "专家评审" in reasons["zh"]
    assert "延长10个工作日，理由：需要补充核实" in reasons["zh"]
    assert shown["legal_due"]["on"] == clock_named(shown, "LEGAL")["due"]["on"]
    assert [record["subject"].split(".")[2] for record in shown["records"]] == ["suspended", "resumed", "extended"]


async def test_the_events_of_the_clock_carry_what_supervision_and_papers_need(approval: Approval) -> None:
    desk = await Desk.open(approval)
    await desk.done("suspensions", approval.chief, **PAUSE)
    await desk.done("resumption", approval.handler, result="通过")
    await desk.done("extension", approval.chief, **EXTENSION)

    paused, resumed, extended = [
        await desk.told(f"approval.case.{verb}.v1") for verb in ("suspended", "resumed", "extended")
    ]

    expected = CALENDAR.earliest_workday(clock.today(), 10)
    assert (paused["kind"], paused["article"]) == ("EXPERT_REVIEW", "行政许可法第四十五条")
    assert paused["expected_end"]["on"] == expected.isoformat()
    assert (paused["notice"], paused["approved_by"]["role"]) == (PAUSE["notice"], "CHIEF_REPRESENTATIVE")
    assert paused["legal_due"]["provisional"]
    assert resumed["suspended_at"] == paused["suspended_at"]
    assert (extended["value"], extended["unit"], extended["reason"]) == (10, "WORKDAY", "需要补充核实")
    before, after = (desks.day(extended[name]["on"]) for name in ("previous_legal_due", "legal_due"))
    assert CALENDAR.earliest_between(before, after) == 10


@pytest.mark.parametrize("kind", ["现场踏勘", "公示", "补正"])
async def test_what_is_no_special_procedure_is_refused_with_its_code(approval: Approval, kind: str) -> None:
    desk = await Desk.open(approval)

    assert await desk.refused("suspensions", approval.chief, **(PAUSE | {"kind": kind})) == (
        422,
        "approval.not-a-special-procedure",
    )
    assert await desk.events() == ["approval.case.opened.v1"]


async def test_the_items_own_law_names_its_cause(approval: Approval) -> None:
    own = SpecialProcedureRef(kind="中止", name="中止", stops_clock=True, cause="取水申请引起争议或诉讼")
    desk = await Desk.open(approval, item=an_item(special_procedures=(own,), basis=("条例第18条",)))

    await desk.done("suspensions", approval.chief, **(PAUSE | {"kind": "中止"}))

    told = await desk.told("approval.case.suspended.v1")
    assert (told["kind"], told["cause"], told["article"]) == ("OWN_LAW", "取水申请引起争议或诉讼", "条例第18条")


async def test_a_handler_approves_neither_pause_nor_extension(approval: Approval) -> None:
    desk = await Desk.reviewed(approval)
    both = approval.caller("handler", "HANDLER", "CHIEF_REPRESENTATIVE")

    assert (await desk.act("suspensions", approval.handler, **PAUSE)).status_code == 403
    assert (await desk.act("extension", approval.handler, **EXTENSION)).status_code == 403
    assert await desk.refused("suspensions", both, **PAUSE) == (403, "approval.separation-of-duties")
    assert await desk.refused("extension", both, **EXTENSION) == (403, "approval.separation-of-duties")


async def test_joint_handling_is_extended_by_the_head_of_the_government_only(approval: Approval) -> None:
    desk = await Desk.open(approval, item=an_item(kind=ItemKind.JOINT, legal_limit=desks.TWENTY))
    mayor = approval.caller("mayor", "GOVERNMENT_HEAD", org="")

    assert await desk.refused("extension", approval.chief, days=15, reason="复杂") == (
        403,
        "approval.needs-government-head",
    )
    await desk.done("extension", mayor, days=15, reason="复杂")
    assert (await desk.told("approval.case.extended.v1"))["approved_by"]["role"] == "GOVERNMENT_HEAD"


async def test_ledger_and_records_cannot_be_changed_or_deleted(approval: Approval) -> None:
    desk = await Desk.open(approval)
    await desk.done("suspensions", approval.chief, **PAUSE)

    for statement in (
        "UPDATE ledger_entry SET article = ''",
        "DELETE FROM ledger_entry",
        "UPDATE case_record SET content = '{}'",
        "DELETE FROM case_record",
    ):
        with pytest.raises(DBAPIError, match="append-only"):
            async with approval.database.transaction() as uow:
                await uow.connection.exec_driver_sql(statement)


async def test_a_suspended_case_waits_in_the_handlers_inbox(approval: Approval) -> None:
    desk = await Desk.open(approval, item=an_item(item_id="PAUSED", legal_limit=desks.TWENTY))
    await desk.done("suspensions", approval.chief, **PAUSE)

    (task,) = (await approval.get("tasks", approval.handler, item="PAUSED")).json()["items"]

    assert (task["state"], task["waiting_for"], task["light"]) == ("SUSPENDED", "HANDLER", None)
    assert task["legal_due"]["provisional"]


async def test_the_dates_of_an_open_pause_are_projected_day_by_day_without_an_event(approval: Approval) -> None:
    desk = await Desk.open(approval)
    await desk.done("suspensions", approval.chief, **PAUSE)
    before = (await desk.shown())["legal_due"]["on"]

    await Projection(calendars())(approval.database, clock.now() + timedelta(days=28))

    shown = await desk.shown()
    assert desks.day(shown["legal_due"]["on"]) > desks.day(before) + timedelta(days=20)
    assert shown["version"] == 2


async def test_a_consultations_provisional_day_is_replaced_when_its_year_is_loaded(approval: Approval) -> None:
    desk = await Desk.reviewed(approval)
    await desk.done("consultations", approval.handler, department=desks.FIRE, question="是否符合消防安全条件")
    (told,) = (await desk.shown())["consultations"]
    async with approval.database.transaction() as uow:
        early = "UPDATE consultation SET due_on = '2000-01-03', due_provisional = true WHERE question = :question"
        await uow.connection.execute(text(early), {"question": told["question"]})
        await records.project_all_again(uow.connection)
    now = clock.now()

    await Silence(calendars())(approval.database, now)
    await Projection(calendars())(approval.database, now)

    (known,) = (await desk.shown())["consultations"]
    assert (known["due_on"], known["state"]) == (told["due_on"], "OPEN")
    assert known["due_provisional"] == told["due_provisional"]
    (moved,) = (await desk.told("approval.case.days_moved.v1"))["dates"]
    assert (moved["clock"], moved["about"], moved["value"]) == ("CONSULTATION", "1", 5)
    assert (moved["earlier"]["on"], moved["now"]["on"]) == ("2000-01-03", told["due_on"])


async def test_two_officers_check_and_neither_decides(approval: Approval) -> None:
    desk = await Desk.reviewed(approval)
    first = approval.caller("inspector-1", "HANDLER")
    two = desks.inspectors("inspector-1", "chief")
    record = {
        "inspectors": [person["account_id"] for person in two],
        "checked_at": clock.now().isoformat(),
        "place": "迎丰中路1号",
        "facts": "布局合理",
        "passed": True,
    }

    one = await desk.refused("inspectors", approval.handler, inspectors=two[:1], purpose="核查")
    await desk.done("inspectors", approval.handler, inspectors=two, purpose="核查")
    early = await desk.refused("decision", approval.caller("chief-2", "CHIEF_REPRESENTATIVE"), outcome="GRANTED")
    stranger = await desk.refused("site-checks", approval.handler, **record)
    await desk.done("site-checks", first, **record)
    own = await desk.refused("decision", approval.chief, outcome="GRANTED")
    await desk.done("decision", approval.caller("chief-2", "CHIEF_REPRESENTATIVE"), outcome="GRANTED")

    assert one == (422, "approval.too-few-inspectors")
    assert early == (409, "approval.site-check-open")
    assert stranger == (403, "approval.not-an-inspector")
    assert own == (403, "approval.separation-of-duties")
    assigned = await desk.told("approval.inspectors.assigned.v1")
    assert assigned["due"]["on"] == CALENDAR.earliest_workday(clock.today(), 5).isoformat()


async def test_a_hearing_is_told_asked_for_announced_and_blocks_the_decision(approval: Approval) -> None:
    desk = await Desk.reviewed(approval)
    person = {"person": "申请人"}

    await desk.done("hearing/notice", approval.handler, persons=["申请人"], notice="可以申请听证")
    waiting = await desk.refused("decision", approval.chief, outcome="GRANTED")
    await desk.done("hearing/request", approval.handler, **person)
    plan = {"place": "三楼", "chair": desks.inspectors("chair")[0], "notice": "可以申请回避"}
    early = await desk.refused("hearing/announcement", approval.handler, takes_place_at=desks.workday_ahead(6), **plan)
    await desk.done("hearing/announcement", approval.handler, takes_place_at=desks.workday_ahead(7), **plan)
    too_soon = await desk.refused("hearing/record", approval.handler, participants=["申请人"], record="笔录")
    open_ = await desk.refused("decision", approval.chief, outcome="GRANTED")
    late_waiver = await desk.refused("hearing/waiver", approval.handler, document="声明", **person)

    assert waiting == open_ == (409, "approval.hearing-open")
    assert early == (422, "approval.hearing-date")
    assert too_soon == late_waiver == (409, "approval.hearing-stage")
    shown = await desk.shown()
    assert {c["name"] for c in shown["clocks"]} >= {"HEARING_REQUEST", "HEARING_HOLDING"}
    assert [c["name"] for c in shown["clocks"] if "到期" not in c["why"]["zh"]] == []
    assert [s.split(".")[2] for s in (await desk.events())[2:]] == ["told", "requested", "announced"]


async def test_a_waived_hearing_and_a_heard_party_free_the_decision(approval: Approval) -> None:
    desk = await Desk.reviewed(approval)

    await desk.done("hearing/notice", approval.handler, persons=["申请人"], notice="可以申请听证")
    await desk.done("hearing/waiver", approval.handler, person="申请人", document="放弃听证声明")
    await desk.done("interested-parties", approval.handler, name="向家院", interest="相邻", notice="告知")
    unheard = await desk.refused("decision", approval.chief, outcome="GRANTED")
    await desk.done("interested-parties/1/statements", approval.handler, statement="要求加装净化设施")
    nobody = await desk.refused("interested-parties/2/statements", approval.handler, statement="?")
    await desk.done("decision", approval.chief, outcome="GRANTED")

    assert unheard == (409, "approval.party-not-heard")
    assert nobody == (404, "approval.unknown-party")


async def test_a_consulted_department_sees_its_question_answers_it_and_nothing_else(approval: Approval) -> None:
    desk, fire = await Desk.reviewed(approval), desks.fire_officer(approval)
    await desk.done("consultations", approval.handler, department=desks.FIRE, question="是否符合消防安全条件")

    listed = (await approval.get("consultations", fire, limit=200)).json()["items"]
    mine = [task for task in listed if task["case_no"] == desk.accepted.case_no]
    blocked = await desk.refused("decision", approval.chief, outcome="GRANTED")
    file = await approval.get(f"cases/{desk.accepted.case_no}/examination", fire)
    other = await desk.refused(
        "consultations/1/answer", approval.caller("police", "HANDLER", org=POLICE), answer="OBJECTION", text="不符"
    )
    await desk.done("consultations/1/answer", fire, answer="NO_OBJECTION", text="无意见")
    again = await desk.refused("consultations/1/answer", fire, answer="OBJECTION", text="不符")
    await desk.done("decision", approval.chief, outcome="GRANTED")

    assert [(task["consultation_no"], task["question"]) for task in mine] == [(1, "是否符合消防安全条件")]
    assert "applicant_name" not in mine[0]
    assert blocked == (409, "approval.consultation-open")
    assert file.status_code == 404
    assert other == (404, "approval.unknown-case")
    assert again == (409, "approval.consultation-over")
    answered = await desk.told("approval.consultation.answered.v1")
    assert answered["answered_by"]["organisation"]["uscc"] == desks.FIRE["uscc"]


async def test_silence_is_recorded_once_as_no_objection_and_decides_nothing(approval: Approval) -> None:
    desk = await Desk.reviewed(approval)
    body = {"department": desks.FIRE, "question": "是否符合", "limit_workdays": 1}
    await desk.done("consultations", approval.handler, **body)
    silence = Silence(calendars())

    await silence(approval.database, clock.now())
    assert "approval.consultation.silent.v1" not in await desk.events()
    later = clock.now() + timedelta(days=12)
    for _ in range(3):
        await silence(approval.database, later)

    shown = await desk.shown()
    assert (await desk.events()).count("approval.consultation.silent.v1") == 1
    assert (shown["state"], shown["decision"]) == ("REVIEWED", None)
    assert shown["consultations"][0]["state"] == "SILENT"
    assert (await desk.told("approval.consultation.silent.v1"))["counts_as"] == "NO_OBJECTION"
    desk.version = shown["version"]
    await desk.done("decision", approval.chief, outcome="GRANTED")


async def test_a_two_level_case_goes_up_with_opinion_and_all_materials(approval: Approval) -> None:
    desk, village = await Desk.open(approval, item=desks.two_levels(), division=desks.TOWNSHIP), None
    village = desks.a_township(approval)
    opinion = {"recommendation": "GRANT", "opinion": "公示无异议"}

    listed = (await approval.get("tasks", village, limit=200)).json()["items"]
    early = await desk.refused("opinions", approval.handler, **OPINION)
    foreign = await desk.refused("passing-up", approval.handler, **opinion, materials=[1])
    fewer = await desk.refused("passing-up", village, **opinion, materials=[])
    await desk.done("passing-up", village, **opinion, materials=[1])
    outside = await approval.get(f"cases/{desk.accepted.case_no}/examination", desks.a_township(approval))
    await desk.done("opinions", approval.handler, **OPINION)
    await desk.done("decision", approval.chief, outcome="GRANTED")

    assert desk.accepted.case_no in {task["case_no"] for task in listed}
    assert early == (409, "approval.wrong-state")
    assert foreign == (403, "approval.not-first-level")
    assert fewer == (422, "approval.incomplete-passing-up")
    assert outside.status_code == 200  # the township follows what becomes of its case
    told = await desk.told("approval.case.passed_up.v1")
    assert told["due"]["on"] == CALENDAR.earliest_workday(clock.today(), 20).isoformat()
    assert told["passed_up_by"]["organisation"]["uscc"] == desks.TOWNSHIP_USCC


async def test_the_department_names_the_township_when_the_way_in_did_not(approval: Approval) -> None:
    desk, village = await Desk.open(approval, item=desks.two_levels()), desks.a_township(approval)
    path = f"cases/{desk.accepted.case_no}/examination"

    before = await approval.get(path, village)
    mine = (await approval.get("tasks", approval.handler, limit=200)).json()["items"]
    await desk.done("first-level", approval.handler, division=desks.TOWNSHIP)
    theirs = (await approval.get("tasks", approval.handler, limit=200)).json()["items"]

    assert before.status_code == 404
    assert (await approval.get(path, village)).status_code == 200
    assert desk.accepted.case_no in {task["case_no"] for task in mine}
    assert desk.accepted.case_no not in {task["case_no"] for task in theirs}


@pytest.mark.parametrize(
    ("act", "more", "state"),
    [("termination", {}, "TERMINATED"), ("transfer", {"transferred_to": desks.FIRE}, "TRANSFERRED")],
)
async def test_a_case_ends_otherwise_with_reason_and_basis(
    approval: Approval, act: str, more: dict[str, Any], state: str
) -> None:
    desk = await Desk.open(approval)

    silent = await desk.refused(act, approval.chief, **more)
    ended = await desk.done(act, approval.chief, reason="主体终止", legal_basis="第七十条", **more)
    after = await desk.refused("opinions", approval.handler, **OPINION)

    assert silent == (422, "approval.incomplete-record")
    assert ended["state"] == state
    assert after == (409, "approval.wrong-state")
    assert {c["state"] for c in (await desk.shown())["clocks"]} == {"ENDED"}


async def test_a_case_keeps_the_item_version_it_was_accepted_under(approval: Approval) -> None:
    desk = await Desk.open(approval, item=an_item(version=1, legal_limit=desks.TWENTY))
    await Desk.open(approval, item=an_item(version=2, legal_limit=desks.TWENTY.model_copy(update={"value": 5})))

    shown = await desk.shown()

    assert shown["item"]["version"] == 1
    assert "20个工作日" in clock_named(shown, "LEGAL")["why"]["zh"]
    assert shown["item"]["legal_limit"]["unit"] == LimitUnit.WORKDAY
