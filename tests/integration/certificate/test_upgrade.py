"""A library of the first version becomes one of the present version, with its papers."""

import asyncio
from collections.abc import Callable

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.local.postgres import ServiceDatabase
from services.chassis import migrations

BACK_TO_0001 = (
    "DROP TABLE log_leaf, log_state, log_head",
    "DROP INDEX paper_case_kind_occasion",
    "ALTER TABLE paper DROP COLUMN occasion, DROP COLUMN jws_sealed",
    "ALTER TABLE paper ADD CONSTRAINT paper_case_kind UNIQUE (case_id, kind)",
    "ALTER TABLE case_copy DROP COLUMN materials",
    "UPDATE alembic_version SET version_num = '0001'",
    "INSERT INTO paper (id, version, case_id, case_no, kind, number, body_uscc, body_name, issued_at, contents_sealed)"
    " VALUES (gen_random_uuid(), 1, gen_random_uuid(), 'X', 'RECEIPT', '第1号', 'U', '局', now(), '')",
)


async def run(url: str, *statements: str) -> list[str]:
    """The first column of what the last statement gives."""
    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"))
    try:
        async with engine.begin() as connection:
            for statement in statements:
                found = await connection.execute(text(statement))
            return [str(row[0]) for row in found] if found.returns_rows else []
    finally:
        await engine.dispose()


async def test_an_older_library_keeps_its_papers_and_takes_several_of_a_kind(
    service_database: Callable[[str], ServiceDatabase],
):
    url = service_database("certificate").migrator_url
    await run(url, *BACK_TO_0001)

    await asyncio.to_thread(migrations.upgrade, "certificate", url)

    assert await run(url, "SELECT occasion FROM paper") == [""]
    same = "version, case_id, case_no, kind, body_uscc, body_name, issued_at, contents_sealed"
    await run(
        url,
        f"INSERT INTO paper (id, occasion, number, {same}) SELECT gen_random_uuid(), '2', '第2号', {same} FROM paper",
    )
    assert await run(url, "SELECT count(*) FROM paper") == ["2"]
