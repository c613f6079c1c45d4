"""A signed receipt as the certificate service makes it: the sealed PDF, its record, and the public keys."""

import json
from base64 import b64encode
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives.serialization import Encoding

from contracts.events.intake import ApplicationReceived
from services.certificate.files import contents
from services.certificate.files.records import RECEIPT_TYPE, RecordSigner
from services.certificate.files.seal_keys import FileSealKeys
from services.certificate.files.sealing import make_file
from services.certificate.files.trust import Trust
from services.certificate.papers import paper_contents
from services.certificate.settings import CertificateSettings
from services.kernel.workdays import official_calendar


@dataclass(frozen=True)
class SignedReceipt:
    pdf: bytes
    jws: str
    record: dict[str, Any]
    keys: dict[str, Any]

    def stored(self, folder: Path, *, form: str = "jws") -> tuple[Path, Path]:
        """Written to files; gives those of the receipt and of the keys."""
        file, keys = folder / f"receipt.{form}", folder / "keys.json"
        file.write_bytes(self.pdf if form == "pdf" else self.jws.encode())
        keys.write_text(json.dumps(self.keys))
        return file, keys


def a_receipt(
    event: ApplicationReceived,
    signing_dir: Path,
    *,
    record: dict[str, Any] | None = None,
    seal: contents.SealBody | None = None,
) -> SignedReceipt:
    """`record` and `seal` replace what is signed and who seals it, for receipts that nobody honest makes."""
    seal_keys, signer = FileSealKeys(signing_dir), RecordSigner.load(signing_dir)
    draft = paper_contents.receipt(event, CertificateSettings(service="certificate"), official_calendar())
    head = paper_contents.header(draft, uuid4(), "鹤市监收字〔2026〕第1号", "https://yichuang.test")
    printed = draft.build(head)
    assert isinstance(printed, contents.Receipt)
    assert draft.record is not None
    said = record or draft.record(printed)
    jws = signer.sign_compact(said, typ=RECEIPT_TYPE)
    own = paper_contents.seal_of(event.item, draft.issuer)
    job = contents.Job(
        contents=replace(printed, signed_record=jws), seal=seal or own, at=draft.at.replace(microsecond=0)
    )
    pdf = make_file(job, seal_keys)
    roots = [b64encode(root.public_bytes(Encoding.DER)).decode() for root in Trust.load(signing_dir).roots]
    return SignedReceipt(pdf, jws, said, signer.jwks() | {"seal_roots": roots})
