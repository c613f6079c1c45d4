"""Calls of the procedural acts with everything an ordinary one needs; a test names only what matters to it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx

from contracts.events.common import LevelRef, LimitStart, LimitUnit, LimitValue, OrganisationRef
from contracts.events.intake import ApplicationAccepted
from services.chassis import clock
from services.kernel.time_limit import CHINA
from services.kernel.workdays import official_calendar
from tests.support import tokens
from tests.support.approval import DISTRICT, Approval, an_item

FIRE = {"uscc": "11431202006100088U", "name": "区消防救援大队", "division": DISTRICT}
TOWNSHIP, TOWNSHIP_USCC = "431202101000", "11431202006100256H"
TWENTY = LimitValue(value=20, unit=LimitUnit.WORKDAY, start=LimitStart.ACCEPTED, basis="行政许可法第四十二条")
LEVELS = (LevelRef(no=1, at="乡镇（街道）", does="受理、初审", limit=20), LevelRef(no=2, at="区", does="决定"))
PAUSE = {"kind": "专家评审", "expected_workdays": 10, "notice": "组织专家评审，需要十个工作日"}
EXTENSION = {"days": 10, "reason": "需要补充核实"}
OPINION = {"recommendation": "GRANT", "text": "材料齐全"}


@dataclass
class Desk:
    """Acts on one case, each with the version the last answer showed."""

    approval: Approval
    accepted: ApplicationAccepted
    version: int = 1

    @classmethod
    async def open(cls, approval: Approval, **changes: Any) -> "Desk":
        values = {"item": an_item(legal_limit=TWENTY)} | changes
        return cls(approval, await approval.open(**values))

    @classmethod
    async def reviewed(cls, approval: Approval, **changes: Any) -> "Desk":
        desk = await cls.open(approval, **changes)
        await desk.done("opinions", approval.handler, **OPINION)
        return desk

    async def act(self, act: str, who: dict[str, str], **body: Any) -> httpx.Response:
        path = f"cases/{self.accepted.case_no}/{act}"
        answer = await self.approval.post(path, who, body, seen=self.version)
        if answer.status_code == 201:
            self.version = answer.json()["version"]
        return answer

    async def done(self, act: str, who: dict[str, str], **body: Any) -> dict[str, Any]:
        answer = await self.act(act, who, **body)
        assert answer.status_code == 201, answer.text
        shown: dict[str, Any] = answer.json()
        return shown

    async def refused(self, act: str, who: dict[str, str], **body: Any) -> tuple[int, str]:
        answer = await self.act(act, who, **body)
        return answer.status_code, answer.json().get("code", "")

    async def shown(self, who: dict[str, str] | None = None) -> dict[str, Any]:
        path = f"cases/{self.accepted.case_no}/examination"
        answer = await self.approval.get(path, who or self.approval.handler)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def events(self) -> list[str]:
        return [subject for _, subject in await self.approval.events_of(self.accepted.application_id)]

    async def told(self, subject: str) -> dict[str, Any]:
        rows = await self.approval.rows(
            "SELECT convert_from(payload, 'UTF8')::jsonb FROM outbox WHERE aggregate_id = :id AND subject = :subject",
            id=self.accepted.application_id,
            subject=subject,
        )
        event: dict[str, Any] = rows[-1][0]
        return event


def inspectors(*names: str) -> list[dict[str, str]]:
    return [{"account_id": tokens.account(name), "name": name, "officer_no": f"湘N{name}"} for name in names]


def workday_ahead(days: int, hour: int = 9) -> str:
    on = official_calendar().earliest_workday(clock.today(), days)
    return datetime(on.year, on.month, on.day, hour, tzinfo=CHINA).isoformat()


def days_ago(days: int) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


def day(text: str) -> date:
    return date.fromisoformat(text)


def a_township(approval: Approval) -> dict[str, str]:
    return approval.caller("village", "HANDLER", org=TOWNSHIP_USCC, division=TOWNSHIP)


def fire_officer(approval: Approval) -> dict[str, str]:
    return approval.caller("fireman", "HANDLER", org=FIRE["uscc"])


def two_levels(**changes: Any) -> Any:
    department = OrganisationRef(uscc="11431202006100029C", name="区市场监督管理局", division=DISTRICT)
    return an_item(department=department, legal_limit=TWENTY, levels=LEVELS, **changes)
