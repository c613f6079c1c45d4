"""Reads of the certificate service: one SELECT, one schema; nothing here writes."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, literal, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events.certificate import CertificateStatus, PaperKind
from contracts.events.common import PartyType
from services.certificate.domain.access import CaseScope
from services.certificate.domain.holders import of_row
from services.certificate.domain.paper import FORMS
from services.certificate.domain.transparency import COPY_ACTS
from services.certificate.schemas import BodyOut, CertificateOut, FileOut, FileState, PaperOut, PartyOut
from services.certificate.tables import case_copy, certificate, co_holder, file_job, log_leaf, log_state, paper

_API = "/api/v1"
_CERTIFICATE, _PAPER, _JOB = certificate.c, paper.c, file_job.c


def verify_url(public_url: str, identifier: str) -> str:
    """Where the QR code of a certificate leads."""
    return f"{public_url.rstrip('/')}{_API}/certificates/verify?identifier={identifier}"


def _with_job(kind: str, target: Any) -> Any:
    return and_(_JOB.target_kind == kind, _JOB.target_id == target)


def _certificates() -> Select[Any]:
    """With what a row is held against (`log_check.is_true`): its sealed record, who else finds it, its last act in the
    log (a copy changes nothing).
    """
    acts = select(log_leaf.c.act).where(
        log_leaf.c.certificate_id == _CERTIFICATE.id, log_leaf.c.act.not_in(sorted(COPY_ACTS))
    )
    last_act = acts.order_by(log_leaf.c.leaf_index.desc()).limit(1).scalar_subquery().label("last_act")
    to_fill = select(log_state.c.to_fill).scalar_subquery().label("to_fill")
    others = select(co_holder.c.holder_key).where(co_holder.c.certificate_id == _CERTIFICATE.id)
    found_by = func.array(others.scalar_subquery()).label("found_by")
    joined = certificate.outerjoin(file_job, _with_job("CERTIFICATE", _CERTIFICATE.id))
    columns = (*_CERTIFICATE, _JOB.id.label("job_id"), _JOB.failed_reason, last_act, to_fill, found_by)
    return select(*columns).select_from(joined)


async def of_holder(
    connection: AsyncConnection,
    holder_key: str,
    *,
    type_code: str | None,
    types: Sequence[str] | None = None,
    only_of: tuple[str, Sequence[str]] | None = None,
    valid_on: date | None,
    after: Sequence[Any] | None,
    limit: int,
) -> Sequence[Any]:
    """Newest first; `after` is (issued_at, id) of the last row seen; `types`: no others.

    `only_of`: a body, and the types of which only what it issued is shown.
    """
    # as an array: both halves are index conditions of one bitmap scan
    shared = func.array(
        select(co_holder.c.certificate_id).where(co_holder.c.holder_key == holder_key).scalar_subquery()
    )
    own = _CERTIFICATE.holder_key == holder_key
    wanted = _certificates().where(or_(own, _CERTIFICATE.id == func.any(shared)))
    if type_code:
        wanted = wanted.where(_CERTIFICATE.type_code == type_code)
    if types is not None:
        wanted = wanted.where(_CERTIFICATE.type_code.in_(types))
    if only_of and only_of[1]:
        wanted = wanted.where(or_(_CERTIFICATE.type_code.not_in(only_of[1]), _CERTIFICATE.issuer_uscc == only_of[0]))
    if valid_on:
        open_ended = or_(_CERTIFICATE.valid_until.is_(None), _CERTIFICATE.valid_until >= valid_on)
        wanted = wanted.where(_CERTIFICATE.status == CertificateStatus.VALID.value, open_ended)
    if after:
        columns = (_CERTIFICATE.issued_at, _CERTIFICATE.id)
        seen = (literal(value, column.type) for value, column in zip(after, columns, strict=True))
        wanted = wanted.where(tuple_(*columns) < tuple_(*seen))
    wanted = wanted.order_by(_CERTIFICATE.issued_at.desc(), _CERTIFICATE.id.desc()).limit(limit)
    rows: Sequence[Any] = (await connection.execute(wanted)).all()
    return rows


async def has_from(connection: AsyncConnection, holder_key: str, type_code: str, issuer: str) -> bool:
    """Whether this body has issued one of this type to this first holder."""
    own = (_CERTIFICATE.holder_key == holder_key, _CERTIFICATE.type_code == type_code)
    wanted = select(_CERTIFICATE.id).where(*own, _CERTIFICATE.issuer_uscc == issuer).limit(1)
    return await connection.scalar(wanted) is not None


async def of_case(connection: AsyncConnection, case_id: UUID) -> Sequence[Any]:
    wanted = _certificates().where(_CERTIFICATE.case_id == case_id).order_by(_CERTIFICATE.issued_at)
    rows: Sequence[Any] = (await connection.execute(wanted)).all()
    return rows


async def documents_of(connection: AsyncConnection, case_ids: Iterable[UUID]) -> dict[str, tuple[str, str]]:
    """What these cases were given, by number or identifier: its kind or type's name, and the number people know."""
    wanted = sorted(case_ids)
    papers = select(_PAPER.number, _PAPER.kind, _PAPER.number).where(_PAPER.case_id.in_(wanted))
    shown = (_CERTIFICATE.identifier, _CERTIFICATE.type_name, _CERTIFICATE.number_shown)
    certificates = select(*shown).where(_CERTIFICATE.case_id.in_(wanted))
    rows = [*await connection.execute(papers), *await connection.execute(certificates)]
    return {reference: (name, number) for reference, name, number in rows}


async def by_source(connection: AsyncConnection, source_key: str) -> str | None:
    """The identifier of what came from this decision."""
    wanted = select(_CERTIFICATE.identifier).where(_CERTIFICATE.source_key == source_key)
    found: str | None = await connection.scalar(wanted)
    return found


async def numbers_of(connection: AsyncConnection, identifiers: Iterable[str]) -> dict[str, str]:
    """The numbers people know of these certificates; none of one that is not ours."""
    wanted = sorted(identifiers)
    if not wanted:
        return {}
    shown = select(_CERTIFICATE.identifier, _CERTIFICATE.number_shown).where(_CERTIFICATE.identifier.in_(wanted))
    return {row.identifier: row.number_shown for row in await connection.execute(shown)}


async def by_id(connection: AsyncConnection, certificate_id: UUID) -> Any:
    return (await connection.execute(_certificates().where(_CERTIFICATE.id == certificate_id))).one_or_none()


async def by_identifier(connection: AsyncConnection, identifier: str) -> Any:
    """The row, or None."""
    wanted = _certificates().where(_CERTIFICATE.identifier == identifier)
    return (await connection.execute(wanted)).one_or_none()


def _papers() -> Select[Any]:
    columns = [column for column in _PAPER if not column.name.endswith("_sealed")]
    joined = paper.outerjoin(file_job, _with_job("PAPER", _PAPER.id))
    return select(*columns, _JOB.id.label("job_id"), _JOB.failed_reason).select_from(joined)


async def papers_of_case(connection: AsyncConnection, case_id: UUID) -> Sequence[Any]:
    wanted = _papers().where(_PAPER.case_id == case_id).order_by(_PAPER.issued_at, _PAPER.id)
    rows: Sequence[Any] = (await connection.execute(wanted)).all()
    return rows


async def papers_about(connection: AsyncConnection, certificate_id: UUID) -> Sequence[Any]:
    """Notices and decisions about this version of a certificate."""
    wanted = _papers().where(_PAPER.certificate_id == certificate_id).order_by(_PAPER.issued_at, _PAPER.id)
    rows: Sequence[Any] = (await connection.execute(wanted)).all()
    return rows


async def paper_by_id(connection: AsyncConnection, paper_id: UUID) -> Any:
    """The row, with its sealed contents and the sealed record of a receipt, or None."""
    wanted = _papers().add_columns(_PAPER.contents_sealed, _PAPER.jws_sealed).where(_PAPER.id == paper_id)
    return (await connection.execute(wanted)).one_or_none()


async def case_by_id(connection: AsyncConnection, case_id: UUID) -> Any:
    return (await connection.execute(select(case_copy).where(case_copy.c.case_id == case_id))).one_or_none()


async def case_by_no(connection: AsyncConnection, case_no: str) -> Any:
    return (await connection.execute(select(case_copy).where(case_copy.c.case_no == case_no))).one_or_none()


def scope_of(case: Any) -> CaseScope:
    """Whom the case of this row concerns."""
    return CaseScope(
        case.applicant_key,
        case.agent_key,
        case.submitted_by,
        case.department_uscc,
        case.division,
        case.channel,
        ended=case.ended_at is not None,
        co_applicant_keys=frozenset(one["subject_key"] for one in case.co_applicants or ()),
    )


def status_on(row: Any, today: date) -> CertificateStatus:
    """The status to show: time passes without anybody writing a row."""
    if row.status == CertificateStatus.VALID.value and row.valid_until and today > row.valid_until:
        return CertificateStatus.EXPIRED
    return CertificateStatus(row.status)


def _file(row: Any, url: str) -> FileOut:
    state: FileState = "READY"
    if row.file_sha256 is None:
        state = "ON_REQUEST" if row.job_id is None else "FAILED" if row.failed_reason else "IN_THE_MAKING"
    return FileOut(state=state, url=url, sha256=row.file_sha256, failed_reason=row.failed_reason)


def holder_out(one: Mapping[str, str]) -> PartyOut:
    party_type = PartyType(one["type"])
    return PartyOut(party_type=party_type, name=one["name"], masked_number=one["masked"], share=one["share"])


def certificate_out(row: Any, *, today: date, public_url: str) -> CertificateOut:
    holders = [holder_out(one) for one in of_row(row)]
    return CertificateOut(
        identifier=row.identifier,
        type_code=row.type_code,
        type_name=row.type_name,
        certificate_number=row.number_shown,
        certificate_version=row.certificate_version,
        holder=holders[0],
        holders=holders,
        issuer=BodyOut(uscc=row.issuer_uscc, name=row.issuer_name),
        issued_on=row.issued_on,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        status=status_on(row, today),
        origin=row.origin,
        case_no=row.case_no,
        item_code=row.item_code,
        item_name=row.item_name,
        file=_file(row, f"{_API}/certificates/{row.identifier}/file"),
        verify_url=verify_url(public_url, row.identifier),
        version=row.version,
    )


def paper_out(row: Any) -> PaperOut:
    return PaperOut(
        paper_id=row.id,
        kind=PaperKind(row.kind),
        kind_name=FORMS[row.kind].title,
        number=row.number,
        issuer=BodyOut(uscc=row.body_uscc, name=row.body_name),
        issued_at=row.issued_at,
        file=_file(row, f"{_API}/papers/{row.id}/file"),
    )
