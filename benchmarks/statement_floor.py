"""The floor of a submission: pgbench sending the statements of one submission to a copy of intake's database.

The values come from a real application of the run, so the rows, indexes and payloads are of the same size.
"""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import asyncpg

from deploy.local.postgres import Postgres, binary_folder
from deploy.local.stack import Stack

DATABASE = "submission_floor"
_TABLES = ("application", "outbox", "idempotency")
_UNIQUE = {"application_id": "uuidv7()", "event_id": "uuidv7()", "key": "uuidv7()::text"}
_GIVEN_BY_SERVER = {"seq", "created_at", "published_at"}
_CLAIM = (
    "SELECT pg_try_advisory_xact_lock(:lock::bigint) AS free, i.request_hash, i.status, i.headers, i.body "
    "FROM (SELECT 1) AS one LEFT JOIN idempotency i ON i.caller = 'x' AND i.key = :lock::text;"
)


def pgbench() -> Path | None:
    """Beside the server's programs, or installed on the machine."""
    for folder in (str(binary_folder()), *os.environ.get("PATH", "").split(os.pathsep), "/usr/lib/postgresql/18/bin"):
        if (found := Path(folder) / "pgbench").exists():
            return found
    return None


def measure(stack: Stack, folder: Path, *, seconds: float, clients: int) -> float:
    """Transactions a second of: claim the key, insert the application, its event and the stored answer, commit."""
    program, server = pgbench(), stack.postgres
    if program is None or server is None:
        raise RuntimeError("pgbench or the embedded PostgreSQL is missing")
    script = folder / "submission.sql"
    script.write_text(asyncio.run(_script(stack.database_url("intake"))), "utf-8")
    _copy_schema(stack, server)
    command = [str(program), "-n", "-M", "prepared", "-c", str(clients), "-j", "1", "-T", str(int(seconds))]
    command += ["-f", str(script), server.url("intake_app", DATABASE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.search(r"tps = ([0-9.]+)", done.stdout)
    if done.returncode != 0 or found is None:
        raise RuntimeError(f"pgbench: {done.stderr[-500:]}")
    return float(found[1])


def _copy_schema(stack: Stack, server: Postgres) -> None:
    database = server.create_service_database("intake", name=DATABASE)
    environment = os.environ | stack.environment("intake")
    environment |= {"YICHUANG_MIGRATION_DATABASE_URL_INTAKE": database.migrator_url}
    environment |= {"YICHUANG_DATABASE_URL_INTAKE": database.app_url}
    subprocess.run([sys.executable, "-m", "services.intake", "migrate"], env=environment, check=True)


async def _script(url: str) -> str:
    connection = await asyncpg.connect(url)
    try:
        inserts = [await _insert(connection, table) for table in _TABLES]
    finally:
        await connection.close()
    return "\n".join(["\\set lock random(1, 1000000000)", "BEGIN;", _CLAIM, *inserts, "END;\n"])


async def _insert(connection: Any, table: str) -> str:
    """The INSERT that wrote the newest row of a table, with new keys."""
    order = {"application": "application_id", "outbox": "seq", "idempotency": "created_at"}[table]
    row = await connection.fetchrow(f"SELECT * FROM {table} ORDER BY {order} DESC LIMIT 1")
    values = {name: value for name, value in row.items() if name not in _GIVEN_BY_SERVER}
    quoted = [_UNIQUE.get(name) or await _quoted(connection, value) for name, value in values.items()]
    return f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join(quoted)});"


async def _quoted(connection: Any, value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bytes):
        return f"'\\x{value.hex()}'"
    text = await connection.fetchval("SELECT quote_literal($1::text)", str(value))
    # pgbench takes a colon and a letter for one of its variables
    return re.sub(r":(?=[A-Za-z_])", "'||chr(58)||'", str(text))
