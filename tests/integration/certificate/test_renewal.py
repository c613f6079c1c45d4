"""Renewal by silence: the next version of the certificate, the old one superseded, exactly once."""

import asyncio
import json
from datetime import UTC, date, datetime
from typing import Any

import pytest

from contracts.events import intake
from contracts.events.examples import examples
from services.certificate.commands.life import Next, next_version
from services.certificate.domain.errors import NotRenewable
from services.certificate.repository import lock_certificate
from services.chassis import clock
from services.kernel.certificate_identifier import parse_certificate_identifier
from services.kernel.certificate_life import LifeAct
from tests.support.certificate import MARKER, Case, Library

ISSUED, SUPERSEDED = "certificate.certificate.issued.v1", "certificate.certificate.superseded.v1"
LAST = date(2031, 11, 19)


async def a_renewal(library: Library) -> tuple[dict[str, Any], Case, intake.RenewalDeemed]:
    """A valid certificate, and the fact that nobody decided about its renewal by its last day."""
    old = await library.issued()
    case = library.a_case()
    example = examples()[intake.RenewalDeemed.SUBJECT]
    assert isinstance(example, intake.RenewalDeemed)
    renews = intake.RenewalRef(certificate_identifier=old["identifier"], valid_until=LAST, silence_renews=True)
    of = {"application_id": case.id, "case_no": case.case_no, "applicant": case.applicant, "item": case.item}
    midnight = datetime(2031, 11, 19, 16, tzinfo=UTC)
    event = example.model_copy(update=of | {"renews": renews, "renewed_at": midnight, "deemed_at": midnight})
    return old, case, event


async def rows_of(library: Library, case: Case) -> list[dict[str, Any]]:
    found = await library.rows("SELECT * FROM certificate WHERE case_id = :id", id=case.id)
    return [dict(row._mapping) for row in found]


async def test_silence_brings_the_next_version_valid_from_the_day_after(library: Library):
    old, case, event = await a_renewal(library)

    await library.hear(event)

    (new,) = await rows_of(library, case)
    before, after = (parse_certificate_identifier(row["identifier"]) for row in (old, new))
    assert (after.serial, after.version) == (before.serial, before.version + 1)
    assert (new["valid_from"], new["valid_until"], new["status"]) == (date(2031, 11, 20), date(2036, 11, 19), "VALID")
    record = library.kit.signer.verify(library.kit.open_record(new["jws_sealed"]))
    assert (record["certificate_version"], record["certificate_holder_code"]) == ("002", MARKER)
    assert record["certificate_number"] == old["number_shown"]


async def test_the_old_version_is_superseded_and_verification_says_so(library: Library):
    old, case, event = await a_renewal(library)

    await library.hear(event)

    (new,) = await rows_of(library, case)
    answer = await library.get("/api/v1/certificates/verify", identifier=old["identifier"])
    assert (answer.json()["verdict"], answer.json()["reason"]) == ("NO_LONGER_VALID", "SUPERSEDED")
    assert [subject for _, subject in await library.events_of(old["id"])] == [ISSUED, SUPERSEDED]
    (told,) = await library.rows("SELECT payload FROM outbox WHERE subject = :s AND aggregate_id = :id", **of(old))
    assert json.loads(told.payload)["superseded_by"] == new["identifier"]


def of(old: dict[str, Any]) -> dict[str, Any]:
    return {"s": SUPERSEDED, "id": old["id"]}


async def test_told_twice_and_at_once_there_is_one_new_version_and_one_paper(library: Library):
    _, case, event = await a_renewal(library)

    await asyncio.gather(*(library.hear(event) for _ in range(4)), return_exceptions=True)
    await library.hear(event)

    assert len(await rows_of(library, case)) == 1
    papers = await library.rows("SELECT kind FROM paper WHERE case_id = :id", id=case.id)
    assert [row.kind for row in papers] == ["RENEWAL_DECISION"]


async def test_a_renewal_that_was_granted_is_a_decision_of_renewal_that_names_the_number(library: Library):
    old, case, event = await a_renewal(library)

    await library.hear(case.decided(renews=event.renews))

    (new,) = await rows_of(library, case)
    assert new["number_shown"] == old["number_shown"]
    (paper,) = await library.rows("SELECT kind, contents_sealed FROM paper WHERE case_id = :id", id=case.id)
    assert paper.kind == "RENEWAL_DECISION"
    told = json.loads(library.kit.open_contents(paper.contents_sealed))["contents"]
    assert (told["certificate_number"], told["deemed"]) == (old["number_shown"], False)


async def test_a_renewal_that_follows_on_the_old_term_leaves_no_day_without_a_certificate(library: Library):
    _, case, event = await a_renewal(library)
    begins, ends = date(2031, 11, 20), date(2036, 11, 19)

    granted = case.decided(renews=event.renews, valid_from=begins, valid_until=ends)  # long before the old one ends
    await library.hear(granted)

    (new,) = await rows_of(library, case)
    answer = await library.get("/api/v1/certificates/verify", identifier=new["identifier"])
    assert (answer.json()["verdict"], new["valid_from"], new["valid_until"]) == (
        "VALID",
        new["issued_on"],
        date(2036, 11, 19),
    )
    (paper,) = await library.rows("SELECT contents_sealed FROM paper WHERE case_id = :id", id=case.id)
    told = json.loads(library.kit.open_contents(paper.contents_sealed))["contents"]
    assert (told["valid_from"], told["valid_until"]) == ("2031-11-20", "2036-11-19"), "the term that was granted"


@pytest.mark.parametrize("status", ["ANNULLED", "REVOKED", "DEREGISTERED"])
async def test_silence_does_not_bring_back_what_was_taken_away(library: Library, status: str):
    old, case, event = await a_renewal(library)
    async with library.database.transaction() as uow:
        await uow.connection.exec_driver_sql(f"UPDATE certificate SET status = '{status}' WHERE id = '{old['id']}'")

    with pytest.raises(NotRenewable):
        await library.hear(event)

    assert await rows_of(library, case) == []


async def test_what_was_amended_meanwhile_is_renewed_as_it_stands_now(library: Library):
    old, case, event = await a_renewal(library)
    async with library.database.transaction() as uow:
        row = await lock_certificate(uow.connection, old["identifier"])
        said = Next(
            source="amended",
            issued_on=row.issued_on,
            valid_from=row.valid_from,
            valid_until=row.valid_until,
            extend={"经营场所": "乙路2号"},
        )
        await next_version(uow, row, LifeAct.AMEND, said, library.kit, now=clock.now())

    await library.hear(event)
    await library.hear(event)

    (new,) = await rows_of(library, case)
    record = library.kit.signer.verify(library.kit.open_record(new["jws_sealed"]))
    assert (new["certificate_version"], new["valid_from"], new["status"]) == (3, date(2031, 11, 20), "VALID")
    assert "乙路2号" in json.dumps(record, ensure_ascii=False)


async def test_what_another_application_renewed_already_is_not_renewed_twice(library: Library):
    _, case, event = await a_renewal(library)
    another = library.a_case()
    told = {"application_id": another.id, "case_no": another.case_no, "applicant": another.applicant}

    await library.hear(event)
    with pytest.raises(NotRenewable):
        await library.hear(event.model_copy(update=told))

    assert len(await rows_of(library, case)) == 1
    assert await rows_of(library, another) == []
