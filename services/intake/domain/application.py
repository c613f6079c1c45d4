"""An application from submission to conclusion: its states, and every act as a pure function.

An act takes the application and returns the next one; an act that is not allowed raises. Which
act is allowed in which state stands in `states.ALLOWED`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from services.intake.domain.catalogue import Need, ServiceItem
from services.intake.domain.errors import (
    AlreadyNotified,
    Invalid,
    MaterialsMissing,
    MustAccept,
    ResultNotReady,
    WrongState,
)
from services.intake.domain.materials import Provided, merge, missing
from services.intake.domain.states import ALLOWED, STATE_NAMES, Act, State
from services.kernel.errors import FieldError
from services.kernel.time_limit import DueDate, StartRule, TimeLimit

NOTICE_WORKDAYS = 5  # Administrative Licensing Law art. 32(4)


class PartyType(StrEnum):
    PERSON = "PERSON"
    ORGANISATION = "ORGANISATION"


class RefusalKind(StrEnum):
    NOT_REQUIRED = "NOT_REQUIRED"
    OUT_OF_SCOPE = "OUT_OF_SCOPE"
    FALSE_MATERIALS = "FALSE_MATERIALS"


class Method(StrEnum):
    COLLECTION = "COLLECTION"  # 窗口领取
    EXPRESS = "EXPRESS"  # 邮寄
    ELECTRONIC = "ELECTRONIC"  # 电子送达


class Outcome(StrEnum):
    GRANTED = "GRANTED"
    REFUSED = "REFUSED"


@dataclass(frozen=True)
class Applicant:
    """`sealed_number` and `subject_key` stand for the number; the number itself is nowhere."""

    party_type: PartyType
    name: str
    subject_key: str
    masked_number: str
    sealed_number: str


@dataclass(frozen=True)
class Agent:
    name: str
    subject_key: str
    masked_number: str


@dataclass(frozen=True)
class Staff:
    """Who acts: the account, its role in this act and its body."""

    account_id: str
    name: str
    role: str
    organisation: str = ""
    organisation_name: str = ""
    division: str = ""


@dataclass(frozen=True)
class MaterialFault:
    material_no: int
    name: str
    fault: str
    remedy: str


@dataclass(frozen=True)
class SupplementNotice:
    """The one-time notice (一次性告知). `supplied_at` is set when everything in it has come in."""

    faults: tuple[MaterialFault, ...]
    supply_by: date
    requested_at: datetime
    requested_by: Staff
    supplied_at: datetime | None = None


@dataclass(frozen=True)
class Refusal:
    kind: RefusalKind
    reason: str
    competent_body: str | None
    refused_at: datetime
    refused_by: Staff


@dataclass(frozen=True)
class HandOver:
    method: Method
    documents: tuple[str, ...]
    recipient_name: str
    recipient_relation: str
    tracking_no: str | None
    handed_over_at: datetime
    handed_over_by: Staff


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
    accepted_at: datetime | None = None
    accepted_by: Staff | None = None
    legal_due: DueDate | None = None
    promised_due: DueDate | None = None
    refusal: Refusal | None = None
    withdrawn_at: datetime | None = None
    withdrawal_reason: str | None = None
    outcome: Outcome | None = None
    decided_at: datetime | None = None
    hand_over: HandOver | None = None
    concluded_at: datetime | None = None


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


def request_supplement(
    application: Application,
    item: ServiceItem,
    faults: Sequence[MaterialFault],
    *,
    supply_by: date,
    today: date,
    by: Staff,
    now: datetime,
) -> Application:
    """The one-time notice (补正告知): all faults at once, only once, within the published list of materials.

    Every required material that is missing must be in it: what is left out now can never be asked for again.

    Source: Administrative Licensing Law art. 32(4) (once, all items); art. 31 (no unrelated materials).
    """
    if application.supplement is not None:
        raise AlreadyNotified("本申请已作出过一次补正告知，不得再次要求补正")
    require(application, Act.REQUEST_SUPPLEMENT)
    errors = [*_fault_errors(item, faults), *_left_out(application, item, faults)]
    if supply_by <= today:
        errors.append(FieldError("#/supply_by", "supplement.deadline", "补正期限应晚于今日"))
    if errors:
        raise Invalid(errors=errors)
    notice = SupplementNotice(tuple(faults), supply_by, now, by)
    return replace(application, state=State.CORRECTION, supplement=notice)


def _fault_errors(item: ServiceItem, faults: Sequence[MaterialFault]) -> list[FieldError]:
    errors = []
    if not faults:
        errors.append(FieldError("#/faults", "supplement.empty", "至少列明一项需要补正的材料"))
    numbers = [fault.material_no for fault in faults]
    for index, no in enumerate(numbers):
        if item.material(no) is None:
            message = "公布的材料目录中没有此项，不得要求"
            errors.append(FieldError(f"#/faults/{index}/material_no", "supplement.unlisted", message))
        if no in numbers[:index]:
            errors.append(FieldError(f"#/faults/{index}/material_no", "supplement.twice", "同一材料只列一次"))
    return errors


def _left_out(application: Application, item: ServiceItem, faults: Sequence[MaterialFault]) -> list[FieldError]:
    """Missing materials the notice forgets. One member of a one-of group stands for the group."""
    asked = {fault.material_no for fault in faults}
    absent = missing(item, application.materials)
    group = {m.material_no for m in absent if m.need is Need.ONE_OF}
    covered = asked | (group if group & asked else set())
    return [
        FieldError("#/faults", "supplement.incomplete", f"缺少的必要材料“{m.name}”未列入，补正告知只能作出一次")
        for m in absent
        if m.material_no not in covered
    ]


def supply(application: Application, materials: Sequence[Provided], *, now: datetime) -> Application:
    """The applicant supplies. When every faulted material has come in anew, the application is received again.

    Source: art. 32(5): with everything supplied it must be accepted; the acceptance date is then the day of supply.
    """
    require(application, Act.SUPPLY)
    notice = application.supplement
    assert notice is not None  # CORRECTION is entered only by a notice
    supplied = replace(application, materials=merge(application.materials, materials))
    if outstanding(supplied):
        return supplied
    return replace(supplied, state=State.RECEIVED, supplement=replace(notice, supplied_at=now))


def outstanding(application: Application) -> tuple[MaterialFault, ...]:
    """Faults of the notice whose material has not come in since it was given."""
    notice = application.supplement
    if notice is None or notice.supplied_at is not None:
        return ()
    renewed = {p.material_no for p in application.materials if p.provided_at > notice.requested_at}
    return tuple(fault for fault in notice.faults if fault.material_no not in renewed)


def accept(
    application: Application,
    item: ServiceItem,
    *,
    counting: Sequence[Provided],
    legal_due: DueDate,
    promised_due: DueDate,
    by: Staff,
    now: datetime,
) -> Application:
    """Acceptance (受理): only with every required material present.

    Args:
        counting: the materials that count today (a reused certificate may have lost its validity since submission).

    Source: art. 32(5), 32 para. 2.
    """
    require(application, Act.ACCEPT)
    absent = missing(item, counting)
    if absent:
        errors = [FieldError(f"#/materials/{m.material_no}", "material.missing", f"缺少：{m.name}") for m in absent]
        raise MaterialsMissing("必要材料不齐，请一次性告知补正", errors=errors)
    return replace(
        application,
        state=State.ACCEPTED,
        accepted_at=now,
        accepted_by=by,
        legal_due=legal_due,
        promised_due=promised_due,
    )


def clock_start(application: Application, limit: TimeLimit, *, accepted_at: datetime) -> datetime:
    """The instant a limit of this application starts: acceptance, or receipt where the item's own law says so.

    After a supplement the application counts as received on the day everything had arrived.

    Source: domain.md 1.2 no. 5; 3.3 (file-review rule); Administrative Licensing Law art. 32(4).
    """
    if limit.start is not StartRule.RECEIVED:
        return accepted_at
    supplied_at = application.supplement.supplied_at if application.supplement else None
    return supplied_at or application.received_at or accepted_at


def refuse_acceptance(
    application: Application, kind: RefusalKind, *, reason: str, competent_body: str | None, by: Staff, now: datetime
) -> Application:
    """No licence needed (32(1)), not this body's power (32(2), competent body named), or false materials (78).

    Source: art. 32(5): impossible once everything asked for in the notice was supplied.
    """
    if application.supplement is not None and application.supplement.supplied_at is not None:
        raise MustAccept("申请人已按告知要求补齐全部材料，应当受理（行政许可法第 32 条第 1 款第 5 项）")
    require(application, Act.REFUSE_ACCEPTANCE)
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


def record_decision(application: Application, outcome: Outcome, *, decided_at: datetime) -> Application:
    """What approval decided, learned from its event."""
    require(application, Act.RECORD_DECISION)
    if application.accepted_at is None:
        raise WrongState("申请未经受理，不能记录决定")
    return replace(application, state=State.DECIDED, outcome=outcome, decided_at=decided_at)


def hand_over(
    application: Application, item: ServiceItem, handing: HandOver, *, certificates: Sequence[str]
) -> Application:
    """Hand-over (出件): of a grant with a certificate only when the certificate exists."""
    require(application, Act.HAND_OVER)
    granted = application.outcome is Outcome.GRANTED
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
