"""A later stage of a staged item: which application it follows, and that no other one follows it already."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from services.intake import repository
from services.intake.domain.application import Applicant, Application
from services.intake.domain.errors import UnknownApplication
from services.intake.domain.scenarios import check_stage
from services.intake.items import VersionedItem
from services.intake.office import Call
from services.intake.scope import visible
from services.intake.tables import ApplicationRow


async def require_stage(
    connection: AsyncConnection,
    item: VersionedItem,
    scenario: str | None,
    follows: str | None,
    applicant: Applicant,
    call: Call,
) -> None:
    """Whoever asks for the same stage at once waits here: the stage before is locked.

    Args:
        follows: number of the case of the stage before, as the applicant named it.

    Raises: StageNotOpen, StageTaken.
    """
    before = await _before(connection, follows, item, applicant, call) if follows is not None else None
    later = await _later(connection, before) if before is not None else []
    check_stage(item.item, scenario, before, later)


async def _before(
    connection: AsyncConnection, case_no: str, item: VersionedItem, applicant: Applicant, call: Call
) -> Application | None:
    """The stage before, of this applicant and item, locked; None when it is another's."""
    try:
        found = await repository.load(connection, case_no, visible(call.principal, call.roles))
    except UnknownApplication:
        return None
    if found.item_code != item.item.item_code or found.applicant.subject_key != applicant.subject_key:
        return None
    return (await repository.load_for_update(connection, [found.application_id]))[found.application_id]


async def _later(connection: AsyncConnection, before: Application) -> list[Application]:
    statement = select(*repository.COLUMNS).where(
        col(ApplicationRow.applicant_key) == before.applicant.subject_key,
        col(ApplicationRow.item_code) == before.item_code,
        col(ApplicationRow.course)["follows"].astext == before.case_no,
    )
    return [repository.to_application(row) for row in (await connection.execute(statement)).mappings()]
