"""What the holder of a certificate says to a proposal becomes a record, in his words."""

from typing import Any
from uuid import uuid4

import pytest

from contracts.events import intake, standing
from contracts.events.examples import examples
from services.certificate.papers import paper_contents
from services.certificate.papers.paper_contents import CaseFacts
from services.certificate.papers.standing_papers import Standing, statement


@pytest.mark.parametrize(("role", "in_writing"), [("CITIZEN", True), ("HANDLER", False)])
def test_a_statement_tells_who_spoke_what_and_how(role: str, in_writing: bool) -> None:
    event: Any = examples()[standing.StandingHeard.SUBJECT]
    received: Any = examples()[intake.ApplicationReceived.SUBJECT]
    by = event.heard_by.model_copy(update={"role": role})
    told = Standing(event.model_copy(update={"heard_by": by}), uuid4(), "食品经营许可证", "JY1", {}, "石阶前小吃店")

    draft = statement(told, CaseFacts.of_event(received))
    paper: Any = draft.build(paper_contents.header(draft, uuid4(), "鹤市监字〔2026〕第1号", "https://yichuang.test"))

    assert (draft.kind, paper.statement, paper.speaker_role) == ("STATEMENT_RECORD", event.statement, "持证人")
    assert (paper.in_writing, paper.basis) == (in_writing, "《中华人民共和国行政许可法》第七条")
