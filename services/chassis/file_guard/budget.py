"""What looking at one file may cost: processor time, inflated bytes. And the error that everything here raises."""

import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

MIB = 2**20
_PIECE = 256 * 1024


class Unsafe(Exception):
    """The file breaks `rule`; `detail` says it to a person."""

    def __init__(self, rule: str, detail: str) -> None:
        super().__init__(detail)
        self.rule = rule
        self.detail = detail


def bomb() -> Unsafe:
    return Unsafe("file.bomb", "文件解压后过大，可能是压缩炸弹，请重新导出后上传")


@dataclass
class Budget:
    """Of one file. The time is this thread's own, so that a busy machine refuses nobody."""

    seconds: float = 5.0
    inflated: int = 512 * MIB
    once: int = 256 * MIB  # of one stream
    bulky: int = 48 * MIB  # from here on one stream must not be packed tighter than `ratio`
    ratio: int = 400
    _begun: float = field(default_factory=time.thread_time)

    def tick(self) -> None:
        """Raises Unsafe when the time is used up."""
        if time.thread_time() - self._begun > self.seconds:
            raise Unsafe("file.too-complex", "文件结构过于复杂，无法在限定时间内检查，请重新导出后上传")

    def spend(self, inflated: int) -> None:
        self.inflated -= inflated
        if self.inflated < 0:
            raise bomb()
        self.tick()

    def inflate(self, content: bytes, place: int) -> Iterator[bytes]:
        """The pieces of the zlib stream that begins at `place`, as far as it goes; never more than one in memory.

        Its checksum is not asked: readers do not ask either.

        Raises:
            Unsafe: it unpacks to more than is allowed.
        """
        packed, came, taken = zlib.decompressobj(-15), 0, 2
        for piece, used in _pieces(packed, memoryview(content)[place + 2 :]):
            taken, came = taken + used, came + len(piece)
            self.spend(len(piece))
            if came > self.once or (came > self.bulky and came > self.ratio * taken):
                raise bomb()
            if piece:
                yield piece


def _pieces(packed: "zlib._Decompress", given: memoryview) -> Iterator[tuple[bytes, int]]:
    """What comes out, and how many bytes went in for it."""
    place = 0
    while not packed.eof:
        waiting = given[place : place + _PIECE]
        spare = packed.copy()
        try:
            piece = packed.decompress(waiting, _PIECE)
        except zlib.error:
            yield from _until_broken(spare, waiting)
            return
        used = len(waiting) - len(packed.unconsumed_tail)
        place += used
        yield piece, used
        if place >= len(given):
            yield packed.flush(), 0  # a few bytes at most: all that went in has come out but the last of it
            return


def _until_broken(packed: "zlib._Decompress", waiting: memoryview) -> Iterator[tuple[bytes, int]]:
    """Up to the damaged place, where readers show what they have, too."""
    came, used = bytearray(), 0
    for place in range(len(waiting)):
        try:
            came += packed.decompress(waiting[place : place + 1])
        except zlib.error:
            break
        used += 1
        if len(came) >= _PIECE:
            yield bytes(came), used
            came, used = bytearray(), 0
    yield bytes(came), used
