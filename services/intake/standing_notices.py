"""What a department proposes and decides about a certificate after its grant, in the words its holder reads."""

from collections.abc import Callable, Mapping
from typing import Any

from contracts.events import standing as events
from services.chassis.bus import Incoming
from services.intake.hearing import day_of, moved_to
from services.kernel.certificate_life import LABELS, LifeAct


def certificate_notice_of(message: Incoming) -> dict[str, Any] | None:
    """The row a holder reads; None for what does not concern him."""
    event: Any = message.event
    told = _NOTICES.get(type(event))
    if told is None:
        return None
    kind, write = told
    return {
        "decision_id": event.decision_id,
        "version": message.version,
        "identifier": event.identifier,
        "kind": kind,
        "at": message.occurred_at,
        "text": write(event, LABELS[LifeAct(event.act.value)]),
    }


def _proposed(event: events.StandingProposed, act: str) -> str:
    said = f"拟{act}证照 {event.identifier}（{event.article}）。事实与理由：{event.facts}"
    if event.speak_by is None:
        return said
    return f"{said}。您有权陈述、申辩，应于 {day_of(event.speak_by)} 以前提出"


def _day_moved(event: events.StandingDayMoved, act: str) -> str:
    return f"拟{act}证照 {event.identifier}：{event.cause}，您陈述、申辩的最后日期{moved_to(event)}"


def _decided(event: events.StandingDecided, act: str) -> str:
    return f"证照 {event.identifier} 自 {event.effective_on} 起{act}（{event.article}）。事实与理由：{event.facts}"


def _dismissed(event: events.StandingDismissed, act: str) -> str:
    return f"不予{act}，证照 {event.identifier} 保持不变。理由：{event.reasons}"


_Writer = Callable[[Any, str], str]
_NOTICES: Mapping[type, tuple[str, _Writer]] = {
    events.StandingProposed: ("CERTIFICATE_PROPOSAL", _proposed),
    events.StandingDayMoved: ("CERTIFICATE_DAY_MOVED", _day_moved),
    events.StandingHeard: ("CERTIFICATE_STATEMENT", lambda event, _: f"陈述申辩已记录：{event.statement}"),
    events.StandingDecided: ("CERTIFICATE_DECISION", _decided),
    events.StandingDismissed: ("CERTIFICATE_PROPOSAL_DISMISSED", _dismissed),
}
CERTIFICATE_NOTICED: tuple[Any, ...] = tuple(_NOTICES)
