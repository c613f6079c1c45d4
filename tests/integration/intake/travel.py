"""Time travel for tests of intake: move the clock, let the law act, load a calendar."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest

from services.chassis import clock
from services.chassis.database import Database
from services.intake.commands.by_law import ByLaw
from services.intake.settings import settings
from services.kernel.time_limit import end_of


class Travel:
    """Domain time as a test wants it; it only ever moves by hand."""

    def __init__(self, path: Path, database: Database) -> None:
        self.path, self.database = path, database
        self.by_law = ByLaw(settings())

    def to(self, moment: datetime) -> None:
        offset = (moment - clock.real_now()).total_seconds()
        self.path.write_text(str(offset))

    def to_day(self, day: date, hour: int = 9) -> None:
        self.to(datetime.combine(day, time(hour), clock.SHANGHAI))

    def after(self, day: date, seconds: float = 1) -> None:
        """So many seconds after the end of a day; negative ones are before it."""
        self.to(end_of(day) + timedelta(seconds=seconds))

    async def law_acts(self) -> None:
        """One run of the timer."""
        await self.by_law(self.database, clock.now())


@pytest.fixture
def travel(tmp_path: Path, database: Database) -> Iterator[Travel]:
    path = tmp_path / "offset"
    path.write_text("0")
    clock.use_test_clock(path)
    yield Travel(path, database)
    clock.use_test_clock(None)
