"""Domain 1, scope rule: the Administrative Licensing Law is cited for licences, every other matter rests on its own."""

import pytest

from services.intake.domain.basis_of_acts import refusal_basis, supplement_basis
from services.intake.domain.catalogue import Basis, ServiceItem
from services.intake.domain.records import RefusalKind
from tests.unit.intake.builders import a_material, an_item

OWN = "《社会救助暂行办法》第十一条"
OTHERS = [
    pytest.param("05", "行政给付", id="a benefit"),
    pytest.param("07", "行政确认", id="a confirmation"),
    pytest.param("10", "其他行政权力", id="another power"),
    pytest.param("20", "公共服务", id="a public service"),
]


def of_type(code: str, name: str) -> ServiceItem:
    return an_item(a_material(1), type_code=code, type_name=name, basis=(Basis(OWN, "sourced"),))


@pytest.mark.parametrize(
    ("kind", "article"),
    [
        (RefusalKind.NOT_REQUIRED, "《中华人民共和国行政许可法》第三十二条第一款第一项"),
        (RefusalKind.OUT_OF_SCOPE, "《中华人民共和国行政许可法》第三十二条第一款第二项"),
        (RefusalKind.FALSE_MATERIALS, "《中华人民共和国行政许可法》第七十八条"),
    ],
)
def test_a_licence_is_refused_acceptance_by_the_licensing_law(kind: RefusalKind, article: str) -> None:
    assert refusal_basis(of_type("01", "行政许可"), kind) == article


def test_a_licence_is_supplemented_by_article_32() -> None:
    assert supplement_basis(of_type("01", "行政许可")) == "《中华人民共和国行政许可法》第三十二条第一款第四项"


@pytest.mark.parametrize(("code", "name"), OTHERS)
def test_other_matters_rest_on_their_own_basis_and_on_what_holds_for_all(code: str, name: str) -> None:
    item = of_type(code, name)

    cited = {supplement_basis(item), *(refusal_basis(item, kind) for kind in RefusalKind)}

    assert cited == {f"{OWN}、《优化营商环境条例》第三十六条"}
