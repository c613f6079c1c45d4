"""P04 离婚登记: thirty calendar days to think it over, then thirty to come again together; silence is withdrawal."""

from datetime import datetime, time, timedelta

from demo.api import eventually, expect
from demo.life import Life
from deploy.local.travel import SHANGHAI
from tests.support.day_walk import days_after, next_open
from tests.support.journeys import PATIENCE_SECONDS, Town
from tests.support.steps import act_in, act_on, application, examination, printed, refused

GRANT = {"outcome": "GRANTED"}


async def test_art_1077_who_comes_again_within_the_second_window_is_divorced(town: Town) -> None:
    received_on = town.office_opens()
    life, both = await _applied_together(town, 1)
    cooled_on = days_after(received_on, 30)
    window = life.application["window"]
    assert (window["waiting"], window["waiting_until"]) == ("冷静期", {"on": str(cooled_on), "provisional": False})
    assert (window["name"], window["opens_on"]) == ("申领期", str(cooled_on + timedelta(days=1)))
    assert window["closes"] == {"on": str(days_after(cooled_on, 30)), "provisional": False}
    due = days_after(received_on, 60)
    decision = await town.clock_until(life.case_no, "DECISION", state="RUNNING", started_on=received_on, due=due)
    assert "60日（自然日）" in decision["why"]["zh"]
    coming = await town.clock_until(life.case_no, "CLAIM", state="RUNNING", due=window["closes"]["on"])
    assert (coming["whose"], coming["article"]) == ("APPLICANT", "民法典第1077条第2款")
    assert f"自{window['opens_on']}起可以办理申领期" in coming["why"]["zh"]

    # Nothing is decided while they think it over, and they cannot come too early; the last day belongs to the window.
    clerk = await town.hall.person("clerk1")
    chief = await town.officer("CHIEF_REPRESENTATIVE", "P04")
    await life.examine()
    for day in (received_on, cooled_on):
        town.to(day)
        refused(await act_in(chief, life, "decision", GRANT), "approval.outside-window")
        refused(await act_on(clerk, life, "claim", both), "intake.outside-window")

    # They come on the first working day of the second window.
    opens_on = next_open(cooled_on + timedelta(days=1))
    town.to(opens_on)
    refused(await act_in(chief, life, "decision", GRANT), "approval.outside-window")
    refused(await act_on(clerk, life, "claim", {"persons": []}), "platform.invalid")
    seen = expect(await act_on(clerk, life, "claim", both), 201, "claim")
    assert seen["window"]["persons"] == both["persons"]
    refused(await act_on(clerk, life, "claim", both), "intake.already-claimed")
    await town.clock_until(life.case_no, "CLAIM", state="MET")
    await _divorced(town, life)
    await town.clock_until(life.case_no, "DECISION", state="MET", due=due)
    papers = await town.papers(life.case_no, "GRANT_DECISION", "PROOF_OF_SERVICE", certificates=1)
    assert papers["certificates"][0]["type_name"] == "离婚证"
    watched = await town.watched(life.case_no, "intake.case.concluded.v1")
    assert (watched["lights"], watched["differences"]) == ([], [])


async def test_art_1077_who_does_not_come_again_has_withdrawn(town: Town) -> None:
    received_on = town.office_opens()
    life, both = await _applied_together(town, 2)
    closes_on = days_after(days_after(received_on, 30), 30)

    # The last day of the second window is still theirs; with its end the law withdraws the application.
    town.to(closes_on, time(23, 30))
    await town.breathe()
    await application(town, life, state="ACCEPTED")
    midnight = datetime.combine(closes_on + timedelta(days=1), time(), SHANGHAI)
    town.to(midnight.date(), time(0, 10))
    seen = await application(town, life, state="WITHDRAWN")
    assert datetime.fromisoformat(seen["withdrawn_at"]) == midnight
    assert "视为撤回" in seen["withdrawal_reason"]

    clerk, handler = await town.hall.person("clerk1"), await town.officer("HANDLER", "P04")
    refused(await act_on(clerk, life, "claim", both), "intake.wrong-state")
    await examination(handler, life, state="WITHDRAWN")
    refused(await act_in(handler, life, "opinions", {"recommendation": "GRANT", "text": "可"}), "approval.wrong-state")
    paper = await printed(town, life, "WITHDRAWAL_CONFIRMATION")
    assert "视为撤回" in paper
    papers = await town.papers(life.case_no, "RECEIPT", "ACCEPTANCE_NOTICE")
    assert papers["certificates"] == []
    # They missed it; the body, which could decide nothing, missed nothing and no lamp is lit.
    await town.clock_until(life.case_no, "CLAIM", state="MISSED", due=closes_on)
    await town.clock_until(life.case_no, "DECISION", state="ENDED", due=days_after(received_on, 60))
    watched = await town.watched(life.case_no, "approval.case.withdrawn.v1")
    assert (watched["lights"], watched["differences"]) == ([], [])


async def test_art_1077_one_of_them_takes_the_application_back_while_they_think_it_over(town: Town) -> None:
    received_on = town.office_opens()
    life, both = await _applied_together(town, 3)
    clerk, wife = await town.hall.person("clerk1"), await town.hall.person(life.who.username)

    town.to(days_after(received_on, 12))
    expect(await act_on(wife, life, "withdrawal", {"reason": "不愿离婚"}), 201, "withdrawal")
    refused(await act_on(clerk, life, "claim", both), "intake.wrong-state")
    await town.clock_until(life.case_no, "DECISION", state="ENDED", due=days_after(received_on, 60))
    watched = await town.watched(life.case_no, "intake.application.withdrawn.v1", "approval.case.withdrawn.v1")
    assert watched["lights"] == []


async def _applied_together(town: Town, citizen: int) -> tuple[Life, dict[str, list[str]]]:
    """At the counter, in person; who stands there again later."""
    life = town.life("P04", town.hall.citizen(citizen))
    await life.submit()
    await life.receive()
    await life.accept()
    return life, {"persons": [life.who.applicant["name"], "配偶甲"]}


async def _divorced(town: Town, life: Life) -> None:
    """Decided once approval has heard that they came; handed over at once."""
    handler = await town.officer("HANDLER", "P04")
    chief = await town.officer("CHIEF_REPRESENTATIVE", "P04")

    async def decided() -> bool | None:
        answer = await act_in(chief, life, "decision", GRANT)
        if answer.status_code != 201:
            refused(answer, "approval.outside-window")
        return True if answer.status_code == 201 else None

    await eventually(decided, "decided after the claim", PATIENCE_SECONDS)
    await examination(handler, life, state="DECIDED")
    await life.hand_over("COLLECTION")
