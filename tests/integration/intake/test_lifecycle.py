"""An application from submission to conclusion, through the real HTTP app and database."""

from tests.integration.intake.desk import FOOD_LICENCE, SHOP, Desk, paper_number


async def test_an_application_goes_from_submission_to_conclusion(desk: Desk) -> None:
    submitted = await desk.complete("E02", number=SHOP, name="好味餐饮")

    received = await desk.done(submitted, "receipt")
    accepted = await desk.done(received, "acceptance")
    decided = await desk.decided(accepted)
    identifier = await desk.holds(SHOP, FOOD_LICENCE, "A1", case_id=decided["application_id"])
    handing = {"method": "COLLECTION", "recipient_name": "李四", "recipient_relation": "代理人"}
    path = f"/cases/{decided['case_no']}/hand-over"
    concluded = await desk.post(path, desk.hand_over_clerk, handing, version=decided["version"])

    assert concluded.status_code == 201, concluded.text
    assert concluded.json()["state"] == "CONCLUDED"
    assert concluded.json()["hand_over"]["documents"] == [paper_number(decided), identifier]
    assert accepted["promised_due"] is not None
    assert received["case_no"].startswith("11431202006100029C4")
    assert len(received["case_no"]) == 43


async def test_events_of_an_application_are_numbered_without_gaps(desk: Desk) -> None:
    decided = await desk.decided(await desk.accepted("P07"))
    path = f"/cases/{decided['case_no']}/hand-over"
    handing = {"method": "EXPRESS", "recipient_name": "张三", "tracking_no": "SF1234567890"}

    handed = await desk.post(path, desk.hand_over_clerk, handing, version=decided["version"])

    assert handed.status_code == 201, handed.text
    events = await desk.events(decided["application_id"])
    assert [(version, subject) for version, subject, _ in events] == [
        (1, "intake.application.submitted.v1"),
        (2, "intake.application.received.v1"),
        (3, "intake.application.accepted.v1"),
        (4, "intake.result.handed_over.v1"),
        (5, "intake.case.concluded.v1"),
    ]
