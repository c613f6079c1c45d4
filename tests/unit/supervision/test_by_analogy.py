"""The Licensing Law speaks of licences: the clocks of other matters follow it by analogy, and say so."""

from datetime import datetime

import pytest

from services.kernel.time_limit import CHINA, StartRule, TimeLimit, Unit
from services.kernel.workdays import official_calendar
from services.supervision.domain.case import Supervised
from services.supervision.domain.clock_set import clock_set
from services.supervision.domain.clocks import BY_ANALOGY, RECEIVED, ClockName, Line

AT = datetime(2026, 3, 2, 10, tzinfo=CHINA)
OWN = "《婚姻登记条例》第七条"
CASE = Supervised(legal=TimeLimit(30, Unit.CALENDAR_DAY, StartRule.ACCEPTED, OWN), received_at=AT, accepted_at=AT)


@pytest.mark.parametrize(
    ("detail", "notice"),
    [({}, "行政许可法第三十二条第一款第四项"), ({BY_ANALOGY: True}, "参照行政许可法第三十二条第一款第四项")],
)
def test_a_general_limit_is_followed_by_analogy_where_the_matter_is_no_licence(
    detail: dict[str, bool], notice: str
) -> None:
    views = {view.name: view for view in clock_set(CASE, [Line(RECEIVED, AT, detail)], official_calendar(), now=AT)}

    shown = views[ClockName.NOTICE]
    assert shown.article == notice
    assert shown.why is not None
    assert f"（{notice}）" in shown.why.zh
    assert views[ClockName.DECISION].article == OWN
