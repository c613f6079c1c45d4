"""Files are recognised by content, never by name; cut-off and foreign files are refused."""

import io
import zipfile

import pytest

from services.intake.domain.errors import UnsupportedFile
from services.intake.domain.media import MediaType, recognise

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20 + b"IEND\xaeB`\x82"
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 20 + b"\xff\xd9"
PDF = b"%PDF-1.7\n...\n%%EOF\n"


def an_archive(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, "<xml/>")
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        pytest.param(PDF, MediaType.PDF, id="pdf"),
        pytest.param(PNG, MediaType.PNG, id="png"),
        pytest.param(JPEG, MediaType.JPEG, id="jpeg"),
        pytest.param(JPEG + b"film" * 5000, MediaType.JPEG, id="jpeg of a phone with a film behind it"),
        pytest.param(an_archive("OFD.xml", "Doc_0/Document.xml"), MediaType.OFD, id="ofd"),
    ],
)
def test_a_file_is_recognised_by_its_content(content, media_type):
    assert recognise(content) is media_type


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"<html></html>", id="html"),
        pytest.param(b"MZ\x90\0", id="program"),
        pytest.param(PDF[:10], id="pdf that is cut off"),
        pytest.param(PNG[:20], id="png that is cut off"),
        pytest.param(b"junk" + PDF, id="pdf behind junk"),
        pytest.param(an_archive("word/document.xml"), id="word document"),
        pytest.param(an_archive("Doc_0/OFD.xml"), id="OFD.xml not at the root"),
        pytest.param(an_archive("OFD.xml")[:40], id="broken zip"),
        pytest.param(b"GIF89a", id="gif"),
    ],
)
def test_anything_else_is_refused(content):
    with pytest.raises(UnsupportedFile):
        recognise(content)
