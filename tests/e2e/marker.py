"""A citizen's number driven through every way in: whole lives to a certificate, imports, and their faulty kin."""

import asyncio
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from demo.api import Caller, eventually, expect, log_in
from demo.hall import Applicant, Hall, a_pdf
from demo.library import ENTERPRISE_NAMES
from demo.life import Life
from deploy.local.launcher import LauncherFailed
from deploy.local.stack import Stack
from services.kernel.codes import citizen_id_check_character

PATIENCE_SECONDS = 120.0
POLICE = {"uscc": "114312020061000377", "name": "区公安分局"}


def _number(first_seventeen: str) -> str:
    return first_seventeen + citizen_id_check_character(first_seventeen)


def _ending_in_x(first_fifteen: str) -> str:
    return next(n for tail in range(100) if (n := _number(f"{first_fifteen}{tail:02}")).endswith("X"))


# Nobody alive was born then, and no demo account has these numbers.
MARKER = _ending_in_x("431202187311194")
AGENT = _number("43120218740228073")
WRONG = f"{MARKER[:-1]}7"
NAME = "牟可儿"


@dataclass
class Recorder:
    """Keeps every answer its callers get."""

    answers: list[httpx.Response] = field(default_factory=list)

    def listen(self, caller: Caller) -> Caller:
        hooks = caller.http.event_hooks
        if self._keep not in hooks["response"]:
            hooks["response"].append(self._keep)
            caller.http.event_hooks = hooks
        return caller

    async def _keep(self, answer: httpx.Response) -> None:
        await answer.aread()
        self.answers.append(answer)


class Way(Life):
    """A life whose application comes in by any channel, with a file named after the number."""

    async def _submitter(self) -> Caller:
        if self.way_in == "PROVINCIAL":
            return await self.hall.system("provincial")
        return await super()._submitter()

    async def lead(self) -> None:
        await self.submit()
        caller, number = await self._submitter(), self.application["materials"][0]["material_no"]
        for name in (f"{MARKER}.pdf", f"身份证{MARKER.lower()}.pdf"):
            fields = {"material_no": str(number)}
            answer = await caller.post(f"{self.path}/materials", fields, file=(name, a_pdf(f"ID {MARKER}")))
            self.application = expect(answer, 201, "upload")
        await self.receive()
        await self.accept()
        await self.examine()
        await self.decide()
        await self.hand_over()


async def live_everywhere(hall: Hall, recorder: Recorder) -> list[Way]:
    """Counter, township, province, as an agent, and online by one who logged in with his own number."""
    items = {item["item_id"]: item for item in await hall.items()}
    own = hall.accounts["citizen2"]
    hall.callers["citizen2"] = await log_in(hall.gateway, own["citizen_id"], own["password"])
    person = {"party_type": "PERSON", "number": MARKER, "name": NAME}
    lower = person | {"number": f" {MARKER.lower()} "}
    enterprise = hall.enterprise(1, ENTERPRISE_NAMES).applicant
    lives = [
        Way(hall, items["P01"], Applicant("", person), "COUNTER"),
        Way(hall, items["P13"], Applicant("", lower), "TOWNSHIP"),
        Way(hall, items["P16"], Applicant("", person), "PROVINCIAL"),
        Way(hall, items["E11"], Applicant("", enterprise, {"name": NAME, "number": AGENT}), "COUNTER"),
        Way(hall, items["P15"], hall.citizen(2), "ONLINE"),
    ]
    for name in ("clerk1", "handover1", "township.431202101"):
        recorder.listen(await hall.person(name))
    for name in ("township", "provincial"):
        recorder.listen(await hall.system(name))
    await asyncio.gather(*(life.lead() for life in lives))
    await asyncio.gather(*(_read(life, recorder) for life in lives))
    return lives


async def _read(life: Way, recorder: Recorder) -> None:
    """Once the files are made: papers, certificate and its file, search by number."""
    clerk = recorder.listen(await life.hall.person("clerk1"))
    path = f"/api/v1/cases/{life.case_no}"

    async def made() -> dict[str, Any] | None:
        shown: dict[str, Any] = expect(await clerk.get(f"{path}/papers"), 200, "papers")
        every = [*shown["papers"], *shown["certificates"]]
        ready = len(shown["papers"]) >= 4 and all(one["file"]["state"] == "READY" for one in every)
        return shown if ready and shown["certificates"] else None

    shown = await eventually(made, f"{life.name} {life.way_in}: papers", PATIENCE_SECONDS)
    identifier = shown["certificates"][0]["identifier"]
    for address in (path, f"{path}/application"):
        assert (await clerk.get(address)).status_code == 200
    # The case has ended, or is about to: then the window's registration counts, which names no files.
    file = await clerk.get(f"/api/v1/certificates/{identifier}/file", purpose="核对申请人身份")
    assert file.status_code in {200, 403}
    pdf = (await clerk.get(f"/api/v1/papers/{shown['papers'][0]['paper_id']}/file")).content
    number = life.who.applicant["number"]
    verify = "/api/v1/certificates/verify"
    assert (await life.hall.public.post(verify, {}, file=(f"{MARKER}.pdf", pdf))).status_code == 200
    wanted = {"number": number, "purpose": "核对申请人身份"}
    expect(await clerk.post("/api/v1/certificates/search", wanted), 200, "search")
    wanted = {"party_type": life.who.applicant["party_type"], "number": number}
    expect(await clerk.post("/api/v1/applications/search", wanted), 200, "search")


def import_everywhere(stack: Stack, folder: Path) -> str:
    """Existing certificates of the number; then a faulty file. Answers what the failing command said."""
    holder = {"party_type": "PERSON", "number": MARKER, "name": NAME}
    card: dict[str, Any] = {"type_code": "114312020061000377001", "certificate_number": MARKER, "holder": holder}
    card |= {"issuer": POLICE, "issued_on": "2016-05-20", "valid_from": "2016-05-20", "valid_until": None, "extend": {}}
    faulty = [
        card | {"holder": holder | {"number": WRONG}},
        card | {"holder": holder | {"name": f"{NAME}{MARKER}"}},
        card | {"extend": {MARKER: MARKER}},
        card | {MARKER: MARKER},
        card | {"issued_on": MARKER},
    ]
    good, bad = folder / "cards.ndjson", folder / "faulty.ndjson"
    good.write_text(json.dumps(card, ensure_ascii=False) + "\n", "utf-8")
    bad.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in faulty) + f'{{"{MARKER}', "utf-8")
    stack.run("certificate", "import", str(good))
    try:
        stack.run("certificate", "import", str(bad))
    except LauncherFailed as failed:
        return str(failed)
    raise AssertionError("a faulty file was taken")
