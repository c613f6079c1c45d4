"""Where seals get their keys, by setting: files, or a PKCS#11 token."""

from pathlib import Path

from services.certificate.files.errors import SealUnavailable
from services.certificate.files.seal_keys import FileSealKeys, SealKeys
from services.certificate.files.token_seals import TokenSealKeys
from services.certificate.files.tokens import Token


def open_seal_keys(kind: str, signing_dir: Path, *, may_create: bool = True, token: Token | None = None) -> SealKeys:
    """By setting: `file`, or `pkcs11` with its token.

    Raises:
        SealUnavailable: the setting names something that is not there, told in words an operator can act on.
    """
    if kind == "file":
        return FileSealKeys(signing_dir, may_create=may_create)
    if kind == "pkcs11" and token is not None:
        return TokenSealKeys(token, signing_dir, may_create=may_create)
    if kind == "pkcs11":
        raise SealUnavailable("印章密钥来源 pkcs11 缺少 PKCS11_MODULE、PKCS11_TOKEN 或 PKCS11_PIN_FILE")
    raise SealUnavailable(f"印章密钥来源“{kind}”不存在，可选：file、pkcs11")
