"""Answers of another region that are not so: each is told by name, and nothing of them is kept."""

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from services.certificate.domain.transparency import Act, Leaf
from services.certificate.files.records import RecordSigner, content_hash, payload_of
from services.kernel.certificate_identifier import build_certificate_identifier
from tests.support import tokens
from tests.support.certificate import BUSINESS_LICENCE, COMPANY, FOOD_LICENCE, MARKER, MARKET, OTHER, an_item
from tests.support.regions import THEIR_MARKET, Region, Tampering, a_business_licence, two_regions
from tests.support.stack import Databases

Change = Callable[[dict[str, Any]], Any]


@pytest.fixture(scope="module")
async def regions(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Region, Region]]:
    async with two_regions(tmp_path_factory.mktemp("regions"), databases.fresh) as both:
        yield both


@pytest.fixture(scope="module")
async def licence(regions: tuple[Region, Region]) -> dict[str, Any]:
    await a_business_licence(regions[0], OTHER, "李小红")
    return await a_business_licence(regions[0], COMPANY, "湘味轩餐饮有限公司")


async def asked(here: Region, licence: dict[str, Any]) -> httpx.Response:
    key = here.library.kit.holder_key("ORGANISATION", COMPANY)
    agent = tokens.headers(["ENTERPRISE_AGENT"], acts_for=[key], channel="ONLINE")
    return await here.asks(agent, identifier=licence["identifier"], number=COMPANY)


async def fault_of(answer: httpx.Response, here: Region) -> str:
    """Which falsehood was told; nothing may have been kept."""
    assert (answer.status_code, answer.json()["code"]) == (409, "certificate.peer-untrusted"), answer.text
    assert not await here.library.rows("SELECT 1 FROM foreign_certificate")
    return str(answer.json()["errors"][0]["code"])


def _another_record(said: dict[str, Any], signer: RecordSigner) -> None:
    told = said["certificates"][0]
    told["record"] = signer.sign(payload_of(told["record"]) | {"certificate_holder_name": "别人"})


def _unprintable(said: dict[str, Any], signer: RecordSigner) -> None:
    told = said["certificates"][0]
    told["record"] = signer.sign(payload_of(told["record"]) | {"issue_dept_name": "市场\x00局"})


def _logged_alone(said: dict[str, Any], signer: RecordSigner, changes: dict[str, Any]) -> None:
    """The record says something else, in a log where it is the only leaf: every proof of it holds."""
    told = said["certificates"][0]
    told["record"] = signer.sign(payload_of(told["record"]) | changes)
    leaf = Leaf(Act.ISSUE, told["identifier"], content_hash(told["record"]))
    told["leaf"] = {"index": 0, "act": "ISSUE", "path": []}
    head = payload_of(said["head"]) | {"size": 1, "root": leaf.hash().hex()}
    said |= {"head": signer.sign_compact(head, typ="log-head+jws"), "consistency": []}


def _another_path(said: dict[str, Any]) -> None:
    path = said["certificates"][0]["leaf"]["path"]
    path[0] = "0" * 64


def _annulled(said: dict[str, Any]) -> None:
    said["certificates"][0]["status"] = "ANNULLED"


def _of_another_request(said: dict[str, Any]) -> None:
    said["answers"] = "0" * 32


def _of_another_log(said: dict[str, Any], signer: RecordSigner) -> None:
    head = payload_of(said["head"]) | {"log": "430000000000"}
    said["head"] = signer.sign_compact(head, typ="log-head+jws")


def _nothing(said: dict[str, Any]) -> None:
    del said["certificates"]


async def test_each_false_answer_is_told_by_its_name(
    regions: tuple[Region, Region], licence: dict[str, Any], tmp_path: Path
) -> None:
    there, here = regions
    own, stranger = there.library.kit.signer, RecordSigner.load(tmp_path)
    changes: dict[str, tuple[Change, RecordSigner | None]] = {
        "answer-signature": (lambda said: None, stranger),
        "record-signature": (lambda said: _another_record(said, stranger), own),
        "not-in-log": (_another_path, own),
        "record-other": (_annulled, own),
        "answer-other": (_of_another_request, own),
        "head-signature": (lambda said: _of_another_log(said, own), own),
        "answer-shape": (_nothing, own),
    }

    told: dict[str, str] = {}
    for name, (change, signer) in changes.items():
        with here.line(Tampering(there, change, signer)):
            told[name] = await fault_of(await asked(here, licence), here)

    assert told == {name: name for name in changes}


async def test_what_no_row_can_hold_is_a_false_answer_and_no_fault_of_ours(
    regions: tuple[Region, Region], licence: dict[str, Any]
) -> None:
    there, here = regions
    own = there.library.kit.signer

    with here.line(Tampering(there, lambda said: _unprintable(said, own), own)):
        fault = await fault_of(await asked(here, licence), here)

    assert fault == "answer-shape"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("certificate_type_name", None, id="nothing"),
        pytest.param("certificate_type_name", 7, id="a number"),
        pytest.param("issue_dept_name", {"name": "市场监督管理局"}, id="an object"),
        pytest.param("certificate_holder_name", ["湘味轩"], id="a list"),
    ],
)
async def test_a_name_that_is_no_text_is_a_false_answer_even_when_signed_and_logged(
    regions: tuple[Region, Region], licence: dict[str, Any], field: str, value: Any
) -> None:
    there, here = regions
    own = there.library.kit.signer

    with here.line(Tampering(there, lambda said: _logged_alone(said, own, {field: value}), own)):
        fault = await fault_of(await asked(here, licence), here)

    assert fault == "answer-shape"


async def test_what_no_head_covers_yet_is_to_come(regions: tuple[Region, Region], licence: dict[str, Any]) -> None:
    there, here = regions
    item = an_item(department=THEIR_MARKET, certificate_type_code=BUSINESS_LICENCE, certificate_type_name="营业执照")
    row = await there.library.issued(there.library.a_case(COMPANY, "湘味轩餐饮有限公司", item=item))

    at_once = await asked(here, row)
    await there.sign_head()
    later = await asked(here, row)

    async with here.library.database.transaction() as uow:
        await uow.connection.execute(text("DELETE FROM foreign_certificate"))
        await uow.connection.execute(text("UPDATE peer SET head_size = 0, head_root = ''"))
    assert (at_once.status_code, at_once.json()["code"]) == (503, "certificate.peer-away")
    assert later.status_code == 200


async def test_a_record_changed_and_signed_by_the_right_key_is_still_not_what_was_logged(
    regions: tuple[Region, Region], licence: dict[str, Any]
) -> None:
    there, here = regions
    own = there.library.kit.signer

    with here.line(Tampering(there, lambda said: _another_record(said, own), own)):
        fault = await fault_of(await asked(here, licence), here)

    assert fault == "not-in-log"


async def test_a_log_that_was_rewritten_is_noticed(regions: tuple[Region, Region], licence: dict[str, Any]) -> None:
    _, here = regions
    seen = text("UPDATE peer SET head_size = :size, head_root = :root")
    async with here.library.database.transaction() as uow:
        await uow.connection.execute(seen, {"size": 1, "root": b"1" * 32})

    fault = await fault_of(await asked(here, licence), here)

    async with here.library.database.transaction() as uow:
        await uow.connection.execute(seen, {"size": 0, "root": b""})
    assert fault == "log-rewritten"


async def test_a_peer_does_not_speak_for_a_body_of_another_region(
    regions: tuple[Region, Region], licence: dict[str, Any]
) -> None:
    there, here = regions
    ours = an_item(certificate_type_code=BUSINESS_LICENCE, certificate_type_name="营业执照")
    foreign = await there.library.issued(there.library.a_case(COMPANY, "湘味轩餐饮有限公司", item=ours))
    await there.sign_head()
    key = here.library.kit.holder_key("ORGANISATION", COMPANY)
    agent = tokens.headers(["ENTERPRISE_AGENT"], acts_for=[key], channel="ONLINE")

    answer = await here.asks(agent, region=there.division, identifier=foreign["identifier"], number=COMPANY)

    assert await fault_of(answer, here) == "outside-region"


def _told_as(said: dict[str, Any], signer: RecordSigner, type_code: str, issuer: str) -> None:
    """The same certificate under the identifier of another type or issuer, signed and logged alone."""
    identifier = build_certificate_identifier(type_code, issuer, "4311022026000777")
    changes = {"certificate_identifier": identifier, "certificate_type_code": type_code, "issue_dept_code": issuer}
    changes["certificate_area_code"] = said["iss"]
    said["certificates"] = [said["certificates"][0] | {"identifier": identifier, "code_heads": []}]
    _logged_alone(said, signer, changes)


@pytest.mark.parametrize(
    ("type_code", "issuer", "fault"),
    [
        pytest.param(BUSINESS_LICENCE, MARKET.uscc, "outside-region", id="of a body of ours"),
        pytest.param(BUSINESS_LICENCE, "11330105002500287C", "outside-region", id="of a body of a third region"),
        pytest.param(FOOD_LICENCE, THEIR_MARKET.uscc, "answer-other", id="of another type than was asked for"),
    ],
)
async def test_a_certificate_in_the_name_of_another_body_or_of_another_type_is_not_believed(
    regions: tuple[Region, Region], licence: dict[str, Any], type_code: str, issuer: str, fault: str
) -> None:
    there, here = regions
    own = there.library.kit.signer
    key = here.library.kit.holder_key("ORGANISATION", COMPANY)
    agent = tokens.headers(["ENTERPRISE_AGENT"], acts_for=[key], channel="ONLINE")

    with here.line(Tampering(there, lambda said: _told_as(said, own, type_code, issuer), own)):
        answer = await here.asks(agent, region=there.division, type_code=BUSINESS_LICENCE, number=COMPANY)

    assert await fault_of(answer, here) == fault


class _Says(httpx.AsyncBaseTransport):
    def __init__(self, content: bytes, status: int = 200) -> None:
        self._content, self._status = content, status

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(self._status, content=self._content)


@pytest.mark.parametrize("content", [b"[" * 900_000, b'{"answer":' + b"[" * 900_000], ids=["lists", "an answer"])
async def test_lists_in_lists_without_end_are_no_answer(
    regions: tuple[Region, Region], licence: dict[str, Any], content: bytes
) -> None:
    _, here = regions

    with here.line(_Says(content)):
        answer = await asked(here, licence)

    assert (answer.status_code, answer.json()["code"]) == (409, "certificate.peer-refuses")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        pytest.param({"answer": 1}, 409, "certificate.peer-refuses", id="no text"),
        pytest.param({"answer": "{}"}, 409, "certificate.peer-untrusted", id="no signature"),
        pytest.param({"answer": "x" * 2**21}, 503, "certificate.peer-away", id="two megabytes"),
        pytest.param([], 409, "certificate.peer-refuses", id="a list"),
    ],
)
async def test_nonsense_is_no_answer(
    regions: tuple[Region, Region], licence: dict[str, Any], body: Any, status: int, code: str
) -> None:
    there, here = regions

    with here.line(Tampering(there, lambda _: body, None)):
        answer = await asked(here, licence)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_refusal_that_repeats_a_personal_number_is_told_without_it(
    regions: tuple[Region, Region], licence: dict[str, Any]
) -> None:
    _, here = regions
    refusal = json.dumps({"title": f"没有 {MARKER} 的证照", "code": MARKER}).encode()

    with here.line(_Says(refusal, 404)):
        answer = await asked(here, licence)

    (noted,) = await here.library.rows("SELECT refused_why FROM access ORDER BY id DESC LIMIT 1")
    assert answer.json()["code"] == "certificate.peer-refuses"
    assert MARKER not in answer.text + noted.refused_why
