"""Those a case concerns speak for themselves; a refusal after a failed inspection names the standard."""

from datetime import date
from typing import Any

from sqlalchemy import text

from contracts.events.common import CoApplicant, PartyType
from services.chassis import clock
from services.chassis.sealing import Sealer
from services.kernel.workdays import official_calendar
from tests.support import tokens
from tests.support.approval import SEALED, Approval
from tests.support.approval_desk import Desk, inspectors

APPLICANT = "a" * 64
NEIGHBOUR = "431202180001010020"


def citizen(key: str, *roles: str) -> dict[str, str]:
    claims = {"sub": tokens.account(f"citizen-{key[:4]}"), "name": "某人", "subject_key": key, "channel": "ONLINE"}
    return tokens.headers(list(roles or ("CITIZEN",)), **claims, org="", division="")


def sealer(approval: Approval) -> Sealer:
    found: Sealer = approval.app.state.sealer
    return found


async def told(approval: Approval, *persons: str) -> Desk:
    desk = await Desk.reviewed(approval)
    await desk.done("hearing/notice", approval.handler, persons=list(persons), notice="可以在五个工作日内要求听证")
    return desk


async def test_art_47_the_applicant_asks_for_a_hearing_himself_within_five_working_days(approval: Approval) -> None:
    desk = await told(approval, "向小满")
    path = f"cases/{desk.accepted.case_no}/hearing"

    before = (await approval.get(path, citizen(APPLICANT))).json()
    await desk.done("hearing/application", citizen(APPLICANT), reason="对事实有异议")
    after = (await approval.get(path, citizen(APPLICANT))).json()

    assert (before["step"], before["may_ask"]) == ("TOLD", True)
    assert before["request_by"]["on"] == str(official_calendar().earliest_workday(clock.today(), 5))
    assert (after["step"], after["may_ask"]) == ("REQUESTED", False)
    event = await desk.told("approval.hearing.requested.v1")
    assert (event["person"], event["recorded_by"]["role"]) == ("向小满", "CITIZEN")


async def test_arts_36_and_47_who_applies_with_others_asks_and_speaks_by_his_own_name(approval: Approval) -> None:
    husband = "c" * 64
    co = CoApplicant(
        party_type=PartyType.PERSON,
        name="石大山",
        subject_key=husband,
        masked_number="4****************4",
        sealed_number=SEALED,
    )
    desk = await Desk.reviewed(approval, co_applicants=(co,))
    await desk.done("statements", citizen(husband), statement="与配偶意见一致")
    await desk.done("hearing/notice", approval.handler, persons=["石大山"], notice="可以在五个工作日内要求听证")
    path = f"cases/{desk.accepted.case_no}/hearing"

    first, own = [(await approval.get(path, citizen(key))).json()["may_ask"] for key in (APPLICANT, husband)]
    await desk.done("hearing/application", citizen(husband), reason="对事实有异议")

    assert (first, own) == (False, True)
    heard, asked = await desk.told("approval.applicant.heard.v1"), await desk.told("approval.hearing.requested.v1")
    assert (heard["name"], asked["person"]) == ("石大山", "石大山")


async def test_art_47_after_the_fifth_working_day_nobody_is_told_that_he_may_ask(approval: Approval) -> None:
    desk = await told(approval, "向小满")
    due = official_calendar().earliest_workday(date(2025, 12, 25), 5)
    over = f"jsonb_set(proceedings, '{{hearing,request_by,on}}', to_jsonb('{due}'::text))"
    over = f"jsonb_set({over}, '{{hearing,told_at}}', to_jsonb('2025-12-25T02:00:00Z'::text))"
    async with approval.database.transaction() as uow:
        await uow.connection.execute(
            text(f"UPDATE approval_case SET proceedings = {over} WHERE id = :id").bindparams(
                id=desk.accepted.application_id
            )
        )

    shown = (await approval.get(f"cases/{desk.accepted.case_no}/hearing", citizen(APPLICANT))).json()

    assert (shown["step"], shown["may_ask"]) == ("TOLD", False)
    assert await desk.refused("hearing/application", citizen(APPLICANT)) == (409, "approval.hearing-request-late")


async def test_a_stranger_finds_no_case(approval: Approval) -> None:
    desk = await told(approval, "向小满")

    assert await desk.refused("hearing/application", citizen("b" * 64)) == (404, "approval.unknown-case")
    assert (await approval.get(f"cases/{desk.accepted.case_no}/hearing", citizen("b" * 64))).status_code == 404


async def test_without_being_told_nobody_asks(approval: Approval) -> None:
    desk = await Desk.reviewed(approval)

    assert await desk.refused("hearing/application", citizen(APPLICANT)) == (409, "approval.hearing-stage")


async def test_art_36_an_interested_party_told_by_its_number_speaks_itself(approval: Approval) -> None:
    desk = await Desk.reviewed(approval)
    party: dict[str, Any] = {"name": "向家院", "interest": "相邻", "notice": "可以陈述", "number": NEIGHBOUR}
    await desk.done("interested-parties", approval.handler, **party)
    key = sealer(approval).index_key("PERSON", NEIGHBOUR)

    await desk.done("statements", citizen(key), statement="油烟扰民，请予核查")
    await desk.done("statements", citizen(APPLICANT), statement="已加装净化设施")

    heard = await desk.told("approval.interested_party.heard.v1")
    mine = await desk.told("approval.applicant.heard.v1")
    assert (heard["party_no"], heard["recorded_by"]["role"]) == (1, "CITIZEN")
    assert (mine["name"], mine["statement"]) == ("向小满", "已加装净化设施")
    stored = await approval.rows(
        "SELECT proceedings::text FROM approval_case WHERE id = :id", id=desk.accepted.application_id
    )
    assert NEIGHBOUR not in stored[0][0]


async def test_art_55_a_refusal_after_a_failed_check_names_the_technical_standard(approval: Approval) -> None:
    desk = await Desk.reviewed(approval)
    await desk.done("inspectors", approval.handler, inspectors=inspectors("i1", "i2"), purpose="核查场所")
    record = {
        "inspectors": [tokens.account("i1"), tokens.account("i2")],
        "checked_at": clock.now().isoformat(),
        "place": "迎丰中路1号",
        "facts": "疏散通道宽度不足",
        "passed": False,
    }
    await desk.done("site-checks", approval.caller("i1", "HANDLER"), **record)
    refusal = {"outcome": "REFUSED", "facts": "通道不足", "reasons": "不符合标准", "legal_basis": "消防法第十五条"}

    without = await desk.act("decision", approval.chief, **refusal)
    await desk.done("decision", approval.chief, **refusal, technical_standard="GB 50016-2014 第5.5.18条")

    assert without.status_code == 422
    assert without.json()["errors"][0]["pointer"] == "#/technical_standard"
    decided = await desk.told("approval.case.decided.v1")
    assert decided["technical_standard"] == "GB 50016-2014 第5.5.18条"
    assert decided["delivery_due"] is None
