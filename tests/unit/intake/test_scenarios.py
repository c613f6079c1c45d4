"""Items handled in one of two ways: what the applicant hands in chooses, and the promise follows."""

from services.intake.domain.catalogue import ItemKind, Scenario
from services.intake.domain.materials import Source
from services.intake.domain.scenario import in_scenario
from services.kernel.time_limit import Unit
from tests.unit.intake.builders import a_material, an_item, provided

WAYS = (Scenario("E05a", "告知承诺", 0), Scenario("E05b", "一般程序", 10))


def test_art_15_fire_protection_law_an_informed_commitment_is_answered_on_the_spot():
    item = an_item(a_material(1), a_material(2), scenarios=WAYS)

    chosen = in_scenario(item, [provided(1), provided(2, Source.COMMITMENT)])

    assert (chosen.promised_limit.value, chosen.kind) == (0, ItemKind.INSTANT)


def test_without_a_commitment_the_general_procedure_is_promised():
    item = an_item(a_material(1), a_material(2), scenarios=WAYS)

    chosen = in_scenario(item, [provided(1)])

    limit = chosen.promised_limit
    assert (limit.value, limit.unit, chosen.kind) == (10, Unit.WORKDAY, ItemKind.COMMITTED)
    assert chosen.legal_limit == item.legal_limit


def test_an_item_handled_in_one_way_stays_as_published():
    item = an_item(a_material(1))

    assert in_scenario(item, [provided(1, Source.COMMITMENT)]) is item
