"""The two signatures of our records and their keys as JWK: ES256, and SM2 with SM3 under the private name `SM2SM3`.

SM2SM3 (no algorithm of the IANA registry): the key is `kty` EC with `crv` SM2; the signature over the JWS signing input
is SM2 of GB/T 32918.2 with SM3 and the default signer id `1234567812345678`, written as 64 bytes r || s like ES256.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Any, Protocol, cast

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from tongsuopy.crypto import hashes as sm_hashes
from tongsuopy.crypto import serialization as sm_serialization
from tongsuopy.crypto.asymciphers import ec as sm_ec
from tongsuopy.crypto.exceptions import InvalidSignature as InvalidSm2Signature

ES256 = "ES256"
SM2SM3 = "SM2SM3"
ALGORITHMS = (ES256, SM2SM3)  # fixed: a header that names another one is refused, whatever keys are there
CURVES = {ES256: "P-256", SM2SM3: "SM2"}
_CANONICAL = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
_PLAIN = {str, bool, type(None)}
_SAFE = 2**53  # integers up to here are the same everywhere
_LEVELS = 20  # what is nested deeper is left to the encoder that can do it: looking at it here costs Python's stack
_PART = 32  # bytes of a coordinate, of r and of s
_ES256 = ec.ECDSA(hashes.SHA256())
_SM2SM3 = sm_ec.ECDSA(sm_hashes.SM3())


class NotSigned(Exception):
    """No signature of that key over that input."""


def encode(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Strict: one text for one content.

    Raises:
        ValueError: other characters, or bits that no encoder leaves.
    """
    content = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    if encode(content) != text:
        raise ValueError("not base64url as it is written")
    return content


def canonical(value: object) -> bytes:
    """One text for one value: keys sorted, no blanks, UTF-8 (RFC 8785 for the strings and integers we use)."""
    if _is_plain(value):
        try:
            return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
        except orjson.JSONEncodeError:  # half a character: refused below, as such a text always was
            pass
    return _CANONICAL.encode(value).encode()


def _is_plain(value: Any, levels: int = _LEVELS) -> bool:
    """Whether both encoders write the same: they differ in fractions, in depth, and in what is no JSON at all."""
    kind = type(value)
    if kind is dict:
        return levels > 0 and set(map(type, value)) <= {str} and _are_plain(value.values(), levels - 1)
    if kind is list:
        return levels > 0 and _are_plain(value, levels - 1)
    return kind in _PLAIN or (kind is int and -_SAFE <= value <= _SAFE)


def _are_plain(values: Collection[Any], levels: int) -> bool:
    """Most are texts: those are not looked at one by one."""
    return set(map(type, values)) <= _PLAIN or all(_is_plain(one, levels) for one in values if type(one) is not str)


class PrivateKey(Protocol):
    """A key that signs, in a file or in a token."""

    @property
    def public(self) -> "PublicKey": ...

    def sign(self, content: bytes) -> bytes:
        """64 bytes r || s."""
        ...


@dataclass(frozen=True)
class PublicKey:
    """A public point and what it verifies."""

    alg: str
    x: bytes
    y: bytes

    @classmethod
    def of_jwk(cls, jwk: Mapping[str, Any]) -> "PublicKey | None":
        """None for a key of another kind: it is not ours to use."""
        alg = next((name for name, curve in CURVES.items() if jwk.get("crv") == curve), None)
        if alg is None or jwk.get("kty") != "EC" or jwk.get("alg", alg) != alg:
            return None
        return cls(alg, decode(jwk["x"]), decode(jwk["y"]))

    @cached_property
    def kid(self) -> str:
        """The thumbprint of RFC 7638."""
        return encode(sha256(canonical(self._point())).digest())

    def jwk(self) -> dict[str, str]:
        return self._point() | {"use": "sig", "alg": self.alg, "kid": self.kid}

    def _point(self) -> dict[str, str]:
        return {"kty": "EC", "crv": CURVES[self.alg], "x": encode(self.x), "y": encode(self.y)}

    def verify(self, signature: bytes, content: bytes) -> None:
        """Raises NotSigned."""
        if len(signature) != 2 * _PART:
            raise NotSigned
        r, s = (int.from_bytes(signature[place : place + _PART], "big") for place in (0, _PART))
        try:
            self._usable.verify(encode_dss_signature(r, s), content, _ES256 if self.alg == ES256 else _SM2SM3)
        except (InvalidSignature, InvalidSm2Signature, ValueError) as fault:
            raise NotSigned from fault

    @cached_property
    def _usable(self) -> Any:
        point = b"\x04" + self.x + self.y
        if self.alg == ES256:
            return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        return sm_ec.EllipticCurvePublicKey.from_encoded_point(sm_ec.SM2(), point)


@dataclass(frozen=True)
class FileKey:
    """A private key read from a PEM file."""

    alg: str
    key: Any = field(repr=False)

    @classmethod
    def load(cls, alg: str, pem: bytes) -> "FileKey":
        reader = serialization if alg == ES256 else sm_serialization
        return cls(alg, cast(Any, reader).load_pem_private_key(pem, password=None))

    @cached_property
    def public(self) -> PublicKey:
        numbers = self.key.public_key().public_numbers()
        return PublicKey(self.alg, numbers.x.to_bytes(_PART, "big"), numbers.y.to_bytes(_PART, "big"))

    def sign(self, content: bytes) -> bytes:
        r, s = decode_dss_signature(self.key.sign(content, _ES256 if self.alg == ES256 else _SM2SM3))
        return r.to_bytes(_PART, "big") + s.to_bytes(_PART, "big")


def new_pem(alg: str) -> bytes:
    """A new private key, PKCS#8."""
    if alg == ES256:
        return ec.generate_private_key(ec.SECP256R1()).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    made: bytes = sm_ec.generate_private_key(sm_ec.SM2()).private_bytes(
        sm_serialization.Encoding.PEM, sm_serialization.PrivateFormat.PKCS8, sm_serialization.NoEncryption()
    )
    return made
