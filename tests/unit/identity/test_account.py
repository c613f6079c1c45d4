"""The lockout rule: five failures in a row, thirty minutes."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from services.identity.domain.account import Account, Locked, is_locked, log_in_failed, logged_in, may_log_in

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
SOMEBODY = Account(id=UUID(int=1), username="somebody", name="某人")


def after(failures: int, account: Account = SOMEBODY) -> tuple[Account, list[Locked]]:
    facts: list[Locked] = []
    for _ in range(failures):
        account, more = log_in_failed(account, now=NOON)
        facts += more
    return account, facts


@pytest.mark.parametrize(("failures", "locked"), [(1, False), (4, False), (5, True), (9, True)])
def test_the_fifth_failure_locks(failures: int, locked: bool) -> None:
    account, facts = after(failures)

    assert is_locked(account, now=NOON) is locked
    assert len(facts) == int(locked)


def test_the_lock_lasts_thirty_minutes_and_is_a_published_fact() -> None:
    account, facts = after(5)

    assert facts == [Locked(SOMEBODY.id, NOON + timedelta(minutes=30))]
    assert account.version == SOMEBODY.version + 1
    assert is_locked(account, now=NOON + timedelta(minutes=30) - SECOND)
    assert not is_locked(account, now=NOON + timedelta(minutes=30))


def test_a_failure_while_locked_does_not_lengthen_the_lock() -> None:
    account, _ = after(5)

    again, facts = log_in_failed(account, now=NOON + timedelta(minutes=29))

    assert (again, facts) == (account, [])


def test_after_the_lock_the_count_starts_anew() -> None:
    account, _ = after(5)

    again, facts = log_in_failed(account, now=NOON + timedelta(minutes=31))

    assert (again.failures, again.locked_until, facts) == (1, None, [])


def test_a_second_lock_is_a_second_fact() -> None:
    account, _ = after(5)
    later = NOON + timedelta(hours=1)

    for _ in range(5):
        account, facts = log_in_failed(account, now=later)

    assert facts == [Locked(SOMEBODY.id, later + timedelta(minutes=30))]
    assert account.version == 2


def test_a_right_password_ends_the_row_of_failures() -> None:
    account, _ = after(4)

    account, facts = after(4, logged_in(account))

    assert not is_locked(account, now=NOON)
    assert facts == []


def test_a_disabled_account_may_not_log_in() -> None:
    assert may_log_in(SOMEBODY, now=NOON)
    assert not may_log_in(replace(SOMEBODY, disabled=True), now=NOON)
