"""QR codes: read back by an independent reader; full ones are, module for module, those of the library beneath.

(One that is not full differs: the library pads it with a zero byte that the standard does not have.)
"""

from typing import Any

import pytest
import segno
import zxingcpp
from segno import consts

from services.certificate.files import qr

CAPACITY: dict[int, Any] = consts.SYMBOL_CAPACITY  # bits by version and level
LEVELS = {"l": consts.ERROR_LEVEL_L, "m": consts.ERROR_LEVEL_M}
ADDRESS = "https://fw.example.gov.cn/c/1.2.156.3005.2.11431202006100029C002.11431202006100029C.JY2431.001.I?"
QUIET, DOTS = 4, 4


def text_of(length: int) -> str:
    return (ADDRESS + "aB3_-" * 600)[:length]


def read(rows: list[str]) -> str:
    """What a reader finds in the picture."""
    side = len(rows) + 2 * QUIET
    framed = ["0" * side] * QUIET + ["0" * QUIET + row + "0" * QUIET for row in rows] + ["0" * side] * QUIET
    dots = b"".join(bytes(0 if bit == "1" else 255 for bit in row for _ in range(DOTS)) * DOTS for row in framed)
    (found,) = zxingcpp.read_barcodes(memoryview(dots).cast("B", (side * DOTS, side * DOTS)))
    return str(found.text)


@pytest.mark.parametrize("level", sorted(LEVELS))
@pytest.mark.parametrize("length", [1, 100, 180, 230, 500, 857, 1060, 1400, 2300])
def test_a_code_says_its_text(length: int, level: str) -> None:
    rows = qr.modules(text_of(length), LEVELS[level])

    assert read(rows) == text_of(length)


@pytest.mark.parametrize("version", [1, 2, 6, 7, 9, 10, 14, 21, 22, 27, 28, 34, 35, 40])
@pytest.mark.parametrize("level", sorted(LEVELS))
def test_a_full_code_is_the_one_of_the_library(version: int, level: str) -> None:
    length = CAPACITY[version][LEVELS[level]] // 8 - (2 if version <= 9 else 3)

    rows = qr.modules(text_of(length), LEVELS[level])

    expected = segno.make(text_of(length), error=level, micro=False, mask=2, mode="byte")
    assert rows == ["".join(map(str, row)) for row in expected.matrix]


def test_a_text_beyond_the_largest_code_is_refused() -> None:
    with pytest.raises(qr.DoesNotFit):
        qr.modules("a" * 3000, consts.ERROR_LEVEL_L)
