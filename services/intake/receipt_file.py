"""A receipt that somebody hands in: its signed record, from the PDF (seal checked) or as it is. Works offline.

The record is a compact JWS (ES256) that the certificate service signed; the PDF carries it as the attachment
`receipt.jws`. The public keys come as a JWK Set whose further members `seal_roots` and
`stamp_roots` hold the roots of the seals and of their time stamps.
"""
# mypy: allow-untyped-calls

import binascii
import json
from base64 import b64decode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from asn1crypto import x509
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import SignatureCoverageLevel, validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from services.kernel.errors import DomainError, Kind

ATTACHMENT = "receipt.jws"
MAX_BYTES = 20 * 2**20
JWS_DOTS = 2  # of the compact form: header, payload, signature
_TYPE = "receipt+jws"
_ALGORITHMS = ["ES256"]
_CURVE = "P-256"  # the set also holds SM2 keys, which sign certificates
_VERSION = 1


class ReceiptNotAuthentic(DomainError):
    """Not signed by one of the given keys, changed afterwards, or no receipt at all."""

    code = "intake.receipt-not-authentic"
    kind = Kind.INVALID
    title_zh = "收件凭证无法通过核验"
    title_en = "The receipt is not authentic"


@dataclass(frozen=True)
class Authentic:
    """What the signed record says, and who sealed the file when it came as a PDF."""

    record: Mapping[str, Any]
    sealed_by: str | None = None


def read_receipt(content: bytes, keys: Mapping[str, Any]) -> Authentic:
    """The record of a receipt, PDF or JWS.

    Raises:
        ReceiptNotAuthentic: says what is wrong with it.
    """
    if len(content) > MAX_BYTES:
        raise ReceiptNotAuthentic(f"文件超过 {MAX_BYTES // 2**20} MiB")
    if not content.startswith(b"%PDF-"):
        if content.count(b".") != JWS_DOTS or not content.strip().isascii():
            raise ReceiptNotAuthentic("文件既不是 PDF，也不是签名数据（JWS）")
        return Authentic(_record(content, keys))
    seal, attached = _open_pdf(content, keys)
    record = _record(attached, keys)
    if not _is_of_body(seal, record):
        raise ReceiptNotAuthentic("电子印章不是出具该收件凭证的机关的印章")
    return Authentic(record, str(seal.get("organization_name", "")))


def _is_of_body(seal: Mapping[str, Any], record: Mapping[str, Any]) -> bool:
    """Whoever holds the seal of one body vouches for no paper of another. Not asked where either names no code."""
    body = record.get("body")
    named, code = body.get("uscc") if isinstance(body, dict) else None, seal.get("organization_identifier")
    return named is None or code is None or code == named


def _record(token: bytes, keys: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        usable = [key for key in keys["keys"] if key.get("crv") == _CURVE]
        signed = jws.deserialize_compact(token.strip(), KeySet.import_key_set({"keys": usable}), algorithms=_ALGORITHMS)
        record = json.loads(signed.payload)
    except (JoseError, ValueError, KeyError, TypeError, AttributeError) as fault:
        raise ReceiptNotAuthentic("签名数据不是由给定的公钥签发，或者签发后被改动") from fault
    if signed.headers().get("typ") != _TYPE or not isinstance(record, dict):
        raise ReceiptNotAuthentic("签名数据不是收件凭证")
    if record.get("version") != _VERSION:
        raise ReceiptNotAuthentic("签名数据的版本不认识，请使用新版程序核验")
    return record


def _open_pdf(content: bytes, keys: Mapping[str, Any]) -> tuple[Mapping[str, Any], bytes]:
    """The subject of the seal's certificate, and the attached record. Whatever a hostile file does is an answer."""
    roots = _roots(keys)
    try:
        reader = PdfFileReader(BytesIO(content))
        signatures = reader.embedded_signatures
        if not signatures:
            raise ReceiptNotAuthentic("文件没有电子印章签名")
        context = ValidationContext(trust_roots=roots, allow_fetching=False)
        stamps = ValidationContext(trust_roots=_certificates(keys.get("stamp_roots", ())), allow_fetching=False)
        status = validate_pdf_signature(signatures[-1], context, ts_validation_context=stamps)
        attached = _attachment(reader)
    except ReceiptNotAuthentic:
        raise
    except Exception as fault:  # a hostile file may break the parser in any way
        raise ReceiptNotAuthentic("文件损坏，无法读取") from fault
    if not (status.intact and status.valid):
        raise ReceiptNotAuthentic("文件内容在加盖电子印章之后被改动")
    if status.coverage is not SignatureCoverageLevel.ENTIRE_FILE or not status.bottom_line:
        raise ReceiptNotAuthentic("电子印章不可信，或者没有覆盖整个文件")
    if attached is None:
        raise ReceiptNotAuthentic(f"文件没有附带签名数据（{ATTACHMENT}），不是收件凭证")
    subject: Mapping[str, Any] = status.signing_cert.subject.native
    return subject, attached


def _roots(keys: Mapping[str, Any]) -> list[x509.Certificate]:
    try:
        roots = _certificates(keys["seal_roots"])
    except (KeyError, TypeError, ValueError, binascii.Error) as fault:
        raise ReceiptNotAuthentic("公钥文件没有印章根证书（seal_roots），无法核验 PDF；可以改为核验 JWS") from fault
    return roots


def _certificates(encoded: Iterable[str]) -> list[x509.Certificate]:
    return [x509.Certificate.load(b64decode(one, validate=True)) for one in encoded]


def _attachment(reader: PdfFileReader) -> bytes | None:
    names = reader.root.get("/Names", {}).get("/EmbeddedFiles", {}).get("/Names", [])
    for place in range(0, len(names) - 1, 2):
        if str(names[place]) == ATTACHMENT:
            return bytes(names[place + 1]["/EF"]["/F"].data)
    return None
