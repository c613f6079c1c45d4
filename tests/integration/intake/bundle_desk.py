"""Bundles at the desk of the tests: submitted, received, accepted, decided, handed out, in few words."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any
from uuid import UUID

import httpx
from sqlalchemy import text

from contracts.events.common import Event, Outcome
from services.intake.bundles.consumers import Mover
from services.intake.settings import settings
from services.kernel.codes import check_uscc
from tests.integration.intake.desk import ZHANG, Desk, a_certificate, a_decision, a_decision_paper, incoming


@dataclass
class BundleDesk:
    """Acts on a bundle answer the bundle as it is then."""

    desk: Desk
    mover: Mover

    @classmethod
    def at(cls, desk: Desk) -> "BundleDesk":
        return cls(desk, Mover(settings()))

    def officer(self, uscc: str, role: str = "HANDLER") -> dict[str, str]:
        return self.desk.staff(role, org=uscc, org_name="部门")

    async def submit(
        self, bundle_id: str, *, who: Mapping[str, str] | None = None, number: str | None = None, **more: Any
    ) -> httpx.Response:
        number = number or a_company()
        party_type = "ORGANISATION" if number[0] == "9" else "PERSON"
        applicant = {"party_type": party_type, "number": number, "name": "张三" if number == ZHANG else "申请人"}
        body = {"bundle_id": bundle_id, "applicant": applicant} | more
        return await self.desk.post("/bundle-applications", who or self.desk.clerk, body)

    async def submitted(self, bundle_id: str, **more: Any) -> dict[str, Any]:
        return expect(await self.submit(bundle_id, **more))

    async def act(
        self, bundle: Mapping[str, Any], act: str, body: Any = None, *, who: Mapping[str, str] | None = None
    ) -> httpx.Response:
        path = f"/bundle-applications/{bundle['bundle_no']}/{act}"
        return await self.desk.post(path, who or self.desk.clerk, body, version=bundle["version"])

    async def done(
        self, bundle: Mapping[str, Any], act: str, body: Any = None, *, who: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        return expect(await self.act(bundle, act, body, who=who))

    async def seen(self, bundle: Mapping[str, Any], who: Mapping[str, str] | None = None) -> dict[str, Any]:
        answer = await self.desk.get(f"/bundle-applications/{bundle['bundle_no']}", who or self.desk.clerk)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    @staticmethod
    def papers(bundle: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Every material nobody brings, on paper."""
        wanted = [m for m in bundle["materials"] if m["brought_by"] is None and m["source"] is None]
        return [{"material_no": m["material_no"], "source": "PAPER_ORIGINAL"} for m in wanted]

    async def accepted(self, bundle_id: str, **more: Any) -> dict[str, Any]:
        bundle = await self.submitted(bundle_id, **more)
        bundle = await self.done(bundle, "receipt", {"materials": self.papers(bundle)})
        return await self.done(bundle, "acceptance")

    async def hear(self, *events: Event) -> None:
        await self.desk.hear(*events)
        async with self.desk.database.transaction() as uow:
            await self.mover(uow, [incoming(event) for event in events])

    async def decided(
        self, bundle: Mapping[str, Any], member_id: str, outcome: Outcome = Outcome.GRANTED
    ) -> dict[str, Any]:
        """Approval decides a member, and the library gets what it results in."""
        member = member_of(bundle, member_id)
        path = f"/applications/{member['application_id']}"
        application = (await self.desk.get(path, self.desk.clerk)).json()
        item = await self.desk.item_of(application)
        await self.desk.hear(a_decision_paper(application, outcome))
        await self.hear(a_decision(application, item, outcome))
        if outcome is Outcome.GRANTED and item.certificate_type_code is not None:
            case_id = UUID(member["application_id"])
            key = await self._holder(case_id)
            serial = f"{member_id}{bundle['bundle_no'][-6:]}"
            await self.hear(a_certificate(key, item.certificate_type_code, serial, case_id=case_id))
        return await self.seen(bundle)

    async def _holder(self, application_id: UUID) -> str:
        async with self.desk.database.read() as connection:
            statement = text("SELECT applicant_key FROM application WHERE application_id = :id")
            return str(await connection.scalar(statement, {"id": application_id}))

    async def result(
        self, bundle: Mapping[str, Any], member_id: str, uscc: str | None, outcome: str = "GRANTED", **more: Any
    ) -> dict[str, Any]:
        """A department completes its step."""
        who = self.officer(uscc) if uscc else self.desk.clerk
        return await self.done(bundle, f"members/{member_id}/result", {"outcome": outcome} | more, who=who)

    async def handed_over(self, bundle: Mapping[str, Any]) -> dict[str, Any]:
        body = {"method": "COLLECTION", "recipient_name": "申请人"}
        return await self.done(bundle, "hand-over", body, who=self.desk.hand_over_clerk)


_NUMBERS = count(100)
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def a_company() -> str:
    """The number of an organisation that no other test knows: what one holds changes what it is asked for."""
    stem = f"91431202MA{next(_NUMBERS):06d}"
    return next(n for a in _ALPHABET for b in _ALPHABET if check_uscc(n := f"{stem}{a}{b}") is None)


def member_of(bundle: Mapping[str, Any], member_id: str) -> dict[str, Any]:
    return next(m for m in bundle["members"] if m["member_id"] == member_id)


def states(bundle: Mapping[str, Any]) -> dict[str, str]:
    return {m["member_id"]: m["state"] for m in bundle["members"]}


def expect(answer: httpx.Response, status: int = 201) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    return dict(answer.json())
