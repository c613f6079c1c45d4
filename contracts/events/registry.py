"""Every event model by its subject."""

from contracts.events import (
    approval,
    bundles,
    certificate,
    days,
    identity,
    intake,
    intake_seldom,
    reuse,
    standing,
    supervision,
)
from contracts.events.common import Event

_MODULES = (intake, intake_seldom, bundles, approval, days, standing, certificate, supervision, identity, reuse)


def all_events() -> dict[str, type[Event]]:
    """Subject -> model, in the order of the modules."""
    found = {}
    for module in _MODULES:
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, Event) and value.SUBJECT:
                found[value.SUBJECT] = value
    return found


EVENTS = all_events()
