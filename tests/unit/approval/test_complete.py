"""Limits that run from receipt start when the materials are complete: at receipt, or with the last supplement."""

from datetime import datetime

import pytest

from contracts.events.common import LimitStart, LimitUnit, LimitValue
from services.approval import mapping
from services.kernel.time_limit import CHINA
from tests.support.approval import an_acceptance, an_item

RECEIVED = datetime(2026, 11, 23, 9, 0, tzinfo=CHINA)
SUPPLIED = datetime(2026, 12, 1, 9, 0, tzinfo=CHINA)
ACCEPTED = datetime(2026, 12, 1, 10, 0, tzinfo=CHINA)
LIMIT = LimitValue(value=5, unit=LimitUnit.WORKDAY, start=LimitStart.RECEIVED)


@pytest.mark.parametrize(("complete_at", "start"), [(SUPPLIED, SUPPLIED), (None, RECEIVED)])
def test_the_clock_of_an_acceptance_starts_when_the_materials_were_complete(complete_at, start):
    event = an_acceptance(
        item=an_item(promised_limit=LIMIT), received_at=RECEIVED, accepted_at=ACCEPTED, complete_at=complete_at
    )

    assert mapping.clocks_of_acceptance(event).promised_clock.started_at == start


@pytest.mark.parametrize(("complete_at", "start"), [(SUPPLIED.isoformat(), SUPPLIED), (None, RECEIVED)])
def test_a_stored_case_starts_its_clock_there_too(complete_at, start):
    row = {"received_at": RECEIVED, "complete_at": complete_at, "accepted_at": ACCEPTED}

    clocks = mapping.clocks(row, an_item(legal_limit=LIMIT), [])

    assert clocks.legal_clock.started_at == start
