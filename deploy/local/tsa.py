"""The time stamp authority of the embedded stack (RFC 3161 over HTTP). For development: its word proves nothing.

`python -m deploy.local.tsa api --host --port`; keys and chain below `<YICHUANG_KEYS_DIR>/tsa/`. It follows the test
clock, like everything that the stack dates.
"""
# mypy: allow-untyped-calls

import argparse
import os
import secrets
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from asn1crypto import algos, cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from deploy.local.layout import write_atomically
from services.chassis import clock

CHAIN = "chain.pem"
PATH = "/"
_POLICY = "2.999.3161"  # an arc kept free for examples
_BEGIN, _END, _ROOT_END = (datetime(year, 1, 1, tzinfo=UTC) for year in (2020, 2050, 2060))
_MOST_BYTES = 4096
_DIGESTS = {"sha256": 32, "sha384": 48, "sha512": 64}


@dataclass(frozen=True)
class Authority:
    """A key, its certificate, and the answers they give.

    Parts are `_whole` before they become parts of something else: every file of a stack waits for an answer, and
    asn1crypto encodes what it has made or read anew at each level around it.
    """

    key: EllipticCurvePrivateKey
    certificate: asn1_x509.Certificate

    @classmethod
    def open(cls, folder: Path) -> "Authority":
        """Makes key and chain at first use: `key.pem` (0600), and `chain.pem` for those who check."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / "key.pem"
        if not path.exists():
            content, chain = _make()
            write_atomically(folder / CHAIN, chain, 0o644)
            write_atomically(path, content)
        content = path.read_text("ascii")
        key = load_pem_private_key(content.encode(), None)
        if not isinstance(key, EllipticCurvePrivateKey):
            raise TypeError("the key of the time stamp authority is not an elliptic-curve key")
        certificate = x509.load_pem_x509_certificate(content.encode())
        return cls(key, asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER)))

    def answer(self, query: bytes, now: datetime) -> bytes:
        """The reply to a query; a bad one is refused in the words of the protocol."""
        try:
            asked = tsp.TimeStampReq.load(query, strict=True)
            imprint, nonce = asked["message_imprint"], asked["nonce"]
            known = _DIGESTS.get(imprint["hash_algorithm"]["algorithm"].native)
            if known is None or len(imprint["hashed_message"].native) != known:
                return refused("bad_alg")
            token = self._token(imprint, nonce, now)
        except (ValueError, TypeError, KeyError):
            return refused("bad_data_format")
        reply: bytes = tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": _whole(token)}).dump()
        return reply

    def _token(self, imprint: tsp.MessageImprint, nonce: Any, now: datetime) -> cms.ContentInfo:
        said = {
            "version": "v1",
            "policy": _POLICY,
            "message_imprint": _whole(imprint),
            "serial_number": secrets.randbits(63),
            "gen_time": now.astimezone(UTC).replace(microsecond=0),
        }
        if nonce.native is not None:
            said["nonce"] = nonce.native
        content = tsp.TSTInfo(said).dump()
        said_too = (
            {"type": "content_type", "values": ["tst_info"]},
            {"type": "message_digest", "values": [sha256(content).digest()]},
            {"type": "signing_certificate_v2", "values": [self._named()]},
        )
        attributes = _whole(cms.CMSAttributes([_whole(cms.CMSAttribute(one)) for one in said_too]))
        signature = self.key.sign(attributes.dump(), ECDSA(hashes.SHA256()))
        return self._signed(content, attributes, signature)

    def _named(self) -> Any:
        algorithm = _whole(algos.DigestAlgorithm({"algorithm": "sha256"}))
        named = tsp.ESSCertIDv2({"hash_algorithm": algorithm, "cert_hash": sha256(self.certificate.dump()).digest()})
        return _whole(tsp.SigningCertificateV2({"certs": [_whole(named)]}))

    def _signed(self, content: bytes, attributes: cms.CMSAttributes, signature: bytes) -> cms.ContentInfo:
        digest = _whole(algos.DigestAlgorithm({"algorithm": "sha256"}))
        sid = {"issuer": _whole(self.certificate.issuer), "serial_number": self.certificate.serial_number}
        signer = {
            "version": "v1",
            "sid": cms.SignerIdentifier("issuer_and_serial_number", _whole(cms.IssuerAndSerialNumber(sid))),
            "digest_algorithm": digest,
            "signed_attrs": attributes,
            "signature_algorithm": _whole(algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"})),
            "signature": signature,
        }
        signed = {
            "version": "v3",
            "digest_algorithms": [digest],
            "encap_content_info": {"content_type": "tst_info", "content": core.ParsableOctetString(content)},
            "certificates": [_whole(self.certificate)],
            "signer_infos": [_whole(cms.SignerInfo(signer))],
        }
        return cms.ContentInfo({"content_type": "signed_data", "content": _whole(cms.SignedData(signed))})


def _whole(part: Any) -> Any:
    """The same, as its bytes alone."""
    return type(part).load(part.dump())


def refused(why: str) -> bytes:
    """A reply without a token, which the library that we write with does not know."""
    status: bytes = tsp.PKIStatusInfo({"status": "rejection", "fail_info": {why}}).dump()
    return b"\x30" + bytes([len(status)]) + status


def _make() -> tuple[str, str]:
    """Key and certificate; and the chain: the root, and its list of what is revoked (nothing)."""
    root_key, key = generate_private_key(SECP256R1()), generate_private_key(SECP256R1())
    root_name = _name("一窗开发环境时间戳根（仅供开发测试）")
    critical = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
    root = (
        _builder(root_name, root_name, root_key, _ROOT_END)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    certificate = (
        _builder(_name("一窗开发环境时间戳服务（仅供开发测试）"), root_name, key, _END)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(critical, critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key()), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    content = private + certificate.public_bytes(Encoding.PEM)
    chain = root.public_bytes(Encoding.PEM) + _nothing_revoked(root_key, root_name).public_bytes(Encoding.PEM)
    return content.decode(), chain.decode()


def _nothing_revoked(key: EllipticCurvePrivateKey, name: x509.Name) -> x509.CertificateRevocationList:
    builder = x509.CertificateRevocationListBuilder().issuer_name(name).last_update(_BEGIN).next_update(_ROOT_END)
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())
    builder = builder.add_extension(x509.CRLNumber(1), critical=False).add_extension(authority, critical=False)
    return builder.sign(key, hashes.SHA256())


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"), x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: EllipticCurvePrivateKey, end: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_BEGIN)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


class _Handler(BaseHTTPRequestHandler):
    authority: Authority

    def do_POST(self) -> None:
        """A query (RFC 3161, 3.4)."""
        length = self.headers.get("Content-Length", "")
        if self.path != PATH or not length.isdigit() or int(length) > _MOST_BYTES:
            self.send_error(400)
            return
        self._send(self.authority.answer(self.rfile.read(int(length)), clock.now()), "application/timestamp-reply")

    def do_GET(self) -> None:
        """The probes of the stack."""
        if self.path in {"/livez", "/readyz"}:
            self._send(b"ok", "text/plain")
        else:
            self.send_error(404)

    def _send(self, content: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Every file makes one request: nothing to say."""


def serve(folder: Path, host: str, port: int) -> ThreadingHTTPServer:
    """The server, listening; `serve_forever` answers."""
    handler = type("Handler", (_Handler,), {"authority": Authority.open(folder), "timeout": 10})
    return ThreadingHTTPServer((host, port), handler)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.local.tsa")
    parser.add_argument("role", choices=["api"])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parsed = parser.parse_args(arguments)
    clock.use_test_clock(Path(told) if (told := os.environ.get("YICHUANG_TEST_CLOCK")) else None)
    server = serve(Path(os.environ["YICHUANG_KEYS_DIR"]) / "tsa", parsed.host, parsed.port)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
