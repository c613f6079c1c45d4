"""The books after a storm: everything the five databases and JetStream hold, read out and checked against each other.

`faults` is a pure function: what the clients were told, what is on record, and every contradiction between them.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.support.township import Case

Row = Mapping[str, Any]
SERVICES = ("identity", "intake", "approval", "certificate", "supervision")
ACTS = ("submission", "receipt", "acceptance", "opinion", "decision", "hand-over")
# What a granted case leaves in intake's and approval's records, in order.
LIFE = {
    "intake": [
        "intake.application.submitted.v1",
        "intake.application.received.v1",
        "intake.application.accepted.v1",
        "intake.result.handed_over.v1",
        "intake.case.concluded.v1",
    ],
    "approval": ["approval.case.opened.v1", "approval.opinion.written.v1", "approval.case.decided.v1"],
}
PAPERS = {"RECEIPT", "ACCEPTANCE_NOTICE", "GRANT_DECISION", "PROOF_OF_SERVICE"}

QUERIES: Mapping[str, Mapping[str, str]] = {
    "intake": {
        "applications": "SELECT application_id::text, case_no, query_code, state, version, event_no, outcome,"
        " decided_at, concluded_at, item_code FROM application",
        "documents": "SELECT application_id::text, number, kind FROM case_document",
    },
    "approval": {
        "cases": "SELECT id::text, case_no, state, version FROM approval_case",
        "decisions": "SELECT case_id::text, outcome FROM decision",
        "opinions": "SELECT case_id::text FROM opinion",
    },
    "certificate": {
        "certificates": "SELECT id::text, case_id::text, identifier, type_code, number_shown,"
        " extract(year FROM issued_on)::int AS year, version, file_sha256 FROM certificate WHERE origin = 'CASE'",
        "papers": "SELECT id::text, case_id::text, kind, number, body_uscc, version, file_sha256 FROM paper",
    },
    "supervision": {
        "supervised": "SELECT case_id::text, case_no, outcome, submitted_at, received_at, accepted_at, decided_at,"
        " concluded_at FROM supervised_case",
        "timeline": "SELECT case_id::text, event_id::text, subject FROM timeline",
    },
}
OUTBOX = (
    "SELECT event_id::text, subject, aggregate_id::text, aggregate_version AS version,"
    " published_at IS NOT NULL AS published,"
    # a reliance is an aggregate of its own that tells of a case
    " CASE subject WHEN 'intake.certificate.relied_upon.v1' THEN convert_from(payload, 'UTF8')::jsonb ->> 'case_id' END"
    " AS relying_case FROM outbox ORDER BY seq"
)
DEAD = "SELECT consumer, subject, reason FROM dead_letter"


@dataclass
class Books:
    """Rows by service and table, and the messages of each stream."""

    tables: dict[str, list[Row]] = field(default_factory=dict)  # "applications", "decisions", ...
    outboxes: dict[str, list[Row]] = field(default_factory=dict)
    dead_letters: dict[str, list[Row]] = field(default_factory=dict)
    streams: dict[str, list[Row]] = field(default_factory=dict)  # event_id, subject


def faults(history: Sequence[Case], books: Books) -> list[str]:
    """Every contradiction, in words; empty when the books are right."""
    found: list[str] = []
    found += _of_the_bus(books)
    found += _of_chains(books)
    found += _of_numbers(books)
    found += _of_cases(history, books)
    return found


def _of_the_bus(books: Books) -> Iterable[str]:
    for service in SERVICES:
        outbox, stream = books.outboxes.get(service, []), books.streams.get(service, [])
        unsent = [row for row in outbox if not row["published"]]
        if unsent:
            yield f"{service}: {len(unsent)} outbox rows were never sent"
        yield from (f"{service}: dead letter {dict(row)}" for row in books.dead_letters.get(service, []))
        yield from _twice(f"{service}: event twice in the outbox", (row["event_id"] for row in outbox))
        told, written = {row["event_id"] for row in stream}, {row["event_id"] for row in outbox}
        yield from (f"{service}: event {one} is marked sent and not on the bus" for one in sorted(written - told))
        yield from (f"{service}: event {one} is on the bus and not on record" for one in sorted(told - written))


def _of_chains(books: Books) -> Iterable[str]:
    """Each aggregate's versions are 1, 2, 3 … in the order they were written, and the row agrees with the last."""
    for service, outbox in books.outboxes.items():
        chains: dict[str, list[int]] = defaultdict(list)
        for row in outbox:
            chains[row["aggregate_id"]].append(row["version"])
        for aggregate, versions in chains.items():
            if versions != list(range(1, len(versions) + 1)):
                yield f"{service}: chain of {aggregate} is {versions}"
        for name, key, column in _VERSIONED.get(service, ()):
            for row in books.tables.get(name, []):
                if row[column] != len(chains.get(row[key], [])):
                    yield f"{service}: {name} {row[key]} is at {row[column]}, told {chains.get(row[key], [])}"


_VERSIONED = {
    "intake": (("applications", "application_id", "event_no"),),
    "approval": (("cases", "id", "version"),),
    "certificate": (("certificates", "id", "version"), ("papers", "id", "version")),
}


def _of_numbers(books: Books) -> Iterable[str]:
    """Case numbers are unique; numbers of certificates and papers are unique and run without gaps."""
    numbers = [row["case_no"] for row in books.tables["applications"] if row["case_no"]]
    yield from _twice("case number given twice", numbers)
    yield from _gaps("case number", ((number[:39], int(number[39:])) for number in numbers))
    certificates = books.tables["certificates"]
    yield from _twice("certificate identifier twice", (row["identifier"] for row in certificates))
    series = [((row["type_code"], row["year"]), int(row["number_shown"][10:])) for row in certificates]
    yield from _gaps("certificate", series)
    papers = books.tables["papers"]
    yield from _twice("paper number twice", (f"{row['body_uscc']} {row['number']}" for row in papers))
    yield from _gaps("paper", ((_series(row["number"]), _ordinal(row["number"])) for row in papers))


def _of_cases(history: Sequence[Case], books: Books) -> Iterable[str]:
    ends = _Ends(books)
    seen = Counter(case.application_id for case in history if case.application_id)
    yield from (f"{one}: two clients hold one application" for one, times in seen.items() if times > 1)
    for case in history:
        if not case.application_id:
            yield f"case {case.number}: its submission was never acknowledged"
            continue
        for fault in ends.of(case):
            yield f"case {case.number} ({case.application_id}): {fault}"


class _Ends:
    """How each case stands in each service."""

    def __init__(self, books: Books) -> None:
        tables = books.tables
        self.applications = _by(tables["applications"], "application_id")
        self.documents = _by(tables["documents"], "application_id")
        self.cases = _by(tables["cases"], "id")
        self.decisions = _by(tables["decisions"], "case_id")
        self.opinions = _by(tables["opinions"], "case_id")
        self.certificates = _by(tables["certificates"], "case_id")
        self.papers = _by(tables["papers"], "case_id")
        self.supervised = _by(tables["supervised"], "case_id")
        self.timeline = _by(tables["timeline"], "case_id")
        self.told = {service: _by(books.outboxes[service], "aggregate_id") for service in books.outboxes}
        relying = (row for row in books.outboxes.get("intake", []) if row.get("relying_case"))
        self.reliances = _by(relying, "relying_case")

    def of(self, case: Case) -> Iterable[str]:
        key = case.application_id
        if tuple(case.acts) != ACTS:
            yield f"acknowledged only {tuple(case.acts)}"
        yield from self._counts(key)
        yield from self._application(case)
        for service, wanted in LIFE.items():
            told = [row["subject"] for row in self.told[service].get(key, [])]
            if told != wanted:
                yield f"{service} told {told}"
        yield from self._supervision(key)

    def _counts(self, key: str) -> Iterable[str]:
        exactly_one = {
            "application": self.applications,
            "examined case": self.cases,
            "opinion": self.opinions,
            "decision": self.decisions,
            "certificate": self.certificates,
            "supervised case": self.supervised,
        }
        for what, rows in exactly_one.items():
            if len(rows.get(key, [])) != 1:
                yield f"{len(rows.get(key, []))} of {what}"
        kinds = Counter(row["kind"] for row in self.papers.get(key, []))
        if kinds != Counter(PAPERS):
            yield f"papers {dict(kinds)}"
        issued = {row["number"] for row in self.papers.get(key, [])}
        issued |= {row["identifier"] for row in self.certificates.get(key, [])}
        known = {row["number"] for row in self.documents.get(key, [])}
        if known != issued:
            yield f"intake knows documents {sorted(known)}, issued are {sorted(issued)}"

    def _application(self, case: Case) -> Iterable[str]:
        for row in self.applications.get(case.application_id, []):
            if row["state"] != "CONCLUDED" or row["concluded_at"] is None or row["outcome"] != "GRANTED":
                yield f"ended as {row['state']} {row['outcome']}"
            if row["case_no"] != case.case_no:
                yield f"acknowledged as {case.case_no}, stands as {row['case_no']}"
            if row["version"] != case.acts.get("hand-over"):
                yield f"acknowledged at version {case.acts.get('hand-over')}, stands at {row['version']}"
        for row in self.cases.get(case.application_id, []):
            if row["state"] != "DECIDED" or row["case_no"] != case.case_no:
                yield f"examined case is {row['state']}"

    def _supervision(self, key: str) -> Iterable[str]:
        for row in self.supervised.get(key, []):
            empty = [name for name, value in row.items() if value is None]
            if empty or row["outcome"] != "GRANTED":
                yield f"supervision lacks {empty}, outcome {row['outcome']}"
        heard = [row["event_id"] for row in self.timeline.get(key, [])]
        yield from _twice("timeline entry twice", heard)
        aggregates = [key]
        aggregates += [row["id"] for rows in (self.papers, self.certificates) for row in rows.get(key, [])]
        told = {row["event_id"] for by in self.told.values() for one in aggregates for row in by.get(one, [])}
        told |= {row["event_id"] for row in self.reliances.get(key, [])}
        if told != set(heard):
            yield f"supervision missed {len(told - set(heard))} events, invented {len(set(heard) - told)}"


def _by(rows: Iterable[Row], column: str) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[column]].append(row)
    return found


def _twice(what: str, values: Iterable[Any]) -> Iterable[str]:
    return (f"{what}: {value}" for value, times in Counter(values).items() if times > 1)


def _gaps(what: str, numbered: Iterable[tuple[Any, int]]) -> Iterable[str]:
    series: dict[Any, list[int]] = defaultdict(list)
    for name, ordinal in numbered:
        series[name].append(ordinal)
    for name, ordinals in series.items():
        if sorted(ordinals) != list(range(1, len(ordinals) + 1)):
            yield f"{what} numbers of {name} are {sorted(ordinals)}"


def _ordinal(number: str) -> int:
    """The last run of digits of a number such as 鹤…〔2026〕12号."""
    digits = "".join(sign if sign.isdigit() else " " for sign in number).split()
    return int(digits[-1])


def _series(number: str) -> str:
    return number.rstrip("号").rstrip("0123456789")
