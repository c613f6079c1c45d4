"""One page that says why a case is due on its date: every clock with article, state, last day and the sentence.

Made for reading and for printing on A4. No script, nothing from another host; whatever is told is escaped.
"""

from collections.abc import Iterator
from datetime import date, datetime
from html import escape

from services.kernel.time_limit import CHINA
from services.supervision.domain.clocks import ClockName, ClockState, Whose
from services.supervision.schemas_clocks import CaseClocks, ClockOut

_COLOURS = {
    ClockState.NOT_STARTED: "#59636e",
    ClockState.RUNNING: "#0b57d0",
    ClockState.PAUSED: "#8a6d00",
    ClockState.MET: "#0a7d34",
    ClockState.MISSED: "#b3261e",
    ClockState.ENDED: "#59636e",
}
_WHOSE = {
    Whose.BODY: "行政机关",
    Whose.APPLICANT: "申请人",
    Whose.PARTY: "利害关系人或当事人",
    Whose.OTHER_BODY: "被征求意见部门",
}
_CHIEF = (ClockName.PROMISED, ClockName.DECISION, ClockName.JOINT)
_STYLE = """
@page{size:A4;margin:14mm 12mm}
*{box-sizing:border-box}
body{font:15px/1.65 "Noto Sans CJK SC","Source Han Sans SC","Microsoft YaHei","PingFang SC",sans-serif;
margin:0;background:#f4f6f8;color:#1f2328}
main{max-width:60rem;margin:0 auto;padding:1rem}
h1{font-size:1.35rem;margin:.5rem 0 1rem}
h2{font-size:1.05rem;margin:1.25rem 0 .5rem}
.card{background:#fff;border:1px solid #d8dee4;border-radius:.5rem;padding:.9rem 1.1rem}
dl{display:grid;grid-template-columns:6rem 1fr;gap:.15rem .75rem;margin:0}
dt{color:#59636e}dd{margin:0;overflow-wrap:anywhere}
.chief{display:grid;grid-template-columns:repeat(auto-fit,minmax(14rem,1fr));gap:.75rem;margin-top:.75rem}
.chief p{margin:0;color:#59636e}.chief strong{display:block;font-size:1.45rem;line-height:1.3;color:#1f2328}
article{background:#fff;border:1px solid #d8dee4;border-left:.3rem solid;border-radius:.4rem;padding:.7rem 1rem;
margin-bottom:.6rem;break-inside:avoid}
header{display:flex;flex-wrap:wrap;gap:.1rem .9rem;align-items:baseline}
header h3{font-size:1rem;margin:0}
.about{color:#59636e}.due{margin-left:auto;font-weight:700;white-space:nowrap}
.state,.mark{font-size:.8rem;padding:.05rem .5rem;border-radius:1rem;border:1px solid;white-space:nowrap}
.mark{color:#8a6d00}
.meta{color:#59636e;font-size:.87rem;margin:.15rem 0 .35rem}
.why{margin:0}.en{margin:.25rem 0 0;color:#59636e;font-size:.84rem}
summary{color:#59636e;font-size:.8rem;cursor:pointer}
footer{color:#59636e;font-size:.85rem;margin-top:1rem}
@media print{details:not([open]){display:none}html{font-size:11px}body{background:#fff;font-size:11px;line-height:1.5}
main{max-width:none;padding:0}.card,article{border-radius:0}article{padding:.4rem .8rem;margin-bottom:.4rem}}
"""


def page(clocks: CaseClocks) -> str:
    """The whole document."""
    chief_first = sorted(clocks.items, key=lambda one: one.clock not in _CHIEF)
    shown = "".join(_clock(one) for one in chief_first)
    return (
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><title>办件时限一览</title>'
        f"<style>{_STYLE}</style></head><body><main><h1>办件时限一览</h1>"
        f'<section class="card"><dl>{_head(clocks)}</dl><div class="chief">{_chief(clocks)}</div></section>'
        f"<h2>各项时限及其到期日的理由</h2>{shown}"
        "<footer>本页由电子监察依据办件事件独立推算，节假日以国务院办公厅公布的安排为准。工作日的期间，开始当日不计入，"
        "末日遇休息日顺延。标注“暂定”的，不是最终日期：所涉年度节假日安排尚未公布的，按周一至周五推算最早日期，"
        "遇调休上班时可能略有提前；节假日安排公布、或者暂停计时恢复后重新推算。</footer></main></body></html>"
    )


def _head(clocks: CaseClocks) -> str:
    rows = (
        ("办件编号", clocks.case_no),
        ("事项", clocks.item_name),
        ("办理部门", clocks.department_name),
        ("截至", _at(clocks.as_of)),
    )
    return "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in rows)


def _chief(clocks: CaseClocks) -> str:
    """The dates everybody asks for first."""
    found = {one.clock: one for one in clocks.items}
    return "".join(
        f'<p>{escape(one.label)}<strong>{_due(one)}</strong><span style="color:{_COLOURS[one.state]}">'
        f"{escape(one.state_label)}</span></p>"
        for name in _CHIEF
        if (one := found.get(name)) is not None
    )


def _clock(one: ClockOut) -> str:
    colour = _COLOURS[one.state]
    about = f'<span class="about">{escape(one.about)}</span>' if one.about else ""
    return (
        f'<article style="border-left-color:{colour}"><header><h3>{escape(one.label)}</h3>{about}'
        f'<span class="state" style="color:{colour}">{escape(one.state_label)}</span>{_mark(one)}'
        f'<span class="due">{_due(one)}</span></header>'
        f'<p class="meta">{escape("；".join(_meta(one)))}</p>{_why(one)}</article>'
    )


def _mark(one: ClockOut) -> str:
    return '<span class="mark">暂定</span>' if one.due is not None and one.due.provisional else ""


def _due(one: ClockOut) -> str:
    """A provisional day never stands without its mark."""
    if one.due is None:
        return "尚未起算" if one.state is ClockState.NOT_STARTED else "无法推算"
    bound = "至迟" if one.clock is ClockName.HEARING_NOTICE else "最早"  # counted back from the day of the hearing
    return f"{bound}{_day(one.due.on)}（暂定）" if one.due.provisional else _day(one.due.on)


def _meta(one: ClockOut) -> Iterator[str]:
    yield f"依据：{one.article}"
    yield f"由{_WHOSE[one.whose]}在期限内完成"
    if one.started_on is not None:
        yield f"起算日：{_day(one.started_on)}"
    if one.met_at is not None:
        yield f"完成：{_at(one.met_at)}"


def _why(one: ClockOut) -> str:
    """Why it is due on its day; of a clock that has not started, what will be counted."""
    zh, en = (one.why.zh, one.why.en) if one.why is not None else (one.rule, one.rule_en)
    if not zh:
        return ""
    english = f'<details><summary lang="en">English</summary><p class="en" lang="en">{escape(en)}</p></details>'
    return f'<p class="why">{escape(zh)}</p>{english}'


def _day(on: date) -> str:
    return f"{on.year}年{on.month}月{on.day}日"


def _at(at: datetime) -> str:
    local = at.astimezone(CHINA)
    return f"{_day(local.date())} {local:%H:%M}"
