"""What an event says about a case, in the terms of supervision."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from contracts.events.common import Actor


@dataclass(frozen=True)
class Fact:
    """`case_id` is None where an event names its case by number only. `detail` holds no personal value.

    `entry` is what the event adds to the ledger of the case's clocks.
    """

    case_id: UUID | None
    case_no: str | None
    at: datetime
    columns: dict[str, Any] = field(default_factory=dict)
    actor: Actor | None = None
    detail: dict[str, Any] | None = None
    entry: dict[str, Any] | None = None
