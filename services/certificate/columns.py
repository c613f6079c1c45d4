"""Columns of several tables: moments, and JSON that is checked as it is read, so that a spoiled row is told as one."""

import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from pydantic import BaseModel, TypeAdapter
from sqlalchemy import Column, DateTime, TypeDecorator
from sqlalchemy.dialects.postgresql import JSONB

from contracts.events.common import CoApplicant
from services.certificate.domain.authorisation import Right
from services.certificate.domain.certificate_type import of_document
from services.certificate.domain.errors import RowUnreadable

log = logging.getLogger(__name__)
Check = Callable[[Any], object]


class Lacking(BaseModel):
    """A field that a certificate waits for."""

    field: str
    rule: str
    detail: str


# What is kept in a column; each raises when it is given something else.
TEXTS: Check = TypeAdapter(list[str]).validate_python
RIGHTS: Check = TypeAdapter(list[Right]).validate_python
CO_APPLICANTS: Check = TypeAdapter(list[CoApplicant]).validate_python
LACKING: Check = TypeAdapter(list[Lacking]).validate_python
TYPE_DOCUMENT: Check = partial(of_document, version=1)


class Checked(TypeDecorator[Any]):
    """JSON of one shape. What somebody wrote into the database otherwise raises RowUnreadable."""

    impl = JSONB
    cache_ok = True

    def __init__(self, table: str, check: Check, *, nullable: bool) -> None:
        super().__init__(none_as_null=nullable)
        self.table, self.check, self.nullable = table, check, nullable

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        if value is None and self.nullable:
            return None
        try:
            self.check(value)
        except (ValueError, TypeError, LookupError, AttributeError):
            log.error("a row of %s cannot be read", self.table)
            told = f"数据表 {self.table} 中有一行被改动，无法读取，请联系平台管理员"
            raise RowUnreadable(told) from None  # the cause would quote what stands in the row
        return value


def checked(table: str, check: Check, *, nullable: bool = False) -> "Column[Any]":
    return Column(Checked(table, check, nullable=nullable), nullable=nullable)


def moment(*, nullable: bool = False) -> "Column[datetime]":
    return Column(DateTime(timezone=True), nullable=nullable)
