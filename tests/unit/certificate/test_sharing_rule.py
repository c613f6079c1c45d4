"""What a registered caller may ask: every purpose is one of his, and the directory says which types are shared."""

from datetime import date

import pytest

from services.certificate.domain.sharing import (
    STANDARD_PURPOSES,
    Query,
    Registration,
    Shared,
    refusal,
    type_refusal,
)

TODAY = date(2026, 11, 20)
LICENCE, LEDGER, OTHER = "11431202006100029C002", "11431202006100029C003", "11431202006100029C004"


def a_registration(caller: str = "organisation:114312020061000377", *purposes: str) -> Registration:
    return Registration(
        caller,
        "某单位",
        10,
        date(2000, 1, 1),
        None,
        frozenset({LICENCE}),
        frozenset({"holder_name"}),
        frozenset(purposes),
    )


def rule_of(registration: Registration, query: Query) -> tuple[str, str] | None:
    found = refusal(registration, query, TODAY)
    return (found.pointer, found.code) if found else None


@pytest.mark.parametrize(
    ("purposes", "asked", "refused"),
    [
        pytest.param((), STANDARD_PURPOSES[0], False, id="a standard one, where none is registered"),
        pytest.param((), f"{STANDARD_PURPOSES[0]}：存量房转移登记", False, id="with a note after it"),
        pytest.param((), "随便看看", True, id="any other text"),
        pytest.param((), "", True, id="no text"),
        pytest.param((), f"{STANDARD_PURPOSES[0]}看看", True, id="a text that only begins like one"),
        pytest.param(("贷款审核",), "贷款审核", False, id="his own"),
        pytest.param(("贷款审核",), STANDARD_PURPOSES[0], True, id="a standard one, where others are registered"),
    ],
)
def test_every_purpose_is_one_that_the_caller_has(purposes: tuple[str, ...], asked: str, refused: bool) -> None:
    told = rule_of(a_registration("organisation:114312020061000377", *purposes), Query(asked))

    assert told == (("/purpose", "not-allowed") if refused else None)


def test_the_refusal_names_the_purposes_there_are() -> None:
    told = refusal(a_registration(), Query("随便看看"), TODAY)

    assert told is not None
    assert all(purpose in told.detail for purpose in STANDARD_PURPOSES)


def test_a_type_that_is_not_shared_goes_to_the_body_that_issued_it_and_to_no_other_caller() -> None:
    registered = a_registration().in_directory(Shared(closed=frozenset({LICENCE})))

    other, own = (rule_of(registered, Query(STANDARD_PURPOSES[0], LICENCE, own=own)) for own in (False, True))

    assert (other, own) == (("/type_code", "not-shared"), None)
    refused = type_refusal(registered, LICENCE)
    assert refused is not None
    assert refused.detail == f"证照类型 {LICENCE} 不予共享，只有颁发机关和持证人可以查看"


@pytest.mark.parametrize(
    ("caller", "allowed"),
    [
        ("organisation:114312020061000377", {LICENCE, LEDGER}),
        ("peer:431102000000", {LICENCE, LEDGER}),
        ("organisation:91431202MA00BK0013", {LICENCE}),
        ("client:bank", {LICENCE}),
    ],
)
def test_an_open_type_is_for_the_administration_and_any_other_as_registered(caller: str, allowed: set[str]) -> None:
    registered = a_registration(caller).in_directory(Shared(open=frozenset({LEDGER})))

    assert {code for code in (LICENCE, LEDGER, OTHER) if type_refusal(registered, code) is None} == allowed
