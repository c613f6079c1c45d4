"""Seals: PAdES, certified against any change, with a visible seal; keys appear whole, once, and only for the owner."""

import asyncio
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from asn1crypto import pem
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm
from pyhanko.sign.validation import SignatureCoverageLevel, async_validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from pypdf import PdfReader

from services.certificate.files.contents import Job
from services.certificate.files.errors import SealUnavailable
from services.certificate.files.key_files import read_or_create
from services.certificate.files.seal_keys import FileSealKeys
from services.certificate.files.seal_sources import open_seal_keys
from services.certificate.files.sealing import make_file
from services.certificate.files.trust import Trust
from services.certificate.files.verification import Verdict, verify_pdf
from tests.support import certificate_files as samples

JOBS = {"CERTIFICATE": samples.a_certificate()} | {kind: samples.a_job(it) for kind, it in samples.papers().items()}


@pytest.mark.parametrize("kind", JOBS)
async def test_another_validator_accepts_the_seal_of_every_kind_of_file(kind: str, seal_keys: FileSealKeys) -> None:
    pdf = await asyncio.to_thread(make_file, JOBS[kind], seal_keys)

    signature = PdfFileReader(BytesIO(pdf)).embedded_signatures[0]
    status = await async_validate_pdf_signature(signature, pyhanko_trust(seal_keys))
    assert status.bottom_line
    assert status.coverage is SignatureCoverageLevel.ENTIRE_FILE
    assert signature.docmdp_level is MDPPerm.NO_CHANGES
    assert str(signature.sig_object["/SubFilter"]) == "/ETSI.CAdES.detached"


def seal_of(keys: FileSealKeys) -> bytes:
    certificate = keys.signer_for(samples.SEAL).signing_cert
    assert certificate is not None
    return bytes(certificate.dump())


def pyhanko_trust(keys: FileSealKeys) -> ValidationContext:
    _, _, root = pem.unarmor((keys.signing_dir / "ca" / "ca.pem").read_bytes())
    return ValidationContext(trust_roots=[asn1_x509.Certificate.load(root)], allow_fetching=False, moment=samples.AT)


def test_a_sealed_file_is_still_pdf_a_and_says_the_same(seal_keys: FileSealKeys) -> None:
    reader = PdfReader(BytesIO(make_file(samples.a_certificate(), seal_keys)))

    assert reader.xmp_metadata is not None
    assert (reader.xmp_metadata.pdfaid_part, reader.xmp_metadata.pdfaid_conformance) == ("2", "B")
    assert samples.IDENTIFIER in str(reader.metadata and reader.metadata.get("/Keywords"))


def test_the_visible_seal_covers_the_sign_off_of_the_last_page_and_is_printed(seal_keys: FileSealKeys) -> None:
    reader = PdfReader(BytesIO(make_file(samples.a_job(samples.grant()), seal_keys)))

    [widget] = [annotation.get_object() for annotation in reader.pages[-1]["/Annots"]]  # type: ignore[attr-defined]
    left, bottom, right, top = (float(edge) for edge in widget["/Rect"])
    assert right - left == pytest.approx(119, abs=1)  # 42 mm
    assert top - bottom == pytest.approx(119, abs=1)
    assert left > 0
    assert right < 595
    assert int(widget["/F"]) & 4  # printed with the page
    assert "/N" in widget["/AP"]


def test_the_seal_certificate_names_the_body_and_its_code(seal_keys: FileSealKeys, trust: Trust) -> None:
    parsed = x509.load_der_x509_certificate(seal_of(seal_keys))

    parsed.verify_directly_issued_by(trust.roots[0])
    named = {attribute.oid: attribute.value for attribute in parsed.subject}
    assert named[NameOID.ORGANIZATION_NAME] == samples.SEAL.name
    assert named[NameOID.ORGANIZATION_IDENTIFIER] == samples.SEAL.uscc
    assert named[NameOID.SERIAL_NUMBER] == samples.SEAL.uscc


def test_a_body_with_a_very_long_name_has_a_seal_too(seal_keys: FileSealKeys, trust: Trust) -> None:
    job = replace(samples.a_certificate(), seal=replace(samples.SEAL, name="示例市鹤城区住房和城乡建设局" * 5))

    assert verify_pdf(make_file(job, seal_keys), trust).verdict is Verdict.VALID


def test_a_body_that_is_renamed_gets_a_new_seal(seal_keys: FileSealKeys) -> None:
    renamed = replace(samples.SEAL, name="示例市鹤城区市场监管局")

    assert seal_keys.signer_for(renamed).signing_cert != seal_keys.signer_for(samples.SEAL).signing_cert


def test_key_files_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    FileSealKeys(tmp_path).signer_for(samples.SEAL)

    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 3
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_those_who_start_at_once_agree_on_one_root_and_one_seal(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = [FileSealKeys(tmp_path) for _ in range(8)]
        seals = list(pool.map(lambda each: seal_of(each), keys))

    assert len(set(seals)) == 1
    assert sorted(path.name for path in (tmp_path / "seals").iterdir())[0].startswith(samples.SEAL.uscc)
    assert len(list((tmp_path / "seals").iterdir())) == 1


def test_a_key_file_that_exists_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "key"

    assert read_or_create(path, lambda: b"first") == b"first"
    assert read_or_create(path, lambda: b"second") == b"first"


@pytest.mark.parametrize("attempt", [lambda job, at: FileSealKeys(at, may_create=False).signer_for(job.seal)])
def test_without_the_right_to_make_keys_a_missing_seal_is_told(
    attempt: Callable[[Job, Path], object], tmp_path: Path
) -> None:
    with pytest.raises(SealUnavailable, match="印章密钥"):
        attempt(samples.a_certificate(), tmp_path)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["pkcs11", "cloud"])
def test_a_key_source_that_is_not_there_is_refused_clearly(kind: str, tmp_path: Path) -> None:
    with pytest.raises(SealUnavailable, match=kind):
        open_seal_keys(kind, tmp_path)


def test_a_body_code_that_could_be_a_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SealUnavailable):
        FileSealKeys(tmp_path).signer_for(replace(samples.SEAL, uscc="../../../etc/pass"))
