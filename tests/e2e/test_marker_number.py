"""A citizen's number driven through every way in is found nowhere afterwards: no log, trace, event, name or table."""

import asyncio
from collections.abc import Iterable
from pathlib import Path

import pytest

from demo.hall import Hall
from deploy.local.stack import Stack
from tests.e2e.bad_requests import ask_everywhere, write_everywhere
from tests.e2e.marker import AGENT, MARKER, WRONG, Recorder, Way, import_everywhere, live_everywhere
from tests.support import evidence
from tests.support.otlp import Collector

QUIET_LOOKS = 10
PAUSE_SECONDS = 0.2


async def test_a_citizens_number_is_found_nowhere(stack: Stack, collector: Collector, tmp_path: Path) -> None:
    hall, recorder = Hall.of(stack.gateway_url, stack.accounts), Recorder()
    try:
        said = await asyncio.to_thread(import_everywhere, stack, tmp_path)
        lives = await live_everywhere(hall, recorder)
        await ask_everywhere(hall, recorder)
        await write_everywhere(hall, recorder)
    finally:
        await hall.close()
    await all_spans(collector)

    places = [("the import's own words", said), *answers(recorder), *spans(collector)]
    places += [*evidence.logs(stack), *evidence.stored_files(stack), *evidence.rows(stack)]
    places += [place async for place in evidence.metrics(stack)]
    places += [place async for place in evidence.messages(stack)]

    looked_everywhere(places, lives)
    found = leaks(places, [MARKER, AGENT, WRONG, hall.accounts["citizen2"]["citizen_id"]])
    assert not found, "\n".join(found)


@pytest.mark.parametrize("text", [f"a{MARKER}b", MARKER.lower(), f"\\x{MARKER.encode().hex()}"])
def test_the_search_finds_a_number_that_is_there(text: str) -> None:
    assert leaks([("here", text)], [MARKER])


def leaks(places: Iterable[tuple[str, str]], numbers: Iterable[str]) -> list[str]:
    """Where which form of which number stands; the number itself is not repeated."""
    forms = [
        (f"number {index} {name}", form)
        for index, n in enumerate(numbers)
        for name, form in evidence.forms_of(n).items()
    ]
    return sorted({f"{place}: {name}" for place, text in places for name in evidence.found(text, forms)})


def answers(recorder: Recorder) -> Iterable[tuple[str, str]]:
    """Problem documents whole; of other answers what names things: headers, and the JSON of lists and cases."""
    for answer in recorder.answers:
        text = "\n".join(f"{name}: {value}" for name, value in answer.headers.items() if name != "location")
        kind = answer.headers.get("content-type", "")
        if answer.status_code >= 400 or kind.startswith("application/json"):
            text += answer.text
        route = "/".join("…" if any(c.isdigit() for c in part) else part for part in answer.url.path.split("/")[3:])
        yield f"answer {answer.status_code} {answer.request.method} {route}", text


def spans(collector: Collector) -> list[tuple[str, str]]:
    return [(f"span {span.service} {span.name}", f"{span.name} {span.text}") for span in collector.spans]


async def all_spans(collector: Collector) -> None:
    """Wait until nothing more comes in."""
    quiet, seen = 0, -1
    while quiet < QUIET_LOOKS:
        quiet, seen = (quiet + 1 if len(collector.spans) == seen else 0), len(collector.spans)
        await asyncio.sleep(PAUSE_SECONDS)


def looked_everywhere(places: list[tuple[str, str]], lives: list[Way]) -> None:
    """The marker's cases are where they must be: a search that saw nothing proves nothing."""
    for life in lives:
        held = {name for name, text in places if str(life.application["application_id"]) in text}
        tables = {"intake public.application", "approval public.approval_case", "supervision public.supervised_case"}
        assert {f"table {table}" for table in tables} <= held
        assert {"message INTAKE", "message APPROVAL", "message CERTIFICATE"} <= held
    kinds = {name.partition(" ")[0] for name, _ in places}
    assert kinds >= {"answer", "span", "log", "file", "table", "statements", "metrics", "message"}
