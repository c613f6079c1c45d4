"""The material planner against exhaustive search on small catalogues, and by hand."""

from collections.abc import Sequence
from itertools import chain, combinations, permutations
from random import Random
from time import process_time

from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.domain.material_planner import Source, Wanted, plan_materials

LICENCE, IDENTITY, LEASE = 1, 2, 3


def wanted(member_id: str, *demands: set[int], after: Sequence[str] = (), result: str | None = None) -> Wanted:
    return Wanted(member_id, tuple(frozenset(d) for d in demands), frozenset(after), result)


def works(order: Sequence[Wanted], bring: set[int], types: dict[int, str], held: set[str]) -> bool:
    """Whether this order can be gone through with these materials; written without the planner."""
    done: list[Wanted] = []
    there = {member.member_id for member in order}
    for member in order:
        if not member.after & there <= {earlier.member_id for earlier in done}:
            return False
        given_types = held | {earlier.result_type for earlier in done if earlier.result_type}
        if not all(any(no in bring or types.get(no) in given_types for no in demand) for demand in member.demands):
            return False
        done.append(member)
    return True


def fewest(members: Sequence[Wanted], types: dict[int, str], held: set[str]) -> int:
    numbers = sorted(set(chain.from_iterable(d for m in members for d in m.demands)))
    for size in range(len(numbers) + 1):
        for bring in map(set, combinations(numbers, size)):
            if any(works(order, bring, types, held) for order in permutations(members)):
                return size
    raise AssertionError("bringing everything is always enough")


@st.composite
def catalogues(draw: st.DrawFn) -> tuple[list[Wanted], dict[int, str], set[str]]:
    codes = ["A", "B", "C"]
    types = draw(st.dictionaries(st.integers(1, 5), st.sampled_from(codes)))
    demands = st.lists(st.frozensets(st.integers(1, 5), min_size=1, max_size=3), max_size=3)
    names = ["m1", "m2", "m3", "m4"][: draw(st.integers(1, 4))]
    members = []
    for at, name in enumerate(names):
        after = frozenset(draw(st.sets(st.sampled_from(names[:at]), max_size=2))) if at else frozenset()
        members.append(Wanted(name, tuple(draw(demands)), after, draw(st.none() | st.sampled_from(codes))))
    return draw(st.permutations(members)), types, draw(st.sets(st.sampled_from(codes), max_size=2))


@settings(max_examples=100)
@given(catalogues())
def test_the_plan_is_as_small_as_exhaustive_search_finds(catalogue: tuple[list[Wanted], dict[int, str], set[str]]):
    members, types, held = catalogue

    plan = plan_materials(members, types, held)

    by_id = {member.member_id: member for member in members}
    assert works([by_id[name] for name in plan.order], set(plan.bring), types, held)
    assert len(plan.bring) == fewest(members, types, held)


@settings(max_examples=60)
@given(catalogues())
def test_what_the_library_holds_as_valid_is_never_asked_for(catalogue: tuple[list[Wanted], dict[int, str], set[str]]):
    members, types, held = catalogue

    plan = plan_materials(members, types, held)

    assert not [no for no in plan.bring if types.get(no) in held]
    assert plan.bring == {no for no, supply in plan.supplies.items() if supply.source is Source.BRING}


def test_one_of_several_alternatives_that_the_library_holds_is_enough():
    members = [wanted("E02", {LICENCE}, {IDENTITY, LEASE})]

    plan = plan_materials(members, {LICENCE: "licence", IDENTITY: "identity"}, {"identity"})

    assert plan.bring == {LICENCE}
    assert plan.supplies[IDENTITY].source is Source.LIBRARY
    assert plan.supplies[LEASE].source is Source.NOT_NEEDED


def test_one_alternative_that_answers_two_members_is_brought_once():
    members = [wanted("E02", {IDENTITY, LEASE}), wanted("E06", {LICENCE, LEASE})]

    plan = plan_materials(members, {}, set())

    assert plan.bring == {LEASE}


def test_a_result_feeds_a_later_member_whatever_order_the_catalogue_has():
    members = [wanted("E02", {LICENCE}), wanted("E01", {IDENTITY}, result="licence")]

    plan = plan_materials(members, {LICENCE: "licence", IDENTITY: "identity"}, {"identity"})

    assert (plan.order, plan.bring) == (("E01", "E02"), frozenset())
    assert (plan.supplies[LICENCE].source, plan.supplies[LICENCE].member_id) == (Source.RESULT, "E01")


def test_two_members_that_want_each_others_result_need_only_one_of_them_brought():
    members = [wanted("a", {LICENCE}, {LEASE}, result="identity"), wanted("b", {IDENTITY}, result="licence")]

    plan = plan_materials(members, {LICENCE: "licence", IDENTITY: "identity"}, set())

    assert len(plan.bring) == 2
    assert LEASE in plan.bring


def test_a_bundle_of_ten_with_sixty_materials_is_planned_in_a_moment():
    """Ten members, each with materials of its own, two one-of groups of four, and a result that feeds others."""
    drawn = Random(7)
    codes = [f"t{no}" for no in range(30)]
    spent = process_time()

    for _ in range(5):
        types = {no: drawn.choice(codes) for no in range(60) if drawn.random() < 0.6}
        members = [
            wanted(
                f"m{no}",
                *({drawn.randrange(60)} for _ in range(6)),
                *(set(drawn.sample(range(60), 4)) for _ in range(2)),
                after=[f"m{no - 1}"] if no % 3 == 0 and no else [],
                result=drawn.choice(codes),
            )
            for no in range(10)
        ]
        plan = plan_materials(members, types, set(drawn.sample(codes, 3)))
        assert len(plan.order) == 10

    assert process_time() - spent < 5
