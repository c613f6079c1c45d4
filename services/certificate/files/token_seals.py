"""Seals whose keys live in a PKCS#11 token: made there, never read out. Their certificates are files."""
# mypy: allow-untyped-calls

from dataclasses import dataclass, field
from pathlib import Path

from asn1crypto import crl as asn1_crl
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.sign.pkcs11 import PKCS11Signer
from pyhanko_certvalidator.registry import SimpleCertificateStore

from services.certificate.files.contents import SealBody
from services.certificate.files.errors import KeysUnavailable, SealUnavailable
from services.certificate.files.key_files import read_or_create
from services.certificate.files.seal_keys import FileSealKeys, seal_name
from services.certificate.files.token_keys import TokenSession
from services.certificate.files.tokens import Token


@dataclass
class TokenSealKeys:
    """One session per process, logged in once; a process makes one file at a time."""

    token: Token
    signing_dir: Path
    may_create: bool = True
    _session: TokenSession = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._session = TokenSession(self.token, rw=self.may_create)

    def signer_for(self, seal: SealBody) -> PKCS11Signer:
        """Raises SealUnavailable."""
        path = self.signing_dir / "seals" / f"{seal_name(seal)}.token.pem"
        try:
            content = read_or_create(path, lambda: self._made(seal), may_create=self.may_create)
            label, certificate = content.decode().split("\n", 1)
            parsed = x509.load_pem_x509_certificate(certificate.encode())
            signer = PKCS11Signer(
                self._session.with_key(label),  # a restarted token is noticed here, before the file is made
                signing_cert=asn1_x509.Certificate.load(parsed.public_bytes(Encoding.DER)),
                key_label=label,
                embed_roots=False,
                use_raw_mechanism=True,  # tokens sign a digest; many do not hash
            )
            signer._cert_registry = SimpleCertificateStore()  # the signer's own certificate is embedded anyway, once
            return signer
        except KeysUnavailable as fault:
            raise SealUnavailable(f"无法使用“{seal.name}”的印章密钥：{fault.detail}") from fault
        except (OSError, ValueError) as fault:
            raise SealUnavailable(f"无法读取“{seal.name}”的印章证书（{type(fault).__name__}）") from fault

    def chain(self) -> tuple[asn1_x509.Certificate, asn1_crl.CertificateList]:
        """Raises SealUnavailable."""
        return FileSealKeys(self.signing_dir, may_create=self.may_create).chain()

    def _made(self, seal: SealBody) -> bytes:
        """A key pair in the token under a name of its own, and its certificate."""
        label, key = self._session.new_key(seal_name(seal))
        certificate = FileSealKeys(self.signing_dir, may_create=self.may_create).certificate_for(seal, key)
        return f"{label}\n".encode() + certificate.public_bytes(Encoding.PEM)
