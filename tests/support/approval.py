"""Approval for tests: its app on a migrated database, and cases opened by the very consumer the worker runs."""

import base64
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from contracts.events.common import (
    Actor,
    Channel,
    DueDate,
    Event,
    ItemKind,
    ItemRef,
    LimitStart,
    LimitUnit,
    LimitValue,
    MaterialRef,
    MaterialSource,
    OrganisationRef,
    Party,
    PartyType,
)
from contracts.events.intake import ApplicationAccepted, ApplicationWithdrawn
from services.approval.calendars import calendars
from services.approval.consumers import Listener
from services.approval.main import create_app
from services.chassis import clock
from services.chassis.bus import Incoming
from services.chassis.database import Database
from services.chassis.http import Now
from services.chassis.ids import uuid7
from tests.support import tokens

MARKET = "11431202006100029C"
POLICE = "114312020061000377"
DISTRICT = "431202000000"
SEALED = "sealed-by-intake"
FOOD_CODE = MARKET + "4" + "123456789012"


def an_item(**changes: Any) -> ItemRef:
    limit = LimitValue(value=10, unit=LimitUnit.WORKDAY, start=LimitStart.ACCEPTED)
    item = ItemRef(
        item_code=FOOD_CODE,
        item_id="E02",
        version=1,
        name="食品经营许可（新办）",
        type_code="01",
        type_name="行政许可",
        kind=ItemKind.COMMITTED,
        department=OrganisationRef(uscc=MARKET, name="区市场监督管理局", division=DISTRICT),
        legal_limit=limit,
        promised_limit=limit.model_copy(update={"value": 7}),
        result_name="食品经营许可证",
        result_kind="CERTIFICATE",
        certificate_type_code=MARKET + "002",
        certificate_type_name="食品经营许可证",
        certificate_validity="5年",
    )
    return item.model_copy(update=changes)


def an_acceptance(**changes: Any) -> ApplicationAccepted:
    now = datetime.now(UTC)
    number = uuid4().int % 10_000
    accepted = ApplicationAccepted(
        application_id=uuid7(),
        case_no=f"{FOOD_CODE}{uuid4().int % 10**8:08}{number:04}",
        query_code="K7P2M9",
        item=an_item(),
        applicant=Party(
            party_type=PartyType.PERSON,
            name="向小满",
            subject_key="a" * 64,
            masked_number="4****************2",
            sealed_number=SEALED,
        ),
        channel=Channel.ONLINE,
        division=DISTRICT,
        submitted_at=now,
        received_at=now,
        accepted_at=now,
        accepted_by=Actor(account_id=tokens.account("clerk"), name="窗口一号", role="COUNTER_CLERK"),
        materials=(
            MaterialRef(material_no=1, name="食品经营许可申请书", source=MaterialSource.UPLOAD, sha256="0" * 64),
        ),
        legal_due=DueDate(on=date(2099, 1, 20)),
        promised_due=DueDate(on=date(2099, 1, 10)),
    )
    return accepted.model_copy(update=changes)


def a_withdrawal(accepted: ApplicationAccepted) -> ApplicationWithdrawn:
    return ApplicationWithdrawn(
        application_id=accepted.application_id,
        case_no=accepted.case_no,
        reason="不再开店",
        withdrawn_at=datetime.now(UTC),
        withdrawn_by=accepted.accepted_by,
    )


def incoming(event: Event, aggregate_id: UUID, version: int = 1) -> Incoming:
    now = clock.now()
    return Incoming(uuid7(), event.SUBJECT, aggregate_id, version, event, now, now, None, 1)


@dataclass
class Approval:
    """The service under test and its callers."""

    app: FastAPI
    http: httpx.AsyncClient
    database: Database
    department: str = MARKET
    _names: dict[str, dict[str, str]] = field(default_factory=dict)

    def caller(self, name: str, *roles: str, org: str = MARKET, division: str = DISTRICT) -> dict[str, str]:
        """Headers of one account, signed once."""
        key = "|".join((name, org, division, *roles))
        if key not in self._names:
            self._names[key] = tokens.headers(roles, sub=tokens.account(name), name=name, org=org, division=division)
        return self._names[key]

    @property
    def handler(self) -> dict[str, str]:
        return self.caller("handler", "HANDLER")

    @property
    def chief(self) -> dict[str, str]:
        return self.caller("chief", "CHIEF_REPRESENTATIVE")

    @contextmanager
    def at(self, instant: datetime) -> Iterator[None]:
        """Requests inside are answered as of this instant."""
        given, before = Now.__metadata__[0].dependency, dict(self.app.dependency_overrides)  # type: ignore[attr-defined]
        self.app.dependency_overrides[given] = lambda: instant
        try:
            yield
        finally:
            self.app.dependency_overrides = before

    async def hear(self, *events: ApplicationAccepted | ApplicationWithdrawn) -> None:
        messages = [incoming(event, event.application_id) for event in events]
        async with self.database.transaction() as uow:
            await Listener(calendars())(uow, messages)

    async def open(self, **changes: Any) -> ApplicationAccepted:
        accepted = an_acceptance(**changes)
        await self.hear(accepted)
        return accepted

    async def reviewed(self, **changes: Any) -> ApplicationAccepted:
        accepted = await self.open(**changes)
        answer = await self.opine(accepted.case_no, self.handler, seen=1)
        assert answer.status_code == 201, answer.text
        return accepted

    async def opine(self, case_no: str, who: dict[str, str], *, seen: int, **body: Any) -> httpx.Response:
        content = {"recommendation": "GRANT", "text": "材料齐全，现场符合要求"} | body
        return await self.post(f"cases/{case_no}/opinions", who, content, seen=seen)

    async def decide(self, case_no: str, who: dict[str, str], *, seen: int, **body: Any) -> httpx.Response:
        return await self.post(f"cases/{case_no}/decision", who, {"outcome": "GRANTED"} | body, seen=seen)

    async def post(
        self, path: str, who: dict[str, str], body: Any, *, seen: int | None = None, key: str | None = None
    ) -> httpx.Response:
        headers = who | {"Idempotency-Key": key or str(uuid4())}
        if seen is not None:
            headers["If-Match"] = f'"v{seen}"'
        return await self.http.post(f"/api/v1/{path}", headers=headers, json=body)

    async def get(self, path: str, who: dict[str, str], **params: Any) -> httpx.Response:
        return await self.http.get(f"/api/v1/{path}", headers=who, params=params)

    async def events_of(self, case_id: UUID) -> list[tuple[int, str]]:
        rows = await self.rows(
            "SELECT aggregate_version, subject FROM outbox WHERE aggregate_id = :id ORDER BY seq", id=case_id
        )
        return [(row[0], row[1]) for row in rows]

    async def rows(self, statement: str, **values: Any) -> Sequence[Any]:
        async with self.database.read() as connection:
            return (await connection.execute(text(statement), values)).all()


def keys(folder: Path) -> Path:
    for kind in ("seal", "index"):
        (folder / kind).mkdir(parents=True)
        (folder / kind / "2026.key").write_text(base64.b64encode(kind.encode().ljust(32, b"!")).decode())
    return folder


@asynccontextmanager
async def running(environment: dict[str, str]) -> AsyncIterator[Approval]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        app = create_app()
    transport = httpx.ASGITransport(app=app)
    async with app.router.lifespan_context(app):
        async with httpx.AsyncClient(transport=transport, base_url="http://approval.test") as http:
            yield Approval(app, http, app.state.database)
