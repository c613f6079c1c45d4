"""The version of a certificate that stands now, found from an older one, and what was decided about it in between."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

from contracts.events.approval import CaseDecided
from contracts.events.standing import Change
from services.certificate import repository
from services.certificate.commands.last_act import last_act
from services.certificate.commands.sign_records import signed_within
from services.certificate.domain.certificate import HOLDER_NAME
from services.certificate.kit import Kit
from services.chassis.database import UnitOfWork
from services.kernel.certificate_identifier import parse_certificate_identifier
from services.kernel.certificate_life import Status


@dataclass(frozen=True)
class Since:
    """An older version against the one that stands: its identifier, and the lines and the term that changed since."""

    identifier: str
    changed: frozenset[str] = frozenset()
    has_new_term: bool = False

    def left(self, changes: Iterable[Change], filled: Collection[str] = ()) -> tuple[Change, ...]:
        """Of what was decided: a line that was changed in between was decided later and stays, unless it is filled."""
        return tuple(one for one in changes if one.what in filled or one.what not in self.changed)

    def decided(self, event: CaseDecided, filled: Collection[str] = ()) -> CaseDecided:
        """The same of what a case says besides: without what is filled now, and without what was decided later."""
        gone = self.changed | set(filled)
        said = {name: text for name, text in event.fields.items() if name not in gone}
        content = "" if "许可内容" in gone else event.content
        conditions = "" if "条件" in gone else event.conditions
        return event.model_copy(update={"fields": said, "content": content, "conditions": conditions} | self.term())

    def term(self) -> dict[str, Any]:
        """What to replace in a decision: a term that was decided before the one that stands is not put back."""
        return {"valid_until": None} if self.has_new_term else {}


async def standing_version(uow: UnitOfWork, old: Any, kit: Kit, *, also_renewed: bool) -> Any:
    """The row, locked, of the newest version after a locked one, by whatever body it was issued; without `also_renewed`
    only while the term stays. Raises RecordNotAuthentic.
    """
    while (last := await last_act(uow, old, kit)).status is Status.SUPERSEDED:
        newer = await repository.lock_certificate(uow.connection, last.superseded_by or _of_the_same_body(old))
        if newer is None or not (also_renewed or newer.valid_until == old.valid_until):
            return old
        old = newer
    return old


def _of_the_same_body(old: Any) -> str:
    """What took the place of a version that was superseded before the log told by what."""
    of = parse_certificate_identifier(old.identifier)
    return str(replace(of, version=of.version + 1))


async def since(uow: UnitOfWork, identifier: str, kit: Kit) -> Since:
    """What an amendment that was decided about this version, and could not be carried out then, meets now."""
    old = await repository.lock_certificate(uow.connection, identifier)
    if old is None:
        return Since(identifier)
    new = await standing_version(uow, old, kit, also_renewed=True)
    if new is old:
        return Since(identifier)
    before, after = [kit.signer.verify(await signed_within(uow.connection, row, kit)) for row in (old, new)]
    lines = {name for name, said in after["extend_info"].items() if before["extend_info"].get(name) != said}
    renamed = {HOLDER_NAME} if new.holder_name != old.holder_name else set()
    return Since(new.identifier, frozenset(lines | renamed), new.valid_until != old.valid_until)
