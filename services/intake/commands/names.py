"""Names given at submission, held against the caller's own identity and against the certificate library."""

from collections.abc import Iterable, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from services.chassis.auth import Principal
from services.intake import repository
from services.intake.domain.application import Agent, Applicant
from services.intake.domain.errors import Invalid
from services.intake.domain.materials import HeldCertificate
from services.intake.domain.names import known_names, name_faults


async def check_names(
    connection: AsyncConnection, applicant: Applicant, agent: Agent | None, principal: Principal
) -> None:
    """Raises Invalid: the number's holder is called otherwise. Only the caller's own name needs no SELECT."""
    named = [(applicant.subject_key, applicant.name, "#/applicant/name")]
    if agent is not None:
        named.append((agent.subject_key, agent.name, "#/agent/name"))
    held = await _library(connection, (key for key, _, _ in named if key != principal.subject_key))
    faults = [
        fault for key, name, pointer in named for fault in name_faults(name, _proven(key, principal, held), pointer)
    ]
    if faults:
        raise Invalid(errors=faults)


async def _library(connection: AsyncConnection, keys: Iterable[str]) -> Sequence[HeldCertificate]:
    asked = list(keys)
    return await repository.held_by(connection, asked) if asked else ()


def _proven(key: str, principal: Principal, held: Sequence[HeldCertificate]) -> tuple[str, ...]:
    """A logged-in person's own name was proven when his account was opened."""
    return (principal.name,) if key == principal.subject_key else known_names(held, key)
