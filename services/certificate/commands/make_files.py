"""File making: jobs claimed with a lease, made by the process pool, finished in one transaction with their event."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, text, update

from contracts.events.certificate import CertificateSealed, PaperKind, PaperSealed
from services.certificate.tables import certificate, certificate_copy, file_job, paper
from services.chassis.database import Database, UnitOfWork

CERTIFICATE = "CERTIFICATE"
PAPER = "PAPER"
COPY = "COPY"
_LONGEST_PAUSE_SECONDS = 300

_CLAIM = text(
    "UPDATE file_job SET attempts = attempts + 1, ready_at = :lease_until WHERE id IN ("
    "SELECT id FROM file_job WHERE failed_reason IS NULL AND ready_at <= :now AND (target_kind <> 'CERTIFICATE' "
    # its QR code carries the proof of its leaf under a signed head
    "OR EXISTS (SELECT FROM log_leaf WHERE certificate_id = target_id "
    "AND leaf_index < (SELECT coalesce(max(size), 0) FROM log_head))) "
    # and that of a copy the proof of the act that made it: the newest leaf of its certificate is no older
    "AND (target_kind <> 'COPY' OR NOT (SELECT copies_to_fill FROM log_state) "
    "AND NOT EXISTS (SELECT FROM certificate_copy c JOIN log_leaf l "
    "ON l.certificate_id = c.certificate_id WHERE c.id = target_id "
    "AND l.leaf_index >= (SELECT coalesce(max(size), 0) FROM log_head))) "
    "ORDER BY ready_at LIMIT :many FOR UPDATE SKIP LOCKED) RETURNING id, target_kind, target_id, attempts"
)


@dataclass(frozen=True)
class Job:
    """A claimed job. `attempt` is the fence: only the newest claim may finish or put back."""

    id: int
    target_kind: str
    target_id: UUID
    attempt: int


@dataclass(frozen=True)
class MadeFile:
    name: str
    sha256: str


async def claim(database: Database, many: int, *, now: datetime, lease_seconds: int) -> list[Job]:
    """Take up to `many` jobs that are due. `now` is wall-clock time: a lease must not follow a moved clock."""
    until = now + timedelta(seconds=lease_seconds)
    async with database.transaction() as uow:
        rows = await uow.connection.execute(_CLAIM, {"now": now, "lease_until": until, "many": many})
        return [Job(row.id, row.target_kind, row.target_id, row.attempts) for row in rows]


async def finish(database: Database, job: Job, made: MadeFile, *, now: datetime) -> bool:
    """Record the file and tell; False when another worker finished the job meanwhile (the file is then not wanted)."""
    async with database.transaction() as uow:
        mine = delete(file_job).where(file_job.c.id == job.id, file_job.c.attempts == job.attempt)
        if (await uow.connection.execute(mine)).rowcount == 0:
            return False
        record = _FINISH[job.target_kind]
        await record(uow, job.target_id, made, now)
    return True


async def _finish_certificate(uow: UnitOfWork, target: UUID, made: MadeFile, now: datetime) -> None:
    statement = update(certificate).where(certificate.c.id == target)
    statement = statement.values(
        file_name=made.name, file_sha256=made.sha256, file_at=now, version=certificate.c.version + 1
    )
    columns = (certificate.c.identifier, certificate.c.case_no, certificate.c.version)
    row = (await uow.connection.execute(statement.returning(*columns))).one()
    uow.publish(
        CertificateSealed(
            certificate_id=target, identifier=row.identifier, case_no=row.case_no, sha256=made.sha256, sealed_at=now
        ),
        aggregate_id=target,
        version=row.version,
    )


async def _finish_paper(uow: UnitOfWork, target: UUID, made: MadeFile, now: datetime) -> None:
    statement = update(paper).where(paper.c.id == target)
    statement = statement.values(file_name=made.name, file_sha256=made.sha256, file_at=now, version=paper.c.version + 1)
    row = (await uow.connection.execute(statement.returning(paper.c.kind, paper.c.case_no, paper.c.version))).one()
    uow.publish(
        PaperSealed(paper_id=target, kind=PaperKind(row.kind), case_no=row.case_no, sha256=made.sha256, sealed_at=now),
        aggregate_id=target,
        version=row.version,
    )


async def _finish_copy(uow: UnitOfWork, target: UUID, made: MadeFile, now: datetime) -> None:
    """Nobody waits for a copy but its holder: no event tells of its file."""
    statement = update(certificate_copy).where(certificate_copy.c.id == target)
    await uow.connection.execute(statement.values(file_name=made.name, file_sha256=made.sha256, file_at=now))


_FINISH = {CERTIFICATE: _finish_certificate, PAPER: _finish_paper, COPY: _finish_copy}


async def put_back(database: Database, job: Job, error: str, *, now: datetime) -> None:
    """Again later: 1, 2, 4 … seconds, at most five minutes apart."""
    pause = min(2 ** (job.attempt - 1), _LONGEST_PAUSE_SECONDS)
    await _mark(database, job, {"ready_at": now + timedelta(seconds=pause), "last_error": error})


async def give_up(database: Database, job: Job, reason: str) -> None:
    """Trying again cannot help (a character the font lacks); the reason is shown to whoever asks for the file."""
    await _mark(database, job, {"failed_reason": reason, "last_error": reason})


async def _mark(database: Database, job: Job, values: dict[str, object]) -> None:
    async with database.transaction() as uow:
        mine = update(file_job).where(file_job.c.id == job.id, file_job.c.attempts == job.attempt)
        await uow.connection.execute(mine.values(**values))


async def retry_given_up(database: Database, *, now: datetime) -> int:
    """Try all given-up jobs again (after a font or template was mended); gives how many."""
    async with database.transaction() as uow:
        given_up = update(file_job).where(file_job.c.failed_reason.is_not(None))
        again = given_up.values(failed_reason=None, attempts=0, ready_at=now)
        return (await uow.connection.execute(again)).rowcount
