"""An application from submission to conclusion: its states, and every act as a pure function.

An act takes the application and returns the next one; an act that is not allowed raises. Which
act is allowed in which state stands in `states.ALLOWED`. Supplements are in `supplement`, what the
law itself brings about in `silence`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from services.intake.domain.catalogue import ServiceItem
from services.intake.domain.course import USUAL, Course
from services.intake.domain.errors import (
    AlreadyAccepted,
    Invalid,
    MaterialsMissing,
    MustAccept,
    NothingToCheck,
    ResultNotReady,
    WrongState,
)
from services.intake.domain.materials import Check, Provided, Source, deferred, merge, missing, to_check
from services.intake.domain.records import (
    SYSTEM,
    Agent,
    Applicant,
    CoApplicant,
    Correction,
    Deemed,
    HandOver,
    MaterialFault,
    Method,
    Outcome,
    PartyType,
    Refusal,
    RefusalKind,
    Renewal,
    Return,
    ReturnKind,
    Staff,
    SupplementNotice,
)
from services.intake.domain.states import ALLOWED, STATE_NAMES, Act, State
from services.kernel.errors import FieldError
from services.kernel.time_limit import DueDate, StartRule, TimeLimit, end_of

__all__ = [
    "SYSTEM",
    "Agent",
    "Applicant",
    "Application",
    "CoApplicant",
    "Correction",
    "Deemed",
    "HandOver",
    "MaterialFault",
    "Method",
    "Outcome",
    "PartyType",
    "Refusal",
    "RefusalKind",
    "Renewal",
    "Return",
    "ReturnKind",
    "Staff",
    "SupplementNotice",
]
NOTICE_WORKDAYS = 5  # Administrative Licensing Law art. 32(4)
DELIVERY_WORKDAYS = 10  # art. 44
GRANTING = frozenset({"GRANT_DECISION", "RENEWAL_DECISION", "AMENDMENT_DECISION"})
REFUSING = frozenset({"REFUSAL_DECISION"})


@dataclass(frozen=True)
class Application:
    """`version` counts changes (ETag); `event_no` counts published events, without gaps."""

    application_id: UUID
    state: State
    item_code: str
    item_version: int
    department_uscc: str
    division: str
    channel: str
    applicant: Applicant
    agent: Agent | None
    submitted_by: Staff
    submitted_at: datetime
    materials: tuple[Provided, ...] = ()
    version: int = 1
    event_no: int = 1
    case_no: str | None = None
    query_code: str | None = None
    received_at: datetime | None = None
    received_by: Staff | None = None
    notice_due: DueDate | None = None
    supplement: SupplementNotice | None = None
    earlier_supplements: tuple[SupplementNotice, ...] = ()
    corrections: tuple[Correction, ...] = ()
    accepted_at: datetime | None = None
    accepted_by: Staff | None = None
    legal_due: DueDate | None = None
    promised_due: DueDate | None = None
    deemed: Deemed | None = None
    renews: Renewal | None = None
    acceptance_order: int | None = None
    refusal: Refusal | None = None
    returned: Return | None = None
    withdrawn_at: datetime | None = None
    withdrawal_reason: str | None = None
    outcome: Outcome | None = None
    decided_at: datetime | None = None
    delivery_due: DueDate | None = None
    hand_over: HandOver | None = None
    concluded_at: datetime | None = None
    bundle_no: str | None = None  # the bundle application it is a member of
    course: Course = USUAL
    co_applicants: tuple[CoApplicant, ...] = ()

    @property
    def applicants(self) -> tuple[Applicant, ...]:
        """All who apply together, the one who is named first first."""
        return (self.applicant, *(other.party for other in self.co_applicants))


def require(application: Application, act: Act) -> None:
    if application.state not in ALLOWED[act]:
        raise WrongState(f"申请处于“{STATE_NAMES[application.state]}”状态，不能进行此操作")


def _text(value: str, pointer: str, label: str) -> str:
    if not value.strip():
        raise Invalid(errors=[FieldError(pointer, "required", f"{label}不能为空")])
    return value.strip()


def provide(application: Application, materials: Sequence[Provided]) -> Application:
    """Add or replace materials while the application is still with the window (art. 32(3): corrected on the spot).

    Until receipt the applicant may change his mind; from then on nothing that was handed in disappears.
    """
    require(application, Act.PROVIDE)
    received = application.received_at is not None
    return replace(application, materials=merge(application.materials, materials, keep=received))


def dropped_files(before: Application, after: Application) -> frozenset[str]:
    """Keys of files that `before` knew and `after` no longer does."""
    return _all_files(before) - _all_files(after)


def _all_files(application: Application) -> frozenset[str]:
    return frozenset(
        key for p in application.materials for key in (p.file_key, *p.earlier_file_keys) if key is not None
    )


def receive(
    application: Application,
    *,
    case_no: str,
    query_code: str,
    notice_due: DueDate,
    materials: Sequence[Provided] = (),
    by: Staff,
    now: datetime,
) -> Application:
    """Receipt (收件): the case gets its number, the five working days of art. 32(4) start."""
    require(application, Act.RECEIVE)
    return replace(
        application,
        state=State.RECEIVED,
        case_no=case_no,
        query_code=query_code,
        materials=merge(application.materials, materials),
        received_at=now,
        received_by=by,
        notice_due=notice_due,
    )


def counted_from(application: Application) -> datetime | None:
    """When the materials count as received: at receipt, after a supplement when everything had arrived.

    Source: Administrative Licensing Law art. 32(4); domain.md 3.3 (file-review rule).
    """
    supplied_at = application.supplement.supplied_at if application.supplement else None
    return supplied_at or application.received_at


def answered_by(application: Application) -> datetime | None:
    """The end of the last day on which the window may still answer; None while that day is not final."""
    due = application.notice_due
    if application.state is not State.RECEIVED or due is None or due.provisional:
        return None
    return end_of(due.on)


def require_unsilenced(application: Application, now: datetime) -> None:
    """Raises AlreadyAccepted: from the end of the fifth working day on it is accepted by law (art. 32(4))."""
    until = answered_by(application)
    if until is not None and now >= until:
        raise AlreadyAccepted(retry_after_seconds=5)


def correct(
    application: Application, what: Sequence[str], materials: Sequence[Provided], *, by: Staff, now: datetime
) -> Application:
    """Errors put right on the spot (当场更正): recorded, no clock moves. Source: art. 32(3)."""
    require(application, Act.CORRECT)
    entries = tuple(Correction(_text(text, f"#/corrections/{n}", "更正内容"), now, by) for n, text in enumerate(what))
    if not entries:
        raise Invalid(errors=[FieldError("#/corrections", "correction.empty", "至少列明一处更正")])
    return replace(
        application,
        corrections=(*application.corrections, *entries),
        materials=merge(application.materials, materials),
    )


def accept(
    application: Application,
    item: ServiceItem,
    *,
    counting: Sequence[Provided],
    legal_due: DueDate,
    promised_due: DueDate,
    by: Staff,
    now: datetime,
    order: int | None = None,
    check_by: date | None = None,
    as_of: datetime | None = None,
) -> Application:
    """Acceptance (受理): only with every required material present.

    Args:
        counting: the materials that count today (a reused certificate may have lost its validity since submission).
        order: place among those accepted for an item limited in number (art. 57).
        check_by: last day for checking what was promised by informed commitment.
        as_of: see `accepted_from`.

    Source: art. 32(5), 32 para. 2.
    """
    require(application, Act.ACCEPT)
    require_unsilenced(application, now)
    absent = missing(item, counting)
    if absent:
        errors = [FieldError(f"#/materials/{m.material_no}", "material.missing", f"缺少：{m.name}") for m in absent]
        raise MaterialsMissing("必要材料不齐，请一次性告知补正", errors=errors)
    return replace(
        application,
        state=State.ACCEPTED,
        accepted_at=accepted_from(application, now, as_of=as_of),
        accepted_by=by,
        legal_due=legal_due,
        promised_due=promised_due,
        materials=to_check(application.materials, check_by),
        acceptance_order=order,
        renews=renewed_by_silence(application),
    )


def accepted_from(application: Application, now: datetime, *, as_of: datetime | None = None) -> datetime:
    """As of when an acceptance at this instant counts: now, after a supplement when everything had arrived.

    Args:
        as_of: when everything the bundle was asked for had arrived, of a member that lacked nothing itself.

    Source: Administrative Licensing Law art. 32(5); domain.md 3.3; the supplement notice tells the applicant so.
    """
    supplied_at = application.supplement.supplied_at if application.supplement else None
    return supplied_at or max(as_of or now, application.received_at or now)


def renewed_by_silence(application: Application) -> Renewal | None:
    """What it renews: silence at the old certificate's end renews only what was all there before that end.

    Source: Administrative Licensing Law art. 50 para. 2 (the body did not decide in time; it could have).
    """
    renews, complete_at = application.renews, counted_from(application)
    if renews is None or complete_at is None or complete_at < end_of(renews.valid_until):
        return renews
    return replace(renews, silence_renews=False)


def clock_start(application: Application, limit: TimeLimit, *, accepted_at: datetime) -> datetime:
    """The instant a limit of this application starts: acceptance, or receipt where the item's own law says so.

    After a supplement the application counts as received on the day everything had arrived.

    Source: domain.md 1.2 no. 5; 3.3 (file-review rule); Administrative Licensing Law art. 32(4).
    """
    if limit.start is not StartRule.RECEIVED:
        return accepted_at
    return counted_from(application) or accepted_at


def refuse_acceptance(
    application: Application, kind: RefusalKind, *, reason: str, competent_body: str | None, by: Staff, now: datetime
) -> Application:
    """No licence needed (32(1)), not this body's power (32(2), competent body named), or false materials (78).

    Source: art. 32(5): impossible once everything asked for in the notice was supplied.
    """
    if application.supplement is not None and application.supplement.supplied_at is not None:
        raise MustAccept("申请人已按告知要求补齐全部材料，应当受理（行政许可法第 32 条第 1 款第 5 项）")
    require(application, Act.REFUSE_ACCEPTANCE)
    require_unsilenced(application, now)
    body = (competent_body or "").strip() or None
    if kind is RefusalKind.OUT_OF_SCOPE and body is None:
        error = FieldError("#/competent_body", "refusal.competent-body", "不属于本机关职权的，应当告知有权机关")
        raise Invalid(errors=[error])
    refusal = Refusal(kind, _text(reason, "#/reason", "理由"), body, now, by)
    state = State.NOT_REQUIRED if kind is RefusalKind.NOT_REQUIRED else State.REFUSED_ACCEPTANCE
    return replace(application, state=state, refusal=refusal)


def withdraw(application: Application, *, reason: str, now: datetime) -> Application:
    """The applicant takes the application back, at any time before the decision; the reason is mandatory."""
    require(application, Act.WITHDRAW)
    return replace(
        application, state=State.WITHDRAWN, withdrawn_at=now, withdrawal_reason=_text(reason, "#/reason", "撤回原因")
    )


def supply_deferred(application: Application, materials: Sequence[Provided]) -> Application:
    """Promised materials come in after acceptance (容缺后补); only those that were promised.

    Source: 国发〔2022〕5号; domain.md 1.4.
    """
    require(application, Act.SUPPLY_DEFERRED)
    if application.outcome is Outcome.REFUSED:
        raise WrongState("申请已被不予许可，不再补交材料")
    promised = {p.material_no: p.promised_on for p in deferred(application.materials)}
    errors = [
        FieldError(f"#/materials/{index}/material_no", "deferred.not-promised", "该材料不是容缺后补的材料")
        for index, given in enumerate(materials)
        if given.material_no not in promised or given.source in {Source.DEFERRED, Source.COMMITMENT}
    ]
    if errors or not materials:
        raise Invalid(errors=errors or [FieldError("#/materials", "deferred.empty", "至少补交一项材料")])
    kept = [replace(given, promised_on=promised[given.material_no]) for given in materials]
    return replace(application, materials=merge(application.materials, kept))


def check_commitment(application: Application, material_no: int, check: Check) -> Application:
    """The later check of an informed commitment, once (告知承诺事后核查). Source: 国办发〔2020〕42号."""
    require(application, Act.CHECK_COMMITMENT)
    given = next((p for p in application.materials if p.material_no == material_no), None)
    if given is None or given.source is not Source.COMMITMENT or given.check is not None:
        raise NothingToCheck()
    check = replace(check, finding=_text(check.finding, "#/finding", "核查情况"))
    return replace(application, materials=merge(application.materials, [replace(given, check=check)]))


def record_decision(
    application: Application, outcome: Outcome, *, decided_at: datetime, delivery_due: DueDate | None = None
) -> Application:
    """What approval decided, learned from its event. Source: art. 44 (a grant is served within ten days)."""
    require(application, Act.RECORD_DECISION)
    if application.accepted_at is None:
        raise WrongState("申请未经受理，不能记录决定")
    due = delivery_due if outcome is Outcome.GRANTED else None
    return replace(application, state=State.DECIDED, outcome=outcome, decided_at=decided_at, delivery_due=due)


def hand_over(
    application: Application,
    item: ServiceItem,
    handing: HandOver,
    *,
    certificates: Sequence[str],
    papers: Collection[str],
) -> Application:
    """Hand-over (出件): only of what exists, the decision in writing and, of a grant, the certificate.

    Args:
        papers: kinds of the papers the case has been given.

    Source: Administrative Licensing Law art. 38 (decisions are made in writing), art. 39 (certificates).
    """
    require(application, Act.HAND_OVER)
    granted = application.outcome is Outcome.GRANTED
    if not (GRANTING if granted else REFUSING).intersection(papers):
        raise ResultNotReady(retry_after_seconds=2)
    if granted and item.result.certificate_type_code is not None and not certificates:
        raise ResultNotReady(retry_after_seconds=2)
    express = handing.method is Method.EXPRESS
    if express != bool(handing.tracking_no):
        message = "邮寄送达必须填写运单号" if express else "只有邮寄送达才有运单号"
        raise Invalid(errors=[FieldError("#/tracking_no", "hand-over.tracking", message)])
    return replace(application, state=State.HANDED_OVER, hand_over=handing)


def conclude(application: Application, *, now: datetime) -> Application:
    """Conclusion (办结) follows the hand-over at once; from here on the case can be rated."""
    require(application, Act.CONCLUDE)
    return replace(application, state=State.CONCLUDED, concluded_at=now)
