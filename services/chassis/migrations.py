"""Schema changes: Alembic per service, run by the service's migrator role."""

import asyncio
import importlib
import logging
from pathlib import Path
from typing import Any

from alembic import command, context
from alembic.config import Config
from sqlalchemy import Connection, MetaData, pool, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.schema import CreateIndex, CreateTable

from services.chassis.problems import is_lock_timeout
from services.chassis.tables import chassis_metadata, reference

log = logging.getLogger(__name__)

# After a long stop rows of a month without a partition lie in the default one: they move, or its partition could never
# be made. A long read of the outbox (`republish`) would make the lock wait, and every act behind the lock: it gives up.
_PARTITIONS = """
CREATE OR REPLACE FUNCTION outbox_partitions_ahead() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp SET lock_timeout = '3s' AS $$
DECLARE
  month date;
  name text;
  bounds text;
BEGIN
  FOR ahead IN 0..2 LOOP
    month := (date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => ahead))::date;
    name := 'outbox_' || to_char(month, 'YYYY_MM');
    CONTINUE WHEN to_regclass(name) IS NOT NULL;
    bounds := format('FOR VALUES FROM (%L) TO (%L)',
      month || ' 00:00+00', (month + interval '1 month')::date || ' 00:00+00');
    IF to_regclass('outbox_default') IS NULL THEN
      EXECUTE format('CREATE TABLE %I PARTITION OF outbox %s', name, bounds);
    ELSE
      LOCK TABLE outbox_default IN ACCESS EXCLUSIVE MODE;
      CONTINUE WHEN to_regclass(name) IS NOT NULL;  -- made by another one while this one waited
      EXECUTE format('CREATE TABLE %I (LIKE outbox)', name);
      EXECUTE format(
        'WITH moved AS (DELETE FROM outbox_default WHERE created_at >= %L AND created_at < %L RETURNING *) '
        'INSERT INTO %I SELECT * FROM moved',
        month || ' 00:00+00', (month + interval '1 month')::date || ' 00:00+00', name);
      EXECUTE format('ALTER TABLE outbox ATTACH PARTITION %I %s', name, bounds);
    END IF;
  END LOOP;
END $$
"""


def create_chassis_tables(op: Any) -> None:
    """Outbox (monthly partitions), inbox, dead letters, idempotency keys, reference: for a first migration."""
    for table in chassis_metadata.sorted_tables:
        op.execute(str(CreateTable(table).compile(dialect=postgresql.dialect())))
        for index in sorted(table.indexes, key=lambda i: str(i.name)):
            op.execute(str(CreateIndex(index).compile(dialect=postgresql.dialect())))
    op.execute(_PARTITIONS)
    op.execute("SELECT outbox_partitions_ahead()")
    # What falls outside every month must still be taken: a row is never refused for want of a partition.
    op.execute("CREATE TABLE outbox_default PARTITION OF outbox DEFAULT")


def create_tables(op: Any, metadata: MetaData) -> None:
    """The service's own tables as they are declared at this revision (first migration only)."""
    for table in metadata.sorted_tables:
        op.execute(str(CreateTable(table).compile(dialect=postgresql.dialect())))
        for index in sorted(table.indexes, key=lambda i: str(i.name)):
            op.execute(str(CreateIndex(index).compile(dialect=postgresql.dialect())))


def upgrade(service: str, url: str) -> None:
    """Bring a service's database to the newest revision and let its app role use it. Not inside a running loop."""
    command.upgrade(_config(service, url), "head")


def _config(service: str, url: str) -> Config:
    package = importlib.import_module(f"services.{service}")
    assert package.__file__ is not None
    config = Config()
    config.set_main_option("script_location", str(Path(package.__file__).parent / "migrations"))
    config.attributes["url"] = url
    config.attributes["service"] = service
    return config


def run_env() -> None:
    """What every service's `migrations/env.py` calls."""
    asyncio.run(_upgrade_online())


async def _upgrade_online() -> None:
    url = str(context.config.attributes["url"]).replace("postgresql://", "postgresql+asyncpg://", 1)
    engine = create_async_engine(url, poolclass=pool.NullPool)
    try:
        async with engine.connect() as connection:
            # Two migration jobs at once: the second waits and finds nothing to do.
            await connection.execute(text("SELECT pg_advisory_lock(hashtext('migrations'))"))
            await connection.commit()
            await connection.run_sync(_run)
            await connection.execute(text("SELECT pg_advisory_unlock(hashtext('migrations'))"))
            await connection.commit()
    finally:
        await engine.dispose()


def _run(connection: Connection) -> None:
    context.configure(connection=connection, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
    # Came after the first release of the chassis tables: a database made before it gets it here.
    connection.execute(CreateTable(reference, if_not_exists=True))
    connection.execute(text(_PARTITIONS))
    try:
        with connection.begin_nested():
            connection.execute(text("SELECT outbox_partitions_ahead()"))
    except DBAPIError as error:
        if not is_lock_timeout(error):
            raise
        log.warning("partitions: somebody reads the outbox; the worker makes them within the hour")
    _grant(connection, f"{context.config.attributes['service']}_app")
    connection.commit()


def _grant(connection: Connection, role: str) -> None:
    if not connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role}):
        return
    for statement in (
        f'GRANT USAGE ON SCHEMA public TO "{role}"',
        f'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO "{role}"',
        f'GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO "{role}"',
        f'GRANT EXECUTE ON FUNCTION outbox_partitions_ahead() TO "{role}"',
    ):
        connection.execute(text(statement))
