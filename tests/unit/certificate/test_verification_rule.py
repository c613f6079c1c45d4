"""What verification answers."""

from datetime import date

import pytest

from services.certificate.domain.verdict_words import words_of
from services.certificate.domain.verification import (
    Binding,
    Finding,
    Reason,
    Seal,
    Shown,
    Verdict,
    is_elsewhere,
    judge,
    masked_name,
    tell_apart,
)

TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("status", "valid_from", "valid_until", "expected"),
    [
        pytest.param("VALID", TODAY, None, Finding(Verdict.VALID), id="open-ended"),
        pytest.param("VALID", TODAY, TODAY, Finding(Verdict.VALID), id="its last day counts"),
        pytest.param(
            "VALID",
            date(2020, 1, 1),
            date(2026, 11, 21),
            Finding(Verdict.NO_LONGER_VALID, Reason.EXPIRED),
            id="expired",
        ),
        pytest.param(
            "VALID", date(2026, 11, 23), None, Finding(Verdict.NO_LONGER_VALID, Reason.NOT_YET_VALID), id="not yet"
        ),
        pytest.param("ANNULLED", TODAY, None, Finding(Verdict.NO_LONGER_VALID, Reason.ANNULLED), id="annulled"),
        pytest.param("LOST", TODAY, None, Finding(Verdict.NO_LONGER_VALID, Reason.LOST), id="lost"),
    ],
)
def test_a_genuine_certificate_is_valid_or_no_longer(status, valid_from, valid_until, expected):
    assert judge(status, valid_from, valid_until, today=TODAY, intact=True) == expected


def test_alteration_is_told_before_anything_else():
    finding = judge("ANNULLED", TODAY, None, today=TODAY, intact=False)

    assert finding == Finding(Verdict.ALTERED, Reason.RECORD_ALTERED)


@pytest.mark.parametrize(
    ("name", "person", "shown"),
    [
        ("王小明", True, "王**"),
        ("王", True, "王*"),
        ("𠮷田", True, "𠮷*"),
        ("鹤城餐饮有限公司", False, "鹤城餐饮有限公司"),
    ],
)
def test_a_persons_name_is_masked_and_a_companys_is_public(name, person, shown):
    assert masked_name(name, person=person) == shown


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        pytest.param(Shown(Seal.OURS), None, id="sealed by us"),
        pytest.param(Shown(Seal.NONE, binding=Binding.OWN), None, id="a code with its own proof"),
        pytest.param(Shown(Seal.CUT_OFF), Reason.TRUNCATED, id="cut off"),
        pytest.param(Shown(Seal.CUT_OFF, here=False), Reason.TRUNCATED, id="cut off, wherever it is from"),
        pytest.param(Shown(Seal.NONE, named=False), Reason.NOT_OURS, id="names nothing"),
        pytest.param(Shown(Seal.FOREIGN, named=False), Reason.NOT_OURS, id="signed by others, names nothing"),
        pytest.param(Shown(Seal.FOREIGN), Reason.FORGED, id="signed by others, names ours"),
        pytest.param(Shown(Seal.FOREIGN, binding=Binding.FALSE), Reason.FORGED, id="the same, with an invented proof"),
        pytest.param(Shown(Seal.FOREIGN, binding=Binding.OWN), Reason.RE_SIGNED, id="ours, signed by others instead"),
        pytest.param(Shown(Seal.FOREIGN_ADDED), Reason.RE_SIGNED, id="ours, signed by others too"),
        pytest.param(Shown(Seal.FOREIGN, here=False), Reason.OTHER_REGION, id="signed by others, of another region"),
        pytest.param(Shown(Seal.FOREIGN_ADDED, here=False), Reason.RE_SIGNED, id="below it our seal: not elsewhere"),
        pytest.param(Shown(Seal.BROKEN), Reason.FILE_ALTERED, id="changed after sealing"),
        pytest.param(Shown(Seal.BROKEN, binding=Binding.ANOTHERS), Reason.QR_SWAPPED, id="marks of another in it"),
        pytest.param(Shown(Seal.OURS, binding=Binding.ANOTHERS), Reason.QR_SWAPPED, id="another's code seen on it"),
        pytest.param(Shown(Seal.NONE, binding=Binding.ANOTHERS), Reason.QR_SWAPPED, id="a code with another's proof"),
        pytest.param(Shown(Seal.NONE, binding=Binding.FALSE), Reason.PROOF_FALSE, id="a code with an invented proof"),
    ],
)
def test_each_falsehood_has_one_name(shown, expected):
    found = tell_apart(shown)

    assert (found.reason if found else None) == expected


def test_every_combination_has_an_answer_and_none_with_a_fault_is_valid():
    for seal in Seal:
        for binding in Binding:
            for named in (True, False):
                for here in (True, False):
                    found = tell_apart(Shown(seal, named, here, binding))
                    assert found is None or found.verdict in {Verdict.ALTERED, Verdict.UNKNOWN}


def test_every_reason_tells_people_what_it_is_and_what_to_do():
    told = [words_of(Finding(Verdict.UNKNOWN, reason)) for reason in Reason]

    assert len({words.label for words in told}) == len(Reason)
    assert all(words.message and words.advice for words in told)


@pytest.mark.parametrize(
    ("identifier", "elsewhere"),
    [
        pytest.param(
            "1.2.156.3005.2.11431202006100029C002.11431202006100029C.JY24312020000001.001.I", False, id="own district"
        ),
        pytest.param(
            "1.2.156.3005.2.11100000000013338W009.11330105002500287C.2025052201.002.0", True, id="another province"
        ),
        pytest.param(
            "1.2.156.3005.2.11100000MB03271699022.340100.000000016.001.9", True, id="an issuer given by its division"
        ),
        pytest.param("1.2.156.3005.2.11431202006100029C002", False, id="no identifier"),
    ],
)
def test_an_identifier_tells_the_region_of_its_issuer(identifier, elsewhere):
    assert is_elsewhere(identifier, "431202000000") is elsewhere


def test_a_city_holds_its_districts_and_without_a_division_nobody_is_elsewhere():
    own = "1.2.156.3005.2.11431202006100029C002.11431202006100029C.JY24312020000001.001.I"

    assert not is_elsewhere(own, "431200000000")
    assert is_elsewhere(own, "431300000000")
    assert not is_elsewhere(own, "")
