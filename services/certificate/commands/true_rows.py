"""No act and no reader builds on a row that tells otherwise than what was signed and logged of the certificate."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from services.certificate import queries
from services.certificate.commands.log import in_hand
from services.certificate.commands.log_check import as_signed, is_true
from services.certificate.files.errors import RecordNotAuthentic
from services.certificate.kit import Kit
from services.chassis.database import UnitOfWork

log = logging.getLogger(__name__)
_TOLD = "登记记录与签名或公开日志不一致，请联系颁发机构"


@dataclass(frozen=True)
class Found:
    """A row of `queries` that is asked for: `by` tells who may, and whom it is told; whether it is true comes after."""

    by: Any
    true: bool

    @classmethod
    def of(cls, row: Any, kit: Kit) -> "Found":
        true = is_true(row, kit)
        return cls(row if true else as_signed(row, kit), true)

    def require_true(self) -> None:
        """Raises RecordNotAuthentic."""
        if not self.true:
            raise RecordNotAuthentic(_TOLD)


def require_true(row: Any, kit: Kit) -> None:
    """Of a row of `queries`. Raises RecordNotAuthentic."""
    if not is_true(row, kit):
        raise RecordNotAuthentic(_TOLD)


async def require_still_true(uow: UnitOfWork, row: Any, kit: Kit) -> None:
    """Before an act on a locked row: otherwise what was rewritten would be signed into what the act leaves behind.

    What an earlier act of this transaction made or changed was looked at then; its leaf comes at the end.

    Raises RecordNotAuthentic.
    """
    if not in_hand(uow, row.id):
        require_true(await queries.by_id(uow.connection, row.id), kit)


def true_ones(rows: Sequence[Any], kit: Kit) -> list[Any]:
    """Those of a list that are true. The others are told to nobody; verification and monitors say what they are."""
    found = [row for row in rows if is_true(row, kit)]
    if len(found) < len(rows):
        false = ", ".join(row.identifier for row in rows if row not in found)
        log.error("not shown: the rows of %s do not say what was signed", false)
    return found
