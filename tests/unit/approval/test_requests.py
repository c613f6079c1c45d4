"""What the bodies of procedural acts refuse before any rule sees it."""

import pytest
from pydantic import TypeAdapter, ValidationError

from services.approval.requests import Instant


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "2026-03-02T09:00:00"])
def test_an_instant_without_a_day_in_china_is_refused(at: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Instant).validate_python(at)
