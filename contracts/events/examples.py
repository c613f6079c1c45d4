"""One worked example per event: synthetic people born before 1900, synthetic bodies with valid check digits."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from contracts.events import approval, certificate, identity, intake, supervision
from contracts.events.common import (
    Actor,
    AgentRef,
    Channel,
    DueDate,
    Event,
    ExtensionRule,
    ItemKind,
    ItemRef,
    LimitStart,
    LimitUnit,
    LimitValue,
    MaterialRef,
    MaterialSource,
    OrganisationRef,
    Outcome,
    Party,
    PartyType,
    Remedies,
)
from contracts.events.examples_approval import procedural_examples
from contracts.events.examples_bundles import bundle_examples
from contracts.events.examples_reuse import reuse_examples
from contracts.events.examples_seldom import seldom_examples
from contracts.events.examples_standing import standing_examples

_APPLICATION = UUID("01989f2e-7c00-7000-8000-000000000001")
_CERTIFICATE = UUID("01989f2e-7c00-7000-8000-000000000002")
_PAPER = UUID("01989f2e-7c00-7000-8000-000000000003")
_ITEM_CODE = "11431202006100029C4430102001000"
_CASE_NO = f"{_ITEM_CODE}202603020001"
_IDENTIFIER = "1.2.156.3005.2.11431202006100029C002.11431202006100029C.JY24312020000001.001.I"
_SUBMITTED = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
_RECEIVED = datetime(2026, 3, 2, 1, 20, tzinfo=UTC)
_ACCEPTED = datetime(2026, 3, 3, 2, 0, tzinfo=UTC)
_DECIDED = datetime(2026, 3, 9, 3, 0, tzinfo=UTC)
_HANDED_OVER = datetime(2026, 3, 10, 1, 0, tzinfo=UTC)

_DEPARTMENT = OrganisationRef(uscc="11431202006100029C", name="区市场监督管理局", division="431202000000")
_CENTRE = OrganisationRef(uscc="11431202006100010F", name="区政务服务中心", division="431202000000")


def _actor(name: str, role: str, organisation: OrganisationRef | None = None) -> Actor:
    return Actor(account_id=f"account-{role.lower()}", name=name, role=role, organisation=organisation)


_CITIZEN = _actor("石阶前", "ENTERPRISE_AGENT")
_CLERK = _actor("前台甲", "COUNTER_CLERK", _CENTRE)
_HANDLER = _actor("承办甲", "HANDLER", _DEPARTMENT)
_SUPERVISOR = _actor("监督甲", "SUPERVISOR", _CENTRE)
_CHIEF = _actor("首席甲", "CHIEF_REPRESENTATIVE", _DEPARTMENT)

_ITEM = ItemRef(
    item_code=_ITEM_CODE,
    item_id="E02",
    version=1,
    name="食品经营许可（新办）",
    type_code="01",
    type_name="行政许可",
    kind=ItemKind.COMMITTED,
    department=_DEPARTMENT,
    legal_limit=LimitValue(value=10, unit=LimitUnit.WORKDAY, start=LimitStart.ACCEPTED, basis="+5个工作日"),
    promised_limit=LimitValue(value=7, unit=LimitUnit.WORKDAY, start=LimitStart.ACCEPTED),
    extension=ExtensionRule(value=5, unit=LimitUnit.WORKDAY, approver="行政机关负责人"),
    basis=("食品安全法第35条",),
    conditions=("有专职或兼职食品安全管理人员和制度",),
    result_name="食品经营许可证",
    result_kind="证照",
    certificate_type_code="11431202006100029C002",
    certificate_type_name="食品经营许可证",
    certificate_validity="5年",
    fee="不收费",
)
_APPLICANT = Party(
    party_type=PartyType.ORGANISATION,
    name="石阶前小吃店",
    subject_key="a" * 64,
    masked_number="91************0152",
    sealed_number="c2VhbGVk",
)
_AGENT = AgentRef(name="石阶前", subject_key="b" * 64, masked_number="4****************2")
_MATERIALS = (
    MaterialRef(
        material_no=1,
        name="食品经营许可申请表",
        source=MaterialSource.UPLOAD,
        sha256="0" * 64,
        media_type="application/pdf",
    ),
    MaterialRef(material_no=2, name="营业执照", source=MaterialSource.CERTIFICATE, certificate_identifier=_IDENTIFIER),
)
_REMEDIES = Remedies(reconsideration_body="鹤城区人民政府", court="怀化市鹤城区人民法院")


_WHOLE: dict[str, Any] = {
    "application_id": _APPLICATION,
    "case_no": _CASE_NO,
    "query_code": "7K3M9Q",
    "item": _ITEM,
    "applicant": _APPLICANT,
    "agent": _AGENT,
    "channel": Channel.ONLINE,
    "division": "431202000000",
    "submitted_at": _SUBMITTED,
    "received_at": _RECEIVED,
    "materials": _MATERIALS,
}
_SUBMITTED_FIELDS = {"application_id", "item", "applicant", "agent", "channel", "division", "submitted_at"}


def _taken_in() -> tuple[Event, ...]:
    return (
        intake.ApplicationSubmitted(
            submitted_by=_CITIZEN, reused=(_IDENTIFIER,), **{k: _WHOLE[k] for k in _SUBMITTED_FIELDS}
        ),
        intake.ApplicationReceived(received_by=_CLERK, notice_due=DueDate(on=date(2026, 3, 9)), **_WHOLE),
        intake.SupplementRequested(
            application_id=_APPLICATION,
            case_no=_CASE_NO,
            faults=(
                intake.MaterialFault(
                    material_no=1, name="食品经营许可申请表", fault="未签名", remedy="请签名后重新提交"
                ),
            ),
            supply_by=date(2026, 3, 16),
            basis="行政许可法第三十二条第一款第四项",
            requested_at=_RECEIVED,
            requested_by=_CLERK,
        ),
        intake.SupplementSupplied(
            application_id=_APPLICATION,
            case_no=_CASE_NO,
            materials=_MATERIALS[:1],
            complete=True,
            supplied_at=_ACCEPTED,
            supplied_by=_CITIZEN,
        ),
        intake.ApplicationAccepted(
            accepted_at=_ACCEPTED,
            accepted_by=_CLERK,
            legal_due=DueDate(on=date(2026, 3, 17)),
            promised_due=DueDate(on=date(2026, 3, 12)),
            **_WHOLE,
        ),
    )


def _refused_withdrawn_handed_over() -> tuple[Event, ...]:
    return (
        intake.AcceptanceRefused(
            application_id=_APPLICATION,
            case_no=_CASE_NO,
            kind=intake.RefusalKind.OUT_OF_SCOPE,
            reason="该事项不属于本机关职权范围",
            basis="行政许可法第三十二条第一款第二项",
            competent_body="区城市管理和综合执法局",
            remedies=_REMEDIES,
            refused_at=_ACCEPTED,
            refused_by=_CLERK,
        ),
        intake.ApplicationWithdrawn(
            application_id=_APPLICATION,
            case_no=_CASE_NO,
            reason="申请人不再经营",
            withdrawn_at=_ACCEPTED,
            withdrawn_by=_CITIZEN,
        ),
        intake.ResultHandedOver(
            application_id=_APPLICATION,
            case_no=_CASE_NO,
            method=intake.HandOverMethod.COLLECTION,
            documents=("食品经营许可证",),
            recipient_name="石阶前",
            recipient_relation="代理人",
            handed_over_at=_HANDED_OVER,
            handed_over_by=_CLERK,
        ),
        intake.CaseConcluded(
            application_id=_APPLICATION, case_no=_CASE_NO, outcome=Outcome.GRANTED, concluded_at=_HANDED_OVER
        ),
    )


def _approval() -> tuple[Event, ...]:
    return (
        approval.CaseOpened(case_id=_APPLICATION, case_no=_CASE_NO, opened_at=_ACCEPTED),
        approval.OpinionWritten(
            case_id=_APPLICATION,
            case_no=_CASE_NO,
            recommendation=approval.Recommendation.GRANT,
            written_at=_DECIDED,
            written_by=_HANDLER,
        ),
        approval.CaseDecided(
            case_id=_APPLICATION,
            case_no=_CASE_NO,
            query_code="7K3M9Q",
            outcome=Outcome.GRANTED,
            item=_ITEM,
            applicant=_APPLICANT,
            agent=_AGENT,
            accepted_at=_ACCEPTED,
            decided_at=_DECIDED,
            decided_by=_CHIEF,
            content="准予从事热食类食品制售",
            valid_from=date(2026, 3, 9),
            valid_until=date(2031, 3, 8),
            delivery_due=DueDate(on=date(2026, 3, 23)),
        ),
        approval.CaseMoved(
            case_id=_APPLICATION,
            case_no=_CASE_NO,
            from_version=1,
            item=_ITEM,
            reason="新版本缩短承诺时限，对申请人有利",
            legal_due=DueDate(on=date(2026, 3, 17)),
            promised_due=DueDate(on=date(2026, 3, 10)),
            moved_at=_DECIDED,
            moved_by=_HANDLER,
        ),
        approval.CaseWithdrawn(case_id=_APPLICATION, case_no=_CASE_NO, reason="申请人不再经营", withdrawn_at=_DECIDED),
        *procedural_examples({"case_id": _APPLICATION, "case_no": _CASE_NO}, _HANDLER, _CHIEF),
    )


def _certificate() -> tuple[Event, ...]:
    return (
        certificate.CertificateIssued(
            certificate_id=_CERTIFICATE,
            identifier=_IDENTIFIER,
            type_code="11431202006100029C002",
            type_name="食品经营许可证",
            holder_key="a" * 64,
            holder_name="鹤城区湘味轩餐饮有限公司",
            issuer_uscc="11431202006100029C",
            case_no=_CASE_NO,
            case_id=_APPLICATION,
            origin=certificate.CertificateOrigin.CASE,
            certificate_version=1,
            issued_at=_DECIDED,
            valid_from=date(2026, 3, 9),
            valid_until=date(2031, 3, 8),
        ),
        certificate.CertificateSealed(
            certificate_id=_CERTIFICATE,
            identifier=_IDENTIFIER,
            case_no=_CASE_NO,
            sha256="1" * 64,
            sealed_at=_DECIDED,
        ),
        certificate.CertificateSuperseded(
            certificate_id=_CERTIFICATE,
            identifier=_IDENTIFIER,
            holder_key="a" * 64,
            superseded_by="1.2.156.3005.2.11431202006100029C002.11431202006100029C.JY24312020000001.002.G",
            superseded_at=_HANDED_OVER,
        ),
        *_papers(),
        _log_head(),
    )


def _log_head() -> Event:
    return certificate.LogHeadSigned(
        log="431202000000",
        size=1024,
        root="5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        signed_at=_DECIDED,
        jws="eyJhbGciOiJFUzI1NiJ9.eyJzaXplIjoxMDI0fQ.c2lnbmF0dXJl",
    )


def _papers() -> tuple[Event, ...]:
    return (
        certificate.PaperIssued(
            paper_id=_PAPER,
            kind=certificate.PaperKind.GRANT_DECISION,
            number="区市监许准字〔2026〕第1号",
            case_no=_CASE_NO,
            case_id=_APPLICATION,
            issued_at=_DECIDED,
        ),
        certificate.PaperSealed(
            paper_id=_PAPER,
            kind=certificate.PaperKind.GRANT_DECISION,
            case_no=_CASE_NO,
            sha256="2" * 64,
            sealed_at=_DECIDED,
        ),
    )


def _others() -> tuple[Event, ...]:
    return (
        supervision.LightFired(
            case_id=_APPLICATION,
            case_no=_CASE_NO,
            department_uscc=_DEPARTMENT.uscc,
            level=supervision.LightLevel.YELLOW,
            rule="case-time-yellow",
            crossed_at=_DECIDED,
            fired_at=_DECIDED,
        ),
        supervision.LightVoided(
            case_id=_APPLICATION,
            case_no=_CASE_NO,
            department_uscc=_DEPARTMENT.uscc,
            level=supervision.LightLevel.YELLOW,
            rule="case-time-yellow",
            crossed_at=_DECIDED,
            voided_at=_HANDED_OVER,
        ),
        supervision.FindingRaised(
            case_id=_APPLICATION,
            case_no=_CASE_NO,
            department_uscc=_DEPARTMENT.uscc,
            kind=supervision.FindingKind.SUPPLEMENT_AGAIN,
            summary="第2次补正告知：租赁合同；理由：首次提交时无此合同",
            detail={"ordinal": 2, "reason": "首次提交时无此合同", "materials": ["租赁合同"], "seen_before": []},
            happened_at=_DECIDED,
            found_at=_DECIDED,
        ),
        supervision.RatingGiven(
            case_id=_APPLICATION,
            case_no=_CASE_NO,
            department_uscc=_DEPARTMENT.uscc,
            satisfaction=supervision.Satisfaction.VERY_SATISFIED,
            comment="一次办成",
            given_at=_HANDED_OVER,
        ),
        identity.AccountLocked(account_id=_PAPER, locked_until=_DECIDED),
    )


def _orders() -> tuple[Event, ...]:
    return (
        supervision.OrderIssued(
            order_id=_PAPER,
            order_no="JC202600000001",
            kind=supervision.SupervisionPaper.SUPERVISION_ORDER,
            case_id=_APPLICATION,
            case_no=_CASE_NO,
            department_uscc=_DEPARTMENT.uscc,
            department_name=_DEPARTMENT.name,
            rule="case-time-yellow",
            level=supervision.LightLevel.YELLOW,
            state_at=_DECIDED,
            finding="已经超过承诺办结时限",
            requirement="请速办理，并说明超时原因",
            reply_by=DueDate(on=date(2026, 3, 24)),
            issued_at=_DECIDED,
            issued_by=_SUPERVISOR,
        ),
        supervision.OrderReplied(
            order_id=_PAPER,
            order_no="JC202600000001",
            department_uscc=_DEPARTMENT.uscc,
            reply="已于当日办结，超时因检测机构报告迟到",
            late=False,
            replied_at=_HANDED_OVER,
            replied_by=_HANDLER,
        ),
    )


def examples() -> dict[str, Event]:
    """Subject -> example."""
    return {
        event.SUBJECT: event
        for event in (
            *_taken_in(),
            *_refused_withdrawn_handed_over(),
            *seldom_examples(_WHOLE, citizen=_CITIZEN, clerk=_CLERK, handler=_HANDLER),
            *bundle_examples(_APPLICATION, _SUBMITTED, _APPLICANT, _CLERK),
            *reuse_examples(_WHOLE, chief=_CHIEF),
            *_approval(),
            *_certificate(),
            *standing_examples(_CERTIFICATE, _IDENTIFIER, _APPLICANT.subject_key, _DEPARTMENT, _HANDLER, _CHIEF),
            *_others(),
            *_orders(),
        )
    }
