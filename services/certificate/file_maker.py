"""The file maker: takes jobs, has them made by the workshop's processes, stores and records the files."""

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from hashlib import sha256
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.certificate.certificate_types import queries as type_queries
from services.certificate.certificate_types import template_queries
from services.certificate.commands import copy_acts, log_heads, log_proofs, make_files
from services.certificate.commands.make_files import CERTIFICATE, COPY, Job, MadeFile
from services.certificate.commands.sign_records import signed_record
from services.certificate.domain.errors import LogBroken, NoSuchLeaf
from services.certificate.domain.qr_proof import Inclusion
from services.certificate.files import contents
from services.certificate.files.errors import (
    IncompleteContents,
    KeysUnavailable,
    RecordNotAuthentic,
    UnprintableCharacter,
)
from services.certificate.files.time_stamping import Authority
from services.certificate.files.workshop import Workshop, WorkshopSettings
from services.certificate.kit import Kit
from services.certificate.life import copy_queries
from services.certificate.log import queries as log_queries
from services.certificate.printing import Copied, Printed, certificate_job, copy_job
from services.certificate.tables import certificate, paper
from services.chassis import clock
from services.chassis.database import Database
from services.chassis.files import FilesAway
from services.chassis.problems import is_database_away, where_raised
from services.kernel.errors import DomainError, Kind

log = logging.getLogger(__name__)
_IDLE_SECONDS = 0.5
_AWAY_SECONDS = 2.0


class FileMaker:
    """Runs beside the consumers of a worker. Several workers share the jobs; a killed one's come back by lease."""

    def __init__(self, database: Database, kit: Kit, workshop: Workshop) -> None:
        self._database = database
        self._kit = kit
        self._workshop = workshop
        self._wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._layouts: dict[tuple[str, int], Printed] = {}

    @classmethod
    def open(cls, database: Database, kit: Kit) -> "FileMaker":
        settings = kit.settings
        authority = Authority(settings.tsa_url, settings.tsa_chain) if settings.tsa_url and settings.tsa_chain else None
        pool = WorkshopSettings(
            settings.signing_dir, settings.file_processes, settings.seal_keys, token=settings.token, authority=authority
        )
        return cls(database, kit, Workshop(pool))

    async def start(self) -> None:
        self._database.when_events_committed(self._wanted.set)
        self._task = asyncio.create_task(self._run(), name="file-maker")

    async def stop(self) -> None:
        """Waits for the files in the making; what was only claimed comes back when its lease ends."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self._workshop.close()

    async def _run(self) -> None:
        while True:
            self._wanted.clear()
            try:
                made = await self.make_due()
            except Exception as error:
                # Must outlive anything: the jobs stay in the table.
                log.error("file maker: %s", type(error).__name__, extra={"where": where_raised(error)})
                await asyncio.sleep(_AWAY_SECONDS)
                continue
            if not made:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_IDLE_SECONDS):
                        await self._wanted.wait()

    async def make_due(self) -> int:
        """Make what is due, as many at a time as there are processes; gives how many jobs were taken."""
        settings = self._kit.settings
        await self._sign_head()
        jobs = await make_files.claim(
            self._database,
            settings.file_processes,
            now=clock.real_now(),
            lease_seconds=settings.file_lease_seconds,
        )
        await asyncio.gather(*(self._make(job) for job in jobs))
        return len(jobs)

    async def _sign_head(self) -> None:
        """A broken log stops certificates, not papers; so does a token without answer."""
        try:
            await log_heads.sign_head(self._database, self._kit, now=clock.now())
        except (LogBroken, KeysUnavailable) as broken:
            log.error("no head signed: %s", broken.detail)

    async def _make(self, job: Job) -> None:
        try:
            pdf = await self._workshop.make(await self.contents_of(job))
            made = MadeFile(f"{job.target_kind.lower()}/{job.target_id}/{uuid4().hex}", sha256(pdf).hexdigest())
            await self._kit.files.put(made.name, pdf)
            if not await make_files.finish(self._database, job, made, now=clock.now()):
                await self._kit.files.delete(made.name)
        except (UnprintableCharacter, IncompleteContents) as fault:
            await make_files.give_up(self._database, job, fault.detail)
        except Exception as error:
            await self._failed(job, error)

    async def _failed(self, job: Job, error: Exception) -> None:
        """Again later. What is away (database, object store, seal) is waited for without end; a bug is not."""
        log.warning("file not made: %s", type(error).__name__, extra={"where": where_raised(error)})
        if is_database_away(error):
            return  # the lease ends by itself
        waits = isinstance(error, FilesAway) or (isinstance(error, DomainError) and error.kind is Kind.UNAVAILABLE)
        if waits or job.attempt < self._kit.settings.file_attempts:
            await make_files.put_back(self._database, job, type(error).__name__, now=clock.real_now())
        else:
            await make_files.give_up(self._database, job, "版式文件制作失败，请联系管理员")

    async def contents_of(self, job: Job) -> contents.Job:
        """What is printed, by which template."""
        if job.target_kind == CERTIFICATE:
            return await self._certificate(job.target_id)
        if job.target_kind == COPY:
            return await self._copy(job.target_id)
        async with self._database.read() as connection:
            wanted = select(paper.c.contents_sealed).where(paper.c.id == job.target_id)
            sealed = (await connection.execute(wanted)).scalar_one()
        found = contents.load_job(self._kit.open_contents(sealed))
        if found.contents.reference != str(job.target_id):
            raise RecordNotAuthentic("封存的内容属于另一份文书")
        return found

    async def _copy(self, copy_id: UUID) -> contents.Job:
        """What the signed record says, with the stamp of the copy and the proof of the act that made it."""
        async with self._database.read() as connection:
            row = await copy_queries.by_id(connection, copy_id)
            act = await copy_acts.of_copy(connection, row, self._kit)
            if act is None or not act.agrees_with(row):
                raise RecordNotAuthentic("副本或加注件的登记与签名记录不一致")
            proof = await self._proof(connection, act.leaf)
        own = SimpleNamespace(id=row.certificate_id, jws_sealed=row.jws_sealed)
        record = self._kit.signer.verify(await signed_record(self._database, own, self._kit))
        printed = await self._printed(record)
        of = Copied(copy_id, act.stamp, row.made_at, proof)
        return copy_job(record, of, self._kit.settings.public_url, printed)

    async def _certificate(self, certificate_id: UUID) -> contents.Job:
        """A certificate's file says what its signed record says, and carries the proof of its leaf."""
        async with self._database.read() as connection:
            wanted = select(certificate.c.id, certificate.c.jws_sealed, certificate.c.issued_at)
            wanted = wanted.where(certificate.c.id == certificate_id)
            row = (await connection.execute(wanted)).one()
            proof = await self._proof(connection, await log_queries.first_leaf(connection, certificate_id))
        record = self._kit.signer.verify(await signed_record(self._database, row, self._kit))
        printed = await self._printed(record)
        return certificate_job(record, row.issued_at, self._kit.settings.public_url, proof, printed)

    async def _proof(self, connection: AsyncConnection, leaf: Any) -> Inclusion:
        """Of a leaf, under the first head that covers it. Raises NoSuchLeaf, LogBroken."""
        head = await log_queries.head_covering(connection, leaf.leaf_index)
        if head is None:
            raise NoSuchLeaf("该证照的日志记录还没有日志头")
        proof = await log_proofs.inclusion(connection, leaf, head.size)
        if proof.root() != head.root:
            raise LogBroken(f"第 {proof.index} 条记录的证明与日志头不一致")
        return proof

    async def _printed(self, record: Mapping[str, Any]) -> Printed | None:
        """What the signed record pins; read once per process, for it never changes. None: from before templates."""
        sha256 = record.get("template_sha256")
        if sha256 is None:
            return None
        pinned = (record["certificate_type_code"], record["certificate_type_version"])
        if pinned not in self._layouts:
            async with self._database.read() as connection:
                kind = await type_queries.of_version(connection, *pinned)
                self._layouts[pinned] = Printed(await template_queries.by_sha256(connection, sha256), kind.fields)
        return self._layouts[pinned]
