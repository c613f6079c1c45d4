"""What an outside holder can do with what he keeps: verify offline, and notice every change of the library."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import delete, insert, select, text

from services.certificate.__main__ import main
from services.certificate.commands import log_heads
from services.certificate.domain.qr_proof import Inclusion, address
from services.certificate.domain.transparency import Act, Leaf
from services.certificate.files.jose import canonical
from services.certificate.files.records import HEAD_TYPE
from services.certificate.log.monitor import Alarm, Monitor, State
from services.certificate.tables import certificate, log_head, log_leaf, log_state
from services.certificate.verification.offline import Known, Outcome, check
from services.chassis.clock import now, today
from services.kernel.certificate_identifier import build_certificate_identifier
from tests.support.certificate import FOOD_LICENCE, Library
from tests.support.pages import qr_codes

LOG = "/api/v1/certificates/log"


@dataclass(frozen=True)
class Kept:
    """Files of an outside holder."""

    folder: Path
    pdf: bytes
    qr: str
    record: dict[str, Any]

    def verify(self, what: str | bytes, *options: str) -> int:
        if isinstance(what, bytes):
            (self.folder / "given").write_bytes(what)
            what = str(self.folder / "given")
        return main(["verify", what, "--head", str(self.folder / "heads.json"), *options])


@pytest.fixture(scope="module")
async def kept(library: Library, tmp_path_factory: pytest.TempPathFactory) -> Kept:
    folder = tmp_path_factory.mktemp("kept")
    row = await library.issued()
    async with library.file_maker() as maker:
        while await maker.make_due():
            pass
    path = f"/api/v1/certificates/{row['identifier']}"
    pdf = (await library.get(f"{path}/file", library.citizen())).content
    record = (await library.get(path, library.citizen())).json()["jws_general"]
    for name, source in (("heads.json", f"{LOG}/heads"), ("jwks.json", "/.well-known/certificate-jwks.json")):
        (folder / name).write_bytes((await library.get(source)).content)
    proof = await library.get(f"{LOG}/inclusion", identifier=row["identifier"])
    (folder / "proof.json").write_bytes(proof.content)
    return Kept(folder, pdf, qr_codes(pdf)[0], record)


def test_a_file_a_code_and_a_record_are_verified_without_a_database(
    kept: Kept, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("YICHUANG_DATABASE_URL_CERTIFICATE", raising=False)
    proof = ("--proof", str(kept.folder / "proof.json"))

    outcomes = [kept.verify(kept.pdf), kept.verify(kept.qr), kept.verify(canonical(kept.record), *proof)]

    said = capsys.readouterr().out
    assert outcomes == [0, 5, 0]
    assert "已收录于" in said
    assert "已收录；期限和现状未核" in said


def test_each_falsehood_is_told(kept: Kept, capsys: pytest.CaptureFixture[str]) -> None:
    place = kept.pdf.rfind(b"/ByteRange") // 2
    changed = bytearray(kept.pdf)
    changed[place] ^= 1
    record = {**kept.record, "payload": kept.record["payload"][:-2] + "AA"}
    other = kept.qr.replace("/c/1.2.156", "/c/1.2.157")
    proof = ("--proof", str(kept.folder / "proof.json"))

    outcomes = {
        "changed file": kept.verify(bytes(changed)),
        "cut file": kept.verify(kept.pdf[: len(kept.pdf) // 2]),
        "swapped code": kept.verify(other),
        "code without proof": kept.verify(kept.qr.partition("?")[0]),
        "no code": kept.verify("https://example.test/"),
        "changed record": kept.verify(canonical(record), *proof),
        "record without proof": kept.verify(canonical(kept.record)),
        "nothing there": main(["verify", "/nowhere", "--head", str(kept.folder / "heads.json")]),
        "no head": main(["verify", kept.qr, "--head", str(kept.folder / "proof.json")]),
    }

    assert outcomes == {
        "changed file": 1,
        "cut file": 1,
        "swapped code": 1,
        "code without proof": 3,
        "no code": 2,
        "changed record": 1,
        "record without proof": 3,
        "nothing there": 2,
        "no head": 2,
    }
    assert "虚假：内容被改动（FILE_ALTERED）" in capsys.readouterr().out


def test_a_head_that_was_not_signed_proves_nothing(kept: Kept) -> None:
    heads = json.loads((kept.folder / "heads.json").read_text())
    heads["items"] = [{"jws": one["jws"][:-4] + "AAAA"} for one in heads["items"]]
    (kept.folder / "false.json").write_text(json.dumps(heads))

    assert (
        main(["verify", kept.qr, "--head", str(kept.folder / "false.json"), "--keys", str(kept.folder / "jwks.json")])
        == 1
    )


def test_files_that_are_broken_accuse_nobody_and_two_heads_of_one_size_are_evidence(
    kept: Kept, library: Library, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 1 says that something is false: no broken file and no traceback may end with it."""
    proof = json.loads((kept.folder / "proof.json").read_text())
    head = json.loads((kept.folder / "heads.json").read_text())["items"][-1]
    forked = {"log": "431202000000", "size": head["size"], "root": "00" * 32, "signed_at": head["signed_at"]}
    both = {"items": [head, {"jws": library.kit.signer.sign_compact(forked, typ=HEAD_TYPE)}]}
    proof["leaf"]["index"] = float("inf")
    written = {
        "empty": "{}",
        "cut": '{"keys": [',
        "list": "[]",
        "deep": "[" * 100_000,
        "none": '{"items": []}',
        "endless": json.dumps(proof),
        "both": json.dumps(both),
    }
    for name, content in written.items():
        (kept.folder / name).write_text(content)
    code, heads, jwks = kept.qr, str(kept.folder / "heads.json"), str(kept.folder / "jwks.json")

    keys = [kept.verify(code, "--keys", str(kept.folder / name)) for name in ("empty", "cut", "list", "deep")]
    no_heads = main(["verify", code, "--head", str(kept.folder / "none"), "--keys", jwks])
    endless = kept.verify(code, "--proof", str(kept.folder / "endless"))
    picture = kept.verify(b"\x89PNG\r\n\x1a\n" + bytes(100))
    said = capsys.readouterr().out
    forked_heads = main(["verify", code, "--head", str(kept.folder / "both"), "--keys", jwks])

    assert (keys, no_heads, endless, picture, forked_heads) == ([2, 2, 2, 2], 2, 2, 2, 1)
    assert "请用手机扫描图中的二维码" in said
    assert "日志头互相矛盾" in capsys.readouterr().out
    assert main(["verify", code, "--head", heads]) == Outcome.RECORDED


@pytest.mark.parametrize("command", ["verify", "monitor"])
def test_help_says_in_chinese_what_it_is_for_how_to_begin_and_what_each_exit_code_means(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="0"):
        main([command, "--help"])

    said = capsys.readouterr().out
    assert "示例" in said
    assert {"0", "1", "3"} <= {line.split()[0] for line in said.partition("退出码:")[2].splitlines() if line.strip()}


def test_what_became_of_a_certificate_since_is_told_by_a_proof_of_today_and_every_answer_says_what_to_do(
    kept: Kept, capsys: pytest.CaptureFixture[str]
) -> None:
    proof = json.loads((kept.folder / "proof.json").read_text())
    proof["leaf"]["act"] = "ANNUL"
    (kept.folder / "false-proof.json").write_text(json.dumps(proof))

    genuine = kept.verify(kept.pdf, "--proof", str(kept.folder / "proof.json"))
    invented = kept.verify(kept.pdf, "--proof", str(kept.folder / "false-proof.json"))
    early = kept.verify(kept.pdf, "--on", "2020-01-01")

    assert (genuine, invented, early) == (0, 1, 4)
    said = capsys.readouterr().out
    assert said.count("怎么办：") == 3
    assert "真实，但已失效：尚未生效（NOT_YET_VALID）" in said


def test_a_code_alone_is_never_said_to_be_in_force(kept: Kept, capsys: pytest.CaptureFixture[str]) -> None:
    later = kept.verify(kept.qr, "--on", "2126-01-01")

    said = capsys.readouterr().out
    assert later == Outcome.RECORDED
    assert "有效，" not in said
    assert "当前有效" not in said


@pytest.mark.parametrize(
    ("act", "outcome", "reason"),
    [
        (Act.ANNUL, Outcome.NO_LONGER_VALID, "ANNULLED"),
        (Act.EXPIRE, Outcome.NO_LONGER_VALID, "EXPIRED"),
        (Act.WITHDRAW_LOSS, Outcome.RECORDED, None),
        (Act.ISSUE, Outcome.RECORDED, None),
    ],
)
def test_a_code_made_of_the_public_proof_of_a_later_act_tells_that_act(
    act: Act, outcome: Outcome, reason: str | None
) -> None:
    identifier = build_certificate_identifier(FOOD_LICENCE, "11431202006100029C", "JY24312020000001")
    inclusion = Inclusion(Leaf(act, identifier, b"\1" * 32), 0, 1, ())
    root = inclusion.root()
    assert root is not None
    heads = {1: {"root": root.hex(), "signed_at": "2026-01-01T00:00:00+00:00"}}

    told = check(address("https://x.example", inclusion).encode(), Known({"division": "431202000000"}, heads, today()))

    assert (told.outcome, told.reason) == (outcome, reason)


# --- the monitor


class _Portal(httpx.BaseTransport):
    """A blocking client for the app of this loop: answers are fetched beforehand."""

    def __init__(self, answers: dict[str, httpx.Response]) -> None:
        self._answers = answers

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        found = self._answers.get(request.url.raw_path.decode())
        if found is None:
            raise Wanted(request.url.raw_path.decode())
        return httpx.Response(found.status_code, content=found.content)


class Wanted(Exception):
    """The monitor asks for this next."""


async def look(library: Library, state: State) -> State:
    """Runs the blocking monitor against the app: what it asks for is fetched, and it begins again."""
    answers: dict[str, httpx.Response] = {}
    while True:
        with httpx.Client(transport=_Portal(answers), base_url="http://certificate.test") as http:
            try:
                return Monitor(http).look(state)
            except Wanted as wanted:
                answers[str(wanted)] = await library.http.get(str(wanted))


@asynccontextmanager
async def watched(library: Library) -> AsyncIterator[State]:
    """A library with a few certificates that was seen once; afterwards the tables are as they were."""
    tables = (certificate, log_leaf, log_state, log_head)
    rows = [await library.issued() for _ in range(3)]
    assert rows
    await log_heads.sign_head(library.database, library.kit, now=now())
    async with library.database.read() as connection:
        kept_rows = {table: (await connection.execute(select(table))).mappings().all() for table in tables}
    try:
        yield await look(library, State())
    finally:
        async with library.database.transaction() as uow:
            for table, old in kept_rows.items():
                await uow.connection.execute(delete(table))
                await uow.connection.execute(insert(table), [dict(row) for row in old])


async def change(library: Library, *statements: str) -> None:
    async with library.database.transaction() as uow:
        for statement in statements:
            await uow.connection.execute(text(statement))


async def test_a_library_that_only_grows_raises_no_alarm(library: Library) -> None:
    async with watched(library) as seen:
        await library.issued()
        await log_heads.sign_head(library.database, library.kit, now=now())

        later = await look(library, seen)

        assert later.size == seen.size + 1


_SECOND = "(SELECT certificate_id FROM log_leaf WHERE leaf_index = 1)"
_COPY = (
    "INSERT INTO certificate SELECT (jsonb_populate_record(c, jsonb_build_object('id', gen_random_uuid(), "
    "'source_key', 'x', 'identifier', 'x'))).* FROM certificate c WHERE id = " + _SECOND
)


@pytest.mark.parametrize(
    "statements",
    [
        pytest.param([f"UPDATE certificate SET holder_name = '王大明' WHERE id = {_SECOND}"], id="row rewritten"),
        pytest.param([f"UPDATE certificate SET status = 'ANNULLED' WHERE id = {_SECOND}"], id="status rewritten"),
        pytest.param(
            ["UPDATE log_leaf SET record_sha256 = sha256('x'), act = 'RENEW' WHERE leaf_index = 1"], id="leaf rewritten"
        ),
        pytest.param(["UPDATE log_head SET root = sha256('x'), size = size - 1"], id="head rewritten"),
        pytest.param([f"DELETE FROM certificate WHERE id = {_SECOND}"], id="row removed"),
        pytest.param(["DELETE FROM log_leaf WHERE leaf_index = 1"], id="leaf removed"),
        pytest.param(["DELETE FROM log_head WHERE size = (SELECT max(size) FROM log_head)"], id="head removed"),
        pytest.param(["UPDATE log_leaf SET act = 'JUNK' WHERE leaf_index = 1"], id="act that there is not"),
        pytest.param(["UPDATE log_leaf SET record_sha256 = sha256('x') WHERE leaf_index = 1"], id="hash of a record"),
        pytest.param(
            ["UPDATE log_leaf SET hashes = sha256('x') || substring(hashes FROM 33) WHERE leaf_index = 1"],
            id="hash of a leaf",
        ),
        pytest.param([_COPY], id="row inserted"),
        pytest.param(
            [
                "UPDATE log_leaf SET leaf_index = leaf_index + 1000000 WHERE leaf_index >= 1",
                "UPDATE log_leaf SET leaf_index = leaf_index - 999999 WHERE leaf_index >= 1000000",
                "INSERT INTO log_leaf SELECT 1, certificate_id, act, record_sha256, hashes FROM log_leaf "
                "WHERE leaf_index = 0",
            ],
            id="leaf inserted",
        ),
    ],
)
async def test_whatever_is_rewritten_removed_or_inserted_raises_the_alarm(
    library: Library, statements: list[str]
) -> None:
    async with watched(library) as seen:
        await change(library, *statements)

        with pytest.raises(Alarm):
            await look(library, seen)


async def test_a_log_built_anew_with_our_own_keys_is_told_by_its_history(library: Library) -> None:
    async with watched(library) as seen:
        await change(
            library,
            "DELETE FROM log_head",
            "DELETE FROM log_leaf",
            f"DELETE FROM certificate WHERE id = {_SECOND}",
            "DELETE FROM certificate WHERE id = (SELECT min(id::text)::uuid FROM certificate)",
            "UPDATE log_state SET size = 0, frontier = '', to_fill = true",
        )
        await log_heads.fill(library.database, library.kit)
        await library.issued()
        await library.issued()
        await library.issued()
        await log_heads.sign_head(library.database, library.kit, now=now())

        with pytest.raises(Alarm, match=r"不包含|变短|不同"):
            await look(library, seen)
