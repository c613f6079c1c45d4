"""Rules of the house that no linter knows: size budgets, who commits, what the chassis may say, who prints."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LONGEST_FILE = 400
LONGEST_FUNCTION = 40
# A journey is told from its beginning to its end: cut into pieces it reads worse, and nobody calls the pieces.
JOURNEYS = ROOT / "tests" / "e2e" / "journeys"
OURS = ("services", "gateway", "contracts", "tools", "deploy", "demo", "benchmarks")

# Words of the domain (design, names). The chassis serves any service; a domain word there is a layer turned over.
DOMAIN_WORDS = (
    "citizen|applicant|application|certificate|approval|intake|supervision|catalogue|uscc|acceptance|accepted|"
    "supplement|department|township|licence|receipt|opinion|refusal|rating|handler|officer|bundle|holder"
)
# What only sounds like the domain: media types, HTTP and TLS words, the loop's own names.
INNOCENT = re.compile(
    r"application/|TLS certificate|asgi application|exception_handler|handlers?\b(?!s of)", re.IGNORECASE
)


def _files(*folders: str) -> Iterator[Path]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "versions" not in path.parts or "migrations" not in path.parts:
                yield path


def _id(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


@cache
def _nodes(path: Path) -> list[ast.AST]:
    """All of them; parsed and walked once for all rules."""
    return list(ast.walk(_tree(path)))


def _functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in _nodes(path):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_files_and_functions_stay_within_the_size_budget() -> None:
    too_long = []
    for path in _files(*OURS, "tests", ".ci"):
        lines = path.read_text("utf-8").count("\n")
        if lines > LONGEST_FILE:
            too_long.append(f"{_id(path)}: {lines} lines")
        for function in () if path.parent == JOURNEYS else _functions(path):
            length = (function.end_lineno or function.lineno) - function.lineno + 1
            if length > LONGEST_FUNCTION:
                too_long.append(f"{_id(path)}:{function.lineno} {function.name}: {length} lines")

    assert not too_long, "\n".join(too_long)


def test_every_file_says_in_its_first_line_what_lives_there() -> None:
    silent = [
        _id(path)
        for path in _files(*OURS, "tests")
        if path.read_text("utf-8").strip() and ast.get_docstring(_tree(path)) is None
    ]

    assert not silent, "\n".join(silent)


def test_nobody_commits_outside_the_chassis() -> None:
    committing = []
    for path in _files("services", "gateway"):
        if "chassis" in path.parts:
            continue
        for node in _nodes(path):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit":
                committing.append(f"{_id(path)}:{node.lineno}")

    assert not committing, "\n".join(committing)


def test_the_chassis_has_no_words_of_the_domain() -> None:
    spoken = []
    for path in _files("services/chassis"):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            found = re.search(rf"(?<![A-Za-z])({DOMAIN_WORDS})(?![a-z])", INNOCENT.sub("", line), re.IGNORECASE)
            if found:
                spoken.append(f"{_id(path)}:{number}: {found.group()} in {line.strip()}")

    assert not spoken, "\n".join(spoken)


@pytest.mark.parametrize("folder", ["services", "gateway"])
def test_only_commands_print(folder: str) -> None:
    printing = []
    for path in _files(folder):
        if path.name in {"__main__.py", "cli.py", "recovery.py", "command.py"}:
            continue
        for node in _nodes(path):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
                printing.append(f"{_id(path)}:{node.lineno}")

    assert not printing, "\n".join(printing)


def test_nothing_of_the_product_reads_the_clock_past_the_chassis() -> None:
    reading = []
    for path in _files("services", "gateway"):
        if path.relative_to(ROOT).as_posix() in {"services/chassis/clock.py", "services/chassis/telemetry.py"}:
            continue
        for node in _nodes(path):
            if isinstance(node, ast.Attribute) and node.attr in {"now", "today", "utcnow"}:
                owner = node.value
                if isinstance(owner, ast.Name) and owner.id in {"datetime", "date"}:
                    reading.append(f"{_id(path)}:{node.lineno}")

    assert not reading, "\n".join(reading)
