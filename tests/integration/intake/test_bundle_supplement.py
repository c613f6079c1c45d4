"""One notice for a whole bundle; its members are handed out together; an end of a member by approval moves it on."""

import asyncio
from datetime import date, datetime, timedelta
from typing import Any

from services.chassis import clock
from services.intake.bundles.by_law import BundleSilence
from services.kernel.time_limit import end_of
from tests.integration.intake.bundle_desk import BundleDesk, a_company, member_of, states
from tests.integration.intake.test_endings import terminated
from tests.integration.intake.travel import Travel, travel

__all__ = ["travel"]
MARKET = "11431202006100029C"
HAND_OVER = {"method": "COLLECTION", "recipient_name": "申请人"}


def fault(number: int) -> dict[str, Any]:
    return {"material_no": number, "fault": "未提交", "remedy": "补齐"}


async def application_of(bundles: BundleDesk, bundle: dict[str, Any], member_id: str) -> dict[str, Any]:
    path = f"/applications/{member_of(bundle, member_id)['application_id']}"
    return dict((await bundles.desk.get(path, bundles.desk.clerk)).json())


async def test_members_name_their_bundle_in_detail_list_and_events(bundles: BundleDesk) -> None:
    bundle = await bundles.submitted("K01", form={"area_m2": 10})

    application = await application_of(bundles, bundle, "E01")

    listed = (await bundles.desk.get("/applications", bundles.desk.clerk, limit=200)).json()["items"]
    line = next(one for one in listed if one["application_id"] == application["application_id"])
    assert application["bundle_no"] == line["bundle_no"] == bundle["bundle_no"]
    _, _, event = (await bundles.desk.events(application["application_id"]))[0]
    assert event["bundle_no"] == bundle["bundle_no"]


async def test_art_32_one_notice_names_every_fault_of_every_member_and_is_answered_once(bundles: BundleDesk) -> None:
    bundle = await bundles.submitted("K01", form={"area_m2": 10})
    bundle = await bundles.done(bundle, "receipt")
    lacking = (await bundles.act(bundle, "acceptance")).json()["errors"]
    numbers = sorted(int(error["pointer"].rsplit("/", 1)[1]) for error in lacking)

    partial = await bundles.act(bundle, "supplement-notice", {"faults": [fault(numbers[0])]})
    optional = next(m["material_no"] for m in bundle["materials"] if m["need"] == "OPTIONAL")
    needless = await bundles.act(bundle, "supplement-notice", {"faults": [fault(n) for n in (*numbers, optional)]})
    asked = await bundles.done(bundle, "supplement-notice", {"faults": [fault(number) for number in numbers]})
    member = await application_of(bundles, asked, "E01")
    supplied = await bundles.done(asked, "supplements", {"materials": bundles.papers(asked)})
    accepted = await bundles.done(supplied, "acceptance")

    assert {error["code"] for error in partial.json()["errors"]} == {"supplement.incomplete"}
    assert [error["code"] for error in needless.json()["errors"]] == ["supplement.not-needed"]
    assert (asked["state"], len(asked["supplement"]["faults"])) == ("CORRECTION", len(numbers))
    assert len(asked["supplement"]["members"]) > 1
    assert member["state"] == "CORRECTION"
    assert (supplied["state"], supplied["supplement"]["outstanding"]) == ("RECEIVED", [])
    assert accepted["state"] == "ACCEPTED"
    whole = [await application_of(bundles, accepted, member_id) for member_id in ("E01",)]
    assert accepted["accepted_at"] == supplied["supplement"]["supplied_at"], "art. 32(5): when everything was there"
    assert {one["accepted_at"] for one in whole} == {accepted["accepted_at"]}
    subjects = [subject for _, subject, _ in await bundles.desk.events(bundle["bundle_application_id"])]
    assert subjects.count("intake.bundle_supplement.requested.v1") == 1
    assert subjects.count("intake.bundle_supplement.supplied.v1") == 1
    again = await bundles.act(accepted, "supplement-notice", {"faults": [fault(numbers[0])]})
    assert again.json()["code"] == "intake.bundle-wrong-state"


async def test_a_commitment_made_before_its_maker_was_barred_is_asked_for_by_the_notice_of_the_bundle(
    bundles: BundleDesk,
) -> None:
    """Else the bundle is accepted, its member is not, and no notice of the bundle can follow."""
    number, committed = a_company(), 8
    bundle = await bundles.submitted("K01", number=number, form={"area_m2": 10})
    papers = [one for one in bundles.papers(bundle) if one["material_no"] != committed]
    given = [*papers, {"material_no": committed, "source": "COMMITMENT"}]
    bundle = await bundles.done(bundle, "receipt", {"materials": given})
    until = str(clock.today() + timedelta(days=300))
    party = {"party_type": "ORGANISATION", "number": number, "barred_until": until, "reason": "失信未修复"}
    await bundles.desk.post("/barred-applicants", bundles.desk.staff("SUPERVISOR"), party)

    refused = await bundles.act(bundle, "acceptance")
    forgotten = await bundles.act(bundle, "supplement-notice", {"faults": [fault(1)]})
    asked = await bundles.done(bundle, "supplement-notice", {"faults": [fault(committed)]})
    paper = {"material_no": committed, "source": "PAPER_ORIGINAL"}
    supplied = await bundles.done(asked, "supplements", {"materials": [paper]})
    accepted = await bundles.done(supplied, "acceptance")

    assert [error["pointer"] for error in refused.json()["errors"]] == [f"#/materials/{committed}"]
    assert [error["code"] for error in forgotten.json()["errors"]] == ["supplement.incomplete"]
    assert accepted["state"] == "ACCEPTED"


async def test_art_31_a_notice_asks_for_nothing_that_no_member_before_the_window_needs(bundles: BundleDesk) -> None:
    """The numbers of the common list stand for the whole bundle: also for members that take no part, or later."""
    bundle = await bundles.done(await bundles.submitted("K04", number=a_company()), "receipt")
    lacking = (await bundles.act(bundle, "acceptance")).json()["errors"]
    named = [fault(int(error["pointer"].rsplit("/", 1)[1])) for error in lacking]
    now = {m["member_id"] for m in bundle["members"] if m["stage_no"] == bundle["stage_no"]}
    later = [m["material_no"] for m in bundle["materials"] if not now & set(m["needed_by"])]
    guide = (await bundles.desk.get("/bundles/K04")).json()["materials"]
    never = {m["material_no"] for m in guide} - {m["material_no"] for m in bundle["materials"]}

    refused = await bundles.act(bundle, "supplement-notice", {"faults": [*named, fault(later[0]), fault(max(never))]})
    asked = await bundles.done(bundle, "supplement-notice", {"faults": named})

    assert [(e["pointer"], e["code"]) for e in refused.json()["errors"]] == [
        (f"#/faults/{len(named) + n}/material_no", "supplement.unlisted") for n in range(2)
    ]
    assert set(asked["supplement"]["members"]) <= now


async def test_a_second_notice_needs_a_reason_and_something_that_could_not_be_seen(bundles: BundleDesk) -> None:
    bundle = await bundles.submitted("K01", form={"area_m2": 10})
    bundle = await bundles.done(bundle, "receipt", {"materials": bundles.papers(bundle)})
    bundle = await bundles.done(bundle, "supplement-notice", {"faults": [fault(1)]})
    again = {"material_no": 1, "source": "PAPER_ORIGINAL"}
    bundle = await bundles.done(bundle, "supplements", {"materials": [again]})

    refused = await bundles.act(bundle, "supplement-notice", {"faults": [fault(1)]})
    seen = await bundles.act(bundle, "supplement-notice", {"faults": [fault(2)], "reason": "首次无法发现"})
    shown = {"faults": [fault(2) | {"shown_by": 1}], "reason": "首次无法发现"}
    again_asked = await bundles.done(bundle, "supplement-notice", shown)

    assert (refused.status_code, refused.json()["code"]) == (409, "intake.supplement-already-requested")
    assert (seen.status_code, seen.json()["code"]) == (409, "intake.fault-could-be-seen")
    assert (again_asked["state"], again_asked["supplement"]["ordinal"]) == ("CORRECTION", 2)
    told = [body for _, _, body in await bundles.desk.events(bundle["bundle_application_id"]) if "faults" in body]
    assert [(one["ordinal"], one["reason"]) for one in told] == [(1, None), (2, "首次无法发现")]
    common = {m["material_no"]: m["name"] for m in again_asked["materials"]}
    member = next(m["application_id"] for m in again_asked["members"] if m["application_state"] == "CORRECTION")
    (part,) = [body for _, _, body in await bundles.desk.events(member) if body.get("ordinal") == 2]
    assert told[1]["faults"][0]["shown_by_name"] == part["faults"][0]["shown_by_name"] == common[1]


async def test_what_is_not_supplied_in_time_drowns_nobody_else(bundles: BundleDesk) -> None:
    bundle = await bundles.submitted("K01", form={"area_m2": 10})
    bundle = await bundles.done(bundle, "receipt")
    lacking = (await bundles.act(bundle, "acceptance")).json()["errors"]
    faults = [fault(int(error["pointer"].rsplit("/", 1)[1])) for error in lacking]
    bundle = await bundles.done(bundle, "supplement-notice", {"faults": faults})
    later = clock.now() + timedelta(days=60)

    await BundleSilence(bundles.mover)(bundles.desk.database, later)

    lapsed = await bundles.seen(bundle)
    assert lapsed["state"] in {"ACCEPTED", "DECIDED"}
    assert date.fromisoformat(bundle["supplement"]["supply_by"]) < clock.local_date(later)


async def test_art_32_4_silence_in_a_stage_is_counted_from_that_stages_own_receipt(
    bundles: BundleDesk, travel: Travel
) -> None:
    """What was supplied in the first stage, half a year before, starts no clock of the second."""
    travel.to_day(date(2026, 3, 4))
    bundle = await bundles.done(await bundles.submitted("K04", number=a_company()), "receipt")
    lacking = (await bundles.act(bundle, "acceptance")).json()["errors"]
    faults = [fault(int(error["pointer"].rsplit("/", 1)[1])) for error in lacking]
    bundle = await bundles.done(bundle, "supplement-notice", {"faults": faults})
    travel.to_day(date(2026, 3, 5))
    bundle = await bundles.done(bundle, "supplements", {"materials": bundles.papers(bundle)})
    bundle = await bundles.done(bundle, "acceptance")
    bundle = await bundles.decided(await bundles.decided(bundle, "C01"), "C02")
    travel.to_day(date(2026, 9, 1))
    bundle = await bundles.done(bundle, "stages", {})
    bundle = await bundles.done(bundle, "receipt", {"materials": bundles.papers(bundle)})
    silence, over = BundleSilence(bundles.mover), end_of(date(2026, 9, 8))

    for early in (datetime.fromisoformat(bundle["received_at"]) + timedelta(days=5, hours=1), over - timedelta(0, 1)):
        await silence(bundles.desk.database, early)
        assert (await bundles.seen(bundle))["state"] == "RECEIVED"
    await asyncio.gather(*(silence(bundles.desk.database, over) for _ in range(3)))

    seen = await bundles.seen(bundle)
    assert (seen["stage_no"], seen["state"], seen["accepted_at"]) == (2, "ACCEPTED", bundle["received_at"])
    events = await bundles.desk.events(bundle["bundle_application_id"])
    told = [body["accepted_at"] for _, subject, body in events if subject == "intake.bundle.accepted.v1"]
    assert [datetime.fromisoformat(at).date() for at in told] == [date(2026, 3, 5), date(2026, 9, 1)]


async def test_a_single_members_hand_over_waits_for_the_bundle(bundles: BundleDesk) -> None:
    bundle = await bundles.accepted("K01", form={"area_m2": 10})
    bundle = await bundles.decided(bundle, "E01")
    member = await application_of(bundles, bundle, "E01")

    path = f"/cases/{member['case_no']}/hand-over"
    alone = await bundles.desk.post(path, bundles.desk.hand_over_clerk, HAND_OVER, version=member["version"])

    assert (alone.status_code, alone.json()["code"]) == (409, "intake.bundle-hands-over")
    assert bundle["bundle_no"] in alone.json()["detail"]


async def test_a_terminated_member_ends_and_the_others_go_on(bundles: BundleDesk) -> None:
    bundle = await bundles.accepted("K01", form={"area_m2": 10})
    bundle = await bundles.decided(bundle, "E01")
    member = await application_of(bundles, bundle, "E02")

    await bundles.hear(terminated(member))

    assert states(await bundles.seen(bundle))["E02"] == "ENDED"
