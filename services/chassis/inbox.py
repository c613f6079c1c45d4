"""What a consumer has already applied: by event id, or by aggregate version for contiguous consumers."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ARRAY, bindparam, text
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.chassis.bus import Incoming, NotYet
from services.chassis.tables import dead_letter, inbox

_IDS = bindparam("ids", type_=ARRAY(PG_UUID(as_uuid=True)))
_CLAIM_BY_ID = text(
    "INSERT INTO inbox (consumer, event_id) SELECT :consumer, unnest(:ids) ON CONFLICT DO NOTHING RETURNING event_id"
).bindparams(_IDS)
_LOCK_VERSIONS = text(
    "SELECT aggregate_id, last_version FROM inbox_version WHERE consumer = :consumer AND aggregate_id = ANY(:ids) "
    "ORDER BY aggregate_id FOR UPDATE"
).bindparams(_IDS)
_ADVANCE = text(
    "INSERT INTO inbox_version (consumer, aggregate_id, last_version) "
    "SELECT :consumer, * FROM unnest(:ids, CAST(:versions AS integer[])) "
    "ON CONFLICT (consumer, aggregate_id) DO UPDATE SET last_version = excluded.last_version "
    "WHERE inbox_version.last_version < excluded.last_version RETURNING aggregate_id"
).bindparams(_IDS)


@dataclass(frozen=True)
class Claim:
    """`fresh` are to be applied now, in order; `waiting` come after a gap; all others were applied before.

    `applied` is the last version applied of each aggregate that waits, nothing when none was.
    """

    fresh: list[Incoming]
    waiting: list[Incoming]
    applied: Mapping[UUID, int] = field(default_factory=dict)


async def claim(connection: AsyncConnection, consumer: str, incoming: Sequence[Incoming], *, contiguous: bool) -> Claim:
    """Claim events for a consumer; the claim commits or rolls back with the effect."""
    if contiguous:
        return await _claim_in_order(connection, consumer, incoming)
    # Sorted: two workers that were given the same events again must not wait for each other in a circle.
    ids = sorted({event.event_id for event in incoming})
    fresh = set((await connection.execute(_CLAIM_BY_ID, {"consumer": consumer, "ids": ids})).scalars())
    chosen = []
    for event in incoming:
        if event.event_id in fresh:
            fresh.discard(event.event_id)
            chosen.append(event)
    return Claim(chosen, [])


async def _claim_in_order(connection: AsyncConnection, consumer: str, incoming: Sequence[Incoming]) -> Claim:
    ids = sorted({event.aggregate_id for event in incoming})
    rows = await connection.execute(_LOCK_VERSIONS, {"consumer": consumer, "ids": ids})
    before: dict[UUID, int] = {row.aggregate_id: row.last_version for row in rows}
    fresh, waiting, after = sort_out(incoming, before)
    if after:
        await _advance(connection, consumer, after)
    return Claim(fresh, waiting, before | after)


def sort_out(
    incoming: Sequence[Incoming], before: Mapping[UUID, int]
) -> tuple[list[Incoming], list[Incoming], dict[UUID, int]]:
    """Pure: which events are next in their aggregate's line, which wait for a gap, and the new last versions."""
    last: dict[UUID, int] = defaultdict(int, before)
    fresh: list[Incoming] = []
    waiting: list[Incoming] = []
    after: dict[UUID, int] = {}
    for event in sorted(incoming, key=lambda e: e.version):
        if event.version <= last[event.aggregate_id]:
            continue
        if event.version == last[event.aggregate_id] + 1:
            last[event.aggregate_id] = after[event.aggregate_id] = event.version
            fresh.append(event)
        else:
            waiting.append(event)
    return fresh, waiting, after


async def _advance(connection: AsyncConnection, consumer: str, after: Mapping[UUID, int]) -> None:
    ids = sorted(after)
    advance = {"consumer": consumer, "ids": ids, "versions": [after[key] for key in ids]}
    moved = (await connection.execute(_ADVANCE, advance)).scalars().all()
    if len(moved) != len(after):
        raise NotYet("another worker applied the same aggregate just now")


async def pass_over(connection: AsyncConnection, consumer: str, aggregate_id: UUID, version: int) -> None:
    """For a contiguous consumer: go on behind an event that will never have an effect.

    Raises NotYet: an earlier event of the aggregate is missing too.
    """
    rows = await connection.execute(_LOCK_VERSIONS, {"consumer": consumer, "ids": [aggregate_id]})
    last = next((row.last_version for row in rows), 0)
    if version > last + 1:
        raise NotYet("an earlier event of the same object is missing")
    if version == last + 1:
        await _advance(connection, consumer, {aggregate_id: version})


async def bury(
    connection: AsyncConnection,
    consumer: str,
    subject: str,
    headers: Mapping[str, Any],
    payload: bytes,
    *,
    stream_seq: int,
    reason: str,
) -> None:
    """Store a dead letter once, open again when it had been closed; one without a readable id gets a new one."""
    row = {
        "consumer": consumer,
        "event_id": _uuid(headers.get("ce-id")) or uuid4(),
        "subject": subject,
        "aggregate_id": _uuid(headers.get("ce-aggregateid")),
        "aggregate_version": int(headers["ce-aggregateversion"])
        if str(headers.get("ce-aggregateversion", "")).isdigit()
        else None,
        "stream_seq": stream_seq,
        "headers": dict(headers),
        "payload": payload,
        "reason": reason,
    }
    again = {"replayed_at": None, "reason": reason, "stream_seq": stream_seq}
    await connection.execute(
        insert(dead_letter).values(row).on_conflict_do_update(constraint="dead_letter_once", set_=again)
    )


def _uuid(value: Any) -> UUID | None:
    try:
        return UUID(str(value))
    except ValueError:
        return None


__all__ = ["Claim", "bury", "claim", "inbox", "pass_over", "sort_out"]
