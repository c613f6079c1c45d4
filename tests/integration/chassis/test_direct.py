"""Core statements on the driver itself: the same rows, types, counts and errors as the engine gives."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from sqlalchemy import bindparam, delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, InvalidRequestError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from services.chassis import pool
from services.chassis.database import Database
from services.chassis.ids import uuid7
from services.chassis.tables import idempotency, inbox, reference
from tests.support.events import chassis_database
from tests.support.stack import Databases


@pytest.fixture
async def database(databases: Databases) -> AsyncIterator[Database]:
    database = Database(chassis_database(databases.server, "supervision").app_url, pool_size=1)
    yield database
    await database.close()


def a_document(**more: object) -> dict[str, object]:
    return {"name": str(uuid4()), "key": "k", "revision": 1, "document": {"证": ["a", None, 1]}} | more


async def test_values_come_back_by_name_and_by_column_in_their_types(database: Database) -> None:
    written = a_document()

    async with database.transaction() as uow:
        await uow.connection.execute(insert(reference), written)
        found = await uow.connection.execute(select(reference).where(reference.c.name == written["name"]))
        row = found.one()

    assert row.document == row._mapping[reference.c.document] == {"证": ["a", None, 1]}
    assert row._mapping["revision"] == 1


async def test_a_statement_made_again_with_other_values_answers_for_those(database: Database) -> None:
    first, second = a_document(), a_document(revision=2)

    async with database.transaction() as uow:
        await uow.connection.execute(insert(reference), [first, second])
        revisions = [
            await uow.connection.scalar(select(reference.c.revision).where(reference.c.name == one["name"]))
            for one in (first, second)
        ]
        both = select(reference.c.name).where(reference.c.name.in_([first["name"], second["name"]]))
        names = set(await uow.connection.scalars(both))
        none = (await uow.connection.scalars(both.where(reference.c.name.in_([])))).all()

    assert revisions == [1, 2]
    assert names == {first["name"], second["name"]}
    assert none == []


async def test_many_sets_of_values_are_written_in_one_go_and_may_answer(database: Database) -> None:
    rows = [{"consumer": "direct", "event_id": uuid7()} for _ in range(3)]

    async with database.transaction() as uow:
        answered = await uow.connection.scalars(insert(inbox).returning(inbox.c.event_id), rows)
        gone = await uow.connection.execute(delete(inbox).where(inbox.c.consumer == "direct"))

    assert set(answered) == {row["event_id"] for row in rows}
    assert gone.rowcount == 3


async def test_an_update_says_how_many_rows_it_met(database: Database) -> None:
    written = a_document()
    change = update(reference).where(reference.c.name == bindparam("which")).values(revision=bindparam("to"))

    async with database.transaction() as uow:
        await uow.connection.execute(insert(reference), written)
        met = await uow.connection.execute(change, {"which": written["name"], "to": 7})
        missed = await uow.connection.execute(change, {"which": "nobody", "to": 7})

    assert (met.rowcount, missed.rowcount) == (1, 0)


async def test_a_broken_rule_of_the_table_is_an_integrity_error_that_quotes_no_value(database: Database) -> None:
    written = a_document(key="11010119000101001X")

    with pytest.raises(IntegrityError) as refused:
        async with database.transaction() as uow:
            await uow.connection.execute(insert(reference), [written, written])

    assert refused.value.orig is not None
    assert "11010119000101001X" not in repr(refused.value.statement)
    assert refused.value.params is None


async def test_a_faulty_statement_is_an_error_of_the_database_and_the_connection_lives_on(database: Database) -> None:
    with pytest.raises(DBAPIError):
        async with database.transaction() as uow:
            await uow.connection.execute(text("SELECT nothing FROM nowhere"))

    async with database.read() as connection:
        assert await connection.scalar(text("SELECT 1")) == 1


async def test_a_text_without_rows_is_empty_however_it_is_asked(database: Database) -> None:
    nothing = text("SELECT name, revision FROM reference WHERE false")

    async with database.read() as connection:
        assert (await connection.scalars(nothing)).all() == []
        assert (await connection.execute(nothing)).mappings().all() == []
        assert (await connection.execute(nothing)).one_or_none() is None
        assert await connection.scalar(nothing) is None


async def test_lists_of_unknown_length_do_not_go_with_many_sets_of_values(database: Database) -> None:
    gone = delete(idempotency).where(idempotency.c.key.in_(bindparam("keys", expanding=True)))

    with pytest.raises(InvalidRequestError):
        async with database.transaction() as uow:
            await uow.connection.execute(gone, [{"keys": ["a"]}, {"keys": ["b"]}])


async def test_whoever_waits_too_long_for_a_connection_is_told(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "_WAIT_SECONDS", 0.05)

    async with database.read(), database.read():
        with pytest.raises(PoolTimeout):
            async with database.read():
                pass

    async with database.read() as connection:
        assert await connection.scalar(text("SELECT 1")) == 1


async def test_a_connection_left_inside_a_transaction_is_not_used_again(database: Database) -> None:
    async with database.read() as connection:
        await connection.exec_driver_sql("BEGIN")
        before = await connection.scalar(text("SELECT pg_backend_pid()"))

    async with database.read() as connection:
        assert await connection.scalar(text("SELECT pg_backend_pid()")) != before


async def test_what_is_counted_after_the_commit_is_not_counted_when_there_is_none(database: Database) -> None:
    counted: list[str] = []

    async with database.transaction() as uow:
        uow.when_committed(lambda: counted.append("committed"))
        before = list(counted)
    with pytest.raises(InvalidRequestError):
        async with database.transaction() as uow:
            uow.when_committed(lambda: counted.append("rolled back"))
            raise InvalidRequestError

    assert (before, counted) == ([], ["committed"])
