"""The directory of certificate types: versions, templates, what everybody reads, what a certificate keeps."""

import copy
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.certificate.commands import log_heads, make_files
from services.certificate.commands.import_types import import_types
from services.certificate.domain.errors import ImportFaulty
from services.certificate.files import rendering
from services.certificate.files.contents import Certificate
from tests.support.certificate import BUSINESS_LICENCE, CATALOGUE, FOOD_LICENCE, NOON, OTHER, Library

TYPES = "/api/v1/certificates/types"


async def load(library: Library, folder: Path, **changes: dict[str, Any]) -> Any:
    """The directory with some entries changed, by short id."""
    directory: Any = copy.deepcopy(CATALOGUE)
    for entry in directory["cert_types"]:
        entry |= changes.get(entry["id"], {})
    file = folder / "types.yaml"
    file.write_text(yaml.safe_dump(directory, allow_unicode=True), encoding="utf-8")
    return await import_types(library.database, file, now=NOON)


async def newest(library: Library, code: str = FOOD_LICENCE) -> Any:
    return (await library.get(f"{TYPES}/{code}")).json()


async def test_everybody_reads_the_directory_page_by_page(library: Library):
    first = (await library.get(TYPES, limit=2)).json()
    second = (await library.get(TYPES, limit=2, cursor=first["next"])).json()

    codes = [one["type_code"] for one in first["items"] + second["items"]]
    assert (len(codes), codes, second["next"]) == (3, sorted(codes), None)
    (food,) = [one for one in first["items"] + second["items"] if one["type_code"] == FOOD_LICENCE]
    assert food["validity"]["months"] == 60
    assert food["holder_kinds"] == ["ORGANISATION"]


async def test_a_changed_type_is_a_new_version_and_an_unchanged_one_none(library: Library, tmp_path: Path):
    before = (await newest(library))["version"]

    changed = await load(library, tmp_path, foodlic={"basis": ["《食品安全法》第三十五条"]})
    again = await load(library, tmp_path, foodlic={"basis": ["《食品安全法》第三十五条"]})

    assert (changed.types, changed.changed, again.changed) == (3, 1, 0)
    shown = await newest(library)
    assert (shown["version"], shown["basis"]) == (before + 1, ["《食品安全法》第三十五条"])
    old = (await library.get(f"{TYPES}/{FOOD_LICENCE}", version=before)).json()
    assert (old["version"], old["basis"]) == (before, [])
    assert [one["version"] for one in shown["versions"]][:2] == [before + 1, before]


async def test_issuing_follows_the_rule_and_a_certificate_keeps_its_version(library: Library, tmp_path: Path):
    await load(library, tmp_path, foodlic={"validity": "5年"})
    old = await library.issued()
    await load(library, tmp_path, foodlic={"validity": "3年"})

    new = await library.issued(library.a_case(OTHER, "李小红"))

    (kept,) = await library.rows("SELECT * FROM certificate WHERE id = :id", id=old["id"])
    assert (old["valid_until"], new["valid_until"]) == (date(2031, 11, 19), date(2029, 11, 19))
    assert kept.type_version == old["type_version"] == new["type_version"] - 1
    record = library.kit.signer.verify(library.kit.open_record(new["jws_sealed"]))
    assert record["certificate_type_version"] == new["type_version"]


async def test_a_certificate_tied_to_another_ends_with_it(library: Library, tmp_path: Path):
    tied = {"validity": "按决定", "validity_rule": {"kind": "with_certificate", "type": "foodlic"}}
    await load(library, tmp_path, bizlic=tied)
    first = await library.issued(library.a_case(OTHER, "李小红"))
    case = library.a_case(OTHER, "李小红")
    case = type(case)(case.applicant, item=case.item.model_copy(update={"certificate_type_code": BUSINESS_LICENCE}))

    second = await library.issued(case)

    assert second["valid_until"] == first["valid_until"]


async def test_a_fault_stores_nothing(library: Library, tmp_path: Path):
    before = await newest(library)

    with pytest.raises(ImportFaulty) as refused:
        await load(library, tmp_path, foodlic={"basis": ["新依据"]}, bizlic={"kind": "证件"})

    assert [fault.pointer for fault in refused.value.errors] == ["/cert_types/1/kind"]
    assert await newest(library) == before


async def test_what_is_no_type_is_not_found(library: Library):
    assert (await library.get(f"{TYPES}/{FOOD_LICENCE[:-3]}999")).status_code == 404
    assert (await library.get(f"{TYPES}/{FOOD_LICENCE}", version=99)).status_code == 404


TEMPLATE = """//! name: 营业执照
//! version: VERSION
//! field: title
//! field: number
//! field: holder_name
//! field: issuer_name
//! field: issued_on
//! field: valid_from
//! field: valid_until
//! field: scope
#import "base.typ": *
#document-setup(data.title)[
  #data.title #data.number #data.holder_name #data.issuer_name #data.issued_on #data.valid_from #data.valid_until
  LAYOUT #data.scope #for line in data.lines [#line.label #line.value] #data.mark #qr(3cm) #seal-mark
]
"""
OF_LICENCE = {
    "template": "templates/bizlic.typ",
    "fields": [{"code": "scope", "name": "许可内容", "required": True}],
}


def template(folder: Path, version: str, layout: str) -> None:
    (folder / "templates").mkdir(exist_ok=True)
    text = TEMPLATE.replace("VERSION", version).replace("LAYOUT", layout)
    (folder / "templates" / "bizlic.typ").write_text(text, encoding="utf-8")


async def a_licence(library: Library) -> Any:
    case = library.a_case(OTHER, "李小红")
    case = type(case)(case.applicant, item=case.item.model_copy(update={"certificate_type_code": BUSINESS_LICENCE}))
    await library.hear(case.decided(content="热食类制售", conditions="限店内"))
    (row,) = await library.rows("SELECT * FROM certificate WHERE case_id = :id", id=case.id)
    return row


async def test_a_new_template_leaves_old_certificates_as_they_were(library: Library, tmp_path: Path):
    template(tmp_path, "1", "第一版")
    await load(library, tmp_path, bizlic=OF_LICENCE)
    old = await a_licence(library)
    template(tmp_path, "2", "第二版")
    await load(library, tmp_path, bizlic=OF_LICENCE)

    new = await a_licence(library)

    assert old.template_sha256 != new.template_sha256
    assert (await newest(library, BUSINESS_LICENCE))["template"]["version"] == "2"
    async with library.file_maker() as maker:
        await log_heads.sign_head(library.database, library.kit, now=NOON)
        jobs = [await maker.contents_of(make_files.Job(0, "CERTIFICATE", row.id, 1)) for row in (old, new)]
    layouts = [job.layout for job in jobs]
    assert ["第一版" in dict(layout.parts)["main.typ"] for layout in layouts if layout] == [True, False]
    assert layouts[1] is not None
    assert layouts[1].values == (("scope", "热食类制售"),)
    assert isinstance(jobs[1].contents, Certificate)
    assert [line.label for line in jobs[1].contents.lines] == ["条件"]
    assert rendering.render(jobs[1]).pdf.startswith(b"%PDF")


async def test_a_faulty_template_stores_nothing_and_names_line_and_field(library: Library, tmp_path: Path):
    template(tmp_path, "9", "#data.seats")
    before = await newest(library, BUSINESS_LICENCE)

    with pytest.raises(ImportFaulty) as refused:
        await load(library, tmp_path, bizlic=OF_LICENCE)

    assert [fault.pointer for fault in refused.value.errors] == ["templates/bizlic.typ 第 14 行 字段 seats"]
    assert await newest(library, BUSINESS_LICENCE) == before
    assert await library.rows("SELECT 1 FROM certificate_template WHERE version = '9'") == []


async def test_a_changed_template_needs_a_new_version_and_one_that_is_not_there_is_told(
    library: Library, tmp_path: Path
):
    template(tmp_path, "7", "甲")
    await load(library, tmp_path, bizlic=OF_LICENCE)
    template(tmp_path, "7", "乙")

    with pytest.raises(ImportFaulty) as changed:
        await load(library, tmp_path, bizlic=OF_LICENCE)
    with pytest.raises(ImportFaulty) as absent:
        await load(library, tmp_path, bizlic={"template": "templates/none.typ"})

    assert [fault.code for fault in changed.value.errors] == ["version"]
    assert [fault.pointer for fault in absent.value.errors] == ["templates/none.typ 第 1 行"]
