"""What happens by law, and promises instead of materials: the rules, with the article each comes from."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.intake.domain import application as rules
from services.intake.domain import moving, silence, supplement
from services.intake.domain.catalogue import ItemResult, Material, MaterialOption, ServiceItem
from services.intake.domain.errors import AlreadyAccepted, Invalid, NotYetDue, RenewalWindow, SuppliedTooLate
from services.intake.domain.handing_in import Claim, Promises, check_claims
from services.intake.domain.materials import HeldCertificate, Source
from services.intake.domain.renewal import renewal
from services.intake.domain.states import State
from services.kernel.calendar_year import Day, Year
from services.kernel.time_limit import DueDate, end_of
from services.kernel.workdays import YearNotice, official_calendar
from tests.unit.intake.builders import (
    CLERK,
    LICENCE_TYPE,
    NOON,
    TODAY,
    a_certificate,
    a_fault,
    a_material,
    an_application,
    an_item,
    provided,
)

CALENDAR = official_calendar()
ITEM = an_item(a_material(1), a_material(2))
DUE = DueDate(date(2026, 12, 1))
FIFTH = DueDate(date(2026, 11, 25))
END = end_of(FIFTH.on)
SECOND = timedelta(seconds=1)
RENEWED_UNTIL = date(2026, 11, 19)
RECEIVED = an_application(State.RECEIVED, notice_due=FIFTH, materials=(provided(1),))


def deemed(application: rules.Application, now: datetime) -> rules.Application:
    return silence.deem_accepted(application, ITEM, legal_due=DUE, promised_due=DUE, now=now)


class TestSilence:
    def test_the_last_day_ends_at_midnight_in_china(self) -> None:
        assert datetime(2026, 11, 25, 16, tzinfo=UTC) == END

    @pytest.mark.parametrize(
        ("now", "accepted"),
        [
            pytest.param(END - SECOND, False, id="art. 32(4): one second before the end of the fifth working day"),
            pytest.param(END, True, id="art. 32(4): at its end"),
            pytest.param(END + timedelta(days=90), True, id="art. 32(4): found much later"),
        ],
    )
    def test_silence_is_acceptance_as_of_receipt(self, now: datetime, accepted: bool) -> None:
        if not accepted:
            with pytest.raises(NotYetDue):
                deemed(RECEIVED, now)
            return
        found = deemed(RECEIVED, now)

        assert (found.accepted_at, found.accepted_by) == (RECEIVED.received_at, rules.SYSTEM)
        assert found.deemed == rules.Deemed(now, lacking=(2,))

    @pytest.mark.parametrize("now", [END - SECOND, END], ids=["in time", "too late"])
    def test_art_32_4_a_notice_counts_until_the_last_second(self, now: datetime) -> None:
        faults = [a_fault(1), a_fault(2)]
        more: dict[str, Any] = {"supply_by": date(2026, 12, 9), "today": TODAY, "by": CLERK, "now": now}

        if now < END:
            assert supplement.request_supplement(RECEIVED, ITEM, faults, **more).state is State.CORRECTION
        else:
            with pytest.raises(AlreadyAccepted):
                supplement.request_supplement(RECEIVED, ITEM, faults, **more)

    def test_a_provisional_day_brings_nothing_about(self) -> None:
        waiting = replace(RECEIVED, notice_due=DueDate(FIFTH.on, provisional=True))

        assert silence.wakes_at(waiting) is None
        with pytest.raises(NotYetDue):
            deemed(waiting, END + timedelta(days=30))

    @pytest.mark.parametrize("state", [s for s in State if s not in {State.RECEIVED, State.CORRECTION, State.ACCEPTED}])
    def test_nothing_wakes_in_other_states(self, state: State) -> None:
        assert silence.wakes_at(an_application(state, notice_due=FIFTH)) is None

    def test_supply_ends_with_the_last_second_of_its_day(self) -> None:
        asked = an_application(State.CORRECTION)
        assert asked.supplement is not None
        end = end_of(asked.supplement.supply_by)

        supplied = supplement.supply(asked, [provided(1)], now=end - SECOND, notice_due=FIFTH)

        assert supplied.notice_due == FIFTH
        assert silence.wakes_at(asked) == end
        with pytest.raises(SuppliedTooLate):
            supplement.supply(asked, [provided(1)], now=end)

    def test_art_50_renewed_as_of_the_end_of_the_old_term(self) -> None:
        until = date(2026, 11, 30)
        accepted = an_application(State.ACCEPTED, renews=rules.Renewal("C1", until, silence_renews=True))

        renewed = silence.deem_renewed(accepted, now=end_of(until) + timedelta(days=3))

        assert (renewed.outcome, renewed.decided_at) == (rules.Outcome.GRANTED, end_of(until))
        with pytest.raises(NotYetDue):
            silence.deem_renewed(accepted, now=end_of(until) - SECOND)

    def test_art_50_only_where_the_law_says_that_silence_renews(self) -> None:
        accepted = an_application(State.ACCEPTED, renews=rules.Renewal("C1", TODAY, silence_renews=False))

        assert silence.wakes_at(accepted) is None

    @pytest.mark.parametrize(
        ("complete_at", "renews"),
        [
            pytest.param(end_of(RENEWED_UNTIL) - SECOND, True, id="art50-all there in the last second"),
            pytest.param(end_of(RENEWED_UNTIL), False, id="art50-supplied after the end: nothing was left to renew"),
        ],
    )
    def test_art_50_silence_renews_what_was_all_there_before_the_end(self, complete_at: datetime, renews: bool) -> None:
        renewal = rules.Renewal("C1", RENEWED_UNTIL, silence_renews=True)
        late = end_of(RENEWED_UNTIL) + timedelta(hours=9)
        received = an_application(State.RECEIVED, received_at=complete_at, renews=renewal, notice_due=FIFTH)

        accepted = rules.accept(
            received,
            ITEM,
            counting=[provided(1), provided(2)],
            legal_due=FIFTH,
            promised_due=FIFTH,
            by=rules.SYSTEM,
            now=late,
        )

        assert (silence.wakes_at(accepted) is not None) is renews
        if renews:
            found = silence.deem_renewed(accepted, now=late + timedelta(days=1))
            assert (found.decided_at, found.renews and found.renews.renewed_at) == (late, end_of(RENEWED_UNTIL))

    def test_arts_69_70_what_was_taken_away_meanwhile_is_not_renewed_by_silence(self) -> None:
        accepted = an_application(State.ACCEPTED, renews=rules.Renewal("C1", TODAY, silence_renews=True))

        left = silence.not_renewable(accepted)

        assert (left.state, silence.wakes_at(left)) == (State.ACCEPTED, None)


FOOD = {
    "of": "E02",
    "opens_before": {"value": 90, "unit": "工作日"},
    "closes_before": {"value": 15, "unit": "工作日"},
    "silence": "视为准予延续",
}
LABOUR = {"closes_before": {"value": 60, "unit": "自然日"}}
UNTIL = date(2026, 8, 31)


def renewing(**particulars: Any) -> ServiceItem:
    return an_item(particulars=particulars, result=ItemResult("证", "证照", LICENCE_TYPE, "证", "5年"))


def held(until: date | None = UNTIL, **more: Any) -> HeldCertificate:
    return a_certificate(valid_until=until, **more)


class TestRenewalWindow:
    @pytest.mark.parametrize(
        ("particulars", "today", "may"),
        [
            pytest.param({"renewal": FOOD}, date(2026, 4, 21), False, id="art. 50, E03: 91 working days before"),
            pytest.param({"renewal": FOOD}, date(2026, 4, 22), True, id="art. 50, E03: 90 working days before"),
            pytest.param({"renewal": FOOD}, date(2026, 8, 10), True, id="art. 50, E03: 15 working days before"),
            pytest.param({"renewal": FOOD}, date(2026, 8, 11), False, id="art. 50, E03: 14 working days before"),
            pytest.param({"renewal_window": LABOUR}, date(2026, 7, 2), True, id="art. 50, E10: 60 days before"),
            pytest.param({"renewal_window": LABOUR}, date(2026, 7, 3), False, id="art. 50, E10: 59 days before"),
        ],
    )
    def test_it_opens_and_closes_on_the_day(self, particulars: dict[str, Any], today: date, may: bool) -> None:
        item = renewing(**particulars)

        if may:
            found = renewal(item, [held()], None, today=today, calendar=CALENDAR)
            assert found is not None
            assert found.silence_renews is ("renewal" in particulars)
        else:
            with pytest.raises(RenewalWindow):
                renewal(item, [held()], None, today=today, calendar=CALENDAR)

    def test_an_expired_certificate_is_not_renewed_but_bars_no_new_application(self) -> None:
        later = UNTIL + timedelta(days=1)

        with pytest.raises(RenewalWindow):
            renewal(renewing(renewal=FOOD), [held()], None, today=later, calendar=CALENDAR)
        assert renewal(renewing(renewal_window=LABOUR), [held()], None, today=later, calendar=CALENDAR) is None

    def test_one_taken_away_or_without_an_end_is_not_renewed(self) -> None:
        day, item = date(2026, 7, 1), renewing(renewal=FOOD)
        annulled, endless = held(valid=False), held(until=None)

        with pytest.raises(RenewalWindow):
            renewal(item, [annulled], None, today=day, calendar=CALENDAR)
        with pytest.raises(Invalid):
            renewal(item, [annulled, held(identifier="C2")], annulled.identifier, today=day, calendar=CALENDAR)
        assert renewal(item, [endless], None, today=day, calendar=CALENDAR) is None

    def test_what_another_region_issued_is_not_renewed_here(self) -> None:
        elsewhere = [held(region_name="永州市零陵区")]

        assert renewal(renewing(renewal=FOOD), elsewhere, None, today=date(2026, 7, 1), calendar=CALENDAR) is None

    def test_of_several_the_applicant_names_one(self) -> None:
        several = [held(identifier="C1"), held(identifier="C2")]
        day = date(2026, 7, 1)

        with pytest.raises(Invalid):
            renewal(renewing(renewal=FOOD), several, None, today=day, calendar=CALENDAR)
        named = renewal(renewing(renewal=FOOD), several, "C2", today=day, calendar=CALENDAR)
        assert named is not None
        assert named.certificate_identifier == "C2"

    def test_other_items_renew_nothing(self) -> None:
        assert renewal(an_item(), [held()], None, today=TODAY, calendar=CALENDAR) is None


class TestPromises:
    MATERIAL: Material = a_material(1, options=(MaterialOption.INFORMED_COMMITMENT, MaterialOption.DEFERRED))

    def faults(self, claim: Claim, promises: Promises | None) -> list[str]:
        try:
            check_claims(
                an_item(self.MATERIAL), [claim], {}, paper_allowed=False, promises=promises, today=TODAY, now=NOON
            )
        except Invalid as refused:
            return [error.code for error in refused.errors]
        return []

    @pytest.mark.parametrize(
        ("barred_until", "codes"),
        [
            pytest.param(None, [], id="nobody is barred"),
            pytest.param(TODAY, ["commitment.barred"], id="barred up to today"),
            pytest.param(TODAY - timedelta(days=1), [], id="barred until yesterday"),
        ],
    )
    def test_whoever_is_barred_makes_no_commitment(self, barred_until: date | None, codes: list[str]) -> None:
        promises = Promises(DUE.on, barred_until)

        assert self.faults(Claim(1, Source.COMMITMENT), promises) == codes

    @pytest.mark.parametrize(
        ("promised_on", "codes"),
        [(TODAY, ["deferred.date"]), (DUE.on, []), (DUE.on + timedelta(days=1), ["deferred.date"])],
        ids=["today is no promise", "the last day", "a day later"],
    )
    def test_a_deferred_material_is_promised_for_a_day(self, promised_on: date, codes: list[str]) -> None:
        assert self.faults(Claim(1, Source.DEFERRED, promised_on=promised_on), Promises(DUE.on)) == codes

    def test_where_promises_are_over_there_are_none(self) -> None:
        assert self.faults(Claim(1, Source.COMMITMENT), None) == ["material.promise-late"]

    def test_only_what_was_promised_comes_in_later(self) -> None:
        promised = provided(1, Source.DEFERRED, promised_on=DUE.on)
        accepted = an_application(State.ACCEPTED, materials=(promised, provided(2)))

        supplied = rules.supply_deferred(accepted, [provided(1)])

        assert supplied.materials[0].promised_on == DUE.on
        with pytest.raises(Invalid):
            rules.supply_deferred(accepted, [provided(2)])


class TestProjection:
    YEAR = Year(
        2027, ("演练",), (Day(date(2027, 1, 1), "元旦", works=False), Day(date(2027, 1, 4), "元旦", works=False))
    )

    def test_a_provisional_date_becomes_final_and_only_running_clocks_move(self) -> None:
        later = CALENDAR.with_year(YearNotice.from_json(self.YEAR.document()))
        at = datetime(2026, 12, 29, 1, tzinfo=UTC)
        waiting = an_application(
            State.RECEIVED, received_at=at, notice_due=DueDate(date(2027, 1, 5), provisional=True), legal_due=DUE
        )

        moved, moves = moving.project(waiting, ITEM, later)

        assert moved.notice_due == DueDate(date(2027, 1, 7), provisional=False)
        assert [(m.clock, m.earlier.provisional) for m in moves] == [(moving.ClockName.NOTICE, True)]
        assert moving.project(moved, ITEM, later)[1] == ()

    @pytest.mark.parametrize("state", [State.WITHDRAWN, State.CONCLUDED, State.RETURNED, State.CORRECTION])
    def test_nothing_moves_where_nothing_runs(self, state: State) -> None:
        assert moving.project(an_application(state, legal_due=DueDate(DUE.on, True)), ITEM, CALENDAR)[1] == ()

    def test_art_44_delivery_counts_from_the_decision(self) -> None:
        decided = an_application(State.DECIDED, decided_at=NOON, delivery_due=DueDate(date(2026, 12, 3), True))

        _, moves = moving.project(decided, ITEM, CALENDAR)

        assert [(m.clock, m.now) for m in moves] == [(moving.ClockName.DELIVERY, DueDate(date(2026, 12, 4)))]

    def test_a_move_names_what_the_new_version_asks_for(self) -> None:
        application = an_application(State.ACCEPTED, materials=(provided(1),))

        assert [m.material_no for m in moving.newly_missing(application, an_item(), ITEM)] == [2]

    def test_a_year_touches_from_the_first_day_it_can_change(self) -> None:
        assert self.YEAR.touches_from(CALENDAR) == date(2027, 1, 1)
