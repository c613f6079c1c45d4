"""JSON of rows is checked as it is read: what somebody wrote into the database by hand is told as an unreadable row."""

from typing import Any

import pytest

from services.certificate.authorisation.tables import authorisation
from services.certificate.columns import Checked
from services.certificate.domain.errors import RowUnreadable
from services.certificate.life.withheld_tables import withheld
from services.certificate.tables import Base, case_copy, certificate_type
from services.chassis.direct import _DIALECT

TABLES = (
    authorisation,
    withheld,
    case_copy,
    certificate_type,
    *(Base.metadata.tables[name] for name in ("caller", "presentation")),
)
COLUMNS = [column for table in TABLES for column in table.columns if isinstance(column.type, Checked)]
LACKING = {"field": "面积", "rule": "required", "detail": "请填写"}


def read(column: Any, value: Any) -> Any:
    """As the driver's values become those of a row."""
    return column.type._cached_result_processor(_DIALECT, None)(value)


@pytest.mark.parametrize("column", COLUMNS, ids=str)
@pytest.mark.parametrize("value", ["x", 1, [1], {"x": 1}, [{"field": 1}], [None]], ids=str)
def test_what_no_version_writes_is_told_with_its_table_and_without_its_value(column: Any, value: Any) -> None:
    with pytest.raises(RowUnreadable, match=f"数据表 {column.table.name} ") as told:
        read(column, value)

    assert told.value.__cause__ is None


@pytest.mark.parametrize("column", COLUMNS, ids=str)
def test_nothing_is_read_only_where_nothing_may_stand(column: Any) -> None:
    if column.nullable:
        assert read(column, None) is None
    else:
        with pytest.raises(RowUnreadable):
            read(column, None)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        (authorisation.c.rights, ["READ", "PRESENT"]),
        (authorisation.c.types, []),
        (withheld.c.lacking, [LACKING]),
    ],
    ids=str,
)
def test_what_was_written_is_read_as_it_is(column: Any, value: Any) -> None:
    assert read(column, value) is value


def test_the_columns_that_readers_take_apart_are_checked() -> None:
    names = ["rights", "types", "lacking", "co_applicants", "document"]
    assert [column.name for column in COLUMNS] == [*names, "types", "fields_shown", "purposes", "shown_fields"]
