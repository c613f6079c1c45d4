"""A certificate after its issue, through the public API: what is proposed and decided, who must look again."""

from dataclasses import dataclass, field
from typing import Any

from demo.api import Caller, eventually, expect
from demo.hall import Applicant, Hall
from demo.life import Life


@dataclass
class Standing:
    """One certificate, its holder and its department; `decision` is the last answer about it."""

    hall: Hall
    identifier: str
    department: str
    holder: Applicant
    decision: dict[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return f"/api/v1/certificates/{self.identifier}"

    @property
    def _decision_path(self) -> str:
        return f"/api/v1/standing-decisions/{self.decision['decision_id']}"

    async def owner(self) -> Caller:
        return await self.hall.person(self.holder.username)

    async def propose(self, act: str, body: dict[str, Any], role: str = "HANDLER") -> None:
        """By the handler; a revocation is recorded by the chief. Approval hears of a certificate by event."""
        officer = await self.hall.officer(role, self.department)

        async def proposed() -> dict[str, Any] | None:
            answer = await officer.post(f"{self.path}/{act}", body)
            if answer.status_code == 404 or answer.json().get("code") == "approval.certificate-state":
                return None
            return dict(expect(answer, 201, f"提出 {act}"))

        self.decision = await eventually(proposed, f"提出 {act}")

    async def speak(self, statement: str) -> None:
        """The holder himself."""
        owner = await self.owner()
        answer = await owner.post(
            f"{self._decision_path}/statements", {"statement": statement}, version=self.decision["version"]
        )
        self.decision = expect(answer, 201, "陈述申辩")

    async def decide(self) -> None:
        chief = await self.hall.officer("CHIEF_REPRESENTATIVE", self.department)
        answer = await chief.post(
            f"{self._decision_path}/decision", {"outcome": "DECIDED"}, version=self.decision["version"]
        )
        self.decision = expect(answer, 201, "作出决定")

    async def until(self, status: str) -> dict[str, Any]:
        """What a stranger sees, as soon as verification gives this reason (VALID: none)."""

        async def seen() -> dict[str, Any] | None:
            answer = await self.hall.public.get("/api/v1/certificates/verify", identifier=self.identifier)
            shown: dict[str, Any] = expect(answer, 200, "核验")
            return shown if (shown["reason"] or shown["verdict"]) == status else None

        return await eventually(seen, f"证照状态 {status}")


async def certificate_of(life: Life) -> Standing:
    """The certificate of a granted case, as soon as the planner of the window counts on it."""
    owner = await life.hall.person(life.who.username)

    async def issued() -> str | None:
        answer = expect(await owner.get(f"/api/v1/cases/{life.case_no}/papers"), 200, f"{life.name} 文书")
        return str(answer["certificates"][0]["identifier"]) if answer["certificates"] else None

    identifier = await eventually(issued, f"{life.name} 证照签发")
    return Standing(life.hall, identifier, life.item["department_uscc"], life.who)


async def plan_with(life: Life, identifier: str, *conditions: int) -> dict[str, Any]:
    """What its applicant still has to bring for this item, as soon as the certificate stands for a material.

    `conditions`: conditional materials whose condition holds.
    """
    owner = await life.hall.person(life.who.username)
    holder = {name: life.who.applicant[name] for name in ("party_type", "number")}
    body = {"applicant": holder, "conditions": list(conditions)}

    async def planned() -> dict[str, Any] | None:
        answer = await owner.post(f"/api/v1/items/{life.item['item_code']}/materials-plan", body)
        plan: dict[str, Any] = expect(answer, 200, f"{life.name} 材料清单")
        return plan if identifier in {one["certificate_identifier"] for one in plan["avoided"]} else None

    return await eventually(planned, f"{life.name} 可复用证照")


async def recalled(hall: Hall, department: str, case_no: str) -> list[dict[str, Any]]:
    """What the department was handed about this case, as soon as there is something."""
    handler = await hall.officer("HANDLER", department)

    async def handed() -> list[dict[str, Any]] | None:
        answer = expect(await handler.get("/api/v1/recalls", limit=200), 200, "召回")
        return [one for one in answer["items"] if one["case_no"] == case_no] or None

    return await eventually(handed, f"{case_no} 召回")
