"""A decision that does not fill the fields of its certificate type: the certificate waits for the department."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any
from uuid import uuid4

import httpx
import pytest
import yaml

from contracts.events.certificate import CertificateWithheld
from contracts.events.standing import AmendmentRef, Change
from services.certificate.commands.import_types import import_types
from services.certificate.files.records import payload_of
from tests.integration.certificate.test_life import a_producer, post
from tests.integration.certificate.test_life import decided as standing_decided
from tests.integration.certificate.test_superseded_on_the_way import renewed_by_another_body
from tests.support import tokens
from tests.support.certificate import CATALOGUE, FOOD_LICENCE, MARKET, NOON, POLICE, Case, Library

CHIEF = tokens.headers(["CHIEF_REPRESENTATIVE"], org=MARKET.uscc, org_name=MARKET.name)
POLICEMAN = tokens.headers(["HANDLER"], org=POLICE.uscc)
FIELDS: list[dict[str, Any]] = [
    {"code": "form", "name": "主体业态", "type": "文本", "required": True},
    {"code": "area", "name": "面积", "type": "数字", "required": True},
    {"code": "kinds", "name": "经营项目", "type": "列表"},
]
REQUIRED = {"主体业态": "餐饮服务", "面积": "85"}
GOOD = REQUIRED | {"经营项目": "热食类、冷食类"}


@pytest.fixture(scope="module", autouse=True)
async def demanding(library: Library) -> None:
    """The food licence declares fields from now on."""
    await declare(library, FIELDS)


async def declare(library: Library, fields: list[dict[str, Any]]) -> None:
    types = [one | ({"fields": fields} if one["id"] == "foodlic" else {}) for one in CATALOGUE["cert_types"]]
    file = library.folder / f"fields-{len(fields)}.yaml"
    file.write_text(yaml.safe_dump(CATALOGUE | {"cert_types": types}, allow_unicode=True), "utf-8")
    await import_types(library.database, file, now=NOON)


async def heard(library: Library, case: Case, **decision: Any) -> None:
    await library.hear(case.submitted(), case.received(), case.accepted(), case.decided(**decision))


async def of_case(library: Library, case: Case) -> list[dict[str, Any]]:
    rows = await library.rows("SELECT * FROM certificate WHERE case_id = :id ORDER BY certificate_version", id=case.id)
    return [dict(row._mapping) for row in rows]


def said_in(library: Library, row: dict[str, Any]) -> dict[str, Any]:
    return dict(payload_of(library.kit.open_record(row["jws_sealed"]))["extend_info"])


async def waiting(library: Library, who: dict[str, str] = CHIEF) -> dict[str, Any]:
    listed = (await library.get("/api/v1/withheld-certificates", who, limit=200)).json()["items"]
    return {one["id"]: one for one in listed}


async def fill(library: Library, of: object, fields: dict[str, str], who: dict[str, str] = CHIEF) -> httpx.Response:
    headers = who | {"Idempotency-Key": str(uuid4())}
    path = f"/api/v1/withheld-certificates/{of}/fields"
    return await library.http.post(path, headers=headers, json={"fields": fields})


async def test_a_grant_that_tells_the_fields_is_issued_with_them_in_their_forms(library: Library) -> None:
    case = library.a_case()

    await heard(library, case, fields=GOOD)

    (row,) = await of_case(library, case)
    said = said_in(library, row)
    assert (said["主体业态"], said["面积"], said["经营项目"]) == ("餐饮服务", 85, ["热食类", "冷食类"])


async def test_a_grant_without_them_waits_is_told_and_is_issued_once_they_are_filled(library: Library) -> None:
    case = library.a_case()

    await heard(library, case, fields={"面积": "约八十平方米"})
    await library.hear(case.decided(fields={"面积": "约八十平方米"}))

    events = await library.rows(f"SELECT payload FROM outbox WHERE subject = '{CertificateWithheld.SUBJECT}'")
    (told,) = [one for e in events if (one := CertificateWithheld.model_validate_json(e.payload)).case_id == case.id]
    papers = await library.rows("SELECT 1 FROM paper WHERE case_id = :id AND kind = 'GRANT_DECISION'", id=case.id)
    shown = (await waiting(library))[str(case.id)]
    assert (await of_case(library, case), len(papers)) == ([], 1)
    assert told.lacking == ("主体业态：该类证照必填", "面积：须为数字")
    assert [(one["field"], one["rule"]) for one in shown["lacking"]] == [("主体业态", "required"), ("面积", "form")]
    assert str(case.id) not in await waiting(library, POLICEMAN)

    still = await fill(library, case.id, {"主体业态": "餐饮服务"})
    other = await fill(library, case.id, REQUIRED, POLICEMAN)
    done = await fill(library, case.id, REQUIRED)
    again = await fill(library, case.id, REQUIRED)

    (row,) = await of_case(library, case)
    assert [(one["pointer"], one["code"]) for one in still.json()["errors"]] == [("#/fields/面积", "form")]
    assert [answer.status_code for answer in (still, other, done, again)] == [422, 404, 201, 404]
    assert done.json()["identifier"] == row["identifier"]
    assert said_in(library, row)["面积"] == 85
    assert str(case.id) not in await waiting(library)


async def test_an_amendment_that_breaks_a_field_waits_and_the_old_version_stands(library: Library) -> None:
    first = library.a_case()
    await heard(library, first, fields=GOOD)
    (old,) = await of_case(library, first)
    change = Change(what="面积", before="85", after="九十")
    case = library.a_case()

    await heard(library, case, amends=AmendmentRef(certificate_identifier=old["identifier"], changes=(change,)))
    (stands,) = await library.rows("SELECT status FROM certificate WHERE id = :id", id=old["id"])
    papers = await library.rows("SELECT 1 FROM paper WHERE case_id = :id AND kind = 'AMENDMENT_DECISION'", id=case.id)
    done = await fill(library, case.id, {"面积": "90"})

    (new,) = await of_case(library, case)
    assert (stands.status, len(papers)) == ("VALID", 1)
    assert (done.status_code, done.json()["identifier"]) == (201, new["identifier"])
    assert (said_in(library, new)["面积"], said_in(library, new)["主体业态"]) == (90, "餐饮服务")


async def test_so_does_an_amendment_that_the_department_decides_by_itself(library: Library) -> None:
    case = library.a_case()
    await heard(library, case, fields=GOOD)
    (old,) = await of_case(library, case)
    change = {"what": "面积", "before": "85", "after": "九十"}
    decision = standing_decided(old, "AMEND", "HOLDER_ASKED", changes=(change,))

    await library.hear(decision)
    (stands,) = await library.rows("SELECT status FROM certificate WHERE id = :id", id=old["id"])
    events = await library.rows(f"SELECT payload FROM outbox WHERE subject = '{CertificateWithheld.SUBJECT}'")
    told = {one.withheld_id: one for e in events if (one := CertificateWithheld.model_validate_json(e.payload))}
    done = await fill(library, decision.decision_id, {"面积": "90"})

    of_no_case, department = told[decision.decision_id], decision.department
    assert of_no_case.case_id is None
    assert (of_no_case.department_uscc, of_no_case.department_name, of_no_case.division) == (
        department.uscc,
        department.name,
        department.division,
    )
    versions = await of_case(library, case)
    assert (stands.status, done.status_code) == ("VALID", 201)
    assert [row["status"] for row in versions] == ["SUPERSEDED", "VALID"]
    assert said_in(library, versions[1])["面积"] == 90
    assert versions[1]["type_code"] == FOOD_LICENCE


def rules_of(answer: httpx.Response) -> list[tuple[str, str]]:
    return [(one["pointer"], one["code"]) for one in answer.json()["errors"]]


async def test_filling_an_amendment_changes_neither_the_holder_nor_anything_else_that_was_not_lacking(
    library: Library,
) -> None:
    first = library.a_case()
    await heard(library, first, fields=GOOD)
    (old,) = await of_case(library, first)
    change = Change(what="面积", before="85", after="九十")
    case = library.a_case()
    await heard(library, case, amends=AmendmentRef(certificate_identifier=old["identifier"], changes=(change,)))
    wrong = {"面积": "90", "持证人名称": "冒名公司", "许可内容": "全部", "主体业态": "网络经营"}

    refused = await fill(library, case.id, wrong)
    made = await of_case(library, case)
    done = await fill(library, case.id, {"面积": "90"})

    (new,) = await of_case(library, case)
    said = said_in(library, new)
    assert (refused.status_code, refused.json()["code"], made) == (422, "certificate.field-decided", [])
    assert rules_of(refused) == [(f"#/fields/{name}", "not-lacking") for name in ("持证人名称", "许可内容", "主体业态")]
    assert (done.status_code, new["holder_name"]) == (201, old["holder_name"])
    assert (said["面积"], said["主体业态"], said.get("许可内容")) == (
        90,
        "餐饮服务",
        said_in(library, old).get("许可内容"),
    )


@pytest.mark.parametrize("name", ["许可内容", "条件", "持证人名称", "经营项目", "不在目录中的项目"])
async def test_filling_a_grant_leaves_what_was_decided_as_it_was(library: Library, name: str) -> None:
    case = library.a_case()
    await heard(library, case, fields={}, content="热食类", conditions="不含冷食")

    refused = await fill(library, case.id, REQUIRED | {name: "全部"})
    done = await fill(library, case.id, REQUIRED)

    (row,) = await of_case(library, case)
    said = said_in(library, row)
    assert (refused.status_code, rules_of(refused)) == (422, [(f"#/fields/{name}", "not-lacking")])
    assert (done.status_code, said["许可内容"], said["条件"]) == (201, "热食类", "不含冷食")


async def test_a_field_that_no_paper_can_print_is_refused_as_a_decision_refuses_it(library: Library) -> None:
    case = library.a_case()
    await heard(library, case, fields={})

    refused = await fill(library, case.id, REQUIRED | {"主体业态": "餐饮😀服务"})

    assert (refused.status_code, await of_case(library, case)) == (422, [])
    assert [code for _, code in rules_of(refused)] == ["unprintable"]


async def test_what_the_type_demands_since_is_lacking_from_the_first_refusal_on(library: Library) -> None:
    case = library.a_case()
    await heard(library, case, fields={})
    await declare(library, [*FIELDS, {"code": "seats", "name": "座位数", "type": "数字", "required": True}])

    early = await fill(library, case.id, REQUIRED | {"座位数": "40"})
    still = await fill(library, case.id, REQUIRED)
    shown = (await waiting(library))[str(case.id)]["lacking"]
    done = await fill(library, case.id, REQUIRED | {"座位数": "40"})

    await declare(library, FIELDS)
    assert rules_of(early) == [("#/fields/座位数", "not-lacking")]
    assert rules_of(still) == [("#/fields/座位数", "required")]
    assert [one["field"] for one in shown] == ["主体业态", "面积", "座位数"]
    assert done.status_code == 201


async def test_a_name_with_a_stroke_in_it_is_told_and_filled_as_it_is(library: Library) -> None:
    case = library.a_case()
    await declare(library, [*FIELDS, {"code": "rate", "name": "面积/平方米", "type": "数字", "required": True}])
    await heard(library, case, fields=REQUIRED)

    shown = (await waiting(library))[str(case.id)]["lacking"]
    done = await fill(library, case.id, {"面积/平方米": "40"})

    await declare(library, FIELDS)
    (row,) = await of_case(library, case)
    assert [one["field"] for one in shown] == ["面积/平方米"]
    assert (done.status_code, said_in(library, row)["面积/平方米"]) == (201, 40)


async def made_anew(library: Library, row: dict[str, Any]) -> dict[str, Any]:
    """Lost, and issued once more."""
    for act in ("loss", "reissue"):
        assert (await post(library, row, act, a_producer())).status_code < 300
    (new,) = await library.rows("SELECT * FROM certificate WHERE source_key = :key", key=f"reissue:{row['id']}")
    return dict(new._mapping)


async def test_an_amendment_is_filled_into_the_version_that_was_issued_in_between(library: Library) -> None:
    first, case = library.a_case(), library.a_case()
    await heard(library, first, fields=GOOD)
    (old,) = await of_case(library, first)
    changes = (
        Change(what="面积", before="85", after="九十"),
        Change(what="主体业态", before="餐饮服务", after="单位食堂"),
    )
    amends = AmendmentRef(certificate_identifier=old["identifier"], changes=changes)
    await heard(library, case, amends=amends, fields={"面积": "九十"})

    await made_anew(library, old)
    done = await fill(library, case.id, {"面积": "90"})

    (new,) = await of_case(library, case)
    said = said_in(library, new)
    assert (done.status_code, done.json()["identifier"], new["certificate_version"]) == (201, new["identifier"], 3)
    assert (said["面积"], said["主体业态"]) == (90, "单位食堂")
    assert [row["status"] for row in await of_case(library, first)] == ["SUPERSEDED", "SUPERSEDED"]
    assert str(case.id) not in await waiting(library)


async def test_filling_an_amendment_takes_back_nothing_that_was_decided_after_it(library: Library) -> None:
    case = library.a_case()
    await heard(library, case, fields=GOOD)
    (old,) = await of_case(library, case)
    area, form = (
        {"what": "面积", "before": "85", "after": "九十"},
        {"what": "主体业态", "before": "", "after": "单位食堂"},
    )
    waits = standing_decided(old, "AMEND", "HOLDER_ASKED", changes=(area, form), valid_until=date(2030, 1, 1))
    later = standing_decided(
        old, "AMEND", "HOLDER_ASKED", changes=({**form, "after": "网络经营"},), valid_until=date(2029, 1, 1)
    )

    await library.hear(waits)
    await library.hear(later)
    done = await fill(library, waits.decision_id, {"面积": "90"})

    new = (await of_case(library, case))[-1]
    said = said_in(library, new)
    assert (done.status_code, new["certificate_version"], new["status"]) == (201, 3, "VALID")
    assert (said["面积"], said["主体业态"], new["valid_until"]) == (90, "网络经营", date(2029, 1, 1))


@pytest.mark.parametrize("next_version", [made_anew, renewed_by_another_body])
async def test_an_amendment_of_a_certificate_that_was_taken_away_waits_no_more(
    library: Library, next_version: Callable[[Library, dict[str, Any]], Awaitable[dict[str, Any]]]
) -> None:
    first, case, other = library.a_case(), library.a_case(), library.a_case()
    await heard(library, first, fields=GOOD)
    await heard(library, other, fields={})
    (old,) = await of_case(library, first)
    change = Change(what="面积", before="85", after="九十")
    waits = standing_decided(old, "AMEND", "HOLDER_ASKED", changes=(change.model_dump(),))
    await heard(library, case, amends=AmendmentRef(certificate_identifier=old["identifier"], changes=(change,)))
    await library.hear(waits)
    before = await waiting(library)

    new = await next_version(library, old)
    await library.hear(standing_decided(new, "ANNUL", "FRAUD"))

    after = await waiting(library)
    late = await fill(library, case.id, {"面积": "90"})
    assert before.keys() - after.keys() == {str(case.id), str(waits.decision_id)}
    assert (late.status_code, str(other.id) in after) == (404, True)
