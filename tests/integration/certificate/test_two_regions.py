"""Two libraries: one issues, the other asks, verifies and reuses; whatever is not so is told apart and not believed."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from contracts.events.common import CoApplicant
from contracts.events.reuse import CertificateReliedUpon
from services.certificate.__main__ import main
from services.certificate.commands.life import Cause, change
from services.certificate.files.jose import encode
from services.certificate.files.records import RecordSigner
from services.certificate.peers import again, rows, wire
from services.certificate.peers.line import QUERIES
from services.certificate.repository import lock_certificate
from services.chassis import clock
from services.chassis.clock import local_date
from services.chassis.ids import uuid7
from services.kernel.certificate_life import LifeAct
from tests.support import tokens
from tests.support.certificate import BUSINESS_LICENCE, COMPANY, DISTRICT, FOOD_LICENCE, MARKER, MARKET, OTHER
from tests.support.regions import ELSEWHERE, PURPOSE, Region, a_business_licence, two_regions
from tests.support.stack import Databases

NAME = "湘味轩餐饮有限公司"
NO_REGION = rb'{"iss":"\u0000"}'


@pytest.fixture(scope="module")
async def regions(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Region, Region]]:
    async with two_regions(tmp_path_factory.mktemp("regions"), databases.fresh) as both:
        yield both


@pytest.fixture(scope="module")
async def licence(regions: tuple[Region, Region]) -> dict[str, Any]:
    return await a_business_licence(regions[0], COMPANY, NAME)


@pytest.fixture
def there(regions: tuple[Region, Region]) -> Region:
    return regions[0]


@pytest.fixture
def here(regions: tuple[Region, Region]) -> Region:
    return regions[1]


def an_agent(region: Region, **claims: Any) -> dict[str, str]:
    key = region.library.kit.holder_key("ORGANISATION", COMPANY)
    return tokens.headers(["ENTERPRISE_AGENT"], acts_for=[key], channel="ONLINE", **claims)


async def a_clerk_with_a_case(region: Region, number: str = COMPANY, name: str = NAME) -> tuple[dict[str, str], str]:
    case = region.library.a_case(number, name)
    await region.library.hear(case.submitted(), case.received())
    return tokens.headers(["COUNTER_CLERK"], org=MARKET.uscc, org_name=MARKET.name, division=DISTRICT), case.case_no


async def test_a_certificate_issued_elsewhere_is_asked_for_verified_and_told_for_reuse(
    there: Region, here: Region, licence: dict[str, Any]
) -> None:
    clerk, case_no = await a_clerk_with_a_case(here)

    answer = await here.asks(clerk, region=ELSEWHERE, type_code=BUSINESS_LICENCE, case_no=case_no)

    assert answer.status_code == 200, answer.text
    (shown,) = answer.json()["items"]
    assert (shown["identifier"], shown["status"], shown["origin"]) == (licence["identifier"], "VALID", "FOREIGN")
    assert (shown["region"], shown["region_name"]) == (ELSEWHERE, "永州市零陵区")
    (told,) = await here.library.rows(
        "SELECT convert_from(payload, 'UTF8')::jsonb AS said FROM outbox WHERE subject = :subject",
        subject="certificate.certificate.issued.v1",
    )
    assert told.said["holder_key"] == here.library.kit.holder_key("ORGANISATION", COMPANY)
    assert (told.said["origin"], told.said["region"]) == ("FOREIGN", ELSEWHERE)
    assert not await here.library.rows("SELECT 1 FROM certificate")
    assert not await here.library.rows("SELECT 1 FROM log_leaf")
    (seen,) = await there.library.rows("SELECT * FROM access WHERE act = 'PEER'")
    assert (seen.organisation_name, seen.purpose, seen.case_no) == ("怀化市鹤城区", PURPOSE, case_no)
    (asked,) = await here.library.rows("SELECT * FROM access WHERE act = 'ASKED'")
    assert (asked.case_no, asked.found) == (case_no, 1)


async def test_all_who_apply_together_are_asked_for_and_each_sees_it(
    there: Region, here: Region, licence: dict[str, Any]
) -> None:
    """The second applicant holds it; the first one has none there, and sees that it was asked."""
    library, case = here.library, here.library.a_case(OTHER, "李小红")
    together = CoApplicant(**library.party(COMPANY, NAME).model_dump())
    await library.hear(case.submitted(), case.received().model_copy(update={"co_applicants": (together,)}))
    clerk = tokens.headers(["COUNTER_CLERK"], org=MARKET.uscc, org_name=MARKET.name, division=DISTRICT)
    path = f"/api/v1/cases/{case.case_no}/certificates-elsewhere"

    by_type = await here.asks(clerk, region=ELSEWHERE, type_code=BUSINESS_LICENCE, case_no=case.case_no)
    named = await here.asks(clerk, identifier=licence["identifier"], case_no=case.case_no)
    listed = (await library.get(path, clerk)).json()
    of_the_first = (await library.get(path, library.citizen(OTHER))).json()

    shown = [[one["identifier"] for one in answer.json()["items"]] for answer in (by_type, named)]
    assert shown == [[licence["identifier"]]] * 2
    assert [one["identifier"] for one in listed] == [licence["identifier"]]
    assert of_the_first == []
    noted = await library.rows(
        "SELECT holder_key, act, found FROM access WHERE case_no = :no ORDER BY id", no=case.case_no
    )
    own, second = together.subject_key, case.applicant.subject_key
    assert sorted(noted) == sorted(
        [(own, "ASKED", 1), (second, "ASKED", 0), (own, "ASKED", 1), (own, "SEARCH", 1), (second, "SEARCH", 0)]
    )


async def test_a_holder_asks_by_identifier_alone_and_nobody_learns_of_another_ones(
    here: Region, licence: dict[str, Any]
) -> None:
    own = await here.asks(an_agent(here), identifier=licence["identifier"], number=COMPANY)
    another = await here.asks(here.library.citizen(MARKER), identifier=licence["identifier"])
    clerk, case_no = await a_clerk_with_a_case(here, MARKER, "王小明")
    for_another = await here.asks(clerk, identifier=licence["identifier"], case_no=case_no)
    without_case = await here.asks(clerk, identifier=licence["identifier"])

    assert own.json()["items"][0]["identifier"] == licence["identifier"]
    assert (another.status_code, another.json()["code"]) == (404, "certificate.not-of-holder")
    assert (for_another.status_code, for_another.json()["code"]) == (404, "certificate.not-of-holder")
    assert (without_case.status_code, without_case.json()["code"]) == (422, "certificate.case-required")
    refused = "SELECT case_no, holder_key FROM access WHERE act = 'ASKED' AND refused = 'certificate.not-of-holder'"
    marker = here.library.kit.holder_key("PERSON", MARKER)
    assert set(await here.library.rows(refused)) == {(None, marker), (case_no, marker)}


def a_request(asking: Region, *, to: str = ELSEWHERE, purpose: str = PURPOSE, **of: Any) -> dict[str, Any]:
    question = wire.Question(purpose=purpose, identifier=of.pop("identifier", "1.2.3"))
    now = of.pop("now", clock.real_now())
    return {"request": wire.request(of.pop("signer", asking.library.kit.signer), DISTRICT, to, question, now=now)[0]}


async def refused(there: Region, body: dict[str, Any]) -> tuple[int, str, str]:
    answer = await there.library.http.post(QUERIES, json=body)
    said = answer.json()
    return answer.status_code, said.get("code", ""), said["errors"][0]["code"] if said.get("errors") else ""


async def test_a_request_is_answered_once_to_its_addressee_within_its_minute_and_under_the_pinned_key(
    there: Region, here: Region, licence: dict[str, Any], tmp_path: Path
) -> None:
    sound = a_request(here, identifier=licence["identifier"])
    first = await there.library.http.post(QUERIES, json=sound)
    stranger = RecordSigner.load(tmp_path)

    told = {
        "again": await refused(there, sound),
        "another key": await refused(there, a_request(here, signer=stranger)),
        "another addressee": await refused(there, a_request(here, to="430000000000")),
        "an hour old": await refused(there, a_request(here, now=clock.real_now() - timedelta(hours=1))),
        "from the future": await refused(there, a_request(here, now=clock.real_now() + timedelta(hours=1))),
        "no signature": await refused(there, {"request": "e30"}),
        "no region": await refused(there, {"request": f"e30.{encode(NO_REGION)}.e30"}),
    }

    assert first.status_code == 200
    unknown = (401, "certificate.peer-request-refused")
    assert told == {
        "again": (409, "certificate.peer-request-replayed", ""),
        "another key": (*unknown, "signature"),
        "another addressee": (*unknown, "audience"),
        "an hour old": (*unknown, "time"),
        "from the future": (*unknown, "time"),
        "no signature": (*unknown, "shape"),
        "no region": (*unknown, "shape"),
    }


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        pytest.param({"valid_until": "2001-01-01"}, 403, "certificate.peer-not-in-force", id="run out"),
        pytest.param({"closed": True}, 403, "certificate.peer-not-in-force", id="closed"),
        pytest.param({"may_ask": {"daily_limit": 0}}, 429, "certificate.daily-limit", id="over the daily limit"),
        pytest.param(
            {"may_ask": {"daily_limit": 9, "purposes": ["贷款审核"]}}, 403, "certificate.caller-refused", id="purpose"
        ),
        pytest.param(
            {"may_ask": {"daily_limit": 99, "types": [FOOD_LICENCE]}}, 403, "certificate.caller-refused", id="type"
        ),
        pytest.param(
            {"may_ask": {"daily_limit": 99, "fields": ["item"]}}, 403, "certificate.caller-refused", id="fields"
        ),
    ],
)
async def test_what_the_registration_does_not_allow_is_not_answered_and_the_asker_is_told(
    there: Region, here: Region, licence: dict[str, Any], changes: dict[str, Any], status: int, code: str
) -> None:
    await there.registers(here, **changes)

    direct = await refused(there, a_request(here, identifier=licence["identifier"]))
    through = await here.asks(an_agent(here), identifier=licence["identifier"], number=COMPANY)

    await there.registers(here)
    assert direct[:2] == (status, code)
    assert (through.status_code, through.json()["code"]) == (409, "certificate.peer-refuses")
    assert code in through.json()["detail"]


async def test_we_do_not_ask_whom_we_may_not(here: Region, there: Region, licence: dict[str, Any]) -> None:
    async def answered(**wanted: Any) -> tuple[int, str]:
        answer = await here.asks(an_agent(here), **({"number": COMPANY, "identifier": licence["identifier"]} | wanted))
        return answer.status_code, answer.json()["code"]

    unknown = await answered(region="440000000000")
    await here.registers(there, closed=True)
    closed = await answered()
    await here.registers(there, we_ask={"daily_limit": 0})
    limit = await answered()
    await here.registers(there)
    unmapped = await answered(identifier=None, region=ELSEWHERE, type_code=FOOD_LICENCE)

    assert unknown == (422, "certificate.peer-unknown")
    assert closed == (403, "certificate.peer-not-in-force")
    assert limit == (429, "certificate.daily-limit")
    assert unmapped == (403, "certificate.caller-refused")


async def test_a_peer_that_is_away_is_said_at_once_and_rested(here: Region, licence: dict[str, Any]) -> None:
    calls: list[str] = []

    class _Away(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            calls.append(request.url.host)
            raise httpx.ConnectError("no route")

    with here.line(_Away()):
        wanted = {"identifier": licence["identifier"], "number": COMPANY}
        answers = [await here.asks(an_agent(here), **wanted) for _ in range(4)]

    assert {(one.status_code, one.json()["code"]) for one in answers} == {(503, "certificate.peer-away")}
    assert answers[0].headers["retry-after"]
    assert len(calls) == 6  # each of three tried twice; the fourth did not wait for anybody


async def test_a_peer_is_registered_from_a_file_and_never_for_our_own_region(
    there: Region, here: Region, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YICHUANG_DATABASE_URL_CERTIFICATE", here.library.app.state.settings.database_url)
    published = (await there.library.http.get("/.well-known/certificate-jwks.json")).json()

    async def added(**changes: Any) -> int:
        file = tmp_path / "peer.json"
        file.write_text(json.dumps(there.registration(keys=published, **changes), ensure_ascii=False), "utf-8")
        return await asyncio.to_thread(main, ["add-peer", str(file)])

    statuses = {
        "sound": await added(),
        "our own": await added(region=DISTRICT),
        "above us": await added(region="430000000000"),
        "no address": await added(base_url="ftp://elsewhere"),
        "limit": await added(may_ask={"daily_limit": -1}),
    }

    assert statuses == {"sound": 0, "our own": 1, "above us": 1, "no address": 1, "limit": 1}
    listed = await here.library.get("/api/v1/certificate-peers", tokens.headers(["SUPERVISOR"]))
    assert [one["region"] for one in listed.json()] == [ELSEWHERE]
    callers = (await here.library.get("/api/v1/certificate-callers", tokens.headers(["SUPERVISOR"]))).json()
    assert {f"peer:{ELSEWHERE}", f"to-peer:{ELSEWHERE}"} <= {one["caller"] for one in callers}


async def told_of(region: Region, identifier: str) -> list[tuple[str, dict[str, Any]]]:
    """What was told of an adopted certificate, in order."""
    rows = await region.library.rows(
        "SELECT o.subject, convert_from(o.payload, 'UTF8')::jsonb AS said FROM outbox o "
        "JOIN foreign_certificate f ON f.id = o.aggregate_id WHERE f.identifier = :identifier "
        "ORDER BY o.aggregate_version",
        identifier=identifier,
    )
    return [(row.subject.split(".")[2], row.said) for row in rows]


async def later(region: Region, days: int) -> datetime:
    """That many days from now, at noon here."""
    return datetime.combine(local_date(clock.now()) + timedelta(days=days), time(4), UTC)


async def ask_again(region: Region, now: datetime) -> int:
    state = region.library.app.state
    return await again.ask_again(region.library.database, region.library.kit, state.line, now=now)


async def test_trust_runs_out_is_renewed_by_asking_again_and_lapses_when_nobody_answers(
    there: Region, here: Region
) -> None:
    row = await a_business_licence(there, COMPANY, NAME)
    shown = (await here.asks(an_agent(here), identifier=row["identifier"], number=COMPANY)).json()["items"][0]
    today = local_date(clock.now())

    before = await ask_again(here, clock.now())
    on_the_day = await ask_again(here, await later(here, 1))
    await there.registers(here, closed=True)
    refused_us = await ask_again(here, await later(here, 2))
    await there.registers(here)

    assert shown["trusted_until"] == str(today + timedelta(days=1))
    assert (before, on_the_day > 0, refused_us) == (0, True, 0)
    told = [(subject, said.get("trusted_until")) for subject, said in await told_of(here, row["identifier"])]
    assert told == [("issued", str(today + timedelta(days=1))), ("confirmed", str(today + timedelta(days=2)))]


async def test_an_answer_that_arrives_after_a_newer_one_brings_nothing_back(there: Region, here: Region) -> None:
    row = await a_business_licence(there, COMPANY, NAME)
    await here.asks(an_agent(here), identifier=row["identifier"], number=COMPANY)

    async def act(done: LifeAct, ground: str = "") -> None:
        async with there.library.database.transaction() as uow:
            locked = await lock_certificate(uow.connection, row["identifier"])
            await change(uow, locked, done, there.library.kit, now=clock.now(), cause=Cause(ground=ground))

    valid = await here.hears(there, row["identifier"])
    await act(LifeAct.REPORT_LOSS)
    lost = await here.hears(there, row["identifier"])
    after_loss = [await here.takes(there, one) for one in (lost, valid)]
    await act(LifeAct.WITHDRAW_LOSS)
    unproven = await here.hears(there, row["identifier"])
    async with here.library.database.transaction() as uow:
        await rows.ask_soon(uow.connection, ELSEWHERE, [row["identifier"]], clock.now())
    await ask_again(here, clock.now())
    (kept,) = await here.library.rows(
        "SELECT again_at FROM foreign_certificate WHERE identifier = :identifier", identifier=row["identifier"]
    )
    await there.sign_head()
    later = await here.hears(there, row["identifier"])
    after_head = [await here.takes(there, one) for one in (later, lost)]
    await act(LifeAct.ANNUL, "FRAUD")
    annulled = await here.hears(there, row["identifier"])
    after_annulment = [await here.takes(there, one) for one in (annulled, later, lost)]

    assert after_loss == ["adopted", "record-changed"]
    assert kept.again_at <= clock.now() + timedelta(minutes=1)  # its next head comes soon
    assert (unproven.found, unproven.pending) == ((), True)  # what brings it back counts under a signed head only
    assert after_head == ["adopted", "record-changed"]
    assert after_annulment == ["adopted", "record-changed", "record-changed"]
    subjects = [subject for subject, _ in await told_of(here, row["identifier"])]
    assert subjects == ["issued", "reported_lost", "loss_withdrawn", "annulled"]


async def test_what_a_case_relies_on_is_asked_for_as_long_as_it_is_valid(there: Region, here: Region) -> None:
    row = await a_business_licence(there, COMPANY, NAME)
    await here.asks(an_agent(here), identifier=row["identifier"], number=COMPANY)
    month = await later(here, 40)
    await ask_again(here, month)
    forgotten = await here.library.rows("SELECT again_at FROM foreign_certificate WHERE again_at IS NULL")
    await here.library.hear(
        CertificateReliedUpon(
            case_id=uuid7(),
            case_no="X" * 43,
            identifier=row["identifier"],
            holder_key=here.library.kit.holder_key("ORGANISATION", COMPANY),
            item_code="X",
            materials=(2,),
            department=MARKET,
            relied_at=month,
        )
    )

    confirmed = await ask_again(here, month + timedelta(hours=1))

    (kept,) = await here.library.rows(
        "SELECT again_at FROM foreign_certificate WHERE identifier = :identifier", identifier=row["identifier"]
    )
    assert forgotten
    assert confirmed == 1
    assert kept.again_at is not None


async def test_what_was_adopted_is_listed_for_its_holder_and_for_who_handles_his_case(
    there: Region, here: Region, licence: dict[str, Any]
) -> None:
    await here.asks(an_agent(here), identifier=licence["identifier"], number=COMPANY)
    clerk, case_no = await a_clerk_with_a_case(here)
    path = f"/api/v1/cases/{case_no}/certificates-elsewhere"

    own = (await here.library.get("/api/v1/certificates/elsewhere", an_agent(here))).json()
    another = (await here.library.get("/api/v1/certificates/elsewhere", here.library.citizen(MARKER))).json()
    of_case = (await here.library.get(path, clerk)).json()
    elsewhere = await here.library.get(path, tokens.headers(["COUNTER_CLERK"], division="431221000000"))

    assert licence["identifier"] in [one["identifier"] for one in own]
    assert another == []
    assert [one["identifier"] for one in of_case] == [one["identifier"] for one in own]
    assert elsewhere.status_code == 404
    log = (await here.library.get("/api/v1/certificates/access-log", an_agent(here), organisations="true")).json()
    assert {(one["act"], one["identifier"]) for one in log["items"]} >= {("ASKED", licence["identifier"])}
    assert log["items"][0]["case_no"] == case_no
