"""After a supplement the application counts as accepted on the day everything had arrived, as the notice promised."""

from datetime import date

from tests.integration.intake.desk import SHOP, Desk
from tests.integration.intake.travel import Travel, travel

__all__ = ["travel"]
FAULT = {"material_no": 1, "fault": "未签名", "remedy": "签名后重新提交"}
SUPPLIED = date(2026, 12, 1)
ACCEPTED = date(2026, 12, 7)  # the fourth working day after it


async def test_both_limits_run_from_the_day_of_supply_and_not_from_the_click(desk: Desk, travel: Travel) -> None:
    travel.to_day(SUPPLIED)
    at_once = await desk.accepted("E11", number=SHOP)
    received = await desk.done(await desk.complete("E11", number=SHOP), "receipt")
    asked = await desk.done(received, "supplement-notice", {"faults": [FAULT]})
    papers = {"materials": [{"material_no": 1, "source": "PAPER_ORIGINAL"}]}
    supplied = await desk.done(asked, "supplements", papers)
    travel.to_day(ACCEPTED)

    accepted = await desk.done(supplied, "acceptance")

    assert accepted["accepted_at"] == accepted["supplement"]["supplied_at"]
    assert accepted["accepted_at"].startswith("2026-12-01")
    assert [accepted[due]["on"] for due in ("legal_due", "promised_due")] == [
        at_once[due]["on"] for due in ("legal_due", "promised_due")
    ]
    (told,) = [
        body
        for _, subject, body in await desk.events(accepted["application_id"])
        if subject == "intake.application.accepted.v1"
    ]
    assert told["accepted_at"].startswith("2026-12-01")
    assert told["answered_at"].startswith("2026-12-07")
