"""Ways of handling one item: scenarios the applicant chooses between, and stages that follow one another. Pure.

Both are data of the catalogue (`variants`, `stages`); an application names the one it runs under.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from services.intake.domain import amendment
from services.intake.domain.application import Application
from services.intake.domain.catalogue import ItemKind, ItemResult, Material, Need, Scenario, ServiceItem
from services.intake.domain.endings import stands
from services.intake.domain.errors import Invalid, StageNotOpen, StageTaken
from services.intake.domain.records import Outcome
from services.intake.domain.states import STATE_NAMES
from services.kernel.errors import FieldError

STAGE_RESULT_KIND = "批文"


def stage_id(item: ServiceItem, stage: Mapping[str, Any]) -> str:
    return f"{item.item_id}-{stage['no']}"


def stages(item: ServiceItem) -> list[Mapping[str, Any]]:
    return sorted(item.particulars.get("stages", ()), key=lambda stage: stage["no"])


def choose(item: ServiceItem, asked: str | None, *, follows: bool, amends: bool = False) -> str | None:
    """The scenario an application runs under: as asked; of an item with stages the first, or the one that follows.

    Raises Invalid.
    """
    if amends:
        return _amending(item, asked, follows=follows)
    ordered = stages(item)
    if asked is None and ordered:
        asked = stage_id(item, ordered[1] if follows and len(ordered) > 1 else ordered[0])
    known = {scenario.scenario_id for scenario in item.scenarios} | {stage_id(item, stage) for stage in ordered}
    if asked is not None and asked not in known:
        names = "、".join(sorted(known)) or "没有可选的情形"
        raise Invalid(errors=[FieldError("#/scenario", "scenario.unknown", f"该事项的办理情形：{names}")])
    if follows and not ordered:
        raise Invalid(errors=[FieldError("#/follows", "stage.none", "该事项不分阶段办理")])
    return asked


def _amending(item: ServiceItem, asked: str | None, *, follows: bool) -> str:
    scenario = amendment.scenario_of(item)
    if scenario is None or follows or asked not in (None, scenario):
        detail = "该事项不颁发可以变更的证照，或者变更与所选的情形、阶段不能同时申请"
        raise Invalid(errors=[FieldError("#/amends", "amendment.none", detail)])
    return scenario


def check_stage(
    item: ServiceItem, scenario: str | None, before: Application | None, later: Sequence[Application] = ()
) -> None:
    """A later stage follows a granted earlier one of the same applicant, once; which, the caller has made sure of.

    Args:
        later: what was asked for after `before`. One that ended without a grant does not stand in the way.

    Raises: StageNotOpen, StageTaken.
    """
    ordered = [stage_id(item, stage) for stage in stages(item)]
    if scenario not in ordered or scenario == ordered[0]:
        return
    wanted, asked = stages(item)[ordered.index(scenario) - 1], stages(item)[ordered.index(scenario)]
    granted = before is not None and before.outcome is Outcome.GRANTED
    if before is None or not granted or before.course.scenario != stage_id(item, wanted):
        raise StageNotOpen(f"应当先取得“{wanted['name']}”的准予决定，并以其办件编号（follows）申请本阶段")
    alive = next((one for one in later if one.course.scenario == scenario and stands(one)), None)
    if alive is not None:
        known = f"办件编号 {alive.case_no}，" if alive.case_no else ""
        raise StageTaken(f"“{asked['name']}”已有申请（{known}{STATE_NAMES[alive.state]}），不能重复申请")


def under(item: ServiceItem, scenario: str | None) -> ServiceItem:
    """The item as it is handled under a scenario or in a stage, or as it amends; as published without one."""
    if scenario is not None and scenario == amendment.scenario_of(item):
        return amendment.amended(item)
    chosen = next((s for s in item.scenarios if s.scenario_id == scenario), None)
    if chosen is not None:
        return _in_scenario(item, chosen)
    ordered = stages(item)
    stage = next((s for s in ordered if stage_id(item, s) == scenario), None)
    return _in_stage(item, stage, last=stage is ordered[-1]) if stage is not None else item


def _in_scenario(item: ServiceItem, chosen: Scenario) -> ServiceItem:
    """Its own promise; what is asked for only in this way of handling is required, in another one it is not."""
    return replace(
        item,
        kind=ItemKind.INSTANT if chosen.promised_workdays == 0 else ItemKind.COMMITTED,
        promised_limit=replace(item.promised_limit, value=chosen.promised_workdays),
        materials=tuple(_for_scenario(material, chosen) for material in item.materials),
        scenarios=(),  # chosen: nothing is concluded from the materials any more
        papers_later=chosen.papers_later,
    )


def _for_scenario(material: Material, chosen: Scenario) -> Material:
    asked = material.need is Need.CONDITIONAL and material.need_text.startswith(chosen.name)
    return replace(material, need=Need.REQUIRED) if asked else material


def _in_stage(item: ServiceItem, stage: Mapping[str, Any], *, last: bool) -> ServiceItem:
    """Its own limit; only the last stage results in what the item is for, an earlier one in its approval."""
    limit = int(stage["limit"])
    result = item.result if last else ItemResult(stage["name"], STAGE_RESULT_KIND, None, None, None)
    return replace(
        item,
        name=f"{item.name}（{stage['name']}）",
        legal_limit=replace(item.legal_limit, value=limit),
        promised_limit=replace(item.promised_limit, value=min(item.promised_limit.value, limit)),
        result=result,
        materials=tuple(m for m in item.materials if m.stage_no in (None, stage["no"])),
    )
