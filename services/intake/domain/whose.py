"""Whose certificate a material asks for, stated in the catalogue or told by the material's name. Pure."""

import re
from enum import StrEnum


class Whose(StrEnum):
    APPLICANT = "APPLICANT"  # 申请人
    EACH = "EACH"  # 各申请人: of everybody who applies together, two at least
    OTHER = "OTHER"  # 其他人: of somebody who is not the applicant, e.g. the legal representative


WORDS = {"申请人": Whose.APPLICANT, "各申请人": Whose.EACH, "其他人": Whose.OTHER}
NAMES = {whose: word for word, whose in WORDS.items()}

_EACH = re.compile("双方|夫妻|各方")
_OTHER = re.compile("法定代表人|家庭成员|监护人|代理人")
_OWN_WILL_DO = re.compile("(申请人|本人).*或")  # 申请人或者代理人身份证


def whose_by_name(name: str) -> Whose:
    """Where the catalogue is silent: what the name says beyond doubt, otherwise the applicant's own."""
    if _OWN_WILL_DO.search(name):
        return Whose.APPLICANT
    if _OTHER.search(name):
        return Whose.OTHER
    return Whose.EACH if _EACH.search(name) else Whose.APPLICANT
