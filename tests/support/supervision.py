"""Supervision for tests: its app on a migrated database, and cases told to it by the very code the worker runs."""

import base64
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from contracts.events import approval, certificate, intake
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
    OrganisationRef,
    Outcome,
    Party,
    PartyType,
)
from services.chassis import clock, inbox
from services.chassis.bus import Incoming
from services.chassis.database import Database
from services.chassis.ids import uuid7
from services.kernel.time_limit import CHINA, Clock, StartRule, TimeLimit, Unit, due_date
from services.kernel.workdays import WorkCalendar, official_calendar
from services.supervision.consumers import Listener
from services.supervision.domain.lights import DEFAULT_RULES
from services.supervision.main import create_app
from services.supervision.watching import Sweep, Watcher
from tests.support import tokens

MARKET = "11431202006100029C"
POLICE = "114312020061000377"
DISTRICT = "431202000000"
TOWNSHIP = "431202101000"
APPLICANT_KEY, AGENT_KEY = "a" * 64, "b" * 64
ITEM_CODE = MARKET + "4430102001000"
_BODY = OrganisationRef(uscc=MARKET, name="区市场监督管理局", division=DISTRICT)
CLERK = Actor(account_id="clerk-1", name="窗口一号", role="COUNTER_CLERK", organisation=_BODY)
CITIZEN = Actor(account_id="citizen-1", name="向小满", role="CITIZEN")


def at(when: str) -> datetime:
    """An instant by the clocks of China."""
    return datetime.fromisoformat(when).replace(tzinfo=CHINA)


@dataclass
class Story:
    """The life of one case as the three services would tell it, told step by step."""

    promised: int = 7
    legal: int = 10
    unit: LimitUnit = LimitUnit.WORKDAY
    start: LimitStart = LimitStart.ACCEPTED
    kind: ItemKind = ItemKind.COMMITTED
    department: str = MARKET
    division: str = DISTRICT
    channel: Channel = Channel.ONLINE
    applicant_key: str = APPLICANT_KEY
    agent_key: str | None = None
    submitter: str = "citizen-1"
    case_id: UUID = field(default_factory=uuid7)
    case_no: str = field(default_factory=lambda: f"{ITEM_CODE}20260901{uuid4().int % 10000:04}")
    _versions: dict[UUID, int] = field(default_factory=dict)
    _told: list[Incoming] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.case_no = f"{ITEM_CODE}{uuid4().int % 10**12:012}"
        self.submitted_at = self.received_at = self.accepted_at = at("2018-10-15 10:00:00")

    @property
    def item(self) -> ItemRef:
        limit = LimitValue(value=self.legal, unit=self.unit, start=self.start, basis="测试依据")
        return ItemRef(
            item_code=ITEM_CODE,
            item_id="E02",
            version=1,
            name="食品经营许可（新办）",
            type_code="01",
            type_name="行政许可",
            kind=self.kind,
            department=_BODY.model_copy(update={"uscc": self.department}),
            legal_limit=limit,
            promised_limit=limit.model_copy(update={"value": self.promised}),
            result_name="食品经营许可证",
            result_kind="CERTIFICATE",
        )

    @property
    def _applicant(self) -> dict[str, Any]:
        party = Party(
            party_type=PartyType.PERSON,
            name="向小满",
            subject_key=self.applicant_key,
            masked_number="4****************2",
            sealed_number="sealed-by-intake",
        )
        if self.agent_key is None:
            return {"applicant": party}
        agent = AgentRef(name="龙大海", subject_key=self.agent_key, masked_number="4****************X")
        return {"applicant": party, "agent": agent}

    @property
    def _base(self) -> dict[str, Any]:
        return {
            "application_id": self.case_id,
            "item": self.item,
            "channel": self.channel,
            "division": self.division,
            "submitted_at": self.submitted_at,
        } | self._applicant

    def submitted(self, when: str = "2018-10-15 09:00:00") -> "Story":
        self.submitted_at = at(when)
        by = CITIZEN.model_copy(update={"account_id": self.submitter})
        return self._tell(intake.ApplicationSubmitted(**self._base, submitted_by=by))

    def received(self, when: str = "2018-10-15 09:30:00") -> "Story":
        self.received_at = at(when)
        return self._tell(
            intake.ApplicationReceived(
                **self._base,
                case_no=self.case_no,
                query_code="K7P2M9",
                received_at=self.received_at,
                received_by=CLERK,
                materials=(),
                notice_due=DueDate(on=official_calendar().earliest_workday(self.received_at.date(), 5)),
            )
        )

    def supplement_requested(self, when: str) -> "Story":
        return self._tell(
            intake.SupplementRequested(
                application_id=self.case_id,
                case_no=self.case_no,
                faults=(intake.MaterialFault(material_no=1, name="申请书", fault="未签名", remedy="签名"),),
                supply_by=at(when).date(),
                basis="行政许可法第三十二条",
                requested_at=at(when),
                requested_by=CLERK,
            )
        )

    def supplement_supplied(self, when: str, *, complete: bool = True) -> "Story":
        return self._tell(
            intake.SupplementSupplied(
                application_id=self.case_id,
                case_no=self.case_no,
                materials=(),
                complete=complete,
                supplied_at=at(when),
                supplied_by=CITIZEN,
            )
        )

    def accepted(self, when: str = "2018-10-15 10:00:00", **changes: Any) -> "Story":
        self.accepted_at = at(when)
        facts = {
            "case_no": self.case_no,
            "query_code": "K7P2M9",
            "received_at": self.received_at,
            "accepted_at": self.accepted_at,
            "accepted_by": CLERK,
            "materials": (),
            "legal_due": self._due(self.legal),
            "promised_due": self._due(self.promised),
        }
        return self._tell(intake.ApplicationAccepted(**(self._base | facts | changes)))

    def _due(self, days: int) -> DueDate:
        found = due_date(
            Clock(TimeLimit(days, Unit(self.unit.value), StartRule.ACCEPTED), self.accepted_at), official_calendar()
        )
        return DueDate(on=found.on, provisional=found.provisional)

    def withdrawn(self, when: str) -> "Story":
        return self._tell(
            intake.ApplicationWithdrawn(
                application_id=self.case_id,
                case_no=self.case_no,
                reason="不再开店",
                withdrawn_at=at(when),
                withdrawn_by=CITIZEN,
            )
        )

    def refused(self, when: str) -> "Story":
        return self._tell(
            intake.AcceptanceRefused(
                application_id=self.case_id,
                case_no=self.case_no,
                kind=intake.RefusalKind.OUT_OF_SCOPE,
                reason="不属于本机关职权",
                basis="行政许可法第三十二条",
                competent_body="市市场监督管理局",
                refused_at=at(when),
                refused_by=CLERK,
            )
        )

    def opened(self, when: str = "2018-10-15 10:00:01") -> "Story":
        opened = approval.CaseOpened(case_id=self.case_id, case_no=self.case_no, opened_at=at(when))
        return self._tell(opened, stream="approval")

    def decided(self, when: str, outcome: Outcome = Outcome.GRANTED) -> "Story":
        return self._tell(
            approval.CaseDecided(
                case_id=self.case_id,
                case_no=self.case_no,
                query_code="K7P2M9",
                outcome=outcome,
                item=self.item,
                **self._applicant,
                accepted_at=self.accepted_at,
                decided_at=at(when),
                decided_by=Actor(account_id="chief", name="首席代表", role="CHIEF_REPRESENTATIVE", organisation=_BODY),
            ),
            stream="approval",
        )

    def paper(self, when: str, paper_id: UUID) -> "Story":
        kind = certificate.PaperKind.GRANT_DECISION
        issued = certificate.PaperIssued(
            paper_id=paper_id, kind=kind, number="1", case_no=self.case_no, case_id=self.case_id, issued_at=at(when)
        )
        return self._tell(issued, aggregate_id=paper_id)

    def paper_sealed(self, when: str, paper_id: UUID) -> "Story":
        kind = certificate.PaperKind.GRANT_DECISION
        sealed = certificate.PaperSealed(
            paper_id=paper_id, kind=kind, case_no=self.case_no, sha256="0" * 64, sealed_at=at(when)
        )
        return self._tell(sealed, aggregate_id=paper_id)

    def concluded(self, when: str) -> "Story":
        self._tell(
            intake.ResultHandedOver(
                application_id=self.case_id,
                case_no=self.case_no,
                method=intake.HandOverMethod.COLLECTION,
                documents=("食品经营许可证",),
                recipient_name="向小满",
                recipient_relation="本人",
                handed_over_at=at(when),
                handed_over_by=CLERK,
            )
        )
        return self._tell(
            intake.CaseConcluded(
                application_id=self.case_id, case_no=self.case_no, outcome=Outcome.GRANTED, concluded_at=at(when)
            )
        )

    def _tell(self, event: Event, *, stream: str = "intake", aggregate_id: UUID | None = None) -> "Story":
        line = aggregate_id or (self.case_id if stream == "intake" else UUID(int=self.case_id.int + 1))
        self._versions[line] = self._versions.get(line, 0) + 1
        now = clock.real_now()
        aggregate = aggregate_id or self.case_id
        message = Incoming(uuid7(), event.SUBJECT, aggregate, self._versions[line], event, now, now, None, 1)
        self._told.append(message)
        return self

    def messages(self) -> list[Incoming]:
        """What was told since it was last asked for."""
        told, self._told = self._told, []
        return told

    @classmethod
    def whole(cls, decided: str = "2018-10-19 09:00:00", **changes: Any) -> "Story":
        """A case from submission to conclusion, by default decided in time."""
        concluded = (at(decided) + timedelta(hours=1)).strftime("%Y-%m-%d %H:%M:%S")
        return cls(**changes).submitted().received().accepted().opened().decided(decided).concluded(concluded)


@dataclass
class Supervision:
    """The service under test and its callers."""

    app: FastAPI
    http: httpx.AsyncClient
    database: Database
    calendar: WorkCalendar = field(default_factory=official_calendar)

    @property
    def watcher(self) -> Watcher:
        return Watcher(DEFAULT_RULES, self.calendar)

    async def hear(self, *messages: Incoming) -> list[Incoming]:
        """Apply messages as the worker does, one consumer per stream; what must wait for a gap comes back."""
        waiting: list[Incoming] = []
        for stream in ("intake", "approval", "certificate"):
            mine = [message for message in messages if message.subject.startswith(f"{stream}.")]
            async with self.database.transaction() as uow:
                claim = await inbox.claim(uow.connection, f"supervision-{stream}", mine, contiguous=True)
                if claim.fresh:
                    await Listener(self.watcher)(uow, claim.fresh)
            waiting += claim.waiting
        return waiting

    async def tell(self, story: Story) -> Story:
        assert await self.hear(*story.messages()) == []
        return story

    async def sweep(self, when: str) -> None:
        await Sweep(self.watcher)(self.database, at(when))

    async def case(self, story: Story, who: dict[str, str] | None = None) -> dict[str, Any]:
        answer = await self.get(f"supervision/cases/{story.case_no}", who or self.supervisor)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def lights(self, story: Story) -> list[tuple[str, datetime]]:
        """Of the case time."""
        found = (await self.case(story))["lights"]
        return [
            (light["level"], datetime.fromisoformat(light["crossed_at"]))
            for light in found
            if light["voided_at"] is None and not light["clock"]
        ]

    async def clock_lights(self, story: Story, *, voided: bool = False) -> list[tuple[str, datetime]]:
        """Rule and instant of the other clocks' lights."""
        found = (await self.case(story))["lights"]
        return [
            (light["rule"], datetime.fromisoformat(light["crossed_at"]))
            for light in found
            if (light["voided_at"] is not None) is voided and light["clock"]
        ]

    def caller(self, *roles: str, **of: Any) -> dict[str, str]:
        return tokens.headers(roles, **({"division": DISTRICT} | of))

    @property
    def supervisor(self) -> dict[str, str]:
        return self.caller("SUPERVISOR")

    @property
    def applicant(self) -> dict[str, str]:
        return self.caller("CITIZEN", subject_key=APPLICANT_KEY, sub="citizen-1", channel="ONLINE")

    async def get(self, path: str, who: dict[str, str], **params: Any) -> httpx.Response:
        return await self.http.get(f"/api/v1/{path}", headers=who, params=params)

    async def rate(self, story: Story, who: dict[str, str], *, key: str | None = None, **body: Any) -> httpx.Response:
        headers = who | {"Idempotency-Key": key or str(uuid4())}
        content = {"satisfaction": "VERY_SATISFIED"} | body
        return await self.http.post(f"/api/v1/cases/{story.case_no}/rating", headers=headers, json=content)

    async def rows(self, statement: str, **values: Any) -> Sequence[Any]:
        async with self.database.read() as connection:
            return (await connection.execute(text(statement), values)).all()

    async def clear(self) -> None:
        async with self.database.transaction() as uow:
            tables = "supervised_case, timeline, light, finding, rating, supervision_order, arming"
            tables += ", outbox, inbox_version, idempotency"
            for table in tables.split(", "):
                await uow.connection.execute(text(f"DELETE FROM {table}"))


def keys(folder: Path) -> Path:
    """A key folder as a service finds it at its start."""
    for kind in ("seal", "index"):
        (folder / kind).mkdir(parents=True)
        (folder / kind / "2026.key").write_text(base64.b64encode(kind.encode().ljust(32, b"!")).decode())
    return folder


@asynccontextmanager
async def running(environment: dict[str, str]) -> AsyncIterator[Supervision]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        app = create_app()
    transport = httpx.ASGITransport(app=app)
    async with app.router.lifespan_context(app):
        async with httpx.AsyncClient(transport=transport, base_url="http://supervision.test") as http:
            yield Supervision(app, http, app.state.database)


def day(when: str) -> date:
    return date.fromisoformat(when)
