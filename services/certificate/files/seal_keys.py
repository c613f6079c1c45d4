"""Where seals get their keys: files of a development CA now, a PKCS#11 device by setting later.

Layout below `<signing_dir>`: `ca/root.pem` (key and certificate, 0600), `ca/ca.pem` (the certificate alone, public),
`ca/trusted/*.pem` (further roots whose seals are still recognised), `ca/ca.crl` (its revocation list),
`seals/<uscc>-<mark of the name>.pem`.
"""
# mypy: allow-untyped-calls

import hashlib
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from asn1crypto import crl as asn1_crl
from asn1crypto import keys as asn1_keys
from asn1crypto import pem
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.x509.oid import NameOID
from pyhanko.sign.signers.pdf_cms import Signer, SimpleSigner
from pyhanko_certvalidator.registry import SimpleCertificateStore

from services.certificate.files.contents import SealBody
from services.certificate.files.errors import SealUnavailable
from services.certificate.files.key_files import read_or_create

ROOT_NAME = "一窗开发环境证照根（仅供开发测试）"
# Fixed terms: the test clock of a development stack moves, and a root of its own time would look expired.
_BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
_ROOT_END = datetime(2060, 1, 1, tzinfo=UTC)
_SEAL_END = datetime(2050, 1, 1, tzinfo=UTC)
_SEAL = "电子印章"
_USCC = re.compile(r"[0-9A-Z]{18}")


class SealKeys(Protocol):
    """The seam: whoever holds the keys gives a signer for the seal of a body."""

    def signer_for(self, seal: SealBody) -> Signer:
        """Raises SealUnavailable when this body has no usable seal."""
        ...

    def chain(self) -> tuple[asn1_x509.Certificate, asn1_crl.CertificateList]:
        """The root of the seals and its revocation list. Raises SealUnavailable."""
        ...


def retire(signing_dir: Path, seal: SealBody) -> bool:
    """Put the body's seal aside: the next file gets a new one, and what was sealed stays recognised by its root."""
    retired = False
    for suffix in (".pem", ".token.pem"):
        path = signing_dir / "seals" / f"{seal_name(seal)}{suffix}"
        if path.exists():
            earlier = len(list(path.parent.glob(f"{path.name}.retired-*")))
            path.rename(path.with_name(f"{path.name}.retired-{earlier + 1:03d}"))
            retired = True
    return retired


@dataclass
class FileSealKeys:
    """A development CA in files: the root made at first use, one seal certificate per body on demand."""

    signing_dir: Path
    may_create: bool = True
    _signers: dict[str, tuple[int, SimpleSigner]] = field(default_factory=dict, repr=False)

    def signer_for(self, seal: SealBody) -> SimpleSigner:
        name = f"{seal_name(seal)}.pem"
        try:
            return self._kept(self.signing_dir / "seals" / name, seal)
        except OSError as fault:
            raise SealUnavailable(f"无法读取“{seal.name}”的印章密钥（{type(fault).__name__}）") from fault

    def _kept(self, path: Path, seal: SealBody) -> SimpleSigner:
        """Read once, and again when the seal was rotated."""
        made_at = path.stat().st_mtime_ns if path.exists() else 0
        known = self._signers.get(path.name)
        if known is None or known[0] != made_at:
            signer = self._load(path, seal)
            known = self._signers[path.name] = (path.stat().st_mtime_ns, signer)
        return known[1]

    def root(self) -> x509.Certificate:
        """The root certificate; makes the CA when there is none. `ca/ca.pem` beside it is for everyone to read."""
        return self._root()[1]

    def chain(self) -> tuple[asn1_x509.Certificate, asn1_crl.CertificateList]:
        """Public files alone where they are there: the key of a root is not where files are sealed."""
        public, revoked = self.signing_dir / "ca" / "ca.pem", self.signing_dir / "ca" / "ca.crl"
        try:
            if not (public.exists() and revoked.exists()):
                key, root = self._root()
                read_or_create(revoked, lambda: _nothing_revoked(key, root), may_create=self.may_create)
            certificate, lists = (pem.unarmor(path.read_bytes())[2] for path in (public, revoked))
        except (OSError, ValueError) as fault:
            raise SealUnavailable(f"无法读取印章根证书或者其吊销列表（{type(fault).__name__}）") from fault
        return asn1_x509.Certificate.load(certificate), asn1_crl.CertificateList.load(lists)

    def _load(self, path: Path, seal: SealBody) -> SimpleSigner:
        content = read_or_create(path, lambda: self._issue(seal), may_create=self.may_create)
        key, certificate = _parse(content)
        return SimpleSigner(
            signing_cert=asn1_x509.Certificate.load(certificate.public_bytes(serialization.Encoding.DER)),
            signing_key=asn1_keys.PrivateKeyInfo.load(_pkcs8(key, serialization.Encoding.DER)),
            cert_registry=SimpleCertificateStore(),
            embed_roots=False,
        )

    def _root(self) -> tuple[EllipticCurvePrivateKey, x509.Certificate]:
        """Raises SealUnavailable: the root is another CA's, or its key elsewhere; a second root would be nobody's."""
        ca = self.signing_dir / "ca"
        if (ca / "ca.pem").exists() and not (ca / "root.pem").exists():
            raise SealUnavailable(
                "印章由外部 CA 颁发（只有 ca/ca.pem），请放入其颁发的印章（seals/）和吊销列表（ca/ca.crl）"
            )
        key, certificate = _parse(read_or_create(ca / "root.pem", _make_root, may_create=self.may_create))
        public = certificate.public_bytes(serialization.Encoding.PEM)
        read_or_create(ca / "ca.pem", lambda: public, may_create=self.may_create)
        return key, certificate

    def _issue(self, seal: SealBody) -> bytes:
        key = generate_private_key(SECP256R1())
        return _bundle(key, self.certificate_for(seal, key.public_key()))

    def certificate_for(self, seal: SealBody, key: EllipticCurvePublicKey) -> x509.Certificate:
        """The seal certificate of a key, wherever the key lives."""
        root_key, root = self._root()
        builder = (
            _builder(_subject(seal), root.subject, key, _SEAL_END)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(digital_signature=True, content_commitment=True), critical=True)
            .add_extension(_authority(root_key), critical=False)
        )
        return builder.sign(root_key, hashes.SHA256())


def seal_name(seal: SealBody) -> str:
    """A body that is renamed gets a new seal; the code is checked because it becomes a file name."""
    if not _USCC.fullmatch(seal.uscc):
        raise SealUnavailable("印章单位的统一社会信用代码不正确")
    return f"{seal.uscc}-{hashlib.sha256(seal.name.encode()).hexdigest()[:8]}"


def _make_root() -> bytes:
    key = generate_private_key(SECP256R1())
    name = x509.Name(
        [x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"), x509.NameAttribute(NameOID.COMMON_NAME, ROOT_NAME)]
    )
    builder = (
        _builder(name, name, key.public_key(), _ROOT_END)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
    )
    return _bundle(key, builder.sign(key, hashes.SHA256()))


def _nothing_revoked(key: EllipticCurvePrivateKey, root: x509.Certificate) -> bytes:
    """A development root revokes no seal: one that is rotated stays good for what it sealed."""
    builder = x509.CertificateRevocationListBuilder().issuer_name(root.subject)
    builder = builder.last_update(_BEGIN).next_update(_ROOT_END)
    builder = builder.add_extension(x509.CRLNumber(1), critical=False).add_extension(_authority(key), critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _subject(seal: SealBody) -> x509.Name:
    # X.520 allows 64 in a name, which libraries count in bytes; the full name is on the seal picture in any case.
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, seal.name[:64]),
            x509.NameAttribute(NameOID.ORGANIZATION_IDENTIFIER, seal.uscc),
            x509.NameAttribute(NameOID.SERIAL_NUMBER, seal.uscc),
            x509.NameAttribute(NameOID.COMMON_NAME, _short(seal.name, 64 - len(_SEAL.encode())) + _SEAL),
        ]
    )


def _short(text: str, size: int) -> str:
    """As much of the text as takes `size` bytes."""
    return text.encode()[:size].decode(errors="ignore")


def _builder(
    subject: x509.Name, issuer: x509.Name, key: EllipticCurvePublicKey, end: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(_BEGIN)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _authority(root_key: EllipticCurvePrivateKey) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key())


def _usage(
    *,
    digital_signature: bool = False,
    content_commitment: bool = False,
    key_cert_sign: bool = False,
    crl_sign: bool = False,
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=content_commitment,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _bundle(key: EllipticCurvePrivateKey, certificate: x509.Certificate) -> bytes:
    """Key and certificate in one file: they come into being together or not at all."""
    return _pkcs8(key, serialization.Encoding.PEM) + certificate.public_bytes(serialization.Encoding.PEM)


def _pkcs8(key: EllipticCurvePrivateKey, encoding: serialization.Encoding) -> bytes:
    return key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _parse(bundle: bytes) -> tuple[EllipticCurvePrivateKey, x509.Certificate]:
    key = serialization.load_pem_private_key(bundle, password=None)
    if not isinstance(key, EllipticCurvePrivateKey):
        raise SealUnavailable("印章密钥不是 P-256 密钥")
    return key, x509.load_pem_x509_certificate(bundle)
