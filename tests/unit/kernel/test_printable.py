"""What free text of a paper may hold."""

import pytest

from services.kernel.printable import unprintable


@pytest.mark.parametrize("text", ["面积 25㎡，≤45℃\n① 照明", "𪚥镇 〇四组", "\U00031350", "“引号”——Ⅳ级 №3"])
def test_what_officials_write_is_printable(text: str) -> None:
    assert not unprintable(text)


@pytest.mark.parametrize("text", ["好😀", "\x00", "a\u202eb", "\ue000", "零\u200b宽", "\ufeff"])
def test_what_no_paper_shows_is_not(text: str) -> None:
    assert unprintable(text)
