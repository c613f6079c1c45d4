"""PDFs, pictures and OFD packages that do what an upload must not, written by hand so that nothing tidies them up."""

import base64
import io
import struct
import zipfile
import zlib
from collections.abc import Sequence

CATALOG = b"<</Type/Catalog/Pages 2 0 R%s>>"
PAGES = b"<</Type/Pages/Kids[3 0 R]/Count 1>>"
PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>"
SCRIPT = b"<</S/JavaScript/JS(app.alert\\(1\\))>>"
SIGNED = b"eyJhbGciOiJFUzI1NiJ9.eyJhIjoxfQ.c2lnbmF0dXJl"


def a_pdf(*objects: bytes, catalog: bytes = b"", pages: bytes = PAGES, trailer: bytes = b"") -> bytes:
    """Objects 1 to 3 are catalog, pages and page; the given ones follow from 4."""
    out, places = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), []
    for number, content in enumerate((CATALOG % catalog, pages, PAGE, *objects), start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    begin, size = len(out), len(places) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n" % size + b"".join(b"%010d 00000 n \n" % place for place in places)
    return bytes(out + b"trailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (size, trailer, begin))


def a_stream(body: bytes, entries: bytes = b"/Filter/FlateDecode") -> bytes:
    return b"<<%s/Length %d>>\nstream\n%s\nendstream" % (entries, len(body), body)


def packed_objects(*objects: bytes, first_number: int = 10) -> bytes:
    """What an object stream holds."""
    head, body = b"", b""
    for number, content in enumerate(objects, start=first_number):
        head += b"%d %d " % (number, len(body))
        body += content + b"\n"
    return head + body


def an_object_stream(*objects: bytes, entries: bytes = b"/Type/ObjStm/N 1/First 5") -> bytes:
    return a_stream(zlib.compress(packed_objects(*objects)), entries + b"/Filter/FlateDecode")


def as_differences(content: bytes, columns: int) -> bytes:
    """Each row as its difference to the row above: PNG's predictor "up", which readers undo."""
    rows, above = b"", bytes(columns)
    for place in range(0, len(content), columns):
        row = content[place : place + columns].ljust(columns)
        rows += b"\x02" + bytes((one - other) % 256 for one, other in zip(row, above, strict=True))
        above = row
    return rows


def in_hex(content: bytes) -> bytes:
    return content.hex().encode() + b">"


def in_base_85(content: bytes) -> bytes:
    return base64.a85encode(content) + b"~>"


def zeros(mebibytes: int) -> bytes:
    """So many of them, packed."""
    packer, out = zlib.compressobj(9), bytearray()
    for _ in range(mebibytes):
        out += packer.compress(bytes(2**20))
    return bytes(out + packer.flush())


def a_png(width: int = 1, height: int = 1, *more: tuple[bytes, bytes]) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    data = zlib.compress(b"\0\0")
    chunks = [(b"IHDR", header), *more, (b"IDAT", data), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )


def a_directory(entries: int) -> bytes:
    """A ZIP whose directory is nearly all of it."""
    entry = struct.pack("<4s4B4HL2L5H2L", b"PK\x01\x02", 20, 3, 20, *[0] * 8, 1, *[0] * 6) + b"a"
    begin = b"PK\x03\x04" + bytes(27)
    few = entries & 0xFFFF
    return begin + entry * entries + struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, few, few, len(entry) * entries, 31, 0)


def a_jpeg(width: int, height: int) -> bytes:
    frame = struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00"
    return (
        b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0" + struct.pack(">H", len(frame) + 2) + frame + b"\xff\xda\x00\x02\xff\xd9"
    )


def an_ofd(*entries: tuple[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", packing) as archive:
        archive.writestr("OFD.xml", '<ofd:OFD xmlns:ofd="http://www.ofdspec.org/2016"/>')
        for name, content in entries:
            archive.writestr(name, content)
    return file.getvalue()


def within(name: str, *pieces: str) -> Sequence[tuple[str, bytes]]:
    body = "".join(pieces)
    return [(name, f'<o:Document xmlns:o="http://www.ofdspec.org/2016">{body}</o:Document>'.encode())]
