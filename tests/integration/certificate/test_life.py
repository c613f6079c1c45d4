"""The life of a certificate after its issue: each act once, with its record, its leaf, its event and its paper."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from contracts.events import standing
from contracts.events.common import DueDate, Remedies
from contracts.events.intake import RenewalRef
from services.certificate.commands import import_certificates, log_heads
from services.certificate.commands.expire import expire
from services.certificate.domain.errors import WrongState
from services.certificate.files.contents import load_job
from services.certificate.files.contents_after import StandingDecision, StandingNotice
from services.chassis import clock
from services.chassis.ids import uuid7
from services.kernel.certificate_identifier import parse_certificate_identifier
from services.kernel.certificate_life import GROUNDS, Ground
from tests.support import tokens
from tests.support.certificate import CLERK, MARKER, MARKET, NOON, OTHER, POLICE, Library, an_id_card, ndjson

ACTS = {
    "RESCIND": ("SITUATION_CHANGED", "rescinded", "RESCINDED", "RESCISSION_DECISION"),
    "ANNUL": ("FRAUD", "annulled", "ANNULLED", "ANNULMENT_DECISION"),
    "DEREGISTER": ("FORCE_MAJEURE", "deregistered", "DEREGISTERED", "DEREGISTRATION_DECISION"),
    "REVOKE": ("PENALTY", "revoked", "REVOKED", None),
}
Row = dict[str, Any]


def decided(row: Row, act: str, ground: str, **of: Any) -> standing.StandingDecided:
    rule = GROUNDS[Ground(ground)]
    values: dict[str, Any] = {
        "decision_id": uuid7(),
        "identifier": row["identifier"],
        "holder_key": row["holder_key"],
        "department_uscc": row["issuer_uscc"],
        "act": act,
        "ground": ground,
        "article": rule.article,
        "certificate_id": row["id"],
        "department": MARKET,
        "grounds": rule.wording,
        "facts": "经查，申请时提交的租赁合同系伪造",
        "basis": rule.article,
        "compensation": "没有造成财产损失，不予补偿" if rule.compensation else "",
        "remedies": Remedies(reconsideration_body="鹤城区人民政府", court="鹤城区人民法院"),
        "effective_on": date(2026, 11, 25),
        "decided_at": NOON + timedelta(days=5),
        "decided_by": CLERK,
    }
    return standing.StandingDecided(**values | of)


def proposed(decision: standing.StandingDecided, **of: Any) -> standing.StandingProposed:
    """The proposal this decision followed."""
    same = decision.model_dump(include=set(standing.StandingProposed.model_fields))
    told = {"speak_by": DueDate(on=date(2026, 11, 24)), "proposed_at": NOON, "proposed_by": CLERK}
    return standing.StandingProposed(**same | told | of)


def said_to(decision: standing.StandingDecided, statement: str) -> standing.StandingHeard:
    """What the holder said to the proposal."""
    same = decision.model_dump(include=set(standing.StandingHeard.model_fields))
    return standing.StandingHeard(**same, statement=statement, heard_at=NOON + timedelta(days=1), heard_by=CLERK)


async def now_of(library: Library, row: Row) -> Row:
    (found,) = await library.rows("SELECT * FROM certificate WHERE id = :id", id=row["id"])
    return dict(found._mapping)


async def leaves_of(library: Library, row: Row) -> list[str]:
    found = await library.rows(
        "SELECT act, record_sealed FROM log_leaf WHERE certificate_id = :id ORDER BY leaf_index", id=row["id"]
    )
    return [leaf.act for leaf in found]


async def told(library: Library, row: Row) -> list[str]:
    subjects = [subject for _, subject in await library.events_of(row["id"])]
    return [subject.split(".")[2] for subject in subjects]


async def verdict(library: Library, row: Row) -> tuple[str, str | None]:
    answer = (await library.get("/api/v1/certificates/verify", identifier=row["identifier"])).json()
    return answer["verdict"], answer["reason"]


async def paper_of(library: Library, decision: standing.StandingDecided) -> StandingDecision | None:
    found = await library.rows("SELECT contents_sealed FROM paper WHERE occasion = :o", o=str(decision.decision_id))
    if not found:
        return None
    paper = load_job(library.kit.open_contents(found[0].contents_sealed)).contents
    assert isinstance(paper, StandingDecision)
    return paper


async def post(library: Library, row: Row, path: str, who: dict[str, str], body: Any = None) -> Any:
    headers = who | {"Idempotency-Key": str(uuid7()), "If-Match": f'"v{(await now_of(library, row))["version"]}"'}
    return await library.http.post(f"/api/v1/certificates/{row['identifier']}/{path}", headers=headers, json=body)


def a_producer(division: str = "431202000000") -> dict[str, str]:
    return tokens.headers(["HANDOVER_CLERK"], sub=tokens.account("producer"), division=division, channel="COUNTER")


@pytest.mark.parametrize("act", ACTS)
async def test_a_decided_act_is_a_state_a_record_an_event_and_a_paper(library: Library, act: str) -> None:
    ground, past, status, kind = ACTS[act]
    row = await library.issued()
    decision = decided(row, act, ground)

    await library.hear(decision)

    after = await now_of(library, row)
    assert (after["status"], after["ground"], after["decision_id"]) == (status, ground, decision.decision_id)
    assert await verdict(library, row) == ("NO_LONGER_VALID", status)
    assert await told(library, row) == ["issued", past]
    assert await leaves_of(library, row) == ["ISSUE", act]
    paper = await paper_of(library, decision)
    assert (paper.kind if paper else None) == kind
    if paper is not None:
        assert (paper.certificate_number, paper.case_no) == (row["number_shown"], row["case_no"])
        assert GROUNDS[Ground(ground)].article in paper.grounds


@pytest.mark.parametrize("act", ACTS)
async def test_the_same_decision_told_twice_is_done_once(library: Library, act: str) -> None:
    row = await library.issued()
    decision = decided(row, act, ACTS[act][0])

    await library.hear(decision)
    await library.hear(decision)
    await asyncio.gather(*(library.hear(decision) for _ in range(3)))

    assert await leaves_of(library, row) == ["ISSUE", act]


@pytest.mark.parametrize(
    ("first", "then"), [("ANNUL", "RESCIND"), ("REVOKE", "ANNUL"), ("RESCIND", "REVOKE"), ("DEREGISTER", "ANNUL")]
)
async def test_what_was_taken_away_is_not_taken_again(library: Library, first: str, then: str) -> None:
    row = await library.issued()
    await library.hear(decided(row, first, ACTS[first][0]))

    with pytest.raises(WrongState):
        await library.hear(decided(row, then, ACTS[then][0]))

    assert (await now_of(library, row))["status"] == ACTS[first][2]
    assert await leaves_of(library, row) == ["ISSUE", first]


@pytest.mark.parametrize("act", ["RESCIND", "ANNUL", "REVOKE"])
async def test_deregistration_is_the_last_step(library: Library, act: str) -> None:
    row = await library.issued()
    await library.hear(decided(row, act, ACTS[act][0]))

    await library.hear(decided(row, "DEREGISTER", "TAKEN_AWAY"))

    assert await verdict(library, row) == ("NO_LONGER_VALID", "DEREGISTERED")
    assert await leaves_of(library, row) == ["ISSUE", act, "DEREGISTER"]


async def test_an_amendment_is_a_new_version_that_says_what_changed(library: Library) -> None:
    row = await library.issued()
    changes = (
        standing.Change(what="持证人名称", before="", after="王大明"),
        standing.Change(what="经营场所", before="甲路1号", after="乙路2号"),
    )
    decision = decided(row, "AMEND", "HOLDER_ASKED", changes=changes)

    await library.hear(decision)
    await library.hear(decision)

    (new,) = await library.rows("SELECT * FROM certificate WHERE source_key = :s", s=f"decision:{decision.decision_id}")
    before, after = (parse_certificate_identifier(one) for one in (row["identifier"], new.identifier))
    assert (after.serial, after.version) == (before.serial, before.version + 1)
    assert (new.holder_name, new.number_shown, new.valid_from) == ("王大明", row["number_shown"], date(2026, 11, 25))
    assert new.valid_until == row["valid_until"]
    record = library.kit.signer.verify(library.kit.open_record(new.jws_sealed))
    assert (record["extend_info"]["经营场所"], record["certificate_holder_code"]) == ("乙路2号", MARKER)
    assert await verdict(library, row) == ("NO_LONGER_VALID", "SUPERSEDED")
    assert (await told(library, dict(new._mapping)), await told(library, row)) == (
        ["issued", "amended"],
        ["issued", "superseded"],
    )
    assert await leaves_of(library, dict(new._mapping)) == ["AMEND"]
    paper = await paper_of(library, decision)
    assert paper is not None
    assert [(line.what, line.before, line.after) for line in paper.changes] == [
        ("持证人名称", "王小明", "王大明"),
        ("经营场所", "甲路1号", "乙路2号"),
    ]


async def test_a_granted_renewal_is_the_next_version_and_not_a_second_certificate(library: Library) -> None:
    old = await library.issued()
    case = library.a_case()
    renews = RenewalRef(certificate_identifier=old["identifier"], valid_until=date(2031, 11, 19), silence_renews=False)
    event = case.decided(renews=renews)

    await library.hear(case.submitted(), case.received(), case.accepted(), event)
    await library.hear(event)

    (new,) = await library.rows("SELECT * FROM certificate WHERE case_id = :id", id=case.id)
    assert (new.certificate_version, new.number_shown) == (2, old["number_shown"])
    assert await verdict(library, old) == ("NO_LONGER_VALID", "SUPERSEDED")
    assert await told(library, dict(new._mapping)) == ["issued", "renewed"]
    assert await leaves_of(library, dict(new._mapping)) == ["RENEW"]


async def test_a_granted_amendment_changes_what_was_asked_and_nothing_else(library: Library) -> None:
    old, case = await library.issued(), library.a_case()
    change = standing.Change(what="经营场所", before="甲路1号", after="乙路2号")
    amends = standing.AmendmentRef(certificate_identifier=old["identifier"], changes=(change,))
    event = case.decided(amends=amends, valid_until=None)

    await library.hear(case.submitted(), case.received(), case.accepted(), event)
    await library.hear(event)

    (new,) = await library.rows("SELECT * FROM certificate WHERE case_id = :id", id=case.id)
    record = library.kit.signer.verify(library.kit.open_record(new.jws_sealed))
    assert (new.certificate_version, new.number_shown) == (2, old["number_shown"])
    assert (new.valid_until, record["extend_info"]["经营场所"]) == (old["valid_until"], "乙路2号")
    assert await verdict(library, old) == ("NO_LONGER_VALID", "SUPERSEDED")
    assert await told(library, dict(new._mapping)) == ["issued", "amended"]
    assert await leaves_of(library, dict(new._mapping)) == ["AMEND"]
    papers = await library.rows("SELECT kind FROM paper WHERE case_id = :id", id=case.id)
    assert sorted(paper.kind for paper in papers) == ["ACCEPTANCE_NOTICE", "AMENDMENT_DECISION", "RECEIPT"]


async def test_a_renewal_of_what_the_library_never_held_is_a_first_certificate(library: Library) -> None:
    old, case = await library.issued(), library.a_case()
    unknown = old["identifier"].replace(".001.", ".777.")
    renews = RenewalRef(certificate_identifier=unknown, valid_until=date(2031, 11, 19), silence_renews=False)

    await library.hear(case.submitted(), case.received(), case.accepted(), case.decided(renews=renews))

    (new,) = await library.rows("SELECT * FROM certificate WHERE case_id = :id", id=case.id)
    assert (new.certificate_version, await told(library, dict(new._mapping))) == (1, ["issued"])


async def test_a_loss_is_reported_withdrawn_and_made_up_for(library: Library) -> None:
    row, holder = await library.issued(), library.citizen()

    lost = await post(library, row, "loss", holder)
    said = await verdict(library, row)
    found = await post(library, row, "loss/withdrawal", holder)
    too_early = await post(library, row, "reissue", a_producer())
    await post(library, row, "loss", a_producer())
    new = await post(library, row, "reissue", a_producer())

    assert (lost.json()["status"], said, found.json()["status"]) == ("LOST", ("NO_LONGER_VALID", "LOST"), "VALID")
    assert (too_early.status_code, too_early.json()["code"]) == (409, "certificate.wrong-state")
    assert (new.status_code, new.json()["certificate_version"], new.json()["status"]) == (201, 2, "VALID")
    assert await told(library, row) == ["issued", "reported_lost", "loss_withdrawn", "reported_lost", "superseded"]
    assert await leaves_of(library, row) == ["ISSUE", "REPORT_LOSS", "WITHDRAW_LOSS", "REPORT_LOSS", "SUPERSEDE"]


@pytest.mark.parametrize("who", ["another holder", "another district", "no window"])
async def test_nobody_else_reports_a_loss(library: Library, who: str) -> None:
    row = await library.issued()
    callers = {
        "another holder": (library.citizen(OTHER), 404),
        "another district": (a_producer("431221000000"), 404),
        "no window": (tokens.headers(["HANDLER"], org=MARKET.uscc), 403),
    }

    headers, status = callers[who]
    answer = await post(library, row, "loss", headers)

    assert answer.status_code == status
    assert (await now_of(library, row))["status"] == "VALID"


async def test_who_saw_an_older_version_does_not_report_a_loss(library: Library) -> None:
    row, holder = await library.issued(), library.citizen()
    headers = holder | {"Idempotency-Key": str(uuid7()), "If-Match": '"v999"'}

    answer = await library.http.post(f"/api/v1/certificates/{row['identifier']}/loss", headers=headers)

    assert (answer.status_code, (await now_of(library, row))["status"]) == (412, "VALID")


async def test_a_certificate_expires_exactly_once(library: Library) -> None:
    row, holder = await library.issued(), library.citizen()
    last = datetime(2031, 11, 19, 15, 59, tzinfo=UTC)  # a minute before midnight in China

    await expire(library.database, library.kit, now=last)
    on_its_last_day = (await now_of(library, row))["status"]
    after = last + timedelta(minutes=1)
    await asyncio.gather(*(expire(library.database, library.kit, now=after) for _ in range(3)))

    assert (on_its_last_day, (await now_of(library, row))["status"]) == ("VALID", "EXPIRED")
    assert await leaves_of(library, row) == ["ISSUE", "EXPIRE"]
    assert await told(library, row) == ["issued", "expired"]
    assert (await post(library, row, "loss", holder)).status_code == 409


async def test_what_expired_can_still_be_annulled_and_is_then_deregistered(library: Library) -> None:
    row = await library.issued()
    await expire(library.database, library.kit, now=datetime(2031, 11, 21, tzinfo=UTC))

    await library.hear(decided(row, "ANNUL", "FRAUD"))
    await library.hear(decided(row, "DEREGISTER", "TAKEN_AWAY"))

    assert await leaves_of(library, row) == ["ISSUE", "EXPIRE", "ANNUL", "DEREGISTER"]


async def test_the_paper_of_an_imported_certificate_is_there_for_its_holder(library: Library) -> None:
    line = ndjson(library.folder / "one.ndjson", an_id_card(number=OTHER, name="李小红", certificate_number="A1"))
    known = await import_certificates.types(library.database)
    await import_certificates.load(library.database, line, known, library.kit, now=NOON)
    (found,) = await library.rows("SELECT * FROM certificate WHERE holder_name = '李小红'")
    row = dict(found._mapping)
    decision = decided(row, "ANNUL", "UNQUALIFIED_APPLICANT")

    await library.hear(decision)

    (paper,) = await library.rows("SELECT id FROM paper WHERE occasion = :o", o=str(decision.decision_id))
    path = f"/api/v1/papers/{paper.id}/file"
    assert (await library.get(path, library.citizen(OTHER))).status_code == 202
    assert (await library.get(path, library.citizen())).status_code == 404


@pytest.mark.parametrize("origin", ["of a case", "imported"])
async def test_the_holder_is_told_in_writing_before_his_certificate_is_taken_away(
    library: Library, origin: str
) -> None:
    row = await library.issued() if origin == "of a case" else await an_imported_one(library)
    holder = library.citizen(MARKER if origin == "of a case" else OTHER)
    decision = decided(row, "ANNUL", "FRAUD")
    path = f"/api/v1/certificates/{row['identifier']}/papers"

    await library.hear(proposed(decision))
    await library.hear(proposed(decision))
    before = (await library.get(path, holder)).json()["papers"]
    for _ in range(2):
        await library.hear(said_to(decision, "本人不知情"))
    await library.hear(decision)

    (notice,) = before
    after = (await library.get(path, holder)).json()["papers"]
    assert [paper["kind"] for paper in after] == ["STANDING_NOTICE", "STATEMENT_RECORD", "ANNULMENT_DECISION"]
    (kept,) = await library.rows("SELECT contents_sealed FROM paper WHERE id = :id", id=notice["paper_id"])
    told = load_job(library.kit.open_contents(kept.contents_sealed)).contents
    assert isinstance(told, StandingNotice)
    assert (told.act, told.speak_by, told.certificate_number) == ("撤销", date(2026, 11, 24), row["number_shown"])
    assert (await library.get(f"/api/v1/papers/{notice['paper_id']}/file", holder)).status_code == 202


async def test_a_certificate_found_false_counts_for_nothing_and_its_paper_says_why(library: Library) -> None:
    row = await an_imported_one(library, "B2")
    decision = decided(row, "ANNUL", "FOUND_FALSE", facts="颁发机关档案中没有该证照的记录")

    await library.hear(decision)

    paper = await paper_of(library, decision)
    assert await verdict(library, row) == ("NO_LONGER_VALID", "ANNULLED")
    assert paper is not None
    assert ("伪造、变造" in paper.grounds, paper.compensation) == (True, "该证照自始没有法律效力，不予赔偿。")


async def test_what_needs_no_hearing_needs_no_notice_and_the_papers_are_nobody_elses(library: Library) -> None:
    row = await library.issued()
    decision = decided(row, "ANNUL", "FRAUD")

    await library.hear(proposed(decision, speak_by=None))

    path = f"/api/v1/certificates/{row['identifier']}/papers"
    market, police = (tokens.headers(["HANDLER"], org=uscc) for uscc in (row["issuer_uscc"], POLICE.uscc))
    answers = [await library.get(path, who) for who in (library.citizen(), market, library.citizen(OTHER), police)]
    assert [answer.status_code for answer in answers] == [200, 200, 404, 404]
    assert answers[0].json()["papers"] == []


async def an_imported_one(library: Library, number: str = "B1") -> Row:
    line = ndjson(library.folder / "one.ndjson", an_id_card(number=OTHER, name="李小红", certificate_number=number))
    known = await import_certificates.types(library.database)
    await import_certificates.load(library.database, line, known, library.kit, now=NOON)
    (found,) = await library.rows("SELECT * FROM certificate WHERE number_shown = :n", n=number)
    return dict(found._mapping)


async def test_the_log_follows_every_act(library: Library) -> None:
    row = await library.issued()
    await library.hear(decided(row, "ANNUL", "FRAUD"))
    await post(library, await library.issued(), "loss", library.citizen())

    assert await log_heads.sign_head(library.database, library.kit, now=clock.now())
