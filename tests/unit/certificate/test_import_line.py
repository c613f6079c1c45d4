"""One line of an import file: every fault is named, no number is repeated."""

import copy

import orjson
import pytest

from services.certificate.domain.certificate import Body, CertificateType
from services.certificate.domain.import_line import Duplicates, read_line

DIVISION = "431202000000"
ID_CARD = "114312020061000377001"
LICENCE = "11431202006100029C001"
MARKER = "431202180001010012"
POLICE = Body("114312020061000377", "区公安分局", DIVISION)
MARKET = Body("11431202006100029C", "区市场监督管理局", DIVISION)
TYPES = {
    ID_CARD: CertificateType(ID_CARD, "居民身份证", POLICE, "自然人", "长期"),
    LICENCE: CertificateType(LICENCE, "营业执照", MARKET, "法人", "长期"),
}
SOUND = {
    "type_code": ID_CARD,
    "certificate_number": MARKER,
    "holder": {"party_type": "PERSON", "number": MARKER, "name": "王小明"},
    "issuer": {"uscc": POLICE.uscc, "name": POLICE.name},
    "issued_on": "2020-05-01",
    "valid_from": "2020-05-01",
    "valid_until": "2040-04-30",
    "extend": {"民族": "汉"},
}


def nested(levels):
    return orjson.loads("[" * levels + "]" * levels)


def a_line(**changes):
    line = copy.deepcopy(SOUND)
    for path, value in changes.items():
        *parents, last = path.split("__")
        target = line
        for parent in parents:
            target = target[parent]
        target[last] = value
    return line


def test_lists_and_objects_within_a_line_are_welcome():
    line = a_line(extend={"权利人": [{"姓名": "王小明", "份额": ["1", "2"]}], "附图": nested(7)})

    sound, faults = read_line(1, line, TYPES, DIVISION)

    assert faults == []
    assert sound is not None
    assert sound.extend == line["extend"]


def test_a_sound_line_is_read():
    sound, faults = read_line(1, SOUND, TYPES, DIVISION)

    assert faults == []
    assert sound is not None
    assert (sound.holders[0].name, sound.issuer_division, sound.valid_until.isoformat()) == (
        "王小明",
        DIVISION,
        "2040-04-30",
    )


@pytest.mark.parametrize(
    ("line", "pointer"),
    [
        pytest.param(a_line(holder__number="431202180001010013"), "/holder/number", id="check digit of a citizen"),
        pytest.param(a_line(issuer__uscc="11431202006100029D"), "/issuer/uscc", id="check digit of a body"),
        pytest.param(a_line(issued_on="2026-02-30"), "/issued_on", id="a day that does not exist"),
        pytest.param(a_line(issued_on="20260201"), "/issued_on", id="another date format"),
        pytest.param(a_line(valid_until="2019-01-01"), "/valid_until", id="ends before it begins"),
        pytest.param(a_line(type_code="X" * 21), "/type_code", id="unknown type"),
        pytest.param(a_line(holder__party_type="PET"), "/holder/party_type", id="unknown kind of holder"),
        pytest.param(a_line(holder__name=""), "/holder/name", id="no name"),
        pytest.param(a_line(holder__name="王\x00"), "/holder/name", id="control character"),
        pytest.param(a_line(holder="王"), "/holder", id="holder is no object"),
        pytest.param(a_line(certificate_number=7), "/certificate_number", id="number is no text"),
        pytest.param(a_line(extend=[1]), "/extend", id="extend is no object"),
        pytest.param(a_line(extend={"附图": nested(8)}), "/extend", id="extend is nested too deeply"),
        pytest.param(a_line(colour="red"), "/colour", id="unknown field"),
        pytest.param(a_line(**{"43120218770707006X": 1}), "/…", id="unknown field called like a number"),
        pytest.param(a_line(holder__name="王43120218770707006X"), "/holder/name", id="number in the name"),
        pytest.param(a_line(issuer__division="43"), "/issuer/division", id="division too short"),
        pytest.param([1], "/", id="no object"),
    ],
)
def test_a_fault_names_its_field_and_never_the_number(line, pointer):
    sound, faults = read_line(3, line, TYPES, DIVISION)

    assert sound is None
    assert pointer in [fault.pointer for fault in faults]
    assert all(fault.line == 3 for fault in faults)
    assert not any(text in str(fault) for fault in faults for text in (MARKER, "431202180001010013"))


def test_a_line_tells_all_its_faults_at_once():
    _, faults = read_line(1, a_line(holder__number="1", issued_on="x", type_code="?"), TYPES, DIVISION)

    assert {fault.pointer for fault in faults} == {"/holder/number", "/issued_on", "/type_code"}


def test_an_organisation_cannot_hold_an_id_card():
    line = a_line(holder={"party_type": "ORGANISATION", "number": "91431202MA00000152", "name": "公司"})

    _, faults = read_line(1, line, TYPES, DIVISION)

    assert [fault.pointer for fault in faults] == ["/holder/party_type"]


def test_the_second_line_of_the_same_certificate_is_a_fault():
    duplicates = Duplicates()
    sound, _ = read_line(1, SOUND, TYPES, DIVISION)

    first, second = list(duplicates.check(1, sound.marks())), list(duplicates.check(9, sound.marks()))

    assert first == []
    assert [(fault.line, "第 1 行" in fault.detail) for fault in second] == [(9, True)]


def test_two_holders_of_one_number_are_told_as_the_same_identifier():
    duplicates = Duplicates()
    first, _ = read_line(1, a_line(certificate_number="HK1"), TYPES, DIVISION)
    holder = {"party_type": "PERSON", "number": "431202180001010020", "name": "李小红"}
    second, _ = read_line(2, a_line(certificate_number="HK-1", holder=holder), TYPES, DIVISION)

    faults = [*duplicates.check(1, first.marks()), *duplicates.check(2, second.marks())]

    assert [(fault.line, fault.pointer) for fault in faults] == [(2, "/certificate_number")]


SPOUSE = {"party_type": "PERSON", "number": "431202180001010020", "name": "李小红"}


def shared(*holders):
    return {name: value for name, value in SOUND.items() if name != "holder"} | {"holders": list(holders)}


def test_several_holders_are_read_in_their_order_with_their_shares():
    sound, faults = read_line(1, shared(SPOUSE | {"share": "60%"}, SOUND["holder"] | {"share": "40%"}), TYPES, DIVISION)

    assert faults == []
    assert [(holder.name, holder.share) for holder in sound.holders] == [("李小红", "60%"), ("王小明", "40%")]


@pytest.mark.parametrize(
    ("line", "pointer"),
    [
        pytest.param(shared(), "/holders", id="nobody"),
        pytest.param(shared(SPOUSE) | {"holder": SPOUSE}, "/holders", id="both ways at once"),
        pytest.param(shared(SPOUSE, SPOUSE), "/holders/1/number", id="the same person twice"),
        pytest.param(shared(SPOUSE, "王小明"), "/holders/1", id="no object"),
        pytest.param(shared(SPOUSE, SPOUSE | {"number": "1"}), "/holders/1/number", id="number of the second"),
        pytest.param(shared(SPOUSE | {"share": "归" + MARKER}), "/holders/0/share", id="number in the share"),
    ],
)
def test_a_fault_of_one_of_several_holders_is_told_at_his_place(line, pointer):
    sound, faults = read_line(1, line, TYPES, DIVISION)

    assert sound is None
    assert [fault.pointer for fault in faults] == [pointer]
    assert all(MARKER not in fault.detail for fault in faults)
