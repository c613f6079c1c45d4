"""A year loaded by intake is heard: receipts explain their dates with it, in any order of the batch."""

from datetime import UTC, date, datetime

from contracts.events import intake
from contracts.events.common import DueDate
from contracts.events.examples import examples
from services.certificate.files.contents import Receipt, load_job
from tests.support.certificate import Library

LAST_OF_2026 = datetime(2026, 12, 31, 4, tzinfo=UTC)


def the_year_2027() -> intake.CalendarLoaded:
    example = examples()[intake.CalendarLoaded.SUBJECT]
    assert isinstance(example, intake.CalendarLoaded)
    days = [intake.CalendarDay(on=date(2027, 1, day), name="元旦", works=False) for day in (1, 2, 3)]
    return example.model_copy(update={"year": 2027, "revision": 1, "days": tuple(days)})


async def test_a_receipt_names_the_holidays_of_a_year_loaded_after_the_program_was_shipped(library: Library):
    case = library.a_case()
    due = DueDate(on=date(2027, 1, 8))
    received = case.received().model_copy(update={"received_at": LAST_OF_2026, "notice_due": due})

    await library.hear(received, the_year_2027())

    (row,) = await library.rows("SELECT contents_sealed FROM paper WHERE case_id = :id", id=case.id)
    paper = load_job(library.kit.open_contents(row.contents_sealed)).contents
    assert isinstance(paper, Receipt)
    notice = paper.due_dates[0]
    assert (notice.on, notice.provisional) == (date(2027, 1, 8), False)
    assert "元旦放假" in notice.why
