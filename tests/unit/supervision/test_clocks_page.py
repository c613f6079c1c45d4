"""The page of a case's clocks: every clock with its reason, provisional days marked, nothing unescaped or foreign."""

from dataclasses import replace
from datetime import datetime, timedelta

from services.kernel.time_limit import CHINA, Paused, StartRule, TimeLimit, Unit
from services.kernel.workdays import official_calendar
from services.supervision.clocks_page import page
from services.supervision.domain.case import Supervised
from services.supervision.domain.clock_set import clock_set
from services.supervision.domain.clocks import ACCEPTED, Line
from services.supervision.schemas_clocks import CaseClocks, ClockOut

START = datetime(2026, 2, 12, 10, tzinfo=CHINA)
CASE = Supervised(
    legal=TimeLimit(20, Unit.WORKDAY, StartRule.ACCEPTED, "行政许可法第四十二条"),
    promised=TimeLimit(5, Unit.WORKDAY, StartRule.ACCEPTED),
    received_at=START,
    accepted_at=START,
)


def shown(case: Supervised = CASE, item: str = "食品经营许可") -> str:
    return page_of(case, [Line(ACCEPTED, START)], item)


def page_of(case: Supervised, lines: list[Line], item: str = "食品经营许可") -> str:
    now = START + timedelta(days=1)
    items = [ClockOut.of(view) for view in clock_set(case, lines, official_calendar(), now=now)]
    return page(CaseClocks(case_no="1" * 43, item_name=item, department_name="区市场监管局", as_of=now, items=items))


def test_a_date_stands_with_its_article_and_the_sentence_that_explains_it() -> None:
    html = shown()

    assert "法定办结时限<strong>2026年3月18日</strong>" in html
    assert "承诺办结时限<strong>2026年2月26日</strong>" in html
    assert "依据：行政许可法第四十二条" in html
    assert "2026年2月28日为春节调休上班日，计入1个工作日" in html
    assert '<p class="en" lang="en">counted from acceptance on 2026-02-12' in html


def test_a_limit_that_has_not_begun_says_from_when_and_how_long() -> None:
    html = shown()

    assert "颁发、送达" in html
    assert "自作出决定之日的次日起算，期限为10个工作日；作出决定后才有到期日。" in html
    english = (
        "The limit is 10 working day(s), counted from the day after the decision; there is no due date before that."
    )
    assert f'<p class="en" lang="en">{english}</p>' in html


def test_a_limit_on_the_spot_that_has_not_begun_says_so_in_both_languages() -> None:
    spot = replace(CASE, accepted_at=None, legal=TimeLimit(0, Unit.WORKDAY, StartRule.ACCEPTED))

    html = page_of(spot, [])

    assert "受理后当场办结。" in html
    assert "To be done on the spot, upon acceptance." in html


def test_a_day_that_is_not_final_never_stands_without_its_mark() -> None:
    paused = replace(CASE, ledger=(Paused(START + timedelta(hours=1), "专家评审", "行政许可法第四十五条"),))

    html = shown(paused)

    assert "最早2026年3月19日（暂定）" in html
    assert "<strong>2026年3月19日</strong>" not in html


def test_what_is_told_is_escaped_and_nothing_comes_from_elsewhere() -> None:
    html = shown(item='<script src="https://evil.test">')

    assert "<script" not in html
    assert "&lt;script" in html
    assert "http" not in html.replace("https://evil.test", "")
