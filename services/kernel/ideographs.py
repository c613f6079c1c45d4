"""Chinese characters as Unicode places them, those included that this Python's tables do not name yet.

A legal name may hold any of them; a font and a system's own character tables are always behind the standard.
"""

# The unified and compatibility blocks of the basic plane; planes 2 and 3 are kept for ideographs alone (Unicode 16,
# section 18.1), so a character of a later extension is one already.
_BLOCKS = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2FFFD), (0x30000, 0x3FFFD))
_BASIC_PLANE_ENDS = 0xFFFF


def is_ideograph(character: str) -> bool:
    return any(first <= ord(character) <= last for first, last in _BLOCKS)


def code_point(character: str) -> str:
    """As the standard writes it: U+30000."""
    return f"U+{ord(character):04X}"


def spelled(character: str) -> str:
    """How a paper writes an ideograph that its font lacks: legible, and one certain character."""
    return f"〔{code_point(character)}〕"


def rare(text: str) -> list[str]:
    """Ideographs outside the basic plane, each once: what fonts and keyboards often lack."""
    return [c for c in dict.fromkeys(text) if ord(c) > _BASIC_PLANE_ENDS and is_ideograph(c)]
