"""The scene of a bundle: K01, a restaurant by one form, decided by four bodies, handed out together."""

from typing import Any

from demo.api import StepFailed, eventually, expect
from demo.hall import Hall
from demo.library import ENTERPRISE_NAMES
from demo.life import Life

_REFUSED = {
    "outcome": "REFUSED",
    "facts": "招牌效果图载明：招牌上沿高出二层窗台0.6米",
    "reasons": "招牌效果图遮挡二层住户窗户，不符合设置规范",
    "legal_basis": "《城市市容和环境卫生管理条例》第十一条",
}
_PATH = "/api/v1/bundle-applications"
_CLOCK = ("limit", "article", "due", "state", "why_zh", "why_en")


async def restaurant(hall: Hall, by_id: dict[str, dict[str, Any]], lives: list[Life]) -> dict[str, Any]:
    """350 m² bring the fire inspection in; the business licence is held already; the sign is refused, the rest stands.

    Gives the bundle as it ended; the lives of its members join `lives`. Raises StepFailed.
    """
    who, clerk = hall.enterprise(2, ENTERPRISE_NAMES), await hall.person("clerk1")
    body = {
        "bundle_id": "K01",
        "applicant": who.applicant,
        "agent": who.agent,
        "form": {"area_m2": 350, "trade": "热食类食品制售"},
        "members": ["E07"],
        "reuse": "auto",
    }
    bundle = expect(await clerk.post(_PATH, body), 201, "K01 提交")
    path = f"{_PATH}/{bundle['bundle_no']}"
    wanted = [m for m in bundle["materials"] if m["source"] is None and m["brought_by"] is None]
    papers = [{"material_no": m["material_no"], "source": "PAPER_ORIGINAL"} for m in wanted]
    answer = await clerk.post(f"{path}/receipt", {"materials": papers}, version=bundle["version"])
    bundle = expect(answer, 201, "K01 一并收件")
    bundle = expect(await clerk.post(f"{path}/acceptance", version=bundle["version"]), 201, "K01 一并受理")
    states = {member["member_id"]: member["state"] for member in bundle["members"]}
    if states != {"E01": "SATISFIED", "E02": "RUNNING", "E05": "RUNNING", "E07": "RUNNING"}:
        raise StepFailed(f"K01 成员与表单条件不符：{states}")
    members = []
    for member in bundle["members"]:
        if member["case_no"]:
            life = Life(hall, by_id[member["member_id"]], who, "COUNTER")
            life.case_no = member["case_no"]
            await _decide(life)
            members.append(life)
    bundle = await _handed_over(hall, path, who.applicant["name"])
    for life in members:
        seen = await clerk.get(f"/api/v1/cases/{life.case_no}/application")
        life.application = expect(seen, 200, f"{life.name} 查询申请")
    lives += members
    return bundle


async def _decide(life: Life) -> None:
    if life.item["item_id"] == "E07":
        await life.examine("REFUSE", "效果图不符合设置规范")
        await life.decide(_REFUSED)
    else:
        await life.examine()
        await life.decide()


async def _handed_over(hall: Hall, path: str, recipient: str) -> dict[str, Any]:
    """Everything at once, as soon as every member is decided and its certificate exists."""
    clerk = await hall.person("handover1")
    body = {"method": "COLLECTION", "recipient_name": recipient}

    async def handed_over() -> dict[str, Any] | None:
        seen = expect(await clerk.get(path), 200, "K01 查询")
        if seen["state"] != "DECIDED":
            return None
        answer = await clerk.post(f"{path}/hand-over", body, version=seen["version"])
        if answer.status_code in {409, 412}:  # a certificate is still on its way
            return None
        return dict(expect(answer, 201, "K01 一并出件"))

    bundle = await eventually(handed_over, "K01 一并出件")
    if not (bundle["partial"] and bundle["state"] == "CONCLUDED"):
        raise StepFailed(f"K01 应部分办结，实为 {bundle['state']}")
    return bundle


def entry(bundle: dict[str, Any]) -> dict[str, Any]:
    """What the report tells of the bundle: its members and its clocks with why, a step's with the member it is of."""
    joint = [_clock(name, bundle[name]) for name in ("legal", "promised") if bundle[name]]
    steps = [_clock("step", one["step"]) | {"member_id": one["member_id"]} for one in bundle["members"] if one["step"]]
    return {
        "bundle_no": bundle["bundle_no"],
        "bundle_id": bundle["bundle_id"],
        "name": bundle["name"],
        "state": bundle["state"],
        "partial": bundle["partial"],
        "members": [
            {name: member[name] for name in ("member_id", "name", "state", "case_no")} for member in bundle["members"]
        ],
        "clocks": [*joint, *steps],
    }


def _clock(name: str, clock: dict[str, Any]) -> dict[str, Any]:
    return {"name": name} | {key: clock[key] for key in ("limit", "article", "due", "state", "why_zh", "why_en")}
