"""The directory of certificate types: versions, what everybody reads, and which version a certificate keeps."""

import copy
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.certificate.commands.import_types import import_types
from services.certificate.domain.errors import ImportFaulty
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
