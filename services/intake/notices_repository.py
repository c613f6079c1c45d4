"""Rows of what an applicant was told: by approval about his case, and later about the certificate it led to."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, Text, Uuid, literal, null, select, union_all
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from services.intake.tables import CaseDocumentRow, CaseNoticeRow, CertificateNoticeRow, RecallRow

_RECALLED = "本办件所依据的证照已被撤销、撤回或吊销，承办部门将重新审查本办件"


async def add_notices(connection: AsyncConnection, rows: list[dict[str, Any]]) -> None:
    await connection.execute(upsert(CaseNoticeRow).on_conflict_do_nothing(), rows)


async def add_certificate_notices(connection: AsyncConnection, rows: list[dict[str, Any]]) -> None:
    await connection.execute(upsert(CertificateNoticeRow).on_conflict_do_nothing(), rows)


async def notices_of(connection: AsyncConnection, application_id: UUID) -> list[dict[str, Any]]:
    """What approval told, in the order of the case; then of the certificates it led to, then of those it relied on."""
    of_case = select(
        literal(0).label("part"),
        col(CaseNoticeRow.case_version).label("place"),
        col(CaseNoticeRow.kind),
        col(CaseNoticeRow.at),
        col(CaseNoticeRow.text),
        null().cast(Uuid).label("decision_id"),
    ).where(col(CaseNoticeRow.application_id) == application_id)
    of_certificates: Select[*tuple[Any, ...]] = (
        select(
            literal(1).label("part"),
            col(CertificateNoticeRow.version).label("place"),
            col(CertificateNoticeRow.kind),
            col(CertificateNoticeRow.at),
            col(CertificateNoticeRow.text),
            col(CertificateNoticeRow.decision_id),
        )
        .join(CaseDocumentRow, col(CaseDocumentRow.number) == col(CertificateNoticeRow.identifier))
        .where(col(CaseDocumentRow.application_id) == application_id)
    )
    of_recalls: Select[*tuple[Any, ...]] = select(
        literal(2).label("part"),
        literal(0).label("place"),
        literal("RECALLED").label("kind"),
        col(RecallRow.recalled_at).label("at"),
        literal(_RECALLED, Text).label("text"),
        null().cast(Uuid).label("decision_id"),
    ).where(col(RecallRow.application_id) == application_id)
    told = union_all(of_case, of_certificates, of_recalls).subquery()
    shown = select(told.c.kind, told.c.at, told.c.text, told.c.decision_id)
    ordered = shown.order_by(told.c.part, told.c.decision_id, told.c.place, told.c.at)
    return [dict(row) for row in (await connection.execute(ordered)).mappings()]
