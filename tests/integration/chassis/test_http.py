"""The HTTP frame: who may call, which problem comes back, what a repeated request gets."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any

import httpx
import pytest
from fastapi import APIRouter, Response, UploadFile
from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic_core import PydanticCustomError
from sqlalchemy import select

from deploy.local.postgres import ServiceDatabase
from services.chassis import migrations, tables
from services.chassis.app import build_app
from services.chassis.auth import Principal, allow, public
from services.chassis.database import Database
from services.chassis.http import Db, Idem, Seen
from services.chassis.settings import ServiceSettings, load_settings
from services.kernel.errors import DomainError, Kind
from tests.support import tokens
from tests.support.stack import Databases

_names = itertools.count(1)
router = APIRouter(prefix="/api/v1")
gate = asyncio.Event()
effects: list[str] = []


def _own_rule(text: str) -> str:
    if text == "bad":
        raise PydanticCustomError("number_in_text", "文字中不得包含号码")
    return text


class ThingIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    number: str
    on: date | None = None
    text: Annotated[str, AfterValidator(_own_rule)] = ""


class Refused(DomainError):
    code = "test.refused"
    kind = Kind.CONFLICT
    title_zh = "不行"
    title_en = "No"


def clerk(key: str = "", **of: Any) -> dict[str, str]:
    return tokens.headers(["COUNTER_CLERK"], **of) | ({"idempotency-key": key} if key else {})


@router.get("/open", dependencies=[public])
async def open_route() -> dict[str, str]:
    return {"ok": "yes"}


@router.post("/things", status_code=201)
async def make(body: ThingIn, db: Db, idem: Idem, clerk: Annotated[Principal, allow("COUNTER_CLERK")]) -> Response:
    async with db.transaction(idem) as uow:
        effects.append(body.number)
        if body.number == "slow":
            await gate.wait()
        if body.number == "refused":
            raise Refused("事实如此")
        answer = uow.answer(201, {"number": body.number}, etag_version=1)
    return answer.response()


@router.post("/things/change", dependencies=[allow()])
async def change(seen: Seen) -> dict[str, int]:
    return {"seen": seen}


@router.post("/things/file", dependencies=[allow()])
async def take_file(file: UploadFile) -> dict[str, int | None]:
    return {"size": file.size}


@pytest.fixture(scope="module")
def own_database(databases: Databases) -> ServiceDatabase:
    name = f"http_{next(_names)}"
    database = databases.server.create_service_database("intake", name=name)
    run = SimpleNamespace(execute=lambda sql: databases.server.execute(sql, database=name, role="intake_migrator"))
    migrations.create_chassis_tables(run)
    return database


@pytest.fixture
async def client(own_database: ServiceDatabase, nats_url: str, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    settings = load_settings(
        "intake",
        ServiceSettings,
        database_url=own_database.app_url,
        nats_url=nats_url,
        issuer=tokens.ISSUER,
        jwks_url=tokens.jwks_url(tmp_path),
    )
    app = build_app(settings, title="test", routers=[router])
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            yield client


async def test_a_public_route_needs_no_token(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/v1/open")).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        pytest.param({}, 401, "platform.unauthenticated", id="no token"),
        pytest.param({"Authorization": "Bearer x.y.z"}, 401, "platform.unauthenticated", id="rubbish"),
        pytest.param(
            tokens.headers(["COUNTER_CLERK"], lifetime_seconds=-60), 401, "platform.unauthenticated", id="expired"
        ),
        pytest.param(clerk(audience="other"), 401, "platform.unauthenticated", id="audience"),
        pytest.param(clerk(issuer="http://evil"), 401, "platform.unauthenticated", id="issuer"),
        pytest.param(tokens.headers(["CITIZEN"]), 403, "platform.forbidden", id="other role"),
    ],
)
async def test_a_wrong_caller_gets_a_clear_problem(
    client: httpx.AsyncClient, headers: dict[str, str], status: int, code: str
) -> None:
    answer = await client.post("/api/v1/things", json={"number": "1"}, headers=headers | {"idempotency-key": "k"})

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("claim", [{"roles": None}, {"division": None}, {"acts_for": "x"}, {"name": 1}])
async def test_claims_of_another_shape_are_no_login(client: httpx.AsyncClient, claim: dict[str, Any]) -> None:
    odd = tokens.sign(tokens.claims(["COUNTER_CLERK"]) | claim)

    answer = await client.post(
        "/api/v1/things", json={"number": "1"}, headers={"Authorization": f"Bearer {odd}", "idempotency-key": "k"}
    )

    assert answer.status_code == 401


async def test_a_token_signed_with_another_type_is_refused(client: httpx.AsyncClient) -> None:
    forged = tokens.sign(tokens.claims(["COUNTER_CLERK"]), typ="JWT")

    answer = await client.post(
        "/api/v1/things", json={"number": "1"}, headers={"Authorization": f"Bearer {forged}", "idempotency-key": "k"}
    )

    assert answer.status_code == 401


async def test_the_same_key_and_body_give_the_stored_answer_and_no_second_effect(client: httpx.AsyncClient) -> None:
    first = await client.post("/api/v1/things", json={"number": "once"}, headers=clerk("key-1"))
    again = await client.post("/api/v1/things", json={"number": "once"}, headers=clerk("key-1"))

    assert (first.status_code, first.headers["etag"]) == (201, '"v1"')
    assert (again.status_code, again.content, again.headers["etag"]) == (201, first.content, '"v1"')
    assert again.headers["idempotency-replayed"] == "true"
    assert effects.count("once") == 1


async def test_the_same_key_with_another_body_is_refused(client: httpx.AsyncClient) -> None:
    await client.post("/api/v1/things", json={"number": "a"}, headers=clerk("key-2"))
    other = await client.post("/api/v1/things", json={"number": "b"}, headers=clerk("key-2"))

    assert (other.status_code, other.json()["code"]) == (422, "platform.idempotency-key-reused")


async def test_the_key_itself_is_not_kept(client: httpx.AsyncClient, own_database: ServiceDatabase) -> None:
    await client.post("/api/v1/things", json={"number": "k"}, headers=clerk("431202180001010012"))

    database = Database(own_database.app_url)
    async with database.read() as connection:
        kept = (await connection.execute(select(tables.idempotency.c.key))).scalars().all()
    await database.close()
    assert "431202180001010012" not in kept


async def test_a_key_is_the_callers_own(client: httpx.AsyncClient) -> None:
    await client.post("/api/v1/things", json={"number": "a"}, headers=clerk("key-3"))
    stranger = await client.post("/api/v1/things", json={"number": "b"}, headers=clerk("key-3", sub="someone-else"))

    assert stranger.status_code == 201


async def test_the_same_request_still_running_is_a_conflict_to_retry(client: httpx.AsyncClient) -> None:
    gate.clear()
    running = asyncio.create_task(client.post("/api/v1/things", json={"number": "slow"}, headers=clerk("key-4")))
    while "slow" not in effects:
        await asyncio.sleep(0.01)

    second = await client.post("/api/v1/things", json={"number": "slow"}, headers=clerk("key-4"))
    gate.set()
    first = await running

    assert (second.status_code, second.json()["code"]) == (409, "platform.still-running")
    assert second.headers["retry-after"] == "1"
    assert first.status_code == 201


async def test_a_refused_act_stores_no_answer_and_may_be_tried_again(client: httpx.AsyncClient) -> None:
    first = await client.post("/api/v1/things", json={"number": "refused"}, headers=clerk("key-5"))
    again = await client.post("/api/v1/things", json={"number": "refused"}, headers=clerk("key-5"))

    assert [first.status_code, again.status_code] == [409, 409]
    assert first.json()["title"] == "不行"
    assert effects.count("refused") == 2


async def test_a_missing_key_is_named(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/v1/things", json={"number": "1"}, headers=clerk())

    assert (answer.status_code, answer.json()["code"]) == (400, "platform.idempotency-key-missing")


async def test_a_bad_field_is_named_without_its_value(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/v1/things", json={"numbr": "431202180001010012"}, headers=clerk("key-6"))

    assert answer.status_code == 422
    assert {error["pointer"] for error in answer.json()["errors"]} == {"#/number", "#/numbr"}
    assert "431202180001010012" not in answer.text


async def test_a_body_that_is_not_json_is_malformed(client: httpx.AsyncClient) -> None:
    answer = await client.post(
        "/api/v1/things", content=b"{", headers=clerk("key-7") | {"content-type": "application/json"}
    )

    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", '{"number": "编号"}'.encode("gb18030")),
        ("application/json", b"[" * 200_000),
        ("application/json", b'{"number": ' + b"9" * 10_000 + b"}"),
        ("multipart/form-data; boundary=b", b"--b\r\nno header\r\n"),
        ("multipart/form-data", b"without a boundary"),
    ],
    ids=["another encoding", "nested too deep", "number too long", "broken part", "no boundary"],
)
async def test_a_body_that_cannot_be_taken_apart_is_told_with_place_and_rule(
    client: httpx.AsyncClient, content_type: str, body: bytes
) -> None:
    path = "/api/v1/things" if content_type.endswith("json") else "/api/v1/things/file"

    answer = await client.post(path, content=body, headers=clerk("key-8") | {"content-type": content_type})

    assert (answer.status_code, answer.json()["code"]) == (400, "platform.malformed")
    [fault] = answer.json()["errors"]
    assert (fault["pointer"], fault["code"]) == ("#", "body_unreadable")
    assert "UTF-8" in fault["detail"]


@pytest.mark.parametrize(("sent", "status"), [(None, 428), ("v3", 400), ('"v3"', 200)])
async def test_an_act_names_the_version_it_saw(client: httpx.AsyncClient, sent: str | None, status: int) -> None:
    headers = clerk() | ({"if-match": sent} if sent else {})

    assert (await client.post("/api/v1/things/change", headers=headers)).status_code == status


async def test_english_is_answered_when_asked_for(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/v1/things/change", headers={"accept-language": "en-GB"})

    assert answer.json()["title"].startswith("Not logged in")


async def test_the_document_tells_who_may_call(client: httpx.AsyncClient) -> None:
    paths = (await client.get("/openapi.json")).json()["paths"]

    assert paths["/api/v1/open"]["get"]["x-public"] is True
    assert paths["/api/v1/things"]["post"]["x-roles"] == ["COUNTER_CLERK"]
    assert paths["/api/v1/things/change"]["post"]["x-roles"] == ["*"]


async def test_metrics_name_route_templates_only(client: httpx.AsyncClient) -> None:
    await client.get("/api/v1/nowhere/431202180001010012")

    metrics = (await client.get("/metrics")).text

    assert 'route="/api/v1/open"' in metrics
    assert "431202180001010012" not in metrics


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        pytest.param({"on": "2026-02-29"}, ("#/on", "不是有效的日期，应如 2026-03-02"), id="a date there is not"),
        pytest.param({"text": "bad"}, ("#/text", "文字中不得包含号码"), id="a rule of our own"),
    ],
)
async def test_a_broken_rule_is_told_in_words(
    client: httpx.AsyncClient, fields: dict[str, str], said: tuple[str, str]
) -> None:
    answer = await client.post("/api/v1/things", json={"number": "1"} | fields, headers=clerk("key-words"))

    assert answer.status_code == 422
    assert [(error["pointer"], error["detail"]) for error in answer.json()["errors"]] == [said]
