"""Requests that put a citizen's number where it has no place: addresses, queries, headers, names, free text, fields."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx

from demo.api import Caller, expect
from demo.hall import Hall, a_pdf
from demo.life import Life
from tests.e2e.district import found
from tests.e2e.marker import MARKER, NAME, WRONG, Recorder

INVALID = 422
_PATHS = (
    "/api/v1/applications/{n}",
    "/api/v1/applications/{n}/materials/1/file",
    "/api/v1/cases/{n}",
    "/api/v1/cases/{n}/application",
    "/api/v1/cases/{n}/examination",
    "/api/v1/cases/{n}/papers",
    "/api/v1/supervision/cases/{n}",
    "/api/v1/items/{n}",
    "/api/v1/certificates/{n}",
    "/api/v1/certificates/{n}/file",
    "/api/v1/papers/{n}/file",
    "/api/v1/applications?state={n}",
    "/api/v1/applications?channel={n}",
    "/api/v1/applications?cursor={n}",
    "/api/v1/applications?limit={n}",
    "/api/v1/applications?number={n}",
    "/api/v1/tasks?item={n}",
    "/api/v1/tasks?cursor={n}",
    "/api/v1/supervision/lights?department={n}",
    "/api/v1/supervision/statistics?from={n}",
    "/api/v1/items?q={n}",
    "/api/v1/items?department={n}",
    "/api/v1/items?cursor={n}",
    "/api/v1/certificates/verify?identifier={n}",
    "/api/v1/certificates/verify?paper={n}",
    "/api/v1/{n}",
    "/{n}",
    "/assets/{n}",
    "/login?next=/{n}",
    "/session/login?next=/{n}",
    "/session/callback?code={n}&state={n}",
    "/oauth/authorize?client_id={n}&redirect_uri={n}&response_type=code&login_hint={n}",
    "/oauth/authorize?client_id=gateway&scope={n}&response_type=code",
    "/oauth/{n}",
)


async def ask_everywhere(hall: Hall, recorder: Recorder) -> None:
    """Every way of asking wrongly, as a clerk, an officer, a supervisor and a stranger."""
    clerk = recorder.listen(await hall.person("clerk1"))
    callers = [clerk, recorder.listen(hall.public)]
    callers += [recorder.listen(await hall.person(name)) for name in ("handler.gaj", "supervisor1", "citizen1")]
    for caller in callers:
        for path in _PATHS:
            await caller.http.get(path.format(n=MARKER))
        await caller.http.get(f"/api/v1/items/{''.join(f'%{ord(c):02X}' for c in MARKER)}")
    await _headers(clerk)
    await _submissions(clerk)
    await _logins(callers[1])


async def _headers(clerk: Caller) -> None:
    for name in ("user-agent", "referer", "x-request-id", "traceparent", "tracestate", "baggage", "if-match", "cookie"):
        await clerk.http.get("/api/v1/applications", headers={name: MARKER})
    body = {"party_type": "PERSON", "number": MARKER}
    await clerk.http.post("/api/v1/applications/search", json=body, headers={"traceparent": f"00-{MARKER}-01"})
    await clerk.http.post(f"/api/v1/applications/{uuid4()}/acceptance", headers={"if-match": f'"{MARKER}"'})
    await clerk.http.request("PURGE", f"/api/v1/cases/{MARKER}", headers={"content-type": MARKER})


def _bodies() -> Iterator[Any]:
    """Applications that are wrong in one place; each place holds the number or its wrong variant."""
    person = {"party_type": "PERSON", "number": MARKER, "name": NAME}
    good: dict[str, Any] = {"item_code": "P01", "applicant": person}
    yield good | {"applicant": person | {"number": WRONG}}
    yield good | {"applicant": person | {"name": MARKER}}
    yield good | {"applicant": person | {"name": f"{NAME}{MARKER.lower()}"}}
    yield good | {"applicant": person | {"party_type": MARKER}}
    yield good | {"applicant": person | {"party_type": "ORGANISATION"}}
    yield good | {"applicant": MARKER}
    yield good | {"agent": {"name": NAME, "number": WRONG}}
    yield good | {"item_code": MARKER}
    yield good | {"item_code": "E07"}
    yield good | {"division": MARKER}
    yield good | {"reuse": MARKER}
    yield good | {MARKER: MARKER}
    yield good | {"applicant": person | {MARKER: 1}}
    yield good | {"materials": [{"material_no": MARKER, "source": MARKER}]}
    yield good | {"materials": [{"material_no": 1, "source": "CERTIFICATE", "certificate_identifier": f"1.2.{MARKER}"}]}
    yield good | {"form": MARKER}
    yield [MARKER]
    yield MARKER


async def _submissions(clerk: Caller) -> None:
    for body in _bodies():
        answer = await clerk.post("/api/v1/applications", body)
        assert answer.status_code in {404, INVALID}, answer.text
    raw = {"content-type": "application/json", "idempotency-key": str(uuid4())}
    await clerk.http.post("/api/v1/applications", content=f'{{"number": "{MARKER}"', headers=raw)
    await clerk.http.post("/api/v1/applications", content=f"number={MARKER}", headers=raw | {"content-type": MARKER})
    for number in (WRONG, f"{MARKER}0"):
        for search in ("/api/v1/applications/search", "/api/v1/certificates/search"):
            body = {"party_type": "PERSON", "number": number} | (
                {"purpose": "核对申请人身份"} if "certificates" in search else {}
            )
            assert (await clerk.post(search, body)).status_code == INVALID
    await clerk.post("/api/v1/applications/search", {"party_type": MARKER, MARKER: MARKER})
    await clerk.post("/api/v1/certificates/search", {"number": MARKER, "type_code": MARKER, MARKER: "x"})
    await clerk.http.post("/api/v1/certificates/verify", files={MARKER: (MARKER, MARKER.encode())})


async def _logins(stranger: Caller) -> None:
    for username in (MARKER, MARKER.lower(), WRONG):
        page = await stranger.http.get("/session/login", follow_redirects=True)
        form = {name: "x" for name in ("csrf", "next")} | {"username": username, "password": MARKER}
        await stranger.http.post("/login", data=form, headers={"referer": str(page.url)})
        await stranger.http.post("/oauth/token", data={"grant_type": "client_credentials"}, auth=(username, username))
        await stranger.http.post("/oauth/token", data={"grant_type": username, "code": username, "client_id": username})
        await stranger.http.post("/oauth/revoke", data={"token": username, username: username})
        await stranger.http.get("/api/v1/applications", headers={"authorization": f"Bearer {username}"})


async def write_everywhere(hall: Hall, recorder: Recorder) -> None:
    """A life in which every free text is first tried with the number in it, and refused as 422."""
    for name in ("clerk1", "handover1", "citizen1", "handler.gaj", "chief.gaj"):
        recorder.listen(await hall.person(name))
    item = next(item for item in await hall.items() if item["item_id"] == "P01")
    life = Life(hall, item, hall.citizen(1), "ONLINE")
    clerk, citizen = await hall.person("clerk1"), await hall.person("citizen1")
    note = f"联系人身份证 {MARKER}"
    await life.submit()
    await _bad_uploads(citizen, life)
    await life.receive()
    fault = {"material_no": 1, "fault": note, "remedy": note}
    refusal = {"kind": "OUT_OF_SCOPE", "reason": note, "competent_body": note}
    await _refused(clerk, f"{life.path}/supplement-notice", {"faults": [fault]}, life.application["version"])
    await _refused(clerk, f"{life.path}/refusal", refusal, life.application["version"])
    await _refused(citizen, f"{life.path}/withdrawal", {"reason": note}, life.application["version"])
    await life.accept()
    await _decide(hall, life, note)
    await _conclude(hall, life, note)


async def _bad_uploads(citizen: Caller, life: Life) -> None:
    for fields, file in (
        ({"material_no": MARKER}, (f"{MARKER}.pdf", a_pdf("x"))),
        ({"material_no": "99"}, (f"{MARKER}.pdf", a_pdf("x"))),
        ({"material_no": "1", MARKER: MARKER}, (MARKER, MARKER.encode())),
    ):
        await citizen.post(f"{life.path}/materials", fields, file=file)


async def _decide(hall: Hall, life: Life, note: str) -> None:
    handler = await hall.person("handler.gaj")
    chief = await hall.person("chief.gaj")
    path = f"/api/v1/cases/{life.case_no}"
    version = (await found(lambda: handler.get(f"{path}/examination"), "examination"))["version"]
    await _refused(handler, f"{path}/opinions", {"recommendation": "GRANT", "text": note}, version)
    await life.examine()
    version = expect(await chief.get(f"{path}/examination"), 200, "examination")["version"]
    for text in ("content", "conditions"):
        await _refused(chief, f"{path}/decision", {"outcome": "GRANTED", text: note}, version)
    good = {
        "outcome": "REFUSED",
        "facts": "未在本地居住",
        "reasons": "不符合条件",
        "legal_basis": "《居住证暂行条例》第二条",
    }
    for text in ("facts", "reasons", "legal_basis"):
        await _refused(chief, f"{path}/decision", good | {text: note}, version)
    body = good | {"remedies": {"reconsideration_body": note, "court": note}}
    await _refused(chief, f"{path}/decision", body, version)
    await life.decide()


async def _conclude(hall: Hall, life: Life, note: str) -> None:
    clerk, citizen = await hall.person("handover1"), await hall.person("citizen1")
    path = f"/api/v1/cases/{life.case_no}"
    version = expect(await clerk.get(f"{path}/application"), 200, "application")["version"]
    body = {"method": "EXPRESS", "recipient_name": "王建国", "recipient_relation": "本人", "tracking_no": "EMS1"}
    for text in ("recipient_name", "recipient_relation", "tracking_no"):
        bad = MARKER if text == "tracking_no" else note
        await _refused(clerk, f"{path}/hand-over", body | {text: bad}, version)
    await life.hand_over()
    await _refused(citizen, f"{path}/rating", {"satisfaction": "SATISFIED", "comment": note}, None)
    await life.rate("SATISFIED", "很好")
    search = {"number": MARKER, "purpose": note, "case_no": MARKER}
    clerk = await hall.person("clerk1")
    await _refused(clerk, "/api/v1/certificates/search", search, None)
    await _refused(clerk, "/api/v1/certificates/search", search | {"purpose": "核对申请人身份"}, None)


async def _refused(caller: Caller, path: str, body: Any, version: int | None) -> None:
    answer: httpx.Response = await caller.post(path, body, version=version)
    assert answer.status_code == INVALID, f"{path} {sorted(body)} took a number: {answer.status_code}"
