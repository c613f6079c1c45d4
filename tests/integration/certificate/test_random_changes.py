"""Ten thousand random byte changes over what one certificate left: its file, record, proof and rows; each is found."""

import random
from datetime import date, timedelta
from enum import StrEnum
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest

from contracts.events.certificate import CertificateStatus
from services.certificate.commands import verify
from services.certificate.commands.log_check import leaf_rows, live_hash
from services.certificate.domain.qr_proof import NotAProof, read_address
from services.certificate.domain.transparency import Act
from services.certificate.files.errors import RecordNotAuthentic
from services.certificate.files.verification import PdfVerdict, Reason, Verdict, verify_pdf
from services.chassis.clock import now, today
from tests.support.certificate import Library
from tests.support.pages import qr_codes

PDFS, RECORDS, PROOFS, ROWS, COPIES = 500, 3000, 3000, 3400, 100
# What the signed record and the leaf answer for. The rest (the file's name, times of storing) leads to nothing false.
PROTECTED = [
    "identifier",
    "certificate_version",
    "type_code",
    "type_name",
    "type_version",
    "template_sha256",
    "number_shown",
    "issuer_uscc",
    "issuer_name",
    "issuer_division",
    "holder_type",
    "holder_name",
    "holder_key",
    "holder_masked",
    "holders",
    "found_by",
    "issued_on",
    "valid_from",
    "valid_until",
    "origin",
    "case_no",
    "item_code",
    "item_name",
    "status",
    "jws_sealed",
    "act",
    "record_sha256",
    "hashes",
]
# Of these any letters would be refused by the database itself: another one that there is takes their place.
CHOSEN: dict[str, type[StrEnum]] = {"status": CertificateStatus, "act": Act}
# The rest of the columns: keys and times of the row itself, and the stored file (which is sealed).
FREE = {
    "last_act",  # the act of the newest leaf, here the same leaf: changed together with `act`
    *("id", "source_key", "version", "issued_at", "ground", "decision_id", "case_id"),
    *("file_name", "file_sha256", "file_at", "leaf_index", "record_sealed"),
}


@pytest.fixture(scope="module")
async def issued(library: Library) -> dict[str, Any]:
    """The row of a certificate with its leaf, its record, its file and the address of its QR code."""
    certificate = await library.issued()
    async with library.file_maker() as maker:
        while await maker.make_due():
            pass
    file = await library.get(f"/api/v1/certificates/{certificate['identifier']}/file", library.citizen())
    assert file.status_code == 200
    async with library.database.read() as connection:
        (row,) = await leaf_rows(connection, 0, 1)
    (address,) = qr_codes(file.content)
    parts = urlsplit(address)
    return {"row": dict(row._mapping), "file": file.content, "address": f"{parts.path}?{parts.query}"}


def changed(content: bytes, chance: random.Random) -> bytes:
    """With another byte at some place."""
    place = chance.randrange(len(content))
    other = (content[place] + chance.randrange(1, 256)) % 256
    return content[:place] + bytes([other]) + content[place + 1 :]


def test_every_changed_byte_of_a_file_is_found(issued: dict[str, Any], library: Library) -> None:
    chance, trust = random.Random(1), library.kit.trust()
    assert verify_pdf(issued["file"], trust).verdict is Verdict.VALID

    verdicts = {verify_pdf(changed(issued["file"], chance), trust).verdict for _ in range(PDFS)}

    assert verdicts <= {Verdict.ALTERED, Verdict.UNREADABLE}


def test_every_changed_byte_of_a_record_is_found(issued: dict[str, Any], library: Library) -> None:
    chance, signer = random.Random(2), library.kit.signer
    record = library.kit.open_record(issued["row"]["jws_sealed"])
    signer.verify(record)

    for _ in range(RECORDS):
        false = changed(record.encode(), chance).decode(errors="surrogateescape")
        with pytest.raises(RecordNotAuthentic):
            signer.verify(false)


def test_every_changed_byte_of_a_proof_is_found(issued: dict[str, Any]) -> None:
    chance, address = random.Random(3), issued["address"]
    genuine = read_address(address)
    assert genuine[1] is not None
    found = 0

    while found < PROOFS:
        false = changed(address.encode(), chance).decode("latin-1")
        if false.upper() == address.upper():
            continue  # an identifier in the other case is the same identifier
        try:
            identifier, proof = read_address(false)
        except NotAProof:
            found += 1
            continue
        # Without its question mark an address still names the certificate, and proves nothing.
        assert proof is None or proof.root() != genuine[1].root(), (identifier, false)
        found += 1


def test_every_changed_byte_of_a_row_is_found(issued: dict[str, Any], library: Library) -> None:
    chance, row = random.Random(4), issued["row"]
    genuine = live_hash(SimpleNamespace(**row), library.kit)
    assert genuine is not None

    for _ in range(ROWS):
        name = chance.choice(PROTECTED)
        value = other_member(name, row[name], chance) if name in CHOSEN else other_value(row[name], chance)
        false = SimpleNamespace(**row | {name: value} | ({"last_act": value} if name == "act" else {}))
        assert live_hash(false, library.kit) != genuine, (name, value)


@pytest.mark.parametrize(("name", "members"), CHOSEN.items())
def test_every_other_status_and_act_is_found_in_a_row(
    issued: dict[str, Any], library: Library, name: str, members: type[StrEnum]
) -> None:
    row = issued["row"]
    genuine = live_hash(SimpleNamespace(**row), library.kit)

    for member in set(members) - {row[name]}:
        changes = {"act": member.value, "last_act": member.value} if name == "act" else {name: member.value}
        assert live_hash(SimpleNamespace(**row | changes), library.kit) != genuine, member


async def test_every_changed_column_of_a_copy_is_found(issued: dict[str, Any], library: Library) -> None:
    """Number, purpose and last day are sealed into its file."""
    chance, identifier = random.Random(5), issued["row"]["identifier"]
    told = await verify.identifier(library.database, identifier, library.kit, now=now())
    marks: dict[str, Any] = {"copy_no": 1, "copy_purpose": "办理贷款", "copy_until": today()}
    sealed = PdfVerdict(Verdict.VALID, Reason.INTACT, "", reference=identifier, copy_id="x", **marks)
    row = {"identifier": identifier, "kind": "PURPOSE", "ordinal": 1, "purpose": "办理贷款", "expires_on": today()}
    assert verify.of_copied_file(told, sealed, SimpleNamespace(**row), now()).verdict == "VALID"

    for _ in range(COPIES):
        name = chance.choice(("identifier", "kind", "ordinal", "purpose", "expires_on"))
        false = SimpleNamespace(**row | {name: other_value(row[name], chance)})
        assert verify.of_copied_file(told, sealed, false, now()).verdict == "ALTERED", (name, getattr(false, name))


def test_ten_thousand_changes_are_tried_and_no_column_is_forgotten(issued: dict[str, Any]) -> None:
    assert PDFS + RECORDS + PROOFS + ROWS + COPIES >= 10_000
    assert PDFS >= 500
    assert set(issued["row"]) == {*PROTECTED, *FREE}


def test_a_change_that_is_not_found_would_be_seen(issued: dict[str, Any], library: Library) -> None:
    """What these tests compare is not different by itself: without a change nothing is found anywhere."""
    row, record = issued["row"], library.kit.open_record(issued["row"]["jws_sealed"])
    genuine = live_hash(SimpleNamespace(**row), library.kit)

    assert verify_pdf(bytes(bytearray(issued["file"])), library.kit.trust()).verdict is Verdict.VALID
    assert library.kit.signer.verify(f"{record}") == library.kit.signer.verify(record)
    assert read_address(f"{issued['address']}") == read_address(issued["address"])
    assert live_hash(SimpleNamespace(**row | {"file_name": "another", "version": 9}), library.kit) == genuine


def other_member(name: str, value: str, chance: random.Random) -> str:
    return chance.choice([member.value for member in CHOSEN[name] if member.value != value])


def other_value(value: Any, chance: random.Random) -> Any:
    if value is None:
        return chance.choice(('"x"', "[]", "0"))  # JSON, where a column holds that
    if isinstance(value, int):
        return value + chance.choice((-1, 1)) * chance.randrange(1, 9)
    if isinstance(value, date):
        return value + timedelta(days=chance.choice((-1, 1)) * chance.randrange(1, 9999))
    if isinstance(value, bytes):
        return changed(value, chance)
    if isinstance(value, list):
        return [*value, f"{chance.getrandbits(256):064x}"]  # a stranger who finds the certificate
    return changed(value.encode(), chance).decode(errors="replace")
