"""Is this PDF one of ours, exactly as it was sealed? Every byte counts; garbage is an answer, never an exception.

Our files have one shape: one signature that covers all bytes but its own container, and a container that could not be
written differently. So the check needs no PDF parser (nothing to blow up, nothing to be fooled by): find the last
`/ByteRange`, see that it spans the file, rebuild the container from its parts and compare, hash, check the signature
and the seal's certificate. Other tools (pyHanko, pdfsig) come to the same verdict; tests hold us to that.
"""

import re
import zlib
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from enum import StrEnum
from hashlib import sha256
from itertools import islice

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import NameOID

from services.certificate.files.container import Container, read_container
from services.certificate.files.foreign_seals import last_signer
from services.certificate.files.jose import decode
from services.certificate.files.time_stamps import Damaged
from services.certificate.files.trust import Trust
from services.kernel.certificate_identifier import check_certificate_identifier, parse_certificate_identifier

MAX_BYTES = 20 * 1024 * 1024
_HEAD = 1024  # readers find the beginning of a file so far in; ours begin with it
_USCC = 18
_REVISIONS = 4  # that are looked at below a foreign signature
_BYTE_RANGE = re.compile(rb"/ByteRange \[(\d{1,10}) (\d{1,10}) (\d{1,10}) (\d{1,10})\]")
_UUID = rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
# Each begins with a literal, which `re` then looks for first: twenty megabytes take it hundredths of a second instead
# of more than one, in which nothing else of the process runs. Everybody may upload.
_CLAIMS = tuple(
    re.compile(b"(" + kind + rb"):(1\.2\.156\.3005\.2\.[0-9A-Z.]{10,110}|" + _UUID + rb")")
    for kind in (b"certificate", b"paper")
)
_IDENTIFIER = re.compile(rb"1\.2\.156\.3005\.2\.[0-9A-Z]{21}\.[0-9A-Z]{6,18}\.[0-9A-Z]{1,60}\.\d{3}\.[0-9A-Z]")
_MENTIONED = 16
_OCTAL = re.compile(rb"\\([0-7]{3})")
_RECORD = re.compile(rb"record-sha256:([0-9a-f]{64})")
_COPY = re.compile(rb"copy:(" + _UUID + rb")")
_PROOF = re.compile(rb"log-proof:([A-Za-z0-9_-]{40,4000})")
_VALID = re.compile(rb"valid:(?<![a-z-]valid:)(\d{8})-(\d{8})?")
_COPY_NO = re.compile(rb"copy-no:(\d{1,6})")
_COPY_PURPOSE = re.compile(rb"copy-purpose:([A-Za-z0-9_-]{1,2000})")
_COPY_UNTIL = re.compile(rb"copy-until:(\d{8})")
_STREAM = re.compile(rb"stream\r?\n(?=[\x08-\x78])")
_STREAMS, _PIECE, _UNPACKED = 200, 64 * 1024, 4 * 1024 * 1024
_STORE = re.compile(rb"/DSS \d{1,10} 0 R")  # a file that has one was sealed with a time stamp
_SEALED_AT = re.compile(rb"/M \(D(?::|\\072)(\d{14})Z\)")


class Verdict(StrEnum):
    VALID = "VALID"
    ALTERED = "ALTERED"  # it is or claims to be ours, and is not as it was sealed
    UNKNOWN = "UNKNOWN"  # nothing of ours: no seal of our CA
    UNREADABLE = "UNREADABLE"  # not a whole PDF, or too large


class Reason(StrEnum):
    INTACT = "INTACT"
    NOT_PDF = "NOT_PDF"
    TOO_LARGE = "TOO_LARGE"
    INCOMPLETE = "INCOMPLETE"  # cut off
    NOT_SIGNED = "NOT_SIGNED"
    SEAL_REMOVED = "SEAL_REMOVED"  # it names a certificate or paper of ours and carries no seal
    CHANGED_AFTER_SEALING = "CHANGED_AFTER_SEALING"  # something was appended, or the signature does not span the file
    SEAL_DAMAGED = "SEAL_DAMAGED"  # the signature container is not as it was written
    CONTENT_CHANGED = "CONTENT_CHANGED"
    FOREIGN_SEAL = "FOREIGN_SEAL"  # a sound signature, but not of our CA
    SEAL_ADDED = "SEAL_ADDED"  # the same, put over a file of ours whose own seal is still there
    ANOTHER_BODYS_SEAL = "ANOTHER_BODYS_SEAL"  # of our CA, but not of the body that issued the certificate
    SEAL_NOT_IN_FORCE = "SEAL_NOT_IN_FORCE"  # sealed outside the certificate's term
    TIME_STAMP_REMOVED = "TIME_STAMP_REMOVED"  # or added: the content says whether there is one
    FOREIGN_TIME_STAMP = "FOREIGN_TIME_STAMP"  # not of an authority that we recognise, or outside its term


@dataclass(frozen=True)
class PdfVerdict:
    """What the file is. `kind`, `reference` and the seal are proven for VALID and a mere claim otherwise."""

    verdict: Verdict
    reason: Reason
    sha256: str
    kind: str | None = None  # certificate / paper
    reference: str | None = None  # the certificate's identifier, the paper's id
    record_sha256: str | None = None
    log_proof: str | None = None
    copy_id: str | None = None  # of a duplicate or a purpose-stamped copy
    valid_from: date | None = None
    valid_until: date | None = None  # None: for ever, or not told
    copy_no: int | None = None
    copy_purpose: str | None = None
    copy_until: date | None = None
    sealed_by: str | None = None
    sealed_by_uscc: str | None = None
    foreign_uscc: str | None = None  # of who made a sound signature of others, as it says itself
    sealed_at: datetime | None = None
    time_stamped_at: datetime | None = None


def verify_pdf(content: bytes, trust: Trust) -> PdfVerdict:
    """The verdict on an uploaded file. A certificate's standing (revoked, expired) is the library's to tell."""
    found = PdfVerdict(Verdict.UNREADABLE, Reason.TOO_LARGE, sha256(content).hexdigest())
    if len(content) > MAX_BYTES:
        return found
    if b"%PDF-" not in content[:_HEAD]:
        return replace(found, reason=Reason.NOT_PDF)
    found = _claims(content, found)
    if found.reference is None:  # ours stand in clear; other software packs them
        found = _claims(_unpacked(content), found)
    match = _BYTE_RANGE.match(content, max(content.rfind(b"/ByteRange"), 0))
    judged = _with_seal(content, match, found, trust) if match else _without_seal(content, found)
    return judged if judged.verdict is Verdict.VALID else _signed_by_others(content, judged, trust)


def _signed_by_others(content: bytes, judged: PdfVerdict, trust: Trust) -> PdfVerdict:
    """Tells what others signed from what was only damaged."""
    signer = last_signer(content)
    if signer is None or _issued_by(signer, trust.roots):
        return judged
    if _seal_below(content, trust):
        return replace(judged, verdict=Verdict.ALTERED, reason=Reason.SEAL_ADDED, sealed_by=None, sealed_by_uscc=None)
    said = _name(signer, NameOID.ORGANIZATION_IDENTIFIER)
    unknown = replace(judged, verdict=Verdict.UNKNOWN, reason=Reason.FOREIGN_SEAL, foreign_uscc=said)
    return replace(unknown, sealed_by=None, sealed_by_uscc=None)


def _seal_below(content: bytes, trust: Trust) -> bool:
    """Whether an earlier revision of the file is a whole file of ours."""
    place = content.rfind(b"/ByteRange")
    for _ in range(_REVISIONS):
        place = content.rfind(b"/ByteRange", 0, max(place, 0))
        match = _BYTE_RANGE.match(content, max(place, 0))
        if match is None:
            return False
        earlier = content[: int(match[3]) + int(match[4])]
        found = PdfVerdict(Verdict.UNREADABLE, Reason.INCOMPLETE, "")
        if _with_seal(earlier, match, found, trust).verdict is Verdict.VALID:
            return True
    return False


def _claims(content: bytes, found: PdfVerdict) -> PdfVerdict:
    claim, record = _claim(content) or _written_in_octal(content), _RECORD.search(content)
    proof, copy = _PROOF.search(content), _COPY.search(content)
    valid, until = _VALID.search(content), _COPY_UNTIL.search(content)
    number, purpose = _COPY_NO.search(content), _COPY_PURPOSE.search(content)
    return replace(
        found,
        kind=claim[1].decode() if claim else None,
        reference=claim[2].decode() if claim else None,
        record_sha256=record[1].decode() if record else None,
        log_proof=proof[1].decode() if proof else None,
        copy_id=copy[1].decode() if copy else None,
        valid_from=_day(valid[1]) if valid else None,
        valid_until=_day(valid[2]) if valid else None,
        copy_no=int(number[1]) if number else None,
        copy_purpose=_text(purpose[1]) if purpose else None,
        copy_until=_day(until[1]) if until else None,
    )


def _unpacked(content: bytes) -> bytes:
    """The beginnings of what is packed in a file, some of it: only to hear what the file calls itself."""
    texts, room = [], _UNPACKED
    for match in islice(_STREAM.finditer(content), _STREAMS):
        with suppress(zlib.error):
            begin = zlib.decompressobj().decompress(content[match.end() : match.end() + _PIECE], min(_PIECE, room))
            texts.append(begin)
            room -= len(begin)
        if room <= 0:
            break
    return b"\n".join(texts)


def _text(encoded: bytes) -> str | None:
    try:
        return decode(encoded.decode()).decode()
    except ValueError:
        return None


def _claim(content: bytes) -> re.Match[bytes] | None:
    """The first one."""
    found = [match for pattern in _CLAIMS if (match := pattern.search(content))]
    return min(found, key=re.Match.start, default=None)


def _day(digits: bytes | None) -> date | None:
    try:
        return date.fromisoformat(digits.decode()) if digits else None
    except ValueError:
        return None


def named_identifiers(content: bytes) -> set[str]:
    """The identifiers of certificates that the file mentions anywhere in clear; a few, however many there are."""
    found: set[str] = set()
    for match in _IDENTIFIER.finditer(content):
        found.add(match[0].decode())
        if len(found) >= _MENTIONED:
            break
    return found


def _written_in_octal(content: bytes) -> re.Match[bytes] | None:
    """Other writers put characters of a text as octal numbers. Only a short piece is read again: files are large."""
    place = max(content.rfind(b"(certificate\\072"), content.rfind(b"(paper\\072"))
    if place < 0:
        return None
    return _claim(_OCTAL.sub(lambda match: bytes([int(match[1], 8) & 0xFF]), content[place : place + 1000]))


def _without_seal(content: bytes, found: PdfVerdict) -> PdfVerdict:
    if b"%%EOF" not in content[-1024:]:
        return _cut_off(found)
    if found.reference:
        return replace(found, verdict=Verdict.ALTERED, reason=Reason.SEAL_REMOVED)
    return replace(found, verdict=Verdict.UNKNOWN, reason=Reason.NOT_SIGNED)


def _cut_off(found: PdfVerdict) -> PdfVerdict:
    verdict = Verdict.ALTERED if found.reference else Verdict.UNREADABLE
    return replace(found, verdict=verdict, reason=Reason.INCOMPLETE)


def _with_seal(content: bytes, match: re.Match[bytes], found: PdfVerdict, trust: Trust) -> PdfVerdict:
    """Ours is told from others' by who signed; what is damaged cannot tell, so there the claim decides."""
    try:
        first, start, rest, length = (int(part) for part in match.groups())
        if rest + length > len(content) and first == 0 and start < rest <= len(content):
            return _cut_off(found)
        if first != 0 or not start < rest or rest + length != len(content) or match.start() < rest:
            return _not_as_sealed(found, Reason.CHANGED_AFTER_SEALING)
        container = read_container(content[start:rest])
    except Damaged:
        return _not_as_sealed(found, Reason.SEAL_DAMAGED)
    if not _issued_by(container.certificate, trust.roots):
        return replace(found, verdict=Verdict.UNKNOWN, reason=Reason.FOREIGN_SEAL)
    judged = _judge(container, content[:start], content[rest:], found)
    return _with_time_stamp(container, content, judged, trust) if judged.verdict is Verdict.VALID else judged


def _not_as_sealed(found: PdfVerdict, reason: Reason) -> PdfVerdict:
    if found.reference is None:
        return replace(found, verdict=Verdict.UNKNOWN, reason=Reason.FOREIGN_SEAL)
    return replace(found, verdict=Verdict.ALTERED, reason=reason)


def _judge(container: Container, before: bytes, after: bytes, found: PdfVerdict) -> PdfVerdict:
    """The seal is of our CA: does it belong to this content?"""
    certificate = container.certificate
    found = replace(
        found,
        sealed_by=_name(certificate, NameOID.ORGANIZATION_NAME),
        sealed_by_uscc=_name(certificate, NameOID.ORGANIZATION_IDENTIFIER),
    )
    if not container.signs(before + after):
        return replace(found, verdict=Verdict.ALTERED, reason=Reason.CONTENT_CHANGED)
    sealed_at = _sealed_at(after)
    if sealed_at is None or not certificate.not_valid_before_utc <= sealed_at <= certificate.not_valid_after_utc:
        return replace(found, verdict=Verdict.ALTERED, reason=Reason.SEAL_NOT_IN_FORCE)
    if _is_of_another_body(found):
        return replace(found, verdict=Verdict.UNKNOWN, reason=Reason.ANOTHER_BODYS_SEAL, sealed_at=sealed_at)
    return replace(found, verdict=Verdict.VALID, reason=Reason.INTACT, sealed_at=sealed_at)


def _is_of_another_body(found: PdfVerdict) -> bool:
    """Whoever holds the seal of one body vouches for nothing of another's. Not asked where the seal's certificate names
    no code, or the identifier an older form of issuer. (Whose a paper is only the library knows.)
    """
    named, seal = found.reference or "", found.sealed_by_uscc
    if found.kind != "certificate" or seal is None or check_certificate_identifier(named) is not None:
        return False
    issuer = parse_certificate_identifier(named).issuer_code
    return len(issuer) == _USCC and issuer != seal


def _with_time_stamp(container: Container, content: bytes, judged: PdfVerdict, trust: Trust) -> PdfVerdict:
    """The seal cannot cover its time stamp, but what it covers tells whether there must be one."""
    stamp = container.time_stamp
    if (stamp is None) is not (_STORE.search(content) is None):
        return replace(judged, verdict=Verdict.ALTERED, reason=Reason.TIME_STAMP_REMOVED)
    if stamp is None:
        return judged
    if not stamp.in_force or not _issued_by(stamp.certificate, trust.stamp_roots):
        return replace(judged, verdict=Verdict.ALTERED, reason=Reason.FOREIGN_TIME_STAMP)
    return replace(judged, time_stamped_at=stamp.at)


def _sealed_at(after: bytes) -> datetime | None:
    """The time in the signature's dictionary, which the signature covers. (PAdES has no other signing time.)"""
    match = _SEALED_AT.search(after)
    if match is None:
        return None
    try:
        return datetime.strptime(match[1].decode(), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def _name(certificate: x509.Certificate, what: x509.ObjectIdentifier) -> str | None:
    given = certificate.subject.get_attributes_for_oid(what)
    return str(given[0].value) if given else None


def _issued_by(certificate: x509.Certificate, roots: tuple[x509.Certificate, ...]) -> bool:
    for root in roots:
        try:
            certificate.verify_directly_issued_by(root)
        except (ValueError, TypeError, InvalidSignature):
            continue
        return True
    return False
