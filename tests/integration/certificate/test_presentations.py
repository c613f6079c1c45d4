"""亮证: a code shows the fields that the holder chose, those of the certificate's own type too, and nothing else."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
import yaml
from sqlalchemy import text

from services.certificate.commands import presentations
from services.certificate.commands.import_types import import_types
from services.certificate.domain.errors import NotPresented
from services.certificate.domain.presentation import digest
from services.certificate.looking.look import presented
from services.chassis import clock
from tests.integration.certificate.test_who_may_look import post
from tests.support.certificate import CATALOGUE, NOON, OTHER, Library


async def test_a_code_shows_the_chosen_fields_only_and_the_holder_sees_each_look(library: Library) -> None:
    row = await library.issued()
    path = f"certificates/{row['identifier']}/presentations"

    made = (await post(library, path, library.citizen(), {"fields": ["type_name", "valid_until"]})).json()
    looked = await library.http.post("/api/v1/certificates/presented", json={"code": made["code"]})

    log = (await library.get("/api/v1/certificates/access-log", library.citizen(), limit=1)).json()["items"]
    assert looked.json()["status"] == "VALID"
    assert list(looked.json()["shown"]) == ["type_name", "valid_until"]
    assert (log[0]["act"], log[0]["identifier"]) == ("PRESENTED", row["identifier"])
    assert log[0]["purpose"] == "本人亮证，出示：证照名称、有效期至"
    assert not await library.rows("SELECT 1 FROM presentation WHERE code_sha256 = :code", code=made["code"])


@pytest.fixture(scope="module")
async def told(library: Library) -> dict[str, Any]:
    """A food licence whose type declares fields of its own: one is filled, one holds a number, one is left empty."""
    names = ("主体业态", "面积", "店招")
    fields = [{"code": f"own{place}", "name": name, "type": "文本"} for place, name in enumerate(names)]
    types = [one | ({"fields": fields} if one["id"] == "foodlic" else {}) for one in CATALOGUE["cert_types"]]
    file = library.folder / "own-fields.yaml"
    file.write_text(yaml.safe_dump(CATALOGUE | {"cert_types": types}, allow_unicode=True), "utf-8")
    await import_types(library.database, file, now=NOON)
    case = library.a_case()
    said = {"主体业态": "餐饮服务", "面积": "85平方米", "负责人": f"李小红 {OTHER}"}
    await library.hear(case.submitted(), case.received(), case.accepted(), case.decided(fields=said))
    (row,) = await library.rows("SELECT * FROM certificate WHERE case_id = :id", id=case.id)
    return dict(row._mapping)


async def test_a_code_shows_the_chosen_fields_of_the_type_and_no_other_line_of_the_certificate(
    library: Library, told: dict[str, Any]
) -> None:
    body = {"fields": ["店招", "主体业态", "type_name", "主体业态", "负责人"]}

    made = (await post(library, f"certificates/{told['identifier']}/presentations", library.citizen(), body)).json()
    looked = await library.http.post("/api/v1/certificates/presented", json={"code": made["code"]})

    log = (await library.get("/api/v1/certificates/access-log", library.citizen(), limit=1)).json()["items"]
    shown = looked.json()["shown"]
    assert list(shown) == ["type_name", "店招", "主体业态", "负责人"]
    assert (shown["主体业态"], shown["店招"]) == ("餐饮服务", None)
    assert (OTHER in looked.text, "85" in looked.text) == (False, False)
    assert log[0]["purpose"] == "本人亮证，出示：证照名称、店招、主体业态、负责人"


async def test_a_field_that_the_type_does_not_have_is_refused_by_its_name(
    library: Library, told: dict[str, Any]
) -> None:
    path, fields = f"certificates/{told['identifier']}/presentations", ["主体业态", "准驾车型", "own0"]

    answer = await post(library, path, library.citizen(), {"fields": fields})
    of_a_stranger = await post(library, path, library.citizen(OTHER), {"fields": fields})

    made = await library.rows("SELECT 1 FROM presentation WHERE shown_fields ? '准驾车型'")
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "certificate.field-unknown")
    assert [(one["pointer"], one["code"]) for one in problem["errors"]] == [
        ("#/fields/1", "unknown"),
        ("#/fields/2", "unknown"),
    ]
    assert "“准驾车型”" in problem["errors"][0]["detail"]
    assert (of_a_stranger.status_code, made) == (404, [])


async def test_a_code_runs_out_and_nobody_makes_one_for_another(library: Library) -> None:
    row = await library.issued()
    path, body = f"certificates/{row['identifier']}/presentations", {"fields": ["holder_name"]}
    made = (await post(library, path, library.citizen(), body)).json()
    async with library.database.transaction() as uow:
        await uow.connection.exec_driver_sql("UPDATE presentation SET runs_out_at = now() - interval '1 second'")

    over = await library.http.post("/api/v1/certificates/presented", json={"code": made["code"]})
    never = await library.http.post("/api/v1/certificates/presented", json={"code": "A" * 20})
    another = await post(library, path, library.citizen(OTHER), body)

    assert (over.status_code, never.status_code, another.status_code) == (404, 404, 404)
    assert over.json()["code"] == never.json()["code"] == "certificate.not-presented"


async def test_a_code_for_one_look_shows_its_fields_once_however_many_look_at_the_same_time(library: Library) -> None:
    """A picture of it taken over somebody's shoulder opens nothing afterwards."""
    row = await library.issued()
    body = {"fields": ["holder_name"], "once": True}
    made = (await post(library, f"certificates/{row['identifier']}/presentations", library.citizen(), body)).json()
    path, shown = "/api/v1/certificates/presented", {"code": made["code"]}

    looks = await asyncio.gather(*(library.http.post(path, json=shown) for _ in range(4)))
    later = await library.http.post(path, json=shown)

    seen = await library.rows("SELECT 1 FROM access WHERE act = 'PRESENTED' AND certificate_id = :id", id=row["id"])
    assert sorted(look.status_code for look in looks) == [200, 404, 404, 404]
    assert later.status_code == 404
    assert len(seen) == 1


@pytest.mark.parametrize("earlier", [timedelta(milliseconds=1), timedelta(minutes=1)])
async def test_a_code_for_one_look_is_used_up_also_for_whoever_came_by_an_earlier_clock(
    library: Library, earlier: timedelta
) -> None:
    """He came first and waited for the lock, or his instance's clock is behind."""
    row = await library.issued()
    body = {"fields": ["holder_name"], "once": True}
    made = (await post(library, f"certificates/{row['identifier']}/presentations", library.citizen(), body)).json()
    day, first = clock.now(), clock.real_now()

    shown = await presented(library.database, made["code"], None, library.kit, now=day, real_now=first)
    with pytest.raises(NotPresented):
        await presented(library.database, made["code"], None, library.kit, now=day, real_now=first - earlier)

    assert shown.shown == {"holder_name": row["holder_name"]}


async def test_codes_that_still_run_are_withdrawn_by_their_holder_alone(library: Library) -> None:
    row, other = await library.issued(), await library.issued()
    code = {"fields": ["holder_name"]}
    made = [
        (await post(library, f"certificates/{one['identifier']}/presentations", library.citizen(), code)).json()
        for one in (row, row, other)
    ]
    path = f"certificates/{row['identifier']}/presentations/withdrawal"

    by_another = await post(library, path, library.citizen(OTHER), {})
    withdrawn = await post(library, path, library.citizen(), {})

    looks = [await library.http.post("/api/v1/certificates/presented", json={"code": one["code"]}) for one in made]
    assert by_another.status_code == 404
    assert (withdrawn.status_code, withdrawn.json()) == (201, {"withdrawn": 2})
    assert [look.status_code for look in looks] == [404, 404, 200]


async def test_a_presentation_is_forgotten_a_day_after_it_ran_out_and_who_looked_is_not(library: Library) -> None:
    row = await library.issued()
    path, codes = f"certificates/{row['identifier']}/presentations", []
    for _ in range(2):
        made = (await post(library, path, library.citizen(), {"fields": ["holder_name"]})).json()
        await library.http.post("/api/v1/certificates/presented", json={"code": made["code"]})
        codes.append(digest(made["code"]))
    async with library.database.transaction() as uow:
        old = text("UPDATE presentation SET runs_out_at = now() - interval '25 hours' WHERE code_sha256 = :code")
        await uow.connection.execute(old, {"code": codes[0]})

    await presentations.forget(library.database, clock.now())

    kept = "SELECT code_sha256 FROM presentation WHERE certificate_id = :id"
    log = (await library.get("/api/v1/certificates/access-log", library.citizen(), limit=2)).json()["items"]
    assert [one.code_sha256 for one in await library.rows(kept, id=row["id"])] == codes[1:]
    assert [(one["act"], one["identifier"]) for one in log] == [("PRESENTED", row["identifier"])] * 2
