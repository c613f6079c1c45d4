"""Letters of supervision: each order becomes one numbered paper, which its two bodies read and nobody else."""

from typing import Any

import pytest

from contracts.events.common import Actor, DueDate, OrganisationRef
from contracts.events.supervision import LightLevel, OrderIssued, SupervisionPaper
from services.certificate.files.contents import load_job
from services.chassis.ids import uuid7
from tests.support import tokens
from tests.support.certificate import DISTRICT, MARKET, NOON, POLICE, Case, Library

CENTRE = OrganisationRef(uscc="12431202006100999B", name="区政务服务中心", division=DISTRICT)
SUPERVISOR = Actor(account_id="supervisor-1", name="龙正平", role="SUPERVISOR", organisation=CENTRE)


def an_order(
    case: Case | None, ordinal: int, kind: SupervisionPaper = SupervisionPaper.SUPERVISION_ORDER
) -> OrderIssued:
    return OrderIssued(
        order_id=uuid7(),
        order_no=f"JC2026{ordinal:08d}",
        kind=kind,
        case_id=case.id if case else None,
        case_no=case.case_no if case else "",
        department_uscc=MARKET.uscc,
        department_name=MARKET.name,
        rule="case-time-yellow",
        level=LightLevel.YELLOW if case else None,
        state_at=NOON,
        finding="已经超过承诺办结时限",
        requirement="请速办理，并说明超时原因",
        reply_by=DueDate(on=NOON.date()),
        issued_at=NOON,
        issued_by=SUPERVISOR,
    )


async def letter_of(library: Library, order: OrderIssued) -> Any:
    (row,) = await library.rows("SELECT * FROM paper WHERE order_no = :no", no=order.order_no)
    return row


async def test_an_order_becomes_one_paper_numbered_in_the_name_of_the_supervising_body(library: Library) -> None:
    case = library.a_case()
    order = an_order(case, 1)
    await library.hear(case.submitted(), case.received())

    await library.hear(order)
    await library.hear(order)

    row = await letter_of(library, order)
    job = load_job(library.kit.open_contents(row.contents_sealed))
    printed: Any = job.contents
    assert (row.body_name, row.addressee_uscc, row.case_id) == (CENTRE.name, MARKET.uscc, case.id)
    assert "督字〔2026〕第" in row.number
    assert (printed.supervision_no, printed.light, printed.item_type) == (order.order_no, "黄牌（2）", "行政许可")
    assert (job.seal.name, job.seal.purpose) == (CENTRE.name, "")


async def test_advice_about_a_departments_work_names_no_case_and_no_applicant(library: Library) -> None:
    order = an_order(None, 2, SupervisionPaper.SUPERVISION_ADVICE)

    await library.hear(order)

    row = await letter_of(library, order)
    printed: Any = load_job(library.kit.open_contents(row.contents_sealed)).contents
    assert (row.case_id, row.case_no, printed.applicant_name) == (order.order_id, "", "")
    assert (printed.item_type, printed.light) == ("部门政务服务工作", "提示（0）")
    assert [subject for _, subject in await library.events_of(row.id)] == ["certificate.paper.issued.v1"]


@pytest.mark.parametrize(
    ("roles", "claims", "status"),
    [
        (["SUPERVISOR"], {"division": DISTRICT, "org": CENTRE.uscc}, 202),
        (["CHIEF_REPRESENTATIVE"], {"org": MARKET.uscc}, 202),
        (["HANDLER"], {"org": POLICE.uscc}, 404),
        (["COUNTER_CLERK"], {"division": DISTRICT, "org": CENTRE.uscc}, 404),
        (["CITIZEN"], {}, 404),
    ],
)
async def test_a_letter_is_read_by_its_two_bodies_alone(
    library: Library, roles: list[str], claims: dict[str, Any], status: int
) -> None:
    case = library.a_case()
    order = an_order(case, next(_ordinals))
    await library.hear(case.submitted(), case.received())
    await library.hear(order)
    row = await letter_of(library, order)
    who = library.citizen() if roles == ["CITIZEN"] else tokens.headers(roles, **claims)

    file = await library.get(f"/api/v1/papers/{row.id}/file", who)
    listed = await library.get(f"/api/v1/cases/{case.case_no}/papers", who)

    assert file.status_code == status
    if listed.status_code == 200:
        kinds = {paper["kind"] for paper in listed.json()["papers"]}
        assert ("SUPERVISION_ORDER" in kinds) is (status == 202)


_ordinals = iter(range(100, 200))
