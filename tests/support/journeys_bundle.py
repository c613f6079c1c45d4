"""A bundle application on its way through the public API: one act per call, the last answer at hand."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

from demo.api import Caller, eventually, expect
from demo.hall import a_pdf
from demo.life import Life
from tests.support.journeys import PATIENCE_SECONDS, Town

REFUSAL = {
    "outcome": "REFUSED",
    "facts": "招牌效果图载明：招牌上沿高出二层窗台0.6米",
    "reasons": "招牌效果图遮挡二层住户窗户，不符合设置规范",
    "legal_basis": "《城市市容和环境卫生管理条例》第十一条",
}


@dataclass
class Bundle:
    """Acts as the counter clerk unless said otherwise."""

    town: Town
    shown: dict[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return f"/api/v1/bundle-applications/{self.shown['bundle_no']}"

    @property
    def states(self) -> dict[str, str]:
        return {member["member_id"]: member["state"] for member in self.shown["members"]}

    def member(self, member_id: str) -> dict[str, Any]:
        return next(member for member in self.shown["members"] if member["member_id"] == member_id)

    def case_no(self, member_id: str) -> str:
        return str(self.member(member_id)["case_no"])

    @classmethod
    async def submitted(cls, town: Town, bundle_id: str, applicant: dict[str, str], **more: Any) -> "Bundle":
        clerk = await town.hall.person("clerk1")
        body = {"bundle_id": bundle_id, "applicant": applicant, "reuse": "auto"} | more
        return cls(town, expect(await clerk.post("/api/v1/bundle-applications", body), 201, f"{bundle_id} submit"))

    async def attempt(self, act: str, body: Any = None, *, who: Caller | None = None) -> httpx.Response:
        """Once more when it changed meanwhile: a member shows its end a moment before the bundle does."""
        caller = who or await self.town.hall.person("clerk1")
        answer = await caller.post(f"{self.path}/{act}", body, version=self.shown["version"])
        for _ in range(5):
            if answer.status_code != 412 and answer.json().get("code") != "intake.bundle-changed":
                break
            await asyncio.sleep(0.2)
            await self.look()
            answer = await caller.post(f"{self.path}/{act}", body, version=self.shown["version"])
        return answer

    async def do(self, act: str, body: Any = None, *, who: Caller | None = None) -> None:
        self.shown = expect(await self.attempt(act, body, who=who), 201, f"{self.shown['bundle_id']} {act}")

    async def problem(self, act: str, body: Any = None, *, who: Caller | None = None) -> tuple[int, str]:
        answer = await self.attempt(act, body, who=who)
        return answer.status_code, str(answer.json().get("code", ""))

    async def look(self) -> None:
        clerk = await self.town.hall.person("clerk1")
        self.shown = expect(await clerk.get(self.path), 200, "bundle")

    async def until(self, reached: Callable[["Bundle"], bool], what: str) -> None:
        """Look until it is so: decisions and certificates reach the bundle over the bus."""

        async def there() -> bool | None:
            await self.look()
            return True if reached(self) else None

        try:
            await eventually(there, what, PATIENCE_SECONDS)
        except Exception as failed:
            raise AssertionError(f"{what}: {self.shown['state']} {self.states}") from failed

    async def until_states(self, **states: str) -> None:
        await self.until(lambda b: states.items() <= b.states.items(), f"members {states}")

    def papers(self) -> list[dict[str, Any]]:
        """Every material nobody brings and the library does not hold, on paper."""
        wanted = [m for m in self.shown["materials"] if m["source"] is None and m["brought_by"] is None]
        return [{"material_no": m["material_no"], "source": "PAPER_ORIGINAL"} for m in wanted]

    async def receive_and_accept(self) -> None:
        await self.do("receipt", {"materials": self.papers()})
        await self.do("acceptance")

    async def decide(self, member_id: str, decision: dict[str, Any] | None = None) -> None:
        """The department decides its member, as it decides any case."""
        life = Life(self.town.hall, self.town.items[member_id], self.town.enterprise(), "COUNTER")
        life.case_no = self.case_no(member_id)
        refused = decision is not None and decision["outcome"] == "REFUSED"
        await life.examine("REFUSE" if refused else "GRANT", "不符合设置规范" if refused else "符合法定条件")
        await life.decide(decision)

    async def result(self, member_id: str, department: str | None, body: dict[str, Any] | None = None) -> None:
        """A step of a department (its uscc), or of nobody: the counter's."""
        await self.do(f"members/{member_id}/result", body or {"outcome": "GRANTED"}, who=await self.desk(department))

    async def desk(self, department: str | None) -> Caller | None:
        return await self.town.hall.officer("HANDLER", department) if department else None

    async def hand_over(self) -> None:
        """Everything at once, as soon as the certificates are there."""
        clerk = await self.town.hall.person("handover1")
        body = {"method": "COLLECTION", "recipient_name": self.shown["applicant"]["name"]}

        async def handed_over() -> bool | None:
            await self.look()
            answer = await self.attempt("hand-over", body, who=clerk)
            if answer.status_code in {409, 412}:  # a certificate is still on its way
                return None
            self.shown = expect(answer, 201, "hand-over of the bundle")
            return True

        await eventually(handed_over, "hand-over of the bundle", PATIENCE_SECONDS)

    async def upload(self, material_no: int) -> None:
        """A material of the common list as a file: given once for every member that needs it."""
        clerk = await self.town.hall.person("clerk1")
        file = (f"material-{material_no}.pdf", a_pdf(f"material {material_no}"))
        answer = await clerk.post(f"{self.path}/materials", {"material_no": str(material_no)}, file=file)
        self.shown = expect(answer, 201, f"material {material_no}")
