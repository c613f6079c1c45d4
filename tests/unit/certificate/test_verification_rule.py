"""What verification answers."""

from datetime import date

import pytest

from services.certificate.domain.verification import Finding, Reason, Verdict, judge, masked_name

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
