"""A marker number driven through every way in is found nowhere in clear afterwards."""

import logging
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text

from tests.integration.intake.desk import PDF, Desk

MARKER = "431202188802290057"
WRONG = "431202188802290058"


async def test_the_marker_is_in_no_row_event_file_log_or_answer(
    desk: Desk, environment: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answers = [
        await desk.submit("P10", number=MARKER, form={"号码": MARKER, MARKER: 1}),
        await desk.submit("P10", who=desk.citizen(MARKER), number=MARKER, agent={"name": "张三", "number": MARKER}),
        await desk.submit("P10", number=WRONG),
        await desk.submit("P10", number=MARKER, name=f"张三{MARKER}"),
        await desk.submit(MARKER, number=MARKER),
        await desk.post("/applications", desk.clerk, {"item_code": "P10", "applicant": MARKER}),
        await desk.post("/applications/search", desk.clerk, {"party_type": "PERSON", "number": MARKER}),
        await desk.post("/applications/search", desk.clerk, {"party_type": "PERSON", "number": WRONG}),
    ]
    application = answers[0].json()
    answers += [
        await desk.upload(application, 1, PDF + MARKER.encode() + b"%%EOF", name=f"{MARKER}.pdf", key=str(uuid4())),
        await desk.get(f"/applications/{application['application_id']}", desk.clerk),
        await desk.act(application, "withdrawal", {"reason": f"本人{MARKER}不办"}),
    ]

    found = [
        f"answer {number}" for number, answer in enumerate(answers) if MARKER in answer.text or WRONG in answer.text
    ]
    async with desk.database.read() as connection:
        tables = await connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        for table in list(tables):
            rows = await connection.scalars(text(f'SELECT t::text FROM "{table}" t'))
            found += [table for row in rows if MARKER in row or MARKER.encode().hex() in row or WRONG in row]
    for file in (environment / "files").rglob("*"):
        found += [str(file)] if MARKER in str(file) or (file.is_file() and MARKER.encode() in file.read_bytes()) else []
    logged = "\n".join(f"{record.getMessage()} {vars(record)}" for record in caplog.records if _is_ours(record))

    assert [answers[0].status_code, answers[1].status_code] == [201, 201]
    assert answers[6].json()["items"]
    assert found == []
    assert MARKER not in logged
    assert WRONG not in logged


def _is_ours(record: logging.LogRecord) -> bool:
    """httpx is the test's own client; everything else is logged by the service's process."""
    return not record.name.startswith(("httpx", "httpcore"))
