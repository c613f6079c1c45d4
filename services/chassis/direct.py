"""Runs SQLAlchemy Core statements on the driver itself: compiled once, bound and fetched without the engine between.

SQLAlchemy's asynchronous engine takes five to ten times the processor time of the driver for the same statement
(greenlets, execution contexts, cursors that imitate another interface). What is kept of it is its language: statements,
types, rows and errors are SQLAlchemy's own. ADR 0009 has the figures.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NoReturn

import asyncpg
import orjson
from sqlalchemy import Table, util
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_dbapi, PGDialect_asyncpg
from sqlalchemy.engine import IteratorResult
from sqlalchemy.engine.result import SimpleResultMetaData
from sqlalchemy.exc import DBAPIError, InvalidRequestError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import Executable
from sqlalchemy.sql.compiler import SQLCompiler

Values = Mapping[str, Any]
Processor = Callable[[Any], Any]


def _to_json(value: Any) -> str:
    return orjson.dumps(value).decode()


_DIALECT = PGDialect_asyncpg(json_serializer=_to_json, json_deserializer=orjson.loads)
_DBAPI: Any = PGDialect_asyncpg.import_dbapi()
_DIALECT.dbapi = _DBAPI
_COMPILED: Any = util.LRUCache(1200)
# The rows of a text name its columns; without rows, any place may still be asked for, and nothing is there.
_NO_ROWS = SimpleResultMetaData([f"column{place}" for place in range(64)])
_CALLED_BY_SERVER = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


async def prepare_connection(driver: asyncpg.Connection) -> None:
    """JSON goes out as the text a statement's types made of it, and comes in as values."""
    await driver.set_type_codec("json", encoder=str.encode, decoder=orjson.loads, schema="pg_catalog", format="binary")
    await driver.set_type_codec("jsonb", encoder=_jsonb_out, decoder=_jsonb_in, schema="pg_catalog", format="binary")


def _jsonb_out(text: str) -> bytes:
    return b"\x01" + text.encode()  # version 1 of the binary format


def _jsonb_in(content: bytes) -> Any:
    return orjson.loads(content[1:])


class _Plan:
    """What executing a compiled statement needs, worked out once."""

    __slots__ = ("answers", "bind", "compiled", "defaults", "fetched", "metadata", "sql", "writes")

    def __init__(self, compiled: SQLCompiler) -> None:
        self.compiled = compiled
        self.sql = compiled.string
        self.writes = compiled.isinsert or compiled.isupdate or compiled.isdelete
        columns = compiled._result_columns
        self.answers = bool(columns) or not self.writes
        self.metadata = _metadata(columns) if columns else None
        made = ((place, column.type._cached_result_processor(_DIALECT, None)) for place, column in enumerate(columns))
        self.fetched: list[tuple[int, Processor]] = [(place, value) for place, value in made if value is not None]
        self.bind: list[tuple[str, Processor | None]] | None = None
        if not (compiled.post_compile_params or compiled.literal_execute_params):
            processors: Mapping[str, Any] = compiled._bind_processors
            self.bind = [(name, processors.get(name)) for name in compiled.positiontup or ()]
        self.defaults: list[tuple[str, Any]] = [
            (column.key, column.default or column.onupdate)
            for column in (*compiled.insert_prefetch, *compiled.update_prefetch)
        ]

    def arguments(self, values: Values | None, extracted: Any, collected: Any) -> tuple[str, Iterable[Any]]:
        """The SQL to send and its positional arguments."""
        named = self.compiled.construct_params(values, extracted, escape_names=False, _collected_params=collected)
        for key, default in self.defaults:
            named[key] = default.arg(None) if default.is_callable else default.arg
        if self.bind is not None:
            return self.sql, [p(named[name]) if p is not None else named[name] for name, p in self.bind]
        state = self.compiled._process_parameters_for_postcompile(named)
        processors: Mapping[str, Any] = {**self.compiled._bind_processors, **state.processors}
        every = {**named, **state.parameters}
        names = state.positiontup or ()
        return state.statement, [processors[n](every[n]) if n in processors else every[n] for n in names]


def _metadata(columns: Sequence[Any]) -> SimpleResultMetaData:
    """Values are found by name, by column and by place."""
    objects = [tuple(o for o in column.objects if not isinstance(o, str)) for column in columns]
    return SimpleResultMetaData([column.keyname for column in columns], objects)


class DirectResult(IteratorResult[Any]):
    """Rows that have all been fetched."""

    rowcount = -1
    returns_rows = False


class DirectConnection(AsyncConnection):
    """What repositories call a connection: `execute`, `scalar` and `scalars` of the asynchronous interface, no more.

    Everything else of `AsyncConnection` has nothing to work on here and fails.
    """

    def __init__(self, driver: asyncpg.Connection) -> None:
        self.driver = driver

    async def execute(self, statement: Executable, parameters: Any = None, **_: Any) -> Any:
        """Raises SQLAlchemy's DBAPIError and its kinds, with the driver's error in `orig`."""
        many = parameters if isinstance(parameters, list | tuple) else None
        if many is not None and len(many) == 1:
            parameters, many = many[0], None
        first: Values | None = many[0] if many else parameters
        plan, extracted, collected = _compile(statement, first, many=many is not None)
        if many is not None:
            return await self._execute_many(plan, [plan.arguments(row, extracted, collected) for row in many])
        sql, arguments = plan.arguments(first, extracted, collected)
        try:
            if plan.answers:
                return _result(plan, await self.driver.fetch(sql, *arguments))
            status = await self.driver.execute(sql, *arguments)
        except _CALLED_BY_SERVER as error:
            self._translate(error, sql)
        return _written(int(status.rpartition(" ")[2]))

    async def _execute_many(self, plan: _Plan, calls: list[tuple[str, Iterable[Any]]]) -> Any:
        """All of them in one round trip; either all take effect or none."""
        if plan.bind is None:
            raise InvalidRequestError("many sets of values cannot expand lists")
        arguments = [call for _, call in calls]
        try:
            if plan.answers:
                return _result(plan, await self.driver.fetchmany(plan.sql, arguments))
            await self.driver.executemany(plan.sql, arguments)
        except _CALLED_BY_SERVER as error:
            self._translate(error, plan.sql)
        return _written(-1)

    async def copy(self, table: Table, rows: Sequence[Values]) -> None:
        """Add many rows of one shape by COPY: a few times cheaper than INSERT; the columns not named get their default.

        Raises as `execute` does.
        """
        columns = list(rows[0])
        made = [(name, table.c[name].type._cached_bind_processor(_DIALECT)) for name in columns]
        records = [[p(row[name]) if p is not None else row[name] for name, p in made] for row in rows]
        try:
            await self.driver.copy_records_to_table(table.name, columns=columns, records=records)
        except _CALLED_BY_SERVER as error:
            self._translate(error, f"COPY {table.name}")

    async def scalar(self, statement: Executable, parameters: Any = None, **_: Any) -> Any:
        return (await self.execute(statement, parameters)).scalar()

    async def scalars(self, statement: Executable, parameters: Any = None, **_: Any) -> Any:
        return (await self.execute(statement, parameters)).scalars()

    async def exec_driver_sql(self, statement: str, *_: Any, **__: Any) -> Any:
        try:
            await self.driver.execute(statement)
        except _CALLED_BY_SERVER as error:
            self._translate(error, statement)

    def _translate(self, error: BaseException, sql: str) -> NoReturn:
        """Raises the error as the SQLAlchemy engine would: callers tell kinds of failure apart by it."""
        kinds: Mapping[type, Any] = _DBAPI._asyncpg_error_translate
        kind = next((kinds[ancestor] for ancestor in type(error).__mro__ if ancestor in kinds), None)
        if kind is None:
            raise error
        own = kind(str(error), error)
        own.__cause__ = error
        gone = self.driver.is_closed()
        raised: BaseException = DBAPIError.instance(
            sql, None, own, AsyncAdapt_asyncpg_dbapi.Error, True, connection_invalidated=gone, dialect=_DIALECT
        )
        raise raised from error


def _compile(statement: Any, values: Values | None, *, many: bool) -> tuple[_Plan, Any, Any]:
    compiled, extracted, collected, _ = statement._compile_w_cache(
        _DIALECT, compiled_cache=_COMPILED, column_keys=sorted(values) if values else [], for_executemany=many
    )
    plan: _Plan | None = getattr(compiled, "direct_plan", None)
    if plan is None:
        plan = compiled.direct_plan = _Plan(compiled)
    return plan, extracted, collected


def _result(plan: _Plan, records: Sequence[asyncpg.Record]) -> DirectResult:
    metadata = plan.metadata
    if metadata is None:  # written as text: the rows name the columns
        metadata = SimpleResultMetaData(list(records[0].keys())) if records else _NO_ROWS
    rows = (_row(record, plan.fetched) for record in records) if plan.fetched else iter(records)
    result = DirectResult(metadata, rows)
    result.rowcount = len(records)
    result.returns_rows = metadata is not _NO_ROWS
    return result


def _row(record: asyncpg.Record, fetched: Sequence[tuple[int, Processor]]) -> list[Any]:
    values = list(record)
    for place, value in fetched:
        values[place] = value(values[place])
    return values


def _written(count: int) -> DirectResult:
    result = DirectResult(SimpleResultMetaData([]), iter(()))
    result.rowcount = count
    return result
