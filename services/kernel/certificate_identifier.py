"""The identifier of an electronic certificate (GB/T 36904): build, parse, check character ISO 7064 MOD 37,36."""

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from services.kernel.codes import InvalidCode, check_uscc
from services.kernel.errors import FieldError

ROOT = "1.2.156.3005.2"
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
LONGEST = 128
_SHAPE = re.compile(
    rf"{re.escape(ROOT)}\.(?P<type>[0-9A-Z]{{18}}[0-9]{{3}})\.(?P<issuer>[0-9A-Z]{{18}}|[0-9]{{6}}|[0-9]{{12}})"
    r"\.(?P<serial>[0-9A-Z]+)\.(?P<version>[0-9]{3})\.(?P<check>[0-9A-Z])"
)


# MOD 37,36 as a machine: from one product and one character to the next product.
_NEXT = [{c: ((product + place) % 36 or 36) * 2 % 37 for place, c in enumerate(ALPHABET)} for product in range(37)]
_PLAIN = re.compile(f"[{ALPHABET}]*")
_STRUCTURE = FieldError("", "certificate-identifier.structure", "电子证照标识的结构不符合 GB/T 36904")


@dataclass(frozen=True, slots=True)
class CertificateIdentifier:
    """`type_code`: uscc of the defining body and three digits. `version` starts at 1 and grows with every change."""

    type_code: str
    issuer_code: str
    serial: str
    version: int

    def __str__(self) -> str:
        version = f"{self.version:03d}"
        product = _product(self.serial + version, _of_bodies(self.type_code + self.issuer_code))
        parts = (ROOT, self.type_code, self.issuer_code, self.serial, version, _character(product))
        return ".".join(parts)


def check_character(payload: str) -> str:
    """ISO 7064 MOD 37,36 over type, issuer, serial and version without dots and without the root."""
    return _character(_product(payload, 36))


def _product(payload: str, before: int) -> int:
    product = before
    for character in payload:
        product = _NEXT[product][character]
    return product


@lru_cache(maxsize=4096)
def _of_bodies(codes: str) -> int:
    """Of a type and an issuer: kept, because the certificates of a few of them are all there are."""
    return _product(codes, 36)


def _character(product: int) -> str:
    return ALPHABET[(37 - product) % 36]


def build_certificate_identifier(type_code: str, issuer_uscc: str, serial: str, version: int = 1) -> str:
    """Raises InvalidCode when a part breaks the structure. A serial is digits and upper-case letters, no hyphens."""
    if check_uscc(issuer_uscc) is not None:
        raise InvalidCode("证照颁发机构代码不是有效的统一社会信用代码")
    if not 1 <= version <= 999:
        raise InvalidCode("证照版本号须在1至999之间")
    text = str(CertificateIdentifier(type_code, issuer_uscc, serial, version)) if _plain(type_code + serial) else ""
    if not _has_shape(text):
        raise InvalidCode(_STRUCTURE.detail, errors=[_STRUCTURE])
    return text


def check_certificate_identifier(text: str, pointer: str = "") -> FieldError | None:
    """Fault of an identifier. An issuer given as a division code is accepted: older libraries wrote it so."""
    match = _SHAPE.fullmatch(text)
    if match is None or not _has_shape(text):
        return replace(_STRUCTURE, pointer=pointer)
    if check_character(match["type"] + match["issuer"] + match["serial"] + match["version"]) != match["check"]:
        return FieldError(pointer, "certificate-identifier.check-digit", "电子证照标识校验位不正确")
    return None


def parse_certificate_identifier(text: str) -> CertificateIdentifier:
    """Raises InvalidCode."""
    fault = check_certificate_identifier(text)
    match = _SHAPE.fullmatch(text)
    if fault is not None or match is None:
        raise InvalidCode("电子证照标识无效", errors=[fault] if fault is not None else ())
    return CertificateIdentifier(match["type"], match["issuer"], match["serial"], int(match["version"]))


def _has_shape(text: str) -> bool:
    match = _SHAPE.fullmatch(text)
    return match is not None and len(text) <= LONGEST and match["version"] != "000"


def _plain(text: str) -> bool:
    return _PLAIN.fullmatch(text) is not None
