"""Seals with a time stamp: PAdES B-LT in one revision, by any authority; nothing of the time stamp can be changed."""

import asyncio
import shutil
import subprocess
from collections.abc import Iterator
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import pytest
from asn1crypto import cms, pem, tsp
from asn1crypto import x509 as asn1_x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm
from pyhanko.sign.validation import (
    DocumentSecurityStore,
    PdfSignatureStatus,
    SignatureCoverageLevel,
    async_validate_pdf_signature,
)

from deploy.local import tsa
from services.certificate.files.errors import TimeStampAway
from services.certificate.files.seal_keys import FileSealKeys
from services.certificate.files.sealing import make_file
from services.certificate.files.time_stamping import Authority, Stamper
from services.certificate.files.trust import Trust
from services.certificate.files.verification import Reason, Verdict, verify_pdf
from services.certificate.files.workshop import Workshop, WorkshopSettings
from services.chassis import clock
from tests.support import authorities
from tests.support import certificate_files as samples

JOB = samples.a_certificate()
NOBODY = "http://127.0.0.1:9/"  # the discard port: nobody listens


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with authorities.embedded(tmp_path_factory.mktemp("tsa")) as running:
        yield running


@pytest.fixture(scope="module")
def stamped(seal_keys: FileSealKeys, authority: Authority) -> bytes:
    return make_file(JOB, seal_keys, Stamper(authority))


@pytest.fixture(scope="module")
def trust(seal_keys: FileSealKeys, authority: Authority) -> Trust:
    seal_keys.root()
    return Trust.load(seal_keys.signing_dir, authority.chain)


async def ltv_status(pdf: bytes, keys: FileSealKeys, authority: Authority) -> PdfSignatureStatus:
    """The verdict of pyHanko that uses nothing but the roots and what the file itself carries."""
    armoured = (keys.signing_dir / "ca" / "ca.pem").read_bytes() + authority.chain.read_bytes()
    parts = list(pem.unarmor(armoured, multiple=True))
    roots = [asn1_x509.Certificate.load(der) for kind, _, der in parts if kind == "CERTIFICATE"]
    reader = PdfFileReader(BytesIO(pdf))
    told: dict[str, object] = {"trust_roots": roots, "allow_fetching": False, "revocation_mode": "require"}
    context = DocumentSecurityStore.read_dss(reader).as_validation_context(told)
    status: PdfSignatureStatus = await async_validate_pdf_signature(reader.embedded_signatures[0], context)
    return status


async def test_another_validator_finds_b_lt_with_all_it_needs_in_the_file(
    stamped: bytes, seal_keys: FileSealKeys, authority: Authority
) -> None:
    status = await ltv_status(stamped, seal_keys, authority)

    reader = PdfFileReader(BytesIO(stamped))
    assert status.bottom_line
    assert status.coverage is SignatureCoverageLevel.ENTIRE_FILE
    assert status.timestamp_validity is not None
    assert status.timestamp_validity.trusted
    assert reader.embedded_signatures[0].docmdp_level is MDPPerm.NO_CHANGES
    assert {"/Certs", "/CRLs"} <= set(reader.root["/DSS"])
    assert stamped.count(b"%%EOF") == 2, "as rendered, and as sealed: no revision after the seal"


def test_pdfsig_accepts_it(stamped: bytes, tmp_path: Path) -> None:
    if shutil.which("pdfsig") is None:
        pytest.skip("pdfsig (poppler-utils) is not installed: the second reader's verdict on seals is not tested here")
    (tmp_path / "certificate.pdf").write_bytes(stamped)

    done = subprocess.run(["pdfsig", "-nocert", "certificate.pdf"], cwd=tmp_path, capture_output=True, check=False)

    told = done.stdout.decode()
    assert "Signature is Valid." in told
    assert "Total document signed" in told
    assert "ETSI.CAdES.detached" in told


def test_a_stamped_file_is_valid_and_tells_both_times(stamped: bytes, trust: Trust) -> None:
    found = verify_pdf(stamped, trust)

    assert (found.verdict, found.reason, found.sealed_at) == (Verdict.VALID, Reason.INTACT, samples.AT)
    assert found.time_stamped_at is not None


def test_a_file_from_before_the_authority_stays_valid(seal_keys: FileSealKeys, trust: Trust) -> None:
    found = verify_pdf(make_file(JOB, seal_keys), trust)

    assert (found.verdict, found.time_stamped_at) == (Verdict.VALID, None)


def signature_of(pdf: bytes) -> tuple[int, int, cms.ContentInfo]:
    start = pdf.rindex(b"/Contents <") + len(b"/Contents <")
    end = pdf.index(b">", start)
    return start, end, cms.ContentInfo.load(bytes.fromhex(pdf[start:end].decode()))


def with_attributes(pdf: bytes, attributes: cms.CMSAttributes | None) -> bytes:
    """The file with other unsigned attributes around its signature."""
    start, end, container = signature_of(pdf)
    signed = container["content"]
    signer = {name: signed["signer_infos"][0][name] for name, *_ in cms.SignerInfo._fields[:-1]}
    if attributes is not None:
        signer["unsigned_attrs"] = attributes
    parts = {name: signed[name] for name in ("version", "digest_algorithms", "encap_content_info", "certificates")}
    made = cms.SignedData(parts | {"signer_infos": [cms.SignerInfo(signer)]})
    whole = bytes(cms.ContentInfo({"content_type": "signed_data", "content": made}).dump())
    return pdf[:start] + whole.hex().upper().ljust(end - start, "0").encode() + pdf[end:]


def unsigned(pdf: bytes) -> cms.CMSAttributes:
    attributes: cms.CMSAttributes = signature_of(pdf)[2]["content"]["signer_infos"][0]["unsigned_attrs"]
    return attributes


def test_a_time_stamp_cannot_be_taken_off(stamped: bytes, trust: Trust) -> None:
    found = verify_pdf(with_attributes(stamped, None), trust)

    assert (found.verdict, found.reason) == (Verdict.ALTERED, Reason.TIME_STAMP_REMOVED)


def test_nor_put_on_a_file_that_was_sealed_without(seal_keys: FileSealKeys, authority: Authority, trust: Trust) -> None:
    plain = make_file(JOB, seal_keys)
    *_, container = signature_of(plain)
    signature = container["content"]["signer_infos"][0]["signature"].native
    token = asyncio.run(Stamper(authority).async_timestamp(sha256(signature).digest(), "sha256"))
    given = cms.CMSAttributes([{"type": "signature_time_stamp_token", "values": [token]}])

    added = with_attributes(plain, cms.CMSAttributes.load(given.dump()))

    assert verify_pdf(added, trust).verdict is Verdict.ALTERED


def test_the_time_stamp_of_another_file_does_not_fit(
    stamped: bytes, seal_keys: FileSealKeys, authority: Authority, trust: Trust
) -> None:
    other = make_file(JOB, seal_keys, Stamper(authority))

    found = verify_pdf(with_attributes(stamped, unsigned(other)), trust)

    assert (found.verdict, found.reason) == (Verdict.ALTERED, Reason.SEAL_DAMAGED)


def test_a_time_stamp_of_an_authority_of_ones_own_is_told(
    stamped: bytes, seal_keys: FileSealKeys, trust: Trust, tmp_path: Path
) -> None:
    with authorities.embedded(tmp_path / "own") as own:
        forged = make_file(JOB, seal_keys, Stamper(own))

    assert verify_pdf(forged, trust).reason is Reason.FOREIGN_TIME_STAMP
    assert verify_pdf(stamped, Trust(trust.roots)).reason is Reason.FOREIGN_TIME_STAMP


@pytest.mark.skipif(not authorities.has_openssl(), reason="openssl is not installed: no second authority to test with")
async def test_an_authority_of_another_make_is_taken_in_our_form(
    seal_keys: FileSealKeys, trust: Trust, tmp_path: Path
) -> None:
    with authorities.by_openssl(tmp_path) as other:
        pdf = await asyncio.to_thread(make_file, JOB, seal_keys, Stamper(other))
        status = await ltv_status(pdf, seal_keys, other)

    assert verify_pdf(pdf, Trust.load(seal_keys.signing_dir, other.chain)).verdict is Verdict.VALID
    assert status.bottom_line


@pytest.mark.skipif(not authorities.has_openssl(), reason="openssl is not installed: no second opinion on our answers")
def test_openssl_accepts_what_the_embedded_authority_gives(authority: Authority, tmp_path: Path) -> None:
    ours = tsa.Authority.open(authority.chain.parent)
    query = Stamper(authority).request_cms(bytes(32), "sha256")[1].dump()

    given = ours.answer(query, clock.real_now())

    assert authorities.openssl_accepts(query, given, authority, tmp_path)
    assert not authorities.openssl_accepts(query, given[:-1] + bytes([given[-1] ^ 1]), authority, tmp_path)


@pytest.mark.parametrize("query", [b"", b"\x30", b"not asn.1" * 9, b"\x30\x00"], ids=len)
def test_a_query_that_is_none_is_refused_in_the_words_of_the_protocol(authority: Authority, query: bytes) -> None:
    answer = tsa.Authority.open(authority.chain.parent).answer(query, clock.real_now())

    assert tsp.PKIStatusInfo.load(answer[2:])["status"].native == "rejection"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        pytest.param(b"", "application/timestamp-reply", id="nothing"),
        pytest.param(b"<html>busy</html>", "text/html", id="a page"),
        pytest.param(b"\x30\x03\x02\x01\x02", "application/timestamp-reply", id="garbage"),
        pytest.param(tsa.refused("bad_alg"), "application/timestamp-reply", id="a refusal"),
    ],
)
def test_an_authority_that_gives_something_else_is_away(
    content: bytes, kind: str, authority: Authority, seal_keys: FileSealKeys
) -> None:
    with authorities.answering(content, kind) as url, pytest.raises(TimeStampAway):
        make_file(JOB, seal_keys, Stamper(Authority(url, authority.chain)))


def test_a_chain_that_nobody_could_check_with_is_told(
    authority: Authority, seal_keys: FileSealKeys, tmp_path: Path
) -> None:
    only_root = tmp_path / "chain.pem"
    only_root.write_text(authority.chain.read_text().split("-----BEGIN X509 CRL")[0])

    for chain in (only_root, tmp_path / "nowhere.pem"):
        with pytest.raises(TimeStampAway, match="证书链"):
            make_file(JOB, seal_keys, Stamper(Authority(authority.url, chain)))


async def test_a_worker_process_tells_that_the_authority_is_away(authority: Authority, seal_keys: FileSealKeys) -> None:
    settings = WorkshopSettings(seal_keys.signing_dir, authority=Authority(NOBODY, authority.chain))
    workshop = Workshop(settings)

    try:
        with pytest.raises(TimeStampAway, match="无法连接"):
            await workshop.make(JOB)
    finally:
        await workshop.close()
