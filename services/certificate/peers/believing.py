"""What of an answer is believed: pinned keys, the peer's log without a break, its own division, the question asked."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from services.certificate.domain import merkle
from services.certificate.domain.errors import PeerUntrusted
from services.certificate.domain.holders import read_holders, stored
from services.certificate.domain.peering import Peer
from services.certificate.domain.personal import masked_certificate_number
from services.certificate.domain.qr_proof import Inclusion
from services.certificate.domain.transparency import FIRST_ACTS, Act, Leaf, may_stand
from services.certificate.files.records import ACT_TYPE, HEAD_TYPE, RECORD_TYPE, content_hash
from services.certificate.kit import Kit, holder_of
from services.certificate.peers import standing
from services.certificate.peers.wire import Answer, LeafSaid, Told, signed_by, untrusted
from services.certificate.schemas import PRINTABLE
from services.chassis.sealing import SealBroken
from services.kernel.certificate_identifier import check_certificate_identifier, parse_certificate_identifier
from services.kernel.codes import holds_citizen_id

_LARGEST = 2**62
_LONGEST = 1000
_PRINTABLE = re.compile(PRINTABLE)
_NO_TEXT = {"certificate_version", "holders", "holder_keys", "issued_on", "valid_from", "valid_until"}


@dataclass(frozen=True)
class SeenHead:
    """A head of the peer's log, its signature and its history checked."""

    size: int
    root: bytes
    jws: str


@dataclass(frozen=True)
class Believed:
    """A certificate whose record, place in the log and state were checked; `columns` are those of its row."""

    identifier: str
    status: str
    last_act: Act
    holder_keys: tuple[str, ...]
    type_code: str
    superseded_by: str
    record: str
    record_sha256: bytes
    proof: Mapping[str, Any]
    columns: Mapping[str, Any]


def head_of(answer: Answer, peer: Peer) -> SeenHead | None:
    """The head under its answer; None when the peer has signed none yet. Raises PeerUntrusted."""
    if not answer.head:
        return None
    head = signed_head(answer.head, peer)
    if not _goes_on(peer, head, [bytes.fromhex(part) for part in answer.consistency]):
        raise untrusted("log-rewritten", "对方的证照日志与此前见过的不一致：有记录被改写或删除")
    return head


def signed_head(jws: str, peer: Peer) -> SeenHead:
    """Raises PeerUntrusted: not a head of the peer's log, or not signed by it."""
    said = signed_by(peer, jws, HEAD_TYPE, "head-signature", "日志头的签名无法通过验证")
    try:
        head = SeenHead(int(said["size"]), bytes.fromhex(said["root"]), jws)
        if not 0 < head.size <= _LARGEST:
            raise ValueError
    except (KeyError, TypeError, ValueError) as fault:
        raise untrusted("answer-shape", "日志头的内容不符合约定") from fault
    if said.get("log") != peer.region:
        raise untrusted("head-signature", "日志头属于另一地区的日志")
    return head


def _goes_on(peer: Peer, head: SeenHead, proof: list[bytes]) -> bool:
    """Whether this head contains all that was seen before."""
    if peer.head_size == 0:
        return True
    if head.size == peer.head_size:
        return head.root == peer.head_root
    if head.size < peer.head_size:  # a log only grows
        return False
    return merkle.verify_consistency(peer.head_size, head.size, peer.head_root, head.root, proof)


def certificate_of(told: Told, head: SeenHead, peer: Peer, kit: Kit) -> Believed:
    """Raises PeerUntrusted."""
    record = signed_by(peer, told.record, RECORD_TYPE, "record-signature", "证照元数据的签名无法通过验证")
    try:
        columns = _columns(record, told.identifier, peer, kit)
        if not _fits(columns):
            raise ValueError
    except (LookupError, TypeError, ValueError, AttributeError) as fault:
        raise untrusted("answer-shape", "证照元数据缺少必要内容，或者含有无法登记的字符") from fault
    if told.leaf.act not in FIRST_ACTS:
        raise untrusted("not-in-log", "所给的日志记录不是颁发行为")
    proof = _proven(told.leaf, told.identifier, content_hash(told.record), head)
    if any(signed_head(one, peer).size > head.size for one in told.code_heads):
        raise untrusted("not-in-log", "二维码所依据的日志头晚于答复的日志头")
    act, said = _standing(told, head, peer)
    if not may_stand(act, told.status.value):
        raise untrusted("record-other", "证照状态与其最后一次行为不符")
    return Believed(
        identifier=told.identifier,
        status=told.status.value,
        last_act=act,
        holder_keys=tuple(columns["holder_keys"]),
        type_code=columns["type_code"],
        superseded_by=_identifier(said.get("superseded_by")),
        record=told.record,
        record_sha256=content_hash(told.record),
        proof=proof | {"code_heads": told.code_heads},
        columns=columns,
    )


def _identifier(said: Any) -> str:
    return said if isinstance(said, str) and check_certificate_identifier(said) is None else ""


def holds_still(row: Any, peer: Peer, kit: Kit) -> bool:
    """Whether what was adopted is still what that region signed and logged, and stands as it was confirmed."""
    if not standing.holds(row, kit):
        return False
    try:
        signed = kit.open_record(row.record_sealed)
        record = signed_by(peer, signed, RECORD_TYPE, "record-signature", "签名无法通过验证")
        head = signed_head(row.proof["head"], peer)
        leaf = LeafSaid(index=row.proof["index"], act=row.proof["act"], path=row.proof["path"])
        _proven(leaf, row.identifier, content_hash(signed), head)
        columns = _columns(record, row.identifier, peer, kit)
    except (PeerUntrusted, SealBroken, ValueError, LookupError, TypeError, AttributeError):
        return False
    return all(getattr(row, name) == value for name, value in columns.items() if name != "type_code")


def _standing(told: Told, head: SeenHead, peer: Peer) -> tuple[Act, Mapping[str, Any]]:
    """The last act and what its record says. What took the certificate away counts before a head covers it; what
    brought it back does not: the peer could still say that it never did.
    """
    if told.standing is None:
        return told.leaf.act, {}
    said = signed_by(peer, told.standing.record, ACT_TYPE, "record-signature", "后续行为的签名无法通过验证")
    if said.get("certificate_identifier") != told.identifier or said.get("act") not in tuple(Act):
        raise untrusted("record-other", "后续行为属于另一张证照")
    if told.standing.leaf is None and said["act"] == Act.WITHDRAW_LOSS:
        raise untrusted("not-in-log", "解除挂失的行为还没有日志头收录")
    if told.standing.leaf is not None:
        if told.standing.leaf.act != said["act"]:
            raise untrusted("not-in-log", "后续行为与日志记录不符")
        _proven(told.standing.leaf, told.identifier, content_hash(told.standing.record), head)
    return Act(said["act"]), said


def _proven(leaf: LeafSaid, identifier: str, content: bytes, head: SeenHead) -> dict[str, Any]:
    """The proof as it is kept. Raises PeerUntrusted."""
    path = tuple(bytes.fromhex(part) for part in leaf.path)
    inclusion = Inclusion(Leaf(leaf.act, identifier, content), leaf.index, head.size, path)
    if inclusion.root() != head.root:
        raise untrusted("not-in-log", "证照不在对方的证照日志中：日志证明不成立")
    return {"index": leaf.index, "act": leaf.act.value, "size": head.size, "path": leaf.path, "head": head.jws}


def _columns(record: Mapping[str, Any], identifier: str, peer: Peer, kit: Kit) -> dict[str, Any]:
    """Of the row, out of the record alone. Raises PeerUntrusted; KeyError, ValueError for a record of another shape."""
    if record["certificate_identifier"] != identifier or check_certificate_identifier(identifier) is not None:
        raise untrusted("record-other", "签名数据属于另一张证照")
    if not peer.speaks_for(record["certificate_area_code"]):
        raise untrusted("outside-region", f"证照不是由{peer.name}辖区内的机关颁发")
    parsed = parse_certificate_identifier(identifier)
    if not peer.issues_by(parsed.issuer_code):
        raise untrusted("outside-region", f"颁发机关不属于{peer.name}")
    stated = (record["certificate_type_code"], record["issue_dept_code"], int(record["certificate_version"]))
    if (parsed.type_code, parsed.issuer_code, parsed.version) != stated:
        raise untrusted("record-other", "签名数据与证照标识不符")
    holders = [holder_of(one, kit) for one in read_holders(record)]
    first = holders[0]
    own_number = record["certificate_number"]
    return {
        "region": peer.region,
        "identifier": identifier,
        "certificate_version": int(record["certificate_version"]),
        "type_code": peer.types.get(record["certificate_type_code"], ""),
        "type_name": record["certificate_type_name"],
        "number_shown": masked_certificate_number(own_number) if holds_citizen_id(own_number) else own_number,
        "issuer_uscc": record["issue_dept_code"],
        "issuer_name": record["issue_dept_name"],
        "issuer_division": record["certificate_area_code"],
        "holder_type": first.party_type,
        "holder_name": first.name,
        "holder_key": first.key,
        "holder_masked": first.masked,
        "holders": stored(holders),
        "holder_keys": [one.key for one in holders],
        "issued_on": _day(record["issue_date"]),
        "valid_from": _day(record["validate_start"]),
        "valid_until": _day(record["validate_end"]) if record["validate_end"] else None,
    }


def _fits(columns: Mapping[str, Any]) -> bool:
    """Whether a row can hold them: what stands in a text column is text, however the peer signed it."""
    texts = (value for name, value in columns.items() if name not in _NO_TEXT)
    named = all(isinstance(text, str) for one in columns["holders"] or () for text in one.values())
    return named and all(isinstance(text, str) for text in texts) and _is_plain(dict(columns))


def _is_plain(value: Any) -> bool:
    """Short text without control characters, days, numbers, and lists of these: what a row can hold."""
    if isinstance(value, str):
        return len(value) <= _LONGEST and _PRINTABLE.match(value) is not None
    if isinstance(value, dict):
        return all(_is_plain(one) for one in value.values())
    if isinstance(value, list):
        return all(_is_plain(one) for one in value)
    return value is None or isinstance(value, int | date)


def _day(text: str) -> date:
    return datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007  a day, no moment
