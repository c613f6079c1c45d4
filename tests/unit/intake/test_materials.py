"""Which materials are covered, missing or not asked for, and which certificates may stand for them."""

from datetime import date

import pytest

from services.intake.domain.application import PartyType
from services.intake.domain.catalogue import MaterialOption, Need
from services.intake.domain.errors import Invalid
from services.intake.domain.handing_in import (
    Claim,
    certificate_faults,
    check_applicant,
    check_claims,
    person_faults,
)
from services.intake.domain.materials import (
    Coverage,
    Holders,
    Library,
    Source,
    auto_reuse,
    coverage_of,
    merge,
    missing,
    still_usable,
)
from services.intake.domain.whose import Whose
from tests.unit.intake.builders import ID_TYPE, LICENCE_TYPE, NOON, TODAY, a_certificate, a_material, an_item, provided

GROUP = (a_material(1), a_material(2, Need.ONE_OF), a_material(3, Need.ONE_OF))


def coverages(item, *given):
    return [answer.coverage for answer in coverage_of(item, given)]


@pytest.mark.parametrize(
    ("need", "expected"),
    [
        (Need.REQUIRED, Coverage.MISSING),
        (Need.OPTIONAL, Coverage.OPTIONAL),
        (Need.CONDITIONAL, Coverage.CONDITIONAL),
        (Need.ONE_OF, Coverage.MISSING),
        (Need.LATER, Coverage.LATER),
    ],
)
def test_what_is_not_given_is_answered_by_its_necessity(need, expected):
    assert coverages(an_item(a_material(1, need, condition="涉及挖掘的"))) == [expected]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (Source.CERTIFICATE, Coverage.COVERED),
        (Source.UPLOAD, Coverage.UPLOADED),
        (Source.PAPER_ORIGINAL, Coverage.ON_PAPER),
    ],
)
def test_what_is_given_is_answered_by_its_source(source, expected):
    assert coverages(an_item(), provided(1, source)) == [expected]


def test_one_of_a_group_is_enough():
    item = an_item(*GROUP)

    assert coverages(item, provided(1), provided(3)) == [Coverage.ON_PAPER, Coverage.NOT_NEEDED, Coverage.ON_PAPER]
    assert [m.material_no for m in missing(item, [provided(1)])] == [2, 3]


def test_every_material_says_why_it_is_asked_for():
    item = an_item(
        a_material(1, certificate_type_code=LICENCE_TYPE, certificate_type_name="营业执照"),
        a_material(2, Need.CONDITIONAL, condition="涉及挖掘的", options=(MaterialOption.DEFERRED,)),
        a_material(3, Need.ONE_OF),
        a_material(4, Need.ONE_OF, options=(MaterialOption.INFORMED_COMMITMENT,)),
    )

    reasons = [answer.why for answer in coverage_of(item, [])]

    assert "食品安全法第35条" in reasons[0]
    assert "营业执照" in reasons[0]
    assert "涉及挖掘的" in reasons[1]
    assert "容缺" in reasons[1]
    assert "材料3、材料4" in reasons[2]
    assert "告知承诺" in reasons[3]


def test_the_newest_of_a_material_counts():
    old, new = provided(1, Source.PAPER_ORIGINAL), provided(1, Source.UPLOAD)

    assert merge([provided(2), old], [new]) == (new, provided(2))


def test_a_file_that_is_replaced_stays_known_as_evidence_unless_it_was_never_received():
    first, second = (provided(1, Source.UPLOAD, file_key=key) for key in ("a", "b"))
    paper = provided(1)

    kept = merge(merge([first], [second]), [paper])

    assert kept[0].earlier_file_keys == ("a", "b")
    assert merge([first], [second], keep=False) == (second,)


class TestAutoReuse:
    item = an_item(
        a_material(1, certificate_type_code=LICENCE_TYPE),
        a_material(2, certificate_type_code=ID_TYPE),
        a_material(3, Need.OPTIONAL, certificate_type_code=ID_TYPE),
    )

    def reuse(self, *held, already=(), item=None, whose=Holders("zhang")):
        found = auto_reuse(item or self.item, already, held, whose, today=TODAY, now=NOON)
        return {p.material_no: p.certificate_identifier for p in found}

    def test_it_covers_required_materials_and_draws_no_more_than_needed(self):
        assert self.reuse(a_certificate("L"), a_certificate("I", type_code=ID_TYPE)) == {1: "L", 2: "I"}

    def test_it_takes_the_one_that_is_valid_longest(self):
        held = [a_certificate("A", valid_until=date(2027, 1, 1)), a_certificate("B"), a_certificate("C", valid=False)]

        assert self.reuse(*held) == {1: "B"}

    def test_of_equals_it_takes_the_same_one_whatever_order_they_come_in(self):
        held = [a_certificate("B"), a_certificate("A")]

        assert self.reuse(*held) == self.reuse(*reversed(held)) == {1: "B"}

    def test_the_applicants_own_comes_before_that_of_who_acts_for_it_however_long_that_is_valid(self):
        held = [a_certificate("OWN", valid_until=date(2027, 1, 1)), a_certificate("AGENTS", holder_key="li")]

        assert self.reuse(*held, whose=Holders("zhang", agent="li")) == {1: "OWN"}
        assert self.reuse(held[1], whose=Holders("zhang", agent="li")) == {1: "AGENTS"}

    def test_what_is_asked_of_a_person_no_other_persons_certificate_answers_by_itself(self):
        assert self.reuse(a_certificate("LIS", holder_key="li"), whose=Holders("zhang", named=("li",))) == {}

    def test_a_card_of_each_is_taken_only_when_everybody_who_applies_holds_one(self):
        both = an_item(a_material(1, certificate_type_code=ID_TYPE, whose=Whose.EACH))
        own, others = (a_certificate(who, type_code=ID_TYPE, holder_key=who) for who in ("zhang", "li"))
        together = Holders("zhang", named=("li",), together=("li",))

        assert self.reuse(own, item=both, whose=together) == {}
        assert self.reuse(own, others, item=both, whose=Holders("zhang", named=("li",))) == {}
        (found,) = auto_reuse(both, (), [own, others], together, today=TODAY, now=NOON)
        assert found.certificates == ("zhang", "li")
        assert still_usable([found], {"zhang": own}, today=TODAY) == ()

    def test_one_certificate_that_both_hold_stands_for_both(self):
        both = an_item(a_material(1, certificate_type_code=ID_TYPE, whose=Whose.EACH))
        rows = [a_certificate("M", type_code=ID_TYPE, holder_key=who) for who in ("zhang", "li")]

        (found,) = auto_reuse(both, (), rows, Holders("zhang", together=("li",)), today=TODAY, now=NOON)

        assert found.certificates == ("M",)

    def test_what_is_asked_of_somebody_else_neither_applicant_nor_agent_answers(self):
        other = an_item(a_material(1, certificate_type_code=ID_TYPE, whose=Whose.OTHER))
        held = [a_certificate(who, type_code=ID_TYPE, holder_key=who) for who in ("zhang", "li")]

        assert self.reuse(*held, item=other, whose=Holders("zhang", agent="li")) == {}

    @pytest.mark.parametrize(
        ("name", "seen_here", "holds"),
        [("li", True, True), ("li", False, False), ("zhang", True, False)],
        ids=["named by a clerk", "named online", "the applicant's own"],
    )
    def test_for_somebody_else_only_a_clerk_names_a_certificate_and_not_the_applicants(self, name, seen_here, holds):
        material = a_material(1, certificate_type_code=ID_TYPE, whose=Whose.OTHER)
        held = [a_certificate(who, type_code=ID_TYPE, holder_key=who) for who in ("zhang", "li")]
        library = Library(held, Holders("zhang", agent="li"), TODAY)
        certificate = next(one for one in held if one.identifier == name)

        faults = person_faults(material, certificate, library, "#", seen_here=seen_here)

        assert (not faults) is holds

    @pytest.mark.parametrize(
        "of",
        [{"valid": False}, {"valid_until": date(2026, 11, 19)}, {"valid_from": date(2026, 11, 21)}],
        ids=["annulled", "expired yesterday", "valid from tomorrow"],
    )
    def test_it_never_takes_one_that_is_not_valid_today(self, of):
        assert self.reuse(a_certificate(**of)) == {}

    def test_a_certificate_counts_on_its_last_day(self):
        assert self.reuse(a_certificate("L", valid_until=TODAY)) == {1: "L"}

    def test_what_was_handed_in_is_left_alone(self):
        assert self.reuse(a_certificate(), already=[provided(1)]) == {}

    def test_a_group_takes_one_certificate_at_most(self):
        group = an_item(
            a_material(1, Need.ONE_OF, certificate_type_code=LICENCE_TYPE),
            a_material(2, Need.ONE_OF, certificate_type_code=ID_TYPE),
        )

        assert self.reuse(a_certificate("L"), a_certificate("I", type_code=ID_TYPE), item=group) == {1: "L"}


def test_a_reused_certificate_that_was_annulled_meanwhile_covers_nothing():
    reused = provided(1, Source.CERTIFICATE, certificate_identifier="C1")

    assert still_usable([reused, provided(2)], {"C1": a_certificate(valid=False)}, today=TODAY) == (provided(2),)
    assert still_usable([reused], {"C1": a_certificate()}, today=TODAY) == (reused,)
    assert still_usable([reused], {}, today=TODAY) == ()


class TestClaims:
    item = an_item(a_material(1, certificate_type_code=LICENCE_TYPE), a_material(2))

    def check(self, *claims, held=None, paper_allowed=True):
        return check_claims(self.item, claims, held or {}, paper_allowed=paper_allowed, today=TODAY, now=NOON)

    def faults(self, *claims, **more):
        with pytest.raises(Invalid) as refused:
            self.check(*claims, **more)
        return [(fault.pointer, fault.code) for fault in refused.value.errors]

    def test_a_certificate_and_a_paper_are_taken(self):
        given = self.check(
            Claim(1, Source.CERTIFICATE, "C1"), Claim(2, Source.PAPER_ORIGINAL, copies=3), held={"C1": a_certificate()}
        )

        assert [(p.material_no, p.source, p.certificate_identifier, p.copies) for p in given] == [
            (1, Source.CERTIFICATE, "C1", 1),
            (2, Source.PAPER_ORIGINAL, None, 3),
        ]

    @pytest.mark.parametrize(
        ("certificate", "code"),
        [
            pytest.param(None, "certificate.not-held", id="unknown, or somebody else's"),
            pytest.param(a_certificate(type_code=ID_TYPE), "certificate.wrong-type", id="of another type"),
            pytest.param(a_certificate(valid=False), "certificate.not-valid", id="annulled"),
            pytest.param(a_certificate(valid_until=date(2026, 11, 19)), "certificate.expired", id="expired"),
        ],
    )
    def test_a_certificate_that_cannot_stand_for_it_is_refused(self, certificate, code):
        held = {"C1": certificate} if certificate else {}

        faults = self.faults(Claim(1, Source.CERTIFICATE, "C1"), held=held)

        assert faults == [("#/materials/0/certificate_identifier", code)]

    def test_a_material_without_a_replacing_certificate_takes_none(self):
        faults = self.faults(Claim(2, Source.CERTIFICATE, "C1"), held={"C1": a_certificate()})

        assert faults == [("#/materials/0/certificate_identifier", "certificate.wrong-type")]

    def test_every_fault_is_listed_at_once(self):
        faults = self.faults(Claim(9, Source.PAPER_ORIGINAL), Claim(2, Source.PAPER_ORIGINAL), paper_allowed=False)

        assert faults == [
            ("#/materials/0/material_no", "material.unlisted"),
            ("#/materials/1/source", "material.paper-online"),
        ]

    def test_a_material_is_claimed_once(self):
        faults = self.faults(Claim(2, Source.PAPER_ORIGINAL), Claim(2, Source.PAPER_ORIGINAL))

        assert faults == [("#/materials/1/material_no", "material.unlisted")]


@pytest.mark.parametrize(
    ("objects", "party_type", "fits"),
    [
        (("1",), PartyType.PERSON, True),
        (("1",), PartyType.ORGANISATION, False),
        (("2", "6"), PartyType.ORGANISATION, True),
        (("2", "6"), PartyType.PERSON, False),
        (("1", "2"), PartyType.PERSON, True),
        (("1", "2"), PartyType.ORGANISATION, True),
    ],
)
def test_the_applicant_fits_the_service_object(objects, party_type, fits):
    item = an_item(service_objects=objects)

    if fits:
        check_applicant(item, party_type, has_agent=False)
    else:
        with pytest.raises(Invalid):
            check_applicant(item, party_type, has_agent=False)


def test_where_presence_is_required_no_agent_may_apply_art_29():
    item = an_item(service_objects=("1",), must_appear=True)

    check_applicant(item, PartyType.PERSON, has_agent=False)
    with pytest.raises(Invalid) as refused:
        check_applicant(item, PartyType.PERSON, has_agent=True)

    assert refused.value.errors[0].code == "agent.must-appear"


@pytest.mark.parametrize(
    ("trusted_until", "usable"),
    [
        pytest.param(date(2026, 3, 2), True, id="the last day it is trusted"),
        pytest.param(date(2026, 3, 1), False, id="asked too long ago"),
        pytest.param(None, True, id="ours"),
    ],
)
def test_another_regions_certificate_counts_until_its_last_answer_is_too_old(
    trusted_until: date | None, usable: bool
) -> None:
    certificate = a_certificate(region_name="永州市零陵区", trusted_until=trusted_until)

    assert certificate.usable_on(date(2026, 3, 2)) is usable


def test_who_states_an_old_answer_is_told_to_ask_again() -> None:
    certificate = a_certificate(region_name="永州市零陵区", trusted_until=date(2026, 3, 1))
    material = a_material(1, certificate_type_code=certificate.type_code)

    (fault,) = certificate_faults(material, certificate, date(2026, 3, 2), "/m")

    assert fault.code == "certificate.ask-again"
    assert "永州市零陵区" in fault.detail
