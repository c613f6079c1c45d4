"""Facts of identity. Aggregate: the account (account_id)."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from contracts.events.common import Event


class AccountLocked(Event):
    """Five failed log-ins: the account is closed until `locked_until`."""

    SUBJECT: ClassVar[str] = "identity.account.locked.v1"
    account_id: UUID
    locked_until: datetime
