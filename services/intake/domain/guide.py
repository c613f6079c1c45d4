"""The service guide of an item (办事指南): the ten disclosures every office must publish. Pure."""

from dataclasses import dataclass

from services.intake.domain.catalogue import LICENSING, ItemKind, Material, ServiceItem
from services.intake.domain.materials import why
from services.kernel.time_limit import StartRule, TimeLimit, Unit

_UNITS = {Unit.WORKDAY: "个工作日", Unit.CALENDAR_DAY: "日（自然日）", Unit.MONTH: "个月"}
_STARTS = {StartRule.RECEIVED: "收到申请之日", StartRule.ACCEPTED: "受理之日", StartRule.DECIDED: "作出决定之日"}
PROGRESS_QUERY = "凭收件凭证上的办件编号和查询码，在网上、移动端或综合窗口查询办理进度"


@dataclass(frozen=True)
class Step:
    step_no: int
    name: str
    explanation: str


@dataclass(frozen=True)
class GuideMaterial:
    material: Material
    why: str


@dataclass(frozen=True)
class ServiceGuide:
    """The ten disclosures (domain.md R-21): name, basis, procedure, conditions, materials, promised limit, progress
    query, fee item, fee standard, fee basis."""

    name: str
    basis: tuple[str, ...]
    procedure: tuple[Step, ...]
    conditions: tuple[str, ...]
    materials: tuple[GuideMaterial, ...]
    promised_limit: str
    progress_query: str
    fee_item: str
    fee_standard: str
    fee_basis: str


def guide_of(item: ServiceItem) -> ServiceGuide:
    return ServiceGuide(
        name=item.name,
        basis=tuple(basis.text for basis in item.basis),
        procedure=procedure_of(item),
        conditions=item.conditions,
        materials=tuple(GuideMaterial(material, why(item, material)) for material in item.materials),
        promised_limit=limit_text(item.promised_limit),
        progress_query=PROGRESS_QUERY,
        fee_item=item.fee.item,
        fee_standard=item.fee.standard,
        fee_basis=item.fee.basis,
    )


def limit_text(limit: TimeLimit) -> str:
    """`当场办结` or `自受理之日起 7 个工作日`."""
    if limit.value == 0:
        return "当场办结"
    return f"自{_STARTS[limit.start]}起 {limit.value} {_UNITS[limit.unit]}"


def procedure_of(item: ServiceItem) -> tuple[Step, ...]:
    """The steps a guide must show (受理, 审核, 审批, 办结, 送达; domain.md 2.5), special procedures between."""
    steps = [
        ("申请", "须本人到场申请" if item.must_appear else "网上、移动端、便民服务中心或综合窗口提交；可委托代理人"),
        ("收件与受理", "材料不齐的，5 个工作日内一次性告知全部补正内容；材料齐全的予以受理并出具凭证"),
    ]
    if item.kind is ItemKind.INSTANT:
        steps.append(("审查与决定", "一审一核，当场决定"))
    else:
        steps.append(("审查", f"{item.department.name}承办人员审查"))
        steps += [
            (procedure.name, _special(procedure.stops_clock, procedure.effect)) for procedure in item.special_procedures
        ]
        steps.append(("决定", f"由首席代表在{limit_text(item.promised_limit)}内决定"))
    delivery = "作出准予决定后 10 个工作日内颁发" if item.type_code == LICENSING else "统一出件窗口发放"
    steps.append(("办结与送达", f"{delivery}；窗口领取、邮寄或电子送达"))
    return tuple(Step(no, name, text) for no, (name, text) in enumerate(steps, start=1))


def _special(stops_clock: bool, effect: str) -> str:
    counted = "所需时间不计入办理时限" if stops_clock else "所需时间计入办理时限"
    return f"{effect}；{counted}" if effect else counted
