"""Paper numbers: fifty at once of one body and year, failures in between, and no gap and no double."""

import asyncio
import re

from services.certificate.consumers import Consumers
from services.certificate.domain.paper import FORMS
from tests.support.certificate import Case, Library, an_item, incoming

AT_ONCE = 50


class Broken(Exception):
    """The worker dies after the paper was numbered and before the transaction is through."""


async def receive(library: Library, case: Case, *, breaks: bool) -> None:
    async with library.database.transaction() as uow:
        await Consumers(library.kit).on_intake(uow, [incoming(case.received())])
        if breaks:
            raise Broken


async def test_fifty_papers_at_once_with_failures_between_have_no_gap_and_no_double(library: Library) -> None:
    # a body of its own, so that the row of numbers begins here
    department = an_item().department.model_copy(update={"uscc": "11431202006100123X", "name": "区水利局"})
    cases = [library.a_case(item=an_item(department=department)) for _ in range(AT_ONCE)]

    tried = await asyncio.gather(
        *(receive(library, case, breaks=index % 3 == 0) for index, case in enumerate(cases)), return_exceptions=True
    )
    again = [case for case, outcome in zip(cases, tried, strict=True) if outcome is not None]
    first = await numbers(library, department.uscc)
    await asyncio.gather(*(receive(library, case, breaks=False) for case in (*again, *cases[:5])))

    assert {type(outcome) for outcome in tried} == {Broken, type(None)}
    assert first == list(range(1, AT_ONCE - len(again) + 1))
    assert await numbers(library, department.uscc) == list(range(1, AT_ONCE + 1))


async def numbers(library: Library, body: str) -> list[int]:
    rows = await library.rows("SELECT number FROM paper WHERE body_uscc = :body AND kind = 'RECEIPT'", body=body)
    word = FORMS["RECEIPT"].word
    return sorted(int(re.fullmatch(rf"鹤水{word}字〔2026〕第(\d+)号", row.number)[1]) for row in rows)  # type: ignore[index]
