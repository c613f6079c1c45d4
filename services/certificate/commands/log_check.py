"""Does the database still say what was signed and logged? For signing heads, for verification, for monitors."""

import asyncio
import json
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.certificate.domain.certificate import basic
from services.certificate.domain.holders import Holder, read_holders, stored
from services.certificate.domain.merkle import HASH_BYTES
from services.certificate.domain.personal import masked_certificate_number, masked_number
from services.certificate.domain.transparency import Leaf, act_of, follows
from services.certificate.files.records import content_hash, payload_of
from services.certificate.kit import Kit, holder_of
from services.chassis.clock import local_date
from services.chassis.sealing import SealBroken
from services.kernel.codes import holds_citizen_id

PAGE = 500

_LEAVES = text(
    "SELECT l.leaf_index, l.act, l.record_sha256, l.hashes, l.record_sealed, last.act AS last_act, c.*, "
    "ARRAY(SELECT h.holder_key FROM co_holder h WHERE h.certificate_id = c.id) AS found_by "
    "FROM log_leaf l LEFT JOIN certificate c ON c.id = l.certificate_id "
    "LEFT JOIN LATERAL (SELECT act FROM log_leaf WHERE certificate_id = l.certificate_id "
    "AND act NOT IN ('REPRINT', 'COPY') ORDER BY leaf_index DESC LIMIT 1) last ON true "
    "WHERE l.leaf_index >= :first AND l.leaf_index < :end ORDER BY l.leaf_index"
)


async def leaf_rows(connection: AsyncConnection, first: int, end: int) -> list[Any]:
    """Leaves `first` up to `end` with their certificates, None where there is none."""
    found = {row.leaf_index: row for row in await connection.execute(_LEAVES, {"first": first, "end": end})}
    return [found.get(index) for index in range(first, end)]


async def live_leaves(connection: AsyncConnection, kit: Kit, first: int, end: int) -> list[bytes | None]:
    """The leaf hashes as the database would give them today, out of the certificates and their signed records.

    None where a leaf or its certificate is missing, or the row says something else than its signed record.
    """
    rows = await leaf_rows(connection, first, end)
    return await asyncio.to_thread(_hashes, rows, kit)


def _hashes(rows: Sequence[Any], kit: Kit) -> list[bytes | None]:
    return [live_hash(row, kit) if row is not None else None for row in rows]


def live_hash(row: Any, kit: Kit) -> bytes | None:
    """Of one row of `leaf_rows`: also its columns and its status must follow from what was signed and logged."""
    found = recorded(row, kit)
    if found is None or not follows(row.last_act, row.status):
        return None
    leaf, said = found
    return leaf if says_what_was_signed(row, said, kit) else None


def recorded(row: Any, kit: Kit) -> tuple[bytes, dict[str, Any]] | None:
    """The leaf hash by the signed records alone, and what the certificate's own one says; None when they are not there.

    The signed record of another certificate, copied into this row, does not pass.
    """
    act = act_of(row.act)
    if row.identifier is None or act is None:
        return None
    try:
        own = kit.open_record(row.jws_sealed)
        signed = own if row.record_sealed is None else kit.open_record(row.record_sealed)
        said = payload_of(own)
        if said["certificate_identifier"] != row.identifier:
            return None
    except (SealBroken, ValueError, KeyError):
        return None
    leaf = Leaf(act, row.identifier, content_hash(signed))
    if (row.record_sha256, row.hashes[:HASH_BYTES]) != (leaf.record, leaf.hash()):
        return None  # what proofs are made of
    return leaf.hash(), said


def is_true(row: Any, kit: Kit) -> bool:
    """Whether a row of `queries` says what was signed and logged. The seal of the record vouches for it here: its key
    is not in the database.
    """
    try:
        said = payload_of(kit.open_record(row.jws_sealed))
        own = said["certificate_identifier"] == row.identifier
        return own and says_what_was_signed(row, said, kit) and is_logged(row)
    except (SealBroken, ValueError, LookupError):
        return False


def as_signed(row: Any, kit: Kit) -> Any:
    """An untrue row of `queries`, with what its record says in its columns: who may ask for the certificate, and whom
    that is told, is not for him to say who rewrote the row.

    Without a record of its own that can be read: whoever finds it.
    """
    found_by = (row.holder_key, *row.found_by)
    known: dict[str, Any] = {"holders": [{"key": key} for key in found_by]}
    try:
        said = payload_of(kit.open_record(row.jws_sealed))
        if said["certificate_identifier"] == row.identifier:
            holders = [holder_of(one, kit) for one in read_holders(said)]
            known = _columns(said, holders) | {"holders": stored(holders)}
    except (SealBroken, ValueError, LookupError):
        pass
    return SimpleNamespace(**dict(row._mapping) | known)


def is_logged(row: Any) -> bool:
    """The log has this certificate, with an act that its status follows from."""
    if row.last_act is None:
        return bool(row.to_fill)  # older than the log, which the worker is filling
    return follows(row.last_act, row.status)


def says_what_was_signed(row: Any, said: dict[str, Any], kit: Kit) -> bool:
    """Whether each column of a certificate that its signed record also tells says the same.

    `found_by`: who finds it besides its first holder. Nobody of the record may be missing there, and nobody else be.
    """
    number, holders = str(said["certificate_number"]), [holder_of(one, kit) for one in read_holders(said)]
    shown = {masked_certificate_number(number), masked_number(row.holder_type, number)}
    if not holds_citizen_id(number):
        shown.add(number)
    days = {"issued_on": "issue_date", "valid_from": "validate_start", "valid_until": "validate_end"}
    told = {name: basic(day) if (day := getattr(row, name)) else "" for name in days}
    return (
        row.number_shown in shown
        and _list(row.holders) == stored(holders)
        and sorted(row.found_by) == sorted(holder.key for holder in holders[1:])
        and all(getattr(row, name) == value for name, value in _columns(said, holders).items())
        and all(told[name] == said[field] for name, field in days.items())
    )


def _columns(said: dict[str, Any], holders: Sequence[Holder]) -> dict[str, Any]:
    """What a signed record says in the columns that tell the same words."""
    first = holders[0]
    return {
        "identifier": said["certificate_identifier"],
        "certificate_version": int(said["certificate_version"]),
        "type_code": said["certificate_type_code"],
        "type_name": said["certificate_type_name"],
        "type_version": said.get("certificate_type_version", 1),
        "template_sha256": said.get("template_sha256"),
        "issuer_uscc": said["issue_dept_code"],
        "issuer_name": said["issue_dept_name"],
        "issuer_division": said["certificate_area_code"],
        "holder_type": first.party_type,
        "holder_name": first.name,
        "holder_key": first.key,
        "holder_masked": first.masked,
        "origin": "CASE" if said["related_case_no"] else "IMPORTED",
        "case_no": said["related_case_no"] or None,
        "item_code": said["related_item_code"] or None,
        "item_name": said["related_item_name"] or None,
    }


def is_true_paper(row: Any, kit: Kit) -> bool:
    """Whether the row of a paper says what was sealed when it was issued; papers stand in no log."""
    try:
        job = json.loads(kit.open_contents(row.contents_sealed))
        said, seal = job["contents"], job["seal"]
        expected = {
            "reference": str(row.id),
            "kind": row.kind,
            "number": row.number,
            "body_name": row.body_name,
            "dated_on": local_date(row.issued_at).isoformat(),
        }
        return seal["uscc"] == row.body_uscc and all(said[name] == value for name, value in expected.items())
    except (SealBroken, ValueError, LookupError, TypeError):
        return False


def _list(value: Any) -> Any:
    """A statement in plain SQL gives JSON as text."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value
