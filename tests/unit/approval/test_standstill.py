"""What moves the clock: the eight kinds of art. 45, causes of the item's own law, one extension by a head."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.approval.domain import standstill
from services.approval.domain.case import Case, Officer
from services.approval.domain.errors import (
    AlreadyExtended,
    ExtensionTooLong,
    IncompleteRecord,
    LimitOver,
    NeedsDepartmentHead,
    NeedsGovernmentHead,
    NotASpecialProcedure,
    NotExtendable,
    SeparationOfDuties,
)
from services.approval.domain.proceedings import ExtensionRule, ItemRules, Procedure
from services.approval.domain.standstill import SPECIAL_KINDS, SuspensionDraft
from services.approval.domain.states import State
from services.kernel.time_limit import DueDate, StartRule, TimeLimit, Unit
from tests.support import approval_domain as given
from tests.support.approval_domain import CALENDAR, CHIEF, HANDLER, MARKET, NOON, a_case, utc

DRAFT = SuspensionDraft("专家评审", 10, "组织专家评审，需要十个工作日")


def suspended(case: Case, draft: SuspensionDraft = DRAFT, at: str = "2026-03-05 12:00") -> Case:
    return standstill.suspend(case, draft, CHIEF, now=utc(at), calendar=CALENDAR)[0]


def resumed(case: Case, at: str) -> Case:
    return standstill.resume(case, HANDLER, result="评审通过", now=utc(at), calendar=CALENDAR)[0]


def extended(case: Case, days: int, at: str = "2026-03-05 12:00", officer: Officer = CHIEF) -> Case:
    return standstill.extend(case, officer, days=days, reason="需要补充核实", now=utc(at), calendar=CALENDAR)[0]


@pytest.mark.parametrize("kind", [*SPECIAL_KINDS, *SPECIAL_KINDS.values()])
def test_the_eight_kinds_of_art_45_stop_the_clock_by_code_and_by_name(kind: str) -> None:
    case, fact = standstill.suspend(a_case(), replace(DRAFT, kind=kind), CHIEF, now=NOON, calendar=CALENDAR)

    assert case.state is State.SUSPENDED
    assert (fact.kind_name, fact.article) == (SPECIAL_KINDS.get(kind, kind), "行政许可法第四十五条")
    assert SPECIAL_KINDS[fact.kind] == fact.kind_name
    assert fact.expected_end == DueDate(date(2026, 3, 19))
    assert fact.legal_due.provisional
    assert fact.promised_due.provisional


@pytest.mark.parametrize(
    "kind", ["现场踏勘", "现场核查", "公示", "补正", "实地查看", "SITE_CHECK", "hearing", "", "中止", "OWN_LAW"]
)
def test_nothing_else_stops_the_clock(kind: str) -> None:
    item = ItemRules(procedures=(given.SURVEY, Procedure("公示", "公示", stops_clock=False)))

    with pytest.raises(NotASpecialProcedure) as refused:
        suspended(a_case(rules=item), replace(DRAFT, kind=kind))

    assert [error.pointer for error in refused.value.errors] == ["#/kind"]


@pytest.mark.parametrize("kind", ["中止", "OWN_LAW"])
def test_a_cause_in_the_items_own_law_stops_it_with_its_own_basis(kind: str) -> None:
    water = a_case(rules=ItemRules(basis="取水许可和水资源费征收管理条例第18条", procedures=(given.SPECIAL,)))

    case, fact = standstill.suspend(water, replace(DRAFT, kind=kind), CHIEF, now=NOON, calendar=CALENDAR)

    assert case.clocks.ledger[0].cause == "取水申请引起争议或诉讼"  # type: ignore[union-attr]
    assert (fact.kind, fact.kind_name, fact.article) == ("OWN_LAW", "中止", "取水许可和水资源费征收管理条例第18条")


def test_art_45_is_for_licences_only_others_stop_only_for_what_the_item_names() -> None:
    appraisal = Procedure("鉴定", "残疾评定", stops_clock=True)
    plain, named = (
        ItemRules(licensing=False, basis="办法"),
        ItemRules(licensing=False, basis="办法", procedures=(appraisal,)),
    )

    case, fact = standstill.suspend(
        a_case(rules=named), replace(DRAFT, kind="鉴定"), CHIEF, now=NOON, calendar=CALENDAR
    )

    assert (case.state, fact.article) == (State.SUSPENDED, "办法")
    with pytest.raises(NotASpecialProcedure):
        suspended(a_case(rules=plain), replace(DRAFT, kind="鉴定"))


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"notice": " "}, "#/notice"),
        ({"expected_workdays": 0}, "#/expected_workdays"),
        ({"expected_workdays": 501}, "#/expected_workdays"),
    ],
)
def test_without_a_written_notice_of_the_time_needed_the_clock_does_not_stop(
    changes: dict[str, object], pointer: str
) -> None:
    with pytest.raises(IncompleteRecord) as refused:
        suspended(a_case(), replace(DRAFT, **changes))  # type: ignore[arg-type]

    assert [error.pointer for error in refused.value.errors] == [pointer]


@pytest.mark.parametrize("account", ["handler", "clerk", "i1"])
def test_who_handles_the_case_approves_neither_pause_nor_extension(account: str) -> None:
    case = replace(given.ready(State.REVIEWED), opinion_writers=frozenset({"handler"}))
    officer = replace(CHIEF, account_id=account)

    with pytest.raises(SeparationOfDuties):
        standstill.suspend(case, DRAFT, officer, now=NOON, calendar=CALENDAR)
    with pytest.raises(SeparationOfDuties):
        extended(case, 5, officer=officer)


def test_a_pause_from_friday_evening_to_monday_morning_moves_the_date_by_one_working_day() -> None:
    case = a_case()

    paused = suspended(case, at="2026-03-06 17:00")
    running = resumed(paused, "2026-03-09 09:00")

    assert case.dates.legal == DueDate(date(2026, 3, 30))
    assert running.dates.legal == DueDate(date(2026, 3, 31))
    assert running.dates.promised == DueDate(date(2026, 3, 17))
    assert running.state is State.EXAMINING
    assert running.proceedings.suspension is None


def test_an_open_pause_keeps_moving_the_earliest_date_and_never_ends_the_limit() -> None:
    paused = suspended(a_case(), at="2026-03-06 17:00")

    dates = [standstill.projected(paused, CALENDAR, now=utc(f"2026-03-{day} 09:00")) for day in ("09", "20", "31")]

    assert all(found.legal.provisional for found in dates)
    assert [found.legal.on for found in dates] == [date(2026, 3, 31), date(2026, 4, 14), date(2026, 4, 23)]


def test_an_extension_moves_the_legal_date_and_leaves_the_promise() -> None:
    case = a_case()

    longer = extended(case, 10)

    assert (case.dates.legal.on, longer.dates.legal.on) == (date(2026, 3, 30), date(2026, 4, 14))
    assert longer.dates.promised == case.dates.promised


def test_a_pause_and_an_extension_add_up_in_either_order() -> None:
    first = extended(resumed(suspended(a_case()), "2026-03-12 12:00"), 10, at="2026-03-12 13:00")
    second = resumed(suspended(extended(a_case(), 10, at="2026-03-05 11:00")), "2026-03-12 12:00")

    assert first.dates.legal == second.dates.legal == DueDate(date(2026, 4, 21))


@pytest.mark.parametrize(
    ("rules", "longest"),
    [
        pytest.param(ItemRules(), 10, id="art. 42: ten days"),
        pytest.param(ItemRules(extension=ExtensionRule(5, Unit.WORKDAY)), 5, id="the item's own rule"),
        pytest.param(ItemRules(joint=True), 15, id="art. 42 para. 2: joint handling"),
    ],
)
def test_an_extension_is_at_most_what_the_rule_allows(rules: ItemRules, longest: int) -> None:
    head = replace(CHIEF, is_government_head=True)

    for days in (0, longest + 1):
        with pytest.raises(ExtensionTooLong):
            extended(a_case(rules=rules), days, officer=head)

    assert extended(a_case(rules=rules), longest, officer=head).clocks.is_extended


def test_a_limit_is_extended_once() -> None:
    with pytest.raises(AlreadyExtended):
        extended(extended(a_case(), 1), 1)


def test_a_limit_that_is_over_is_not_extended() -> None:
    extended(a_case(), 1, at="2026-03-30 23:59")

    with pytest.raises(LimitOver):
        extended(a_case(), 1, at="2026-03-31 00:00")


@pytest.mark.parametrize(
    ("rules", "legal"),
    [
        pytest.param(ItemRules(licensing=False), given.TWENTY, id="no licence, no rule of its own"),
        pytest.param(ItemRules(), TimeLimit(0, Unit.WORKDAY, StartRule.ACCEPTED), id="on the spot"),
        pytest.param(ItemRules(), TimeLimit(3, Unit.MONTH, StartRule.ACCEPTED), id="months: another law's limit"),
    ],
)
def test_what_has_no_rule_is_not_extended(rules: ItemRules, legal: TimeLimit) -> None:
    with pytest.raises(NotExtendable):
        extended(a_case(rules=rules, clocks=given.clocks(legal)), 1)


def test_a_head_of_the_department_extends_and_for_joint_handling_the_head_of_the_government() -> None:
    with pytest.raises(NeedsDepartmentHead):
        extended(a_case(), 5, officer=replace(CHIEF, is_chief=False))
    with pytest.raises(NeedsGovernmentHead):
        extended(a_case(rules=ItemRules(joint=True)), 5)

    mayor = Officer("mayor", "", given.DISTRICT, is_government_head=True)
    assert extended(a_case(rules=ItemRules(joint=True)), 15, officer=mayor).clocks.is_extended


def test_the_reason_of_an_extension_is_told() -> None:
    with pytest.raises(IncompleteRecord):
        standstill.extend(a_case(), CHIEF, days=5, reason=" ", now=NOON, calendar=CALENDAR)


def test_an_officers_clock_behind_the_counters_does_not_break_the_ledger() -> None:
    case = suspended(a_case(department=MARKET), at="2026-03-02 09:59")

    assert case.clocks.ledger[0].at == given.ACCEPTED_AT
    assert resumed(case, "2026-03-02 09:58").dates.legal == a_case().dates.legal
    assert case.proceedings.suspension is not None
    assert case.proceedings.suspension.suspended_at - utc("2026-03-02 09:59") == timedelta(minutes=1)
