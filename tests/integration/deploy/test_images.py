"""What an image holds: the service's own folder and the shared ones, enough to run, and nothing else."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.manifests import DEPLOY, ROOT, SERVICES

SHARED = {"kernel", "chassis"}
MEMBERS = ("gateway", *SERVICES)


def select(service: str, target: Path) -> subprocess.CompletedProcess[str]:
    script = DEPLOY / "select-service.sh"
    return subprocess.run(
        ["sh", str(script), service, str(ROOT), str(target)], capture_output=True, text=True, check=False
    )


def has_commands(service: str) -> bool:
    return (ROOT / ("gateway" if service == "gateway" else f"services/{service}") / "__main__.py").exists()


@pytest.mark.parametrize("service", MEMBERS)
def test_an_image_holds_one_service_and_what_all_share_and_can_run_it(service: str, tmp_path: Path) -> None:
    assert has_commands(service)

    assert select(service, tmp_path).returncode == 0

    own = {service} - {"gateway"}
    assert {path.name for path in (tmp_path / "services").iterdir() if path.is_dir()} - {"__pycache__"} == SHARED | own
    assert {path.name for path in tmp_path.iterdir()} == {"services", "contracts", "run"} | ({service} - own)
    module = "gateway" if service == "gateway" else f"services.{service}"
    assert (tmp_path / "run").read_text() == f'#!/bin/sh\nexec python -m {module} "$@"\n'
    # -P and an empty path: only what the image holds can be imported
    code = f"import sys; sys.path.insert(0, '.'); import {module}.__main__, {module}.main"
    code += "" if service == "gateway" else f", {module}.worker"
    started = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=tmp_path, env={"PATH": ""}, capture_output=True, text=True, check=False
    )
    assert started.returncode == 0, started.stderr


@pytest.mark.parametrize("service", ["", "kernel", "nothing", "../gateway"])
def test_a_build_of_something_that_is_no_service_fails(service: str, tmp_path: Path) -> None:
    assert select(service, tmp_path).returncode != 0


def test_the_dockerfile_installs_the_hashed_lock_and_runs_as_nobody_in_particular() -> None:
    text = (DEPLOY / "Dockerfile").read_text("utf-8")

    assert "--require-hashes" in text
    assert "requirements.lock" in text
    assert re.search(r"^USER 10001:10001$", text, re.M)
    assert not re.search(r"^(ARG|ENV) .*(PASSWORD|SECRET|TOKEN|KEY)", text, re.M)
    final = text.split("\nFROM ")[-1]
    assert "COPY ." not in final
    assert "requirements-dev" not in text


def test_a_build_context_holds_no_keys_tests_or_local_data() -> None:
    lines = (DEPLOY / "Dockerfile.dockerignore").read_text("utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]

    assert rules[0] == "*"
    assert {rule for rule in rules if rule.startswith("!")} == {
        "!requirements.lock",
        "!services",
        "!gateway",
        "!contracts",
        "!deploy/select-service.sh",
    }
    assert {"**/*.key", "**/*.pem", "**/.data"} <= set(rules)
