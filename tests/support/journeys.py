"""What every journey needs of the town: its clock, its officers, and what the public API shows of a case."""

import asyncio
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from demo.api import Caller, eventually, expect
from demo.hall import Applicant, Hall
from demo.library import ENTERPRISE_NAMES
from demo.life import Life
from deploy.local import travel
from deploy.local.stack import Stack
from deploy.local.travel import SHANGHAI
from tests.support.day_walk import next_open

PATIENCE_SECONDS = 200.0  # files are made by processes of low priority: beside other tests they wait


@dataclass
class Town:
    """The running stack under the test clock, everybody logged in when first needed, items by short id."""

    stack: Stack
    hall: Hall
    items: dict[str, dict[str, Any]]

    def now(self) -> datetime:
        """The time of all processes (Asia/Shanghai)."""
        return travel.now(self.stack.folder)

    def today(self) -> date:
        return self.now().date()

    def to(self, day: date, at: time = time(10)) -> datetime:
        """Move everybody on to a moment; nothing happens when it has passed on that day already."""
        left = datetime.combine(day, at, SHANGHAI) - self.now()
        return self.stack.travel(max(left, timedelta()))

    def office_opens(self) -> date:
        """Move on to an hour of a working day; the day."""
        day = next_open(self.today() + timedelta(days=self.now().hour >= 17))
        self.to(day)
        return day

    def life(self, item_id: str, who: Applicant | None = None, way_in: str = "COUNTER") -> Life:
        """A case that has not begun; of the restaurant enterprise unless said otherwise."""
        return Life(self.hall, self.items[item_id], who or self.enterprise(), way_in)

    def enterprise(self, number: int = 1) -> Applicant:
        return self.hall.enterprise(number, ENTERPRISE_NAMES)

    async def officer(self, role: str, item_id: str) -> Caller:
        return await self.hall.officer(role, self.items[item_id]["department_uscc"])

    async def clocks(self, case_no: str, *wanted: str) -> dict[str, dict[str, Any]]:
        """The clocks of a case by name, when those named have started; later ones of the same name win."""
        supervisor = await self.hall.person("supervisor1")

        async def started() -> dict[str, dict[str, Any]] | None:
            answer = await supervisor.get(f"/api/v1/cases/{case_no}/clocks")
            seen = {one["clock"]: one for one in answer.json()["items"]} if answer.status_code == 200 else {}
            return seen if all(name in seen and seen[name]["started_on"] for name in wanted) else None

        return await eventually(started, f"clocks {wanted} of {case_no}", PATIENCE_SECONDS)

    async def clock_until(self, case_no: str, name: str, **values: Any) -> dict[str, Any]:
        """One clock, as soon as it shows these values (`due` compares its day); its last look when it never does."""
        last: dict[str, Any] = {}

        async def shows() -> dict[str, Any] | None:
            last.update((await self.clocks(case_no)).get(name) or {})
            seen = last | {"due": (last.get("due") or {}).get("on")}
            return last if all(str(seen.get(key)) == str(value) for key, value in values.items()) else None

        try:
            return await eventually(shows, f"{name} of {case_no}: {values}", PATIENCE_SECONDS / 2)
        except Exception as failed:
            raise AssertionError(f"{name} should show {values}, shows {last}") from failed

    async def watched(self, case_no: str, *events: str, lights: tuple[str, ...] = ()) -> dict[str, Any]:
        """What supervision shows, as soon as its timeline has these events and these lamps are lit."""
        supervisor = await self.hall.person("supervisor1")

        async def seen() -> dict[str, Any] | None:
            answer = await supervisor.get(f"/api/v1/supervision/cases/{case_no}")
            shown = answer.json() if answer.status_code == 200 else {"timeline": [], "lights": []}
            told = {entry["event"] for entry in shown["timeline"]}
            lit = {light["level"] for light in shown["lights"]}
            return shown if told >= set(events) and lit >= set(lights) else None

        return await eventually(seen, f"supervision of {case_no}: {events} {lights}", PATIENCE_SECONDS)

    async def papers(self, case_no: str, *kinds: str, certificates: int = 0) -> dict[str, Any]:
        """Papers and certificates of a case, as soon as these kinds are there; their files may still be on the way."""
        supervisor = await self.hall.person("supervisor1")

        async def there() -> dict[str, Any] | None:
            answer = await supervisor.get(f"/api/v1/cases/{case_no}/papers")
            shown = answer.json() if answer.status_code == 200 else {"papers": [], "certificates": []}
            enough = {paper["kind"] for paper in shown["papers"]} >= set(kinds)
            return shown if enough and len(shown["certificates"]) >= certificates else None

        return await eventually(there, f"papers of {case_no}: {kinds}", PATIENCE_SECONDS)

    async def opened(self, case_no: str, caller: Caller) -> dict[str, Any]:
        """The case as approval shows it: opened by an event, so it may take a moment to be there."""

        async def opened() -> dict[str, Any] | None:
            answer = await caller.get(f"/api/v1/cases/{case_no}/examination")
            return answer.json() if answer.status_code == 200 else None

        return await eventually(opened, f"case {case_no} opened", PATIENCE_SECONDS)

    async def act(self, caller: Caller, case_no: str, act: str, body: Any, status: int = 201) -> Any:
        """An act on an opened case with the version just read; its answer, which must have this status."""
        case = await self.opened(case_no, caller)
        answer = await caller.post(f"/api/v1/cases/{case_no}/{act}", body, version=case["version"])
        return expect(answer, status, f"{act} of {case_no}")

    async def breathe(self) -> None:
        """Let the timers of all services look at the new time once."""
        await asyncio.sleep(1.2)

    async def inspectors(self, item_id: str) -> list[dict[str, str]]:
        """The handler, who will write the record, and a colleague."""
        me = (await (await self.officer("HANDLER", item_id)).get("/session")).json()
        return [
            {"account_id": me["subject"], "name": me["name"], "officer_no": "18120001"},
            {"account_id": "inspector-2", "name": "覃同行", "officer_no": "18120002"},
        ]

    async def refused(self, caller: Caller, case_no: str, act: str, body: Any) -> tuple[int, str]:
        """Status and code of an act on an opened case that must not succeed."""
        case = expect(await caller.get(f"/api/v1/cases/{case_no}/examination"), 200, f"{act}: read")
        answer = await caller.post(f"/api/v1/cases/{case_no}/{act}", body, version=case["version"])
        return answer.status_code, str(answer.json().get("code", ""))

    async def refused_blind(self, caller: Caller, reader: Caller, case_no: str, act: str, body: Any) -> tuple[int, str]:
        """As `refused`, by somebody who may not read the case: `reader` tells the version."""
        version = (await self.opened(case_no, reader))["version"]
        answer = await caller.post(f"/api/v1/cases/{case_no}/{act}", body, version=version)
        return answer.status_code, str(answer.json().get("code", ""))

    async def known_to_intake(self, case_no: str, **values: Any) -> dict[str, Any]:
        """The application of a case, as soon as it shows these values."""
        clerk = await self.hall.person("clerk1")

        async def shows() -> dict[str, Any] | None:
            answer = await clerk.get(f"/api/v1/cases/{case_no}/application")
            seen = answer.json() if answer.status_code == 200 else {}
            return seen if seen and all(seen[key] == value for key, value in values.items()) else None

        return await eventually(shows, f"application of {case_no}: {values}", PATIENCE_SECONDS)


def lamps(watched: dict[str, Any]) -> dict[str, str]:
    """Level -> the instant it was crossed."""
    return {light["level"]: light["crossed_at"] for light in watched["lights"]}
