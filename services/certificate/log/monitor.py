"""Follows the transparency log from outside and raises the alarm on anything rewritten, removed or inserted."""

import json
from collections.abc import Iterator
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


class Alarm(Exception):
    """The log is not what it was, or the library is not what the log says."""


class Away(Exception):
    """The library does not answer: nothing is known."""


@dataclass
class State:
    """What a monitor remembers: the keys first seen, the last head and the tree up to it."""

    keys: list[dict[str, Any]] = field(default_factory=list)
    size: int = 0
    root: str = merkle.EMPTY_ROOT.hex()
    frontier: list[str] = field(default_factory=list)

    @classmethod
    def load(cls, path: Path) -> "State":
        return cls(**json.loads(path.read_text("utf-8"))) if path.exists() else cls()

    def save(self, path: Path) -> None:
        """Whole or not at all."""
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(asdict(self)), "utf-8")
        draft.replace(path)


@dataclass(frozen=True)
class Monitor:
    """One look at a library. The first one trusts the keys it finds; later keys must be published beside them."""

    http: httpx.Client

    def look(self, state: State, *, full: bool = True) -> State:
        """The new state. `full` compares the whole library again, not only what is new.

        Raises:
            Alarm: says what is wrong. Keep the old state then: it is the evidence.
            Away: the library does not answer.
        """
        keys = self._keys(state)
        head = self._head(keys)
        self._check_consistency(state, head)
        frontier = self._leaves(state.size, [bytes.fromhex(one) for one in state.frontier], head["size"])
        if merkle.root_of(frontier).hex() != head["root"]:
            raise Alarm(f"第 {state.size} 至 {head['size'] - 1} 条记录与日志头不符：有记录被改写、删除或插入")
        if full:
            self._check_all(state, head)
            self._check_strays()
        return State(keys, head["size"], head["root"], [part.hex() for part in frontier])

    def _keys(self, state: State) -> list[dict[str, Any]]:
        keys: list[dict[str, Any]] = self._get(_KEYS)["keys"]
        if any(key not in keys for key in state.keys):
            raise Alarm("原来的公钥不再公布：密钥被替换")
        return keys

    def _head(self, keys: list[dict[str, Any]]) -> dict[str, Any]:
        try:
            return verify_record(self._get(f"{_LOG}/head")["jws"], {"keys": keys}, typ=HEAD_TYPE)
        except RecordNotAuthentic as fault:
            raise Alarm("日志头的签名无法通过验证") from fault

    def _check_consistency(self, state: State, head: dict[str, Any]) -> None:
        if head["size"] < state.size:
            raise Alarm(f"日志变短：原有 {state.size} 条，现在只有 {head['size']} 条，有记录被删除")
        if head["size"] == state.size and head["root"] != state.root:
            raise Alarm(f"同为 {state.size} 条的两个日志头不同：有记录被改写")
        if not 0 < state.size < head["size"]:
            return
        answer = self._get(f"{_LOG}/consistency", first=state.size, second=head["size"])
        roots = bytes.fromhex(state.root), bytes.fromhex(head["root"])
        proof = [bytes.fromhex(part) for part in answer["proof"]]
        if not merkle.verify_consistency(state.size, head["size"], *roots, proof):
            raise Alarm(f"新日志头不包含原来的 {state.size} 条记录：有记录被改写、删除或插入")

    def _check_all(self, state: State, head: dict[str, Any]) -> None:
        """What was seen earlier is still there, out of the certificates as they are today."""
        if merkle.root_of(self._leaves(0, [], head["size"])).hex() != head["root"]:
            raise Alarm(f"前 {state.size} 条记录中有记录被改写")

    def _leaves(self, first: int, frontier: list[bytes], size: int) -> list[bytes]:
        while first < size:
            leaves = list(self._page(first, min(first + _PAGE, size)))
            frontier, _ = merkle.grow(first, frontier, leaves)
            first += len(leaves)
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
        if answer.status_code in {404, 422}:
            raise Alarm(f"日志不能给出应有的答复（{path}）：{answer.json().get('detail') or answer.status_code}")
        if answer.status_code != httpx.codes.OK:
            raise Away(f"{path} 答复 {answer.status_code}")
        found: dict[str, Any] = answer.json()
        return found
