"""Publish-time rules of bundles (一件事): members resolve and their order has no circle."""

from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from services.intake.domain.catalogue_rules import Known, known_of
from services.intake.domain.catalogue_shape import UNITS, Fault, Row, rows


def bundle_faults(raw: Row) -> Iterator[Fault]:
    known = known_of(raw)
    for place, row in rows(raw, "packages"):
        yield from _lead_resolves(row["lead"], f"{place}.lead", known)
        yield from members_resolve(row, place, known)
        yield from order_has_no_circle(row, place)
        yield from stages_resolve(row, place, known)
        yield from certificates_resolve(row, place, known)
        yield from something_to_handle(row, place)


def _lead_resolves(department: str, place: str, known: Known) -> Iterator[Fault]:
    if department not in known.departments:
        yield Fault(place, "reference.department", f"部门 {department} 不存在")


def member_id(member: Row) -> str:
    """A member is a matter of the catalogue, or a step of another body known by its name."""
    return str(member.get("matter") or member.get("name") or "")


def members_resolve(row: Row, place: str, known: Known) -> Iterator[Fault]:
    """Each member is a known matter or has a name; what it comes after is another member."""
    ids = {member_id(member) for _, member in rows(row, "members")}
    for member_place, member in rows(row, "members", place):
        matter = member.get("matter")
        if matter is not None and matter not in known.matters:
            yield Fault(f"{member_place}.matter", "reference.matter", f"事项 {matter} 不存在")
        if not member_id(member):
            yield Fault(member_place, "bundle.member", "成员应指明事项或名称")
        if member.get("dept") is not None:
            yield from _lead_resolves(member["dept"], f"{member_place}.dept", known)
        unless_held = member.get("unless_held")
        if unless_held is not None and unless_held not in known.certificate_types:
            yield Fault(f"{member_place}.unless_held", "reference.certificate-type", f"证照类型 {unless_held} 不存在")
        for number, earlier in enumerate(member["after"]):
            if earlier not in ids:
                yield Fault(f"{member_place}.after[{number}]", "reference.member", f"前置成员 {earlier} 不存在")


def something_to_handle(row: Row, place: str) -> Iterator[Fault]:
    """At least one member is an item, the limit has a known unit, an answer one of the three kinds."""
    items = [m for _, m in rows(row, "members") if m.get("matter")] + [s for _, s in rows(row, "stages")]
    if not items:
        yield Fault(place, "bundle.empty", "至少有一个成员是目录中的事项")
    if row["limit"]["unit"] not in UNITS:
        yield Fault(f"{place}.limit.unit", "limit.unit", "期限单位应为工作日、自然日或月")
    for field_place, field in rows(row, "fields", place):
        if field["type"] not in {"number", "text", "boolean"}:
            yield Fault(f"{field_place}.type", "bundle.field-type", "表单字段类型应为 number、text 或 boolean")


def order_has_no_circle(row: Row, place: str) -> Iterator[Fault]:
    graph = {member_id(member): set(member["after"]) for _, member in rows(row, "members")}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError:
        yield Fault(f"{place}.members", "bundle.circle", "成员的先后顺序形成循环")


def stages_resolve(row: Row, place: str, known: Known) -> Iterator[Fault]:
    for stage_place, stage in rows(row, "stages", place):
        yield from _lead_resolves(stage["lead"], f"{stage_place}.lead", known)
        for joint_place, department in rows(stage, "joint", stage_place):
            yield from _lead_resolves(department, joint_place, known)
        parallel = [(p, m) for p, m in rows(stage, "parallel", stage_place) if str(m).isascii()]
        for member_place, member in [*rows(stage, "members", stage_place), *parallel]:
            if member not in known.matters:
                yield Fault(member_place, "reference.matter", f"事项 {member} 不存在")


def certificates_resolve(row: Row, place: str, known: Known) -> Iterator[Fault]:
    for type_place, type_id in rows(row, "dedup_materials", place):
        if type_id not in known.certificate_types:
            yield Fault(type_place, "reference.certificate-type", f"证照类型 {type_id} 不存在")
