"""Events of one certificate may be heard late or in another order: what was told last counts, never what came last."""

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import permutations
from uuid import uuid4

import pytest

from contracts.events.certificate import (
    CertificateAnnulled,
    CertificateIssued,
    CertificateLossWithdrawn,
    CertificateReportedLost,
    CertificateStanding,
    CertificateStatus,
    CoHolder,
)
from contracts.events.common import PartyType
from services.chassis.clock import local_date
from services.intake import consumers, repository
from services.intake.domain.materials import HeldCertificate
from tests.integration.intake.desk import IDCARD, LI, ZHANG, Desk, a_certificate, incoming

Told = tuple[int, CertificateIssued | CertificateStanding]
LIFE = ("issued", "lost", "found", "annulled")
_STATUS: dict[type[CertificateStanding], CertificateStatus] = {
    CertificateReportedLost: CertificateStatus.LOST,
    CertificateLossWithdrawn: CertificateStatus.VALID,
    CertificateAnnulled: CertificateStatus.ANNULLED,
}


def a_life(desk: Desk) -> dict[str, Told]:
    """Issued to two, lost, found again, annulled: each with the version it was told under."""
    other = CoHolder(holder_key=desk.key(LI), holder_name="李四", holder_type=PartyType.PERSON)
    issued = a_certificate(desk.key(ZHANG), IDCARD, f"O{uuid4().hex[:8].upper()}", co_holders=(other,))
    later = [
        kind(
            certificate_id=issued.certificate_id,
            identifier=issued.identifier,
            type_code=IDCARD,
            holder_key=issued.holder_key,
            issuer_uscc=issued.issuer_uscc,
            status=status,
            at=datetime.now(UTC),
        )
        for kind, status in _STATUS.items()
    ]
    return dict(zip(LIFE, enumerate((issued, *later), start=1), strict=True))


async def hears(desk: Desk, told: Told) -> None:
    version, event = told
    async with desk.database.transaction() as uow:
        await consumers.take_documents(uow, [replace(incoming(event), version=version)])


async def held(desk: Desk, identifier: str) -> list[HeldCertificate]:
    async with desk.database.read() as connection:
        both = await repository.held_by(connection, [desk.key(ZHANG), desk.key(LI)])
    return [one for one in both if one.identifier == identifier]


@pytest.mark.parametrize("order", list(permutations(LIFE)), ids="-".join)
async def test_a_certificate_that_was_annulled_stays_so_in_whatever_order_its_life_is_heard(
    desk: Desk, order: tuple[str, ...]
) -> None:
    life = a_life(desk)

    for act in order:
        await hears(desk, life[act])

    found = await held(desk, life["issued"][1].identifier)
    assert [one.valid for one in found] == [False, False]
    assert {(one.type_code, one.valid_from, one.holder_name) for one in found} == {
        (IDCARD, date(2020, 1, 1), None),
        (IDCARD, date(2020, 1, 1), "李四"),
    }


async def test_what_is_heard_before_the_issue_counts_for_nothing_until_the_issue_is_heard(desk: Desk) -> None:
    life, today = a_life(desk), local_date(datetime.now(UTC))

    await hears(desk, life["lost"])
    await hears(desk, life["found"])
    before = await held(desk, life["issued"][1].identifier)
    await hears(desk, life["issued"])
    after = await held(desk, life["issued"][1].identifier)

    assert not [one for one in before if one.usable_on(today)]
    assert [one.usable_on(today) for one in after] == [True, True]
