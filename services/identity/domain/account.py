"""The account: who may act, and the rule that locks it after repeated failures."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

MAX_FAILURES = 5
LOCK_FOR = timedelta(minutes=30)


@dataclass(frozen=True)
class Account:
    """One person's way into the platform. `version` counts the facts published about it."""

    id: UUID
    username: str
    name: str
    roles: tuple[str, ...] = ()
    organisation: str = ""  # uscc of the body, staff only
    organisation_name: str = ""
    division: str = ""
    subject_key: str = ""  # the person's own key; staff have none here
    acts_for: tuple[str, ...] = ()
    failures: int = 0
    locked_until: datetime | None = None
    disabled: bool = False
    version: int = 0


@dataclass(frozen=True)
class Locked:
    """The account is closed until `until`."""

    account_id: UUID
    until: datetime


def is_locked(account: Account, *, now: datetime) -> bool:
    return account.locked_until is not None and now < account.locked_until


def may_log_in(account: Account, *, now: datetime) -> bool:
    return not account.disabled and not is_locked(account, now=now)


def log_in_failed(account: Account, *, now: datetime) -> tuple[Account, list[Locked]]:
    """Count a failure; the fifth in a row closes the account for 30 minutes.

    A failure while the account is closed changes nothing: otherwise anybody could keep somebody out for ever.
    After a lock has run out the count starts anew.

    Source: GB/T 22239-2019 8.1.4.1 (limit of failed attempts); 5 failures and 30 minutes are the issue's figures.
    """
    if is_locked(account, now=now):
        return account, []
    before = 0 if account.locked_until is not None else account.failures
    failures = before + 1
    if failures < MAX_FAILURES:
        return replace(account, failures=failures, locked_until=None), []
    until = now + LOCK_FOR
    locked = replace(account, failures=failures, locked_until=until, version=account.version + 1)
    return locked, [Locked(account.id, until)]


def logged_in(account: Account) -> Account:
    """A right password ends the row of failures."""
    return replace(account, failures=0, locked_until=None)
