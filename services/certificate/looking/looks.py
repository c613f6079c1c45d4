"""Looks at a person's certificates: each leaves a row that he can see, refused ones too; one without ground is told."""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events.reuse import AccessUnfounded
from services.certificate import queries, repository
from services.certificate.domain.access import APPLICANT_SIDE, Reader, may_read_case
from services.certificate.domain.authorisation import Authorisation
from services.certificate.domain.errors import CallerRefused, CaseRequired, NotFound, PurposeRequired
from services.chassis.auth import Principal
from services.chassis.database import Database, UnitOfWork
from services.chassis.ids import uuid7
from services.kernel.codes import holds_citizen_id
from services.kernel.errors import DomainError

_OWN_CASE = "办理本办件"
NO_PURPOSE = "未填申请事由"


@dataclass(frozen=True)
class Why:
    """For what a certificate is read, as the caller says."""

    purpose: str | None = None
    case_no: str | None = None


def reader_of(principal: Principal) -> Reader:
    return Reader(
        principal.subject,
        principal.roles,
        principal.organisation,
        principal.division,
        principal.subject_key,
        principal.acts_for,
    )


@dataclass(frozen=True)
class Look:
    """Whose certificates, which one of them, by whom and for what."""

    act: str
    principal: Principal
    holder_keys: tuple[str, ...]
    why: Why
    now: datetime
    certificate_id: UUID | None = None
    case_no: str | None = None  # the case it came from
    agency: Authorisation | None = None  # by which an agent looks for the holder

    @property
    def said(self) -> str:
        """The stated purpose; one that holds a personal number is none."""
        purpose = self.why.purpose or ""
        return "" if holds_citizen_id(purpose) else purpose

    def rows(self, ground: str, found: int = 1) -> list[dict[str, object]]:
        """A look that was answered, for each holder; without a stated purpose the case is the basis."""
        own_case = not self.said and self.agency is None
        case_no = self.why.case_no or (self.case_no if own_case else None)
        by_case = _OWN_CASE if own_case and case_no else ""
        purpose = self.said or (self.agency.purpose if self.agency else by_case)
        return self._rows({"purpose": purpose, "case_no": case_no, "found": found, "ground": ground})

    def shared(self, ground: str, shown: Iterable[tuple[UUID, Sequence[str]]]) -> list[dict[str, object]]:
        """For who holds something of what was shown together with the person it was asked by: each of these."""
        return [
            row
            for certificate_id, keys in shown
            for row in replace(
                self,
                holder_keys=tuple(key for key in keys if key not in self.holder_keys),
                certificate_id=certificate_id,
            ).rows(ground)
        ]

    def refused(self, error: DomainError) -> list[dict[str, object]]:
        told: dict[str, object] = {"purpose": self.said, "case_no": self.why.case_no, "found": 0, "ground": ""}
        return self._rows(told | refused_as(error))

    def _rows(self, told: Mapping[str, object]) -> list[dict[str, object]]:
        who = self.principal
        common: dict[str, object] = dict(told) | {
            "at": self.now,
            "act": self.act,
            "account": who.subject,
            "client_id": who.client_id,
            "organisation": who.organisation,
            "organisation_name": who.organisation_name or (who.name if who.subject == who.client_id else ""),
            "division": who.division,
            "channel": who.channel,
            "certificate_id": self.certificate_id,
            "agent_name": self.agency.agent_name if self.agency else "",
            "principal_name": self.agency.holder_name if self.agency else "",
        }
        return [common | {"holder_key": key} for key in self.holder_keys]


def refused_as(error: DomainError) -> dict[str, object]:
    return {"refused": error.code, "refused_why": _why_refused(error)}


def _why_refused(error: DomainError) -> str:
    """Whom a certificate does not concern is not told that there is one; its holder is told who tried."""
    return "无权查看该证照" if isinstance(error, NotFound) else error.detail


async def of_holders(connection: AsyncConnection, why: Why, holder_keys: Collection[str]) -> Why:
    """Without a named case in which none of these applies: a stranger's number and item do not come into their log."""
    if why.case_no is None:
        return why
    case = await queries.case_by_no(connection, why.case_no)
    applicants = queries.scope_of(case).applicant_keys if case is not None else frozenset()
    return replace(why, case_no=None) if applicants.isdisjoint(holder_keys) else why


@dataclass
class Attempt:
    """A look at one certificate, or a search, while it is decided upon: what its refusal is noted and told by."""

    look: Look | None = None  # None: nothing of another's was asked for
    identifier: str = ""  # a search names none
    division: str = ""  # of the body that issued it; of a search this library's own
    cases: Sequence[Any] = ()  # by which he might look

    def of(self, row: Any, look: Look | None, cases: Sequence[Any] = ()) -> None:
        self.look, self.identifier, self.division, self.cases = look, row.identifier, row.issuer_division, cases


@asynccontextmanager
async def attempt(db: Database, search: Attempt | None = None) -> AsyncIterator[Attempt]:
    """Around the transaction of a look: refused, it leaves a row, and is told when it had no ground."""
    tried = search or Attempt()
    try:
        yield tried
    except DomainError as refused:
        if tried.look is not None:
            await _note_refused(db, tried, tried.look, refused)
        raise


async def _note_refused(db: Database, tried: Attempt, look: Look, refused: DomainError) -> None:
    """The row and what is told of it at once, in a transaction of their own: that of the query was given back."""
    reader = reader_of(look.principal)
    async with db.transaction() as uow:
        if look.holder_keys:
            await repository.note_access(uow.connection, look.refused(refused))
        if isinstance(refused, PurposeRequired | CallerRefused | CaseRequired):
            own = [case for case in tried.cases if may_read_case(reader, queries.scope_of(case))]
            tell_unfounded(uow, look, Unfounded.of(tried, refused), own)


@dataclass(frozen=True)
class Unfounded:
    """Which certificate was looked at without ground, and what was lacking: field and rule, and in words."""

    identifier: str
    division: str
    lacking: str
    why: str

    @classmethod
    def of(cls, tried: Attempt, refused: DomainError) -> "Unfounded":
        rule = refused.errors[0] if refused.errors else None
        lacking = f"{rule.pointer} {rule.code}" if rule else refused.code
        why = NO_PURPOSE if lacking == "/purpose required" else rule.detail if rule else refused.title_zh
        return cls(tried.identifier, tried.division, lacking, why)


def tell_unfounded(uow: UnitOfWork, look: Look, what: Unfounded, own_cases: Sequence[Any]) -> None:
    """To supervision: none of his cases is open, and no purpose is his. An applicant's agent is no official."""
    if look.principal.roles & APPLICANT_SIDE or any(case.ended_at is None for case in own_cases):
        return
    who, case = look.principal, own_cases[0] if own_cases else None
    event = AccessUnfounded(
        access_id=uuid7(),
        case_id=case.case_id if case else None,
        case_no=(case.case_no if case else None) or "",
        identifier=what.identifier,
        act=look.act,
        account_id=who.subject,
        reader=who.organisation_name or who.organisation,
        reader_uscc=who.organisation,
        division=what.division,
        lacking=what.lacking,
        why=what.why,
        read_at=look.now,
    )
    uow.publish(event, aggregate_id=event.access_id, version=1)
