"""The client of the time stamp authority, and what a seal with a time stamp carries so that it can be checked later."""
# mypy: allow-untyped-calls

import urllib.request
from dataclasses import dataclass
from pathlib import Path

from asn1crypto import cms, crl, pem, tsp, x509
from pyhanko.sign.timestamps import TimeStamper

from services.certificate.files.errors import TimeStampAway
from services.certificate.files.time_stamps import Damaged, certificate_of, in_our_form

_SECONDS = 5
_MOST_BYTES = 64 * 1024
_QUERY, _REPLY = "application/timestamp-query", "application/timestamp-reply"


@dataclass(frozen=True)
class Authority:
    """By setting: its address, and a PEM file with the certificates above its own and their revocation lists."""

    url: str
    chain: Path


class Stamper(TimeStamper):  # type: ignore[misc,unused-ignore]
    """Asks over HTTP. Kept by a worker process: the authority's certificate is learnt with the first time stamp."""

    def __init__(self, authority: Authority) -> None:
        super().__init__()
        if not authority.url.startswith(("http://", "https://")):
            raise TimeStampAway("时间戳服务的地址应以 http:// 或 https:// 开头")
        self._authority = authority
        self._known: x509.Certificate | None = None

    async def chain(self) -> tuple[list[x509.Certificate], list[crl.CertificateList]]:
        """The authority's certificates and revocation lists, for the file (B-LT).

        Raises:
            TimeStampAway: nothing usable; without revocation lists nobody could check the time stamp later.
        """
        if self._known is None:
            await self.async_timestamp(bytes(32), "sha256")
        certificates, lists = read_chain(self._authority.chain)
        if not certificates or not lists:
            raise TimeStampAway("时间戳服务的证书链文件缺少上级证书或者吊销列表")
        return [*([self._known] if self._known else []), *certificates], lists

    async def async_timestamp(self, message_digest: bytes, md_algorithm: str) -> cms.ContentInfo:
        """In our form. Raises TimeStampAway."""
        try:
            token = in_our_form(await super().async_timestamp(message_digest, md_algorithm))
            certificate = certificate_of(token)
        except TimeStampAway:
            raise
        except (Damaged, OSError, ValueError, KeyError, TypeError, IndexError, AttributeError) as fault:
            raise TimeStampAway(f"时间戳服务没有给出可用的时间戳（{type(fault).__name__}）") from fault
        changed = self._known is not None and self._known.dump() != certificate.dump()
        self._known = certificate
        if changed:  # the file in the making names the former certificate
            raise TimeStampAway("时间戳服务更换了证书")
        return token

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """One job at a time in a process: nothing else waits meanwhile."""
        answer: tsp.TimeStampResp = tsp.TimeStampResp.load(self._post(req.dump()), strict=True)
        return answer

    def _post(self, query: bytes) -> bytes:
        headers = {"Content-Type": _QUERY, "Accept": _REPLY}
        request = urllib.request.Request(self._authority.url, query, headers)  # noqa: S310 - checked above
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310
                if answer.headers.get_content_type() != _REPLY:
                    raise TimeStampAway("时间戳服务的回答不是时间戳")
                content: bytes = answer.read(_MOST_BYTES)
                return content
        except OSError as fault:
            raise TimeStampAway(f"无法连接时间戳服务（{type(fault).__name__}）") from fault


def read_chain(path: Path) -> tuple[list[x509.Certificate], list[crl.CertificateList]]:
    """Certificates and revocation lists of a PEM file. It may be renewed while we run, so it is read each time.

    Raises:
        TimeStampAway: it cannot be read.
    """
    try:
        parts = [(kind, der) for kind, _, der in pem.unarmor(path.read_bytes(), multiple=True)]
    except (OSError, ValueError) as fault:
        raise TimeStampAway(f"无法读取时间戳服务的证书链文件（{type(fault).__name__}）") from fault
    certificates = [x509.Certificate.load(der) for kind, der in parts if kind == "CERTIFICATE"]
    return certificates, [crl.CertificateList.load(der) for kind, der in parts if kind == "X509 CRL"]
