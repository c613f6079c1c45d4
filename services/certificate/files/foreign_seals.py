"""Was a PDF signed by somebody else? Other software writes its signatures differently, so they are read leniently here.

Nothing is trusted for it: a sound foreign signature only tells a forgery or a new signature from mere damage.
"""
# mypy: allow-untyped-calls

import re
from hashlib import new
from hmac import compare_digest
from typing import Any

from asn1crypto import cms
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

_RANGE = re.compile(rb"/ByteRange\s{0,20}\[\s{0,20}(\d{1,10})\s+(\d{1,10})\s+(\d{1,10})\s+(\d{1,10})\s{0,60}\]")
_MAX_DIGITS = 256 * 1024
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha1": hashes.SHA1(),  # noqa: S303 (to recognise an old signature, never to trust it)
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


def last_signer(content: bytes) -> x509.Certificate | None:
    """Who made the last signature of the file; None when there is none that holds for what it covers."""
    place = content.rfind(b"/ByteRange")
    match = _RANGE.match(content, place) if place >= 0 else None
    if match is None:
        return None
    first, start, rest, length = (int(part) for part in match.groups())
    if first != 0 or not start < rest <= rest + length <= len(content) or rest - start > _MAX_DIGITS:
        return None
    try:
        container = bytes.fromhex(content[start:rest].strip(b"<> \r\n\t").decode("ascii"))
        return _signer(container, content[:start] + content[rest : rest + length])
    except Exception:  # the parsers raise many kinds on hostile input, and each means: no signature that holds
        return None


def _signer(container: bytes, covered: bytes) -> x509.Certificate | None:
    signed = cms.ContentInfo.load(container)["content"]
    info = signed["signer_infos"][0]
    attributes = {attribute["type"].native: attribute["values"] for attribute in info["signed_attrs"]}
    name = str(info["digest_algorithm"]["algorithm"].native)
    certificate = _certificate_of(signed, info)
    if certificate is None or name not in _HASHES:
        return None
    digest = new(name, covered, usedforsecurity=False).digest()
    if not compare_digest(attributes["message_digest"][0].native, digest) or not _is_named(attributes, certificate):
        return None
    parsed = x509.load_der_x509_certificate(certificate.dump())
    _check(parsed, info["signature"].native, info["signed_attrs"].untag().dump(), _HASHES[name])
    return parsed


def _certificate_of(signed: Any, info: Any) -> asn1_x509.Certificate | None:
    serial = info["sid"].chosen["serial_number"].native if info["sid"].name == "issuer_and_serial_number" else None
    for each in signed["certificates"]:
        certificate: asn1_x509.Certificate = each.chosen
        if serial in {None, certificate.serial_number}:
            return certificate
    return None


def _is_named(attributes: dict[str, Any], certificate: asn1_x509.Certificate) -> bool:
    """A certificate of ours with one changed byte is damage, and no other signer: the signature names which it was."""
    named = attributes.get("signing_certificate_v2")
    if named is None:
        return True
    said = named[0]["certs"][0]
    algorithm = str(said["hash_algorithm"]["algorithm"].native)
    digest = new(algorithm, certificate.dump(), usedforsecurity=False).digest()
    return compare_digest(said["cert_hash"].native, digest)


def _check(certificate: x509.Certificate, signature: bytes, signed: bytes, algorithm: hashes.HashAlgorithm) -> None:
    """Raises InvalidSignature, or TypeError for a key of another kind."""
    key = certificate.public_key()
    if isinstance(key, EllipticCurvePublicKey):
        key.verify(signature, signed, ECDSA(algorithm))
    elif isinstance(key, RSAPublicKey):
        key.verify(signature, signed, PKCS1v15(), algorithm)
    else:
        raise TypeError("not a key that is read here")
