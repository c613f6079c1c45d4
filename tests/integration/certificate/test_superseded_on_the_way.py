"""A decision about a version that was superseded on the decision's way finds the one that stands."""

import pytest

from tests.integration.certificate.test_life import ACTS, a_producer, decided, leaves_of, post, verdict
from tests.support.certificate import Library


@pytest.mark.parametrize("act", ACTS)
async def test_a_reissue_on_the_way_saves_nobody_from_a_decision(library: Library, act: str) -> None:
    row = await library.issued()
    decision = decided(row, act, ACTS[act][0])
    await post(library, row, "loss", library.citizen())
    new = (await post(library, row, "reissue", a_producer())).json()

    await library.hear(decision)
    await library.hear(decision)

    (found,) = await library.rows("SELECT * FROM certificate WHERE identifier = :i", i=new["identifier"])
    second = dict(found._mapping)
    assert await verdict(library, second) == ("NO_LONGER_VALID", ACTS[act][2])
    assert await leaves_of(library, second) == ["REISSUE", act]
    assert await verdict(library, row) == ("NO_LONGER_VALID", "SUPERSEDED")
