"""Opening a ZIP file (OFD, GB/T 33190) that anybody made or damaged: what is raised, and how many entries at most."""

import lzma
import struct
import zipfile
import zlib

# `zipfile` wraps only some of it: a header of another form, a method it does not know, a password, and what the
# decompressors themselves raise come as they are.
ZIP_FAULTS: tuple[type[Exception], ...] = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    NotImplementedError,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
)

MOST_ENTRIES = 20_000
_ENTRY = b"PK\x01\x02"  # begins each entry of the directory, or the directory is refused
_END, _LARGE = b"PK\x05\x06", b"PK\x06\x07"  # what ends it; before that, of a large one
_FURTHEST = 22 + 65_535  # from the end of the file: a comment may follow


def may_be_opened(content: bytes) -> bool:
    """Whether its directory is short enough to be read: `ZipFile` reads all of it, ten microseconds an entry."""
    return content.count(_ENTRY) <= MOST_ENTRIES


def ends_as_archive(content: bytes) -> bool:
    """Whether programs that open ZIP files open this one, whatever it begins with: they read it from its end."""
    place = content.rfind(_END, max(0, len(content) - _FURTHEST))
    if place < 0 or len(content) < place + 16:
        return False
    if content[place - 20 : place - 16] == _LARGE and place >= 20:
        return True
    size = int.from_bytes(content[place + 12 : place + 16], "little")
    return 0 < size <= place and content.startswith(_ENTRY, place - size)
