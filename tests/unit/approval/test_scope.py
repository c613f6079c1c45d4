"""How far a supervisor's division reaches."""

import pytest

from services.approval.scope import subtree_prefix


@pytest.mark.parametrize(
    ("division", "prefix"),
    [
        ("430000000000", "43"),
        ("431200000000", "4312"),
        ("431202000000", "431202"),
        ("431202101000", "431202101"),
        ("431202101203", "431202101203"),
    ],
)
def test_a_division_reaches_what_lies_below_it(division: str, prefix: str) -> None:
    assert subtree_prefix(division) == prefix


@pytest.mark.parametrize("division", ["", "431202", "43120200000%", "4312020000000"])
def test_an_unusable_division_reaches_nothing(division: str) -> None:
    assert not "431202000000".startswith(subtree_prefix(division))
