"""The clocks in the demonstration's report: each day with its why in both languages."""

from typing import Any

from demo.bundle import entry
from demo.outcome import clock_entry

DUE = {"on": "2026-03-05", "provisional": False}
SAID: dict[str, Any] = {"limit": "3 个工作日", "article": "条", "due": DUE, "state": "RUNNING"}
WHY = {"why_zh": "自二日起算。", "why_en": "counted from the 2nd."}


def test_a_clock_of_a_case_keeps_its_why_in_chinese_and_english() -> None:
    named: dict[str, Any] = dict.fromkeys(
        ("clock", "label", "article", "about", "state", "started_on", "due", "met_at")
    )
    named |= {"rule": "自受理之日的次日起算。", "rule_en": "Counted from the day after acceptance."}
    why = {"zh": "自二日起算。", "en": "counted from the 2nd.", "reasons": [{"kind": "START"}]}

    started, waiting = clock_entry(named | {"why": why}), clock_entry(named | {"why": None})

    assert started["why"] == {"zh": "自二日起算。", "en": "counted from the 2nd."}
    assert (waiting["why"], waiting["rule"], waiting["rule_en"]) == (None, named["rule"], named["rule_en"])


def test_a_step_of_a_bundle_stands_among_its_clocks() -> None:
    members = [
        {"member_id": name, "name": name, "state": "RUNNING", "case_no": None, "step": step}
        for name, step in (("E02", None), ("出生医学证明签发", SAID | WHY))
    ]
    bundle = dict.fromkeys(("bundle_no", "bundle_id", "name", "state", "partial", "promised"))

    told = entry(bundle | {"legal": SAID | WHY, "members": members})

    assert told["clocks"] == [
        {"name": "legal"} | SAID | WHY,
        {"name": "step", "member_id": "出生医学证明签发"} | SAID | WHY,
    ]
