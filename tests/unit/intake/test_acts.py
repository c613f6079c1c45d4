"""The acts of an application beyond their states: what each asks for, with the article it comes from."""

from datetime import date, timedelta

import pytest

from services.intake.domain import application as rules
from services.intake.domain import supplement
from services.intake.domain.catalogue import Need
from services.intake.domain.errors import (
    AlreadyNotified,
    Invalid,
    MaterialsMissing,
    MustAccept,
    ResultNotReady,
    WrongState,
)
from services.intake.domain.states import State
from services.kernel.errors import DomainError
from services.kernel.time_limit import DueDate, StartRule, TimeLimit, Unit
from tests.unit.intake.builders import CLERK, NOON, TODAY, a_fault, a_material, an_application, an_item, provided

DUE = DueDate(date(2026, 12, 1))
LATER = date(2026, 12, 1)


def codes(error: DomainError) -> list[str]:
    return [fault.code for fault in error.errors]


def notice(application, *faults, item=None, supply_by=LATER, counting=None):
    item = item or an_item(a_material(1), a_material(2, Need.OPTIONAL))
    return supplement.request_supplement(
        application, item, faults, supply_by=supply_by, today=TODAY, by=CLERK, now=NOON, counting=counting
    )


def received(**more) -> rules.Application:
    return an_application(State.RECEIVED, **more)


class TestSupplementNotice:
    """Art. 32(4): once, all items."""

    def test_it_keeps_every_fault_and_waits_for_the_applicant(self):
        asked = notice(received(materials=(provided(2),)), a_fault(1), a_fault(2))

        assert asked.state is State.CORRECTION
        assert [fault.material_no for fault in asked.supplement.faults] == [1, 2]

    def test_a_second_notice_is_refused_even_after_supply(self):
        asked = notice(received(), a_fault())
        supplied = supplement.supply(asked, [provided(1, provided_at=NOON + timedelta(hours=1))], now=NOON)

        with pytest.raises(AlreadyNotified):
            notice(supplied, a_fault(2))

    def test_a_missing_material_may_not_be_left_out(self):
        with pytest.raises(Invalid) as refused:
            notice(received(materials=(provided(2),)), a_fault(2))

        assert codes(refused.value) == ["supplement.incomplete"]

    def test_one_member_stands_for_a_one_of_group(self):
        item = an_item(a_material(1, Need.ONE_OF), a_material(2, Need.ONE_OF))

        assert notice(received(), a_fault(2), item=item).state is State.CORRECTION

    @pytest.mark.parametrize(
        ("given", "no", "refused"),
        [
            pytest.param((1,), 2, True, id="optional and not handed in"),
            pytest.param((1, 2), 2, False, id="optional, handed in, and faulty"),
            pytest.param((1,), 3, True, id="comes into being only later"),
            pytest.param((1,), 4, False, id="conditional: the window has seen that its condition holds"),
            pytest.param((1, 5), 6, True, id="another one of its group was given"),
            pytest.param((1,), 6, False, id="one of a group of which nothing was given"),
        ],
    )
    def test_arts_31_32_what_need_not_be_handed_in_is_not_asked_for(self, given, no, refused):
        kinds = (Need.REQUIRED, Need.OPTIONAL, Need.LATER, Need.CONDITIONAL)
        materials = [a_material(number, need) for number, need in enumerate(kinds, start=1)]
        if {5, 6} & {*given, no}:
            materials += [a_material(5, Need.ONE_OF), a_material(6, Need.ONE_OF)]
        case = received(materials=tuple(provided(number) for number in given))

        def ask():
            return notice(case, a_fault(no), item=an_item(*materials))

        if not refused:
            assert ask().state is State.CORRECTION
            return
        with pytest.raises(Invalid) as error:
            ask()
        assert codes(error.value) == ["supplement.not-needed"]

    def test_art_32_in_the_place_of_what_has_lapsed_another_one_of_its_group_may_be_asked_for(self):
        item = an_item(a_material(1), a_material(5, Need.ONE_OF), a_material(6, Need.ONE_OF))
        case = received(materials=(provided(1), provided(5)))

        asked = notice(case, a_fault(6), item=item, counting=(provided(1),))

        assert [fault.material_no for fault in supplement.outstanding(asked)] == [6]
        with pytest.raises(Invalid) as refused:
            notice(case, a_fault(6), item=item, counting=case.materials)
        assert codes(refused.value) == ["supplement.not-needed"]

    def test_materials_outside_the_published_list_may_not_be_asked_for(self):
        with pytest.raises(Invalid) as refused:
            notice(received(materials=(provided(1),)), a_fault(9))

        assert codes(refused.value) == ["supplement.unlisted"]

    def test_a_material_is_listed_once_and_something_must_be_listed(self):
        with pytest.raises(Invalid) as twice:
            notice(received(), a_fault(1), a_fault(1))
        with pytest.raises(Invalid) as none:
            notice(received(materials=(provided(1),)))

        assert codes(twice.value) == ["supplement.twice"]
        assert codes(none.value) == ["supplement.empty"]

    @pytest.mark.parametrize("day", [TODAY, TODAY + timedelta(days=367), date.max])
    def test_the_deadline_lies_after_today_and_within_a_year(self, day):
        with pytest.raises(Invalid) as refused:
            notice(received(), a_fault(), supply_by=day)

        assert codes(refused.value) == ["supplement.deadline"]


class TestSupply:
    def test_a_part_of_what_was_asked_leaves_the_application_in_correction(self):
        asked = notice(received(materials=(provided(2),)), a_fault(1), a_fault(2))

        supplied = supplement.supply(asked, [provided(1, provided_at=NOON + timedelta(hours=1))], now=NOON)

        assert supplied.state is State.CORRECTION
        assert [fault.material_no for fault in supplement.outstanding(supplied)] == [2]

    def test_what_was_handed_in_before_the_notice_does_not_count(self):
        asked = notice(received(materials=(provided(1),)), a_fault(1))

        supplied = supplement.supply(asked, [], now=NOON)

        assert supplied.state is State.CORRECTION

    def test_what_was_uploaded_since_the_notice_counts(self):
        asked = notice(received(), a_fault(1))
        uploaded = rules.provide(asked, [provided(1, provided_at=NOON + timedelta(minutes=5))])

        supplied = supplement.supply(uploaded, [], now=NOON + timedelta(hours=1))

        assert supplied.state is State.RECEIVED
        assert supplied.supplement.supplied_at == NOON + timedelta(hours=1)
        assert supplement.outstanding(supplied) == ()


class TestAcceptance:
    """Art. 32(5)."""

    def test_a_missing_required_material_stops_it_and_is_named(self):
        item = an_item(a_material(1), a_material(2, Need.CONDITIONAL, condition="涉及挖掘的"))

        with pytest.raises(MaterialsMissing) as refused:
            rules.accept(received(), item, counting=[], legal_due=DUE, promised_due=DUE, by=CLERK, now=NOON)

        assert [fault.detail for fault in refused.value.errors] == ["缺少：材料1"]

    def test_optional_conditional_and_later_materials_do_not_stop_it(self):
        item = an_item(
            a_material(1, Need.OPTIONAL), a_material(2, Need.CONDITIONAL, condition="x"), a_material(3, Need.LATER)
        )

        accepted = rules.accept(received(), item, counting=[], legal_due=DUE, promised_due=DUE, by=CLERK, now=NOON)

        assert accepted.state is State.ACCEPTED
        assert accepted.accepted_by == CLERK

    def test_after_a_supplement_it_counts_from_the_day_everything_had_arrived(self):
        arrived = NOON + timedelta(days=3)
        asked = notice(received(), a_fault())
        supplied = supplement.supply(asked, [provided(1, provided_at=arrived)], now=arrived)
        clicked = arrived + timedelta(days=2)

        accepted = rules.accept(
            supplied, an_item(), counting=supplied.materials, legal_due=DUE, promised_due=DUE, by=CLERK, now=clicked
        )

        assert accepted.accepted_at == arrived


class TestClockStart:
    """Domain facts 1.2 no. 5: some laws count from receipt (E09, C04), most from acceptance."""

    from_acceptance = TimeLimit(20, Unit.WORKDAY, StartRule.ACCEPTED)
    from_receipt = TimeLimit(20, Unit.WORKDAY, StartRule.RECEIVED)

    def test_it_is_acceptance_unless_the_law_says_receipt(self):
        application = received()

        assert rules.clock_start(application, self.from_acceptance, accepted_at=NOON) == NOON
        assert rules.clock_start(application, self.from_receipt, accepted_at=NOON) == application.received_at

    def test_after_a_supplement_it_is_the_day_everything_had_arrived(self):
        asked = notice(received(), a_fault())
        arrived = NOON + timedelta(days=3)
        supplied = supplement.supply(asked, [provided(1, provided_at=arrived)], now=arrived)

        assert rules.clock_start(supplied, self.from_receipt, accepted_at=NOON + timedelta(days=4)) == arrived


class TestRefusalOfAcceptance:
    def refuse(self, application=None, kind=rules.RefusalKind.OUT_OF_SCOPE, reason="理由", body="市局"):
        return rules.refuse_acceptance(
            application or received(), kind, reason=reason, competent_body=body, by=CLERK, now=NOON
        )

    @pytest.mark.parametrize("body", [None, "", "  "])
    def test_out_of_scope_names_the_competent_body_art_32_1_2(self, body):
        with pytest.raises(Invalid) as refused:
            self.refuse(body=body)

        assert codes(refused.value) == ["refusal.competent-body"]

    def test_a_reason_is_mandatory(self):
        with pytest.raises(Invalid):
            self.refuse(reason=" ")

    def test_not_required_is_a_state_of_its_own_art_32_1_1(self):
        refused = self.refuse(kind=rules.RefusalKind.NOT_REQUIRED, body=None)

        assert refused.state is State.NOT_REQUIRED

    def test_false_materials_need_no_other_body_art_78(self):
        assert self.refuse(kind=rules.RefusalKind.FALSE_MATERIALS, body=None).state is State.REFUSED_ACCEPTANCE

    @pytest.mark.parametrize("kind", list(rules.RefusalKind))
    def test_after_everything_was_supplied_it_must_be_accepted_art_32_1_5(self, kind):
        asked = notice(received(), a_fault())
        supplied = supplement.supply(asked, [provided(1, provided_at=NOON + timedelta(hours=1))], now=NOON)

        with pytest.raises(MustAccept):
            self.refuse(supplied, kind=kind)


class TestWithdrawalAndDecision:
    def test_the_reason_of_a_withdrawal_is_mandatory(self):
        with pytest.raises(Invalid):
            rules.withdraw(received(), reason="", now=NOON)

    def test_a_decision_needs_an_acceptance(self):
        withdrawn_early = an_application(State.WITHDRAWN, accepted_at=None)

        with pytest.raises(WrongState):
            rules.record_decision(withdrawn_early, rules.Outcome.GRANTED, decided_at=NOON)


class TestHandOver:
    def hand(
        self,
        application=None,
        *,
        item=None,
        certificates=("C1",),
        method=rules.Method.COLLECTION,
        tracking=None,
        papers=None,
    ):
        handing = rules.HandOver(method, ("C1",), "张三", "本人", tracking, NOON, CLERK)
        application = application or an_application(State.DECIDED)
        told = {"GRANTED": "GRANT_DECISION", "REFUSED": "REFUSAL_DECISION"}.get(application.outcome or "", "")
        papers = (told,) if papers is None else papers
        return rules.hand_over(application, item or an_item(), handing, certificates=certificates, papers=papers)

    def test_a_granted_certificate_must_exist_first(self):
        with pytest.raises(ResultNotReady) as refused:
            self.hand(certificates=())

        assert refused.value.retry_after_seconds is not None

    @pytest.mark.parametrize("outcome", list(rules.Outcome))
    @pytest.mark.parametrize("papers", [(), ("RECEIPT", "ACCEPTANCE_NOTICE")])
    def test_no_decision_is_handed_over_before_it_is_in_writing(self, outcome, papers):
        decided = an_application(State.DECIDED, outcome=outcome)

        with pytest.raises(ResultNotReady) as refused:
            self.hand(decided, papers=papers)

        assert refused.value.retry_after_seconds is not None

    def test_a_paper_of_the_other_outcome_is_not_the_decision(self):
        decided = an_application(State.DECIDED, outcome=rules.Outcome.REFUSED)

        with pytest.raises(ResultNotReady):
            self.hand(decided, papers=("GRANT_DECISION",))

    @pytest.mark.parametrize("paper", ["GRANT_DECISION", "RENEWAL_DECISION", "AMENDMENT_DECISION"])
    def test_each_decision_that_grants_is_handed_over(self, paper):
        decided = an_application(State.DECIDED, outcome=rules.Outcome.GRANTED)

        assert self.hand(decided, papers=(paper,)).state is State.HANDED_OVER

    def test_a_refusal_is_handed_over_without_a_certificate(self):
        refused = an_application(State.DECIDED, outcome=rules.Outcome.REFUSED)

        assert self.hand(refused, certificates=()).state is State.HANDED_OVER

    @pytest.mark.parametrize(
        ("method", "tracking"),
        [
            pytest.param(rules.Method.EXPRESS, None, id="express without a tracking number"),
            pytest.param(rules.Method.COLLECTION, "SF1", id="collection with a tracking number"),
            pytest.param(rules.Method.ELECTRONIC, "SF1", id="electronic with a tracking number"),
        ],
    )
    def test_a_tracking_number_belongs_to_express_and_only_to_it(self, method, tracking):
        with pytest.raises(Invalid) as refused:
            self.hand(method=method, tracking=tracking)

        assert codes(refused.value) == ["hand-over.tracking"]
