"""A case's papers: shown to those the case concerns, to nobody else."""

from typing import Any

import pytest

from contracts.events.common import AgentRef, Channel, CoApplicant
from tests.support import tokens
from tests.support.certificate import DISTRICT, MARKET, OTHER, POLICE, Library

READERS: dict[str, tuple[list[str], dict[str, Any], int]] = {
    "own department": (["HANDLER"], {"org": MARKET.uscc, "division": ""}, 200),
    "another department": (["HANDLER"], {"org": POLICE.uscc, "division": ""}, 404),
    "clerk of the district": (["COUNTER_CLERK"], {"division": DISTRICT}, 200),
    "hand-over clerk of the district": (["HANDOVER_CLERK"], {"division": DISTRICT}, 200),
    "clerk of another district": (["COUNTER_CLERK"], {"division": "431203000000"}, 404),
    "township clerk elsewhere": (["TOWNSHIP_CLERK"], {"division": "431202102000"}, 404),
    "supervisor of the district": (["SUPERVISOR"], {"division": DISTRICT}, 200),
    "provincial platform, another channel": (["PROVINCIAL_PLATFORM"], {"division": "430000000000"}, 404),
    "catalogue administrator": (["CATALOGUE_ADMIN"], {"division": DISTRICT}, 403),
    "mobile backend alone": (["MOBILE_BACKEND"], {"division": DISTRICT}, 403),
}


@pytest.mark.parametrize(("roles", "claims", "expected"), READERS.values(), ids=READERS.keys())
async def test_papers_are_listed_and_downloaded_by_scope(
    library: Library, roles: list[str], claims: dict[str, Any], expected: int
):
    case = library.a_case()
    await library.hear(case.submitted(), case.received())
    (paper,) = await library.rows("SELECT id FROM paper WHERE case_id = :id", id=case.id)
    who = tokens.headers(roles, **claims)

    listed = await library.get(f"/api/v1/cases/{case.case_no}/papers", who)
    file = await library.get(f"/api/v1/papers/{paper.id}/file", who)

    assert listed.status_code == expected
    assert file.status_code == (202 if expected == 200 else expected)


async def test_the_applicant_the_agent_and_the_submitting_account_see_the_papers(library: Library):
    agent_key = library.kit.holder_key("PERSON", OTHER)
    case = library.a_case(agent=AgentRef(name="李小红", subject_key=agent_key, masked_number="4****************0"))
    await library.hear(case.received(), case.submitted("somebody"))

    applicant = await library.get(f"/api/v1/cases/{case.case_no}/papers", library.citizen())
    agent = await library.get(f"/api/v1/cases/{case.case_no}/papers", library.citizen(OTHER))
    submitter = tokens.headers(["CITIZEN"], sub=tokens.account("somebody"), subject_key="c" * 64)
    account = await library.get(f"/api/v1/cases/{case.case_no}/papers", submitter)
    stranger = tokens.headers(["CITIZEN"], sub=tokens.account("stranger"), subject_key="d" * 64)
    other = await library.get(f"/api/v1/cases/{case.case_no}/papers", stranger)

    assert [answer.status_code for answer in (applicant, agent, account, other)] == [200, 200, 200, 404]


@pytest.mark.parametrize("told_at", ["receipt", "acceptance"])
async def test_who_applied_together_sees_the_papers_of_the_case(library: Library, told_at: str):
    spouse = CoApplicant(**library.party(OTHER, "李小红").model_dump())
    together = {"co_applicants": (spouse,)}
    case = library.a_case()
    received = case.received().model_copy(update=together if told_at == "receipt" else {})
    await library.hear(case.submitted(), received)
    await library.hear(case.accepted().model_copy(update=together))

    shown = await library.get(f"/api/v1/cases/{case.case_no}/papers", library.citizen(OTHER))

    assert shown.status_code == 200
    urls = [paper["file"]["url"] for paper in shown.json()["papers"]]
    assert [(await library.get(url, library.citizen(OTHER))).status_code for url in urls] == [202, 202]


async def test_the_provincial_platform_sees_the_papers_of_its_own_cases(library: Library):
    case = library.a_case(channel=Channel.PROVINCIAL)
    await library.hear(case.submitted(), case.received())

    answer = await library.get(f"/api/v1/cases/{case.case_no}/papers", tokens.headers(["PROVINCIAL_PLATFORM"]))

    assert answer.status_code == 200


async def test_the_list_names_papers_and_certificates_in_order_with_links(library: Library):
    case = library.a_case()
    row = await library.issued(case)

    listed = (await library.get(f"/api/v1/cases/{case.case_no}/papers", library.citizen())).json()

    assert [paper["kind"] for paper in listed["papers"]] == ["RECEIPT", "ACCEPTANCE_NOTICE", "GRANT_DECISION"]
    assert listed["papers"][0]["kind_name"] == "申请材料接收凭证"
    assert listed["papers"][0]["file"]["url"] == f"/api/v1/papers/{listed['papers'][0]['paper_id']}/file"
    assert [certificate["identifier"] for certificate in listed["certificates"]] == [row["identifier"]]


async def test_a_case_nobody_heard_of_is_not_found(library: Library):
    answer = await library.get(f"/api/v1/cases/{'0' * 43}/papers", tokens.headers(["SUPERVISOR"]))

    assert answer.status_code == 404
