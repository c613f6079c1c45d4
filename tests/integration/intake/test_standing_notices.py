"""The holder reads in the case that brought his certificate what is proposed and decided about it later."""

from datetime import UTC, date, datetime
from typing import Any

from contracts.events.common import Actor, DueDate
from contracts.events.standing import StandingAct, StandingDayMoved, StandingDismissed, StandingHeard, StandingProposed
from services.chassis.ids import uuid7
from tests.integration.intake.desk import IDCARD, LI, Desk

HANDLER = Actor(account_id="handler", name="王承办", role="HANDLER")
NOW = datetime(2026, 4, 1, 2, 0, tzinfo=UTC)


async def a_granted_case(desk: Desk, serial: str) -> tuple[dict[str, Any], str]:
    application = await desk.submitted("P10", number=LI)
    identifier = await desk.holds(LI, IDCARD, serial, case_id=application["application_id"])
    return application, identifier


def about(identifier: str) -> dict[str, Any]:
    return {
        "decision_id": uuid7(),
        "identifier": identifier,
        "holder_key": "k",
        "department_uscc": IDCARD[:18],
        "act": StandingAct.ANNUL,
        "ground": "FRAUD",
        "article": "《中华人民共和国行政许可法》第六十九条第二款",
    }


async def notices(desk: Desk, application: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await desk.get(f"/applications/{application['application_id']}", desk.citizen(LI))
    shown: list[dict[str, Any]] = answer.json()["notices"]
    return shown


async def test_a_proposal_about_a_certificate_is_told_in_the_case_it_came_from(desk: Desk) -> None:
    application, identifier = await a_granted_case(desk, "NOTICE1")
    other, _ = await a_granted_case(desk, "NOTICE2")
    same = about(identifier)
    proposed = StandingProposed(
        **same, facts="提交的证明系伪造", speak_by=DueDate(on=date(2026, 4, 9)), proposed_at=NOW, proposed_by=HANDLER
    )

    await desk.hear(proposed)
    early, final = DueDate(on=date(2026, 4, 9), provisional=True), DueDate(on=date(2026, 4, 10))
    limit = {"cause": "节假日安排载入", "limit_workdays": 5, "from_at": NOW, "moved_at": NOW}
    await desk.hear(StandingDayMoved(**same, **limit, earlier=early, now=final))
    await desk.hear(StandingHeard(**same, statement="本人不知情", heard_at=NOW, heard_by=HANDLER))
    await desk.hear(StandingDismissed(**same, reasons="证据不足", dismissed_at=NOW, dismissed_by=HANDLER))

    told = await notices(desk, application)
    kinds = [one["kind"] for one in told]
    assert kinds == [
        *("CERTIFICATE_PROPOSAL", "CERTIFICATE_DAY_MOVED"),
        *("CERTIFICATE_STATEMENT", "CERTIFICATE_PROPOSAL_DISMISSED"),
    ]
    assert "由 2026-04-09（暂定） 改为 2026-04-10" in told[1]["text"]
    assert {one["decision_id"] for one in told} == {str(same["decision_id"])}
    assert ("2026-04-09" in told[0]["text"], "陈述、申辩" in told[0]["text"]) == (True, True)
    assert await notices(desk, other) == []
