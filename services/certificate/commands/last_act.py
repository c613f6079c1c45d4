"""What was last done to a certificate, by the log: rewriting the row must not save a certificate that is taken away."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from services.certificate.commands.log import in_hand
from services.certificate.commands.sign_records import opened
from services.certificate.domain.transparency import COPY_ACTS, act_of, status_after
from services.certificate.files.errors import RecordNotAuthentic
from services.certificate.files.records import payload_of
from services.certificate.kit import Kit
from services.chassis.database import UnitOfWork
from services.kernel.certificate_life import Status

_LAST = text(
    "SELECT act, record_sealed AS sealed FROM log_leaf WHERE certificate_id = :id AND act NOT IN ('REPRINT', 'COPY') "
    "ORDER BY leaf_index DESC LIMIT 1"
)


@dataclass(frozen=True)
class LastAct:
    """The status that it left, and the version that took its place; None: there is none, or the act does not name it
    (acts from before the log).
    """

    status: Status
    superseded_by: str | None = None


async def last_act(uow: UnitOfWork, row: Any, kit: Kit) -> LastAct:
    """Of a certificate's row; by the row itself only while the log does not have it. Raises RecordNotAuthentic."""
    found = await _found(uow, row)
    act = act_of(found.act) if found else None
    status = Status((act and status_after(act)) or row.status)
    if found is None or found.sealed is None or status is not Status.SUPERSEDED:
        return LastAct(status)
    said = payload_of(opened(found.sealed, kit))
    if said["certificate_identifier"] != row.identifier:  # of another certificate, copied to this one's leaf
        raise RecordNotAuthentic("证照的日志记录与证照不一致，请联系颁发机构")
    return LastAct(status, said.get("superseded_by"))


async def _found(uow: UnitOfWork, row: Any) -> Any:
    """The `act` and its `sealed` record (None: it is the certificate's own): of this transaction, or from the log."""
    waiting = [entry for entry in in_hand(uow, row.id) if entry.act not in COPY_ACTS]
    return waiting[-1] if waiting else (await uow.connection.execute(_LAST, {"id": row.id})).one_or_none()
