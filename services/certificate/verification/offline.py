"""Checks a certificate without our database: a PDF, a QR code's text or a signed record, against a signed head."""

import json
from base64 import b64decode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import IntEnum
from typing import Any

from cryptography import x509

from services.certificate.domain.copies import Stamp
from services.certificate.domain.qr_proof import Inclusion, NotAProof, read_address, unpack
from services.certificate.domain.transparency import ACT_NAMES, COPY_ACTS, FIRST_ACTS, Act, Leaf, status_after
from services.certificate.domain.verdict_words import GENUINE, GENUINE_PAPER, RECORDED, Words, words_of
from services.certificate.domain.verification import (
    Binding,
    Finding,
    Reason,
    Seal,
    Shown,
    Verdict,
    is_elsewhere,
    is_other_regions_body,
    judge,
    tell_apart,
)
from services.certificate.files.errors import RecordNotAuthentic
from services.certificate.files.file_seals import seal_of, stamp_in
from services.certificate.files.jose import canonical
from services.certificate.files.records import HEAD_TYPE, content_hash, signed_by, verify_record
from services.certificate.files.trust import Trust
from services.certificate.files.verification import PdfVerdict, named_identifiers, verify_pdf
from services.certificate.files.verification import Verdict as FileVerdict
from services.chassis.clock import SHANGHAI
from services.kernel.certificate_identifier import check_certificate_identifier


class Outcome(IntEnum):
    """Exit codes of `verify`."""

    GENUINE = 0
    FALSE = 1  # forged, altered, or not in the log
    UNREADABLE = 2
    UNDECIDED = 3  # nothing wrong, but the given head cannot prove it
    NO_LONGER_VALID = 4  # genuine, and expired, superseded, annulled ...
    RECORDED = 5  # in the log, but what was shown does not tell its term: a code alone


@dataclass(frozen=True)
class Result:
    outcome: Outcome
    words: Words
    lines: tuple[str, ...] = ()
    reason: Reason | None = None


@dataclass(frozen=True)
class Claim:
    """What was handed in: which certificate, its proof if it carries one, its term if it tells one, and what was found
    sound already.
    """

    identifier: str
    inclusion: Inclusion | None
    content_hash: bytes | None = None
    found: tuple[str, ...] = ()
    valid_from: date | None = None
    valid_until: date | None = None
    copy_until: date | None = None
    stamp: Stamp | None = None  # of a copy


@dataclass(frozen=True)
class Known:
    """What the outside holder keeps: the public keys, signed heads, and perhaps a proof fetched for one of them; `code`
    is the text of the QR code seen on the certificate, `today` the day that its term is held against.
    """

    keys: Mapping[str, Any]
    heads: Mapping[int, Mapping[str, Any]]
    today: date
    proof: Mapping[str, Any] | None = None
    code: str = ""

    def binding(self, proof: Inclusion) -> Binding:
        """Whether the proof leads to a head that is at hand; ABSENT when there is no such head."""
        head = self.heads.get(proof.size)
        if head is None:
            return Binding.ABSENT if proof.root() else Binding.FALSE
        root = proof.root()
        return Binding.OWN if root is not None and root.hex() == head["root"] else Binding.FALSE


_PICTURES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"RIFF", b"II*\0", b"MM\0*")


class Refused(Exception):
    """The answer is known early: outcome, its words, and details."""

    def __init__(self, outcome: Outcome, words: Words, *lines: str, reason: Reason | None = None) -> None:
        super().__init__(words.message)
        self.result = Result(outcome, words, lines, reason)


_OUTCOMES = {Verdict.ALTERED: Outcome.FALSE, Verdict.UNKNOWN: Outcome.FALSE, Verdict.VALID: Outcome.GENUINE}
_OUTCOMES_OF = {Reason.OTHER_REGION: Outcome.UNDECIDED}


def refused(finding: Finding, *lines: str) -> Refused:
    """What the common rule found, with its exit code."""
    assert finding.reason is not None
    outcome = _OUTCOMES_OF.get(finding.reason) or _OUTCOMES.get(finding.verdict, Outcome.NO_LONGER_VALID)
    if finding == Finding(Verdict.UNKNOWN, Reason.TRUNCATED):
        outcome = Outcome.UNREADABLE  # a piece of something that does not even say that it is a certificate
    return Refused(outcome, words_of(finding), *lines, reason=finding.reason)


def unreadable(message: str, advice: str = "请核对文件或者参数。") -> Refused:
    return Refused(Outcome.UNREADABLE, Words("无法读取", message, advice))


def undecided(message: str, advice: str) -> Refused:
    return Refused(Outcome.UNDECIDED, Words("无法判断", message, advice))


def read_heads(text: str, keys: Mapping[str, Any]) -> dict[int, Mapping[str, Any]]:
    """Signed heads by size: one compact JWS, or the answers of `log/head` and `log/heads`.

    Raises:
        Refused: none of ours.
    """
    try:
        given = json.loads(text) if text.lstrip()[:1] in {"{", "["} else {"jws": text.strip()}
        listed = given if isinstance(given, list) else given.get("items", [given])
        signed = [verify_record(one["jws"], keys, typ=HEAD_TYPE) for one in listed]
        heads: dict[int, Mapping[str, Any]] = {int(head["size"]): head for head in signed}
        roots = {(int(head["size"]), head["root"]) for head in signed}
    except RecordNotAuthentic as fault:
        false = Words("日志头不实", "日志头的签名无法通过验证，不能作为核验依据。", "请从本平台重新取得日志头和公钥。")
        raise Refused(Outcome.FALSE, false) from fault
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as fault:
        raise unreadable("无法读取日志头", "请保存 log/head 或 log/heads 的完整答复。") from fault
    if not heads:
        raise unreadable("所给的文件中没有日志头", "请保存 log/head 或 log/heads 的完整答复。")
    if len(roots) > len(heads):
        two = Words(
            "日志头互相矛盾", "同一大小的日志有两个已签名的日志头：日志被改写过。", "请保留该文件作为证据并举报。"
        )
        raise Refused(Outcome.FALSE, two)
    return heads


def check(content: bytes, known: Known) -> Result:
    """The whole check. Whether a certificate was annulled since is for the library, or for a later proof, to tell."""
    try:
        claim = _read(content, known)
        _check_code(claim, known)
        lines = (*claim.found, *_proven(claim, known))
        if claim.valid_from is None:
            return Result(Outcome.RECORDED, RECORDED, lines)
        _check_term(claim, claim.valid_from, known, lines)
        return Result(Outcome.GENUINE, GENUINE, lines)
    except Refused as early:
        return early.result


def _read(content: bytes, known: Known) -> Claim:
    if content.startswith(b"%PDF-"):
        return _of_pdf(content, known)
    if content.startswith(_PICTURES):
        raise unreadable("这是图片，不是证照文件", "请用手机扫描图中的二维码，把扫描所得的内容整段复制到命令中。")
    try:
        text = content.decode().strip()
    except UnicodeDecodeError as fault:
        raise unreadable("既不是 PDF，也不是二维码文本或签名数据") from fault
    if text.startswith("{") or (text.count(".") == 2 and text.startswith("ey")):
        return _of_record(text, known)
    try:
        identifier, inclusion = read_address(text)
    except NotAProof as fault:
        raise unreadable("不是本平台证照二维码的内容，或者内容不完整", "请重新扫描二维码，完整复制其内容。") from fault
    if check_certificate_identifier(identifier) is not None:
        raise refused(Finding(Verdict.UNKNOWN, Reason.IDENTIFIER_MALFORMED))
    return Claim(identifier, inclusion)


def _of_pdf(content: bytes, known: Known) -> Claim:
    found = verify_pdf(content, _trust(known))
    binding, inclusion = _carried(content, found, known)
    named = found.reference or ""
    division = str(known.keys.get("division", ""))
    if found.kind == "paper":
        here = not is_other_regions_body(found.foreign_uscc or "", division)
    else:
        here = binding is Binding.OWN or not is_elsewhere(named, division)
    fault = tell_apart(Shown(seal_of(found), named=bool(named), here=here, binding=binding))
    if fault is not None:
        raise refused(fault, *([f"文件自称的标识：{named}"] if named else []))
    sealed = f"电子印章有效：{found.sealed_by}，文件盖章后未被改动"
    if found.kind == "paper":
        raise Refused(Outcome.GENUINE, GENUINE_PAPER, sealed, f"文书编号：{named}（文书以印章为准，不入证照日志）")
    stamp = stamp_in(found)
    copied = (f"所核验的是：{stamp.mark}",) if stamp else ()
    terms = found.valid_from, found.valid_until, found.copy_until
    return Claim(named, inclusion, None, (sealed, *copied), *terms, stamp)


def _carried(content: bytes, found: PdfVerdict, known: Known) -> tuple[Binding, Inclusion | None]:
    """Whose proof the file carries: of the certificate it names, of another that it mentions, or of none."""
    if found.log_proof is None or found.reference is None:
        return Binding.ABSENT, None
    try:
        inclusion = unpack(found.reference, found.log_proof)
    except NotAProof:
        return Binding.FALSE, None
    binding = known.binding(inclusion)
    if binding is Binding.FALSE and found.verdict is not FileVerdict.VALID:
        mentioned = named_identifiers(content)
        others = (replace(inclusion, leaf=replace(inclusion.leaf, identifier=other)) for other in mentioned)
        binding = Binding.ANOTHERS if any(known.binding(one) is Binding.OWN for one in others) else binding
    return binding, inclusion


def _trust(known: Known) -> Trust:
    try:
        return Trust(_roots(known.keys["seal_roots"]), _roots(known.keys.get("stamp_roots", ())))
    except (KeyError, TypeError, ValueError) as fault:
        advice = "请保存 /.well-known/certificate-jwks.json 的完整答复。"
        raise unreadable("公钥文件没有印章根证书（seal_roots），无法核验 PDF", advice) from fault


def _roots(encoded: Iterable[str]) -> tuple[x509.Certificate, ...]:
    return tuple(x509.load_der_x509_certificate(b64decode(root)) for root in encoded)


def _of_record(text: str, known: Known) -> Claim:
    try:
        signed = canonical(json.loads(text)).decode() if text.startswith("{") else text
    except RecursionError as fault:
        raise unreadable("签名数据嵌套过深，不是本平台签发的记录") from fault
    except ValueError as fault:
        raise refused(Finding(Verdict.UNKNOWN, Reason.TRUNCATED), "签名数据不是有效的 JSON") from fault
    try:
        record = verify_record(signed, known.keys)
    except RecordNotAuthentic as fault:
        seal = {None: Seal.FOREIGN, False: Seal.BROKEN, True: Seal.FOREIGN_ADDED}[signed_by(signed, known.keys)]
        finding = tell_apart(Shown(seal))
        assert finding is not None
        raise refused(finding, "签名数据不是由给定的公钥签发，或者签发后被改动") from fault
    return Claim(
        record["certificate_identifier"],
        None,
        # A compact record lacks the signatures that the content hash covers.
        content_hash(signed) if text.startswith("{") else None,
        (f"签名有效：{record.get('certificate_name', '')}",),
        _day(record.get("validate_start")),
        _day(record.get("validate_end")),
    )


def _day(basic: Any) -> date | None:
    return date.fromisoformat(basic) if isinstance(basic, str) and basic else None


def _check_code(claim: Claim, known: Known) -> None:
    """The code that is seen belongs to the certificate that was handed in."""
    if not known.code:
        return
    try:
        identifier, seen = read_address(known.code)
    except NotAProof as fault:
        raise unreadable("--qr 所给的不是本平台证照二维码的内容，或者内容不完整") from fault
    own = claim.inclusion.leaf.record if claim.inclusion else claim.content_hash
    if identifier != claim.identifier or (seen is not None and own not in (None, seen.leaf.record)):
        swapped = Finding(Verdict.ALTERED, Reason.QR_SWAPPED)
        raise refused(swapped, f"文件的标识：{claim.identifier}", f"二维码的标识：{identifier}")


def _proven(claim: Claim, known: Known) -> tuple[str, ...]:
    given = _of_answer(known.proof) if known.proof is not None else None
    if given is not None and given.leaf.identifier != claim.identifier:
        raise undecided("所给的收录证明属于另一张证照", f"请按标识 {claim.identifier} 重新取得收录证明。")
    later = given if given is not None and given.leaf.act not in FIRST_ACTS else None
    if later is not None:
        _check_later(later, known)
    inclusion = _chosen(claim, None if later else given, known)
    if inclusion.leaf.act in FIRST_ACTS:
        _check_held(inclusion, known)
    else:
        _check_later(inclusion, known)  # what is carried tells itself what became of the certificate
    if claim.content_hash not in (None, inclusion.leaf.record):
        raise refused(Finding(Verdict.ALTERED, Reason.FILE_ALTERED), "签名数据与日志记录的内容散列不符")
    signed_at = datetime.fromisoformat(known.heads[inclusion.size]["signed_at"]).astimezone(SHANGHAI)
    copied = inclusion.leaf.act in COPY_ACTS and claim.stamp is None
    return (
        f"证照标识：{claim.identifier}",
        *(["二维码属于副本或加注件：编号、用途和有效期以其文件或联网核验为准"] if copied else []),
        f"日志第 {inclusion.index} 条（{ACT_NAMES[inclusion.leaf.act]}），内容散列 {inclusion.leaf.record.hex()}",
        f"已收录于 {signed_at:%Y-%m-%d %H:%M:%S} 签发、大小为 {inclusion.size} 的日志头",
        "注意：此后是否被撤销、注销、变更，以证照库或更新的收录证明（--proof）为准",
    )


def _chosen(claim: Claim, given: Inclusion | None, known: Known) -> Inclusion:
    """The carried proof, unless only a newer one fits a head that is at hand."""
    carried = claim.inclusion
    if given is None or (carried is not None and carried.size in known.heads):
        if carried is None:
            raise undecided("其中没有日志证明", "请用 --proof 提供收录证明（log/inclusion）。")
        return carried
    if carried is not None and carried.leaf.act in COPY_ACTS:  # its seal ties a file to the certificate
        return given if claim.stamp is not None else carried
    if carried is not None and carried.leaf != given.leaf:
        raise refused(Finding(Verdict.ALTERED, Reason.PROOF_FALSE), "所给的收录证明与其中的证明属于不同的记录")
    return given


def _check_held(inclusion: Inclusion, known: Known) -> None:
    """Raises Refused unless a head that is at hand has this leaf."""
    binding = known.binding(inclusion)
    if binding is Binding.OWN:
        return
    if binding is Binding.ABSENT:
        sizes = "、".join(str(size) for size in sorted(known.heads))
        advice = f"请取得该日志头（log/heads/{inclusion.size}），或者用 --proof 提供对手中日志头的收录证明。"
        raise undecided(f"证明对应大小为 {inclusion.size} 的日志头，手中只有 {sizes}", advice)
    if is_elsewhere(inclusion.leaf.identifier, str(known.keys.get("division", ""))):
        raise refused(Finding(Verdict.UNKNOWN, Reason.OTHER_REGION))
    why = "日志证明与日志头不符：证照不在日志中，或者二维码被伪造、替换"
    raise refused(Finding(Verdict.ALTERED, Reason.PROOF_FALSE), why)


def _check_later(later: Inclusion, known: Known) -> None:
    """A later act under a signed head tells what became of the certificate."""
    _check_held(later, known)
    status = status_after(later.leaf.act)
    if status not in (None, "VALID"):
        told = f"日志第 {later.index} 条（{ACT_NAMES[later.leaf.act]}）记载了此事，大小为 {later.size} 的日志头已收录"
        raise refused(Finding(Verdict.NO_LONGER_VALID, Reason(status)), f"证照标识：{later.leaf.identifier}", told)


def _check_term(claim: Claim, valid_from: date, known: Known, lines: tuple[str, ...]) -> None:
    finding = judge("VALID", valid_from, claim.valid_until, today=known.today, intact=True)
    if finding.reason is None and claim.copy_until is not None and known.today > claim.copy_until:
        finding = Finding(Verdict.NO_LONGER_VALID, Reason.COPY_EXPIRED)
    if finding.reason is not None:
        raise refused(finding, *lines)


def _of_answer(proof: Mapping[str, Any]) -> Inclusion:
    """An answer of `log/inclusion`."""
    try:
        said = proof["leaf"]
        leaf = Leaf(Act(said["act"]), said["identifier"], bytes.fromhex(said["record"]))
        path = tuple(bytes.fromhex(part) for part in proof["proof"])
        return Inclusion(leaf, int(said["index"]), int(proof["size"]), path)
    except (KeyError, TypeError, ValueError, OverflowError) as fault:
        raise unreadable("无法读取收录证明", "请保存 log/inclusion 的完整答复。") from fault
