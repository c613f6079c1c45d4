"""Many at once on one bundle: exactly one act counts, the others are told clearly and change nothing."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

from services.chassis import clock
from services.intake.bundles.by_law import BundleSilence
from tests.integration.intake.bundle_desk import BundleDesk
from tests.integration.intake.desk import ZHANG

HEALTH = "11431202006100061P"


async def told(bundles: BundleDesk, bundle: dict[str, Any]) -> list[tuple[int, str, dict[str, Any]]]:
    return await bundles.desk.events(bundle["bundle_application_id"])


async def test_twenty_at_once_accept_a_bundle_once(bundles: BundleDesk) -> None:
    bundle = await bundles.submitted("K02")
    bundle = await bundles.done(bundle, "receipt", {"materials": bundles.papers(bundle)})

    answers = await asyncio.gather(*(bundles.act(bundle, "acceptance") for _ in range(20)))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 19
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"intake.bundle-wrong-state"}
    assert [n for n, _, _ in await told(bundles, bundle)] == [1, 2, 3, 4]


async def test_twenty_who_record_one_step_at_once_record_it_once(bundles: BundleDesk) -> None:
    bundle = await bundles.accepted("K03", number=ZHANG)
    health = bundles.officer(HEALTH)

    path, body = "members/出生医学证明签发/result", {"outcome": "GRANTED"}
    answers = await asyncio.gather(*(bundles.act(bundle, path, body, who=health) for _ in range(20)))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 19
    codes = {answer.json()["code"] for answer in answers if answer.status_code == 409}
    assert codes == {"intake.bundle-member-wrong-state"}
    subjects = [subject for _, subject, _ in await told(bundles, bundle)]
    assert subjects.count("intake.bundle_member.ended.v1") == 1


async def test_twenty_extensions_and_a_withdrawal_at_once_exactly_one_counts(bundles: BundleDesk) -> None:
    bundle = await bundles.accepted("K01", form={"area_m2": 120})
    head = bundles.desk.staff("GOVERNMENT_HEAD", org="11431202006000001Y")
    more = {"workdays": 15, "reason": "涉及多部门", "approval_no": "政批1号"}

    answers = await asyncio.gather(
        bundles.act(bundle, "withdrawal", {"reason": "不办了"}),
        *(bundles.act(bundle, "extension", more, who=head) for _ in range(20)),
    )

    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 20}
    codes = {answer.json()["code"] for answer in answers if answer.status_code == 409}
    assert codes <= {"intake.bundle-wrong-state", "intake.bundle-already-extended", "intake.bundle-changed"}
    seen = await bundles.seen(bundle)
    assert (seen["extension"] is None) is (seen["state"] == "WITHDRAWN")


async def test_an_acceptance_and_the_law_at_once_accept_a_bundle_once(bundles: BundleDesk) -> None:
    bundle = await bundles.submitted("K02")
    bundle = await bundles.done(bundle, "receipt", {"materials": bundles.papers(bundle)})
    later = clock.now() + timedelta(days=20)

    silence = BundleSilence(bundles.mover)
    law = asyncio.gather(*(silence(bundles.desk.database, later) for _ in range(3)))
    answer = await bundles.act(bundle, "acceptance")
    await law

    assert answer.status_code in {201, 409}
    subjects = [subject for _, subject, _ in await told(bundles, bundle)]
    assert subjects.count("intake.bundle.accepted.v1") == 1
