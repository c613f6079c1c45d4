"""Which certificate an application renews, and that no other one renews it already."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from services.intake import repository
from services.intake.domain.catalogue import ServiceItem
from services.intake.domain.records import Applicant, Renewal
from services.intake.domain.renewal import check_alone, renewal, window_of
from services.intake.office import Call, Office
from services.intake.tables import ApplicationRow


async def renews(
    connection: AsyncConnection, office: Office, item: ServiceItem, applicant: Applicant, named: str | None, call: Call
) -> Renewal | None:
    """Whoever asks for the same renewal at once waits here until the first one is stored.

    Raises RenewalWindow, RenewalTaken, Invalid.
    """
    if window_of(item) is None:
        return None
    held = await repository.held_by(connection, [applicant.subject_key])
    found = renewal(item, held, named, today=call.today, calendar=office.calendar)
    if found is not None:
        identifier = found.certificate_identifier
        await repository.one_at_a_time(connection, f"renewal.{identifier}")
        statement = select(*repository.COLUMNS).where(
            col(ApplicationRow.applicant_key) == applicant.subject_key,
            col(ApplicationRow.renews)["certificate_identifier"].astext == identifier,
        )
        others = [repository.to_application(row) for row in (await connection.execute(statement)).mappings()]
        check_alone(others)
    return found
