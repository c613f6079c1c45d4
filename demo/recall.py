"""The scenes of reuse and recall: a certificate issued here is reused, annulled, and every case it led to is found."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.api import StepFailed, eventually, expect
from demo.hall import Hall
from demo.life import Life
from demo.outcome import download, place_in_log
from demo.standing import Standing, certificate_of, plan_with, recalled

_LAND_USE, _PLANNING = 2, 3  # numbers of the materials these certificates stand for: of C03, of E08
_FRAUD = {"ground": "FRAUD", "facts": "经查，申请时提交的土地权属来源证明系伪造"}
_STATEMENT = "证明由中介代办，本单位不知情"
_FILE_SECONDS = 600.0
_PAPERS = {"STANDING_NOTICE", "STATEMENT_RECORD", "ANNULMENT_DECISION"}


@dataclass
class Chain:
    """C02 brought a land-use permit; with it C03 brought a planning permit; with that E08 was asked for."""

    first: Life
    second: Life
    third: Life
    land: Standing
    planning: Standing
    plan: dict[str, Any]  # what C03 still had to bring

    def reuse(self) -> dict[str, Any]:
        covered = [one for one in self.plan["avoided"] if one["certificate_identifier"]]
        return {
            "case_no": self.second.case_no,
            "item_name": self.second.item["name"],
            "issued_in": self.first.case_no,
            "identifier": self.land.identifier,
            "to_bring": [one["name"] for one in self.plan["bring"]],
            "avoided": [{name: one[name] for name in ("name", "certificate_identifier")} for one in covered],
        }


async def chain(hall: Hall, by_id: dict[str, dict[str, Any]], first: Life) -> Chain:
    """A certificate issued a moment ago is not asked for again; nor is the one it leads to. Raises StepFailed."""
    land = await certificate_of(first)
    second = Life(hall, by_id["C03"], first.who, "ONLINE")
    plan = await plan_with(second, land.identifier)
    if _LAND_USE in {one["material_no"] for one in plan["bring"]}:
        raise StepFailed(f"{second.name}：仍要求提交证照库已有的证照 {plan['bring']}")
    await second.live({_LAND_USE: land.identifier})
    planning = await certificate_of(second)
    third = Life(hall, by_id["E08"], first.who, "COUNTER")
    await plan_with(third, planning.identifier, _PLANNING)
    await third.submit(certificates={_PLANNING: planning.identifier})
    await third.receive()
    await third.accept()
    return Chain(first, second, third, land, planning, plan)


async def annul(story: Chain, folder: Path) -> dict[str, Any]:
    """Proposed, told to the holder, heard, decided: invalid at once, both cases handed to their departments once."""
    land = story.land
    await land.propose("annulment", _FRAUD)
    await land.speak(_STATEMENT)
    await land.decide()
    seen = await land.until("ANNULLED")
    handed = [await _handed(life) for life in (story.second, story.third)]
    return {
        "identifier": land.identifier,
        "type_name": seen["certificate"]["type_name"],
        "act": land.decision["act_label"],
        "article": land.decision["article"],
        "statement": _STATEMENT,
        "verdict": {name: seen[name] for name in ("verdict", "reason", "message")},
        "transparency": await _logged(land),
        "papers": await _papers(story, folder),
        "recalled": handed,
    }


async def _logged(land: Standing) -> dict[str, Any]:
    """The leaf of the annulment and its proof, as soon as a signed head covers it."""

    async def covered() -> dict[str, Any] | None:
        answer = await land.hall.public.get("/api/v1/certificates/log/inclusion", identifier=land.identifier)
        proven: dict[str, Any] = expect(answer, 200, "撤销的收录证明")
        return place_in_log(proven) if proven["leaf"]["act"] == "ANNUL" else None

    return await eventually(covered, "撤销记入日志")


async def _handed(life: Life) -> dict[str, Any]:
    """What the department of this case was handed: one recall. Raises StepFailed."""
    found = await recalled(life.hall, life.item["department_uscc"], life.case_no)
    if len(found) != 1:
        raise StepFailed(f"{life.name}：应召回一次，实为 {len(found)} 次")
    kept = ("recall_id", "case_no", "item_name", "department_uscc", "concluded", "through", "issued")
    return {name: found[0][name] for name in kept} | {"department": life.item["department_name"]}


async def _papers(story: Chain, folder: Path) -> list[dict[str, str]]:
    """Notice, record of what the holder said, and decision, as he finds them with his certificate."""
    owner = await story.land.owner()

    async def sealed() -> list[dict[str, Any]] | None:
        papers = expect(await owner.get(f"{story.land.path}/papers"), 200, "关于证照的文书")["papers"]
        ready = {paper["kind"] for paper in papers if paper["file"]["state"] == "READY"}
        return list(papers) if ready == _PAPERS else None

    found = await eventually(sealed, "撤销文书盖章", _FILE_SECONDS)
    for paper in found:
        name = f"C02-{story.first.case_no[-12:]}-{paper['kind'].lower()}.pdf"
        await download(owner, paper["file"]["url"], folder / name, "下载撤销文书")
        paper["pdf"] = name
    return [{name: paper[name] for name in ("kind", "number", "pdf")} for paper in found]


async def uploads_avoided(hall: Hall) -> dict[str, Any]:
    """Per item, as the supervisor reads it."""
    supervisor = await hall.person("supervisor1")
    shown: dict[str, Any] = expect(await supervisor.get("/api/v1/reuse/uploads-avoided"), 200, "免交材料")
    return shown
