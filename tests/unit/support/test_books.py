"""The checker of the books complains about whatever is dropped, doubled, swapped or changed."""

from collections.abc import Callable
from copy import deepcopy

import pytest

from tests.support.books import ACTS, LIFE, PAPERS, SERVICES, Books, Row, faults
from tests.support.township import Case

TYPE = "11431202006100000A001"
BODY = "11431202006100029C"


def a_case(number: int) -> Case:
    acts = dict(zip(ACTS, (1, 2, 3, 2, 3, 5), strict=True))
    return Case(number, application_id=f"case-{number}", case_no=f"{'0' * 39}{number:04d}", acts=acts)


def right_books(history: list[Case]) -> Books:
    names = ("applications", "documents", "cases", "decisions", "opinions", "certificates", "papers", "supervised")
    tables: dict[str, list[Row]] = {name: [] for name in (*names, "timeline")}
    books = Books(tables, _empty(), _empty(), _empty())
    for case in history:
        _write(books, case)
    for service, outbox in books.outboxes.items():
        books.streams[service] = [{"event_id": row["event_id"], "subject": row["subject"]} for row in outbox]
    return books


def _empty() -> dict[str, list[Row]]:
    return {service: [] for service in SERVICES}


def _write(books: Books, case: Case) -> None:
    key, tables = case.application_id, books.tables
    row = {"application_id": key, "case_no": case.case_no, "state": "CONCLUDED", "version": 5, "event_no": 5}
    tables["applications"].append(row | {"outcome": "GRANTED", "concluded_at": "noon"})
    tables["cases"].append({"id": key, "case_no": case.case_no, "state": "DECIDED", "version": 3})
    tables["decisions"].append({"case_id": key})
    tables["opinions"].append({"case_id": key})
    tables["supervised"].append({"case_id": key, "case_no": case.case_no, "outcome": "GRANTED", "concluded_at": "noon"})
    for service, subjects in LIFE.items():
        _tell(books, case, service, key, subjects)
    certificate_id, identifier = f"{key}-certificate", f"1.2.{key}"
    number = f"4312022026{case.number:06d}"
    row = {"id": certificate_id, "case_id": key, "identifier": identifier, "type_code": TYPE, "year": 2026}
    tables["certificates"].append(row | {"number_shown": number, "version": 2, "file_sha256": "x"})
    _tell(books, case, "certificate", certificate_id, ["certificate.issued", "certificate.sealed"])
    documents = [("CERTIFICATE", identifier)]
    for kind in sorted(PAPERS):
        paper = f"{key}-{kind}"
        number = f"鹤{kind}字〔2026〕第{case.number}号"
        row = {"id": paper, "case_id": key, "kind": kind, "number": number, "body_uscc": BODY}
        tables["papers"].append(row | {"version": 1, "file_sha256": None})
        _tell(books, case, "certificate", paper, ["paper.issued"])
        documents.append((kind, number))
    tables["documents"] += [{"application_id": key, "kind": kind, "number": number} for kind, number in documents]


def _tell(books: Books, case: Case, service: str, aggregate: str, subjects: list[str]) -> None:
    for version, subject in enumerate(subjects, start=1):
        event = {"event_id": f"{service}-{aggregate}-{version}", "subject": subject}
        row = {"aggregate_id": aggregate, "version": version, "published": True}
        books.outboxes[service].append(event | row)
        books.tables["timeline"].append({"case_id": case.application_id} | event)


HISTORY = [a_case(1), a_case(2), a_case(3)]
BOOKS = right_books(HISTORY)
Change = Callable[[list[Case], Books], object]


def test_right_books_are_right() -> None:
    assert faults(HISTORY, BOOKS) == []


@pytest.mark.parametrize("table", sorted(BOOKS.tables))
@pytest.mark.parametrize("change", ["dropped", "doubled"])
def test_a_row_dropped_or_doubled_is_noticed(table: str, change: str) -> None:
    books = deepcopy(BOOKS)
    rows = books.tables[table]
    if change == "dropped":
        del rows[len(rows) // 2]
    elif table == "documents":
        rows.append({**rows[0], "number": "another"})
    else:
        rows.append(dict(rows[len(rows) // 2]))

    assert faults(HISTORY, books) != []


@pytest.mark.parametrize("service", ["intake", "approval", "certificate"])
@pytest.mark.parametrize("change", ["dropped", "doubled", "swapped", "unsent", "not on the bus", "only on the bus"])
def test_an_event_dropped_doubled_swapped_or_unsent_is_noticed(service: str, change: str) -> None:
    books = deepcopy(BOOKS)
    outbox, stream = books.outboxes[service], books.streams[service]
    first, second = dict(outbox[0]), dict(outbox[1])
    changes: dict[str, Callable[[], object]] = {
        "dropped": lambda: outbox.pop(1),
        "doubled": lambda: outbox.append(dict(outbox[-1])),
        "swapped": lambda: outbox.__setitem__(
            slice(0, 2), [{**first, "version": second["version"]}, {**second, "version": first["version"]}]
        ),
        "unsent": lambda: outbox.__setitem__(0, {**first, "published": False}),
        "not on the bus": lambda: stream.pop(),
        "only on the bus": lambda: stream.append({"event_id": "phantom", "subject": "x"}),
    }
    changes[change]()

    assert faults(HISTORY, books) != []


def _set(table: str, column: str, value: object) -> Change:
    def change(_: list[Case], books: Books) -> None:
        books.tables[table][1] = {**books.tables[table][1], column: value}

    return change


CHANGES: dict[str, Change] = {
    "a case that is not concluded": _set("applications", "state", "ACCEPTED"),
    "a case without outcome": _set("applications", "outcome", None),
    "another case number": _set("applications", "case_no", "0" * 38 + "10099"),
    "a version nobody was told": _set("applications", "version", 6),
    "a version behind its events": _set("applications", "event_no", 4),
    "an examined case that was not decided": _set("cases", "state", "REVIEWED"),
    "an examined case behind its events": _set("cases", "version", 2),
    "a decision about another case": _set("decisions", "case_id", "case-1"),
    "a certificate number left out": _set("certificates", "number_shown", "4312022026000009"),
    "a certificate identifier twice": _set("certificates", "identifier", "1.2.case-1"),
    "a certificate of another case": _set("certificates", "case_id", "case-1"),
    "a paper of another kind": _set("papers", "kind", "REFUSAL_DECISION"),
    "a paper number left out": _set("papers", "number", "鹤GRANT_DECISION字〔2026〕第9号"),
    "a supervised case without end": _set("supervised", "concluded_at", None),
    "a supervised case with another outcome": _set("supervised", "outcome", "REFUSED"),
    "a timeline entry nobody told": _set("timeline", "event_id", "phantom"),
    "a dead letter": lambda _, books: books.dead_letters["supervision"].append({"reason": "x"}),
    "an act never acknowledged": lambda history, _: history[0].acts.pop("decision"),
    "a submission never acknowledged": lambda history, _: setattr(history[0], "application_id", ""),
    "an acknowledged application that is not there": lambda history, _: setattr(history[0], "application_id", "x"),
    "one application for two clients": lambda history, _: setattr(history[0], "application_id", "case-2"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_contradiction_is_noticed(what: str) -> None:
    history, books = deepcopy(HISTORY), deepcopy(BOOKS)

    CHANGES[what](history, books)

    assert faults(history, books) != []
