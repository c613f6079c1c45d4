"""Clients on a poor network: every act has one key and one body and is repeated until its outcome is known."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from demo.api import Caller
from demo.hall import TOWNSHIP_DIVISION, Hall

_PAUSE_SECONDS = 0.15
_GIVE_UP_SECONDS = 150.0


class NeverKnown(AssertionError):
    """An act whose outcome could not be learned in time: what was tried and what came back last."""


@dataclass
class Case:
    """What the clients were told about one case. Only acknowledged facts are in here."""

    number: int
    application_id: str = ""
    case_no: str = ""
    acts: dict[str, int] = field(default_factory=dict)  # act -> the version its acknowledgement showed
    repeated: int = 0


@dataclass
class History:
    """All cases the clients drove, and how often the network or a service let them down."""

    cases: list[Case] = field(default_factory=list)
    failures: dict[str, int] = field(default_factory=dict)

    def failed(self, how: str) -> None:
        self.failures[how] = self.failures.get(how, 0) + 1


@dataclass
class Clerks:
    """Everybody a case needs, logged in once."""

    hall: Hall
    history: History

    async def log_in(self, departments: Sequence[str]) -> None:
        """Before anything is killed."""
        for username in ("clerk1", "handover1", self._township_clerk()):
            await self.hall.person(username)
        await self.hall.system("township")
        for department in departments:
            for role in ("HANDLER", "CHIEF_REPRESENTATIVE"):
                await self.hall.officer(role, department)

    def _township_clerk(self) -> str:
        accounts = self.hall.accounts.items()
        wanted = ("TOWNSHIP_CLERK", TOWNSHIP_DIVISION)
        return next(name for name, one in accounts if wanted[0] in one["roles"] and one["division"] == wanted[1])

    async def drive(self, number: int, item: dict[str, Any]) -> None:
        """One case from submission to hand-over."""
        case = Case(number)
        self.history.cases.append(case)
        from_township = number % 2 == 1
        clerk = await self.hall.person(self._township_clerk() if from_township else "clerk1")
        application = await self._submit(case, item, await self.hall.system("township") if from_township else clerk)
        path = f"/api/v1/applications/{case.application_id}"
        missing = [m["material_no"] for m in application["materials"] if m["coverage"] == "MISSING"]
        handed_in = [{"material_no": one, "source": "PAPER_ORIGINAL", "copies": 1} for one in missing]
        received = await self._act(case, clerk, "receipt", path, f"{path}/receipt", {"materials": handed_in})
        case.case_no = received["case_no"]
        await self._act(case, clerk, "acceptance", path, f"{path}/acceptance", None)
        await self._decide(case, item["department_uscc"])
        await self._hand_over(case)

    async def _submit(self, case: Case, item: dict[str, Any], caller: Caller) -> dict[str, Any]:
        applicant = self.hall.citizen(case.number % 4 + 1).applicant
        body = {"item_code": item["item_code"], "applicant": applicant, "reuse": "auto"}
        answer = await self._known(case, caller, "/api/v1/applications", body, key=str(uuid4()), version=None)
        application = self._acknowledged(case, "submission", answer)
        case.application_id = application["application_id"]
        return application

    async def _decide(self, case: Case, department: str) -> None:
        path = f"/api/v1/cases/{case.case_no}"
        handler = await self.hall.officer("HANDLER", department)
        chief = await self.hall.officer("CHIEF_REPRESENTATIVE", department)
        opinion = {"recommendation": "GRANT", "text": "材料齐全，符合法定条件"}
        await self._act(case, handler, "opinion", f"{path}/examination", f"{path}/opinions", opinion)
        await self._act(case, chief, "decision", f"{path}/examination", f"{path}/decision", {"outcome": "GRANTED"})

    async def _hand_over(self, case: Case) -> None:
        path = f"/api/v1/cases/{case.case_no}"
        clerk = await self.hall.person("handover1")
        body = {"method": "ELECTRONIC", "recipient_name": "张三", "recipient_relation": "本人"}
        await self._act(case, clerk, "hand-over", f"{path}/application", f"{path}/hand-over", body)

    async def _act(self, case: Case, caller: Caller, act: str, shown_at: str, path: str, body: Any) -> dict[str, Any]:
        """Read the version, act on it. Facts travel: what is not there yet, or has moved on, is read again."""
        key = str(uuid4())
        async with asyncio.timeout(_GIVE_UP_SECONDS):
            while True:
                version = await self._version(caller, shown_at)
                answer = await self._known(case, caller, path, body, key=key, version=version)
                if answer.status_code not in {409, 412}:
                    return self._acknowledged(case, act, answer)
                await asyncio.sleep(_PAUSE_SECONDS)

    async def _version(self, caller: Caller, path: str) -> int:
        while True:
            try:
                answer = await caller.get(path)
            except httpx.TransportError as error:
                self.history.failed(type(error).__name__)
            else:
                if answer.status_code == 200:
                    return int(answer.json()["version"])
                if answer.status_code != 404:
                    self.history.failed(f"GET {answer.status_code}")
                    assert answer.status_code >= 500, f"{path}: {answer.status_code} {answer.text[:300]}"
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _known(
        self, case: Case, caller: Caller, path: str, body: Any, *, key: str, version: int | None
    ) -> httpx.Response:
        """Same key, same body, until there is an answer that tells what happened."""
        last = ""
        try:
            async with asyncio.timeout(_GIVE_UP_SECONDS):
                while True:
                    answer = await self._once(caller, path, body, key, version)
                    if isinstance(answer, httpx.Response):
                        return answer
                    last = answer
                    self.history.failed(last)
                    case.repeated += 1
                    await asyncio.sleep(_PAUSE_SECONDS)
        except TimeoutError:
            raise NeverKnown(f"case {case.number}, {path}: last {last}") from None

    async def _once(self, caller: Caller, path: str, body: Any, key: str, version: int | None) -> httpx.Response | str:
        try:
            answer = await caller.post(path, body, key=key, version=version)
        except httpx.TransportError as error:
            return type(error).__name__
        if answer.status_code >= 500:
            code = answer.json().get("code") if "json" in answer.headers.get("content-type", "") else ""
            return f"{answer.status_code} {code}"
        if answer.status_code == 409 and answer.json()["code"] == "platform.still-running":
            return "409 still running"
        return answer

    def _acknowledged(self, case: Case, act: str, answer: httpx.Response) -> dict[str, Any]:
        assert answer.status_code == 201, f"case {case.number} {act}: {answer.status_code} {answer.text[:400]}"
        shown: dict[str, Any] = answer.json()
        assert act not in case.acts
        case.acts[act] = shown["version"]
        return shown
