"""How figures are derived: quantiles from a histogram, values quoted for pgbench, and the table's words."""

from io import StringIO
from typing import Any

from rich.console import Console

from benchmarks import statement_floor, table
from benchmarks.load import quantiles
from benchmarks.measure import Lag

INFINITY = float("inf")


def test_a_quantile_lies_within_the_bucket_that_holds_it() -> None:
    before = Lag({0.05: 10, 0.1: 10, 0.2: 10, INFINITY: 10})
    after = Lag({0.05: 60, 0.1: 100, 0.2: 110, INFINITY: 110})

    found = after.since(before)

    assert found.events == 100
    assert found.quantile_ms(0.5) == 50
    assert 100 < found.quantile_ms(0.99) < 200


def test_a_quantile_beyond_the_last_bound_is_that_bound() -> None:
    assert Lag({0.1: 1, 0.2: 1, INFINITY: 10}).quantile_ms(0.99) == 200


def test_quantiles_of_few_times_are_times_that_were_measured() -> None:
    assert quantiles([0.003, 0.001, 0.002]) == {"p50_ms": 2.0, "p99_ms": 3.0}


class _Server:
    """Quotes as PostgreSQL does."""

    async def fetchval(self, _: str, value: str) -> str:
        return "'" + value.replace("'", "''") + "'"


async def test_no_value_is_taken_for_a_variable_of_pgbench() -> None:
    quoted = await statement_floor._quoted(_Server(), '{"a":true,"b":"it\'s"}')

    assert quoted == "'{\"a\"'||chr(58)||'true,\"b\":\"it''s\"}'"
    assert await statement_floor._quoted(_Server(), b"\x01") == "'\\x01'"
    assert await statement_floor._quoted(_Server(), None) == "NULL"


def test_the_table_says_that_the_floor_is_missing_and_what_was_not_reached() -> None:
    figures: dict[str, Any] = {
        "gateway": {"gateway": 1000.0, "nginx": None, "ratio": None},
        "lag": {"p50_ms": 40.0, "p99_ms": 300.0, "cases_per_second": 5.0},
        "idle": {"bytes": 2**29, "seconds_to_ready": 9.0},
    }
    console = Console(width=140, record=True, file=StringIO())

    table.show(figures, console)
    text = console.export_text()

    assert "未安装 nginx" in text
    assert text.count("未达到") == 1
    assert "0.50 GiB" in text
