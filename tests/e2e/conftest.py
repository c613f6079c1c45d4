"""The whole embedded stack for the journeys: started once per session over an empty folder, real processes."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.stack import Stack
from tests.support.otlp import Collector, collecting

# One machine plays all clients: its address must not run into the limits for strangers.
GENEROUS = {
    "YICHUANG_RATE_LIMIT_PERSON": "1000000",
    "YICHUANG_RATE_LIMIT_SYSTEM": "1000000",
    "YICHUANG_RATE_LIMIT_ADDRESS": "1000000",
}


@pytest.fixture(scope="session")
def collector() -> Iterator[Collector]:
    """Takes the spans of every process of the stack."""
    with collecting() as running:
        yield running


@pytest.fixture(scope="session")
def stack(collector: Collector) -> Iterator[Stack]:
    """A running stack with the real catalogue and demo accounts (`stack.accounts`, `stack.gateway_url`)."""
    folder = Path(tempfile.mkdtemp(prefix="yichuang-e2e-"))
    traced = {
        "YICHUANG_OTLP_ENDPOINT": collector.endpoint,
        "YICHUANG_TRACE_RATIO": "1",
        "OTEL_BSP_SCHEDULE_DELAY": "200",
    }
    running = Stack(folder / "data", preferred_port=None, fast=True, env=GENEROUS | traced)
    try:
        with running:
            yield running
    finally:
        shutil.rmtree(folder, ignore_errors=True)
