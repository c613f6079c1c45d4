"""Supervision orders over HTTP: issued, answered once, read by the two sides only, carried by a paper."""

import json
from typing import Any
from uuid import uuid4

import httpx
import pytest

from contracts.events.certificate import PaperIssued, PaperKind, PaperSealed
from services.chassis import clock
from services.chassis.bus import Incoming
from services.chassis.ids import uuid7
from tests.support.supervision import MARKET, POLICE, Story, Supervision, at

CENTRE = {"org": "12431202006100999B", "org_name": "区政务服务中心", "name": "龙正平"}
ORDERS = "supervision/orders"


@pytest.fixture
def supervisor(supervision: Supervision) -> dict[str, str]:
    return supervision.caller("SUPERVISOR", **CENTRE)


@pytest.fixture
def chief(supervision: Supervision) -> dict[str, str]:
    return supervision.caller("CHIEF_REPRESENTATIVE", org=MARKET, org_name="区市场监督管理局", name="周首席")


async def post(
    supervision: Supervision, path: str, who: dict[str, str], body: dict[str, Any], key: str = ""
) -> httpx.Response:
    headers = who | {"Idempotency-Key": key or str(uuid4())}
    return await supervision.http.post(f"/api/v1/{path}", headers=headers, json=body)


def an_order(story: Story, **changes: Any) -> dict[str, Any]:
    order = {"kind": "SUPERVISION_ORDER", "case_no": story.case_no, "rule": "case-time-yellow", "content": "请速办理"}
    return {name: value for name, value in (order | changes).items() if value is not None}


async def a_late_case(supervision: Supervision) -> Story:
    """With a yellow card."""
    story = await supervision.tell(Story().submitted().received().accepted().opened())
    await supervision.sweep("2018-10-24 10:00:01")
    return story


async def told(supervision: Supervision, subject: str) -> list[dict[str, Any]]:
    rows = await supervision.rows(
        "SELECT convert_from(payload, 'UTF8') FROM outbox WHERE subject = :s ORDER BY seq", s=subject
    )
    return [json.loads(payload) for (payload,) in rows]


async def test_an_order_about_a_card_is_issued_answered_and_read_by_both_sides(
    supervision: Supervision, supervisor: dict[str, str], chief: dict[str, str]
) -> None:
    story = await a_late_case(supervision)

    issued = await post(supervision, ORDERS, supervisor, an_order(story), key="once")
    again = await post(supervision, ORDERS, supervisor, an_order(story), key="once")
    order_no = issued.json()["order_no"]
    replied = await post(supervision, f"{ORDERS}/{order_no}/reply", chief, {"content": "已于当日办结"})
    twice = await post(supervision, f"{ORDERS}/{order_no}/reply", chief, {"content": "再次反馈"})

    assert (issued.status_code, again.headers["idempotency-replayed"]) == (201, "true")
    body = issued.json()
    assert (body["label"], body["level"], body["department"]["uscc"]) == ("督办函", "YELLOW", MARKET)
    assert story.case_no in body["finding"]
    assert (replied.status_code, replied.json()["state"], replied.json()["reply"]["late"]) == (201, "REPLIED", False)
    assert (twice.status_code, twice.json()["code"]) == (409, "supervision.already-replied")
    for reader in (supervisor, chief):
        (seen,) = (await supervision.get(ORDERS, reader)).json()["items"]
        assert (seen["order_no"], seen["reply"]["content"]) == (order_no, "已于当日办结")
    (event,) = await told(supervision, "supervision.order.issued.v1")
    assert (event["order_no"], event["level"], event["issued_by"]["organisation"]["name"]) == (
        order_no,
        "YELLOW",
        "区政务服务中心",
    )
    assert [reply["late"] for reply in await told(supervision, "supervision.order.replied.v1")] == [False]


async def test_advice_goes_to_a_department_without_a_case_and_says_what_was_found(
    supervision: Supervision, supervisor: dict[str, str]
) -> None:
    story = await supervision.tell(Story.whole())
    advice = an_order(
        story, kind="SUPERVISION_ADVICE", case_no=None, department=MARKET, rule="R-02", finding="季度考核不合格"
    )

    issued = await post(supervision, ORDERS, supervisor, advice)

    assert issued.status_code == 201, issued.text
    assert (issued.json()["case_no"], issued.json()["level"]) == (None, None)


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"finding": None, "rule": "R-02"}, 422, "supervision.finding-missing"),
        ({"case_no": None, "department": MARKET, "finding": "逾期"}, 422, "supervision.order-needs-case"),
        ({"case_no": "1" * 43}, 404, "supervision.unknown-case"),
        (
            {"kind": "SUPERVISION_ADVICE", "case_no": None, "department": POLICE},
            404,
            "supervision.unknown-department",
        ),
        ({"department": MARKET}, 422, "platform.invalid"),
        ({"content": " "}, 422, "platform.invalid"),
        ({"content": "号码431202180001010012"}, 422, "platform.invalid"),
        ({"reply_within_workdays": 0}, 422, "platform.invalid"),
    ],
)
async def test_a_faulty_order_is_refused_and_takes_no_number(
    supervision: Supervision, supervisor: dict[str, str], changes: dict[str, Any], status: int, code: str
) -> None:
    story = await supervision.tell(Story.whole())

    answer = await post(supervision, ORDERS, supervisor, an_order(story, **changes))

    assert answer.status_code == status, answer.text
    assert code in answer.json()["code"]
    assert await supervision.rows("SELECT * FROM supervision_order") == []


async def test_orders_are_numbered_without_gaps_whatever_fails_between(
    supervision: Supervision, supervisor: dict[str, str]
) -> None:
    story = await a_late_case(supervision)

    numbers = []
    for rule in ("case-time-yellow", "R-99", "case-time-yellow"):
        answer = await post(supervision, ORDERS, supervisor, an_order(story, rule=rule))
        if answer.status_code == 201:
            numbers.append(int(answer.json()["order_no"][6:]))

    assert numbers[1] - numbers[0] == 1


@pytest.mark.parametrize(
    ("role", "of", "seen"),
    [
        ("SUPERVISOR", {}, 1),
        ("SUPERVISOR", {"division": "431202101000"}, 0),
        ("SUPERVISOR", {"division": "431221000000"}, 0),
        ("CHIEF_REPRESENTATIVE", {"org": MARKET}, 1),
        ("HANDLER", {"org": MARKET}, 1),
        ("CHIEF_REPRESENTATIVE", {"org": POLICE}, 0),
        ("CITIZEN", {}, None),
        ("COUNTER_CLERK", {}, None),
    ],
)
async def test_orders_are_read_within_scope_and_answered_by_the_ordered_department_alone(
    supervision: Supervision, supervisor: dict[str, str], role: str, of: dict[str, Any], seen: int | None
) -> None:
    story = await a_late_case(supervision)
    order_no = (await post(supervision, ORDERS, supervisor, an_order(story))).json()["order_no"]
    who = supervision.caller(role, **of)

    listed = await supervision.get(ORDERS, who)
    replied = await post(supervision, f"{ORDERS}/{order_no}/reply", who, {"content": "已办结"})
    issued = await post(supervision, ORDERS, who, an_order(story))

    assert listed.status_code == (403 if seen is None else 200)
    assert seen is None or len(listed.json()["items"]) == seen
    assert replied.status_code == (403 if role != "CHIEF_REPRESENTATIVE" else 201 if seen else 404)
    # a supervisor who belongs to no body cannot issue either, and another division's case is none of his
    assert issued.status_code in ({403, 404} if role == "SUPERVISOR" else {403})


async def test_the_paper_of_an_order_is_known_and_leaves_no_trace_in_the_case(
    supervision: Supervision, supervisor: dict[str, str]
) -> None:
    story = await a_late_case(supervision)
    order_no = (await post(supervision, ORDERS, supervisor, an_order(story))).json()["order_no"]
    before = (await supervision.case(story))["timeline"]
    paper_id, kind = uuid7(), PaperKind.SUPERVISION_ORDER
    named: dict[str, Any] = {"paper_id": paper_id, "kind": kind, "case_no": story.case_no}
    letter = PaperIssued(
        **named, number="鹤政务督字〔2018〕第1号", case_id=story.case_id, issued_at=at("2018-10-25"), order_no=order_no
    )
    sealed = PaperSealed(**named, sha256="0" * 64, sealed_at=at("2018-10-25"))

    now = clock.real_now()
    messages = [
        Incoming(uuid7(), event.SUBJECT, paper_id, version, event, now, now, None, 1)
        for version, event in enumerate((letter, sealed), start=1)
    ]
    waiting = await supervision.hear(*messages)

    (seen,) = (await supervision.get(ORDERS, supervisor)).json()["items"]
    assert waiting == []
    assert (seen["paper_id"], seen["paper_number"]) == (str(paper_id), "鹤政务督字〔2018〕第1号")
    assert (await supervision.case(story))["timeline"] == before
