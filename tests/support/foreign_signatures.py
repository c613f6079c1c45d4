"""Signatures that others put on PDFs with other software: an RSA key of a CA that nobody here knows."""
# mypy: allow-untyped-calls

from datetime import UTC, datetime
from io import BytesIO

from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner
from pyhanko.sign.signers.pdf_cms import SimpleSigner
from pyhanko_certvalidator.registry import SimpleCertificateStore


def an_rsa_signer() -> SimpleSigner:
    key = generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "某地伪造印章")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(datetime(2020, 1, 1, tzinfo=UTC)).not_valid_after(
        datetime(2060, 1, 1, tzinfo=UTC)
    )
    certificate = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
    private = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return SimpleSigner(
        signing_cert=asn1_x509.Certificate.load(certificate),
        signing_key=asn1_keys.PrivateKeyInfo.load(private),
        cert_registry=SimpleCertificateStore(),
    )


def signed_anew(content: bytes, signer: SimpleSigner) -> bytes:
    """The file with a signature of this signer put over it."""
    writer = IncrementalPdfFileWriter(BytesIO(content))
    metadata = PdfSignatureMetadata(field_name="Foreign1", md_algorithm="sha256")
    made: BytesIO = _Careless(metadata, signer).sign_pdf(writer)
    return made.getvalue()


class _Careless(PdfSigner):  # type: ignore[misc,unused-ignore]
    """Other software signs what was certified against any change, too."""

    def _enforce_certification_constraints(self, reader: object) -> None:
        pass
