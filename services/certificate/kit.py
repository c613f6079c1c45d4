"""What acts need besides the database: keys of personal data, the record signer, files, settings."""

from dataclasses import dataclass

from services.certificate.domain.holders import Holder, Recorded
from services.certificate.domain.personal import masked_number
from services.certificate.files.record_packing import packed, unpacked
from services.certificate.files.records import RecordSigner, SigningFolder
from services.certificate.files.trust import Trust
from services.certificate.settings import CertificateSettings
from services.chassis.files import Files
from services.chassis.sealing import Sealer

PARTY_NUMBER = "party-number"  # context under which a number travels sealed in events
_RECORD = "certificate-record"
_CONTENTS = "paper-contents"
_STANDING = "foreign-standing"


@dataclass(frozen=True)
class Kit:
    """Opened once per process."""

    settings: CertificateSettings
    sealer: Sealer
    signing: SigningFolder
    files: Files

    @classmethod
    def open(cls, settings: CertificateSettings) -> "Kit":
        sealer = Sealer.load(settings.keys_dir)
        signing = SigningFolder(settings.signing_dir, settings.record_session)
        return cls(settings, sealer, signing, Files.open(settings.files_url, sealer))

    @property
    def signer(self) -> RecordSigner:
        """The newest keys: they may be rotated while this process runs."""
        return self.signing.current()

    def trust(self) -> Trust:
        """Read each time: the worker makes the first root after this process started."""
        return Trust.load(self.settings.signing_dir, self.settings.tsa_chain)

    def holder_key(self, party_type: str, number: str) -> str:
        """The subject key of a party: the same in every service."""
        return self.sealer.index_key(party_type, number)

    def open_number(self, sealed: str) -> str:
        return self.sealer.open(sealed, PARTY_NUMBER)

    def seal_number(self, number: str) -> str:
        return self.sealer.seal(number, PARTY_NUMBER)

    def seal_record(self, jws: str, payload: bytes | None = None) -> bytes:
        """`payload`: that of the record, decoded, when it is at hand."""
        return self.sealer.seal_bytes(packed(jws, payload), _RECORD)

    def open_record(self, sealed: bytes) -> str:
        return unpacked(self.sealer.open_bytes(sealed, _RECORD))

    def seal_standing(self, standing: str) -> bytes:
        return self.sealer.seal_bytes(standing.encode(), _STANDING)

    def open_standing(self, sealed: bytes) -> str:
        return self.sealer.open_bytes(sealed, _STANDING).decode()

    def seal_contents(self, contents: bytes) -> bytes:
        return self.sealer.seal_bytes(contents, _CONTENTS)

    def open_contents(self, sealed: bytes) -> bytes:
        return self.sealer.open_bytes(sealed, _CONTENTS)


def holder_of(told: Recorded, kit: Kit) -> Holder:
    """A holder as he was recorded, with the key he is found by."""
    masked, key = masked_number(told.party_type, told.number), kit.holder_key(told.party_type, told.number)
    return Holder(told.party_type, told.name, told.number, key, masked, told.share)
