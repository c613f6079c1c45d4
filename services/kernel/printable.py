"""Free text that goes onto papers: what no font draws, or what turns the order of signs around, has no place in it."""

import unicodedata

from services.kernel.ideographs import is_ideograph

_LINES = frozenset("\n\r\t")
# Controls, marks that are not seen, private and unassigned characters
_NEVER = frozenset({"Cc", "Cf", "Cn", "Co", "Cs"})
_BASIC_PLANE_ENDS = 0xFFFF


def unprintable(text: str) -> bool:
    """Pictures lie outside the basic plane; signs like ㎡, ℃ and ① lie in it and are drawn."""
    return any(_is_unprintable(character) for character in text if character not in _LINES)


def _is_unprintable(character: str) -> bool:
    category = unicodedata.category(character)
    picture = category in {"So", "Sk"} and ord(character) > _BASIC_PLANE_ENDS
    return (category in _NEVER or picture) and not is_ideograph(character)
