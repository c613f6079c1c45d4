"""PDF/A (ISO 19005-2 and -3, level B) of every sealed file: its main demands, read from the objects of the file itself.

No validator of the whole standard comes as a wheel (veraPDF needs Java), so the demands that break in practice are
checked here, on what leaves the house: after the seal.
"""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, StreamObject

from services.certificate.files.contents import Job
from services.certificate.files.seal_keys import FileSealKeys
from services.certificate.files.sealing import make_file
from services.certificate.files.time_stamping import Stamper
from tests.support import authorities
from tests.support import certificate_files as samples
from tests.support import certificate_papers as more

PAPERS = samples.papers() | more.procedure_papers() | more.after_papers()
JOBS = {kind: samples.a_job(paper) for kind, paper in PAPERS.items()} | {"CERTIFICATE": samples.a_certificate()}
ACTIVE = {"/JavaScript", "/JS", "/Launch", "/SubmitForm", "/ImportData", "/ResetForm", "/Movie", "/Sound", "/Rendition"}
HIDDEN, PRINT = 1 << 1, 1 << 2


STAMPED = "CERTIFICATE with a time stamp"


@pytest.fixture(scope="module", params=[*sorted(JOBS), STAMPED])
def file(
    request: pytest.FixtureRequest, seal_keys: FileSealKeys, tmp_path_factory: pytest.TempPathFactory
) -> PdfReader:
    if request.param == STAMPED:
        with authorities.embedded(tmp_path_factory.mktemp("tsa")) as authority:
            return PdfReader(BytesIO(make_file(JOBS["CERTIFICATE"], seal_keys, Stamper(authority))))
    job: Job = JOBS[request.param]
    return PdfReader(BytesIO(make_file(job, seal_keys)))


def objects(reader: PdfReader) -> Iterator[Any]:
    """Every dictionary that can be reached, each once."""
    waiting: list[Any] = [reader.trailer]
    seen: set[int] = set()
    while waiting:
        value = waiting.pop()
        if isinstance(value, IndirectObject):
            if value.idnum in seen:
                continue
            seen.add(value.idnum)
            value = value.get_object()
        if isinstance(value, DictionaryObject):
            yield value
            waiting += [value.raw_get(key) for key in value]
        elif isinstance(value, ArrayObject):
            waiting += list(value)


def catalogue(reader: PdfReader) -> Any:
    return reader.trailer["/Root"].get_object()


def test_it_declares_its_part_and_is_marked(file: PdfReader) -> None:
    xmp = file.xmp_metadata

    assert xmp is not None
    assert (xmp.pdfaid_part, xmp.pdfaid_conformance) in {("2", "B"), ("3", "B")}
    assert "/Filter" not in catalogue(file)["/Metadata"]  # 6.6.2.1: readable without a filter
    assert "/ID" in file.trailer


def test_it_has_one_output_intent_with_its_profile(file: PdfReader) -> None:
    (intent,) = [intent.get_object() for intent in catalogue(file)["/OutputIntents"]]

    assert intent["/S"] == "/GTS_PDFA1"
    profile = intent["/DestOutputProfile"]
    assert profile["/N"] in (1, 3, 4)
    assert profile.get_data()[36:40] == b"acsp"  # the signature of an ICC profile


def test_every_font_is_embedded_and_its_text_can_be_read(file: PdfReader) -> None:
    fonts = [found for found in objects(file) if found.get("/Type") == "/Font"]
    described = [font for font in fonts if font["/Subtype"] != "/Type0"]

    assert described
    for font in described:
        descriptor = font["/FontDescriptor"].get_object()
        assert {"/FontFile", "/FontFile2", "/FontFile3"} & set(descriptor), font["/BaseFont"]
    assert all("/ToUnicode" in font for font in fonts if font["/Subtype"] == "/Type0")


def test_nothing_is_encrypted_active_or_filtered_by_what_the_standard_forbids(file: PdfReader) -> None:
    assert not file.is_encrypted
    for found in objects(file):
        assert found.get("/S") not in ACTIVE
        assert not {"/JS", "/AA", "/XFA", "/Crypt"} & set(found)
        if isinstance(found, StreamObject):
            assert "/F" not in found, "no content outside the file"
            assert "/LZWDecode" not in str(found.get("/Filter", ""))
            assert found.get("/Subtype") != "/PS"
            assert str(found.get("/Interpolate", "false")).lower() == "false"


def test_what_is_annotated_is_seen_and_printed(file: PdfReader) -> None:
    for page in file.pages:
        for annotation in (entry.get_object() for entry in page.get("/Annots", ())):
            assert int(annotation["/F"]) & PRINT
            assert not int(annotation["/F"]) & HIDDEN
            assert "/N" in annotation["/AP"]


def test_files_are_attached_only_where_part_3_allows_it_and_say_what_they_are(file: PdfReader) -> None:
    attached = [found for found in objects(file) if found.get("/Type") == "/Filespec" or "/EF" in found]

    if attached:
        assert file.xmp_metadata is not None
        assert file.xmp_metadata.pdfaid_part == "3"
    assert all({"/AFRelationship", "/UF", "/F"} <= set(found) for found in attached)
