"""The notice of one year as every service takes it: the body of a request, and the file of a command."""

from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import PydanticCustomError

from services.kernel.calendar_year import Day
from services.kernel.codes import holds_citizen_id
from services.kernel.printable import unprintable


def _printable(name: str) -> str:
    """It stands in the reason of every date the day has moved."""
    if unprintable(name) or holds_citizen_id(name):
        raise PydanticCustomError("unprintable", "名称中不得包含控制字符、不可见字符、表情或号码")
    return name


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DayIn(_In):
    on: date
    name: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_printable)
    ]
    works: bool = Field(description="true：调休上班；false：放假")

    def day(self) -> Day:
        return Day(self.on, self.name, self.works)


class CalendarIn(_In):
    """The notice of one year: only the days it names, other days follow the week."""

    sources: Annotated[list[Annotated[str, StringConstraints(min_length=1, max_length=500)]], Field(max_length=10)] = (
        Field(description="放假通知的出处")
    )
    days: Annotated[list[DayIn], Field(max_length=200)]

    def named(self) -> list[Day]:
        return [day.day() for day in self.days]


def read_file(document: Any) -> tuple[int, CalendarIn]:
    """The year and its notice out of a file of the shape of holiday-cn: `year`, `papers`, `days`.

    Raises ValueError: it is no such file.
    """
    try:
        days = [{"on": d["date"], "name": d["name"], "works": not d["isOffDay"]} for d in document["days"]]
        return int(document["year"]), CalendarIn.model_validate({"sources": document["papers"], "days": days})
    except (KeyError, TypeError, ValueError, ValidationError) as broken:
        raise ValueError("the file is no notice of a year") from broken
