"""A library of the first version becomes one of the present version, with its papers, certificates and copies."""

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
    "DROP TABLE withheld_certificate",
    "DROP INDEX co_holder_certificate",
    "ALTER TABLE case_copy DROP COLUMN co_applicants",
    "ALTER TABLE certificate_copy DROP COLUMN leaf_index",
    "UPDATE alembic_version SET version_num = '0001'",
    "INSERT INTO paper (id, version, case_id, case_no, kind, number, body_uscc, body_name, issued_at, contents_sealed)"
    " VALUES (gen_random_uuid(), 1, gen_random_uuid(), 'X', 'RECEIPT', '第1号', 'U', '局', now(), '')",
    "INSERT INTO certificate (id, source_key, version, identifier, certificate_version, type_code, type_name,"
    " number_shown, issuer_uscc, issuer_name, issuer_division, holder_type, holder_name, holder_key, holder_masked,"
    " issued_at, issued_on, valid_from, status, origin, jws_sealed) VALUES (gen_random_uuid(), 'K', 1, '1.2.3', 1, 'T',"
    " '证', 'N', 'U', '局', 'D', 'PERSON', '王小明', 'H', 'M', now(), now(), now(), 'VALID', 'CASE', '')",
    "INSERT INTO co_holder SELECT 'H2', id FROM certificate",
    "INSERT INTO certificate_copy (id, certificate_id, kind, ordinal, purpose, made_at, made_by)"
    " SELECT gen_random_uuid(), id, 'PURPOSE', 1, '办理银行开户', now(), 'A' FROM certificate",
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


async def test_an_older_library_keeps_its_papers_and_copies_and_takes_several_of_a_kind(
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
    assert await run(url, "SELECT copies_to_fill FROM log_state") == ["True"]
    assert await run(url, "SELECT purpose FROM certificate_copy WHERE leaf_index IS NULL") == ["办理银行开户"]
    assert await run(url, "SELECT co_holder.holder_key FROM co_holder JOIN certificate ON id = certificate_id") == [
        "H2"
    ]
