"""Sealed values, cursors and the order of events: pure parts of the frame."""

import base64
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from contracts.events.identity import AccountLocked
from services.chassis import clock
from services.chassis.bus import Incoming
from services.chassis.errors import BadCursor
from services.chassis.ids import uuid7
from services.chassis.inbox import sort_out
from services.chassis.paging import decode_cursor, encode_cursor
from services.chassis.sealing import SealBroken, Sealer

NUMBER = "431202180001010012"


def a_sealer() -> Sealer:
    return Sealer({"k1": b"1" * 32}, b"i" * 32)


def test_a_sealed_value_opens_only_in_its_own_context() -> None:
    sealed = a_sealer().seal(NUMBER, "party-number")

    assert a_sealer().open(sealed, "party-number") == NUMBER
    with pytest.raises(SealBroken):
        a_sealer().open(sealed, "other")


def test_a_changed_sealed_value_does_not_open() -> None:
    raw = bytearray(base64.urlsafe_b64decode(a_sealer().seal(NUMBER, "c")))
    raw[-1] ^= 1

    with pytest.raises(SealBroken):
        a_sealer().open(base64.urlsafe_b64encode(bytes(raw)).decode(), "c")


def test_a_new_key_seals_and_the_old_one_still_opens() -> None:
    old = a_sealer().seal(NUMBER, "c")
    rotated = Sealer({"k1": b"1" * 32, "k2": b"2" * 32}, b"i" * 32)

    assert rotated.open(old, "c") == NUMBER
    with pytest.raises(SealBroken):
        a_sealer().open(rotated.seal(NUMBER, "c"), "c")


def test_the_same_number_sealed_twice_looks_different_and_has_one_index_key() -> None:
    sealer = a_sealer()

    assert sealer.seal(NUMBER, "c") != sealer.seal(NUMBER, "c")
    assert sealer.index_key("PERSON", NUMBER) == sealer.index_key("PERSON", NUMBER)
    assert sealer.index_key("PERSON", NUMBER) != sealer.index_key("ORGANISATION", NUMBER)


def test_an_empty_key_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="密钥"):
        Sealer.load(tmp_path)


def test_a_cursor_comes_back_and_a_changed_one_is_refused() -> None:
    cursor = encode_cursor(b"k" * 32, "2026-03-02", 7)

    assert decode_cursor(b"k" * 32, cursor) == ["2026-03-02", 7]
    for bad in (cursor[:-2] + "AA", "", "%%%", encode_cursor(b"x" * 32, "2026-03-02", 7)):
        with pytest.raises(BadCursor):
            decode_cursor(b"k" * 32, bad)


def test_ids_are_version_7_unique_and_in_time_order() -> None:
    ids = [uuid7() for _ in range(1000)]

    assert {i.version for i in ids} == {7}
    assert len(set(ids)) == 1000
    assert [i.int >> 80 for i in ids] == sorted(i.int >> 80 for i in ids)


def test_the_test_clock_moves_domain_time_only(tmp_path: Path) -> None:
    path = tmp_path / "clock"
    path.write_text("86400")
    clock.use_test_clock(path)

    ahead = clock.now() - clock.real_now()
    clock.use_test_clock(None)

    assert 86390 < ahead.total_seconds() < 86410


def an_event(aggregate: UUID, version: int) -> Incoming:
    noon = datetime(2026, 3, 2, 4, tzinfo=UTC)
    event = AccountLocked(account_id=aggregate, locked_until=noon)
    return Incoming(uuid4(), event.SUBJECT, aggregate, version, event, noon, noon, None, 1)


def test_events_are_sorted_into_line_and_gaps_wait() -> None:
    one, two = uuid4(), uuid4()
    incoming = [an_event(one, 3), an_event(one, 2), an_event(two, 2), an_event(one, 2), an_event(one, 5)]

    fresh, waiting, after = sort_out(incoming, {one: 1})

    assert [(e.aggregate_id, e.version) for e in fresh] == [(one, 2), (one, 3)]
    assert {(e.aggregate_id, e.version) for e in waiting} == {(two, 2), (one, 5)}
    assert after == {one: 3}
