"""Settings of the certificate service."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from pydantic import model_validator

from services.certificate.files.tokens import Token
from services.chassis.settings import ServiceSettings, load_settings

if TYPE_CHECKING:
    from services.certificate.files.token_keys import TokenSession


class CertificateSettings(ServiceSettings):
    """Besides the common ones: how files are made and how numbers of papers begin."""

    region_short_name: str = "鹤"  # 机关代字 of the district, in front of every paper number
    contact: str = "区政务服务中心综合窗口"  # printed on receipts and notices
    reconsideration_body: str = "鹤城区人民政府"  # named in a refusal whose act names no body
    court: str = "鹤城区人民法院"
    log_head_seconds: float = 60  # how old the last signed head of the log is before a new one is signed
    file_processes: int = 1  # size of the pool that renders and seals files
    seal_keys: str = "file"  # where seals get their keys: file, pkcs11
    record_keys: Literal["file", "pkcs11"] = "file"  # where records and heads of the log get their ES256 keys
    pkcs11_module: str = ""  # the driver's library; with the token's label and the file that holds its PIN
    pkcs11_token: str = ""
    pkcs11_pin_file: Path | None = None
    tsa_url: str = ""  # time stamp authority (RFC 3161); none: files are sealed without a time stamp
    tsa_chain: Path | None = None  # PEM: the certificates above the authority's own, and their revocation lists
    file_lease_seconds: int = 120  # a job taken longer than this is taken again by another worker
    file_attempts: int = 8
    credentials_dir: Path | None = None  # keys and certificates of the seals; default <keys_dir>/signing/certificate

    @model_validator(mode="after")
    def _a_time_stamp_can_be_checked(self) -> Self:
        if self.tsa_url and self.tsa_chain is None:
            raise ValueError("YICHUANG_TSA_URL 需要同时设置 YICHUANG_TSA_CHAIN（时间戳服务的证书链文件）")
        return self

    @model_validator(mode="after")
    def _keys_of_records_can_be_found(self) -> Self:
        if self.record_keys == "pkcs11" and self.token is None:
            raise ValueError("RECORD_KEYS=pkcs11 需要同时设置 PKCS11_MODULE、PKCS11_TOKEN 和 PKCS11_PIN_FILE")
        return self

    @property
    def token(self) -> Token | None:
        """The PKCS#11 token, when all of its settings are given."""
        if self.pkcs11_module and self.pkcs11_token and self.pkcs11_pin_file:
            return Token(self.pkcs11_module, self.pkcs11_token, self.pkcs11_pin_file)
        return None

    @property
    def record_session(self) -> "TokenSession | None":
        """A session with the token that has the keys of records; None when they are in files."""
        if self.record_keys != "pkcs11" or self.token is None:
            return None
        from services.certificate.files.token_keys import TokenSession

        return TokenSession(self.token)

    @property
    def signing_dir(self) -> Path:
        return self.credentials_dir or self.keys_dir / "signing" / "certificate"


def load() -> CertificateSettings:
    return load_settings("certificate", CertificateSettings)
