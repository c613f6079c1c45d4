"""Builders: an item, an application in any state, materials. They supply what does not matter to a test."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from services.intake.domain.application import (
    Applicant,
    Application,
    MaterialFault,
    Outcome,
    PartyType,
    Staff,
    SupplementNotice,
)
from services.intake.domain.catalogue import (
    Basis,
    Department,
    Fee,
    ItemKind,
    ItemResult,
    Material,
    Need,
    ServiceItem,
)
from services.intake.domain.materials import HeldCertificate, Provided, Source
from services.intake.domain.states import State
from services.kernel.time_limit import DueDate, StartRule, TimeLimit, Unit

NOON = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
TODAY = date(2026, 11, 20)
CLERK = Staff("clerk-1", "王五", "COUNTER_CLERK")
LICENCE_TYPE = "11431202006100029C001"
ID_TYPE = "114312020061000377001"


def a_material(no: int, need: Need = Need.REQUIRED, **more: Any) -> Material:
    values: dict[str, Any] = {"material_no": no, "name": f"材料{no}", "need": need, "need_text": "必要"}
    return Material(**(values | more))


def an_item(*materials: Material, **more: Any) -> ServiceItem:
    values: dict[str, Any] = {
        "item_code": "11431202006100029C4430102001000",
        "item_id": "E02",
        "handling_code": "11431202006100029C443010200100001",
        "basic_code": "430102001000",
        "name": "食品经营许可（新办）",
        "type_code": "01",
        "type_name": "行政许可",
        "kind": ItemKind.COMMITTED,
        "service_objects": ("2", "6"),
        "department": Department("scjg", "11431202006100029C", "区市场监督管理局", "431202000000", township=False),
        "joint_departments": (),
        "use_level": 4,
        "basis": (Basis("食品安全法第35条", "sourced"),),
        "conditions": ("有场所",),
        "materials": materials or (a_material(1),),
        "legal_limit": TimeLimit(10, Unit.WORKDAY, StartRule.ACCEPTED),
        "promised_limit": TimeLimit(7, Unit.WORKDAY, StartRule.ACCEPTED),
        "fee": Fee(charged=False, item="不收费", standard="不收费", basis=""),
        "result": ItemResult("食品经营许可证", "证照", "11431202006100029C002", "食品经营许可证", "5年"),
    }
    return ServiceItem(**(values | more))


def provided(no: int, source: Source = Source.PAPER_ORIGINAL, **more: Any) -> Provided:
    values: dict[str, Any] = {"material_no": no, "name": f"材料{no}", "source": source, "provided_at": NOON}
    return Provided(**(values | more))


def a_certificate(identifier: str = "C1", **more: Any) -> HeldCertificate:
    values: dict[str, Any] = {
        "identifier": identifier,
        "holder_key": "zhang",
        "type_code": LICENCE_TYPE,
        "valid_from": date(2020, 1, 1),
        "valid_until": None,
        "valid": True,
    }
    return HeldCertificate(**(values | more))


def a_fault(no: int = 1) -> MaterialFault:
    return MaterialFault(no, f"材料{no}", "未盖章", "盖章后重新提交")


def an_application(state: State = State.SUBMITTED, **more: Any) -> Application:
    """An application that came to `state` by the usual way."""
    application = Application(
        application_id=UUID(int=7),
        state=state,
        item_code="11431202006100029C4430102001000",
        item_version=1,
        department_uscc="11431202006100029C",
        division="431202000000",
        channel="COUNTER",
        applicant=Applicant(PartyType.ORGANISATION, "好味餐饮", "key", "91************0152", "sealed"),
        agent=None,
        submitted_by=CLERK,
        submitted_at=NOON - timedelta(days=3),
    )
    if state is not State.SUBMITTED:
        application = replace(application, case_no="N", query_code="Q", received_at=NOON - timedelta(days=2))
    if state is State.CORRECTION:
        notice = SupplementNotice((a_fault(),), date(2026, 12, 1), NOON - timedelta(days=1), CLERK)
        application = replace(application, supplement=notice)
    if state in {State.ACCEPTED, State.WITHDRAWN, State.DECIDED, State.HANDED_OVER, State.CONCLUDED}:
        due = DueDate(date(2026, 12, 1))
        application = replace(application, accepted_at=NOON, accepted_by=CLERK, legal_due=due, promised_due=due)
    if state in {State.DECIDED, State.HANDED_OVER, State.CONCLUDED}:
        application = replace(application, outcome=Outcome.GRANTED, decided_at=NOON)
    return replace(application, **more)
