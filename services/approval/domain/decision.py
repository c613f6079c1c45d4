"""The decision: what a grant holds, and a refusal that cannot exist without facts, reasons, basis and remedies."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from services.approval.domain.errors import IncompleteDecision
from services.approval.domain.validity import Validity
from services.kernel.errors import FieldError

RECONSIDERATION_DAYS = 60  # 行政复议法 (2023) art. 20
LITIGATION_MONTHS = 6  # 行政诉讼法 art. 46
LATEST_START = timedelta(days=366)  # a grant takes effect within the year


class Outcome(StrEnum):
    GRANTED = "GRANTED"
    REFUSED = "REFUSED"


@dataclass(frozen=True)
class ResultRule:
    """What the service item says of its result: name, whether it is a certificate, and the printed validity."""

    item_name: str
    result_name: str
    is_certificate: bool
    validity: str | None


@dataclass(frozen=True)
class Remedies:
    """Both bodies are named; the two periods are the law's and not a matter of choice."""

    reconsideration_body: str
    court: str
    reconsideration_days: int = RECONSIDERATION_DAYS
    litigation_months: int = LITIGATION_MONTHS


_OF_A_GRANT = ("content", "conditions", "valid_from", "valid_until", "certificate_fields")


@dataclass(frozen=True)
class DecisionDraft:
    """What the chief representative wrote; not yet checked."""

    outcome: Outcome
    content: str = ""
    conditions: str = ""
    valid_from: date | None = None
    valid_until: date | None = None
    facts: str = ""
    reasons: str = ""
    legal_basis: str = ""
    remedies: Remedies | None = None
    technical_standard: str = ""
    certificate_fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Decision:
    """A lawful decision. Both kinds are made by `make_decision`; a refusal without its parts cannot be constructed."""

    outcome: Outcome
    content: str = ""
    conditions: str = ""
    valid_from: date | None = None
    valid_until: date | None = None
    facts: str = ""
    reasons: str = ""
    legal_basis: str = ""
    remedies: Remedies | None = None
    technical_standard: str = ""
    certificate_fields: Mapping[str, str] = field(default_factory=dict)  # what the certificate's type adds, by name

    def __post_init__(self) -> None:
        _raise(_grant_faults(self) if self.outcome is Outcome.GRANTED else _refusal_faults(self))


def make_decision(draft: DecisionDraft, result: ResultRule, *, today: date) -> Decision:
    """Check the draft and complete what follows from the service item.

    Raises:
        IncompleteDecision: every fault at once, each with its field.

    Source: Administrative Licensing Law art. 38 (written grant; refusal with reasons and remedies), art. 39.
    """
    return _refuse(draft) if draft.outcome is Outcome.REFUSED else _grant(draft, result, today=today)


def _grant(draft: DecisionDraft, result: ResultRule, *, today: date) -> Decision:
    faults = list(_foreign_fields(draft, "facts", "reasons", "remedies", "technical_standard", outcome="准予"))
    valid_from, valid_until = draft.valid_from, draft.valid_until
    if result.is_certificate:
        valid_from = valid_from or today
    faults += _start_faults(valid_from, today)
    if result.is_certificate and valid_from is not None and not faults:
        validity = Validity.parse(result.validity)
        faults += validity.faults(valid_from, valid_until)
        valid_until = valid_until or validity.until(valid_from)
    if valid_until is not None and valid_until < (valid_from or today) and not faults:
        faults.append(FieldError("#/valid_until", "before-start", "有效期届满日不得早于起始日"))
    _raise(faults)
    return Decision(
        outcome=Outcome.GRANTED,
        content=draft.content.strip() or result.item_name,  # printed under 准予内容 and, on the certificate, 许可内容
        conditions=draft.conditions.strip(),
        certificate_fields={name: text.strip() for name, text in draft.certificate_fields.items() if text.strip()},
        valid_from=valid_from,
        valid_until=valid_until,
        legal_basis=draft.legal_basis.strip(),
    )


def _refuse(draft: DecisionDraft) -> Decision:
    foreign = list(_foreign_fields(draft, *_OF_A_GRANT, outcome="不予"))
    try:
        decision = Decision(
            outcome=Outcome.REFUSED,
            facts=draft.facts.strip(),
            reasons=draft.reasons.strip(),
            legal_basis=draft.legal_basis.strip(),
            remedies=draft.remedies,
            technical_standard=draft.technical_standard.strip(),
        )
    except IncompleteDecision as missing:
        _raise([*foreign, *missing.errors])
        raise
    _raise(foreign)
    return decision


def _raise(faults: Iterable[FieldError]) -> None:
    found = list(faults)
    if found:
        raise IncompleteDecision("；".join(fault.detail for fault in found), errors=found)


def _foreign_fields(draft: DecisionDraft, *names: str, outcome: str) -> Iterator[FieldError]:
    for name in names:
        if getattr(draft, name):
            yield FieldError(f"#/{name}", "not-applicable", f"{outcome}决定不应填写此项")


def _start_faults(valid_from: date | None, today: date) -> Iterator[FieldError]:
    if valid_from is not None and valid_from < today:
        yield FieldError("#/valid_from", "before-decision", "有效期不得早于作出决定之日")
    if valid_from is not None and valid_from > today + LATEST_START:
        yield FieldError("#/valid_from", "too-late", "有效期起始日距作出决定之日不得超过一年")


def _grant_faults(decision: Decision) -> Iterator[FieldError]:
    if not decision.content:
        yield FieldError("#/content", "required", "准予决定应当写明内容")
    if decision.valid_from and decision.valid_until and decision.valid_until < decision.valid_from:
        yield FieldError("#/valid_until", "before-start", "有效期届满日不得早于起始日")


def _refusal_faults(decision: Decision) -> Iterator[FieldError]:
    if not decision.facts:
        yield FieldError("#/facts", "required", "不予决定应当写明查明的事实")
    if not decision.reasons:
        yield FieldError("#/reasons", "required", "不予决定应当说明理由（行政许可法第三十八条第二款）")
    if not decision.legal_basis:
        yield FieldError("#/legal_basis", "required", "不予决定应当写明法律依据")
    yield from _remedy_faults(decision.remedies or Remedies("", ""))


def _remedy_faults(remedies: Remedies) -> Iterator[FieldError]:
    if not remedies.reconsideration_body.strip():
        yield FieldError("#/remedies/reconsideration_body", "required", "应当写明行政复议机关")
    if not remedies.court.strip():
        yield FieldError("#/remedies/court", "required", "应当写明有管辖权的人民法院")
    if remedies.reconsideration_days != RECONSIDERATION_DAYS:
        yield FieldError("#/remedies/reconsideration_days", "statutory", "行政复议期限为六十日")
    if remedies.litigation_months != LITIGATION_MONTHS:
        yield FieldError("#/remedies/litigation_months", "statutory", "行政诉讼期限为六个月")
