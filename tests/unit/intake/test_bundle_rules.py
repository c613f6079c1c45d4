"""Members of a bundle: who takes part, who starts when, what is given once, how it ends."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.intake.domain import bundle_case as rules
from services.intake.domain.application import Outcome
from services.intake.domain.bundle import Presence
from services.intake.domain.bundle_case import BundleState
from services.intake.domain.bundle_errors import AlreadyExtended, BundleLimitOver, WrongMemberState
from services.intake.domain.bundle_materials import common_list, for_member, wanting_types
from services.intake.domain.bundle_plan import MemberState, Part, in_order, plan
from services.intake.domain.catalogue import Need
from services.intake.domain.errors import Invalid
from services.intake.domain.whose import Whose
from services.kernel.time_limit import DueDate
from tests.unit.intake.builders import CLERK, ID_TYPE, LICENCE_TYPE, NOON, TODAY, a_material, an_item, provided
from tests.unit.intake.bundle_builders import a_bundle, a_case, a_member, a_run, a_stage

CHAIN = a_bundle(a_member("C", "B"), a_member("B", "A"), a_member("A"), a_member("D", "A"))
RESULT = rules.StepResult(Outcome.GRANTED, NOON, CLERK)
GRANTED, RUNNING, WAITING = MemberState.GRANTED, MemberState.RUNNING, MemberState.WAITING


def nothing(member_id: str) -> frozenset[str]:
    return frozenset()


def test_members_come_after_what_they_need() -> None:
    assert [member.member_id for member in in_order(CHAIN)] == ["A", "B", "D", "C"]


def test_who_takes_part() -> None:
    bundle = a_bundle(
        a_member("A", unless_held=LICENCE_TYPE),
        a_member("B", presence=Presence.CHOSEN),
        a_member("C", presence=Presence.CHOSEN),
        a_member("D", presence=Presence.CONDITION, condition="big"),
        a_member("E", presence=Presence.CONDITION, condition="small"),
        a_member("F", presence=Presence.CONDITION, condition="unknown"),
    )
    answers = {"big": True, "small": False}

    parts = {
        p.member.member_id: p.part for p in plan(bundle, chosen=["B"], held_types=[LICENCE_TYPE], holds=answers.get)
    }

    assert parts == {
        "A": Part.SATISFIED,
        "B": Part.TAKES_PART,
        "C": Part.NOT_CHOSEN,
        "D": Part.TAKES_PART,
        "E": Part.NOT_NEEDED,
        "F": Part.UNDECIDED,
    }


def test_what_is_not_offered_cannot_be_chosen() -> None:
    with pytest.raises(Invalid):
        plan(CHAIN, chosen=["A"], held_types=[], holds=lambda _: None)


def test_only_those_start_whose_predecessors_passed() -> None:
    case = a_case(BundleState.ACCEPTED, a_run("A", GRANTED), a_run("B"), a_run("C"), a_run("D"))

    assert rules.startable(case, CHAIN, nothing) == ("B", "D")


def test_a_predecessor_that_does_not_take_part_holds_nobody_up() -> None:
    case = a_case(BundleState.ACCEPTED, a_run("C"))

    assert rules.startable(case, CHAIN, nothing) == ("C",)


def test_nobody_starts_before_the_number_a_predecessor_yields_is_known() -> None:
    bundle = a_bundle(a_member("A", yields="公民身份号码"), a_member("B", "A"))
    case = a_case(BundleState.ACCEPTED, a_run("A", GRANTED), a_run("B"))
    told = replace(RESULT, sealed_number="sealed", masked_number="4*3")

    recorded = rules.record_result(case, bundle, "A", told)

    assert rules.startable(case, bundle, nothing) == ()
    assert rules.advance(case, bundle, now=NOON).state is BundleState.ACCEPTED
    assert rules.startable(recorded, bundle, nothing) == ("B",)


@pytest.mark.parametrize("member_id", ["A", "B"], ids=["yields but none given", "given but yields none"])
def test_a_number_comes_exactly_from_a_member_that_yields_one(member_id: str) -> None:
    bundle = a_bundle(a_member("A", yields="公民身份号码"), a_member("B"))
    case = a_case(BundleState.ACCEPTED, a_run("A", GRANTED), a_run("B", GRANTED))
    result = RESULT if member_id == "A" else replace(RESULT, sealed_number="sealed")

    with pytest.raises(Invalid):
        rules.record_result(case, bundle, member_id, result)


def test_a_step_is_completed_once_and_refused_only_with_a_reason() -> None:
    bundle = a_bundle(a_member("步骤"), a_member("A"))
    case = a_case(BundleState.ACCEPTED, a_run("步骤", RUNNING), a_run("A", RUNNING))

    done = rules.record_result(case, bundle, "步骤", RESULT)

    assert done.states["步骤"] is GRANTED
    with pytest.raises(WrongMemberState):
        rules.record_result(done, bundle, "步骤", RESULT)
    with pytest.raises(WrongMemberState):
        rules.record_result(case, bundle, "A", RESULT)  # an item is decided by approval
    with pytest.raises(Invalid):
        rules.record_result(case, bundle, "步骤", replace(RESULT, outcome=Outcome.REFUSED))


def test_who_waits_for_a_failed_member_is_cut_off_and_the_granted_stand() -> None:
    case = a_case(
        BundleState.ACCEPTED, a_run("A", GRANTED), a_run("B", MemberState.REFUSED), a_run("C"), a_run("D", GRANTED)
    )

    ended = rules.advance(case, CHAIN, now=NOON)

    assert ended.state is BundleState.DECIDED
    assert ended.states["C"] is MemberState.CANCELLED
    assert rules.is_partial(ended)


@pytest.mark.parametrize(
    ("state", "presence", "leads_to"),
    [
        pytest.param(GRANTED, Presence.ALWAYS, BundleState.STAGE_DONE, id="required and granted: the next one opens"),
        pytest.param(RUNNING, Presence.ALWAYS, BundleState.ACCEPTED, id="still running"),
        pytest.param(MemberState.REFUSED, Presence.ALWAYS, BundleState.DECIDED, id="required and refused: the end"),
        pytest.param(MemberState.REFUSED, Presence.CHOSEN, BundleState.STAGE_DONE, id="chosen and refused: goes on"),
    ],
)
def test_the_next_stage_opens_when_the_required_members_are_granted(
    state: MemberState, presence: Presence, leads_to: BundleState
) -> None:
    bundle = a_bundle(
        a_member("A", stage_no=1, presence=presence),
        a_member("B", stage_no=1),
        a_member("C", stage_no=2),
        stages=(a_stage(1), a_stage(2)),
    )
    case = a_case(BundleState.ACCEPTED, a_run("A", state), a_run("B", GRANTED), a_run("C"), stage_no=1)

    assert rules.advance(case, bundle, now=NOON).state is leads_to
    assert rules.startable(case, bundle, nothing) == ()


def test_the_limit_is_extended_once_and_not_beyond_what_is_allowed() -> None:
    case, extension = a_case(BundleState.ACCEPTED), rules.BundleExtension(15, "理由", "负责人", "1号", NOON, CLERK)

    extended = rules.extend(case, CHAIN.extension, extension, due=None)

    with pytest.raises(AlreadyExtended):
        rules.extend(extended, CHAIN.extension, extension, due=None)
    for allowed, value in ((CHAIN.extension, 16), (None, 1)):
        with pytest.raises(Invalid):
            rules.extend(case, allowed, replace(extension, value=value), due=None)


def test_art_42_the_limit_is_extended_on_its_last_day_and_not_the_day_after() -> None:
    case, extension = a_case(BundleState.ACCEPTED), rules.BundleExtension(15, "理由", "负责人", "1号", NOON, CLERK)
    yesterday = TODAY - timedelta(days=1)

    with pytest.raises(BundleLimitOver):
        rules.extend(case, CHAIN.extension, extension, due=DueDate(yesterday))

    for due in (DueDate(TODAY), DueDate(yesterday, provisional=True)):
        assert rules.extend(case, CHAIN.extension, extension, due=due).extension == extension


ITEM_A = an_item(
    a_material(1, name="申请表"),
    a_material(2, name="营业执照", certificate_type_code=LICENCE_TYPE),
    a_material(3, Need.OPTIONAL, name="身份证明", certificate_type_code=ID_TYPE),
)
ITEM_B = an_item(
    a_material(1, name="申 请 表"),
    a_material(2, name="法人身份证明", certificate_type_code=ID_TYPE),
    a_material(3, name="执照副本", certificate_type_code=LICENCE_TYPE),
)
PAIR = a_bundle(a_member("A"), a_member("B"))


def test_the_same_material_is_asked_for_once_by_type_or_name() -> None:
    shared = common_list(PAIR, {"A": ITEM_A, "B": ITEM_B})

    assert [s.places for s in shared] == [
        (("A", 1), ("B", 1)),
        (("A", 2), ("B", 3)),
        (("A", 3), ("B", 2)),
    ]
    assert [s.material.need for s in shared] == [Need.REQUIRED] * 3  # the strictest counts
    assert shared[2].need_of({"A"}) is Need.OPTIONAL


def test_certificate_types_the_bundle_does_not_share_stay_apart() -> None:
    bundle = replace(PAIR, shared_types=frozenset({LICENCE_TYPE}))

    assert len(common_list(bundle, {"A": ITEM_A, "B": ITEM_B})) == 4


def test_that_of_another_person_is_another_material_unless_the_bundle_says_that_one_is_enough() -> None:
    other = an_item(a_material(2, name="法人身份证明", certificate_type_code=ID_TYPE, whose=Whose.OTHER))
    said = replace(PAIR, shared_types=frozenset({ID_TYPE}))

    apart, once = (common_list(bundle, {"A": ITEM_A, "B": other}) for bundle in (PAIR, said))

    assert [s.material.whose for s in apart] == [Whose.APPLICANT] * 3 + [Whose.OTHER]
    assert [s.material.whose for s in once] == [Whose.APPLICANT] * 2 + [Whose.OTHER]  # never less than any asks for


def test_nobody_waits_for_a_result_that_would_not_be_of_the_person_meant() -> None:
    other = an_item(a_material(2, certificate_type_code=ID_TYPE, whose=Whose.OTHER))

    assert wanting_types(other, [], {ID_TYPE: "A"}, "B") == frozenset()


def test_what_was_given_once_stands_in_every_members_own_list() -> None:
    shared = common_list(PAIR, {"A": ITEM_A, "B": ITEM_B})

    given = for_member(PAIR.members[1], ITEM_B, shared, [provided(2), provided(3)])

    assert [(p.material_no, p.name) for p in given] == [(3, "执照副本"), (2, "法人身份证明")]


def test_a_member_waits_for_a_certificate_another_one_results_in() -> None:
    brings = {LICENCE_TYPE: "A"}

    assert wanting_types(ITEM_B, [provided(1)], brings, "B") == {LICENCE_TYPE}
    assert wanting_types(ITEM_B, [provided(1), provided(3)], brings, "B") == frozenset()
    assert wanting_types(ITEM_B, [provided(1)], {LICENCE_TYPE: "B"}, "B") == frozenset()


def test_a_withdrawn_bundle_keeps_what_was_granted() -> None:
    case = a_case(BundleState.ACCEPTED, a_run("A", GRANTED), a_run("B", RUNNING), a_run("C"))

    withdrawn = rules.withdraw(case, reason="不办了", now=NOON + timedelta(days=1))

    assert withdrawn.states == {"A": GRANTED, "B": MemberState.ENDED, "C": MemberState.ENDED}
