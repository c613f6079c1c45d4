"""Who reads what of supervision: cases, lights page by page, figures per department and period."""

from typing import Any

import pytest

from contracts.events.common import Channel, CoApplicant, ItemKind, PartyType
from tests.support.supervision import (
    AGENT_KEY,
    APPLICANT_KEY,
    DISTRICT,
    MARKET,
    POLICE,
    TOWNSHIP,
    Story,
    Supervision,
)

OTHER_DISTRICT = "431203000000"
MINE: list[tuple[str, dict[str, Any]]] = [
    ("CITIZEN", {"subject_key": APPLICANT_KEY}),
    ("CITIZEN", {"sub": "citizen-1"}),
    ("ENTERPRISE_AGENT", {"acts_for": [APPLICANT_KEY]}),
    ("HANDLER", {"org": MARKET}),
    ("CHIEF_REPRESENTATIVE", {"org": MARKET}),
    ("COUNTER_CLERK", {"division": DISTRICT}),
    ("HANDOVER_CLERK", {"division": DISTRICT}),
    ("TOWNSHIP_CLERK", {"division": TOWNSHIP}),
    ("TOWNSHIP_CENTRE", {"division": TOWNSHIP}),
    ("SUPERVISOR", {"division": DISTRICT}),
    ("SUPERVISOR", {"division": "431200000000"}),
    ("PROVINCIAL_PLATFORM", {"division": ""}),
    ("MOBILE_BACKEND", {"sub": "citizen-1"}),
]
OTHERS: list[tuple[str, dict[str, Any]]] = [
    ("CITIZEN", {"subject_key": AGENT_KEY, "sub": "x"}),
    ("CITIZEN", {"subject_key": "", "sub": "x"}),
    ("ENTERPRISE_AGENT", {"acts_for": [AGENT_KEY], "sub": "x"}),
    ("HANDLER", {"org": POLICE}),
    ("HANDLER", {"org": ""}),
    ("CHIEF_REPRESENTATIVE", {"org": POLICE}),
    ("COUNTER_CLERK", {"division": OTHER_DISTRICT}),
    ("HANDOVER_CLERK", {"division": OTHER_DISTRICT}),
    ("TOWNSHIP_CLERK", {"division": "431202201000"}),
    ("TOWNSHIP_CENTRE", {"division": "431202201000"}),
    ("SUPERVISOR", {"division": OTHER_DISTRICT}),
    ("SUPERVISOR", {"division": ""}),
    ("SUPERVISOR", {"division": "%"}),
    ("MOBILE_BACKEND", {"sub": "mobile"}),
]


def a_story(**changes: Any) -> Story:
    of = {"division": TOWNSHIP, "channel": Channel.PROVINCIAL} | changes
    return Story(**of).submitted().received().accepted()


@pytest.mark.parametrize(("role", "of"), MINE)
async def test_a_case_is_shown_within_the_readers_scope(
    supervision: Supervision, role: str, of: dict[str, Any]
) -> None:
    story = await supervision.tell(a_story())

    answer = await supervision.get(f"supervision/cases/{story.case_no}", supervision.caller(role, **of))

    assert answer.status_code == 200, answer.text
    overseer = role in {"SUPERVISOR", "HANDLER", "CHIEF_REPRESENTATIVE"}
    assert (answer.json()["lights"] is not None) is overseer
    assert (answer.json()["timeline"][1]["actor_name"] is not None) is overseer


@pytest.mark.parametrize(("role", "of"), OTHERS)
async def test_outside_the_scope_there_is_no_such_case_light_or_figure(
    supervision: Supervision, role: str, of: dict[str, Any]
) -> None:
    story = await supervision.tell(a_story())
    await supervision.sweep("2018-12-01 08:00:00")
    caller = supervision.caller(role, **of)

    answer = await supervision.get(f"supervision/cases/{story.case_no}", caller)

    assert (answer.status_code, answer.json()["code"]) == (404, "supervision.unknown-case")
    if role in {"SUPERVISOR", "HANDLER", "CHIEF_REPRESENTATIVE"}:
        assert (await supervision.get("supervision/lights", caller)).json()["items"] == []
        figures = await supervision.get("supervision/statistics", caller, **{"from": "2018-01-01"})
        assert figures.json()["items"] == []


async def test_a_channel_of_others_is_closed_to_the_provincial_platform(supervision: Supervision) -> None:
    story = await supervision.tell(a_story(channel=Channel.ONLINE))

    answer = await supervision.get(f"supervision/cases/{story.case_no}", supervision.caller("PROVINCIAL_PLATFORM"))

    assert answer.status_code == 404


@pytest.mark.parametrize("path", ["supervision/lights", "supervision/statistics"])
@pytest.mark.parametrize(
    "role", ["CITIZEN", "COUNTER_CLERK", "PROVINCIAL_PLATFORM", "CATALOGUE_ADMIN", "TOWNSHIP_CLERK"]
)
async def test_lights_and_figures_are_for_overseers(supervision: Supervision, path: str, role: str) -> None:
    assert (await supervision.get(path, supervision.caller(role))).status_code == 403
    assert (await supervision.get(path, {})).status_code == 401


async def test_a_case_nobody_knows_and_a_malformed_number_are_told_apart(supervision: Supervision) -> None:
    unknown = await supervision.get(f"supervision/cases/{'1' * 43}", supervision.supervisor)
    malformed = await supervision.get("supervision/cases/1", supervision.supervisor)

    assert (unknown.status_code, malformed.status_code) == (404, 422)


async def test_lights_come_page_by_page_and_can_be_narrowed(supervision: Supervision) -> None:
    stories = [await supervision.tell(a_story()) for _ in range(4)]
    await supervision.tell(a_story(department=POLICE))
    await supervision.sweep("2018-10-25 08:00:00")
    await supervision.tell(stories[0].opened().decided("2018-10-26 08:00:00"))

    async def found(**params: Any) -> list[dict[str, Any]]:
        answer = await supervision.get("supervision/lights", supervision.supervisor, **params)
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    first = (await supervision.get("supervision/lights", supervision.supervisor, limit=7)).json()
    second = (await supervision.get("supervision/lights", supervision.supervisor, limit=7, cursor=first["next"])).json()
    assert (len(first["items"]), len(second["items"]), second["next"]) == (7, 3, None)
    assert len({line["id"] for line in first["items"] + second["items"]}) == 10
    assert {line["level"] for line in await found(level="YELLOW")} == {"YELLOW"}
    assert len(await found(level="YELLOW")) == 5
    assert len(await found(department=POLICE)) == 2
    assert {line["case_no"] for line in await found(open="false")} == {stories[0].case_no}
    assert len(await found(open="true")) == 8
    assert await found(voided="true") == []
    line = (await found(level="YELLOW", department=MARKET))[0]
    assert (line["label"], line["item_name"], line["promised_due_on"]) == ("黄牌", "食品经营许可（新办）", "2018-10-24")


async def test_a_cursor_that_was_forged_or_is_of_another_list_is_refused(supervision: Supervision) -> None:
    for cursor in ("x", "AAAA", "%00"):
        answer = await supervision.get("supervision/lights", supervision.supervisor, cursor=cursor)
        assert (answer.status_code, answer.json()["code"]) == (400, "platform.bad-cursor")


async def test_an_unknown_level_is_a_problem_naming_the_field(supervision: Supervision) -> None:
    answer = await supervision.get("supervision/lights", supervision.supervisor, level="BLUE")

    assert answer.status_code == 422
    assert "level" in answer.text


async def test_figures_per_department_and_month_follow_their_definitions(supervision: Supervision) -> None:
    in_time = await supervision.tell(Story.whole("2018-10-19 09:00:00"))
    await supervision.tell(Story.whole("2018-10-24 09:00:00"))
    await supervision.tell(Story.whole("2018-11-01 09:00:00"))
    await supervision.tell(Story.whole("2018-10-15 11:00:00", promised=0, legal=0, kind=ItemKind.INSTANT))
    await supervision.tell(Story.whole("2018-10-16 11:00:00", department=POLICE))
    await supervision.tell(Story().submitted().received())

    answer = await supervision.get(
        "supervision/statistics", supervision.supervisor, **{"from": "2018-10-01", "until": "2018-11-30"}
    )

    items = {(item["department"]["uscc"], item["period_from"]): item for item in answer.json()["items"]}
    october, november = items[MARKET, "2018-10-01"], items[MARKET, "2018-11-01"]
    assert [october[name] for name in ("received", "accepted", "decided", "concluded")] == [5, 4, 3, 3]
    assert [november[name] for name in ("received", "accepted", "decided", "concluded")] == [0, 0, 1, 1]
    assert (october["instant_share"], october["on_time_rate"], october["early_rate"]) == (0.3333, 1.0, 0.5)
    assert (november["instant_share"], november["on_time_rate"], november["early_rate"]) == (0.0, 0.0, 0.0)
    assert (october["mean_promised_workdays"], october["mean_used_workdays"]) == (4.6667, 3.6667)
    assert (november["mean_promised_workdays"], november["mean_used_workdays"]) == (7.0, 13.0)
    assert (october["ratings"], october["satisfaction_rate"]) == (0, None)
    assert items[POLICE, "2018-10-01"]["concluded"] == 1
    assert in_time.case_no not in answer.text


async def test_figures_are_cut_at_midnight_in_china(supervision: Supervision) -> None:
    await supervision.tell(Story().submitted("2018-10-31 23:59:58").received("2018-10-31 23:59:59"))
    await supervision.tell(Story().submitted("2018-11-01 00:00:00").received("2018-11-01 00:00:00"))

    async def received(first: str, last: str, period: str) -> list[tuple[str, int]]:
        params = {"from": first, "until": last, "period": period}
        answer = await supervision.get("supervision/statistics", supervision.supervisor, **params)
        return [(item["period_from"], item["received"]) for item in answer.json()["items"]]

    assert await received("2018-10-31", "2018-10-31", "MONTH") == [("2018-10-01", 1)]
    assert await received("2018-10-01", "2018-12-31", "DAY") == [("2018-10-31", 1), ("2018-11-01", 1)]
    assert await received("2018-01-01", "2018-12-31", "QUARTER") == [("2018-10-01", 2)]
    assert await received("2018-01-01", "2018-12-31", "YEAR") == [("2018-01-01", 2)]


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"from": "2018-02-01", "until": "2018-01-01"}, "period.order"),
        ({"from": "2016-01-01", "until": "2018-01-01", "period": "DAY"}, "period.too-long"),
    ],
)
async def test_a_period_that_makes_no_sense_is_refused(
    supervision: Supervision, params: dict[str, str], code: str
) -> None:
    answer = await supervision.get("supervision/statistics", supervision.supervisor, **params)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["code"] == code


async def test_an_officer_sees_the_figures_of_the_own_department_only(supervision: Supervision) -> None:
    await supervision.tell(Story.whole())
    await supervision.tell(Story.whole(department=POLICE))

    answer = await supervision.get(
        "supervision/statistics", supervision.caller("CHIEF_REPRESENTATIVE", org=POLICE), **{"from": "2018-01-01"}
    )

    assert {item["department"]["uscc"] for item in answer.json()["items"]} == {POLICE}


async def test_who_applied_together_with_the_applicant_reads_the_clocks_too(supervision: Supervision) -> None:
    spouse = CoApplicant(
        party_type=PartyType.PERSON, name="李小红", subject_key=AGENT_KEY, masked_number="4*", sealed_number="sealed"
    )
    story = Story(division=TOWNSHIP).submitted().received().accepted(co_applicants=(spouse,))
    await supervision.tell(story)

    reads = supervision.caller("CITIZEN", subject_key=AGENT_KEY, sub="x")
    other = supervision.caller("CITIZEN", subject_key="f" * 64, sub="x")

    assert (await supervision.get(f"cases/{story.case_no}/clocks", reads)).status_code == 200
    assert (await supervision.get(f"cases/{story.case_no}/clocks", other)).status_code == 404
