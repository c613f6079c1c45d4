"""Certificate identifiers (GB/T 36904): real ones of two provinces and synthetic ones."""

import pytest

from services.kernel.certificate_identifier import (
    build_certificate_identifier,
    check_certificate_identifier,
    parse_certificate_identifier,
)
from services.kernel.codes import InvalidCode

GOOD = [
    "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U",
    "1.2.156.3005.2.11100000000013338W009.11330105002500287C.2025052201.002.0",
    "1.2.156.3005.2.11100000MB03271699022.340100.000000016.001.9",
    "1.2.156.3005.2.11431202006100029C002.11431202006100029C.JY24312020000001.001.I",
    "1.2.156.3005.2.114312020061000377003.114312020061000377.4312022026000001.002.B",
]


@pytest.mark.parametrize("identifier", GOOD)
def test_a_real_identifier_is_accepted_and_written_again_as_it_was(identifier):
    parsed = parse_certificate_identifier(identifier)

    assert str(parsed) == identifier


@pytest.mark.parametrize("identifier", GOOD)
def test_one_changed_character_is_found(identifier):
    body = identifier[:-1]

    for other in set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") - {identifier[-1]}:
        assert check_certificate_identifier(body + other).code == "certificate-identifier.check-digit"


def test_an_identifier_is_built_with_its_check_character():
    built = build_certificate_identifier("11431202006100029C002", "11431202006100029C", "JY24312020000001", 1)

    assert built == GOOD[3]


@pytest.mark.parametrize(
    "identifier",
    [
        "",
        GOOD[0][:-2],
        GOOD[0].lower(),
        GOOD[0].replace("1.2.156", "1.2.157"),
        GOOD[0].replace(".001.", ".01."),
        GOOD[0].replace(".001.", ".000."),
        GOOD[0].replace("20230000403", "2023-0000403"),
        GOOD[0].replace("20230000403", "9" * 80),
        GOOD[0] + "\n",
    ],
)
def test_a_wrong_structure_is_rejected(identifier):
    assert check_certificate_identifier(identifier).code == "certificate-identifier.structure"
    with pytest.raises(InvalidCode):
        parse_certificate_identifier(identifier)


@pytest.mark.parametrize(
    ("type_code", "issuer", "serial", "version"),
    [
        ("11431202006100029C002", "11431202006100029D", "JY1", 1),
        ("11431202006100029C002", "11431202006100029C", "jy1", 1),
        ("11431202006100029C002", "11431202006100029C", "JY-1", 1),
        ("11431202006100029C002", "11431202006100029C", "", 1),
        ("11431202006100029C", "11431202006100029C", "JY1", 1),
        ("11431202006100029C002", "11431202006100029C", "JY1", 0),
        ("11431202006100029C002", "11431202006100029C", "JY1", 1000),
        ("11431202006100029C002", "11431202006100029C", "X" * 80, 1),
    ],
)
def test_an_identifier_is_not_built_from_faulty_parts(type_code, issuer, serial, version):
    with pytest.raises(InvalidCode):
        build_certificate_identifier(type_code, issuer, serial, version)
