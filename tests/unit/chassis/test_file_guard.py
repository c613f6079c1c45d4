"""Uploads that do more than show something are refused by name of the rule, soon and in little memory; others pass."""

import io
import random
import re
import time
import tracemalloc
import zipfile
import zlib
from contextlib import suppress

import pytest
from pypdf import PdfWriter

from services.chassis.file_guard import Unsafe, examine, pdf_streams
from services.chassis.file_guard.budget import Budget
from services.intake.domain.errors import UnsupportedFile
from services.intake.domain.media import recognise
from tests.support import hostile_files as hostile
from tests.support.hostile_files import SCRIPT, SIGNED, a_pdf, a_stream, an_object_stream, an_ofd, in_hex, within

URI = b"<</S/URI/URI(http://x.example)>>"
PACKED = zlib.compress(hostile.packed_objects(SCRIPT))
KINDS = b"/Type/ObjStm/N 1/First 5"
FLATE, PREDICTED = b"/Filter/FlateDecode", b"/DecodeParms<</Predictor 12/Columns 8>>"
DIFFERENCES = zlib.compress(hostile.as_differences(hostile.packed_objects(SCRIPT), 8))


def noise(size: int) -> bytes:
    return random.Random(20261122).randbytes(size)


def an_encrypted_pdf() -> bytes:
    writer, made = PdfWriter(), io.BytesIO()
    writer.add_blank_page(100, 100)
    writer.encrypt("", "owner", algorithm="RC4-128")
    writer.write(made)
    return made.getvalue()


PDFS = {
    "script when opened": (a_pdf(SCRIPT, catalog=b"/OpenAction 4 0 R"), "pdf.script"),
    "script in the names": (a_pdf(catalog=b"/Names<</JavaScript<</Names[(a) 4 0 R]>>>>"), "pdf.script"),
    "script written with an escape": (a_pdf(b"<</S/J#61vaScript/JS(x)>>"), "pdf.script"),
    "script behind a comment": (a_pdf() + b"%stream\n9 0 obj" + SCRIPT + b"endobj\n%endstream\n", "pdf.script"),
    "script in an object stream": (a_pdf(an_object_stream(SCRIPT)), "pdf.script"),
    "the same, not called one": (a_pdf(an_object_stream(SCRIPT, entries=b"/Subtype/Image")), "pdf.script"),
    "the same in hexadecimal": (a_pdf(a_stream(in_hex(PACKED), KINDS)), "pdf.script"),
    "the same in base 85": (a_pdf(a_stream(hostile.in_base_85(PACKED), KINDS)), "pdf.script"),
    "the same packed twice": (a_pdf(a_stream(zlib.compress(PACKED), KINDS)), "pdf.script"),
    "the same with a false checksum": (a_pdf(a_stream(PACKED[:-2] + b"zz", KINDS)), "pdf.script"),
    "the same, cut off": (
        a_pdf(a_stream(zlib.compress(hostile.packed_objects(SCRIPT, noise(9999)))[:-6], KINDS)),
        "pdf.script",
    ),
    "packed in a way that is not read": (a_pdf(a_stream(b"\x80\x0b", KINDS + b"/Filter/LZWDecode")), "pdf.filter"),
    "objects as differences": (a_pdf(a_stream(DIFFERENCES, KINDS + FLATE + PREDICTED)), "pdf.filter"),
    "the same, not called objects": (a_pdf(a_stream(DIFFERENCES, b"/N 1/First 5" + FLATE + PREDICTED)), "pdf.filter"),
    "the same with an escape": (a_pdf(a_stream(DIFFERENCES, b"/N 1/F#69rst 5" + FLATE + PREDICTED)), "pdf.script"),
    "the same, called a picture": (
        a_pdf(a_stream(DIFFERENCES, b"/Subtype/Image/N 1 /First\n5" + FLATE + PREDICTED)),
        "pdf.filter",
    ),
    "the same, its parameters elsewhere": (
        a_pdf(a_stream(DIFFERENCES, KINDS + FLATE + b"/DecodeParms 5 0 R"), PREDICTED[12:]),
        "pdf.filter",
    ),
    "the same behind a false begin": (
        a_pdf(a_stream(DIFFERENCES, KINDS + b"/X(stream\n)" + FLATE + PREDICTED)),
        "pdf.filter",
    ),
    "packed many times": (
        a_pdf(a_stream(zlib.compress(zlib.compress(zlib.compress(zlib.compress(b"x" * 99)))), KINDS)),
        "pdf.filters-nested",
    ),
    "starts a program": (a_pdf(b"<</S/Launch/F(cmd.exe)>>", catalog=b"/OpenAction 4 0 R"), "pdf.action"),
    "opens an address": (a_pdf(catalog=b"/OpenAction" + URI), "pdf.action"),
    "opens an address elsewhere": (a_pdf(URI, catalog=b"/OpenAction 4 0 R"), "pdf.action"),
    "opens an address in an object stream": (
        a_pdf(an_object_stream(b"null", URI), catalog=b"/OpenAction 11 0 R"),
        "pdf.action",
    ),
    "sends a form": (a_pdf(b"<</S/SubmitForm/F(http://x.example)>>"), "pdf.action"),
    "embedded file": (a_pdf(a_stream(b"MZ", b"/Type/EmbeddedFile")), "pdf.embedded-file"),
    "embedded file without its type": (a_pdf(b"<</F(a)/EF<</F 5 0 R>>>>", a_stream(b"MZ", b"")), "pdf.embedded-file"),
    "a signed record and a program": (
        a_pdf(b"<</EF<</F 5 0 R/UF 6 0 R>>>>", a_stream(SIGNED, b""), a_stream(zlib.compress(b"MZ"))),
        "pdf.embedded-file",
    ),
    "a program under the number of a record": (
        a_pdf(b"<</EF<</F 5 0 R>>>>", a_stream(SIGNED, b"")) + b"5 0 obj " + a_stream(b"MZ", b"") + b" endobj",
        "pdf.embedded-file",
    ),
    "attached to a page": (a_pdf(b"<</Subtype/FileAttachment/FS 5 0 R>>"), "pdf.embedded-file"),
    "dynamic form": (a_pdf(catalog=b"/AcroForm<</XFA[(a) 4 0 R]>>"), "pdf.xfa"),
    "film": (a_pdf(b"<</Subtype /RichMedia>>"), "pdf.media"),
    "sound": (a_pdf(b"<</S/Sound/Sound 5 0 R>>"), "pdf.media"),
    "encrypted": (an_encrypted_pdf(), "pdf.encrypted"),
    "pages in a circle": (a_pdf(b"<</Type/Pages/Kids[2 0 R]>>", pages=b"<</Kids[4 0 R]/Count 1>>"), "pdf.cycle"),
    "a page that is its own child": (a_pdf(an_object_stream(b"<</Kids[10 0 R]>>")), "pdf.cycle"),
    "deep lists": (a_pdf(b"[" * 5000 + b"]" * 5000), "pdf.nesting"),
    "deep dictionaries": (a_pdf(b"<</A" * 5000 + b">>" * 5000), "pdf.nesting"),
    "a hundred mebibytes of zeros": (a_pdf(a_stream(hostile.zeros(100))), "file.bomb"),
}


@pytest.mark.parametrize("name", PDFS)
def test_a_pdf_that_does_more_than_show_is_refused_by_its_rule(name: str) -> None:
    content, rule = PDFS[name]

    with pytest.raises(Unsafe) as refused:
        examine(content)

    assert refused.value.rule == rule
    assert refused.value.detail


HARMLESS = {
    "plain": a_pdf(),
    "opens at a page": a_pdf(catalog=b"/OpenAction[3 0 R/Fit]"),
    "goes to a page": a_pdf(catalog=b"/OpenAction<</S/GoTo/D[3 0 R/Fit]>>"),
    "goes to a page elsewhere": a_pdf(b"<</S /GoTo /D[3 0 R/Fit]>>", catalog=b"/OpenAction 4 0 R"),
    "a link to click on": a_pdf(b"<</Subtype/Link/A<</S/URI/URI(https://x.example)>>>>"),
    "an old picture": a_pdf(a_stream(b"\x80\x0b\x60\x50", b"/Subtype/Image/Filter/LZWDecode")),
    "text in base 85": a_pdf(a_stream(hostile.in_base_85(zlib.compress(b"BT (x) Tj ET")), b"")),
    "no objects": a_pdf(a_stream(zlib.compress(b""), b"/Type/ObjStm/N 0/First 0" + FLATE)),
    "objects, not packed": a_pdf(a_stream(hostile.packed_objects(b"<</Type/Font>>"), KINDS)),
    "objects without differences": a_pdf(
        an_object_stream(b"<</Type/Font>>", entries=KINDS + b"/DecodeParms<</Predictor 1>>")
    ),
    "a table of places as differences": a_pdf(
        an_object_stream(b"<</Type/Font>>"),
        a_stream(zlib.compress(hostile.as_differences(bytes(24), 6)), b"/Type/XRef" + FLATE + PREDICTED),
    ),
    "an outline before a picture as differences": a_pdf(
        b"<</Type/Outlines/First 14 0 R/Last 14 0 R/Count 1>>",
        a_stream(zlib.compress(hostile.as_differences(noise(24), 6)), b"/Subtype/Image" + FLATE + PREDICTED),
    ),
    "object streams": a_pdf(an_object_stream(b"<</Type/Font>>", b"<</Kids[3 0 R]>>")),
    "a signed record attached": a_pdf(b"<</EF<</F 5 0 R>>>>", a_stream(zlib.compress(SIGNED), b"/Type/EmbeddedFile")),
    "the same, not packed": a_pdf(b"<</EF<</F 5 0 R>>>>", a_stream(SIGNED, b"/Type/EmbeddedFile")),
    "a blank page as a picture": a_pdf(a_stream(hostile.zeros(26), b"/Subtype/Image/Filter/FlateDecode")),
    "a scan of pictures": a_pdf(a_stream(noise(2**21), b"/Subtype/Image/Filter/DCTDecode")),
    "a picture that does not pack": a_pdf(a_stream(zlib.compress(noise(2**21), 1), b"/Filter/FlateDecode")),
    "cut off": a_pdf()[:200],
    "nothing": b"",
    "another kind": b"<html><script>alert(1)</script></html>",
    "picture": hostile.a_png(4000, 3000),
    "photograph": hostile.a_jpeg(12032, 9024),
    "ofd": an_ofd(*within("Doc_0/Document.xml", "<o:Page/>")),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_only_shows_something_passes(name: str) -> None:
    examine(HARMLESS[name])


OTHERS = {
    "picture of a million by a million": (hostile.a_png(10**6, 10**6), "image.too-many-pixels"),
    "picture of no size": (b"\x89PNG\r\n\x1a\n" + bytes(30), "image.damaged"),
    "picture with packed zeros": (hostile.a_png(1, 1, (b"zTXt", b"a\0\0" + hostile.zeros(30))), "file.bomb"),
    "film as a picture": (hostile.a_png(9000, 9000, (b"acTL", b"\0\0\0\x20" + bytes(4))), "image.too-many-pixels"),
    "photograph of sixty thousand squared": (hostile.a_jpeg(60000, 60000), "image.too-many-pixels"),
    "photograph without a size": (b"\xff\xd8\xff\xe0\x00\x02\xff\xd9", "image.damaged"),
    "ofd with zeros": (an_ofd(("Doc_0/Res/a.png", bytes(100 * 2**20))), "file.bomb"),
    "ofd with a program": (an_ofd(("Doc_0/a.js", b"x")), "ofd.script"),
    "ofd with a script": (an_ofd(*within("Doc_0/Document.xml", "<o:JavaScript>x</o:JavaScript>")), "ofd.script"),
    "ofd with an attachment": (an_ofd(*within("Doc_0/Attachments.xml", "<o:Attachment/>")), "ofd.embedded-file"),
    "ofd in an ofd": (an_ofd(("Doc_0/a.dat", an_ofd())), "ofd.embedded-file"),
    "ofd with entities": (an_ofd(("Doc_0/Document.xml", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')), "ofd.entities"),
    "ofd with deep elements": (an_ofd(*within("a.xml", "<a>" * 500, "</a>" * 500)), "ofd.nesting"),
    "ofd that leaves its folder": (an_ofd(("../../etc/cron.d/a", b"x")), "ofd.path"),
    "ofd cut off": (an_ofd(("a", b"x"))[:60], "ofd.damaged"),
    "ofd with broken xml": (an_ofd(("a.xml", b"<a>")), "ofd.damaged"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_a_picture_or_package_that_does_more_is_refused_by_its_rule(name: str) -> None:
    content, rule = OTHERS[name]

    with pytest.raises(Unsafe) as refused:
        examine(content)

    assert refused.value.rule == rule


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_package_with_any_changed_byte_is_looked_into_or_refused(method: int) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        archive.writestr("OFD.xml", "<a>" + "文书" * 200 + "</a>")
        archive.writestr("Doc_0/Res/a.png", noise(300))
    chance, rules = random.Random(method), set()

    for place in range(len(made.getvalue())):
        content = bytearray(made.getvalue())
        content[place] ^= chance.randrange(1, 256)
        try:
            examine(bytes(content))
        except Unsafe as refused:
            rules.add(refused.rule)
        with suppress(UnsupportedFile):
            recognise(bytes(content))

    assert "ofd.damaged" in rules


@pytest.mark.parametrize("comment", [b"", b"%%EOF" * 9], ids=["at the end", "before a comment"])
@pytest.mark.parametrize("kind", ["pdf", "png", "jpeg", "gif"])
def test_an_archive_behind_something_harmless_is_refused(kind: str, comment: bytes) -> None:
    shown = {"pdf": a_pdf(), "png": hostile.a_png(), "jpeg": hostile.a_jpeg(9, 9), "gif": b"GIF89a"}[kind]
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/vbaProject.bin", b"macro")
        archive.comment = comment
    examine(shown)

    with pytest.raises(Unsafe) as refused:
        examine(shown + made.getvalue())

    assert refused.value.rule == "file.two-kinds"


def test_the_letters_of_an_archive_alone_are_none() -> None:
    examine(a_pdf(b"(PK\x05\x06 PK\x01\x02)") + b"%PK\x05\x06" + bytes(30))


def test_a_package_with_a_directory_of_a_hundred_thousand_entries_is_refused_before_it_is_read() -> None:
    content = hostile.a_directory(100_000)
    begun = time.thread_time()

    with pytest.raises(Unsafe) as refused:
        examine(content)
    with pytest.raises(UnsupportedFile):
        recognise(content)

    assert refused.value.rule == "ofd.entries"
    assert time.thread_time() - begun < 0.3  # reading it takes more than a second


SLOWLY = {
    "where streams begin": (pdf_streams._BEGIN.search, rb"(?<!end)stream[ \t]{0,8}(?:\r\n|\n|\r)"),
    "how objects begin": (pdf_streams._HEAD.match, rb"(?:[\s\0]|%[^\r\n]*[\r\n])*(?:\d+[\s\0]|$)"),
}


@pytest.mark.parametrize("name", SLOWLY)
def test_a_search_through_a_whole_file_holds_nobody_up(name: str) -> None:
    """No other thread runs meanwhile. It finds what the plain expression finds, in a part of the time."""
    (find, plain), chance = SLOWLY[name], random.Random(5)
    slow = getattr(re.compile(plain), find.__name__)
    words = [b"end", b"stream", b"\r\n", b"\n", b" ", b"%", b"1", b"23", b"a", b"\0", b"s"]
    took = []

    for each in (find, slow):
        begun = time.thread_time()
        assert each(b" " * 2**22 + b"x") is None
        took.append(time.thread_time() - begun)

    assert took[0] < took[1] / 2
    for _ in range(5000):
        text = b"".join(chance.choices(words, k=chance.randrange(9)))
        one, other = find(text), slow(text)
        assert (one and one.span()) == (other and other.span()), text


def test_many_bombs_below_the_limit_of_one_are_one() -> None:
    content = a_pdf(*[a_stream(hostile.zeros(5))] * 4)

    examine(content, budget=Budget(inflated=21 * 2**20))
    with pytest.raises(Unsafe, match="压缩炸弹"):
        examine(content, budget=Budget(inflated=19 * 2**20))


def test_a_bomb_takes_little_memory() -> None:
    content = a_pdf(a_stream(hostile.zeros(60)))
    tracemalloc.start()
    try:
        with pytest.raises(Unsafe):
            examine(content)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 8 * 2**20


@pytest.mark.parametrize(
    "piece",
    [
        b"stream\n",
        b"stream\nx\x9c",
        b"stream\n" + b"5" * 40,
        b"/Kids[",
        b"/EF<<",
        b"/#41",
        b"/OpenAction<<",
        b"1 0 obj",
        b"0 0 ",
        b"[" * 119 + b"]",
    ],
    ids=repr,
)
def test_a_hostile_file_ends_with_its_budget(piece: bytes) -> None:
    content = b"%PDF-1.7\n" + piece * (3 * 2**20 // len(piece))
    begun = time.thread_time()

    with suppress(Unsafe):
        examine(content, budget=Budget(seconds=0.3))

    assert time.thread_time() - begun < 3
