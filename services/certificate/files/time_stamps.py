"""Time stamps (RFC 3161) as they stand in our seals: kept in one form only, and read as strictly as the seal itself.

A time stamp comes after the signature, so the signature cannot protect it. Its own signature protects the time and what
was stamped; the rest (versions, the order of parts, further certificates) is not taken over from the authority but
written by us, in one way. Its chain and revocation lists go into the part of the file that the seal covers.
"""
# mypy: allow-untyped-calls

import hashlib
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509.oid import ExtendedKeyUsageOID

_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


class Damaged(Exception):
    """A part of the signature container is not as we write it, or does not hold."""


@dataclass(frozen=True)
class TimeStamp:
    """A sound time stamp: when, and by whom. Whether the authority is recognised is for the caller to ask."""

    at: datetime
    certificate: x509.Certificate

    @property
    def in_force(self) -> bool:
        """Given within the term of the authority's certificate."""
        return self.certificate.not_valid_before_utc <= self.at <= self.certificate.not_valid_after_utc


def in_our_form(token: cms.ContentInfo) -> cms.ContentInfo:
    """The same time stamp with nothing in it that is neither signed nor set by us.

    Raises:
        Damaged: an algorithm or a key that we do not take.
    """
    signed = token["content"]
    info = signed["signer_infos"][0]
    certificate, digest = certificate_of(token), _digest_of(info)
    algorithm = algos.DigestAlgorithm({"algorithm": digest})
    signer = {
        "version": "v1",
        "sid": cms.SignerIdentifier(
            "issuer_and_serial_number",
            {"issuer": certificate.issuer, "serial_number": certificate.serial_number},
        ),
        "digest_algorithm": algorithm,
        "signed_attrs": info["signed_attrs"],
        "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": f"{digest}_{_kind_of(certificate)}"}),
        "signature": info["signature"].native,
    }
    stamped = {"content_type": "tst_info", "content": core.ParsableOctetString(_content_of(token))}
    content = {
        "version": "v3",
        "digest_algorithms": [algorithm],
        "encap_content_info": stamped,
        "certificates": [certificate],
        "signer_infos": [signer],
    }
    return cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(content)})


def read_time_stamp(token: cms.ContentInfo, stamped: bytes) -> TimeStamp:
    """What the time stamp says, once its signature holds and it is of `stamped`.

    Raises:
        Damaged: something does not hold.
        Exception: of the parsers, on hostile input; it means the same.
    """
    info = token["content"]["signer_infos"][0]
    attributes = {attribute["type"].native: attribute["values"] for attribute in info["signed_attrs"]}
    der = certificate_of(token).dump()
    named = attributes["signing_certificate_v2"][0]["certs"][0]
    said, content = _hash(named["hash_algorithm"]["algorithm"].native, der), _content_of(token)
    parts = (
        compare_digest(named["cert_hash"].native, said),
        attributes["content_type"][0].native == "tst_info",
        compare_digest(attributes["message_digest"][0].native, _hash(_digest_of(info), content)),
    )
    parsed = tsp.TSTInfo.load(content, strict=True)
    imprint = parsed["message_imprint"]
    wanted = _hash(imprint["hash_algorithm"]["algorithm"].native, stamped)
    if not all(parts) or not compare_digest(imprint["hashed_message"].native, wanted):
        raise Damaged("a time stamp of something else")
    certificate = x509.load_der_x509_certificate(der)
    if (
        ExtendedKeyUsageOID.TIME_STAMPING
        not in certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    ):
        raise Damaged("not a certificate for time stamps")
    _check_signature(certificate, info)
    return TimeStamp(parsed["gen_time"].native, certificate)


def certificate_of(token: cms.ContentInfo) -> asn1_x509.Certificate:
    """The authority's own certificate among those of the token."""
    sid = token["content"]["signer_infos"][0]["sid"]
    for each in token["content"]["certificates"]:
        certificate: asn1_x509.Certificate = each.chosen
        if sid.name == "issuer_and_serial_number":
            wanted = sid.chosen["issuer"].dump(), sid.chosen["serial_number"].native
            if (certificate.issuer.dump(), certificate.serial_number) == wanted:
                return certificate
        elif certificate.key_identifier == sid.native:
            return certificate
    raise Damaged("without the certificate of the authority")


def _check_signature(certificate: x509.Certificate, info: cms.SignerInfo) -> None:
    key, signature = certificate.public_key(), info["signature"].native
    signed, algorithm = info["signed_attrs"].untag().dump(), _HASHES[_digest_of(info)]
    if isinstance(key, EllipticCurvePublicKey):
        key.verify(signature, signed, ECDSA(algorithm))
    elif isinstance(key, RSAPublicKey):
        key.verify(signature, signed, PKCS1v15(), algorithm)
    else:
        raise Damaged("not a key that we take")


def _content_of(token: cms.ContentInfo) -> bytes:
    return bytes(token["content"]["encap_content_info"]["content"])


def _digest_of(info: cms.SignerInfo) -> str:
    name = str(info["digest_algorithm"]["algorithm"].native)
    if name not in _HASHES:
        raise Damaged("not a digest that we take")
    return name


def _kind_of(certificate: asn1_x509.Certificate) -> str:
    kind = {"ec": "ecdsa", "rsa": "rsa"}.get(certificate.public_key.algorithm)
    if kind is None:
        raise Damaged("not a key that we take")
    return kind


def _hash(name: str, content: bytes) -> bytes:
    if name not in _HASHES:
        raise Damaged("not a digest that we take")
    return hashlib.new(name, content).digest()
