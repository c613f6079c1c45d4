"""Limits that run from receipt start with the day the last supplement came in: no lamp for the days of waiting."""

import pytest

from contracts.events.common import LimitStart
from tests.support.supervision import Story, Supervision, at


@pytest.mark.parametrize("told_at_acceptance", [True, False], ids=["told at acceptance", "only by the supplement"])
async def test_a_supplemented_case_is_neither_late_nor_warned_of(
    supervision: Supervision, told_at_acceptance: bool
) -> None:
    story = Story(promised=5, legal=10, start=LimitStart.RECEIVED).submitted("2018-10-08 09:00:00")
    story.received("2018-10-08 09:30:00").supplement_requested("2018-10-09 09:00:00")
    story.supplement_supplied("2018-10-17 09:00:00", complete=False).supplement_supplied("2018-10-22 09:00:00")
    changes = {"complete_at": at("2018-10-22 09:00:00")} if told_at_acceptance else {}
    await supervision.tell(story.accepted("2018-10-22 10:00:00", **changes))

    await supervision.sweep("2018-10-22 18:00:00")
    case = await supervision.case(story)

    assert await supervision.lights(story) == []
    assert [one["on"] for one in case["dates"]] == ["2018-11-05", "2018-10-29"]
    assert "2018年10月22日" in case["dates"][1]["why"]["zh"]
