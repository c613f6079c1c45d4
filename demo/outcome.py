"""What came of a case: read back through the public API, files fetched and written beside the report."""

from pathlib import Path
from typing import Any

from demo.api import Caller, eventually, expect
from demo.life import Life

_ID_TYPES = {"PERSON": "111", "ORGANISATION": "001"}
_FILE_SECONDS = 600.0


async def read_back(life: Life, folder: Path) -> dict[str, Any]:
    """The report's entry of one case; waits until its files are sealed."""
    owner = await life.hall.person(life.who.username)
    supervisor = await life.hall.person("supervisor1")
    application = expect(await owner.get(f"/api/v1/cases/{life.case_no}/application"), 200, f"{life.name} 查询申请")
    watched = expect(await supervisor.get(f"/api/v1/supervision/cases/{life.case_no}"), 200, f"{life.name} 监督")
    papers = await _sealed_papers(owner, life)
    clocks = expect(await owner.get(f"/api/v1/cases/{life.case_no}/clocks"), 200, f"{life.name} 时限")
    certificate = papers["certificates"][0] if papers["certificates"] else None
    return {
        "case_no": life.case_no,
        "item_code": life.item["item_code"],
        "item_id": life.item["item_id"],
        "item_name": life.item["name"],
        "way_in": life.way_in,
        "submitted_at": application["submitted_at"],
        "received_at": application["received_at"],
        "accepted_at": application["accepted_at"],
        "decided_at": application["decided_at"],
        "concluded_at": application["concluded_at"],
        "outcome": application["outcome"],
        "legal_due_on": application["legal_due"]["on"],
        "promised_due_on": application["promised_due"]["on"],
        "legal_due_provisional": application["legal_due"]["provisional"],
        "promised_due_provisional": application["promised_due"]["provisional"],
        "lights": [{"level": light["level"], "at": light["crossed_at"]} for light in watched["lights"]],
        "clocks": [clock_entry(one) for one in clocks["items"]],
        "certificate": await _certificate(owner, life, certificate, folder) if certificate else None,
        "papers": [await _paper(owner, paper, life, folder) for paper in papers["papers"]],
        "timeline": [
            {"at": entry["at"], "event": entry["event"], "actor_role": entry["actor_role"]}
            for entry in watched["timeline"]
        ],
    }


def clock_entry(one: dict[str, Any]) -> dict[str, Any]:
    """With `why` as the sentences a paper would print; null while the clock has not started: `rule` says what comes."""
    kept = ("clock", "label", "article", "about", "state", "started_on", "due", "met_at", "rule", "rule_en")
    why = one["why"]
    return {name: one[name] for name in kept} | {"why": {"zh": why["zh"], "en": why["en"]} if why else None}


async def _sealed_papers(owner: Caller, life: Life) -> dict[str, Any]:
    async def sealed() -> dict[str, Any] | None:
        answer = expect(await owner.get(f"/api/v1/cases/{life.case_no}/papers"), 200, f"{life.name} 文书")
        everything = [*answer["papers"], *answer["certificates"]]
        if everything and all(one["file"]["state"] == "READY" for one in everything) and _complete(answer, life):
            return dict(answer)
        return None

    return await eventually(sealed, f"{life.name} 文书和证照盖章", _FILE_SECONDS)


def _complete(answer: dict[str, Any], life: Life) -> bool:
    """Each act of this case has left its paper."""
    wanted = {"RECEIPT"}
    if life.application.get("accepted_at"):
        wanted.add("ACCEPTANCE_NOTICE")
    if life.application.get("concluded_at"):
        wanted.add("PROOF_OF_SERVICE")
    return wanted <= {paper["kind"] for paper in answer["papers"]}


async def download(owner: Caller, url: str, target: Path, step: str) -> None:
    """A file of the platform, written beside the report. Raises StepFailed."""
    answer = await owner.get(url)
    if answer.status_code != 200:
        expect(answer, 200, step)
    target.write_bytes(answer.content)


async def _paper(owner: Caller, paper: dict[str, Any], life: Life, folder: Path) -> dict[str, str]:
    name = f"{life.item['item_id']}-{life.case_no[-12:]}-{paper['kind'].lower()}.pdf"
    await download(owner, f"/api/v1/papers/{paper['paper_id']}/file", folder / name, f"{life.name} 下载文书")
    return {"kind": paper["kind"], "number": paper["number"], "pdf": name}


async def _certificate(owner: Caller, life: Life, certificate: dict[str, Any], folder: Path) -> dict[str, Any]:
    identifier = certificate["identifier"]
    name = f"{life.item['item_id']}-{life.case_no[-12:]}-certificate.pdf"
    await download(owner, f"/api/v1/certificates/{identifier}/file", folder / name, f"{life.name} 下载证照")
    detail = expect(await owner.get(f"/api/v1/certificates/{identifier}"), 200, f"{life.name} 证照信息")
    proof = await owner.get("/api/v1/certificates/log/inclusion", identifier=identifier)
    return {
        "identifier": identifier,
        "holder_id_type": _ID_TYPES[detail["holder"]["party_type"]],
        "type_name": detail["type_name"],
        "pdf": name,
        "jws": detail["jws_general"],
        "transparency": place_in_log(expect(proof, 200, f"{life.name} 日志收录证明")),
        "verify_url": detail["verify_url"],
    }


def place_in_log(proven: dict[str, Any]) -> dict[str, Any]:
    """Where the certificate stands in the transparency log, and the proof under the signed head."""
    leaf = proven["leaf"]
    kept = {name: proven[name] for name in ("leaf_hash", "size", "root", "proof", "head")}
    return {"leaf_index": leaf["index"], "act": leaf["act"], "content_sha256": leaf["record"]} | kept
