"""Keys that live in a PKCS#11 token: made there, used there, never read out."""

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, TypeVar

import pkcs11
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from pkcs11.util.ec import encode_named_curve_parameters

from services.certificate.files.errors import KeysUnavailable
from services.certificate.files.jose import ES256, PublicKey
from services.certificate.files.tokens import Token

T = TypeVar("T")
_SIGNATURE = 64  # r || s on P-256
_POINT = 65


@dataclass
class TokenSession:
    """One session of this process, logged in once; one operation at a time. A session that was lost is opened again."""

    token: Token
    rw: bool = True
    _session: Any = field(default=None, repr=False)
    _keys: dict[str, Any] = field(default_factory=dict, repr=False)  # handles: finding one takes longer than signing
    _refused: str | None = field(default=None, repr=False)
    _lock: Any = field(default_factory=threading.RLock, repr=False)

    def use(self, act: Callable[[Any], T]) -> T:
        """What `act` does with the session; once more with a new one when the token was restarted meanwhile.

        Raises:
            KeysUnavailable.
        """
        with self._lock:
            had_one = self._session is not None
            try:
                return act(self._open())
            except (pkcs11.NoSuchKey, pkcs11.MultipleObjectsReturned) as fault:
                raise KeysUnavailable("密码设备中没有该密钥，请确认设备和标签") from fault
            except pkcs11.PKCS11Error as lost:
                self._session = None
                self._keys.clear()
                if not had_one:
                    raise _unavailable(lost) from lost
            except (OSError, ValueError, RuntimeError) as fault:
                raise _unavailable(fault) from fault
            return self.use(act)

    def _open(self) -> Any:
        if self._session is None:
            pin = self.token.pin_file.read_text("utf-8").strip()
            if pin == self._refused:  # tokens lock themselves after a few wrong ones
                raise KeysUnavailable("密码设备不接受 PIN 文件中的 PIN，改正后自动重试")
            token = pkcs11.lib(self.token.module).get_token(token_label=self.token.label)
            self._session = self._logged_in(token, pin)
        return self._session

    def _logged_in(self, token: Any, pin: str) -> Any:
        try:
            return token.open(rw=self.rw, user_pin=pin)
        except pkcs11.UserAlreadyLoggedIn:  # by another session of this process: it holds for all of them
            return token.open(rw=self.rw)
        except pkcs11.PinIncorrect:
            self._refused = pin
            raise

    def with_key(self, label: str) -> Any:
        """The session itself, for libraries that want one, when the token answers just now that it has this key.

        Raises:
            KeysUnavailable.
        """
        return self.use(lambda session: _key(session, label) and session)

    def signed(self, label: str, digest: bytes) -> bytes:
        """By ECDSA, r || s. Raises KeysUnavailable."""
        raw = pkcs11.Mechanism.ECDSA
        return self.use(lambda session: bytes(self._found(session, label).sign(digest, mechanism=raw)))

    def _found(self, session: Any, label: str) -> Any:
        if label not in self._keys:
            self._keys[label] = _key(session, label)
        return self._keys[label]

    def new_key(self, name: str) -> tuple[str, EllipticCurvePublicKey]:
        """A new P-256 key pair and the label it is found by: the name and a mark, for no two keys may share one.

        Raises:
            KeysUnavailable.
        """
        label = f"{name}-{secrets.token_hex(4)}"
        point = self.use(lambda session: _generated(session, label))
        return label, EllipticCurvePublicKey.from_encoded_point(SECP256R1(), point)

    def describe_new_key(self, name: str) -> bytes:
        """A new key as `TokenKey.load` reads it. Raises KeysUnavailable."""
        label, key = self.new_key(name)
        pem = key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        return f"{label}\n".encode() + pem


def _key(session: Any, label: str) -> Any:
    return session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, key_type=pkcs11.KeyType.EC, label=label)


def _generated(session: Any, label: str) -> bytes:
    curve = {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")}
    parameters = session.create_domain_parameters(pkcs11.KeyType.EC, curve, local=True)
    public, _ = parameters.generate_keypair(label=label, store=True)
    return bytes(public[pkcs11.Attribute.EC_POINT][-_POINT:])


@dataclass(frozen=True)
class TokenKey:
    """An ES256 key of the token, described by a file: its label, and the public key in PEM."""

    label: str
    public: PublicKey
    session: TokenSession | None  # None: the setting is another one now, and the key verifies what it signed

    @classmethod
    def load(cls, described: bytes, session: TokenSession | None) -> "TokenKey":
        label, pem = described.decode().split("\n", 1)
        key = serialization.load_pem_public_key(pem.encode())
        if not isinstance(key, EllipticCurvePublicKey):
            raise KeysUnavailable("密码设备的公钥文件不是 P-256 公钥")
        point = key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        return cls(label, PublicKey(ES256, point[1:33], point[33:]), session)

    def sign(self, content: bytes) -> bytes:
        """64 bytes r || s. Tokens sign a digest; many do not hash.

        Raises:
            KeysUnavailable: no token, another one, or one that has not this key.
        """
        if self.session is None:
            raise KeysUnavailable("签名密钥在密码设备中，而设置 RECORD_KEYS 不是 pkcs11")
        signature = self.session.signed(self.label, sha256(content).digest())
        if len(signature) != _SIGNATURE:
            raise KeysUnavailable("密码设备给出的签名长度不正确")
        return signature


def _unavailable(fault: Exception) -> KeysUnavailable:
    return KeysUnavailable(f"无法使用密码设备（{type(fault).__name__}）")
