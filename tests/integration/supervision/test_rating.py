"""Rating a service: once, after conclusion, by the applicant's side."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from tests.support.supervision import AGENT_KEY, APPLICANT_KEY, Story, Supervision


async def test_the_applicant_rates_once_and_the_figure_follows(supervision: Supervision) -> None:
    story = await supervision.tell(Story.whole())

    answer = await supervision.rate(story, supervision.applicant, comment="很快，谢谢")

    assert answer.status_code == 201, answer.text
    assert (answer.json()["satisfaction"], answer.json()["label"]) == ("VERY_SATISFIED", "非常满意")
    shown = (await supervision.case(story))["rating"]
    assert (shown["satisfaction"], shown["comment"]) == ("VERY_SATISFIED", "很快，谢谢")
    again = await supervision.rate(story, supervision.applicant, satisfaction="DISSATISFIED")
    assert (again.status_code, again.json()["code"]) == (409, "supervision.already-rated")
    ((version, subject),) = await supervision.rows("SELECT aggregate_version, subject FROM outbox")
    assert (version, subject) == (1, "supervision.rating.given.v1")
    figures = await supervision.get("supervision/statistics", supervision.supervisor, department=story.department)
    assert [(item["ratings"], item["satisfaction_rate"]) for item in figures.json()["items"]] == [(1, 1.0)]


async def test_the_same_key_gets_the_same_answer(supervision: Supervision) -> None:
    story, key = await supervision.tell(Story.whole()), str(uuid4())

    first = await supervision.rate(story, supervision.applicant, key=key)
    second = await supervision.rate(story, supervision.applicant, key=key)

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert second.headers["idempotency-replayed"] == "true"


async def test_ten_ratings_at_once_leave_one(supervision: Supervision) -> None:
    story = await supervision.tell(Story.whole())

    answers = await asyncio.gather(*(supervision.rate(story, supervision.applicant) for _ in range(10)))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9
    assert (await supervision.rows("SELECT count(*) FROM rating"))[0][0] == 1
    assert (await supervision.rows("SELECT count(*) FROM outbox"))[0][0] == 1


async def test_before_conclusion_nothing_can_be_rated(supervision: Supervision) -> None:
    story = await supervision.tell(Story().submitted().received().accepted().opened().decided("2018-10-19 09:00:00"))

    answer = await supervision.rate(story, supervision.applicant)

    assert (answer.status_code, answer.json()["code"]) == (409, "supervision.not-concluded")


@pytest.mark.parametrize(
    ("role", "of", "status"),
    [
        ("CITIZEN", {"subject_key": APPLICANT_KEY, "sub": "x"}, 201),
        ("ENTERPRISE_AGENT", {"acts_for": [APPLICANT_KEY], "sub": "x"}, 201),
        ("CITIZEN", {"subject_key": AGENT_KEY, "sub": "citizen-1"}, 201),
        ("CITIZEN", {"subject_key": "d" * 64, "sub": "citizen-1"}, 403),
        ("CITIZEN", {"subject_key": "d" * 64, "sub": "x"}, 404),
        ("COUNTER_CLERK", {"sub": "citizen-1"}, 403),
        ("SUPERVISOR", {}, 403),
        ("HANDLER", {"org": "11431202006100029C"}, 403),
    ],
)
async def test_only_the_applicants_side_rates(
    supervision: Supervision, role: str, of: dict[str, Any], status: int
) -> None:
    story = await supervision.tell(Story.whole(agent_key=AGENT_KEY))

    answer = await supervision.rate(story, supervision.caller(role, **of))

    assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    "body",
    [{"satisfaction": "5"}, {"satisfaction": 1}, {"comment": "x" * 501}, {"comment": "a\x00b"}, {"stars": 5}],
)
async def test_a_faulty_rating_names_the_field_and_stores_nothing(
    supervision: Supervision, body: dict[str, Any]
) -> None:
    story = await supervision.tell(Story.whole())

    answer = await supervision.rate(story, supervision.applicant, **body)

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"].endswith(next(iter(body)))
    assert await supervision.rows("SELECT * FROM rating") == []


async def test_an_identity_number_in_a_comment_reaches_neither_table_nor_event(supervision: Supervision) -> None:
    story = await supervision.tell(Story.whole())

    answer = await supervision.rate(story, supervision.applicant, comment="号码 431202180001010012 请回电")

    stored = await supervision.rows(
        "SELECT comment FROM rating UNION ALL SELECT convert_from(payload, 'UTF8') FROM outbox "
        "UNION ALL SELECT convert_from(body, 'UTF8') FROM idempotency"
    )
    assert answer.status_code == 422
    assert "431202180001010012" not in answer.text
    assert stored == []
