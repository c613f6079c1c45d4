"""verify-receipt: what the certificate service signed is recognised, anything else is told apart."""

import argparse
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from contracts.events.common import DueDate
from contracts.events.examples import examples
from contracts.events.intake import ApplicationReceived
from services.certificate.files.contents import SealBody
from services.certificate.files.records import RECORD_TYPE, RecordSigner
from services.certificate.files.seal_keys import FileSealKeys
from services.certificate.files.sealing import make_file
from services.intake import receipt_check
from services.intake.receipt_check import DIFFERS, GENUINE, NOT_GENUINE, UNREADABLE, compared, recomputed
from services.intake.receipt_file import ReceiptNotAuthentic, read_receipt
from tests.support import certificate_files as samples
from tests.support.receipts import SignedReceipt, a_receipt

AT = datetime(2026, 2, 12, 1, 20, tzinfo=UTC)
HASH = "0" * 64


def received() -> ApplicationReceived:
    event = examples()[ApplicationReceived.SUBJECT]
    assert isinstance(event, ApplicationReceived)
    return event.model_copy(update={"received_at": AT, "notice_due": DueDate(on=date(2026, 2, 26))})


@pytest.fixture(scope="module")
def signing_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("signing")


@pytest.fixture(scope="module")
def receipt(signing_dir: Path) -> SignedReceipt:
    return a_receipt(received(), signing_dir)


def verify(file: Path, keys: Path, **more: Any) -> int:
    return receipt_check.run(argparse.Namespace(file=file, jwks=str(keys), database=False, **more))


@pytest.mark.parametrize("form", ["pdf", "jws"])
def test_a_genuine_receipt_says_its_materials_and_dates_with_their_why(
    receipt: SignedReceipt, form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify(*receipt.stored(tmp_path, form=form)) == GENUINE

    said = capsys.readouterr().out
    for shown in ("核验通过", receipt.record["case_no"], HASH, "2026-02-26", "春节放假", "第三十二条"):
        assert shown in said
    assert ("电子印章：区市场监督管理局" in said) is (form == "pdf")


def test_the_record_holds_every_hash_and_no_number_of_a_person(receipt: SignedReceipt) -> None:
    event = received()

    record = read_receipt(receipt.jws.encode(), receipt.keys).record

    assert [one["sha256"] for one in record["materials"]] == [one.sha256 for one in event.materials]
    assert record["applicant"]["number"] == event.applicant.masked_number
    assert event.applicant.sealed_number not in json.dumps(record)


def _other_payload(receipt: SignedReceipt) -> bytes:
    head, payload, signature = receipt.jws.split(".")
    return f"{head}.{payload[:-4]}AAAA.{signature}".encode()


def _flipped(receipt: SignedReceipt) -> bytes:
    middle = len(receipt.pdf) // 3
    return receipt.pdf[:middle] + bytes([receipt.pdf[middle] ^ 1]) + receipt.pdf[middle + 1 :]


FORGERIES: dict[str, Callable[[SignedReceipt], bytes]] = {
    "payload changed": _other_payload,
    "signature cut off": lambda receipt: receipt.jws.rpartition(".")[0].encode(),
    "no JWS": lambda _: b"hello",
    "nothing": lambda _: b"",
    "a byte of the PDF changed": _flipped,
    "something appended to the PDF": lambda receipt: receipt.pdf + b"\n% more\n%%EOF\n",
    "PDF cut off": lambda receipt: receipt.pdf[: len(receipt.pdf) // 2],
    "PDF of nothing": lambda _: b"%PDF-1.7\n%%EOF",
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
def test_a_tampered_receipt_is_refused(
    receipt: SignedReceipt, forge: Callable[[SignedReceipt], bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, keys = receipt.stored(tmp_path)
    file = tmp_path / "forged"
    file.write_bytes(forge(receipt))

    assert verify(file, keys) == NOT_GENUINE
    assert "核验不通过" in capsys.readouterr().out


def test_the_seal_of_another_body_vouches_for_no_receipt(receipt: SignedReceipt, signing_dir: Path) -> None:
    police = SealBody(name="区公安分局", uscc="114312020061000377")
    false = a_receipt(received(), signing_dir, seal=police)

    with pytest.raises(ReceiptNotAuthentic, match="不是出具该收件凭证的机关"):
        read_receipt(false.pdf, receipt.keys)


@pytest.mark.parametrize("part", range(1, 8))
def test_a_byte_changed_anywhere_before_the_signature_is_found(receipt: SignedReceipt, part: int) -> None:
    place = receipt.pdf.rindex(b"/Contents") * part // 8

    with pytest.raises(ReceiptNotAuthentic):
        read_receipt(receipt.pdf[:place] + bytes([receipt.pdf[place] ^ 1]) + receipt.pdf[place + 1 :], receipt.keys)


def test_a_receipt_signed_with_other_keys_is_refused(receipt: SignedReceipt, tmp_path: Path) -> None:
    foreign = a_receipt(received(), tmp_path)

    for content in (foreign.pdf, foreign.jws.encode()):
        with pytest.raises(ReceiptNotAuthentic):
            read_receipt(content, receipt.keys)


def test_a_genuine_record_in_a_file_sealed_by_somebody_else_is_refused(
    receipt: SignedReceipt, signing_dir: Path, tmp_path: Path
) -> None:
    ours, theirs = receipt.keys, a_receipt(received(), tmp_path)

    with pytest.raises(ReceiptNotAuthentic, match="电子印章不可信"):
        read_receipt(theirs.pdf, ours | {"keys": [*ours["keys"], *theirs.keys["keys"]]})


def test_another_paper_of_ours_is_no_receipt(receipt: SignedReceipt, signing_dir: Path) -> None:
    paper = make_file(samples.a_job(samples.grant()), FileSealKeys(signing_dir))

    with pytest.raises(ReceiptNotAuthentic, match="不是收件凭证"):
        read_receipt(paper, receipt.keys)


def test_another_record_of_ours_is_no_receipt(receipt: SignedReceipt, signing_dir: Path) -> None:
    certificate = RecordSigner.load(signing_dir).sign_compact(receipt.record, typ=RECORD_TYPE)

    with pytest.raises(ReceiptNotAuthentic, match="不是收件凭证"):
        read_receipt(certificate.encode(), receipt.keys)


def test_a_pdf_without_known_seal_roots_is_not_taken_for_verified(receipt: SignedReceipt) -> None:
    with pytest.raises(ReceiptNotAuthentic, match="印章根证书"):
        read_receipt(receipt.pdf, {"keys": receipt.keys["keys"]})


def test_keys_that_cannot_be_read_are_told_apart_from_a_forgery(
    receipt: SignedReceipt, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, _ = receipt.stored(tmp_path)
    (tmp_path / "no-keys.json").write_text("[]")

    assert verify(file, tmp_path / "nowhere.json") == UNREADABLE
    assert "没有这个文件" in capsys.readouterr().out
    assert verify(file, tmp_path / "no-keys.json") == UNREADABLE
    assert "不是公钥文件" in capsys.readouterr().out
    assert verify(tmp_path / "nowhere.pdf", tmp_path / "no-keys.json") == UNREADABLE
    assert "无法读取凭证" in capsys.readouterr().out


def test_a_database_out_of_reach_is_no_forgery_and_says_what_to_set(
    receipt: SignedReceipt, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YICHUANG_DATABASE_URL_INTAKE", "postgresql://nobody@127.0.0.1:1/intake")
    file, keys = receipt.stored(tmp_path)

    assert receipt_check.run(argparse.Namespace(file=file, jwks=str(keys), database=True)) == UNREADABLE
    said = capsys.readouterr().out
    assert "凭证真实，但无法连接收件数据库" in said
    assert "YICHUANG_DATABASE_URL_INTAKE" in said


@pytest.mark.parametrize("content", [b'{"type": "problem"}', "一张照片".encode(), b""])
def test_what_is_neither_a_pdf_nor_a_record_is_called_so(receipt: SignedReceipt, content: bytes) -> None:
    with pytest.raises(ReceiptNotAuthentic, match="既不是 PDF"):
        read_receipt(content, receipt.keys)


def test_a_signed_date_that_the_law_does_not_give_is_shown(
    receipt: SignedReceipt, signing_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notice, *others = receipt.record["due_dates"]
    wrong = a_receipt(
        received(), signing_dir, record=receipt.record | {"due_dates": [notice | {"on": "2026-02-27"}, *others]}
    )

    assert verify(*wrong.stored(tmp_path)) == DIFFERS
    assert "凭证为 2026-02-27，现为 2026-02-26" in capsys.readouterr().out


def stored(**changes: Any) -> dict[str, Any]:
    """The row that the receipt was made from."""
    event = received()
    materials = [
        {
            "material_no": one.material_no,
            "name": one.name,
            "source": one.source.value,
            "copies": one.copies,
            "sha256": one.sha256,
            "certificate_identifier": one.certificate_identifier,
            "provided_at": "2026-02-11T01:00:00Z",
        }
        for one in event.materials
    ]
    row = {
        "case_no": event.case_no,
        "query_code": event.query_code,
        "received_at": AT,
        "item_code": event.item.item_code,
        "item_version": event.item.version,
        "applicant_name": event.applicant.name,
        "applicant_masked": event.applicant.masked_number,
        "co_applicants": [],
        "supplement": None,
        "earlier_supplements": [],
        "materials": materials,
        "notice_due": {"on": "2026-02-26", "provisional": False},
        "legal_due": None,
        "promised_due": None,
    }
    return row | changes


def with_first(**changes: Any) -> dict[str, Any]:
    first, *others = stored()["materials"]
    return stored(materials=[first | changes, *others])


CHANGED: dict[str, tuple[dict[str, Any] | None, str, bool]] = {
    "another hash": (with_first(sha256="f" * 64), f"凭证为 {HASH}，现为 {'f' * 64}", False),
    "given again after receipt": (
        with_first(sha256="f" * 64, provided_at="2026-02-13T01:00:00Z"),
        "2026-02-13 09:00:00另行提交",
        True,
    ),
    "a material gone": (stored(materials=stored()["materials"][1:]), "现为 没有这项材料", False),
    "a material more": (
        stored(materials=[*stored()["materials"], stored()["materials"][0] | {"material_no": 9}]),
        "凭证为 没有这项材料",
        False,
    ),
    "a later due date": (stored(notice_due={"on": "2026-03-02", "provisional": False}), "现为 2026-03-02", False),
    "a later receipt": (stored(received_at=AT.replace(hour=5)), "收件时间", False),
    "another case number": (stored(case_no="X"), "办件编号", False),
    "a later due date after a supplement": (
        stored(
            notice_due={"on": "2026-03-02", "provisional": False}, supplement={"supplied_at": "2026-02-23T01:00:00Z"}
        ),
        "2026-02-23 09:00:00补正补齐，重新起算",
        True,
    ),
    "no due date any more": (stored(notice_due=None), "现为 没有这个日期", False),
    "another name of the applicant": (stored(applicant_name="李四"), "申请人：", False),
    "another number of the applicant": (stored(applicant_masked="5****************8"), "5****************8", False),
    "somebody who did not apply": (
        stored(co_applicants=[{"party": {"name": "李四", "masked_number": "4****************2"}}]),
        "共同申请人：凭证为 无，现为 李四（4****************2）",
        False,
    ),
    "a material under another name": (with_first(name="别的材料"), "别的材料", False),
    "another number of copies": (with_first(copies=9), "，9份", False),
    "another item": (stored(item_code="0" * 31), "事项：", False),
    "another query code": (stored(query_code="X"), "查询码：", False),
    "a newer version of the item": (stored(item_version=7), "请与迁移记录核对", True),
    "an older version of the item": (stored(item_version=0), "事项版本", False),
    "the application gone": (None, "数据库中没有这件收件", False),
}


@pytest.mark.parametrize(("row", "shown", "explained"), CHANGED.values(), ids=CHANGED.keys())
def test_a_database_that_was_changed_afterwards_is_shown(
    receipt: SignedReceipt, row: dict[str, Any] | None, shown: str, explained: bool
) -> None:
    (difference,) = compared(receipt.record, row)

    assert shown in str(difference)
    assert bool(difference.explained) is explained


def test_an_unchanged_database_shows_no_difference(receipt: SignedReceipt) -> None:
    promised = stored()["materials"][0] | {"material_no": 9, "source": "COMMITMENT", "sha256": None}

    assert list(compared(receipt.record, stored())) == []
    assert list(compared(receipt.record, stored(materials=[*stored()["materials"], promised]))) == []
    assert list(recomputed(receipt.record)) == []
