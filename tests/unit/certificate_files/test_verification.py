"""Verification: intact, altered, foreign and garbage files; no byte can be changed unseen; nothing raises."""

import random
import re
import time
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pypdf import PdfReader, PdfWriter

from services.certificate.domain.verification import Seal
from services.certificate.files import verification
from services.certificate.files.file_seals import seal_of
from services.certificate.files.rendering import render
from services.certificate.files.seal_keys import FileSealKeys
from services.certificate.files.sealing import make_file
from services.certificate.files.trust import Trust
from services.certificate.files.verification import Reason, Verdict, verify_pdf
from services.chassis import file_guard
from tests.support import certificate_files as samples


@pytest.fixture(scope="module")
def sealed(seal_keys: FileSealKeys) -> bytes:
    return make_file(samples.a_certificate(), seal_keys)


PLAIN_TERM = re.compile(rb"(?:^|[^a-z-])valid:(\d{8})-(\d{8})?")
CLAIMED = [
    *(b"valid:", b"in", b"-", b" ", b"(", b"20200101-", b"20300101", b"certificate:", b"paper:"),
    *(b"1.2.156.3005.2.AAAAAAAAAAAA", b"01234567-89ab-cdef-0123-456789abcdef", b"\n"),
]


def test_an_intact_certificate_is_valid_and_tells_which_one_it_is(sealed: bytes, trust: Trust) -> None:
    found = verify_pdf(sealed, trust)

    assert (found.verdict, found.reason) == (Verdict.VALID, Reason.INTACT)
    assert (found.kind, found.reference) == ("certificate", samples.IDENTIFIER)
    assert found.record_sha256 == "0" * 64
    assert (found.sealed_by, found.sealed_by_uscc) == (samples.SEAL.name, samples.SEAL.uscc)
    assert found.sealed_at == samples.AT


@pytest.mark.parametrize("kind", samples.papers())
def test_an_intact_paper_is_valid_and_tells_which_one_it_is(kind: str, seal_keys: FileSealKeys, trust: Trust) -> None:
    found = verify_pdf(make_file(samples.a_job(samples.papers()[kind]), seal_keys), trust)

    assert (found.verdict, found.kind, found.reference) == (Verdict.VALID, "paper", samples.HEADER["reference"])


def test_every_flipped_bit_anywhere_is_found(sealed: bytes, trust: Trust) -> None:
    chance = random.Random(20260304)
    places = [chance.randrange(len(sealed)) for _ in range(400)]

    verdicts = {verify_pdf(flipped(sealed, place, chance.randrange(8)), trust).verdict for place in places}

    assert verdicts <= {Verdict.ALTERED, Verdict.UNREADABLE}


def test_every_flipped_bit_in_the_signature_itself_is_found(sealed: bytes, trust: Trust) -> None:
    chance = random.Random(7)
    start = sealed.rindex(b"/Contents <")

    verdicts = {
        verify_pdf(flipped(sealed, place, chance.randrange(8)), trust).verdict
        for place in range(start, start + 2400, 3)
    }

    assert verdicts == {Verdict.ALTERED}


def flipped(content: bytes, place: int, bit: int) -> bytes:
    changed = bytearray(content)
    changed[place] ^= 1 << bit
    return bytes(changed)


def test_a_hex_digit_in_the_other_case_is_found_though_it_means_the_same(sealed: bytes, trust: Trust) -> None:
    start = sealed.rindex(b"/Contents <3082") + len(b"/Contents <")
    place = next(at for at in range(start, len(sealed)) if sealed[at : at + 1] in b"ABCDEF")

    assert verify_pdf(flipped(sealed, place, 5), trust).reason is Reason.SEAL_DAMAGED


@pytest.mark.parametrize("cut", [10, 200, 5_000, 20_000])
def test_a_file_that_is_cut_off_is_not_valid(cut: int, sealed: bytes, trust: Trust) -> None:
    assert verify_pdf(sealed[:-cut], trust).verdict is Verdict.ALTERED


def with_an_appended_revision(content: bytes) -> bytes:
    writer = IncrementalPdfFileWriter(BytesIO(content))
    writer.update_root()
    changed = BytesIO()
    writer.write(changed)
    return changed.getvalue()


def with_another_date(content: bytes) -> bytes:
    return content.replace(b"(D\\07220260304", b"(D\\07220260305")


def written_anew_without_its_seal(content: bytes) -> bytes:
    reader = PdfReader(BytesIO(content))
    writer = PdfWriter()
    writer.append_pages_from_reader(reader)
    writer.add_metadata({"/Keywords": f"certificate:{samples.IDENTIFIER}"})
    changed = BytesIO()
    writer.write(changed)
    return changed.getvalue()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param(with_an_appended_revision, Reason.CHANGED_AFTER_SEALING, id="a revision appended"),
        pytest.param(lambda content: content + b"\n", Reason.CHANGED_AFTER_SEALING, id="a line end appended"),
        pytest.param(with_another_date, Reason.CONTENT_CHANGED, id="the date of sealing"),
        pytest.param(written_anew_without_its_seal, Reason.SEAL_REMOVED, id="the seal taken off"),
    ],
)
def test_changes_are_found_and_named(
    change: Callable[[bytes], bytes], reason: Reason, sealed: bytes, trust: Trust
) -> None:
    found = verify_pdf(change(sealed), trust)

    assert (found.verdict, found.reason) == (Verdict.ALTERED, reason)
    assert found.reference == samples.IDENTIFIER


def test_a_file_that_was_never_sealed_but_names_a_certificate_is_altered(trust: Trust) -> None:
    assert verify_pdf(render(samples.a_certificate()).pdf, trust).reason is Reason.SEAL_REMOVED


def test_the_same_file_sealed_by_another_ca_is_unknown(trust: Trust, tmp_path: Path) -> None:
    forged = make_file(samples.a_certificate(), FileSealKeys(tmp_path))

    found = verify_pdf(forged, trust)

    assert (found.verdict, found.reason) == (Verdict.UNKNOWN, Reason.FOREIGN_SEAL)
    assert found.sealed_by is None


def test_the_seal_of_one_body_vouches_for_no_certificate_of_another(seal_keys: FileSealKeys, trust: Trust) -> None:
    other = replace(samples.BODY_SEAL, name="示例市鹤城区公安分局", uscc="114312020061000377")
    forged = make_file(replace(samples.a_certificate(), seal=other), seal_keys)

    found = verify_pdf(forged, trust)

    assert (found.verdict, found.reason) == (Verdict.UNKNOWN, Reason.ANOTHER_BODYS_SEAL)
    assert seal_of(found) is Seal.FOREIGN
    assert found.reference == samples.IDENTIFIER


def test_what_is_put_before_the_beginning_makes_it_altered(sealed: bytes, trust: Trust) -> None:
    assert verify_pdf(b"\n" + sealed, trust).verdict is Verdict.ALTERED


def test_a_root_that_is_trusted_besides_is_recognised(tmp_path: Path, trust: Trust, seal_keys: FileSealKeys) -> None:
    former = FileSealKeys(tmp_path / "former")
    old = make_file(samples.a_certificate(), former)
    FileSealKeys(tmp_path / "now").root()
    trusted = tmp_path / "now" / "ca" / "trusted"
    trusted.mkdir()
    (trusted / "former.pem").write_bytes((tmp_path / "former" / "ca" / "ca.pem").read_bytes())

    assert verify_pdf(old, Trust.load(tmp_path / "now")).verdict is Verdict.VALID


def test_the_seal_of_one_file_does_not_fit_another(seal_keys: FileSealKeys, sealed: bytes, trust: Trust) -> None:
    other = make_file(samples.a_certificate(number="JY24312020000002"), seal_keys)
    mark = b"/Contents <"
    start, begin = other.rindex(mark), sealed.rindex(mark)

    mixed = other[:start] + sealed[begin : begin + 8194 + len(mark) - 1] + other[start + 8194 + len(mark) - 1 :]

    assert len(mixed) == len(other)
    assert verify_pdf(mixed, trust).reason is Reason.CONTENT_CHANGED


def a_plain_pdf() -> bytes:
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    made = BytesIO()
    writer.write(made)
    return made.getvalue()


@pytest.mark.parametrize(
    ("content", "verdict", "reason"),
    [
        pytest.param(a_plain_pdf(), Verdict.UNKNOWN, Reason.NOT_SIGNED, id="a PDF of others"),
        pytest.param(a_plain_pdf()[:200], Verdict.UNREADABLE, Reason.INCOMPLETE, id="a part of a PDF of others"),
        pytest.param(b"", Verdict.UNREADABLE, Reason.NOT_PDF, id="nothing"),
        pytest.param(b"\xff\xd8\xff\xe0 a picture", Verdict.UNREADABLE, Reason.NOT_PDF, id="a picture"),
        pytest.param(b"%PDF-1.7 /ByteRange [0 1 2 3]", Verdict.UNKNOWN, Reason.FOREIGN_SEAL, id="a false range"),
        pytest.param(
            b"%PDF-1.7" + b"0" * 9 + b"<>/ByteRange [0 17 19 23]", Verdict.UNKNOWN, Reason.FOREIGN_SEAL, id="empty"
        ),
    ],
)
def test_what_is_not_ours_gets_an_answer(content: bytes, verdict: Verdict, reason: Reason, trust: Trust) -> None:
    found = verify_pdf(content, trust)

    assert (found.verdict, found.reason) == (verdict, reason)


def test_a_file_that_is_too_large_is_not_read(monkeypatch: pytest.MonkeyPatch, sealed: bytes, trust: Trust) -> None:
    monkeypatch.setattr(verification, "MAX_BYTES", 1000)

    assert verify_pdf(sealed, trust).reason is Reason.TOO_LARGE


@given(st.binary(max_size=400), st.binary(max_size=60))
@settings(max_examples=300)
def test_garbage_never_raises(body: bytes, container: bytes) -> None:
    head = b"%PDF-1.7\n" + body
    hexes = b"<" + container.hex().upper().encode() + b">"
    tail = b"/ByteRange [0 %d %d %d]" % (len(head), len(head) + len(hexes), 0)
    whole = b"/ByteRange [0 %d %d %d]" % (len(head), len(head) + len(hexes), len(tail))

    assert verify_pdf(head + hexes + whole, Trust(())).verdict is not Verdict.VALID
    assert verify_pdf(body, Trust(())).verdict is not Verdict.VALID


@pytest.mark.parametrize(
    "piece", [b"/ByteRange [0 1 2 3]", b"certificate:", b"(certificate\\072", b"paper:aaaaaaaa-", b"-"], ids=repr
)
def test_a_hostile_file_of_full_size_is_answered_soon(piece: bytes, trust: Trust) -> None:
    content = b"%PDF-" + piece * ((verification.MAX_BYTES - 5) // len(piece))

    begun = time.process_time()
    found = verify_pdf(content, trust)

    assert found.verdict is not Verdict.VALID
    assert time.process_time() - begun < 3


@pytest.mark.parametrize("piece", [b" ", b"valid:2020010", b"vali", b"certificate:1.2.156.3005.2.", b"paper"], ids=repr)
def test_what_a_file_claims_is_found_without_holding_up_the_process(piece: bytes) -> None:
    """The search lets no other thread run: a second of it would be a second for everybody."""
    content = piece * (4 * 2**20 // len(piece))

    begun = time.thread_time()
    PLAIN_TERM.search(content)
    plain = time.thread_time() - begun
    for pattern in (*verification._CLAIMS, verification._VALID):
        assert pattern.search(content) is None

    assert time.thread_time() - begun - plain < plain / 2


@settings(max_examples=300)
@given(st.lists(st.sampled_from(CLAIMED), max_size=9).map(b"".join))
def test_claims_are_those_that_the_plain_reading_finds(content: bytes) -> None:
    uuid = rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    claim = re.search(rb"(certificate|paper):(1\.2\.156\.3005\.2\.[0-9A-Z.]{10,110}|" + uuid + rb")", content)
    term = PLAIN_TERM.search(content)

    found, valid = verification._claim(content), verification._VALID.search(content)

    assert (found and found.groups()) == (claim and claim.groups())
    assert (valid and valid.groups()) == (term and term.groups())


def test_without_any_root_nothing_is_ours(sealed: bytes, tmp_path: Path) -> None:
    assert verify_pdf(sealed, Trust.load(tmp_path)).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("kind", samples.papers())
def test_what_we_seal_ourselves_is_taken_as_an_upload(kind: str, seal_keys: FileSealKeys) -> None:
    file_guard.examine(make_file(samples.a_job(samples.papers()[kind]), seal_keys))


def test_a_certificate_and_a_receipt_with_its_signed_record_are_taken_as_uploads(
    sealed: bytes, seal_keys: FileSealKeys
) -> None:
    attached = replace(samples.receipt(), signed_record="eyJhIjoxfQ.eyJiIjoyfQ.c2ln")
    receipt = make_file(samples.a_job(attached), seal_keys)

    file_guard.examine(sealed)
    file_guard.examine(receipt)
    assert b"/EmbeddedFile" in receipt
