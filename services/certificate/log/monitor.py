"""Follows the transparency log from outside and raises the alarm on anything rewritten, removed or inserted."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import httpx

from services.certificate.domain import merkle
from services.certificate.files.errors import RecordNotAuthentic
from services.certificate.files.records import HEAD_TYPE, verify_record

_LOG = "/api/v1/certificates/log"
_KEYS = "/.well-known/certificate-jwks.json"
_PAGE = 500
_HEADS = 200
_OURS = "certificate."  # how the codes of the library's own refusals begin


class Alarm(Exception):
    """The log is not what it was, or the library is not what the log says. `head`: the signed head that was shown."""

    head: str = ""


class Away(Exception):
    """The library does not answer: nothing is known."""


class Damaged(Exception):
    """A file of the monitor's own cannot be used: nothing is known of the library."""


@dataclass
class State:
    """What a monitor remembers: the keys first seen, the last head, as it was signed, and the tree up to it."""

    keys: list[dict[str, Any]] = field(default_factory=list)
    size: int = 0
    root: str = merkle.EMPTY_ROOT.hex()
    frontier: list[str] = field(default_factory=list)
    head: str = ""

    @classmethod
    def load(cls, path: Path) -> "State":
        """Raises Damaged: what was kept is not whole; a look from it would accuse an honest library."""
        if not path.exists():
            return cls()
        try:
            state = cls(**json.loads(path.read_text("utf-8")))
            merkle.grow(state.size, state.nodes, ())
            whole = merkle.root_of(state.nodes).hex() == state.root and all(isinstance(key, dict) for key in state.keys)
        except (OSError, ValueError, TypeError, AttributeError) as fault:
            raise Damaged(f"{path} 无法读取") from fault
        if not whole:
            raise Damaged(f"{path} 的内容前后不一致")
        return state

    @property
    def nodes(self) -> list[bytes]:
        return [bytes.fromhex(one) for one in self.frontier]

    def save(self, path: Path) -> None:
        """Whole or not at all."""
        draft = path.with_suffix(".draft")
        with draft.open("w", encoding="utf-8") as file:
            json.dump(asdict(self), file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)


def signed_heads(path: Path) -> list[str]:
    """Heads that another holder keeps: the state of a monitor, or answers of `log/head` and `log/heads`.

    Raises Damaged.
    """
    try:
        given = json.loads(path.read_text("utf-8"))
        found = [one.get("jws") or one.get("head") for one in given.get("items", [given])]
    except (OSError, ValueError, AttributeError) as fault:
        raise Damaged(f"{path} 无法读取") from fault
    heads = [one for one in found if isinstance(one, str) and one]
    if not heads:
        raise Damaged(f"{path} 中没有日志头")
    return heads


@dataclass(frozen=True)
class Monitor:
    """One look at a library. The first one trusts the keys it finds; later keys must be published beside them."""

    http: httpx.Client

    def look(self, state: State, *, full: bool = True, others: Sequence[str] = ()) -> State:
        """The new state. `full` compares the whole library again, not only what is new. `others`: signed heads that
        were shown to other holders; what they and we were shown must be one log.

        Raises:
            Alarm: says what is wrong. Keep the old state then: it is the evidence.
            Away: the library does not answer, or not what can be read.
            Damaged: one of the others is no head of this library.
        """
        try:
            keys = self._keys(state)
            jws = self._newest(state)
            return self._compared(state, keys, jws, full, others)
        except (KeyError, TypeError, ValueError, AttributeError) as fault:
            raise Away(f"答复无法读取：{type(fault).__name__}") from fault

    def _compared(self, state: State, keys: list[dict[str, Any]], jws: str, full: bool, others: Sequence[str]) -> State:
        try:
            head = _said(jws, keys)
            self._check_consistency(state, head)
            for other in others:
                self._check_other(other, head, keys)
            heads = self._heads(0 if full else state.size, head, keys)
            if full and state.size and state.size not in heads:
                raise Alarm(f"大小为 {state.size} 的日志头不再公布：已签发的日志头被删除")
            frontier = self._leaves(state.size, state.nodes, head["size"], heads)
            if merkle.root_of(frontier).hex() != head["root"]:
                raise Alarm(f"第 {state.size} 至 {head['size'] - 1} 条记录与日志头不符：有记录被改写、删除或插入")
            if full:
                self._check_all(state, head, heads)
                self._check_strays()
        except Alarm as alarm:
            alarm.head = jws
            raise
        return State(keys, head["size"], head["root"], [part.hex() for part in frontier], jws)

    def _keys(self, state: State) -> list[dict[str, Any]]:
        keys: list[dict[str, Any]] = self._get(_KEYS)["keys"]
        if any(key not in keys for key in state.keys):
            raise Alarm("原来的公钥不再公布：密钥被替换")
        return keys

    def _newest(self, state: State) -> str:
        try:
            return str(self._get(f"{_LOG}/head")["jws"])
        except Alarm as none:
            if state.size:
                raise
            raise Away("日志还没有签发过日志头") from none

    def _heads(self, after: int, newest: Mapping[str, Any], keys: list[dict[str, Any]]) -> dict[int, str]:
        """The roots of all published heads up to the newest, by size: codes lead to every one of them."""
        roots: dict[int, str] = {}
        while after < newest["size"]:
            page = self._get(f"{_LOG}/heads", after=after, limit=_HEADS)["items"]
            if not page or page[-1]["size"] <= after:
                raise Alarm(f"第 {after} 条以后的日志头不再公布：已签发的日志头被删除")
            for one in page:
                said = _said(one["jws"], keys)
                if (said["size"], said["root"]) != (one["size"], one["root"]):
                    raise Alarm(f"大小为 {one['size']} 的日志头与其签名不符：已签发的日志头被改写")
                roots[said["size"]] = said["root"]
            after = page[-1]["size"]
        return roots

    def _check_other(self, jws: str, head: Mapping[str, Any], keys: list[dict[str, Any]]) -> None:
        """Two signed heads of one log: one is the beginning of the other, whoever was shown them."""
        try:
            other = _said(jws, keys)
        except Alarm as false:
            raise Damaged("所给的日志头不是该平台签发") from false
        first, second = sorted((other, head), key=lambda one: int(one["size"]))
        try:
            one_log = self._continues(first, second)
        except Alarm:  # no proof is given
            one_log = False
        if not one_log:
            raise Alarm(
                f"两个已签名的日志头互相矛盾（大小 {first['size']} 和 {second['size']}）："
                "给不同的人看的不是同一本日志，或者日志被改写"
            )

    def _check_consistency(self, state: State, head: dict[str, Any]) -> None:
        if head["size"] < state.size:
            raise Alarm(f"日志变短：原有 {state.size} 条，现在只有 {head['size']} 条，有记录被删除")
        if head["size"] == state.size and head["root"] != state.root:
            raise Alarm(f"同为 {state.size} 条的两个日志头不同：有记录被改写")
        if not 0 < state.size < head["size"]:
            return
        if not self._continues({"size": state.size, "root": state.root}, head):
            raise Alarm(f"新日志头不包含原来的 {state.size} 条记录：有记录被改写、删除或插入")

    def _continues(self, first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
        """Whether the log itself proves that the larger tree begins with the smaller one."""
        proof: list[bytes] = []
        if first["size"] < second["size"]:
            answer = self._get(f"{_LOG}/consistency", first=first["size"], second=second["size"])
            proof = [bytes.fromhex(part) for part in answer["proof"]]
        roots = bytes.fromhex(first["root"]), bytes.fromhex(second["root"])
        return merkle.verify_consistency(first["size"], second["size"], *roots, proof)

    def _check_all(self, state: State, head: Mapping[str, Any], heads: Mapping[int, str]) -> None:
        """What was seen earlier is still there, out of the certificates as they are today."""
        if merkle.root_of(self._leaves(0, [], head["size"], heads)).hex() != head["root"]:
            raise Alarm(f"前 {state.size} 条记录中有记录被改写")

    def _leaves(self, first: int, frontier: list[bytes], size: int, heads: Mapping[int, str]) -> list[bytes]:
        """The tree grown to `size`; on the way it must have the root of each published head."""
        while first < size:
            leaves = list(self._page(first, min(first + _PAGE, size)))
            for leaf in leaves:
                frontier, _ = merkle.grow(first, frontier, [leaf])
                first += 1
                if first in heads and merkle.root_of(frontier).hex() != heads[first]:
                    raise Alarm(f"大小为 {first} 的日志头不符：有记录被改写，或者它属于另一本日志")
        return frontier

    def _page(self, first: int, end: int) -> Iterator[bytes]:
        given = self._get(f"{_LOG}/leaves", first=first, limit=end - first)["leaves"]
        if len(given) != end - first:
            raise Alarm(f"第 {first + len(given)} 条记录被删除")
        for index, leaf in enumerate(given, start=first):
            if leaf is None:
                raise Alarm(f"第 {index} 条记录被删除，或者登记内容被改写")
            yield bytes.fromhex(leaf)

    def _check_strays(self) -> None:
        after: str | None = "00000000-0000-0000-0000-000000000000"
        while after is not None:
            page = self._get(f"{_LOG}/strays", after=after)
            if page["strays"]:
                raise Alarm(f"证照库中有 {page['strays']} 张证照不在日志中：有记录被插入")
            after = page["next"]

    def _get(self, path: str, **query: Any) -> dict[str, Any]:
        """A broken proof (404, 422) is an alarm; a library that does not answer is none."""
        try:
            answer = self.http.get(path, params=query)
        except httpx.HTTPError as fault:
            raise Away(f"无法连接：{type(fault).__name__}") from fault
        if answer.status_code in {404, 422} and _code(answer).startswith(_OURS):
            raise Alarm(f"日志不能给出应有的答复（{path}）：{answer.json().get('detail') or answer.status_code}")
        if answer.status_code != httpx.codes.OK:
            raise Away(f"{path} 答复 {answer.status_code}")
        found = answer.json()
        if not isinstance(found, dict):
            raise Away(f"{path} 的答复无法读取")
        return found


def _said(jws: str, keys: list[dict[str, Any]]) -> dict[str, Any]:
    """What a signed head says. Raises Alarm."""
    try:
        return verify_record(jws, {"keys": keys}, typ=HEAD_TYPE)
    except RecordNotAuthentic as fault:
        raise Alarm("日志头的签名无法通过验证") from fault


def _code(answer: httpx.Response) -> str:
    """Of a refusal of the library; empty for the page of something in between, which knows nothing of the log."""
    try:
        return str(answer.json().get("code", ""))
    except (ValueError, AttributeError):
        return ""
