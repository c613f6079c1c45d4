"""Art. 32(4): a second notice asks only for what could not be seen the first time, as far as the materials can tell."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from services.intake.domain import bundle_supplement, supplement
from services.intake.domain.application import Application, MaterialFault
from services.intake.domain.bundle_case import BundleState
from services.intake.domain.bundle_plan import MemberState
from services.intake.domain.catalogue import Need
from services.intake.domain.errors import AlreadyNotified, FaultCouldBeSeen, Invalid
from services.intake.domain.materials import Provided, Source, merge
from services.intake.domain.states import State
from services.kernel.workdays import official_calendar
from tests.unit.intake.builders import CLERK, NOON, TODAY, a_fault, a_material, an_application, an_item, provided
from tests.unit.intake.bundle_builders import a_case, a_run

ITEM = an_item(a_material(1), a_material(2), a_material(3, Need.CONDITIONAL, condition="租赁场地"))
HOUR = timedelta(hours=1)
SUPPLY_BY = date(2026, 12, 1)


def shown(no: int, by: int) -> MaterialFault:
    return replace(a_fault(no), shown_by=by)


def notice(application: Application, *faults: MaterialFault, hours: int = 0, **more: object) -> Application:
    at = NOON + hours * HOUR
    usual = {"supply_by": SUPPLY_BY, "today": TODAY, "by": CLERK, "now": at, "reason": "首次告知时无法发现"}
    values: dict[str, Any] = usual | more
    return supplement.request_supplement(application, ITEM, faults, **values)


def supplied(*newer: Provided, before: tuple[Provided, ...] = (), faults: tuple[int, ...] = (1,)) -> Application:
    """Told of `faults` at noon; an hour later material 1 has come in anew, and `newer`."""
    lying = {p.material_no: p for p in (provided(1), provided(2), *before)}
    application = an_application(State.RECEIVED, materials=tuple(lying[no] for no in sorted(lying)))
    asked = notice(application, *(a_fault(no) for no in faults), reason=None)
    given = merge((), [provided(1, provided_at=NOON + HOUR), *newer])
    return supplement.supply(asked, given, now=NOON + HOUR)


def refused(application: Application, *faults: MaterialFault, **more: object) -> list[tuple[str, str]]:
    with pytest.raises(FaultCouldBeSeen) as found:
        notice(application, *faults, hours=2, **more)
    return [(error.pointer, error.code) for error in found.value.errors]


def test_art_32_4_what_lay_there_unchanged_could_be_seen_and_is_refused() -> None:
    assert refused(supplied(), a_fault(1), a_fault(2)) == [("#/faults/1/material_no", "supplement.could-be-seen")]


def test_the_refusal_says_what_to_do_instead() -> None:
    with pytest.raises(FaultCouldBeSeen) as found:
        notice(supplied(), a_fault(2), hours=2)

    assert "应当受理" in found.value.detail
    assert "材料2" in found.value.detail


def test_what_was_told_and_came_in_anew_may_have_a_fault_of_its_own() -> None:
    again = notice(supplied(), a_fault(1), hours=2)

    assert again.supplement is not None
    assert (again.supplement.ordinal, again.supplement.seen_before) == (2, ())


def test_what_came_in_unasked_could_not_be_seen() -> None:
    application = supplied(provided(2, provided_at=NOON + HOUR))

    assert notice(application, a_fault(2), hours=2).state is State.CORRECTION


@pytest.mark.parametrize(
    ("source", "same"),
    [
        pytest.param(Source.UPLOAD, {"sha256": "a" * 64}, id="the same file, uploaded again"),
        pytest.param(Source.CERTIFICATE, {"certificate_identifier": "C1"}, id="the same certificate, named again"),
    ],
)
def test_the_very_same_thing_handed_in_again_is_not_new(source: Source, same: dict[str, str]) -> None:
    application = supplied(provided(2, source, provided_at=NOON + HOUR, **same), before=(provided(2, source, **same),))

    assert refused(application, a_fault(2)) == [("#/faults/0/material_no", "supplement.could-be-seen")]


def test_another_file_under_the_same_name_is_new() -> None:
    newer = provided(2, Source.UPLOAD, provided_at=NOON + HOUR, sha256="b" * 64)
    application = supplied(newer, before=(provided(2, Source.UPLOAD, sha256="a" * 64),))

    assert notice(application, a_fault(2), hours=2).state is State.CORRECTION


def test_what_something_supplied_since_shows_is_told_and_published_as_having_lain_there() -> None:
    again = notice(supplied(), shown(2, by=1), hours=2)

    assert again.supplement is not None
    assert again.supplement.seen_before == (2,)


def test_what_lay_there_itself_shows_nothing_new() -> None:
    assert refused(supplied(), shown(2, by=2)) == [("#/faults/0/shown_by", "supplement.shown-by")]


def test_a_condition_that_shows_later_asks_for_its_material() -> None:
    assert notice(supplied(), a_fault(3), hours=2).state is State.CORRECTION


def test_another_version_of_the_item_may_ask_for_something_else() -> None:
    moved = replace(supplied(), item_version=2)

    assert notice(moved, a_fault(2), hours=2).state is State.CORRECTION


def test_a_certificate_that_has_lapsed_since_could_not_be_seen_to() -> None:
    card = provided(2, Source.CERTIFICATE, certificate_identifier="C1")
    application = supplied(before=(card,))

    again = notice(application, a_fault(2), hours=2, counting=(provided(1),))

    assert again.state is State.CORRECTION


def test_art_32_4_a_certificate_that_does_not_count_is_missing_in_the_first_notice_too() -> None:
    card = provided(2, Source.CERTIFICATE, certificate_identifier="C1")
    application = an_application(State.RECEIVED, materials=(provided(1), card))

    with pytest.raises(Invalid) as found:
        notice(application, a_fault(1), counting=(provided(1),))

    assert [error.code for error in found.value.errors] == ["supplement.incomplete"]


def test_a_bundle_keeps_to_the_same_rule_within_a_stage_and_never_asks_a_third_time() -> None:
    def ask(case, *faults, hours, reason):
        at = NOON + hours * HOUR
        values = {"lacking": {}, "supply_by": SUPPLY_BY, "by": CLERK, "now": at, "reason": reason}
        return bundle_supplement.request(case, faults, ["步骤"], calendar=official_calendar(), **values)

    case = a_case(BundleState.RECEIVED, a_run("步骤", MemberState.RUNNING))
    case = ask(replace(case, materials=(provided(1), provided(2))), a_fault(1), hours=0, reason=None)
    again = merge(case.materials, [provided(1, provided_at=NOON + HOUR)])
    case = bundle_supplement.supply(replace(case, materials=again), now=NOON + HOUR)

    with pytest.raises(FaultCouldBeSeen):
        ask(case, a_fault(2), hours=2, reason="首次无法发现")

    case = ask(case, a_fault(1), shown(2, by=1), hours=2, reason="首次无法发现")
    newer = [provided(no, provided_at=NOON + 3 * HOUR) for no in (1, 2)]
    case = bundle_supplement.supply(replace(case, materials=merge(case.materials, newer)), now=NOON + 3 * HOUR)
    with pytest.raises(AlreadyNotified):
        ask(case, a_fault(1), hours=4, reason="首次无法发现")
