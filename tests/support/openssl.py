"""SM2 signatures checked by the `openssl` command: a tool that is not ours."""

import shutil
import subprocess
from base64 import urlsafe_b64decode
from pathlib import Path

from asn1crypto import core, keys, pem

_SM2 = "1.2.156.10197.1.301"


def has_sm2() -> bool:
    """Whether there is an `openssl` that knows the curve."""
    if shutil.which("openssl") is None:
        return False
    listed = subprocess.run(["openssl", "ecparam", "-list_curves"], capture_output=True, text=True, check=False)
    return "SM2" in listed.stdout


def verifies_sm2(jwk: dict[str, str], signature: bytes, content: bytes, folder: Path) -> bool:
    """`openssl pkeyutl -verify` with SM3 and the default signer id; key and signature written as it reads them."""
    (folder / "key.pem").write_bytes(pem.armor("PUBLIC KEY", _public_key(jwk)))
    (folder / "signature.der").write_bytes(_der(signature))
    (folder / "content").write_bytes(content)
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key.pem", "-rawin", "-in", "content"]
    command += ["-sigfile", "signature.der", "-digest", "sm3", "-pkeyopt", "distid:1234567812345678"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode == 0


def _public_key(jwk: dict[str, str]) -> bytes:
    point = b"\x04" + _number(jwk["x"]) + _number(jwk["y"])
    algorithm = {"algorithm": "ec", "parameters": keys.ECDomainParameters("named", _SM2)}
    made: bytes = keys.PublicKeyInfo({"algorithm": algorithm, "public_key": keys.ECPointBitString(point)}).dump()
    return made


def _number(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


class _Signature(core.Sequence):
    _fields = [("r", core.Integer), ("s", core.Integer)]


def _der(signature: bytes) -> bytes:
    r, s = (int.from_bytes(part, "big") for part in (signature[:32], signature[32:]))
    made: bytes = _Signature({"r": r, "s": s}).dump()
    return made
