"""The scenes of the demonstration, each as one function; a scene that does not go as told fails the command."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, datetime, time, timedelta
from time import monotonic
from typing import Any
from uuid import uuid4

from demo.api import StepFailed, eventually, expect
from demo.hall import Applicant, Hall
from demo.library import ENTERPRISE_NAMES
from demo.life import WAYS, Life

Travel = Callable[[timedelta], Any]
Lit = Callable[[], Awaitable[dict[str, str]]]
_LIGHT_SECONDS = 60.0
_A_LOOK_SECONDS = 3.0
_REST_DAYS = 9  # the longest run of days off a notice has named


def _to(day: date, travel: Travel) -> None:
    """The clock goes straight to ten in the morning of this day, unless it is later already."""
    now = travel(timedelta())
    travel(max(datetime.combine(day, time(10), now.tzinfo) - now, timedelta()))


def _of(life: Life, due: str) -> date:
    return date.fromisoformat(life.application[due]["on"])


def applicant_for(hall: Hall, item: dict[str, Any], number: int) -> Applicant:
    """A citizen where the item serves natural persons (GB/T 39046 A.4: 1), an enterprise otherwise."""
    if "1" in item["service_objects"]:
        return hall.citizen(number % 4 + 1)
    return hall.enterprise(number % 2 + 1, ENTERPRISE_NAMES)


def way_for(item: dict[str, Any], number: int) -> str:
    """The three ways in, in turn; what must be done in person is not applied for online."""
    way = WAYS[number % len(WAYS)]
    return "COUNTER" if way == "ONLINE" and item["must_appear"] else way


async def every_item(hall: Hall, items: list[dict[str, Any]], done: Callable[[str], None]) -> list[Life]:
    """Each item of the catalogue once, from submission to result; several run side by side.

    What waits for its applicants to come again is decided later: it needs the time to move.
    """
    turns = asyncio.Semaphore(4)
    methods = ("ELECTRONIC", "COLLECTION", "EXPRESS")

    async def one(number: int, item: dict[str, Any]) -> Life:
        async with turns:
            life = Life(hall, item, applicant_for(hall, item, number), way_for(item, number))
            if item["item_id"] == "E02":
                await food_licence(life)
            else:
                await life.submit()
                await life.receive()
                await life.accept()
                await life.examine()
                if not life.waits:
                    await life.decide()
                    method = methods[number % 3]
                    await life.hand_over(method, f"EMS{number:010d}CN" if method == "EXPRESS" else None)
            done(life.name)
            return life

    return list(await asyncio.gather(*(one(number, item) for number, item in enumerate(items))))


async def second_window(life: Life, travel: Travel) -> None:
    """Cooling-off, then thirty days to come again together (Civil Code art. 1077): to its first morning."""
    _to(date.fromisoformat(life.application["window"]["opens_on"]), travel)
    await life.come_again()
    await life.hand_over("COLLECTION")


async def food_licence(life: Life) -> None:
    """E02: online, business licence reused, the agent's ID card not taken for that of the legal representative, one
    supplement, granted, collected, verified, rated."""
    life.who, life.way_in = life.hall.enterprise(1, ENTERPRISE_NAMES), "ONLINE"
    await life.submit()
    reused = [m["name"] for m in life.application["materials"] if m["source"] == "CERTIFICATE"]
    if reused != ["营业执照"]:
        raise StepFailed(f"{life.name}：应复用营业执照，法定代表人身份证明应提交，实际复用 {reused}")
    await life.receive()
    fault = {"material_no": 3, "fault": "操作流程图未标注清洗区", "remedy": "补充标注后重新上传"}
    await life.request_supplement([fault])
    await life.supply()
    await life.accept()
    await life.examine()
    await life.decide({"outcome": "GRANTED", "content": "准予从事热食类食品制售"})
    await life.hand_over("COLLECTION")
    await _verify_by_address(life)
    await life.rate("VERY_SATISFIED", "一次补正就办成了")


async def _verify_by_address(life: Life) -> None:
    """What a stranger sees who scans the QR code: no login."""
    owner = await life.hall.person(life.who.username)

    async def issued() -> dict[str, Any] | None:
        papers = expect(await owner.get(f"/api/v1/cases/{life.case_no}/papers"), 200, f"{life.name} 文书")
        return papers["certificates"][0] if papers["certificates"] else None

    certificate = await eventually(issued, f"{life.name} 证照签发")
    seen = expect(await life.hall.public.get(certificate["verify_url"]), 200, f"{life.name} 扫码核验")
    if seen["verdict"] != "VALID" or seen["certificate"]["identifier"] != certificate["identifier"]:
        raise StepFailed(f"{life.name}：扫码核验结果不符 {seen}")


async def refusal(hall: Hall, item: dict[str, Any]) -> Life:
    """Refused, with reasons, basis and both remedies; the same without reasons is impossible."""
    life = Life(hall, item, hall.enterprise(2, ENTERPRISE_NAMES), "COUNTER")
    await life.submit()
    await life.receive()
    await life.accept()
    await life.examine("REFUSE", "检测报告显示室内空气质量不合格")
    chief = await hall.officer("CHIEF_REPRESENTATIVE", item["department_uscc"])
    path = f"/api/v1/cases/{life.case_no}"
    version = expect(await chief.get(f"{path}/examination"), 200, "查看审查")["version"]
    bare = await chief.post(f"{path}/decision", {"outcome": "REFUSED"}, version=version)
    if bare.status_code != 422:
        raise StepFailed(f"没有理由的不予决定应被拒绝，实为 {bare.status_code}")
    await life.decide(
        {
            "outcome": "REFUSED",
            "facts": "申请人提交的检测报告载明：营业大厅二氧化碳浓度检测结果为0.21%",
            "reasons": "卫生检测报告中室内空气质量一项不符合国家标准",
            "legal_basis": "《公共场所卫生管理条例》第四条、《行政许可法》第三十八条第二款",
        }
    )
    await life.hand_over("COLLECTION")
    return life


async def silence(hall: Hall, item: dict[str, Any], travel: Travel) -> Life:
    """Received, and nobody answers within five working days: accepted by law as of the day of receipt (art. 32)."""
    life = Life(hall, item, hall.enterprise(1, ENTERPRISE_NAMES), "COUNTER")
    await life.submit()
    await life.receive()
    clerk, supervisor = await hall.person("clerk1"), await hall.person("supervisor1")

    async def deemed() -> dict[str, Any] | None:
        seen = expect(await clerk.get(life.path), 200, f"{life.name} 查询申请")
        return seen if seen["deemed"] else None

    async def seen_by_supervision() -> bool | None:
        answer = await supervisor.get(f"/api/v1/cases/{life.case_no}/clocks")
        clocks = answer.json()["items"] if answer.status_code == 200 else []
        missed = any(clock["clock"] == "NOTICE" and clock["state"] == "MISSED" for clock in clocks)
        return True if missed and any(c["clock"] == "DECISION" and c["started_on"] for c in clocks) else None

    _to(_of(life, "notice_due") + timedelta(days=1), travel)
    life.application = await eventually(deemed, f"{life.name} 视为受理", _LIGHT_SECONDS)
    if life.application["accepted_at"] != life.application["received_at"]:
        raise StepFailed(f"{life.name}：视为受理应自收件之日起，实为 {life.application['accepted_at']}")
    await eventually(seen_by_supervision, f"{life.name} 监督记录视为受理", _LIGHT_SECONDS)
    return life


async def left_alone(hall: Hall, item: dict[str, Any], travel: Travel) -> Life:
    """Accepted and forgotten: yellow after the promised limit, red after the legal one."""
    life = Life(hall, item, hall.enterprise(1, ENTERPRISE_NAMES), "COUNTER")
    await life.submit()
    await life.receive()
    await life.accept()
    supervisor = await hall.person("supervisor1")

    async def lit() -> dict[str, str]:
        answer = await supervisor.get(f"/api/v1/supervision/cases/{life.case_no}")
        lights = answer.json()["lights"] if answer.status_code == 200 else []
        return {light["level"]: light["crossed_at"] for light in lights}

    for level, due in (("YELLOW", "promised_due"), ("RED", "legal_due")):
        await _lights_up(life, level, _of(life, due), lit, travel)
    if (crossed := await lit())["YELLOW"] >= crossed["RED"]:
        raise StepFailed(f"{life.name}：黄牌应先于红牌，实为 {crossed}")
    return life


async def _lights_up(life: Life, level: str, due: date, lit: Lit, travel: Travel) -> None:
    """To the first working day after the limit, past whatever rest days lie between."""
    for day in range(1, _REST_DAYS + 2):
        _to(due + timedelta(days=day), travel)
        deadline = monotonic() + _A_LOOK_SECONDS
        while monotonic() < deadline:
            if level in await lit():
                return
            await asyncio.sleep(0.2)

    async def seen() -> bool | None:
        return True if level in await lit() else None

    await eventually(seen, f"{life.name} 亮{level}", _LIGHT_SECONDS)


async def forgeries(hall: Hall, pdf: bytes, identifier: str) -> dict[str, str]:
    """The true file is valid; a changed one, an appended one and a false identifier are not."""
    changed = bytearray(pdf)
    place = pdf.index(b"stream") + 20
    changed[place] ^= 0x01
    verdicts = {}
    files = {"原件": pdf, "改动一个字节": bytes(changed), "追加内容": pdf + b"\n% appended\n"}
    for name, content in files.items():
        answer = await hall.public.post("/api/v1/certificates/verify", {}, file=("certificate.pdf", content))
        verdicts[name] = expect(answer, 200, f"核验{name}")["verdict"]
    false = identifier[:-1] + ("0" if identifier[-1] != "0" else "1")
    answer = await hall.public.get("/api/v1/certificates/verify", identifier=false)
    verdicts["伪造标识"] = expect(answer, 200, "核验伪造标识")["verdict"]
    wrong = {name: v for name, v in verdicts.items() if (v == "VALID") is not (name == "原件")}
    if wrong:
        raise StepFailed(f"核验结论不符：{wrong}")
    return verdicts


async def sent_twice(hall: Hall, item: dict[str, Any]) -> str:
    """The same submission with one idempotency key: one application, the same answer."""
    clerk = await hall.system("township")
    body = {"item_code": item["item_code"], "applicant": hall.citizen(1).applicant}
    key = str(uuid4())
    first = await clerk.post("/api/v1/applications", body, key=key)
    again = await clerk.post("/api/v1/applications", body, key=key)
    one, other = expect(first, 201, "第一次提交"), expect(again, 201, "同一键再次提交")
    if one != other or again.headers.get("idempotency-replayed") != "true":
        raise StepFailed("同一幂等键产生了两个申请")
    return str(one["application_id"])
