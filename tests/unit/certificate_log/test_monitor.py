"""The monitor against logs that are made up here: forks, rollbacks, rewritten heads, odd answers, a damaged memory."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.certificate.files.records import HEAD_TYPE, RecordSigner
from services.certificate.log.monitor import Alarm, Away, Monitor, State, signed_heads
from services.certificate.verification.outside import look

LOG = "/api/v1/certificates/log"
Answer = Callable[[httpx.Request], httpx.Response]


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> RecordSigner:
    return RecordSigner.load(tmp_path_factory.mktemp("signing"))


@dataclass
class Log:
    """A log that answers as the library does, by the definitions of RFC 9162 and nothing of ours."""

    signer: RecordSigner
    leaves: list[bytes] = field(default_factory=list)
    heads: list[dict[str, Any]] = field(default_factory=list)
    odd: dict[str, Answer] = field(default_factory=dict)  # other answers, by path

    def grow(self, *names: str) -> "Log":
        """Each of these under a head of its own."""
        for name in names:
            self.leaves.append(sha256(b"\0" + name.encode()).digest())
            self.sign(root_of(self.leaves).hex())
        return self

    def sign(self, root: str) -> None:
        said = {"log": "431202000000", "size": len(self.leaves), "root": root, "signed_at": "2026-01-01T00:00:00+00:00"}
        self.heads.append(said | {"jws": self.signer.sign_compact(said, typ=HEAD_TYPE)})

    def look(self, state: State | None = None, *, full: bool = True, others: list[str] | None = None) -> State:
        with self.http() as http:
            return Monitor(http).look(state or State(), full=full, others=others or [])

    def http(self) -> httpx.Client:
        return httpx.Client(transport=httpx.MockTransport(self._answer), base_url="https://platform.example")

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path, query = request.url.path.removeprefix(LOG), request.url.params
        if path in self.odd:
            return self.odd[path](request)
        if path == "/.well-known/certificate-jwks.json":
            return httpx.Response(200, json=self.signer.jwks())
        if path == "/head":
            return httpx.Response(200, json=self.heads[-1]) if self.heads else refused(404)
        if path == "/heads":
            listed = [one for one in self.heads if one["size"] > int(query["after"])]
            return httpx.Response(200, json={"items": listed[: int(query["limit"])]})
        if path == "/consistency":
            return self._consistency(int(query["first"]), int(query["second"]))
        if path == "/leaves":
            first = int(query["first"])
            given = self.leaves[first : first + int(query["limit"])]
            return httpx.Response(200, json={"first": first, "leaves": [one.hex() for one in given]})
        return httpx.Response(200, json={"scanned": len(self.leaves), "strays": 0, "next": None})

    def _consistency(self, first: int, second: int) -> httpx.Response:
        if second > len(self.leaves):
            return refused(422)
        proof = subproof(first, self.leaves[:second], known=True)
        return httpx.Response(200, json={"proof": [part.hex() for part in proof]})


def refused(status: int) -> httpx.Response:
    return httpx.Response(status, json={"code": "certificate.no-such-leaf", "detail": "没有"})


def half(n: int) -> int:
    return 1 << ((n - 1).bit_length() - 1)


def root_of(leaves: list[bytes]) -> bytes:
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256(b"").digest()
    k = half(len(leaves))
    return sha256(b"\1" + root_of(leaves[:k]) + root_of(leaves[k:])).digest()


def subproof(m: int, leaves: list[bytes], *, known: bool) -> list[bytes]:
    if m == len(leaves):
        return [] if known else [root_of(leaves)]
    k = half(len(leaves))
    if m <= k:
        return [*subproof(m, leaves[:k], known=known), root_of(leaves[k:])]
    return [*subproof(m - k, leaves[k:], known=False), root_of(leaves[:k])]


@pytest.fixture
def log(signer: RecordSigner) -> Log:
    return Log(signer).grow("a", "b", "c")


def test_it_follows_a_log_that_only_grows_over_heads_that_it_missed(log: Log) -> None:
    seen = log.look()
    log.grow("d", "e", "f", "g", "h", "i")

    later = log.look(seen)

    assert (seen.size, later.size) == (3, 9)
    assert log.look(later, full=False) == later


def test_before_the_first_head_nothing_is_known(signer: RecordSigner) -> None:
    with pytest.raises(Away, match="还没有签发过日志头"):
        Log(signer).look()


def test_a_database_that_was_put_back_to_an_older_copy_is_told_before_and_after_it_grows_again(log: Log) -> None:
    seen = log.look()
    older = Log(log.signer).grow("a", "b")

    with pytest.raises(Alarm, match="日志变短"):
        older.look(seen)
    with pytest.raises(Alarm, match="不同"):
        older.grow("other").look(seen)
    with pytest.raises(Alarm, match="不包含"):
        older.grow("more", "and more").look(seen)


@pytest.mark.parametrize("sizes", [(3, 3), (3, 4), (4, 3), (1, 4)])
def test_two_holders_who_were_shown_different_logs_find_out_by_comparing(
    signer: RecordSigner, sizes: tuple[int, int]
) -> None:
    """Each log is sound in itself and signed with the same keys: only together the heads are the proof."""
    mine, theirs = sizes
    one = Log(signer).grow(*(f"mine {n}" for n in range(mine)))
    other = Log(signer).grow(*(f"theirs {n}" for n in range(theirs)))
    seen, their_head = one.look(), other.look().head

    one.grow("later", "and later")
    with pytest.raises(Alarm, match="互相矛盾") as told:
        one.look(seen, others=[their_head])

    assert one.look(seen).size == mine + 2  # alone it sees nothing
    assert told.value.head == one.heads[-1]["jws"]


def test_heads_of_one_log_agree_whoever_saw_more_of_it(log: Log) -> None:
    early = log.look()
    log.grow("d", "e")
    late = log.look(early)

    assert log.look(late, others=[early.head, late.head]).size == 5


def test_a_head_that_is_newer_than_the_log_one_is_shown_is_told(log: Log) -> None:
    """Somebody else was shown more: the log shown here is an older one."""
    newer = Log(log.signer).grow("a", "b", "c", "d").look().head

    with pytest.raises(Alarm):
        log.look(others=[newer])


@pytest.mark.parametrize("full", [True, False])
def test_every_published_head_must_be_of_this_log(log: Log, full: bool) -> None:
    """The codes on certificates lead to all of them, not only to the newest one."""
    seen = log.look()
    log.leaves.append(sha256(b"\0d").digest())
    log.sign(sha256(b"another log").hexdigest())
    log.grow("e")

    with pytest.raises(Alarm, match="大小为 4 的日志头不符"):
        log.look(seen, full=full)


def test_a_head_that_is_registered_otherwise_than_it_was_signed_is_told(log: Log) -> None:
    log.heads[0]["root"] = sha256(b"x").hexdigest()

    with pytest.raises(Alarm, match="与其签名不符"):
        log.look()


def test_a_head_that_was_seen_must_stay_published(log: Log) -> None:
    seen = log.look()
    log.grow("d")
    del log.heads[2]

    with pytest.raises(Alarm, match="不再公布"):
        log.look(seen)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="<html>登录</html>"),
        httpx.Response(200, json=["x"]),
        httpx.Response(200, json={"jws": None}),
        httpx.Response(404, text="<html>not found</html>"),
        httpx.Response(422, json=[]),
        httpx.Response(500),
    ],
)
@pytest.mark.parametrize("path", ["/head", "/heads", "/leaves", "/.well-known/certificate-jwks.json"])
def test_what_cannot_be_read_is_no_alarm_and_no_all_clear(log: Log, path: str, answer: httpx.Response) -> None:
    seen = log.look()
    log.odd[path] = lambda _: answer

    if (path, answer.status_code, answer.content) == ("/head", 200, b'{"jws":null}'):
        with pytest.raises(Alarm):  # a head without signature
            log.look(seen)
        return
    with pytest.raises(Away):
        log.look(seen)


def test_an_alarm_keeps_both_signed_heads(log: Log, tmp_path: Path) -> None:
    state = tmp_path / "seen.json"
    with log.http() as http:
        first = look(http, state)
    kept = state.read_text()
    other = Log(log.signer).grow("x", "y", "z")
    with other.http() as http:
        second = look(http, state)

    assert (first, second, state.read_text()) == (0, 1, kept)
    shown = json.loads((tmp_path / "seen.json.alarm").read_text())
    assert (json.loads(kept)["head"], shown["jws"]) == (log.heads[-1]["jws"], other.heads[-1]["jws"])


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: "",
        lambda text: text[: len(text) // 2],
        lambda text: "[]",
        lambda text: json.dumps(json.loads(text) | {"size": 2}),
        lambda text: json.dumps(json.loads(text) | {"root": "00" * 32}),
        lambda text: json.dumps(json.loads(text) | {"frontier": ["zz"]}),
        lambda text: json.dumps(json.loads(text) | {"keys": ["x"]}),
        lambda text: json.dumps(json.loads(text) | {"stranger": 1}),
    ],
)
def test_a_damaged_memory_accuses_nobody_and_is_left_as_it_is(
    log: Log, tmp_path: Path, spoil: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "seen.json"
    log.look().save(state)
    state.write_text(spoil(state.read_text()))
    spoiled = state.read_text()

    with log.http() as http:
        status = look(http, state)

    said = capsys.readouterr().out
    assert (status, "告警" in said, "未能核对" in said) == (2, False, True)
    assert state.read_text() == spoiled


def test_what_another_holder_kept_is_read_from_his_state_or_from_saved_answers(log: Log, tmp_path: Path) -> None:
    log.look().save(tmp_path / "state.json")
    (tmp_path / "head.json").write_text(json.dumps(log.heads[-1]))
    (tmp_path / "heads.json").write_text(json.dumps({"items": log.heads}))
    (tmp_path / "none.json").write_text("{}")
    (tmp_path / "false.json").write_text(json.dumps({"jws": log.heads[-1]["jws"] + "x"}))

    with log.http() as http:
        names = ("state", "head", "heads", "none", "false", "nowhere")
        statuses = {one: look(http, tmp_path / "mine", compare=[tmp_path / f"{one}.json"]) for one in names}

    assert signed_heads(tmp_path / "state.json") == [log.heads[-1]["jws"]]
    assert statuses == {"state": 0, "head": 0, "heads": 0, "none": 2, "false": 2, "nowhere": 2}
