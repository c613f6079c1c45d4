"""QR codes (ISO/IEC 18004, bytes) as SVG, in a tenth of the time of the library whose tables and patterns it uses.

A certificate's code holds its proof under a signed head: some 10,000 modules, which the library places one by one.
Here everything that does not depend on the text (patterns, places, mask) is worked out once for each version.
"""
# mypy: allow-untyped-calls

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from operator import itemgetter
from typing import Any

from segno import consts, encoder

_MASK = 2  # trying all eight for the prettiest costs as much as everything else, and readers take any
_LEVELS = (consts.ERROR_LEVEL_L, consts.ERROR_LEVEL_M, consts.ERROR_LEVEL_Q, consts.ERROR_LEVEL_H)
_CAPACITY: Any = consts.SYMBOL_CAPACITY
_BLOCKS: Any = consts.ECC
_LONG = 200
_BYTES = 0b0100  # mode
_SMALL = 9  # last version whose length takes one byte
_FREE = 2  # in a matrix of the library: a module for the message
_PADDING = bytes((0xEC, 0x11))
_RUN = re.compile("1+")


class DoesNotFit(ValueError):
    """The text is longer than the largest code holds."""


def svg(text: str) -> str:
    """A long text, with the proof of a log, takes the lowest level of correction: its dots must stay large enough."""
    rows = modules(text, consts.ERROR_LEVEL_L if len(text) > _LONG else consts.ERROR_LEVEL_M)
    path = "".join(
        f"M{run.start() + 1} {line}.5h{run.end() - run.start()}"
        for line, row in enumerate(rows, start=1)
        for run in _RUN.finditer(row)
    )
    side = len(rows) + 2
    return f'<svg width="{side}" height="{side}"><path stroke="#000" d="{path}"/></svg>\n'


def modules(text: str, level: int) -> list[str]:
    """The code's rows, dark modules as `1`; at least this level of correction.

    Raises:
        DoesNotFit.
    """
    content = text.encode()
    version, level = _version(len(content), level)
    form = _form(version, level)
    drawn = "".join(form.draw(form.masked(_message(content, version, level))))
    return [drawn[place : place + form.side] for place in range(0, len(drawn), form.side)]


def _version(length: int, level: int) -> tuple[int, int]:
    """The smallest code that holds so many bytes, and the highest level of correction that fits in it as well."""
    for version in range(1, 41):
        needed = 4 + _length_bits(version) + 8 * length
        fits = [one for one in _LEVELS[_LEVELS.index(level) :] if _CAPACITY[version][one] >= needed]
        if fits:
            return version, fits[-1]
    raise DoesNotFit(f"{length} bytes")


def _length_bits(version: int) -> int:
    return 8 if version <= _SMALL else 16


def _message(content: bytes, version: int, level: int) -> bytes:
    """Codewords with their correction, interleaved (7.6)."""
    size = _length_bits(version)
    head = (_BYTES << size | len(content)) << 8 * len(content) | int.from_bytes(content)
    words = (head << 4).to_bytes(len(content) + (size + 8) // 8)  # and four bits that end the text
    room = _CAPACITY[version][level] // 8 - len(words)
    words += (_PADDING * (room // 2 + 1))[:room]
    blocks, corrections, begin = [], [], 0
    for kind in _BLOCKS[version][level]:
        for _ in range(kind.num_blocks):
            block = words[begin : begin + kind.num_data]
            begin += kind.num_data
            blocks.append(block)
            corrections.append(_correction(block, kind.num_total - kind.num_data))
    return bytes(chain(_interleaved(blocks), _interleaved(corrections)))


def _interleaved(blocks: Sequence[bytes]) -> Iterator[int]:
    for place in range(max(map(len, blocks))):
        for block in blocks:
            if place < len(block):
                yield block[place]


def _correction(block: bytes, count: int) -> bytes:
    """Reed-Solomon: the remainder of the division by the generator, a byte of the block at a time."""
    multiples, top, all_bits = _multiples(count), 8 * (count - 1), (1 << 8 * count) - 1
    rest = 0
    for byte in block:
        rest = (rest << 8) & all_bits ^ multiples[byte ^ rest >> top]
    return rest.to_bytes(count)


@cache
def _multiples(count: int) -> list[int]:
    """The generator times each byte, as one number of `count` bytes."""
    logs, powers, generator = consts.GALIOS_LOG, consts.GALIOS_EXP, consts.GEN_POLY[count]
    rows = [bytes(powers[logs[byte] + one] for one in generator[:count]) for byte in range(1, 256)]
    return [0, *map(int.from_bytes, rows)]


@dataclass(frozen=True)
class _Form:
    """Of one version and level: where each bit of the message goes, and the mask over them."""

    side: int
    mask: int
    bits: int
    draw: Callable[[str], Sequence[str]]

    def masked(self, message: bytes) -> str:
        """The bits under the mask, and after them a light and a dark module for the patterns."""
        left = self.bits - 8 * len(message)  # remainder bits
        return f"{int.from_bytes(message) << left ^ self.mask:0{self.bits}b}01"


@cache
def _form(version: int, level: int) -> _Form:
    side = encoder.calc_matrix_size(version)
    matrix = encoder.make_matrix(side, side)
    encoder.add_finder_patterns(matrix, side, side)
    encoder.add_alignment_patterns(matrix, side, side)
    places = list(_places(matrix, side))
    encoder.add_format_info(matrix, version, level, _MASK)
    encoder.add_version_info(matrix, version)
    bit_at = {place: bit for bit, place in enumerate(places)}
    sources = [
        bit_at.get((row, column), len(places) + matrix[row][column]) for row in range(side) for column in range(side)
    ]
    mask = int("".join("1" if column % 3 == 0 else "0" for _, column in places), 2)
    return _Form(side, mask, len(places), itemgetter(*sources))


def _places(matrix: Any, side: int) -> Iterator[tuple[int, int]]:
    """The modules for the message in their order: two columns at a time, up and down, from the right (7.7.3)."""
    for right in range(side - 1, 0, -2):
        pair = right - 1 if right <= 6 else right  # the timing pattern has a column of its own
        upwards = (pair + 1) & 2 == 0
        for step in range(side):
            row = side - 1 - step if upwards else step
            for column in (pair, pair - 1):
                if matrix[row][column] == _FREE:
                    yield row, column
