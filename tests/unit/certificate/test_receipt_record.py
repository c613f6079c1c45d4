"""The signed receipt: a hash for each material, a why for each date, no number of a person."""

import json
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path

from pypdf import PdfReader

from contracts.events.common import DueDate, LimitStart, LimitUnit, LimitValue
from contracts.events.examples import examples
from contracts.events.intake import ApplicationReceived
from services.certificate.files.trust import Trust
from services.certificate.files.verification import Verdict, verify_pdf
from services.certificate.papers.receipt_record import Due, due_dates
from services.kernel.workdays import official_calendar
from tests.support.receipts import a_receipt


def received(**changes: object) -> ApplicationReceived:
    event = examples()[ApplicationReceived.SUBJECT]
    assert isinstance(event, ApplicationReceived)
    # Thursday before Spring Festival: the vector of domain.md 1.2, 2026-02-12 + 5 working days = 2026-02-26
    at = datetime(2026, 2, 12, 1, 20, tzinfo=UTC)
    return event.model_copy(update={"received_at": at, "notice_due": DueDate(on=date(2026, 2, 26))} | changes)


def by_code(event: ApplicationReceived) -> dict[str, Due]:
    return {due.code: due for due in due_dates(event, official_calendar())}


def test_the_answer_is_due_on_the_fifth_working_day_and_says_why() -> None:
    notice = by_code(received())["NOTICE"]

    assert notice.due is not None
    assert notice.due.on == date(2026, 2, 26)
    for reason in ("2026年2月12日收件起算", "5个工作日", "第三十二条", "2026年2月14日为春节调休上班日", "春节放假"):
        assert reason in notice.zh
    assert notice.zh.endswith("于2026年2月26日到期。")
    assert notice.en.endswith("due 2026-02-26.")


def test_a_limit_that_starts_at_acceptance_has_no_date_yet_and_says_so() -> None:
    promised = by_code(received())["PROMISED"]

    assert promised.due is None
    assert "自受理之日起7个工作日" in promised.zh
    assert promised.data()["on"] is None


def test_a_limit_that_starts_at_receipt_has_its_date() -> None:
    limit = LimitValue(value=20, unit=LimitUnit.WORKDAY, start=LimitStart.RECEIVED, basis="人力资源市场暂行条例第19条")
    event = received()

    legal = by_code(event.model_copy(update={"item": event.item.model_copy(update={"legal_limit": limit})}))["LEGAL"]

    assert legal.due is not None
    assert legal.due.on == date(2026, 3, 18)
    assert "人力资源市场暂行条例第19条" in legal.zh


def test_a_date_that_intake_counted_with_a_newer_calendar_is_kept_and_explained_without_the_old_one() -> None:
    notice = by_code(received(notice_due=DueDate(on=date(2026, 2, 27))))["NOTICE"]

    assert notice.due is not None
    assert notice.due.on == date(2026, 2, 27)
    assert "春节" not in notice.zh
    assert "按收件时已公布的节假日安排，于2026年2月27日到期" in notice.zh


def test_a_date_in_a_year_without_a_calendar_is_marked_provisional() -> None:
    at = datetime(2026, 12, 29, 1, 0, tzinfo=UTC)

    notice = by_code(received(received_at=at, notice_due=DueDate(on=date(2027, 1, 5), provisional=True)))["NOTICE"]

    assert notice.line().provisional
    assert "2027年节假日安排尚未公布" in notice.zh


def test_the_file_is_pdf_a_3_with_the_record_attached_and_its_seal_intact(tmp_path: Path) -> None:
    receipt = a_receipt(received(), tmp_path)

    reader = PdfReader(BytesIO(receipt.pdf))

    xmp = reader.xmp_metadata
    assert xmp is not None
    assert (xmp.pdfaid_part, xmp.pdfaid_conformance) == ("3", "B")
    assert [bytes(file) for file in reader.attachments["receipt.jws"]] == [receipt.jws.encode()]
    assert verify_pdf(receipt.pdf, Trust.load(tmp_path)).verdict is Verdict.VALID


def test_the_reasons_are_data_too() -> None:
    why = by_code(received())["NOTICE"].data()["why"]

    assert json.loads(json.dumps(why)) == why
    assert [reason["kind"] for reason in why["reasons"]][:2] == ["START", "LIMIT"]
    assert why["reasons"][0]["from_on"] == "2026-02-12"
