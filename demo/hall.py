"""The service hall of the demonstration: everybody logged in, the catalogue at hand, papers to hand in."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from demo.api import Caller, StepFailed, connect_system, expect, log_in

TOWNSHIP_DIVISION = "431202101000"


@dataclass(frozen=True)
class Applicant:
    """Who applies: a person, or an enterprise whose agent handles it."""

    username: str
    applicant: dict[str, str]
    agent: dict[str, str] | None = None

    @property
    def is_person(self) -> bool:
        return self.agent is None


@dataclass
class Hall:
    """Logged-in callers by user name or client id."""

    gateway: str
    accounts: dict[str, dict[str, Any]]
    clients: dict[str, dict[str, Any]]
    patient: bool = False
    callers: dict[str, Caller] = field(default_factory=dict)
    public: Caller = field(init=False)
    _locks: dict[str, asyncio.Lock] = field(default_factory=dict)

    @classmethod
    def of(cls, gateway: str, accounts_file: dict[str, Any], *, patient: bool = False) -> "Hall":
        return cls(
            gateway,
            {entry["username"]: entry for entry in accounts_file["accounts"]},
            {entry["client_id"]: entry for entry in accounts_file["clients"]},
            patient,
        )

    def __post_init__(self) -> None:
        self.public = Caller(self.gateway, patient=self.patient)

    async def person(self, username: str) -> Caller:
        async with self._locks.setdefault(username, asyncio.Lock()):
            if username not in self.callers:
                password = self.accounts[username]["password"]
                self.callers[username] = await log_in(self.gateway, username, password, patient=self.patient)
        return self.callers[username]

    async def system(self, client_id: str) -> Caller:
        if client_id not in self.callers:
            secret = self.clients[client_id]["client_secret"]
            self.callers[client_id] = await connect_system(self.gateway, client_id, secret, patient=self.patient)
        return self.callers[client_id]

    async def officer(self, role: str, uscc: str) -> Caller:
        """The department's handler or chief representative."""
        for username, entry in self.accounts.items():
            if role in entry["roles"] and entry["organisation"] == uscc:
                return await self.person(username)
        raise StepFailed(f"没有 {uscc} 的 {role} 账户")

    def citizen(self, number: int) -> Applicant:
        entry = self.accounts[f"citizen{number}"]
        party = {"party_type": "PERSON", "number": entry["citizen_id"], "name": entry["name"]}
        return Applicant(entry["username"], party)

    def enterprise(self, number: int, names: dict[str, str]) -> Applicant:
        entry = self.accounts[f"agent{number}"]
        uscc = entry["acts_for"][0]
        party = {"party_type": "ORGANISATION", "number": uscc, "name": names[uscc]}
        return Applicant(entry["username"], party, {"name": entry["name"], "number": entry["citizen_id"]})

    async def items(self) -> list[dict[str, Any]]:
        """Every service item of the catalogue, with its guide."""
        lines: list[dict[str, Any]] = []
        cursor = ""
        while True:
            query = {"limit": "200"} | ({"cursor": cursor} if cursor else {})
            page = expect(await self.public.get("/api/v1/items", **query), 200, "事项目录")
            lines += page["items"]
            cursor = page["next"]
            if not cursor:
                break
        answers = await asyncio.gather(*(self.public.get(f"/api/v1/items/{line['item_code']}") for line in lines))
        return [expect(answer, 200, "办事指南") for answer in answers]

    async def close(self) -> None:
        await asyncio.gather(*(caller.close() for caller in (*self.callers.values(), self.public)))


def a_pdf(text: str) -> bytes:
    """A small, well-formed PDF: what an applicant would scan and upload."""
    body = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode("ascii", "replace")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(body), body),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, offsets = bytearray(b"%PDF-1.7\n"), []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)
