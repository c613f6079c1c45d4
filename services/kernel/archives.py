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


def may_be_opened(content: bytes) -> bool:
    """Whether its directory is short enough to be read: `ZipFile` reads all of it, ten microseconds an entry."""
    return content.count(_ENTRY) <= MOST_ENTRIES
