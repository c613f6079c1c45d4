"""Fixtures of certificate: one running app per test module."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from contracts.events.common import Outcome
from contracts.events.intake import CaseConcluded
from services.chassis import clock
from tests.support.certificate import Library, environment, running


@pytest.fixture(scope="module")
def certificate_environment(
    database_url: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    return environment(tmp_path_factory.mktemp("certificate"), database_url("certificate"))


@pytest.fixture(scope="module")
async def library(certificate_environment: dict[str, str]) -> AsyncIterator[Library]:
    async with running(certificate_environment) as service:
        yield service


@pytest.fixture(scope="module")
def ended(library: Library) -> Callable[[dict[str, Any]], Awaitable[None]]:
    """Ends the case of a certificate's row: its result was handed over."""

    async def end(row: dict[str, Any]) -> None:
        told = {"application_id": row["case_id"], "case_no": row["case_no"], "outcome": Outcome.GRANTED}
        await library.hear(CaseConcluded(**told, concluded_at=clock.now()))

    return end
