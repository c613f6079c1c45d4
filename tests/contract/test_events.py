"""Event contracts: every event has an example that validates, and breaking one does not go unnoticed."""

import copy
import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from contracts.events.examples import examples
from contracts.events.registry import EVENTS
from tools.breaking import breaking_changes
from tools.contracts import broken, drift


@pytest.mark.parametrize("subject", EVENTS)
def test_every_event_has_an_example_that_validates(subject: str) -> None:
    model = EVENTS[subject]
    example = examples()[subject]

    again = model.model_validate_json(example.model_dump_json())
    Draft202012Validator(model.model_json_schema()).validate(json.loads(example.model_dump_json()))

    assert again == example


@pytest.mark.parametrize("subject", EVENTS)
def test_a_field_from_a_newer_producer_is_ignored(subject: str) -> None:
    newer = examples()[subject].model_dump(mode="json") | {"field_of_tomorrow": 1}

    assert EVENTS[subject].model_validate(newer) == examples()[subject]


@pytest.mark.parametrize("subject", EVENTS)
def test_a_subject_is_service_thing_past_verb_and_version(subject: str) -> None:
    service, _, _, version = subject.split(".")

    assert service in {"intake", "approval", "certificate", "supervision", "identity"}
    assert version.startswith("v")


def test_the_committed_contracts_are_what_the_code_says() -> None:
    assert drift() == []


def test_nothing_released_is_broken() -> None:
    assert broken() == []


OLD: dict[str, Any] = {
    "type": "object",
    "properties": {"a": {"type": "string"}, "b": {"enum": ["X", "Y"]}},
    "required": ["a"],
}


def changed(**of: Any) -> dict[str, Any]:
    new = copy.deepcopy(OLD)
    for key, value in of.items():
        if value is None:
            del new["properties"][key]
        else:
            new["properties"][key] = value
    return new


@pytest.mark.parametrize(
    ("new", "breaks"),
    [
        pytest.param(changed(), False, id="nothing changed"),
        pytest.param(changed(c={"type": "string"}), False, id="field added"),
        pytest.param(changed(a=None), True, id="field removed"),
        pytest.param(changed(a={"type": "integer"}), True, id="type changed"),
        pytest.param(changed(b={"enum": ["X"]}), True, id="value removed"),
        pytest.param(OLD | {"required": []}, True, id="no longer always there"),
        pytest.param(None, True, id="whole schema removed"),
    ],
)
def test_a_breaking_change_of_what_we_send_is_found(new: dict[str, Any] | None, breaks: bool) -> None:
    assert bool(breaking_changes("x", OLD, new)) is breaks


def an_api(required: list[str], paths: tuple[str, ...] = ("/a",)) -> dict[str, Any]:
    body = {"content": {"application/json": {"schema": {"type": "object", "required": required}}}}
    return {"openapi": "3.1.0", "paths": {path: {"post": {"requestBody": body}} for path in paths}}


@pytest.mark.parametrize(
    ("new", "breaks"),
    [
        pytest.param(an_api([], ("/a", "/b")), False, id="operation added"),
        pytest.param(an_api(["new"]), True, id="new required field"),
        pytest.param(an_api([], ("/b",)), True, id="operation removed"),
    ],
)
def test_a_breaking_change_of_what_we_take_is_found(new: dict[str, Any], breaks: bool) -> None:
    assert bool(breaking_changes("x", an_api([]), new)) is breaks
