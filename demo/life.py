"""One case from submission to result, act by act, through the public API."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from demo.api import Caller, StepFailed, eventually, expect
from demo.hall import TOWNSHIP_DIVISION, Applicant, Hall, a_pdf

# Who takes an application in by which way: (submits, receives and accepts)
WAYS = ("ONLINE", "COUNTER", "TOWNSHIP")


@dataclass
class Life:
    """A case under way: what the demonstration has done with it so far."""

    hall: Hall
    item: dict[str, Any]
    who: Applicant
    way_in: str
    application: dict[str, Any] = field(default_factory=dict)
    case_no: str = ""

    @property
    def name(self) -> str:
        return f"{self.item['item_id']} {self.item['name']}"

    @property
    def path(self) -> str:
        return f"/api/v1/applications/{self.application['application_id']}"

    async def _submitter(self) -> Caller:
        if self.way_in == "ONLINE":
            return await self.hall.person(self.who.username)
        if self.way_in == "TOWNSHIP":
            return await self.hall.system("township")
        return await self.hall.person("clerk1")

    async def _clerk(self) -> Caller:
        if self.way_in != "TOWNSHIP":
            return await self.hall.person("clerk1")
        for username, entry in self.hall.accounts.items():
            if "TOWNSHIP_CLERK" in entry["roles"] and entry["division"] == TOWNSHIP_DIVISION:
                return await self.hall.person(username)
        raise StepFailed("没有示例镇的窗口账户")

    async def submit(
        self,
        *,
        without: frozenset[int] = frozenset(),
        key: str = "",
        certificates: Mapping[int, str] | None = None,
        amends: Mapping[str, Any] | None = None,
    ) -> None:
        """Apply. Certificates of the library are reused, `certificates` for these materials; online what is missing is
        uploaded, except `without`. `amends`: for an amendment, the certificate and what is to stand on it."""
        caller = await self._submitter()
        body: dict[str, Any] = {"item_code": self.item["item_code"], "applicant": self.who.applicant, "reuse": "auto"}
        if self.who.agent is not None:
            body["agent"] = self.who.agent
        if amends:
            body["amends"] = amends
        if certificates:
            body["materials"] = [
                {"material_no": number, "source": "CERTIFICATE", "certificate_identifier": identifier}
                for number, identifier in certificates.items()
            ]
        answer = await caller.post("/api/v1/applications", body, key=key)
        self.application = expect(answer, 201, f"{self.name} 提交申请")
        if self.way_in == "ONLINE":
            await self.upload(caller, without=without)

    def missing(self) -> list[int]:
        return [m["material_no"] for m in self.application["materials"] if m["coverage"] == "MISSING"]

    async def upload(self, caller: Caller, *, without: frozenset[int] = frozenset()) -> None:
        for number in self.missing():
            if number not in without:
                file = (f"material-{number}.pdf", a_pdf(f"{self.item['item_id']} material {number}"))
                answer = await caller.post(f"{self.path}/materials", {"material_no": str(number)}, file=file)
                self.application = expect(answer, 201, f"{self.name} 上传材料 {number}")

    async def _act(self, caller: Caller, act: str, body: Any, step: str) -> None:
        answer = await caller.post(f"{self.path}/{act}", body, version=self.application["version"])
        self.application = expect(answer, 201, f"{self.name} {step}")
        self.case_no = self.application["case_no"] or ""

    async def receive(self) -> None:
        """Receipt; at a counter the paper originals are seen and taken now."""
        materials = [
            {"material_no": number, "source": "PAPER_ORIGINAL", "copies": 1}
            for number in self.missing()
            if self.way_in != "ONLINE"
        ]
        await self._act(await self._clerk(), "receipt", {"materials": materials}, "收件")

    async def request_supplement(self, faults: list[dict[str, Any]]) -> None:
        await self._act(await self._clerk(), "supplement-notice", {"faults": faults}, "一次性补正告知")

    async def supply(self) -> None:
        """The applicant brings what the notice asked for."""
        caller = await self._submitter()
        for number in self.application["supplement"]["outstanding"]:
            file = (f"material-{number}.pdf", a_pdf(f"supplement {number}"))
            answer = await caller.post(f"{self.path}/materials", {"material_no": str(number)}, file=file)
            self.application = expect(answer, 201, f"{self.name} 补交材料 {number}")
        await self._act(caller, "supplements", {}, "补正完成")

    async def accept(self) -> None:
        await self._act(await self._clerk(), "acceptance", None, "受理")

    async def _case_act(self, caller: Caller, act: str, body: dict[str, Any], step: str) -> None:
        """Read the version, act on it: the case is opened by an event, so it may take a moment to be there."""
        case = await self._opened(caller)
        path = f"/api/v1/cases/{self.case_no}/{act}"
        expect(await caller.post(path, body, version=case["version"]), 201, f"{self.name} {step}")

    async def _opened(self, caller: Caller) -> dict[str, Any]:
        async def opened() -> dict[str, Any] | None:
            answer = await caller.get(f"/api/v1/cases/{self.case_no}/examination")
            return answer.json() if answer.status_code == 200 else None

        case: dict[str, Any] = await eventually(opened, f"{self.name} 审批立案")
        return case

    async def pass_up(self) -> None:
        """Two levels: the township examines first and passes opinion and all materials up; nothing for one level."""
        handler = await self.hall.officer("HANDLER", self.item["department_uscc"])
        case = await self._opened(handler)
        if case["state"] != "FIRST_EXAMINING":
            return
        if case["first_level_division"] is None:
            await self._case_act(handler, "first-level", {"division": TOWNSHIP_DIVISION}, "指定初审机关")
        township = next(
            name
            for name, entry in self.hall.accounts.items()
            if "HANDLER" in entry["roles"] and entry["division"] == TOWNSHIP_DIVISION
        )
        materials = [material["material_no"] for material in case["materials"]]
        body = {"recommendation": "GRANT", "opinion": "经入户调查、公示无异议", "materials": materials}
        await self._case_act(await self.hall.person(township), "passing-up", body, "报送上级")

    async def examine(self, recommendation: str = "GRANT", text: str = "材料齐全，符合法定条件") -> None:
        await self.pass_up()
        handler = await self.hall.officer("HANDLER", self.item["department_uscc"])
        await self._case_act(handler, "opinions", {"recommendation": recommendation, "text": text}, "审查")

    async def decide(self, decision: dict[str, Any] | None = None) -> None:
        chief = await self.hall.officer("CHIEF_REPRESENTATIVE", self.item["department_uscc"])
        await self._case_act(chief, "decision", decision or {"outcome": "GRANTED"}, "决定")

    @property
    def waits(self) -> bool:
        """Whether applicants must come again in a later window before anything is decided."""
        return self.application["window"] is not None

    async def come_again(self) -> None:
        """Both come in person; it is decided as soon as approval has heard of it."""
        clerk = await self._clerk()
        self.application = expect(await clerk.get(self.path), 200, f"{self.name} 查询申请")
        persons = {"persons": [self.who.applicant["name"], "配偶"]}
        await self._act(clerk, "claim", persons, self.application["window"]["name"])
        chief = await self.hall.officer("CHIEF_REPRESENTATIVE", self.item["department_uscc"])

        async def decided() -> bool | None:
            case = await self._opened(chief)
            path = f"/api/v1/cases/{self.case_no}/decision"
            answer = await chief.post(path, {"outcome": "GRANTED"}, version=case["version"])
            return None if answer.status_code == 409 else bool(expect(answer, 201, f"{self.name} 决定"))

        await eventually(decided, f"{self.name} 决定")

    async def hand_over(self, method: str = "ELECTRONIC", tracking_no: str | None = None) -> None:
        """Hand everything out, once intake knows the decision and its documents exist."""
        clerk = await self.hall.person("handover1")
        body = {"method": method, "recipient_name": (self.who.agent or self.who.applicant)["name"]}
        body["recipient_relation"] = "代理人" if self.who.agent else "本人"
        if tracking_no:
            body["tracking_no"] = tracking_no
        path = f"/api/v1/cases/{self.case_no}"

        async def handed_over() -> dict[str, Any] | None:
            seen = expect(await clerk.get(f"{path}/application"), 200, f"{self.name} 查询申请")
            if seen["decided_at"] is None:
                return None
            answer = await clerk.post(f"{path}/hand-over", body, version=seen["version"])
            if answer.status_code in {409, 412}:  # the certificate is still on its way
                return None
            return dict(expect(answer, 201, f"{self.name} 出件"))

        self.application = await eventually(handed_over, f"{self.name} 出件")

    async def rate(self, satisfaction: str, comment: str = "") -> None:
        caller = await self.hall.person(self.who.username)

        async def rated() -> bool | None:
            body = {"satisfaction": satisfaction, "comment": comment}
            answer = await caller.post(f"/api/v1/cases/{self.case_no}/rating", body)
            return True if answer.status_code == 201 else None

        await eventually(rated, f"{self.name} 评价")

    async def live(self, certificates: Mapping[int, str] | None = None) -> None:
        """The whole way, granted."""
        await self.submit(certificates=certificates)
        await self.receive()
        await self.accept()
        await self.examine()
        await self.decide()
        await self.hand_over()
