"""From when until when a decision grants: the rule of the certificate type, and what the rule may depend on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.events.approval import CaseDecided
from contracts.events.certificate import CertificateStatus
from contracts.events.common import ItemRef
from contracts.events.intake import RenewalDeemed
from services.certificate.certificate_types import queries as type_queries
from services.certificate.domain.certificate_type import CertificateType
from services.certificate.domain.errors import TypeUnknown
from services.certificate.domain.validity import Rule, RuleKind, rule_of, term
from services.certificate.tables import certificate
from services.chassis.clock import local_date

_C = certificate.c
Term = tuple[date, date | None]


@dataclass(frozen=True)
class Terms:
    """The types these events need, and the last days of the certificates that some of them are tied to."""

    types: Mapping[str, CertificateType] = field(default_factory=dict)
    tied: Mapping[tuple[str, str], date | None] = field(default_factory=dict)  # by holder key and type code

    def require(self, code: str) -> CertificateType:
        """Raises TypeUnknown."""
        if code not in self.types:
            raise TypeUnknown(f"证照类型 {code} 尚未导入, 请先执行 import-types")
        if not self.types[code].in_force:
            raise TypeUnknown(f"证照类型 {code} 已失效, 不再签发")
        return self.types[code]

    def of_decision(self, case: CaseDecided) -> Term:
        on = local_date(case.decided_at)
        return term(self._rule(case.item), on, case.valid_from, case.valid_until, self._tied(case))

    def of_renewal(self, event: RenewalDeemed) -> Term:
        """By silence: from the day after the old one's last, for the term of the type."""
        begins = event.renews.valid_until + timedelta(days=1)
        return term(self._rule(event.item), begins, begins, None, self._tied(event))

    def _rule(self, item: ItemRef) -> Rule:
        kind = self.types.get(item.certificate_type_code or "")
        return kind.limits if kind else rule_of(item.certificate_validity)

    def _tied(self, event: CaseDecided | RenewalDeemed) -> date | None:
        other = self._rule(event.item).type_code
        return self.tied.get((event.applicant.subject_key, other)) if other else None


async def terms_of(connection: AsyncConnection, events: Sequence[CaseDecided | RenewalDeemed]) -> Terms:
    """One SELECT for the types; one more where a type is tied to another certificate."""
    codes = {code for event in events if (code := event.item.certificate_type_code)}
    types = await type_queries.by_code(connection, codes)
    pairs = set()
    for event in events:
        kind = types.get(event.item.certificate_type_code or "")
        if kind and kind.limits.kind is RuleKind.WITH_CERTIFICATE and kind.limits.type_code:
            pairs.add((event.applicant.subject_key, kind.limits.type_code))
    return Terms(types, await _last_days(connection, pairs) if pairs else {})


async def _last_days(connection: AsyncConnection, pairs: set[tuple[str, str]]) -> dict[tuple[str, str], date | None]:
    """Of each holder's valid certificates of the type the last day that comes last; of an open-ended one none."""
    open_ended, last = func.bool_or(_C.valid_until.is_(None)), func.max(_C.valid_until)
    wanted = or_(*(and_(_C.holder_key == key, _C.type_code == code) for key, code in sorted(pairs)))
    valid = _C.status == CertificateStatus.VALID.value
    statement = select(_C.holder_key, _C.type_code, open_ended.label("open"), last.label("last")).where(valid, wanted)
    found = await connection.execute(statement.group_by(_C.holder_key, _C.type_code))
    return {(row.holder_key, row.type_code): None if row.open else row.last for row in found}
