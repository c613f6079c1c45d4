"""What all papers share: the header, demanded values, remedies, and the articles they cite."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from services.certificate.files.errors import IncompleteContents

LICENSING_LAW = "《中华人民共和国行政许可法》"
ART_7 = f"{LICENSING_LAW}第七条"
ART_7_36 = f"{LICENSING_LAW}第七条、第三十六条"
ART_8 = f"{LICENSING_LAW}第八条第二款"
ART_32_1 = f"{LICENSING_LAW}第三十二条第一款第（一）项"
ART_32_2 = f"{LICENSING_LAW}第三十二条第一款第（二）项"
ART_32_4 = f"{LICENSING_LAW}第三十二条第一款第（四）项"
ART_32_5 = f"{LICENSING_LAW}第三十二条第一款第（五）项"
ART_34_3 = f"{LICENSING_LAW}第三十四条第三款"
ART_36 = f"{LICENSING_LAW}第三十六条"
ART_42_1 = f"{LICENSING_LAW}第四十二条第一款"
ART_42_2 = f"{LICENSING_LAW}第四十二条第二款"
ART_45 = f"{LICENSING_LAW}第四十五条"
ART_46 = f"{LICENSING_LAW}第四十六条"
ART_46_48 = f"{LICENSING_LAW}第四十六条、第四十八条"
ART_47 = f"{LICENSING_LAW}第四十七条"
ART_48 = f"{LICENSING_LAW}第四十八条"
ART_49 = f"{LICENSING_LAW}第四十九条"
ART_50_2 = f"{LICENSING_LAW}第五十条第二款"
ART_69 = f"{LICENSING_LAW}第六十九条"
ART_70 = f"{LICENSING_LAW}第七十条"
ART_78 = f"{LICENSING_LAW}第七十八条"
BUSINESS_36 = "《优化营商环境条例》第三十六条"  # what is told and published of matters of every type


def demand(contents: object, *names: str) -> None:
    """These values are there: a text that is not blank, a list with something in it.

    Raises:
        IncompleteContents: names what is lacking.
    """
    lacking = [name for name in names if _is_blank(getattr(contents, name))]
    if lacking:
        raise IncompleteContents(f"{type(contents).__name__} lacks {', '.join(lacking)}")


def _is_blank(value: object) -> bool:
    if isinstance(value, str):
        return not value.strip()
    return value is None or value == ()


@dataclass(frozen=True, kw_only=True)
class Remedies:
    """Both ways against an adverse decision, both bodies named (art. 38 para. 2)."""

    reconsideration_body: str
    court: str
    reconsideration_days: int = 60
    litigation_months: int = 6

    def __post_init__(self) -> None:
        demand(self, "reconsideration_body", "court")


@dataclass(frozen=True, kw_only=True)
class CoApplicantLine:
    """Who applied together with the applicant."""

    name: str
    number_label: str
    number: str

    def __post_init__(self) -> None:
        demand(self, "name", "number")


_MOST_IN_A_SENTENCE = 120


def in_short(names: Sequence[str], most: int = _MOST_IN_A_SENTENCE) -> str:
    """All names where they fit into so many characters; otherwise as many as do, and how many they are."""
    for count in range(len(names), 1, -1):
        if len("、".join(names[:count])) <= most:
            break
    else:
        count = 1
    told = "、".join(names[:count])
    return told if count >= len(names) else f"{told}等{len(names)}位申请人"


@dataclass(frozen=True, kw_only=True)
class Paper:
    """The common header of all papers. `reference` is the paper's id; numbers of persons arrive here masked.

    `DEMANDED` is what a kind of paper cannot do without, besides its header.
    """

    HEADER: ClassVar[tuple[str, ...]] = (
        *("reference", "body_name", "number", "applicant_name", "applicant_number_label", "applicant_number"),
        *("item_name", "item_code", "case_no", "query_code", "verification_url"),
    )
    DEMANDED: ClassVar[tuple[str, ...]] = ()

    reference: str
    body_name: str
    number: str  # 文号, e.g. 鹤市监受〔2026〕12号
    applicant_name: str
    applicant_number_label: str
    applicant_number: str
    item_name: str
    item_code: str
    case_no: str
    query_code: str
    dated_on: date
    verification_url: str
    agent_name: str = ""
    co_applicants: tuple[CoApplicantLine, ...] = ()  # applied together with the applicant

    def __post_init__(self) -> None:
        demand(self, *self.HEADER, *self.DEMANDED)

    @property
    def everybody(self) -> str:
        """All who applied, as a sentence names them."""
        return in_short((self.applicant_name, *(one.name for one in self.co_applicants)))
