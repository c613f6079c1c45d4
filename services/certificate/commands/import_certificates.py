"""Import of existing certificates: lines of NDJSON become certificates in batches; restartable."""

import secrets
import string
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

import orjson

from services.certificate import repository
from services.certificate.certificate_types import queries as type_queries
from services.certificate.commands.issue_certificates import save
from services.certificate.domain.certificate import Body, Certificate, CertificateType
from services.certificate.domain.errors import ImportFaulty
from services.certificate.domain.import_line import Fault, ImportLine, read_line
from services.certificate.domain.personal import masked_certificate_number
from services.certificate.files.records import new_salt
from services.certificate.kit import Kit, holder_of
from services.chassis.database import Database, UnitOfWork
from services.chassis.ids import uuid7
from services.kernel.certificate_identifier import build_certificate_identifier
from services.kernel.errors import FieldError

BATCH = 1000
_MAX_LINE = 64 * 1024
_SERIAL_ALPHABET = string.digits + string.ascii_uppercase
_SERIAL_LENGTH = 20
_EVEN = 256 - 256 % len(_SERIAL_ALPHABET)  # bytes from here on would make some characters likelier than others
_TO_SERIAL = bytes(ord(_SERIAL_ALPHABET[byte % len(_SERIAL_ALPHABET)]) for byte in range(256))
_UNEVEN = bytes(range(_EVEN, 256))


@dataclass(frozen=True)
class Imported:
    added: int
    there_already: int


async def types(database: Database) -> Mapping[str, CertificateType]:
    async with database.read() as connection:
        return await type_queries.everything(connection)


async def load(
    database: Database, file: Path, known: Mapping[str, CertificateType], kit: Kit, *, now: datetime
) -> Imported:
    """Load a file without faults. What an earlier run loaded is skipped."""
    with file.open("rb") as lines:
        return await load_lines(database, lines, known, kit, now=now)


async def load_lines(
    database: Database, lines: Iterable[bytes], known: Mapping[str, CertificateType], kit: Kit, *, now: datetime
) -> Imported:
    """A batch per transaction. Raises ImportFaulty at a line that has a fault now: the file was sound before."""
    added = there = 0
    division, left = kit.settings.division, iter(lines)
    while batch := list(islice(left, BATCH)):
        sound = list(_sound(batch, known, division))
        new = await _load_batch(database, sound, kit, now)
        added, there = added + new, there + len(sound) - new
    return Imported(added, there)


def _sound(batch: Iterable[bytes], known: Mapping[str, CertificateType], division: str) -> Iterator[ImportLine]:
    for raw in batch:
        checked, wrong = read(0, raw, known, division)
        if wrong:
            told = FieldError("/", "changed", "导入期间文件被改动，请在不再改动后重新导入（已导入的会跳过）")
            raise ImportFaulty(errors=[told])
        if checked is not None:
            yield checked


async def _load_batch(database: Database, lines: Sequence[ImportLine], kit: Kit, now: datetime) -> int:
    by_source = {kit.sealer.index_key("import", line.identity): line for line in lines}
    async with database.transaction() as uow:
        known = await repository.known_sources(uow.connection, by_source)
        new = [certificate_of(source, line, kit, now) for source, line in by_source.items() if source not in known]
        await _refuse_taken(uow, new)
        await save(uow, new, kit)
    return len(new)


async def _refuse_taken(uow: UnitOfWork, new: Sequence[Certificate]) -> None:
    """Raises ImportFaulty when the library holds another holder's certificate under the same type and number."""
    taken = await repository.known_identifiers(uow.connection, [certificate.identifier for certificate in new])
    if taken:
        raise ImportFaulty(
            errors=[FieldError(name, "taken", "证照库中已有同类型同编号、但持证人不同的证照") for name in sorted(taken)]
        )


def certificate_of(source: str, line: ImportLine, kit: Kit, now: datetime) -> Certificate:
    """The first version of a sound line's certificate."""
    number = line.certificate_number
    issuer = Body(line.issuer_uscc, line.issuer_name, line.issuer_division)
    first, *others = (holder_of(one, kit) for one in line.holders)
    return Certificate(
        id=uuid7(),
        source_key=source,
        identifier=build_certificate_identifier(line.type.code, issuer.uscc, line.serial or random_serial(), 1),
        type=line.type,
        number=number,
        number_shown=masked_certificate_number(number) if line.is_personal else number,
        holder=first,
        co_holders=tuple(others),
        issuer=issuer,
        issued_at=now,
        issued_on=line.issued_on,
        valid_from=line.valid_from,
        valid_until=line.valid_until,
        extend=line.extend,
        salt=new_salt(),
    )


def random_serial() -> str:
    """A serial that says nothing: for certificates whose own number is personal or cannot be a serial."""
    serial = b""
    while len(serial) < _SERIAL_LENGTH:
        serial += secrets.token_bytes(_SERIAL_LENGTH + 4).translate(_TO_SERIAL, _UNEVEN)
    return serial[:_SERIAL_LENGTH].decode()


def read(
    line: int, raw: bytes, known: Mapping[str, CertificateType], division: str
) -> tuple[ImportLine | None, list[Fault]]:
    """A blank line is neither sound nor faulty."""
    if not raw.strip():
        return None, []
    if len(raw) > _MAX_LINE:
        return None, [Fault(line, "/", f"超过 {_MAX_LINE // 1024} KiB")]
    try:
        return read_line(line, orjson.loads(raw), known, division)
    except orjson.JSONDecodeError:
        return None, [Fault(line, "/", "不是有效的 JSON (UTF-8)")]
