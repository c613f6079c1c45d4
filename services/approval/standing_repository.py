"""Rows of certificates and of the decisions about them, turned into domain values and back."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, RowMapping, false, func, literal_column, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from contracts.events.certificate import CertificateIssued, CertificateStanding, CertificateSuperseded
from contracts.events.common import Actor
from services.approval.domain.errors import (
    CaseChanged,
    CertificateState,
    StandingOpen,
    UnknownCertificate,
    UnknownStanding,
)
from services.approval.domain.standing import HeldCertificate, StandingDecision, StandingState, check_term
from services.approval.scope import CONCERNED, OFFICERS, own_keys
from services.approval.tables import HeldRow, StandingRow
from services.chassis.auth import Principal
from services.kernel.certificate_life import STATUS_LABELS, LifeAct, Status, allowed

_OF_THE_ISSUE = ("type_name", "holder_type", "co_holder_keys", "valid_until")
_TYPE, _SERIAL = 5, 7  # parts of an identifier (GB/T 36904); the issuer stands between them
_STORED: TypeAdapter[StandingDecision] = TypeAdapter(StandingDecision)


def department_of(principal: Principal) -> ColumnElement[bool]:
    """Certificates the caller's own department issued."""
    issued = col(HeldRow.issuer_uscc) == principal.organisation
    return issued if principal.has(*OFFICERS) and principal.organisation else false()


def visible(principal: Principal) -> ColumnElement[bool]:
    """Decisions of the own department; and for a holder, also one of several, those about his own certificates."""
    rules: list[ColumnElement[bool]] = []
    if principal.has(*OFFICERS) and principal.organisation:
        rules.append(col(StandingRow.department_uscc) == principal.organisation)
    if principal.has(*CONCERNED):
        keys = own_keys(principal)
        held = HeldRow.__table__.c  # type: ignore[attr-defined]
        together = select(held.identifier).where(held.co_holder_keys.overlap(keys))
        rules += [col(StandingRow.holder_key).in_(keys), col(StandingRow.identifier).in_(together)]
    return or_(false(), *rules)


async def certificate(connection: AsyncConnection, identifier: str, reach: ColumnElement[bool]) -> HeldCertificate:
    """Locked, so that its state holds until the decision is stored. Raises UnknownCertificate."""
    wanted = select(HeldRow.__table__).where(col(HeldRow.identifier) == identifier, reach)  # type: ignore[attr-defined]
    row = (await connection.execute(wanted.with_for_update())).mappings().one_or_none()
    if row is None:
        raise UnknownCertificate()
    return _held(row)


async def check_amendable(
    connection: AsyncConnection, amends: Mapping[str, Any] | None, valid_until: date | None
) -> None:
    """What a case would amend is still valid, and stays so until this transaction ends.

    Raises: CertificateState; IncompleteRecord: the decision would lengthen its term.
    """
    if amends is None:
        return
    wanted = select(col(HeldRow.status), col(HeldRow.valid_until))
    wanted = wanted.where(col(HeldRow.identifier) == amends["certificate_identifier"]).with_for_update(read=True)
    known = (await connection.execute(wanted)).one_or_none()
    if known is None:
        return
    if not allowed(LifeAct.AMEND, Status(known.status)):
        raise CertificateState(f"证照{STATUS_LABELS[Status(known.status)]}，不能准予变更")
    check_term(valid_until, known.valid_until)


def _held(row: RowMapping) -> HeldCertificate:
    return HeldCertificate(
        row["certificate_id"],
        row["identifier"],
        row["issuer_uscc"],
        row["holder_key"],
        row["holder_type"],
        Status(row["status"]),
        len(row["co_holder_keys"]),
        row["valid_until"],
    )


async def load(
    connection: AsyncConnection, decision_id: UUID, reach: ColumnElement[bool], *, lock: bool = False
) -> tuple[StandingDecision, RowMapping]:
    """The decision with the certificate as it is now. Raises UnknownStanding."""
    table = StandingRow.__table__  # type: ignore[attr-defined]
    wanted = select(table).where(col(StandingRow.id) == decision_id, reach)
    found = await connection.execute(wanted.with_for_update() if lock else wanted)
    row = found.mappings().one_or_none()
    if row is None:
        raise UnknownStanding()
    known = select(HeldRow.__table__).where(col(HeldRow.identifier) == row["identifier"])  # type: ignore[attr-defined]
    current = (await connection.execute(known.with_for_update() if lock else known)).mappings().one()
    return _decision(row, _held(current)), row


def _decision(row: RowMapping, current: HeldCertificate) -> StandingDecision:
    stored = dict(row["content"])
    if row["state"] == StandingState.PROPOSED.value:
        stored["certificate"] = vars(current)
    return _STORED.validate_python(stored)


def _content(decision: StandingDecision) -> dict[str, Any]:
    content: dict[str, Any] = _STORED.dump_python(decision, mode="json")
    return content


async def add(connection: AsyncConnection, decision: StandingDecision, by: Actor) -> None:
    """Raises StandingOpen: another proposal about this certificate waits."""
    certificate = decision.certificate
    values = {
        "id": decision.id,
        "identifier": certificate.identifier,
        "department_uscc": certificate.issuer,
        "holder_key": certificate.holder_key,
        "act": decision.proposal.act.value,
        "ground": decision.proposal.ground.value,
        "proposed_by": by.model_dump(mode="json"),
        "proposed_at": decision.proposed_at,
        **_changing(decision, by),
    }
    one: ColumnElement[bool] = literal_column("state = 'PROPOSED'")
    statement = upsert(StandingRow).on_conflict_do_nothing(index_elements=["identifier"], index_where=one)
    if await connection.scalar(statement.values(values).returning(col(StandingRow.id))) is None:
        raise StandingOpen()


def _changing(decision: StandingDecision, by: Actor | None) -> dict[str, Any]:
    ended = decision.decided_at is not None
    return {
        "state": decision.state.value,
        "version": decision.version,
        "content": _content(decision),
        "decided_by": by.model_dump(mode="json") if ended and by else None,
        "decided_at": decision.decided_at,
    }


async def waiting(
    connection: AsyncConnection, *, after: UUID | None = None, limit: int, lock: bool = False
) -> list[StandingDecision]:
    """Proposals that wait for their decision, as they were stored, in the order of their ids."""
    proposed: ColumnElement[bool] = literal_column("state = 'PROPOSED'")
    wanted = select(StandingRow.__table__).where(proposed)  # type: ignore[attr-defined]
    if after is not None:
        wanted = wanted.where(col(StandingRow.id) > after)
    wanted = wanted.order_by(col(StandingRow.id)).limit(limit)
    found = await connection.execute(wanted.with_for_update(skip_locked=True) if lock else wanted)
    return [decision_of(row) for row in found.mappings()]


async def save(connection: AsyncConnection, decision: StandingDecision, by: Actor | None) -> None:
    """Raises CaseChanged: somebody saved it after it was loaded."""
    seen = (col(StandingRow.id) == decision.id, col(StandingRow.version) == decision.version - 1)
    changed = await connection.execute(update(StandingRow).where(*seen).values(**_changing(decision, by)))
    if changed.rowcount != 1:
        raise CaseChanged()


async def page(
    connection: AsyncConnection,
    reach: ColumnElement[bool],
    *,
    states: Sequence[StandingState],
    identifier: str | None,
    after: UUID | None,
    limit: int,
) -> Sequence[RowMapping]:
    """Newest first."""
    wanted = select(StandingRow.__table__).where(reach)  # type: ignore[attr-defined]
    if states:
        wanted = wanted.where(col(StandingRow.state).in_([state.value for state in states]))
    if identifier:
        wanted = wanted.where(col(StandingRow.identifier) == identifier)
    if after:
        wanted = wanted.where(col(StandingRow.id) < after)
    found = await connection.execute(wanted.order_by(col(StandingRow.id).desc()).limit(limit))
    return list(found.mappings())


def decision_of(row: RowMapping) -> StandingDecision:
    """As it was stored, without a look at the certificate."""
    return _STORED.validate_python(dict(row["content"]))


async def keep_issued(connection: AsyncConnection, event: CertificateIssued, told: int) -> None:
    """Told twice or late changes no state that is known."""
    values = {
        "identifier": event.identifier,
        "certificate_id": event.certificate_id,
        "type_code": event.type_code,
        "type_name": event.type_name,
        "holder_key": event.holder_key,
        "holder_type": event.holder_type,
        "issuer_uscc": event.issuer_uscc,
        "status": event.status.value,
        "told": told,
        "co_holder_keys": [one.holder_key for one in event.co_holders],
        "valid_until": event.valid_until,
    }
    statement = upsert(HeldRow).values(values)
    named = {name: statement.excluded[name] for name in _OF_THE_ISSUE}
    await connection.execute(statement.on_conflict_do_update(index_elements=["identifier"], set_=named))


async def keep_standing(connection: AsyncConnection, event: CertificateStanding, told: int) -> None:
    """A later state; it may come before the issue, and never goes back."""
    values = {
        "identifier": event.identifier,
        "certificate_id": event.certificate_id,
        "type_code": event.type_code,
        "type_name": "",
        "holder_key": event.holder_key,
        "holder_type": None,
        "issuer_uscc": event.issuer_uscc,
        "status": event.status.value,
        "told": told,
    }
    statement = upsert(HeldRow).values(values)
    later = {"status": statement.excluded.status, "told": func.greatest(col(HeldRow.told), told)}
    await connection.execute(
        statement.on_conflict_do_update(index_elements=["identifier"], set_=later, where=col(HeldRow.told) < told)
    )


async def keep_superseded(connection: AsyncConnection, event: CertificateSuperseded, told: int) -> None:
    """As a later state; it, too, may come before the issue, and then its identifier tells type and issuer."""
    parts = event.identifier.split(".")
    type_code, issuer = parts[_TYPE:_SERIAL] if len(parts) >= _SERIAL else ("", "")
    values = {
        "identifier": event.identifier,
        "certificate_id": event.certificate_id,
        "type_code": type_code,
        "type_name": "",
        "holder_key": event.holder_key,
        "holder_type": None,
        "issuer_uscc": issuer,
        "status": Status.SUPERSEDED.value,
        "told": told,
    }
    statement = upsert(HeldRow).values(values)
    later = {name: statement.excluded[name] for name in ("status", "told")}
    await connection.execute(
        statement.on_conflict_do_update(index_elements=["identifier"], set_=later, where=col(HeldRow.told) < told)
    )
