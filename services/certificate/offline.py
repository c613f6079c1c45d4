"""Checks a certificate without our database: a PDF, a QR code's text or a signed record, against a signed head."""

import json
from base64 import b64decode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from cryptography import x509

from services.certificate.domain.qr_proof import Inclusion, NotAProof, read_address, unpack
from services.certificate.domain.transparency import Act, Leaf
from services.certificate.files.errors import RecordNotAuthentic
from services.certificate.files.jose import canonical
from services.certificate.files.records import HEAD_TYPE, content_hash, verify_record
from services.certificate.files.seal_keys import Trust
from services.certificate.files.verification import Verdict, verify_pdf


class Outcome(IntEnum):
    """Exit codes of `verify`."""

    GENUINE = 0
    FALSE = 1  # forged, altered, or not in the log
    UNREADABLE = 2
    UNDECIDED = 3  # nothing wrong, but the given head cannot prove it


@dataclass(frozen=True)
class Result:
    outcome: Outcome
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Claim:
    """What was handed in: which certificate, its proof if it carries one, and what was found sound already."""

    identifier: str
    inclusion: Inclusion | None
    content_hash: bytes | None
    found: tuple[str, ...]


@dataclass(frozen=True)
class Known:
    """What the outside holder keeps: the public keys, signed heads, and perhaps a proof fetched for one of them."""

    keys: Mapping[str, Any]
    heads: Mapping[int, Mapping[str, Any]]
    proof: Mapping[str, Any] | None = None


class Refused(Exception):
    """The answer is known early: outcome and why."""

    def __init__(self, outcome: Outcome, why: str) -> None:
        super().__init__(why)
        self.outcome = outcome


def read_heads(text: str, keys: Mapping[str, Any]) -> dict[int, Mapping[str, Any]]:
    """Signed heads by size: one compact JWS, or the answers of `log/head` and `log/heads`.

    Raises:
        Refused: none of ours.
    """
    try:
        given = json.loads(text) if text.lstrip()[:1] in {"{", "["} else {"jws": text.strip()}
        listed = given if isinstance(given, list) else given.get("items", [given])
        signed = [verify_record(one["jws"], keys, typ=HEAD_TYPE) for one in listed]
        return {int(head["size"]): head for head in signed}
    except RecordNotAuthentic as fault:
        raise Refused(Outcome.FALSE, "日志头的签名无法通过验证") from fault
    except (ValueError, KeyError, TypeError, AttributeError) as fault:
        raise Refused(Outcome.UNREADABLE, "无法读取日志头") from fault


def check(content: bytes, known: Known) -> Result:
    """The whole check. Whether a certificate was annulled since is for the library, or for a later head, to tell."""
    try:
        claim = _read(content, known)
        return Result(Outcome.GENUINE, (*claim.found, *_proven(claim, known)))
    except Refused as refused:
        return Result(refused.outcome, (str(refused),))


def _read(content: bytes, known: Known) -> Claim:
    if content.startswith(b"%PDF-"):
        return _of_pdf(content, known)
    try:
        text = content.decode().strip()
    except UnicodeDecodeError as fault:
        raise Refused(Outcome.UNREADABLE, "既不是 PDF，也不是二维码文本或签名数据") from fault
    if text.startswith("{") or (text.count(".") == 2 and text.startswith("ey")):
        return _of_record(text, known)
    try:
        identifier, inclusion = read_address(text)
    except NotAProof as fault:
        raise Refused(Outcome.UNREADABLE, "不是本平台证照二维码的内容，或者内容不完整") from fault
    return Claim(identifier, inclusion, None, ())


def _of_pdf(content: bytes, known: Known) -> Claim:
    try:
        roots, stamps = _roots(known.keys["seal_roots"]), _roots(known.keys.get("stamp_roots", ()))
    except (KeyError, TypeError, ValueError) as fault:
        raise Refused(Outcome.UNREADABLE, "公钥文件没有印章根证书（seal_roots），无法核验 PDF") from fault
    verdict = verify_pdf(content, Trust(roots, stamps))
    if verdict.verdict is not Verdict.VALID or verdict.kind != "certificate" or verdict.reference is None:
        outcome = Outcome.UNREADABLE if verdict.verdict is Verdict.UNREADABLE else Outcome.FALSE
        raise Refused(outcome, _PDF_FAULTS.get(verdict.verdict, "不是证照文件"))
    found = (f"电子印章有效：{verdict.sealed_by}，文件盖章后未被改动",)
    try:
        inclusion = unpack(verdict.reference, verdict.log_proof) if verdict.log_proof else None
    except NotAProof as fault:
        raise Refused(Outcome.FALSE, "文件中的日志证明已损坏") from fault
    return Claim(verdict.reference, inclusion, None, found)


def _roots(encoded: Iterable[str]) -> tuple[x509.Certificate, ...]:
    return tuple(x509.load_der_x509_certificate(b64decode(root)) for root in encoded)


_PDF_FAULTS = {
    Verdict.ALTERED: "文件在盖章之后被改动，或者印章已损坏",
    Verdict.UNKNOWN: "文件没有可信的电子印章",
    Verdict.UNREADABLE: "不是完整的 PDF 文件",
}


def _of_record(text: str, known: Known) -> Claim:
    try:
        signed = canonical(json.loads(text)).decode() if text.startswith("{") else text
        record = verify_record(signed, known.keys)
    except RecordNotAuthentic as fault:
        raise Refused(Outcome.FALSE, "签名数据不是由给定的公钥签发，或者签发后被改动") from fault
    except ValueError as fault:
        raise Refused(Outcome.UNREADABLE, "签名数据不是有效的 JSON") from fault
    found = (f"签名有效：{record.get('certificate_name', '')}",)
    # A compact record lacks the signatures that the content hash covers.
    return Claim(record["certificate_identifier"], None, content_hash(signed) if text.startswith("{") else None, found)


def _proven(claim: Claim, known: Known) -> tuple[str, ...]:
    inclusion = _inclusion(claim, known)
    head = known.heads.get(inclusion.size)
    root = inclusion.root()
    if head is None or root is None:
        sizes = "、".join(str(size) for size in sorted(known.heads))
        raise Refused(
            Outcome.UNDECIDED if root else Outcome.FALSE,
            f"证明对应大小为 {inclusion.size} 的日志头，手中只有 {sizes}；请取得该日志头，或用 --proof 提供新的收录证明"
            if root
            else "日志证明不成立",
        )
    if root.hex() != head["root"]:
        raise Refused(Outcome.FALSE, "日志证明与日志头不符：证照不在日志中，或者二维码被伪造、替换")
    if claim.content_hash not in (None, inclusion.leaf.record):
        raise Refused(Outcome.FALSE, "签名数据与日志记录的内容散列不符")
    return (
        f"证照标识：{claim.identifier}",
        f"日志第 {inclusion.index} 条（{inclusion.leaf.act.value}），内容散列 {inclusion.leaf.record.hex()}",
        f"已收录于 {head['signed_at']} 签发、大小为 {inclusion.size} 的日志头",
        "注意：此后是否被撤销、注销、变更，以证照库或更新的日志为准",
    )


def _inclusion(claim: Claim, known: Known) -> Inclusion:
    """The carried proof, unless only a newer one fits a head that is at hand."""
    carried = claim.inclusion
    if known.proof is None or (carried is not None and carried.size in known.heads):
        if carried is None:
            raise Refused(Outcome.UNDECIDED, "其中没有日志证明，请用 --proof 提供收录证明")
        return carried
    given = _of_answer(known.proof)
    if given.leaf.identifier != claim.identifier or (carried is not None and carried.leaf != given.leaf):
        raise Refused(Outcome.FALSE, "所给的收录证明属于另一条记录")
    return given


def _of_answer(proof: Mapping[str, Any]) -> Inclusion:
    """An answer of `log/inclusion`."""
    try:
        said = proof["leaf"]
        leaf = Leaf(Act(said["act"]), said["identifier"], bytes.fromhex(said["record"]))
        path = tuple(bytes.fromhex(part) for part in proof["proof"])
        return Inclusion(leaf, int(said["index"]), int(proof["size"]), path)
    except (KeyError, TypeError, ValueError) as fault:
        raise Refused(Outcome.UNREADABLE, "无法读取收录证明") from fault
