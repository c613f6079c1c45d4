"""What a plan tells before submission is what the window then finds lacking: the same rule, whatever is held."""

from itertools import chain

from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.domain.catalogue import Need, ServiceItem
from services.intake.domain.materials import HeldCertificate, Holders, auto_reuse, best_by_type, merge, missing
from services.intake.domain.whose import Whose
from services.intake.planning import Held, item_plan
from tests.unit.intake.builders import NOON, TODAY, a_certificate, a_material, an_item, provided

TYPES = ("A", "B", "C")
WHOSE = Holders("zhang", agent="li")


@st.composite
def items(draw: st.DrawFn) -> ServiceItem:
    needs = draw(st.lists(st.sampled_from([Need.REQUIRED, Need.ONE_OF, Need.OPTIONAL]), min_size=1, max_size=6))
    codes = st.none() | st.sampled_from(TYPES)
    whose = st.sampled_from(Whose)
    return an_item(
        *(
            a_material(no, need, certificate_type_code=draw(codes), whose=draw(whose))
            for no, need in enumerate(needs, 1)
        )
    )


@st.composite
def libraries(draw: st.DrawFn) -> list[HeldCertificate]:
    kinds = draw(st.lists(st.tuples(st.sampled_from(TYPES), st.sampled_from(["zhang", "li", "wang"]), st.booleans())))
    return [
        a_certificate(f"C{no}", type_code=code, holder_key=holder, valid=valid)
        for no, (code, holder, valid) in enumerate(kinds)
    ]


@settings(max_examples=60)
@given(items(), libraries())
def test_with_just_what_the_plan_asks_for_nothing_is_missing_and_with_less_something_is(
    item: ServiceItem, held: list[HeldCertificate]
) -> None:
    plan = item_plan(item, Held(best_by_type(held, WHOSE, TODAY), frozenset()), (), TODAY)
    brought = [provided(material.material_no) for material in plan.bring]

    reused = auto_reuse(item, brought, held, WHOSE, today=TODAY, now=NOON)

    assert missing(item, merge(brought, reused)) == ()
    for material in plan.bring:
        without = [one for one in brought if one.material_no != material.material_no]
        assert missing(item, merge(without, auto_reuse(item, without, held, WHOSE, today=TODAY, now=NOON)))
    taken = {(one.material_no, one.certificate_identifier) for one in reused}
    assert taken == {(m.material_no, m.certificate_identifier) for m in plan.avoided if m.certificate_identifier}


@settings(max_examples=20)
@given(items(), libraries(), st.randoms())
def test_a_plan_is_the_same_whatever_order_the_library_answers_in(item, held, random) -> None:
    other = random.sample(held, len(held))

    plans = [item_plan(item, Held(best_by_type(one, WHOSE, TODAY), frozenset()), (), TODAY) for one in (held, other)]

    assert plans[0] == plans[1]
    assert set(chain([m.material_no for m in plans[0].bring])) <= {m.material_no for m in item.materials}
