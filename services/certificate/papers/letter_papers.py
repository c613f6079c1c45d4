"""Letters of supervision: from an order to the paper that carries it (GB/T 39046 table 11)."""

from typing import Any

from contracts.events.common import OrganisationRef
from contracts.events.supervision import LightLevel, OrderIssued
from services.certificate.files.contents_after import SupervisionLetter
from services.certificate.papers.paper_contents import CaseFacts, Draft

# 预警类型代码 n1 of the standard, with what people call the lamps; the digits exist only here.
_LIGHTS = {
    None: "提示（0）",
    LightLevel.WARNING: "预警（1）",
    LightLevel.YELLOW: "黄牌（2）",
    LightLevel.RED: "红牌（3）",
}
_OF_DEPARTMENT = "部门政务服务工作"


def letter(event: OrderIssued, case: CaseFacts | None) -> Draft:
    """In the name of the supervising body; `case` None: about the department's work."""

    def build(head: dict[str, Any]) -> SupervisionLetter:
        return SupervisionLetter(
            **head,
            kind=event.kind.value,
            supervision_no=event.order_no,
            supervised_body=event.department_name,
            responsible_department=event.department_name,
            item_type=case.item.type_name if case else _OF_DEPARTMENT,
            rule=event.rule,
            light=_LIGHTS[event.level],
            state_at=event.state_at,
            finding=event.finding,
            requirement=event.requirement,
            sent_at=event.issued_at,
            reply_by=event.reply_by.on,
            reply_by_provisional=event.reply_by.provisional,
        )

    return Draft(
        event.kind.value,
        case,
        event.issued_at,
        build,
        event.order_no,
        body=_supervisor(event),
        about=event.order_id,
        addressee=event.department_uscc,
        order_no=event.order_no,
    )


def _supervisor(event: OrderIssued) -> OrganisationRef:
    body = event.issued_by.organisation
    assert body is not None, "supervision lets nobody issue an order who belongs to no body"
    return body
