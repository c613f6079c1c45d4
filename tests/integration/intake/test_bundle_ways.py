"""What else can happen to a bundle: uploads, who sees it, pauses, extension, withdrawal, events in order, the bus."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from contracts.events.approval import CaseResumed, CaseSuspended
from contracts.events.common import Actor, DueDate, Outcome
from services.intake import catalogue_import
from services.intake.bundles.by_law import BundleSilence
from services.intake.worker import create_worker
from tests.integration.intake.bundle_desk import BundleDesk, a_company, expect, member_of, states
from tests.integration.intake.conftest import CATALOGUE
from tests.integration.intake.desk import BUSINESS_LICENCE, PDF, SHOP, ZHANG, a_decision
from tests.integration.intake.test_worker import others, tell  # noqa: F401 (a fixture)
from tests.integration.intake.travel import Travel, travel

__all__ = ["travel"]
MARKET = "11431202006100029C"
SIGNS = "114312020061001090"
HEALTH = "11431202006100061P"
CHILD = "431202185006150033"


async def upload(bundles: BundleDesk, bundle: dict[str, object], material_no: int) -> httpx.Response:
    return await bundles.desk.http.post(
        f"/api/v1/bundle-applications/{bundle['bundle_no']}/materials",
        files={"file": ("scan.pdf", PDF, "application/octet-stream")},
        data={"material_no": str(material_no)},
        headers=dict(bundles.desk.clerk) | {"idempotency-key": str(uuid4())},
    )


async def test_a_file_given_once_reaches_members_that_run_and_those_that_start_later(bundles: BundleDesk) -> None:
    bundle = await bundles.submitted("K01", form={"area_m2": 10})
    card = next(m for m in bundle["materials"] if m["replaced_by"] == "居民身份证")

    bundle = expect(await upload(bundles, bundle, card["material_no"]))
    bundle = await bundles.done(bundle, "receipt", {"materials": bundles.papers(bundle)})
    bundle = await bundles.done(bundle, "acceptance")
    bundle = await bundles.decided(bundle, "E01")

    keys = set()
    for member_id, material_no in (("E01", 2), ("E02", 6)):
        application_id = member_of(bundle, member_id)["application_id"]
        path = f"/applications/{application_id}/materials/{material_no}/file"
        file = await bundles.desk.get(path, bundles.desk.clerk)
        assert file.content == PDF
        keys.add(await _file_key(bundles, application_id, material_no))
    assert len(keys) == 2  # each its own copy
    assert (await upload(bundles, bundle, card["material_no"])).json()["code"] == "intake.bundle-wrong-state"


async def _file_key(bundles: BundleDesk, application_id: str, material_no: int) -> str:
    statement = "SELECT materials FROM application WHERE application_id = :id"
    async with bundles.desk.database.read() as connection:
        materials = await connection.scalar(text(statement), {"id": UUID(application_id)})
    return next(str(m["file_key"]) for m in materials if m["material_no"] == material_no)


async def test_everything_that_lacks_is_told_at_once(bundles: BundleDesk) -> None:
    bundle = await bundles.done(await bundles.submitted("K01", form={"area_m2": 350}), "receipt")

    refused = await bundles.act(bundle, "acceptance")

    assert refused.status_code == 409
    assert refused.json()["code"] == "intake.bundle-materials-missing"
    wanted = [m for m in bundle["materials"] if m["need"] == "REQUIRED" and m["brought_by"] is None]
    assert [e["pointer"] for e in refused.json()["errors"]] == [f"#/materials/{m['material_no']}" for m in wanted]


async def test_who_sees_a_bundle(bundles: BundleDesk) -> None:
    desk = bundles.desk
    bundle = await bundles.accepted("K01", number=SHOP, form={"area_m2": 1}, members=["E07"])
    path = f"/bundle-applications/{bundle['bundle_no']}"

    seen = [bundles.officer(MARKET), bundles.officer(SIGNS), desk.enterprise_agent(), desk.hand_over_clerk]
    hidden = [bundles.officer(HEALTH), desk.citizen(), desk.township_clerk]

    assert [(await desk.get(path, who)).status_code for who in seen] == [200] * 4
    assert [(await desk.get(path, who)).status_code for who in hidden] == [404] * 3
    listed = [
        {line["bundle_no"] for line in (await desk.get("/bundle-applications", who, limit=200)).json()["items"]}
        for who in (*seen, *hidden)
    ]
    assert [bundle["bundle_no"] in numbers for numbers in listed] == [True] * 4 + [False] * 3


async def test_a_citizen_files_online_only_for_himself(bundles: BundleDesk) -> None:
    bundle = await bundles.submitted("K03", who=bundles.desk.citizen(), number=ZHANG)
    strange = await bundles.submit("K03", who=bundles.desk.citizen(), number="431202180001010020")
    forbidden = await bundles.act(bundle, "receipt", {}, who=bundles.desk.citizen())

    assert (bundle["channel"], bundle["division"]) == ("ONLINE", "431202000000")
    assert strange.json()["code"] == "intake.not-for-others"
    assert forbidden.status_code == 403


@pytest.mark.usefixtures("read_long_ago")
async def test_only_the_named_department_completes_a_step(bundles: BundleDesk) -> None:
    bundle = await bundles.accepted("K03", number=ZHANG)
    body = {"outcome": "GRANTED"}

    strange = await bundles.act(bundle, "members/出生医学证明签发/result", body, who=bundles.officer(MARKET))
    stale = await bundles.desk.post(
        f"/bundle-applications/{bundle['bundle_no']}/members/出生医学证明签发/result",
        bundles.officer(HEALTH),
        body,
        version=1,
    )

    assert strange.status_code == 404
    assert stale.status_code == 412


async def test_the_clock_stands_still_only_while_no_member_runs(bundles: BundleDesk) -> None:
    shop = a_company()
    await bundles.desk.holds(shop, BUSINESS_LICENCE, "PAUSES")
    bundle = await bundles.accepted("K01", number=shop, form={"area_m2": 1}, members=["E07"])
    suspended_at = datetime.now(UTC)

    await bundles.hear(_suspended(bundle, "E02", suspended_at))
    one = await bundles.seen(bundle)
    await bundles.hear(_suspended(bundle, "E07", suspended_at))
    both = await bundles.seen(bundle)
    await bundles.hear(_resumed(bundle, "E07", suspended_at, suspended_at + timedelta(days=1)))
    again = await bundles.seen(bundle)

    assert [b["legal"]["state"] for b in (one, both, again)] == ["RUNNING", "PAUSED", "RUNNING"]
    assert both["legal"]["due"]["provisional"]


def _suspended(bundle: dict[str, object], member_id: str, at: datetime) -> CaseSuspended:
    member = member_of(bundle, member_id)
    due = DueDate(on=at.date())
    return CaseSuspended(
        case_id=UUID(member["application_id"]),
        case_no=member["case_no"],
        legal_due=due,
        promised_due=due,
        kind="INSPECTION",
        kind_name="检测",
        article="行政许可法第45条",
        expected_workdays=5,
        expected_end=due,
        notice="〔2026〕1号",
        suspended_at=at,
        approved_by=Actor(account_id="chief", name="首席", role="CHIEF_REPRESENTATIVE"),
    )


def _resumed(bundle: dict[str, object], member_id: str, at: datetime, resumed_at: datetime) -> CaseResumed:
    member = member_of(bundle, member_id)
    due = DueDate(on=at.date())
    return CaseResumed(
        case_id=UUID(member["application_id"]),
        case_no=member["case_no"],
        legal_due=due,
        promised_due=due,
        kind="INSPECTION",
        kind_name="检测",
        suspended_at=at,
        expected_end=due,
        result="合格",
        resumed_at=resumed_at,
        resumed_by=Actor(account_id="handler", name="承办", role="HANDLER"),
    )


async def test_the_head_of_government_extends_once(bundles: BundleDesk) -> None:
    bundle = await bundles.accepted("K01", form={"area_m2": 1})
    body = {"workdays": 15, "reason": "会同现场核验", "approval_no": "鹤政批〔2026〕3号"}
    head = bundles.desk.staff("GOVERNMENT_HEAD", name="分管副区长", org="11431202006000001Y")

    extended = await bundles.done(bundle, "extension", body, who=head)
    again = await bundles.act(extended, "extension", body, who=head)
    others_head = await bundles.act(
        extended, "extension", body, who=bundles.desk.staff("GOVERNMENT_HEAD", division="431221000000")
    )
    chief = await bundles.act(extended, "extension", body, who=bundles.officer(MARKET, "CHIEF_REPRESENTATIVE"))

    assert extended["legal"]["due"]["on"] > bundle["legal"]["due"]["on"]
    assert extended["extension"]["approved_by"] == "分管副区长"
    assert again.json()["code"] == "intake.bundle-already-extended"
    assert (others_head.status_code, chief.status_code) == (404, 403)


async def test_art_42_the_day_after_the_joint_limit_nobody_extends_it(bundles: BundleDesk, travel: Travel) -> None:
    travel.to_day(date(2026, 3, 2))
    bundle = await bundles.accepted("K01", form={"area_m2": 1})
    last = date.fromisoformat(bundle["legal"]["due"]["on"])
    body = {"workdays": 15, "reason": "会同现场核验", "approval_no": "鹤政批〔2026〕4号"}
    head = bundles.desk.staff("GOVERNMENT_HEAD", name="分管副区长", org="11431202006000001Y")

    travel.after(last)
    late = await bundles.act(bundle, "extension", body, who=head)
    travel.after(last, seconds=-1)
    extended = await bundles.done(bundle, "extension", body, who=head)

    assert last == date(2026, 5, 8)
    assert (late.status_code, late.json()["code"]) == (409, "intake.bundle-limit-over")
    assert extended["legal"]["due"]["on"] == "2026-05-28"
    assert extended["promised"]["due"] == bundle["promised"]["due"]


async def test_withdrawal_takes_back_what_is_not_decided(bundles: BundleDesk) -> None:
    bundle = await bundles.accepted("K01", form={"area_m2": 1}, members=["E07"])
    bundle = await bundles.decided(bundle, "E01")

    withdrawn = await bundles.done(bundle, "withdrawal", {"reason": "暂不开办"})

    assert (withdrawn["state"], states(withdrawn)) == ("WITHDRAWN", {"E01": "GRANTED", "E02": "ENDED", "E07": "ENDED"})
    assert member_of(withdrawn, "E02")["application_state"] == "WITHDRAWN"


async def test_events_of_a_bundle_follow_each_other_without_a_gap_and_hold_no_number(bundles: BundleDesk) -> None:
    bundle = await bundles.accepted("K03", number=ZHANG)
    bundle = await bundles.result(bundle, "出生医学证明签发", HEALTH)
    bundle = await bundles.decided(bundle, "P02")
    bundle = await bundles.result(bundle, "P02", "114312020061000377", number=CHILD)

    told = await bundles.desk.events(bundle["bundle_application_id"])

    assert [version for version, _, _ in told] == list(range(1, len(told) + 1))
    subjects = [subject for _, subject, _ in told]
    assert subjects[:3] == ["intake.bundle.submitted.v1", "intake.bundle.received.v1", "intake.bundle.accepted.v1"]
    assert subjects.count("intake.bundle_member.started.v1") == 5
    everything = json.dumps([payload for _, _, payload in told], ensure_ascii=False)
    async with bundles.desk.database.read() as connection:
        rows = await connection.execute(
            text("SELECT to_jsonb(b)::text || to_jsonb(m)::text FROM bundle_application b, bundle_member m")
        )
        everything += "".join(row[0] for row in rows)
    assert CHILD not in everything
    assert ZHANG not in everything


async def test_the_same_submission_twice_is_one_bundle(bundles: BundleDesk) -> None:
    applicant = {"party_type": "ORGANISATION", "number": SHOP, "name": "申请人"}
    body = {"bundle_id": "K02", "applicant": applicant}

    first = await bundles.desk.post("/bundle-applications", bundles.desk.clerk, body, key="k02-twice")
    again = await bundles.desk.post("/bundle-applications", bundles.desk.clerk, body, key="k02-twice")

    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"


async def test_the_guide_and_a_plan_ask_for_nothing_twice(bundles: BundleDesk) -> None:
    listed = (await bundles.desk.get("/bundles")).json()
    guide = (await bundles.desk.get("/bundles/K01")).json()
    open_plan = (await bundles.desk.http.post("/api/v1/bundles/K01/plan", json={})).json()
    plan = (
        await bundles.desk.http.post(
            "/api/v1/bundles/K01/plan",
            json={"form": {"area_m2": 350}, "held_certificate_types": [BUSINESS_LICENCE]},
        )
    ).json()

    assert [line["bundle_id"] for line in listed] == ["K01", "K02", "K03", "K04"]
    assert guide["questions"] == [{"name": "area_m2", "label": "经营场所面积（平方米）", "type": "number"}]
    assert guide["extension"] == "经本级人民政府负责人批准可延长 15 个工作日"
    assert {m["member_id"]: (m["part"], m["questions"]) for m in open_plan["members"]}["E05"] == (
        "UNDECIDED",
        ["area_m2"],
    )
    parts = {m["member_id"]: m["part"] for m in plan["members"]}
    assert parts == {
        "E01": "SATISFIED",
        "E02": "TAKES_PART",
        "E07": "NOT_CHOSEN",
        "E05": "TAKES_PART",
        "E06": "NOT_CHOSEN",
    }
    assert not any("E01" in m["needed_by"] for m in plan["materials"])
    assert (await bundles.desk.get("/bundles/K99")).status_code == 404


async def test_the_worker_moves_a_bundle_on(bundles: BundleDesk, others: object) -> None:  # noqa: F811
    """The decision arrives over the bus: first the application knows it, then the bundle goes on."""
    bundle = await bundles.accepted("K02", members=[])
    member = member_of(bundle, "E01")
    application = (await bundles.desk.get(f"/applications/{member['application_id']}", bundles.desk.clerk)).json()
    decision = a_decision(application, await bundles.desk.item_of(application), Outcome.GRANTED)
    worker = create_worker()

    await worker.start()
    try:
        await tell(others, decision, UUID(member["application_id"]), 3)  # type: ignore[arg-type]
        async with asyncio.timeout(20):
            while states(bundle)["公章刻制备案"] != "RUNNING":
                await asyncio.sleep(0.05)
                bundle = await bundles.seen(bundle)
    finally:
        await worker.stop()

    assert states(bundle)["E01"] == "GRANTED"


async def test_a_bundle_stays_with_the_catalogue_it_was_submitted_under(bundles: BundleDesk) -> None:
    """A later catalogue without E07 and with another list for E02 changes nothing for who is under way."""
    bundle = await bundles.accepted("K01", form={"area_m2": 1}, members=["E07"])
    catalogue, _ = catalogue_import.read_file(CATALOGUE)
    kept = tuple(
        replace(item, materials=item.materials[1:]) if item.item_id == "E01" else item
        for item in catalogue.items
        if item.item_id != "E07"
    )
    await catalogue_import.store(bundles.desk.database, replace(catalogue, items=kept), "another")

    try:
        seen = await bundles.seen(bundle)
        bundle = await bundles.decided(bundle, "E01")
    finally:
        await catalogue_import.store(bundles.desk.database, catalogue, "and back")

    assert seen["materials"] == (await bundles.seen(bundle))["materials"]
    assert states(bundle) == {"E01": "GRANTED", "E02": "RUNNING", "E07": "RUNNING"}


async def test_silence_for_five_working_days_accepts_the_bundle_from_its_receipt(bundles: BundleDesk) -> None:
    """Art. 32(4): K03 begins with a step, so no application of its own would wake anybody."""
    bundle = await bundles.submitted("K03", number=ZHANG)
    bundle = await bundles.done(bundle, "receipt", {"materials": bundles.papers(bundle)})
    silence = BundleSilence(bundles.mover)
    received_at = datetime.fromisoformat(bundle["received_at"])

    await silence(bundles.desk.database, received_at + timedelta(days=4))
    early = await bundles.seen(bundle)
    await silence(bundles.desk.database, received_at + timedelta(days=20))
    late = await bundles.seen(bundle)
    await silence(bundles.desk.database, received_at + timedelta(days=21))

    assert early["state"] == "RECEIVED"
    assert (late["state"], late["accepted_at"]) == ("ACCEPTED", bundle["received_at"])
    assert states(late)["出生医学证明签发"] == "RUNNING"
    assert (await bundles.seen(bundle))["version"] == late["version"]
