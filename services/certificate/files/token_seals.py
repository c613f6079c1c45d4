"""Seals whose keys live in a PKCS#11 token: made there, never read out. Their certificates are files."""
# mypy: allow-untyped-calls

import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pkcs11
from asn1crypto import crl as asn1_crl
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import Encoding
from pkcs11.util.ec import encode_named_curve_parameters
from pyhanko.sign.pkcs11 import PKCS11Signer
from pyhanko_certvalidator.registry import SimpleCertificateStore

from services.certificate.files.contents import SealBody
from services.certificate.files.errors import SealUnavailable
from services.certificate.files.key_files import read_or_create
from services.certificate.files.seal_keys import FileSealKeys, seal_name


@dataclass(frozen=True)
class Token:
    """Where the token is: the driver's library, the token's label, the file with its PIN."""

    module: str
    label: str
    pin_file: Path


@dataclass
class TokenSealKeys:
    """One session per process, logged in once; a process makes one file at a time."""

    token: Token
    signing_dir: Path
    may_create: bool = True
    _session: Any = field(default=None, repr=False)

    def signer_for(self, seal: SealBody) -> PKCS11Signer:
        """Raises SealUnavailable."""
        path = self.signing_dir / "seals" / f"{seal_name(seal)}.token.pem"
        try:
            content = read_or_create(path, lambda: self._made(seal), may_create=self.may_create)
            label, certificate = content.decode().split("\n", 1)
            parsed = x509.load_pem_x509_certificate(certificate.encode())
            signer = PKCS11Signer(
                self._open(),
                signing_cert=asn1_x509.Certificate.load(parsed.public_bytes(Encoding.DER)),
                key_label=label,
                embed_roots=False,
                use_raw_mechanism=True,  # tokens sign a digest; many do not hash
            )
            signer._cert_registry = SimpleCertificateStore()  # the signer's own certificate is embedded anyway, once
            return signer
        except (OSError, ValueError, pkcs11.PKCS11Error) as fault:
            raise SealUnavailable(f"无法使用“{seal.name}”的印章密钥设备（{type(fault).__name__}）") from fault

    def chain(self) -> tuple[asn1_x509.Certificate, asn1_crl.CertificateList]:
        """Raises SealUnavailable."""
        return FileSealKeys(self.signing_dir, may_create=self.may_create).chain()

    def _made(self, seal: SealBody) -> bytes:
        """A key pair in the token under a name of its own, and its certificate."""
        label = f"{seal_name(seal)}-{secrets.token_hex(4)}"
        curve = encode_named_curve_parameters("secp256r1")
        parameters = self._open().create_domain_parameters(
            pkcs11.KeyType.EC, {pkcs11.Attribute.EC_PARAMS: curve}, local=True
        )
        public, _ = parameters.generate_keypair(label=label, store=True)
        point = public[pkcs11.Attribute.EC_POINT]
        key = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), bytes(point[-65:]))
        certificate = FileSealKeys(self.signing_dir, may_create=self.may_create).certificate_for(seal, key)
        return f"{label}\n".encode() + certificate.public_bytes(Encoding.PEM)

    def _open(self) -> Any:
        if self._session is None:
            token = pkcs11.lib(self.token.module).get_token(token_label=self.token.label)
            pin = self.token.pin_file.read_text("utf-8").strip()
            self._session = token.open(rw=self.may_create, user_pin=pin)
        return self._session
