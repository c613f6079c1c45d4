"""What an act before acceptance rests on: the Administrative Licensing Law for licences, their own basis for others."""

from services.intake.domain.catalogue import ServiceItem
from services.intake.domain.records import RefusalKind

LICENCE = "01"  # GB/T 39046-2020 A.1: 行政许可
_LAW = "《中华人民共和国行政许可法》"
# One notice with everything in it, and published rules, hold for matters of every type.
_BUSINESS = "《优化营商环境条例》第三十六条"
_SUPPLEMENT = f"{_LAW}第三十二条第一款第四项"
_REFUSAL = {
    RefusalKind.NOT_REQUIRED: f"{_LAW}第三十二条第一款第一项",
    RefusalKind.OUT_OF_SCOPE: f"{_LAW}第三十二条第一款第二项",
    RefusalKind.FALSE_MATERIALS: f"{_LAW}第七十八条",
}


def supplement_basis(item: ServiceItem) -> str:
    """Source: Administrative Licensing Law art. 32(1)(4); Business Environment Regulation art. 36 for all matters."""
    return _SUPPLEMENT if item.type_code == LICENCE else _own(item)


def refusal_basis(item: ServiceItem, kind: RefusalKind) -> str:
    """Source: Administrative Licensing Law arts. 32(1)(1), 32(1)(2), 78, which speak of licences only."""
    return _REFUSAL[kind] if item.type_code == LICENCE else _own(item)


def _own(item: ServiceItem) -> str:
    return "、".join((*(basis.text for basis in item.basis), _BUSINESS))
