"""Tables every service database has: outbox, inbox, dead letters, idempotency keys, reference documents."""

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID

chassis_metadata = MetaData()

# Rows stay: the outbox is the record, JetStream only the transport. Partitioned by month of created_at.
outbox = Table(
    "outbox",
    chassis_metadata,
    Column("created_at", DateTime(timezone=True), server_default=func.now(), primary_key=True),
    Column("seq", BigInteger, Identity(always=True), primary_key=True),
    Column("event_id", UUID(as_uuid=True), nullable=False),
    Column("subject", Text, nullable=False),
    Column("aggregate_id", UUID(as_uuid=True), nullable=False),
    Column("aggregate_version", Integer, nullable=False),
    Column("occurred_at", DateTime(timezone=True), nullable=False),
    Column("traceparent", Text),
    Column("payload", LargeBinary, nullable=False),
    Column("published_at", DateTime(timezone=True)),
    Index("outbox_unpublished", "seq", postgresql_where=text("published_at IS NULL")),
    Index("outbox_aggregate", "aggregate_id", "aggregate_version"),
    postgresql_partition_by="RANGE (created_at)",
)

# Consumers that take only some subjects claim each event by its id; rows older than the stream are swept.
inbox = Table(
    "inbox",
    chassis_metadata,
    Column("consumer", Text, primary_key=True),
    Column("event_id", UUID(as_uuid=True), primary_key=True),
    Column("handled_at", DateTime(timezone=True), server_default=func.now(), nullable=False),
    Index("inbox_handled_at", "handled_at"),
)

# Contiguous consumers take every event of an aggregate in order: one row holds the last version applied.
inbox_version = Table(
    "inbox_version",
    chassis_metadata,
    Column("consumer", Text, primary_key=True),
    Column("aggregate_id", UUID(as_uuid=True), primary_key=True),
    Column("last_version", Integer, nullable=False),
)

dead_letter = Table(
    "dead_letter",
    chassis_metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("consumer", Text, nullable=False),
    Column("event_id", UUID(as_uuid=True), nullable=False),
    Column("subject", Text, nullable=False),
    Column("aggregate_id", UUID(as_uuid=True)),
    Column("aggregate_version", Integer),
    Column("stream_seq", BigInteger, nullable=False),
    Column("headers", JSONB, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), server_default=func.now(), nullable=False),
    Column("replayed_at", DateTime(timezone=True)),
    UniqueConstraint("consumer", "event_id", name="dead_letter_once"),
)

idempotency = Table(
    "idempotency",
    chassis_metadata,
    Column("caller", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request_hash", LargeBinary, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("headers", JSONB, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", DateTime(timezone=True), server_default=func.now(), nullable=False),
    Index("idempotency_created_at", "created_at"),
)

# Documents that everybody reads and few change (see `reference.py`).
reference = Table(
    "reference",
    chassis_metadata,
    Column("name", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("document", JSONB, nullable=False),
)
