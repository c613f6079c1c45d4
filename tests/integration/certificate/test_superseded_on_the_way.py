"""Acts that cross: a decision about a version superseded on the way, a reissue after the last day."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from contracts.events.intake import RenewalRef
from contracts.events.standing import AmendmentRef, Change
from services.certificate.files.contents import load_job
from services.certificate.files.contents_after import StandingDecision
from tests.integration.certificate.test_life import ACTS, a_producer, decided, leaves_of, now_of, post, verdict
from tests.support.certificate import POLICE, Case, Library, an_item

PLACE = Change(what="经营场所", before="甲路1号", after="乙路2号")
FORM = Change(what="主体业态", before="餐饮服务", after="单位食堂")


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


async def renewed_by_another_body(library: Library, row: dict[str, Any]) -> dict[str, Any]:
    """The next version: the matter has gone over to another department."""
    case, last = library.a_case(item=an_item(department=POLICE)), row["valid_until"]
    renews = RenewalRef(certificate_identifier=row["identifier"], valid_until=last, silence_renews=False)
    granted = case.decided(renews=renews, valid_from=last + timedelta(days=1), valid_until=date(last.year + 5, 1, 1))
    await library.hear(case.submitted(), case.received(), case.accepted(), granted)
    (new,) = await library.rows("SELECT * FROM certificate WHERE case_id = :id", id=case.id)
    return dict(new._mapping)


async def set_status(library: Library, row: dict[str, Any], status: str) -> None:
    """By hand."""
    async with library.database.transaction() as uow:
        change = text("UPDATE certificate SET status = :status WHERE id = :id")
        await uow.connection.execute(change, {"status": status, "id": row["id"]})


@pytest.mark.parametrize("rewritten", ["SUPERSEDED", "VALID"])
async def test_a_renewal_by_another_body_saves_nobody_either(library: Library, rewritten: str) -> None:
    """Nor does it help to write into the old version's row that nothing took its place."""
    row = await library.issued()
    new = await renewed_by_another_body(library, row)
    await set_status(library, row, rewritten)
    decision = decided(row, "ANNUL", "FRAUD")

    await library.hear(decision)
    await library.hear(decision)

    await set_status(library, row, "SUPERSEDED")
    assert (new["issuer_uscc"], new["certificate_version"]) == (POLICE.uscc, 2)
    assert await verdict(library, new) == ("NO_LONGER_VALID", "ANNULLED")
    assert await leaves_of(library, new) == ["RENEW", "ANNUL"]
    assert await leaves_of(library, row) == ["ISSUE", "SUPERSEDE"]


async def test_what_overtook_a_decision_of_the_same_moment_does_not_save_it_either(library: Library) -> None:
    """One transaction does both: the leaf of the first act is not in the log before its end."""
    row = await library.issued()
    amendment = decided(row, "AMEND", "HOLDER_ASKED", changes=(PLACE,))

    await library.hear(amendment, decided(row, "ANNUL", "FRAUD"))

    assert [status for status, _ in await versions_of(library, row)] == ["SUPERSEDED", "ANNULLED"]


@pytest.mark.parametrize("by", ["the department", "application"])
async def test_an_amendment_goes_into_what_another_body_renewed(library: Library, by: str) -> None:
    row, case = await library.issued(), library.a_case()
    amends = AmendmentRef(certificate_identifier=row["identifier"], changes=(PLACE,))
    amendment = decided(row, "AMEND", "HOLDER_ASKED", changes=(PLACE,))
    event = amendment if by == "the department" else case.decided(amends=amends, valid_until=None)
    new = await renewed_by_another_body(library, row)

    await library.hear(case.submitted(), case.received(), case.accepted(), event)

    (status, said), third = (await versions_of(library, row))[-1], await now_of(library, new)
    assert (status, said["经营场所"], third["status"]) == ("VALID", "乙路2号", "SUPERSEDED")


@pytest.mark.parametrize("by", ["the department", "application"])
async def test_an_amendment_that_a_reissue_overtook_goes_into_what_stands(library: Library, by: str) -> None:
    row, case = await library.issued(), library.a_case()
    changes = (Change(what="经营场所", before="甲路1号", after="乙路2号"),)
    amends = AmendmentRef(certificate_identifier=row["identifier"], changes=changes)
    amendment = decided(row, "AMEND", "HOLDER_ASKED", changes=changes)
    event = amendment if by == "the department" else case.decided(amends=amends, valid_until=None)
    await post(library, row, "loss", library.citizen())
    await post(library, row, "reissue", a_producer())

    await library.hear(case.submitted(), case.received(), case.accepted(), event)
    await library.hear(event)

    versions = await library.rows(
        "SELECT * FROM certificate WHERE number_shown = :n ORDER BY certificate_version", n=row["number_shown"]
    )
    record = library.kit.signer.verify(library.kit.open_record(versions[-1].jws_sealed))
    assert [one.status for one in versions] == ["SUPERSEDED", "SUPERSEDED", "VALID"]
    assert record["extend_info"]["经营场所"] == "乙路2号"


async def versions_of(library: Library, row: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The state and the lines of each version."""
    found = "SELECT * FROM certificate WHERE number_shown = :n ORDER BY certificate_version"
    rows = await library.rows(found, n=row["number_shown"])
    records = [library.kit.signer.verify(library.kit.open_record(one.jws_sealed)) for one in rows]
    return [(one.status, said["extend_info"]) for one, said in zip(rows, records, strict=True)]


async def changes_on_the_paper(library: Library, case: Case) -> list[tuple[str, str, str]]:
    wanted = "SELECT contents_sealed FROM paper WHERE case_id = :id AND kind = 'AMENDMENT_DECISION'"
    (row,) = await library.rows(wanted, id=case.id)
    paper = load_job(library.kit.open_contents(row.contents_sealed)).contents
    assert isinstance(paper, StandingDecision)
    return [(line.what, line.before, line.after) for line in paper.changes]


@pytest.mark.parametrize("changes", [(PLACE,), (PLACE, FORM)])
async def test_an_application_that_another_amendment_overtook_has_its_paper_in_full_and_takes_back_no_line(
    library: Library, changes: tuple[Change, ...]
) -> None:
    row, case = await library.issued(), library.a_case()
    amends = AmendmentRef(certificate_identifier=row["identifier"], changes=changes)
    later = PLACE.model_copy(update={"after": "丙路3号"})
    event = case.decided(amends=amends, valid_until=None)
    await library.hear(decided(row, "AMEND", "HOLDER_ASKED", changes=(later,)))

    await library.hear(case.submitted(), case.received(), case.accepted(), event)
    await library.hear(event)

    versions = await versions_of(library, row)
    said = versions[-1][1]
    assert [status for status, _ in versions] == ["SUPERSEDED", "SUPERSEDED", "VALID"]
    assert said["经营场所"] == "丙路3号"
    assert said.get("主体业态") == ("单位食堂" if FORM in changes else None)
    assert await changes_on_the_paper(library, case) == [(one.what, one.before, one.after) for one in changes]


async def test_an_application_that_was_overtaken_takes_back_neither_contents_nor_conditions(library: Library) -> None:
    row, case = await library.issued(), library.a_case()
    amends = AmendmentRef(certificate_identifier=row["identifier"], changes=(PLACE,))
    of_the_case: dict[str, Any] = {
        "content": "热食类食品制售",
        "conditions": "不得外送",
        "fields": {"主体业态": "单位食堂"},
    }
    of_the_department = {"许可内容": "冷食类食品制售", "条件": "每日留样", "主体业态": "网络经营"}
    changes = tuple(Change(what=what, before="", after=after) for what, after in of_the_department.items())
    await library.hear(decided(row, "AMEND", "HOLDER_ASKED", changes=changes))

    event = case.decided(amends=amends, valid_until=None, **of_the_case)
    await library.hear(case.submitted(), case.received(), case.accepted(), event)

    assert (await versions_of(library, row))[-1] == ("VALID", of_the_department | {"经营场所": "乙路2号"})


@pytest.mark.parametrize("by", ["the department", "application"])
async def test_an_amendment_of_a_lost_certificate_takes_its_place_as_a_reissue_would(library: Library, by: str) -> None:
    row, case = await library.issued(), library.a_case()
    changes = (Change(what="经营场所", before="甲路1号", after="乙路2号"),)
    amends = AmendmentRef(certificate_identifier=row["identifier"], changes=changes)
    amendment = decided(row, "AMEND", "HOLDER_ASKED", changes=changes)
    event = amendment if by == "the department" else case.decided(amends=amends, valid_until=None)
    await post(library, row, "loss", library.citizen())

    await library.hear(case.submitted(), case.received(), case.accepted(), event)
    await library.hear(event)

    found = "SELECT * FROM certificate WHERE number_shown = :n ORDER BY certificate_version"
    old, new = [dict(one._mapping) for one in await library.rows(found, n=row["number_shown"])]
    record = library.kit.signer.verify(library.kit.open_record(new["jws_sealed"]))
    no_more = [await post(library, old, act, a_producer()) for act in ("reissue", "loss/withdrawal")]
    assert (await verdict(library, old), new["status"]) == (("NO_LONGER_VALID", "SUPERSEDED"), "VALID")
    assert record["extend_info"]["经营场所"] == "乙路2号"
    assert await leaves_of(library, old) == ["ISSUE", "REPORT_LOSS", "SUPERSEDE"]
    assert [answer.status_code for answer in no_more] == [409, 409]


async def test_a_renewal_granted_while_the_certificate_is_lost_takes_its_place_at_once(library: Library) -> None:
    row, case = await library.issued(), library.a_case()
    last: date = row["valid_until"]
    renews = RenewalRef(certificate_identifier=row["identifier"], valid_until=last, silence_renews=False)
    granted = case.decided(renews=renews, valid_from=last + timedelta(days=1), valid_until=date(last.year + 5, 1, 1))
    await post(library, row, "loss", library.citizen())

    await library.hear(case.submitted(), case.received(), case.accepted(), granted)

    (new,) = await library.rows("SELECT * FROM certificate WHERE case_id = :id", id=case.id)
    assert await verdict(library, row) == ("NO_LONGER_VALID", "SUPERSEDED")
    assert await verdict(library, dict(new._mapping)) == ("VALID", None)
    assert (new.valid_from, new.valid_until) == (new.issued_on, date(last.year + 5, 1, 1))


async def test_what_is_over_is_not_reissued_before_the_timer_has_seen_it(library: Library) -> None:
    row = await library.issued()
    await post(library, row, "loss", library.citizen())
    async with library.database.transaction() as uow:
        over = "UPDATE certificate SET valid_until = '2020-01-01' WHERE id = :id"
        await uow.connection.execute(text(over), {"id": row["id"]})

    answer = await post(library, row, "reissue", a_producer())

    assert (answer.status_code, answer.json()["code"]) == (409, "certificate.wrong-state")
    assert (await now_of(library, row))["status"] == "LOST"
