"""The way of handling an application has chosen (情形): by informed commitment, or the general procedure. Pure."""

from collections.abc import Iterable
from dataclasses import replace

from services.intake.domain.catalogue import ItemKind, Scenario, ServiceItem
from services.intake.domain.materials import Provided, Source
from services.kernel.time_limit import Unit

COMMITMENT = "告知承诺"


def chosen(item: ServiceItem, provided: Iterable[Provided]) -> Scenario | None:
    """The published scenario this application follows; None for an item that is handled in one way only.

    The applicant chooses by what he hands in: with an informed commitment the one of commitment, else the other.

    Source: Fire Protection Law art. 15 (commitment or general procedure, as the applicant chooses); 国办发〔2020〕42号.
    """
    commits = any(given.source is Source.COMMITMENT for given in provided)
    return next((scenario for scenario in item.scenarios if (COMMITMENT in scenario.name) is commits), None)


def in_scenario(item: ServiceItem, provided: Iterable[Provided]) -> ServiceItem:
    """The item as it is for this application: what is promised, and whether it is done on the spot."""
    scenario = chosen(item, provided)
    if scenario is None:
        return item
    promised = replace(item.promised_limit, value=scenario.promised_workdays, unit=Unit.WORKDAY)
    kind = ItemKind.COMMITTED if scenario.promised_workdays else ItemKind.INSTANT
    return replace(item, kind=kind, promised_limit=promised)
