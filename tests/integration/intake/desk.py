"""A desk for tests: people with tokens, and the acts of intake in few words."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import httpx
from sqlalchemy import text

from contracts.events.approval import CaseDecided
from contracts.events.certificate import (
    CertificateConfirmed,
    CertificateIssued,
    CertificateOrigin,
    CertificateStanding,
    CertificateSuperseded,
    PaperIssued,
    PaperKind,
)
from contracts.events.common import Actor, Event, ItemRef, Outcome, Party, PartyType
from contracts.events.reuse import RecallConcluded
from services.chassis.bus import Incoming
from services.chassis.database import Database
from services.chassis.ids import uuid7
from services.chassis.sealing import Sealer
from services.intake import consumers
from services.intake.hearing import FOLLOWED, NOTICED
from services.intake.items import ITEM_JSON, item_ref
from services.intake.standing_notices import CERTIFICATE_NOTICED
from tests.support import tokens

ZHANG = "431202180001010012"
LI = "431202180001010020"
SHOP = "91431202MA00000152"
MARKET = "11431202006100029C"
TOWN = "431202101000"
PDF = b"%PDF-1.7\n1 0 obj <<>> endobj\n%%EOF\n"


@dataclass
class Desk:
    """`desk.clerk` and the others are request headers of a person; acts answer the response."""

    http: httpx.AsyncClient
    database: Database
    sealer: Sealer
    versions: dict[str, int] = field(default_factory=dict)

    def key(self, number: str) -> str:
        return self.sealer.index_key("ORGANISATION" if number[0] == "9" else "PERSON", number)

    def citizen(self, number: str = ZHANG, **of: Any) -> dict[str, str]:
        claims = {
            "sub": tokens.account(f"citizen-{number}"),
            "channel": "ONLINE",
            "division": "",
            "subject_key": self.key(number),
            "name": "张三",
        }
        return tokens.headers(["CITIZEN"], **(claims | of))

    def enterprise_agent(self, number: str = LI, *, organisation: str = SHOP) -> dict[str, str]:
        return tokens.headers(
            ["ENTERPRISE_AGENT"],
            sub=tokens.account(f"agent-{number}"),
            name="李四",
            channel="ONLINE",
            division="",
            subject_key=self.key(number),
            acts_for=[self.key(organisation)],
        )

    @staticmethod
    def staff(role: str, **of: Any) -> dict[str, str]:
        return tokens.headers([role], **({"name": "王五", "channel": "COUNTER"} | of))

    @property
    def clerk(self) -> dict[str, str]:
        return self.staff("COUNTER_CLERK", org="11431202006100010F", org_name="区政务服务中心")

    @property
    def township_clerk(self) -> dict[str, str]:
        return self.staff("TOWNSHIP_CLERK", division=TOWN, channel="TOWNSHIP", org="11431202006100256H")

    @property
    def hand_over_clerk(self) -> dict[str, str]:
        return self.staff("HANDOVER_CLERK", org="11431202006100010F")

    async def post(
        self,
        path: str,
        who: Mapping[str, str],
        body: Any = None,
        *,
        version: int | None = None,
        key: str | None = None,
    ) -> httpx.Response:
        headers = dict(who) | {"idempotency-key": key or str(uuid4())}
        if version is not None:
            headers["if-match"] = f'"v{version}"'
        headers["content-type"] = "application/json"
        content = json.dumps(body if body is not None else {})  # escapes what is no text, so that it arrives
        return await self.http.post(f"/api/v1{path}", content=content, headers=headers)

    async def get(self, path: str, who: Mapping[str, str] | None = None, /, **params: Any) -> httpx.Response:
        return await self.http.get(f"/api/v1{path}", headers=dict(who or {}), params=params)

    async def submit(
        self,
        item: str = "P07",
        *,
        who: Mapping[str, str] | None = None,
        number: str = ZHANG,
        name: str = "张三",
        key: str | None = None,
        **more: Any,
    ) -> httpx.Response:
        party_type = "ORGANISATION" if number[0] == "9" else "PERSON"
        body = {"item_code": item, "applicant": {"party_type": party_type, "number": number, "name": name}} | more
        return await self.post("/applications", who or self.clerk, body, key=key)

    async def submitted(self, item: str = "P07", **more: Any) -> dict[str, Any]:
        response = await self.submit(item, **more)
        assert response.status_code == 201, response.text
        return dict(response.json())

    async def complete(self, item: str = "P07", **more: Any) -> dict[str, Any]:
        """Submitted at the counter with every material on paper."""
        guide = (await self.get(f"/items/{item}")).json()["guide"]["materials"]
        papers = [{"material_no": m["material_no"], "source": "PAPER_ORIGINAL"} for m in guide]
        return await self.submitted(item, materials=papers, **more)

    async def act(
        self, application: Mapping[str, Any], act: str, body: Any = None, *, who: Mapping[str, str] | None = None
    ) -> httpx.Response:
        path = f"/applications/{application['application_id']}/{act}"
        return await self.post(path, who or self.clerk, body, version=application["version"])

    async def done(
        self, application: Mapping[str, Any], act: str, body: Any = None, *, who: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        response = await self.act(application, act, body, who=who)
        assert response.status_code == 201, response.text
        return dict(response.json())

    async def accepted(self, item: str = "P07", **more: Any) -> dict[str, Any]:
        return await self.done(await self.done(await self.complete(item, **more), "receipt"), "acceptance")

    async def upload(
        self,
        application: Mapping[str, Any],
        material_no: int,
        content: bytes = PDF,
        *,
        who: Mapping[str, str] | None = None,
        name: str = "scan.pdf",
        key: str | None = None,
    ) -> httpx.Response:
        return await self.http.post(
            f"/api/v1/applications/{application['application_id']}/materials",
            files={"file": (name, content, "application/octet-stream")},
            data={"material_no": str(material_no)},
            headers=dict(who or self.clerk) | {"idempotency-key": key or str(uuid4())},
        )

    async def events(self, application_id: str) -> list[tuple[int, str, dict[str, Any]]]:
        """(aggregate version, subject, payload) of one application, in order of writing."""
        statement = "SELECT aggregate_version, subject, payload FROM outbox WHERE aggregate_id = :id ORDER BY seq"
        async with self.database.read() as connection:
            rows = await connection.execute(text(statement), {"id": UUID(application_id)})
            return [(r.aggregate_version, r.subject, json.loads(r.payload)) for r in rows]

    async def hear(self, *events: Event) -> None:
        """Events of others arrive, as one batch of the consumer that takes them."""
        for handle, kinds in _HANDLERS:
            batch = [incoming(event) for event in events if isinstance(event, kinds)]
            if batch:
                async with self.database.transaction() as uow:
                    await handle(uow, batch)

    async def decided(self, application: Mapping[str, Any], outcome: Outcome = Outcome.GRANTED) -> dict[str, Any]:
        """Approval decides, the decision is in writing; the application as it is then."""
        await self.hear(
            a_decision(application, await self.item_of(application), outcome), a_decision_paper(application, outcome)
        )
        return dict((await self.get(f"/applications/{application['application_id']}", self.clerk)).json())

    async def item_of(self, application: Mapping[str, Any]) -> ItemRef:
        statement = "SELECT content FROM item_version WHERE item_code = :code AND version = :version"
        async with self.database.read() as connection:
            content = await connection.scalar(
                text(statement),
                {"code": application["item"]["item_code"], "version": application["item"]["version"]},
            )
        return item_ref(ITEM_JSON.validate_python(content), application["item"]["version"])

    async def holds(
        self,
        number: str,
        type_code: str,
        serial: str,
        *,
        case_id: str | None = None,
        **more: Any,
    ) -> str:
        """The library issues a certificate; its identifier."""
        case = UUID(case_id) if case_id else None
        issued = a_certificate(self.key(number), type_code, serial, case_id=case, **more)
        await self.hear(issued)
        return issued.identifier


def a_certificate(holder_key: str, type_code: str, serial: str, **more: Any) -> CertificateIssued:
    values: dict[str, Any] = {
        "certificate_id": uuid7(),
        "identifier": f"1.2.156.3005.2.{type_code}.{type_code[:18]}.{serial}.001.A",
        "type_code": type_code,
        "type_name": "证照",
        "holder_key": holder_key,
        "issuer_uscc": type_code[:18],
        "origin": CertificateOrigin.IMPORTED,
        "certificate_version": 1,
        "issued_at": datetime.now(UTC),
        "valid_from": date(2020, 1, 1),
    }
    return CertificateIssued(**(values | more))


def a_decision(application: Mapping[str, Any], item: ItemRef, outcome: Outcome = Outcome.GRANTED) -> CaseDecided:
    now = datetime.now(UTC)
    nobody = Party(party_type=PartyType.PERSON, name="张三", subject_key="k", masked_number="*", sealed_number="s")
    return CaseDecided(
        case_id=UUID(application["application_id"]),
        case_no=application["case_no"],
        query_code=application["query_code"],
        outcome=outcome,
        item=item,
        applicant=nobody,
        accepted_at=now,
        decided_at=now,
        decided_by=Actor(account_id="chief", name="首席", role="CHIEF_REPRESENTATIVE"),
    )


def a_decision_paper(application: Mapping[str, Any], outcome: Outcome = Outcome.GRANTED) -> PaperIssued:
    return PaperIssued(
        paper_id=uuid7(),
        kind=PaperKind.GRANT_DECISION if outcome is Outcome.GRANTED else PaperKind.REFUSAL_DECISION,
        number=paper_number(application),
        case_no=application["case_no"],
        case_id=UUID(application["application_id"]),
        issued_at=datetime.now(UTC),
    )


def paper_number(application: Mapping[str, Any]) -> str:
    """The number its decision has in these tests."""
    return f"决〔2026〕{application['case_no'][-12:]}号"


_OF_LIBRARY = (CertificateIssued, CertificateConfirmed, CertificateSuperseded, CertificateStanding)
_HANDLERS = (
    (consumers.take_decisions, (*FOLLOWED, *NOTICED, *CERTIFICATE_NOTICED, RecallConcluded)),
    (consumers.take_documents, (*_OF_LIBRARY, PaperIssued)),
)


_VERSIONS = count(1)  # each event another one: a case never tells two under one version


def incoming(event: Event) -> Incoming:
    now = datetime.now(UTC)
    return Incoming(uuid7(), event.SUBJECT, uuid7(), next(_VERSIONS), event, now, now, None, 1)


def coverage(application: Mapping[str, Any]) -> dict[int, str]:
    materials: Sequence[Mapping[str, Any]] = application["materials"]
    return {m["material_no"]: m["coverage"] for m in materials}


IDCARD = "114312020061000377001"
BUSINESS_LICENCE = "11431202006100029C001"
FOOD_LICENCE = "11431202006100029C002"
