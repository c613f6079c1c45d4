"""Whether a name given with a number is the name of its holder. Pure."""

import re
import unicodedata
from collections.abc import Iterable

from services.intake.domain.materials import HeldCertificate
from services.kernel.errors import FieldError
from services.kernel.ideographs import code_point, rare, spelled

_UNSEEN = re.compile(r"[\s·•・‧∙⋅.]+")  # blanks, and the dot in names of minorities, of which there are many


def same_name(one: str, other: str) -> bool:
    """Full-width forms, blanks and the kind of middle dot make no other name."""
    return _plain(one) == _plain(other)


def _plain(name: str) -> str:
    return _UNSEEN.sub("", unicodedata.normalize("NFKC", name)).casefold()


def known_names(held: Iterable[HeldCertificate], holder_key: str) -> tuple[str, ...]:
    """What the library calls a holder, in his valid certificates; nothing when it has none of his."""
    return tuple(c.holder_name for c in held if c.holder_key == holder_key and c.valid and c.holder_name)


def name_faults(given: str, proven: Iterable[str], pointer: str) -> list[FieldError]:
    """The fault of a name that no proof bears; without any proof the window compares with the paper original.

    Whatever is granted is printed and sealed in this name. Source: State Council order 716 art. 5 (proven identity).
    """
    names = tuple(proven)
    if not names or any(same_name(given, name) for name in names):
        return []
    return [FieldError(pointer, "name.not-of-number", "姓名或名称与该号码的登记信息不一致，请核对")]


def name_warnings(*names: str) -> list[str]:
    """What to tell whoever takes the application in: a legal name is never refused for a character a font may lack."""
    return [
        f"“{character}”（{code_point(character)}）是生僻字，请核对；"
        f"字库未收录时，文书以{spelled(character)}标示并注明，电子证照的版式文件须待字库补充后制作"
        for character in rare("".join(names))
    ]
