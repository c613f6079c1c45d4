"""A small district for the tests of access: everybody logged in for real, the cases of the table made and led on."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from demo.api import Caller, eventually, expect
from demo.hall import Hall, a_pdf
from demo.library import ENTERPRISE_NAMES
from deploy.local.stack import Stack
from services.identity.keys import Keyring, folder_of
from tests.e2e.access_table import CALLERS, CASES, GRANTED, NEXT_DIVISION, UNKNOWN, Prepared, bundle_of

PATIENCE_SECONDS = 120.0
_SYSTEMS = ("provincial", "mobile", "township", "bank")
# What a bundle is asked for beside the applicant; the sign of the restaurant is chosen, its size brings the fire check.
_BUNDLE_FORMS: dict[str, dict[str, Any]] = {"K01": {"form": {"area_m2": 350}, "members": ["E07"]}, "K03": {}}
_BUNDLE_MEMBERS = {"K01": "E02", "K03": "P02"}


@dataclass
class Made:
    """What a prepared case is called in addresses; `version` is the application's, `case_version` approval's."""

    prepared: Prepared
    applicant: dict[str, str]
    application_id: str = ""
    case_no: str = ""
    version: int = 0
    case_version: int = 0
    material_no: int = 0
    number: int = 1  # of a party or a consultation, of which the case has none
    order_no: str = "JC209800000001"  # of a supervision order that there is not
    paper_id: str = ""
    identifier: str = ""
    copy_id: str = "00000000-0000-7000-8000-000000000000"  # of a certificate that has no copy
    decision_id: str = "00000000-0000-7000-8000-000000000000"  # of a certificate, about which nothing was proposed
    bundle_no: str = ""
    bundle_version: int = 0
    recall_id: str = "00000000-0000-7000-8000-000000000000"  # nothing was taken away
    authorisation_id: str = "00000000-0000-7000-8000-000000000000"  # nobody was authorised
    withheld_id: str = "00000000-0000-7000-8000-000000000000"  # every certificate was issued
    caller: str = "client:bank"
    year: int = 2190  # of a calendar that cannot be loaded yet

    @property
    def item_code(self) -> str:
        return self.prepared.item_id

    @property
    def bundle_id(self) -> str:
        return bundle_of(self.prepared.name)

    @property
    def member_id(self) -> str:
        """A member of the bundle."""
        return _BUNDLE_MEMBERS[bundle_of(self.prepared.name)]

    @property
    def bundle(self) -> dict[str, Any]:
        """What is asked for as a bundle."""
        bundle_id = bundle_of(self.prepared.name)
        return {"bundle_id": bundle_id, "applicant": self.applicant} | _BUNDLE_FORMS[bundle_id]


@dataclass
class District:
    """Callers by the names of the table, and the cases."""

    hall: Hall
    callers: dict[str, Caller] = field(default_factory=dict)
    cases: dict[str, Made] = field(default_factory=dict)

    async def unchanged(self) -> bool:
        """Whether every case still has the versions it was left with."""
        supervisor = self.callers["supervisor1"]

        async def same(case: Made) -> bool:
            seen = await supervisor.get(f"/api/v1/applications/{case.application_id}")
            examined = await supervisor.get(f"/api/v1/cases/{case.case_no}/examination")
            bundle = await supervisor.get(f"/api/v1/bundle-applications/{case.bundle_no}")
            answers = {"application": seen, "examination": examined, "bundle": bundle}
            found = [expect(answer, 200, what)["version"] for what, answer in answers.items()]
            return found == [case.version, case.case_version, case.bundle_version]

        return all(await asyncio.gather(*(same(case) for case in self.cases.values())))

    async def close(self) -> None:
        own = [caller for caller in self.callers.values() if caller not in self.hall.callers.values()]
        await asyncio.gather(*(caller.close() for caller in own), self.hall.close())


async def prepare(district: District, stack: Stack) -> None:
    """Log everybody in and bring every case as far as the chief's desk."""
    await _log_in(district, stack)
    items = {item["item_id"]: item for item in await district.hall.items()}
    made = await asyncio.gather(*(_lead(district, case, items[case.item_id]) for case in (*CASES, GRANTED)))
    district.cases = {one.prepared.name: one for one in made}


async def _log_in(district: District, stack: Stack) -> None:
    hall = district.hall
    handlers = {case.handler for case in CASES} | {case.received_by for case in CASES} | {"chief.gaj"}
    people = {name for name in CALLERS if not name.startswith("next.") and name not in _SYSTEMS} | handlers
    people -= set(_SYSTEMS)
    names = sorted(people)
    district.callers = dict(zip(names, await asyncio.gather(*(hall.person(name) for name in names)), strict=True))
    district.callers |= {name: await hall.system(name) for name in _SYSTEMS}
    keys = Keyring(folder_of(stack.folder.keys))
    for name, (role, _, _) in CALLERS.items():
        if name.startswith("next."):
            district.callers[name] = _bearer(stack, keys, role, NEXT_DIVISION, 600)
    district.callers["nobody"] = Caller(stack.gateway_url)
    district.callers["expired"] = _bearer(stack, keys, "COUNTER_CLERK", "431202000000", -60)
    assert set(district.callers) >= {*CALLERS, *UNKNOWN}


def _bearer(stack: Stack, keys: Keyring, role: str, division: str, seconds: int) -> Caller:
    """A caller with a token that identity's own key has signed."""
    now = int(time.time())
    claims = {
        "iss": stack.gateway_url,
        "sub": str(uuid4()),
        "client_id": "gateway",
        "aud": "yichuang",
        "iat": now + min(0, 2 * seconds),
        "exp": now + seconds,
        "jti": str(uuid4()),
        "roles": [role],
        "name": "邻区工作人员",
        "org": "",
        "org_name": "",
        "division": division,
        "channel": "COUNTER",
        "subject_key": "",
        "acts_for": [],
    }
    return Caller(stack.gateway_url, {"Authorization": f"Bearer {keys.sign(claims, typ='at+jwt')}"})


async def _lead(district: District, prepared: Prepared, item: dict[str, Any]) -> Made:
    made = Made(prepared, _applicant(district.hall, prepared.applicant))
    filer, clerk = district.callers[prepared.filed_by], district.callers[prepared.received_by]
    body: dict[str, Any] = {"item_code": item["item_code"], "applicant": made.applicant}
    if prepared.applicant.startswith("agent"):
        agent = district.hall.accounts[prepared.applicant]
        body["agent"] = {"name": agent["name"], "number": agent["citizen_id"]}
    seen = expect(await filer.post("/api/v1/applications", body), 201, f"{prepared.name}: submit")
    made.application_id = seen["application_id"]
    path = f"/api/v1/applications/{made.application_id}"
    for material in seen["materials"]:
        if material["coverage"] == "MISSING":
            number = made.material_no = material["material_no"]
            file = (f"material-{number}.pdf", a_pdf(f"{prepared.name} {number}"))
            answer = await filer.post(f"{path}/materials", {"material_no": str(number)}, file=file)
            seen = expect(answer, 201, f"{prepared.name}: material {number}")
    seen = expect(await clerk.post(f"{path}/receipt", {}, version=seen["version"]), 201, f"{prepared.name}: receipt")
    seen = expect(await clerk.post(f"{path}/acceptance", version=seen["version"]), 201, f"{prepared.name}: accept")
    made.case_no, made.version = seen["case_no"], seen["version"]
    asked = made.bundle | ({"agent": body["agent"]} if "agent" in body else {})
    bundle = await filer.post("/api/v1/bundle-applications", asked)
    shown = expect(bundle, 201, f"{prepared.name}: bundle")
    made.bundle_no, made.bundle_version = shown["bundle_no"], shown["version"]
    await _decide(district, made)
    return made


async def _decide(district: District, made: Made) -> None:
    """The handler's opinion; the granted case goes on to its certificate. Every service has heard of the case then."""
    handler = district.callers[made.prepared.handler]
    path = f"/api/v1/cases/{made.case_no}"
    case = await found(lambda: handler.get(f"{path}/examination"), "examination")
    opinion = {"recommendation": "GRANT", "text": "材料齐全"}
    case = expect(await handler.post(f"{path}/opinions", opinion, version=case["version"]), 201, "opinion")
    if made.prepared is GRANTED:
        chief = district.callers["chief.gaj"]
        case = expect(
            await chief.post(f"{path}/decision", {"outcome": "GRANTED"}, version=case["version"]), 201, "decision"
        )
    made.case_version = case["version"]
    await _settle(district, made)


async def _settle(district: District, made: Made) -> None:
    supervisor = district.callers["supervisor1"]
    path = f"/api/v1/cases/{made.case_no}"

    async def papers() -> dict[str, Any] | None:
        answer = await supervisor.get(f"{path}/papers")
        shown = answer.json() if answer.status_code == 200 else {"papers": [], "certificates": []}
        ready = [paper for paper in shown["papers"] if paper["file"]["state"] == "READY"]
        certified = [c for c in shown["certificates"] if c["file"]["state"] == "READY"]
        return shown if ready and (certified or made.prepared is not GRANTED) else None

    async def heard() -> bool | None:
        answer = await supervisor.get(f"/api/v1/supervision/cases/{made.case_no}")
        return True if answer.status_code == 200 and answer.json()["accepted_at"] else None

    shown = await eventually(papers, f"{made.prepared.name}: papers", PATIENCE_SECONDS)
    await eventually(heard, f"{made.prepared.name}: supervision", PATIENCE_SECONDS)
    made.paper_id = next(paper["paper_id"] for paper in shown["papers"] if paper["file"]["state"] == "READY")
    if shown["certificates"]:
        made.identifier = shown["certificates"][0]["identifier"]
        made.version = await _decided_version(district, made)


async def _decided_version(district: District, made: Made) -> int:
    """Intake's version once it has heard of decision and certificate and nothing more is to come."""

    async def known() -> int | None:
        seen = (await district.callers["clerk1"].get(f"/api/v1/applications/{made.application_id}")).json()
        return int(seen["version"]) if seen["decided_at"] else None

    return await eventually(known, f"{made.prepared.name}: decided", PATIENCE_SECONDS)


async def found(look: Callable[[], Awaitable[Any]], step: str) -> Any:
    """The JSON of the first answer that is 200."""

    async def once() -> Any | None:
        answer = await look()
        return answer.json() if answer.status_code == 200 else None

    return await eventually(once, step, PATIENCE_SECONDS)


def _applicant(hall: Hall, who: str) -> dict[str, str]:
    number = int(who[-1])
    chosen = hall.citizen(number) if who.startswith("citizen") else hall.enterprise(number, ENTERPRISE_NAMES)
    return chosen.applicant
