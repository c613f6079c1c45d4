"""What the load clients are told: addresses, credentials of people who have really logged in, items and applicants."""

import asyncio
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from demo.api import Caller
from demo.hall import Hall
from demo.scenes import applicant_for

SPREAD = 12  # items the load is spread over: a day's case numbers of one item are given one after another


@dataclass(frozen=True)
class Work:
    """One kind of application, ready to send: its body, and who handles and decides it."""

    body: dict[str, Any]
    recipient: str
    handler: str
    chief: str


@dataclass(frozen=True)
class Plan:
    """Headers by caller name, and the work to repeat."""

    gateway: str
    headers: dict[str, dict[str, str]]
    works: list[Work]

    def write(self, path: Path) -> None:
        path.touch(0o600)
        path.write_text(json.dumps(asdict(self), ensure_ascii=False), "utf-8")

    @classmethod
    def read(cls, path: Path) -> Self:
        content = json.loads(path.read_text("utf-8"))
        return cls(content["gateway"], content["headers"], [Work(**work) for work in content["works"]])


async def make(gateway: str, accounts: dict[str, Any]) -> Plan:
    """Log everybody in through the login page, and the township centre with its client credentials."""
    hall = Hall.of(gateway, accounts)
    try:
        items = [item for item in await hall.items() if _repeatable(item)][:SPREAD]
        works = [_work(hall, item, number) for number, item in enumerate(items)]
        people = {"clerk1", "handover1", *(work.handler for work in works), *(work.chief for work in works)}
        await asyncio.gather(*(hall.person(name) for name in people))
        headers = {name: _headers(await hall.person(name)) for name in people}
        headers["township"] = {"Authorization": (await hall.system("township")).http.headers["authorization"]}
        return Plan(gateway, headers, works)
    finally:
        await hall.close()


def _repeatable(item: dict[str, Any]) -> bool:
    """Nobody has to come, and one person may apply again: a renewal has its window, once in a certificate's life."""
    return not item["must_appear"] and "延续" not in item["name"]


def _headers(caller: Caller) -> dict[str, str]:
    cookies = "; ".join(f"{name}={value}" for name, value in caller.http.cookies.items())
    return {"Cookie": cookies, "X-CSRF": "1", "Origin": caller.http.headers["origin"]}


def _work(hall: Hall, item: dict[str, Any], number: int) -> Work:
    who = applicant_for(hall, item, number)
    body: dict[str, Any] = {"item_code": item["item_code"], "applicant": who.applicant, "reuse": "auto"}
    if who.agent is not None:
        body["agent"] = who.agent
    department = item["department_uscc"]
    return Work(
        body,
        (who.agent or who.applicant)["name"],
        _officer(hall, "HANDLER", department),
        _officer(hall, "CHIEF_REPRESENTATIVE", department),
    )


def _officer(hall: Hall, role: str, department: str) -> str:
    return next(
        name for name, entry in hall.accounts.items() if role in entry["roles"] and entry["organisation"] == department
    )
