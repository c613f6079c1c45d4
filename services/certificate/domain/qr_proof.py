"""The proof a QR code carries: act, place in the log, content hash and inclusion path in some seven hundred bytes.

Layout (then base64url): one byte version and act, the index and the size of the tree as variable-length numbers, the
SHA-256 of the signed record, and the hashes of the inclusion path one after another. The identifier stands in the
address in front of it.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

from services.certificate.domain import merkle
from services.certificate.domain.merkle import HASH_BYTES
from services.certificate.domain.transparency import ACTS, Leaf

PATH = "/c/"
_VERSION = 1
_MOST_PATH = 63
_ADDRESS = re.compile(
    r"(?:https?://[^/?#\s]+)?/c/(?P<identifier>[0-9A-Za-z.]{1,128})(?:\?(?P<proof>[A-Za-z0-9_-]{1,4000}))?"
)


class NotAProof(ValueError):
    """The text is not a proof as we write it."""


@dataclass(frozen=True)
class Inclusion:
    """A leaf, where it stands, and the path from it to the root of the tree of `size` leaves."""

    leaf: Leaf
    index: int
    size: int
    path: tuple[bytes, ...]

    def root(self) -> bytes | None:
        """The root this proof leads to; None when it cannot be a proof for its index and size."""
        return merkle.root_from_inclusion(self.index, self.size, self.leaf.hash(), self.path)


def address(base_url: str, proof: Inclusion) -> str:
    """What the QR code says: an address that opens verification, and carries all that a check without us needs."""
    return f"{base_url.rstrip('/')}{PATH}{proof.leaf.identifier}?{pack(proof)}"


def pack(proof: Inclusion) -> str:
    head = bytes([_VERSION << 5 | ACTS.index(proof.leaf.act)])
    packed = head + _number(proof.index) + _number(proof.size) + proof.leaf.record + b"".join(proof.path)
    return urlsafe_b64encode(packed).rstrip(b"=").decode()


def unpack(identifier: str, text: str) -> Inclusion:
    """Raises NotAProof."""
    try:
        packed = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
        version, act = packed[0] >> 5, ACTS[packed[0] & 31]
        index, rest = _take_number(packed[1:])
        size, rest = _take_number(rest)
    except (ValueError, IndexError) as fault:
        raise NotAProof("not base64url") from fault
    hashes = [rest[place : place + HASH_BYTES] for place in range(0, len(rest), HASH_BYTES)]
    if version != _VERSION or not hashes or len(hashes) > _MOST_PATH or len(rest) % HASH_BYTES:
        raise NotAProof("not of this version, or cut off")
    proof = Inclusion(Leaf(act, identifier, hashes[0]), index, size, tuple(hashes[1:]))
    if pack(proof) != text:
        raise NotAProof("not as it is written")
    return proof


def read_address(text: str) -> tuple[str, Inclusion | None]:
    """Identifier and proof of a QR code's text.

    Raises:
        NotAProof: another address, or a proof that cannot be read.
    """
    match = _ADDRESS.fullmatch(text.strip())
    if match is None:
        raise NotAProof("not an address of ours")
    identifier = match["identifier"].upper()
    return identifier, unpack(identifier, match["proof"]) if match["proof"] else None


def code_identifier(text: str) -> str:
    """Which certificate the text of a code names, whatever else it says; a bare identifier names itself."""
    return text.strip().partition("?")[0].rpartition("/")[2].upper()


def _number(value: int) -> bytes:
    """Seven bits a byte, the lowest first; the high bit says that more follow."""
    written = bytearray()
    while value > 127:
        written.append(value & 127 | 128)
        value >>= 7
    return bytes([*written, value])


def _take_number(content: bytes) -> tuple[int, bytes]:
    value = 0
    for place, byte in enumerate(content[:9]):
        value |= (byte & 127) << 7 * place
        if byte < 128:
            return value, content[place + 1 :]
    raise NotAProof("a number without an end")
