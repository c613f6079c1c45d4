"""Import of existing certificates: all faults or all lines, a second run skips, files are made on request."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from services.certificate import __main__ as commands
from services.certificate.commands import import_file
from services.certificate.commands.sign_records import signed_record
from services.kernel.certificate_identifier import parse_certificate_identifier
from tests.support.certificate import (
    BUSINESS_LICENCE,
    COMPANY,
    ID_CARD,
    MARKER,
    MARKET,
    OTHER,
    Library,
    an_id_card,
    ndjson,
)


@pytest.fixture
def run(certificate_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Runs the command as a person does: exit status and what is on the screen."""
    for name, value in certificate_environment.items():
        monkeypatch.setenv(name, value)

    async def call(*arguments: str) -> tuple[int, str]:
        status = await asyncio.to_thread(commands.main, list(arguments))
        out = capsys.readouterr()
        return status, out.out + out.err

    return call


def a_licence(number: str = COMPANY, **changes: Any) -> dict[str, Any]:
    return (
        an_id_card(
            type_code=BUSINESS_LICENCE,
            certificate_number=number,
            holder={"party_type": "ORGANISATION", "number": number, "name": "鹤城餐饮有限公司"},
            issuer={"uscc": MARKET.uscc, "name": MARKET.name},
            valid_until=None,
            extend={"法定代表人": "王小明", "法定代表人证件号码": MARKER},
        )
        | changes
    )


async def test_id_cards_and_licences_enter_with_record_and_event(library: Library, run, tmp_path: Path):
    file = ndjson(tmp_path / "people.ndjson", an_id_card(), an_id_card(OTHER, "李小红"), a_licence())

    status, screen = await run("import", str(file))

    assert status == 0, screen
    assert "新导入 3 张" in screen
    cards = await library.rows("SELECT * FROM certificate WHERE type_code = :code", code=ID_CARD)
    assert {row.origin for row in cards} == {"IMPORTED"}
    assert all(MARKER not in row.identifier and OTHER not in row.identifier for row in cards)
    assert {row.number_shown for row in cards} == {"4****************2", "4****************0"}
    record = library.kit.signer.verify(await signed_record(library.database, cards[0], library.kit))
    assert record["certificate_number"] == record["certificate_holder_code"]
    assert await library.events_of(cards[0].id) == [(1, "certificate.certificate.issued.v1")]
    (licence,) = await library.rows("SELECT * FROM certificate WHERE holder_name = '鹤城餐饮有限公司'")
    assert parse_certificate_identifier(licence.identifier).serial == COMPANY


async def test_a_second_run_adds_only_what_is_missing(library: Library, run, tmp_path: Path):
    people = [an_id_card("43120218770707006X", "张三"), an_id_card("431202188802290057", "李四")]
    await run("import", str(ndjson(tmp_path / "first.ndjson", people[0])))

    status, screen = await run("import", str(ndjson(tmp_path / "second.ndjson", *people)))

    assert status == 0
    assert "新导入 1 张，已存在 1 张" in screen
    assert len(await library.rows("SELECT 1 FROM certificate WHERE holder_name IN ('张三', '李四')")) == 2


async def test_one_fault_stops_the_whole_file_and_every_fault_is_listed(library: Library, run, tmp_path: Path):
    wrong = MARKER[:-1] + "9"
    before = len(await library.rows("SELECT 1 FROM certificate"))
    file = ndjson(
        tmp_path / "faulty.ndjson",
        an_id_card("431202185006150033", "赵五"),
        an_id_card(wrong, "错号"),
        an_id_card("431202185006150033", "赵五"),
        an_id_card(issued_on="2020-02-30"),
        an_id_card(type_code="0" * 21),
    )
    with file.open("a", encoding="utf-8") as stream:
        stream.write("{not json\n")

    status, screen = await run("import", str(file))

    assert status == 1
    for expected in ("第 2 行 /holder/number", "第 3 行 /", "第 4 行 /issued_on", "第 5 行 /type_code", "第 6 行 /"):
        assert expected in screen
    assert wrong not in screen
    assert "431202185006150033" not in screen
    assert len(await library.rows("SELECT 1 FROM certificate")) == before


async def test_a_number_another_holder_has_in_the_library_stops_the_import(library: Library, run, tmp_path: Path):
    taken = "JY1431202000001"
    await run("import", str(ndjson(tmp_path / "one.ndjson", a_licence(certificate_number=taken))))
    other = {"party_type": "PERSON", "number": OTHER, "name": "李小红"}

    status, screen = await run(
        "import", str(ndjson(tmp_path / "two.ndjson", a_licence(certificate_number=taken, holder=other)))
    )

    assert status == 1
    assert "持证人不同" in screen
    assert OTHER not in screen


async def test_an_imported_certificate_gets_its_file_when_it_is_asked_for(library: Library, run, tmp_path: Path):
    number = "431202185006150033"
    await run("import", str(ndjson(tmp_path / "p.ndjson", an_id_card(number, "赵五"))))
    (found,) = (await library.search(library.citizen(number))).json()["items"]
    path = f"/api/v1/certificates/{found['identifier']}/file"

    first = await library.get(path, library.citizen(number))
    async with library.file_maker() as maker:
        while await maker.make_due():
            pass
    second = await library.get(path, library.citizen(number))

    assert found["file"]["state"] == "ON_REQUEST"
    assert (first.status_code, first.headers["retry-after"]) == (202, "2")
    assert second.status_code == 200
    assert second.content.startswith(b"%PDF-")
    assert number not in second.headers["content-disposition"]


async def test_a_thousand_lines_enter_in_batches(library: Library, run, tmp_path: Path):
    lines = [a_licence(certificate_number=f"BATCH{ordinal:06d}") for ordinal in range(1001)]

    status, screen = await run("import", str(ndjson(tmp_path / "many.ndjson", *lines)))

    assert status == 0
    assert "新导入 1001 张" in screen


async def test_a_large_file_is_checked_and_loaded_by_several_processes(
    library: Library, run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(import_file, "LARGE_BYTES", 0)
    monkeypatch.setattr(import_file, "PART_BYTES", 4096)
    monkeypatch.setattr(import_file, "processors", lambda: 2)
    lines = [a_licence(certificate_number=f"LARGE{ordinal:06d}") for ordinal in range(40)]

    faulty, told = await run("import", str(ndjson(tmp_path / "twice.ndjson", *lines, lines[3])))
    status, screen = await run("import", str(ndjson(tmp_path / "large.ndjson", *lines)))

    assert (faulty, "第 41 行 /: 与第 4 行重复" in told) == (1, True)
    assert status == 0, screen
    assert "新导入 40 张" in screen


# As a person runs the command, in a process without other threads; only sooner by several processes than in production.
_ALONE = """
import sys
from services.certificate import __main__ as commands
from services.certificate.commands import import_file

usual = import_file._context

def told():
    context = usual()
    print("started by", context.get_start_method())
    return context

import_file.LARGE_BYTES, import_file.PART_BYTES = 0, 4096
import_file.processors, import_file._context = lambda: 2, told
sys.exit(commands.main(sys.argv[1:]))
"""


async def test_a_command_without_other_threads_loads_a_large_file_by_copies_of_itself(
    library: Library, certificate_environment: dict[str, str], tmp_path: Path
):
    lines = [a_licence(certificate_number=f"FORKED{ordinal:06d}") for ordinal in range(40)]
    command = [sys.executable, "-c", _ALONE, "import", str(ndjson(tmp_path / "forked.ndjson", *lines))]

    done = await asyncio.to_thread(
        subprocess.run,
        command,
        cwd=Path(import_file.__file__).parents[3],
        env=os.environ | certificate_environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode == 0, done.stderr
    assert "started by fork\n" in done.stdout
    assert "新导入 40 张" in done.stdout + done.stderr
    stored = await library.rows("SELECT 1 FROM certificate WHERE number_shown LIKE 'FORKED%'")
    assert len(stored) == 40


async def test_a_file_that_is_changed_after_it_was_checked_is_told_and_nothing_of_it_is_dropped_in_silence(
    library: Library, run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    file = ndjson(tmp_path / "changed.ndjson", a_licence(certificate_number="CHANGED1"))
    checked = import_file.check

    def change(*given: Any) -> Any:
        faults = checked(*given)
        file.write_text(file.read_text("utf-8").replace("CHANGED1", ""), "utf-8")
        return faults

    monkeypatch.setattr(import_file, "check", change)
    status, screen = await run("import", str(file))

    assert status == 1
    assert "导入期间文件被改动" in screen
    assert "已存在" not in screen


async def test_faults_of_a_catalogue_of_types_are_all_told_and_nothing_is_stored(library: Library, run, tmp_path: Path):
    file = tmp_path / "catalogue.yaml"
    file.write_text(
        json.dumps(
            {
                "departments": [{"id": "scjg", "name": "局", "uscc": MARKET.uscc, "area_code": "431202000000"}],
                "cert_types": [
                    {
                        "id": "new",
                        "name": "新证",
                        "definer": "scjg",
                        "type_code": MARKET.uscc + "777",
                        "holder": "法人",
                    },
                    {
                        "id": "bad",
                        "name": "坏证",
                        "definer": "nobody",
                        "type_code": "11431202006100029D001",
                        "holder": "法人",
                        "validity": "5年",
                    },
                ],
            }
        )
    )

    status, screen = await run("import-types", str(file))

    assert status == 1
    for expected in ("/cert_types/0/validity", "/cert_types/1/definer", "/cert_types/1/type_code"):
        assert expected in screen
    assert await library.rows("SELECT 1 FROM certificate_type WHERE short_id IN ('new', 'bad')") == []
