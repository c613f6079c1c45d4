"""The signature container (CMS) of our seals, read strictly: it is accepted only in the one form that we write."""
# mypy: allow-untyped-calls

import re
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest

from asn1crypto import algos, cms
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey

from services.certificate.files.time_stamps import Damaged, TimeStamp, in_our_form, read_time_stamp

_REGION = re.compile(rb"<((?:[0-9A-F]{2})+)>")
_MAX_DIGITS = 64 * 1024
_TIME_STAMP = "signature_time_stamp_token"


@dataclass(frozen=True)
class Container:
    """A container whose own signature is sound: who signed, and which digest."""

    certificate: x509.Certificate
    digest: bytes
    time_stamp: TimeStamp | None = None

    def signs(self, covered: bytes) -> bool:
        return compare_digest(sha256(covered).digest(), self.digest)


def read_container(region: bytes) -> Container:
    """From the bytes that the signature leaves out: `<`, upper-case hex digits, zeros as filling, `>`.

    Raises:
        Damaged: any byte differs from what we would have written for the same parts.
    """
    match = _REGION.fullmatch(region) if len(region) <= _MAX_DIGITS else None
    if match is None:
        raise Damaged("not a hexadecimal string")
    try:
        return _read(bytes.fromhex(match[1].decode()))
    except Damaged:
        raise
    except Exception as fault:  # the parsers raise many kinds on hostile input, and each means the same here
        raise Damaged(type(fault).__name__) from fault


def _read(filled: bytes) -> Container:
    signed = cms.ContentInfo.load(filled)["content"]
    info, certificate = signed["signer_infos"][0], signed["certificates"][0].chosen
    token = _token(info)
    exact = _rebuilt(info, certificate, token)
    if not compare_digest(filled, exact.ljust(len(filled), b"\0")):
        raise Damaged("not written by us")
    attributes = {attribute["type"].native: attribute["values"] for attribute in info["signed_attrs"]}
    named = attributes["signing_certificate_v2"][0]["certs"][0]["cert_hash"].native
    der = certificate.dump()
    if not compare_digest(named, sha256(der).digest()):
        raise Damaged("another certificate")
    parsed = x509.load_der_x509_certificate(der)
    key = parsed.public_key()
    if not isinstance(key, EllipticCurvePublicKey):
        raise Damaged("not an elliptic-curve seal")
    key.verify(info["signature"].native, info["signed_attrs"].untag().dump(), ECDSA(hashes.SHA256()))
    stamp = read_time_stamp(token, info["signature"].native) if token else None
    return Container(parsed, attributes["message_digest"][0].native, stamp)


def _token(info: cms.SignerInfo) -> cms.ContentInfo | None:
    """The time stamp of the signature, in our form: what differs from it shows when the container is compared."""
    attributes = info["unsigned_attrs"]
    if not attributes:
        return None
    if attributes[0]["type"].native != _TIME_STAMP:
        raise Damaged("not signed")
    return in_our_form(attributes[0]["values"][0])


def _rebuilt(info: cms.SignerInfo, certificate: asn1_x509.Certificate, token: cms.ContentInfo | None) -> bytes:
    """The container as we write it around the signed attributes, the signature and the certificate.

    What the signature does not protect (versions, algorithm names, the signer's name) is set here, not taken over.
    """
    digest = algos.DigestAlgorithm({"algorithm": "sha256"})
    signer = {
        "version": "v1",
        "sid": cms.SignerIdentifier(
            "issuer_and_serial_number",
            {"issuer": certificate.issuer, "serial_number": certificate.serial_number},
        ),
        "digest_algorithm": digest,
        "signed_attrs": info["signed_attrs"],
        "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"}),
        "signature": info["signature"].native,
    }
    if token is not None:
        signer["unsigned_attrs"] = [{"type": _TIME_STAMP, "values": [token]}]
    content = {
        "version": "v1",
        "digest_algorithms": [digest],
        "encap_content_info": {"content_type": "data"},
        "certificates": [certificate],
        "signer_infos": [signer],
    }
    rebuilt: bytes = cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(content)}).dump()
    return rebuilt
