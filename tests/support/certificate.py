"""Certificate for tests: its app on a migrated database, events of a case told through the very consumers."""

import base64
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import yaml
from fastapi import FastAPI
from sqlalchemy import text

from contracts.events.approval import CaseDecided
from contracts.events.common import (
    Actor,
    AgentRef,
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
    Outcome,
    Party,
    PartyType,
    Remedies,
)
from contracts.events.intake import (
    AcceptanceRefused,
    ApplicationAccepted,
    ApplicationReceived,
    ApplicationSubmitted,
    HandOverMethod,
    MaterialFault,
    RefusalKind,
    ResultHandedOver,
    SupplementRequested,
)
from services.certificate.commands.import_types import import_types
from services.certificate.commands.log import later_act, log
from services.certificate.commands.register_callers import import_callers
from services.certificate.consumers import Consumers
from services.certificate.domain.personal import masked_number
from services.certificate.domain.sharing import STANDARD_PURPOSES
from services.certificate.domain.transparency import Act
from services.certificate.file_maker import FileMaker
from services.certificate.kit import Kit
from services.certificate.main import create_app
from services.chassis import clock
from services.chassis.bus import Incoming
from services.chassis.database import Database
from services.chassis.ids import uuid7
from tests.support import tokens

MARKET = OrganisationRef(uscc="11431202006100029C", name="区市场监督管理局", division="431202000000")
POLICE = OrganisationRef(uscc="114312020061000377", name="区公安分局", division="431202000000")
FOOD_LICENCE = "11431202006100029C002"
BUSINESS_LICENCE = "11431202006100029C001"
ID_CARD = "114312020061000377001"
MARKER = "431202180001010012"  # a citizen's number that must never be found in clear
OTHER = "431202180001010020"
COMPANY = "91431202MA00000152"
DISTRICT = "431202000000"
NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)


def _type(short_id: str, name: str, definer: str, type_code: str, holder: str, validity: str) -> dict[str, str]:
    return {
        "id": short_id,
        "name": name,
        "definer": definer,
        "type_code": type_code,
        "holder": holder,
        "validity": validity,
    }


CATALOGUE = {
    "departments": [
        {"id": "scjg", "name": MARKET.name, "uscc": MARKET.uscc, "area_code": DISTRICT},
        {"id": "gaj", "name": POLICE.name, "uscc": POLICE.uscc, "area_code": DISTRICT},
    ],
    "cert_types": [
        _type("idcard", "居民身份证", "gaj", ID_CARD, "自然人", "长期"),
        _type("bizlic", "营业执照", "scjg", BUSINESS_LICENCE, "法人", "以登记经营期限为准"),
        _type("foodlic", "食品经营许可证", "scjg", FOOD_LICENCE, "法人", "5年"),
    ],
}
FIELDS = ["certificate_number", "holder_name", "holder_number", "case", "item"]


def _caller(caller: str, name: str, *purposes: str) -> dict[str, Any]:
    types = [ID_CARD, BUSINESS_LICENCE, FOOD_LICENCE]
    limits = {"daily_limit": 100_000, "valid_from": "2000-01-01"}
    return {"caller": caller, "name": name, "types": types, "fields": FIELDS, "purposes": [*purposes]} | limits


_ASKED = "办理食品经营许可，核对申请人证照 核对身份 补发核对 核对权属 核对旁人办件 核对共有情况 外来查询"
PURPOSES = (*STANDARD_PURPOSES, *_ASKED.split(), "外来查询431103000000")
CALLERS = {"callers": [_caller(f"organisation:{body.uscc}", body.name, *PURPOSES) for body in (MARKET, POLICE)]}
CLERK = Actor(account_id=tokens.account("clerk"), name="窗口一号", role="COUNTER_CLERK", organisation=MARKET)
_numbers = count(1)


def an_item(**changes: Any) -> ItemRef:
    limit = LimitValue(value=10, unit=LimitUnit.WORKDAY, start=LimitStart.ACCEPTED)
    item = ItemRef(
        item_code=MARKET.uscc + "4" + "430102001000",
        item_id="E02",
        version=1,
        name="食品经营许可（新办）",
        type_code="01",
        type_name="行政许可",
        kind=ItemKind.COMMITTED,
        department=MARKET,
        legal_limit=limit,
        promised_limit=limit.model_copy(update={"value": 7}),
        basis=("《食品安全法》第三十五条",),
        result_name="食品经营许可证",
        result_kind="证照",
        certificate_type_code=FOOD_LICENCE,
        certificate_type_name="食品经营许可证",
        certificate_validity="5年",
    )
    return item.model_copy(update=changes)


@dataclass(frozen=True)
class Case:
    """One case, told as events by its parties."""

    applicant: Party
    agent: AgentRef | None = None
    item: ItemRef = field(default_factory=an_item)
    channel: Channel = Channel.ONLINE
    division: str = DISTRICT
    id: UUID = field(default_factory=uuid7)
    ordinal: int = field(default_factory=lambda: next(_numbers))

    @property
    def case_no(self) -> str:
        return f"{self.item.item_code}20261120{self.ordinal:04d}"

    @property
    def _common(self) -> dict[str, Any]:
        return {
            "application_id": self.id,
            "item": self.item,
            "applicant": self.applicant,
            "agent": self.agent,
            "channel": self.channel,
            "division": self.division,
            "submitted_at": NOON,
        }

    def submitted(self, by: str = "submitter") -> ApplicationSubmitted:
        actor = Actor(account_id=tokens.account(by), name="申请人", role="CITIZEN")
        return ApplicationSubmitted(**self._common, submitted_by=actor)

    def received(self) -> ApplicationReceived:
        return ApplicationReceived(
            **self._common,
            case_no=self.case_no,
            query_code="K7P2M9",
            received_at=NOON,
            received_by=CLERK,
            materials=(
                MaterialRef(material_no=1, name="食品经营许可申请书", source=MaterialSource.UPLOAD),
                MaterialRef(material_no=2, name="营业执照", source=MaterialSource.CERTIFICATE),
            ),
            notice_due=DueDate(on=date(2026, 11, 27)),
        )

    def accepted(self) -> ApplicationAccepted:
        return ApplicationAccepted(
            **self._common,
            case_no=self.case_no,
            query_code="K7P2M9",
            received_at=NOON,
            accepted_at=NOON + timedelta(hours=1),
            accepted_by=CLERK,
            materials=(),
            legal_due=DueDate(on=date(2026, 12, 4)),
            promised_due=DueDate(on=date(2026, 12, 1)),
        )

    def supplement_requested(self) -> SupplementRequested:
        return SupplementRequested(
            application_id=self.id,
            case_no=self.case_no,
            faults=(MaterialFault(material_no=1, name="申请书", fault="未签字", remedy="由法定代表人签字"),),
            supply_by=date(2026, 12, 11),
            basis="",
            requested_at=NOON,
            requested_by=CLERK,
        )

    def refused_acceptance(self, kind: RefusalKind = RefusalKind.OUT_OF_SCOPE) -> AcceptanceRefused:
        return AcceptanceRefused(
            application_id=self.id,
            case_no=self.case_no,
            kind=kind,
            reason="该事项不属于本机关职权范围",
            basis="",
            competent_body="市市场监督管理局",
            refused_at=NOON,
            refused_by=CLERK,
        )

    def decided(self, outcome: Outcome = Outcome.GRANTED, **changes: Any) -> CaseDecided:
        refused = {
            "facts": "现场核查发现操作间与就餐区之间没有隔断",
            "reasons": "现场布局不符合要求",
            "legal_basis": "《行政许可法》第三十八条第二款",
            "remedies": Remedies(reconsideration_body="鹤城区人民政府", court="鹤城区人民法院"),
        }
        return CaseDecided(
            case_id=self.id,
            case_no=self.case_no,
            query_code="K7P2M9",
            outcome=outcome,
            item=self.item,
            applicant=self.applicant,
            agent=self.agent,
            accepted_at=NOON,
            decided_at=NOON + timedelta(hours=2),
            decided_by=CLERK,
            **(refused if outcome is Outcome.REFUSED else {}) | changes,
        )

    def handed_over(self) -> ResultHandedOver:
        return ResultHandedOver(
            application_id=self.id,
            case_no=self.case_no,
            method=HandOverMethod.EXPRESS,
            documents=("食品经营许可证",),
            recipient_name="王小明",
            recipient_relation="本人",
            tracking_no="SF1234567890",
            handed_over_at=NOON,
            handed_over_by=CLERK,
        )


@dataclass
class Library:
    """The service under test and its callers."""

    app: FastAPI
    http: httpx.AsyncClient
    database: Database
    kit: Kit
    folder: Path

    def party(self, number: str = MARKER, name: str = "王小明") -> Party:
        kind = PartyType.ORGANISATION if number.startswith("9") else PartyType.PERSON
        return Party(
            party_type=kind,
            name=name,
            subject_key=self.kit.holder_key(kind.value, number),
            masked_number=masked_number(kind.value, number),
            sealed_number=self.kit.sealer.seal(number, "party-number"),
        )

    def a_case(self, number: str = MARKER, name: str = "王小明", **of: Any) -> Case:
        return Case(self.party(number, name), **of)

    async def hear(self, *events: Event) -> None:
        """Tell events in one batch each per source, as the worker does."""
        consumers = Consumers(self.kit)
        messages = [incoming(event) for event in events]
        approval = [message for message in messages if message.subject.startswith("approval.")]
        orders = [message for message in messages if message.subject.startswith("supervision.")]
        others = [message for message in messages if message not in approval and message not in orders]
        handlers = (consumers.on_intake, others), (consumers.on_approval, approval), (consumers.on_supervision, orders)
        for handle, batch in handlers:
            if batch:
                async with self.database.transaction() as uow:
                    await handle(uow, batch)

    async def issued(self, case: Case | None = None) -> dict[str, Any]:
        """A case up to its certificate; gives the certificate's row."""
        told = case or self.a_case()
        await self.hear(told.submitted(), told.received(), told.accepted(), told.decided())
        (row,) = await self.rows("SELECT * FROM certificate WHERE case_id = :id", id=told.id)
        return dict(row._mapping)

    async def act(self, row: Mapping[str, Any], act: Act, status: str) -> None:
        """A later act on a certificate, with its signed record and its leaf."""
        async with self.database.transaction() as uow:
            change = text("UPDATE certificate SET status = :status WHERE id = :id RETURNING id, identifier")
            changed = (await uow.connection.execute(change, {"status": status, "id": row["id"]})).one()
            log(uow, [later_act(act, changed, self.kit)])

    def citizen(self, number: str = MARKER, **claims: Any) -> dict[str, str]:
        kind = "ORGANISATION" if number.startswith("9") else "PERSON"
        key = self.kit.holder_key(kind, number)
        return tokens.headers(["CITIZEN"], subject_key=key, channel="ONLINE", sub=tokens.account(key[:8]), **claims)

    async def search(self, who: dict[str, str], **body: Any) -> httpx.Response:
        return await self.http.post("/api/v1/certificates/search", headers=who, json=body)

    async def get(self, path: str, who: dict[str, str] | None = None, **params: Any) -> httpx.Response:
        return await self.http.get(path, headers=who or {}, params=params)

    async def rows(self, statement: str, **values: Any) -> Sequence[Any]:
        async with self.database.read() as connection:
            return (await connection.execute(text(statement), values)).all()

    async def events_of(self, aggregate: UUID) -> list[tuple[int, str]]:
        found = await self.rows(
            "SELECT aggregate_version, subject FROM outbox WHERE aggregate_id = :id ORDER BY seq", id=aggregate
        )
        return [(row[0], row[1]) for row in found]

    @asynccontextmanager
    async def file_maker(self, kit: Kit | None = None) -> AsyncIterator[FileMaker]:
        """A maker that makes what is due when it is told to."""
        maker = FileMaker.open(self.database, kit or self.kit)
        try:
            yield maker
        finally:
            await maker.stop()


def incoming(event: Event) -> Incoming:
    names = ("application_id", "case_id", "decision_id")
    aggregate = next((value for name in names if (value := getattr(event, name, None))), uuid7())
    now = clock.now()
    return Incoming(uuid7(), event.SUBJECT, aggregate, 1, event, now, now, None, 1)


def an_id_card(number: str = MARKER, name: str = "王小明", **changes: Any) -> dict[str, Any]:
    """A line of an import file."""
    return {
        "type_code": ID_CARD,
        "certificate_number": number,
        "holder": {"party_type": "PERSON", "number": number, "name": name},
        "issuer": {"uscc": POLICE.uscc, "name": POLICE.name},
        "issued_on": "2020-05-01",
        "valid_from": "2020-05-01",
        "valid_until": "2040-04-30",
        "extend": {"民族": "汉"},
    } | changes


def ndjson(path: Path, *lines: Any) -> Path:
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
    return path


def keys(folder: Path) -> Path:
    for kind in ("seal", "index"):
        (folder / kind).mkdir(parents=True)
        (folder / kind / "2026.key").write_text(base64.b64encode(kind.encode().ljust(32, b"!")).decode())
    return folder


def environment(folder: Path, database_url: str) -> dict[str, str]:
    return {
        "YICHUANG_DATABASE_URL_CERTIFICATE": database_url,
        "YICHUANG_JWKS_URL": tokens.jwks_url(folder),
        "YICHUANG_ISSUER": tokens.ISSUER,
        "YICHUANG_KEYS_DIR": str(keys(folder / "keys")),
        "YICHUANG_FILES_URL": f"file://{folder}/files",
        "YICHUANG_PUBLIC_URL": "https://yichuang.test",
        "YICHUANG_LOG_HEAD_SECONDS": "0",
    }


@asynccontextmanager
async def running(settings: dict[str, str]) -> AsyncIterator[Library]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        app = create_app()
        folder = Path(settings["YICHUANG_KEYS_DIR"]).parent
        catalogue = folder / "catalogue.yaml"
        catalogue.write_text(yaml.safe_dump(CATALOGUE, allow_unicode=True), encoding="utf-8")
        transport = httpx.ASGITransport(app=app)
        async with app.router.lifespan_context(app):
            await import_types(app.state.database, catalogue, now=NOON)
            registered = folder / "callers.yaml"
            registered.write_text(yaml.safe_dump(CALLERS, allow_unicode=True), encoding="utf-8")
            await import_callers(app.state.database, registered, None, now=NOON)
            async with httpx.AsyncClient(transport=transport, base_url="http://certificate.test") as http:
                yield Library(app, http, app.state.database, app.state.kit, folder)
