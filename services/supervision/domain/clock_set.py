"""The whole set of clocks of a case: those of intake and the decision, and those that acts of approval start. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from services.kernel.time_limit import StartRule as Start
from services.kernel.time_limit import TimeLimit, Unit, china_date
from services.kernel.workdays import WorkCalendar
from services.supervision.domain.case import Supervised
from services.supervision.domain.clocks import (
    ACCEPTANCE,
    CLAIMED,
    LICENSING_LAW,
    ClockName,
    ClockView,
    Line,
    Run,
    Told,
    Whose,
    certificate_run,
    decision_runs,
    delivery_run,
    intake_runs,
    view,
    workdays,
)
from services.supervision.domain.joint import Joint, joint_run

FIRST_LEVEL_ARTICLE = "行政许可法第三十五条、第四十三条"
INSPECTORS = workdays(5, "行政许可法第五十五条第二款")
INSPECTIONS = frozenset({"检验", "检测", "检疫"})
HEARING_REQUEST = workdays(5, "行政许可法第四十七条")
HEARING_HOLDING = workdays(20, "行政许可法第四十七条")
HEARING_NOTICE_DAYS = 7
HEARING_NOTICE_ARTICLE = "行政许可法第四十八条第一款第一项"
SPECIAL_ARTICLE = "行政许可法第四十五条"
PARTY_ARTICLE = "行政许可法第三十六条"
CONSULTATION_ARTICLE = "行政许可法第二十六条第二款"
DEFERRED_ARTICLE = "容缺受理承诺"
COMMITMENT_ARTICLE = "国办发〔2020〕42号"


def clock_set(
    case: Supervised, lines: Sequence[Line], calendar: WorkCalendar, *, now: datetime, joint: Joint | None = None
) -> tuple[ClockView, ...]:
    """Every clock of the case. One that comes with every case is there from the beginning, NOT_STARTED."""
    return tuple(view(run, calendar, now) for run in runs_of(Told(case, lines), calendar, joint))


def runs_of(told: Told, calendar: WorkCalendar, joint: Joint | None = None) -> list[Run]:
    """The clocks before any date is computed; what is shown and what is lit come from the same ones."""
    runs = _all_runs(told, calendar, joint)
    return [_by_analogy(run) for run in runs] if told.by_analogy else runs


def _by_analogy(run: Run) -> Run:
    """The same clock of another matter than a licence: the article is followed, it does not command."""
    if not run.article.startswith(LICENSING_LAW):
        return run
    article = f"参照{run.article}"
    limit = run.limit and (replace(run.limit, article=article) if run.limit.article == run.article else run.limit)
    return replace(run, article=article, limit=limit)


def _all_runs(told: Told, calendar: WorkCalendar, joint: Joint | None) -> list[Run]:
    return [
        *intake_runs(told),
        *decision_runs(told),
        *(joint_run(joint) if joint else ()),
        *_first_level(told),
        *_inspectors(told),
        *_special_procedures(told),
        *_hearing(told, calendar),
        *_parties(told),
        *_consultations(told),
        *certificate_run(told),
        *delivery_run(told),
        *_promised_materials(told),
        *_claim(told),
    ]


def _first_level(told: Told) -> Iterator[Run]:
    """The lower body examines first (arts. 35, 43): within the item's own limit of that level, or twenty days."""
    own = told.accepted.get("first_level")
    if own is None:
        return
    limit = TimeLimit(own["value"], Unit(own["unit"]), Start.ACCEPTED, FIRST_LEVEL_ARTICLE)
    yield Run(
        ClockName.FIRST_LEVEL,
        FIRST_LEVEL_ARTICLE,
        ACCEPTANCE,
        told.case.accepted_at,
        limit,
        met_at=told.first_at("approval.case.passed_up.v1"),
        ended_at=told.stopped_at,
        told=told.step_day("FIRST_LEVEL", told.case.accepted_at, _first_level_told(told), "due"),
    )


def _first_level_told(told: Told) -> Mapping[str, Any]:
    line = told.first("approval.first_level.assigned.v1", "approval.case.passed_up.v1")
    return line.detail if line else {}


def _inspectors(told: Told) -> Iterator[Run]:
    """Where the licence rests on an inspection, or as soon as anybody was assigned (art. 55).

    The report of an inspection may be among the materials, so that nobody has to be assigned: the clock counts, from
    acceptance, once the body has begun the inspection, and nobody is told to have missed it before.
    """
    assigned = told.first("approval.inspectors.assigned.v1")
    assigned_at = assigned.at if assigned else None
    inspects = any(line.detail.get("kind") in INSPECTIONS for line in told.of("approval.case.suspended.v1"))
    if assigned_at is not None or inspects or told.accepted.get("inspection"):
        yield Run(
            ClockName.INSPECTORS,
            INSPECTORS.article,
            ACCEPTANCE,
            told.case.accepted_at if assigned_at is not None or inspects else None,
            INSPECTORS,
            met_at=assigned_at,
            ended_at=told.stopped_at,
            told=told.step_day("INSPECTORS", None, assigned.detail if assigned else {}, "due"),
        )


def _special_procedures(told: Told) -> Iterator[Run]:
    """The time told for a procedure of art. 45: it stops the clock, and is itself supervised, even after a decision."""
    for line in told.of("approval.case.suspended.v1"):
        article = line.detail.get("article") or SPECIAL_ARTICLE
        yield Run(
            ClockName.SPECIAL_PROCEDURE,
            article,
            ("启动特别程序并书面告知所需时间", "the written notice of the special procedure"),
            line.at,
            TimeLimit(line.detail["expected_workdays"], Unit.WORKDAY, Start.ACCEPTED, article),
            met_at=told.first_at("approval.case.resumed.v1", since=line.at),
            ended_at=told.closed_at,
            about=line.detail.get("kind", ""),
            told=told.step_day("PAUSE", line.at, line.detail, "expected_end"),
        )


def _hearing(told: Told, calendar: WorkCalendar) -> Iterator[Run]:
    """The right is told, asked for within 5 days, the hearing held within 20, announced 7 days before.

    Each telling is answered by what came after it: somebody found only later is told when the others have waived.
    """
    rights = told.of("approval.hearing.told.v1")
    requested = told.first("approval.hearing.requested.v1")
    waivers = [line.at for line in told.of("approval.hearing.waived.v1") if line.detail.get("settled")]
    answers = sorted([*waivers, *([requested.at] if requested else [])])
    for line in rights:
        yield Run(
            ClockName.HEARING_REQUEST,
            HEARING_REQUEST.article,
            ("告知听证权利", "being told of the right to a hearing"),
            line.at,
            HEARING_REQUEST,
            met_at=next((at for at in answers if at >= line.at), None),
            ended_at=told.stopped_at,
            whose=Whose.PARTY,
            told=told.step_day("HEARING_REQUEST", line.at, line.detail, "request_by"),
        )
    if not rights or (requested is None and any(at >= rights[-1].at for at in waivers)):
        return
    yield Run(
        ClockName.HEARING_HOLDING,
        HEARING_HOLDING.article,
        ("提出听证申请", "the request for a hearing"),
        requested.at if requested else None,
        HEARING_HOLDING,
        met_at=_took_place(told),
        ended_at=told.stopped_at,
        told=told.step_day("HEARING_HOLDING", requested.at, requested.detail, "hold_by") if requested else None,
    )
    yield _hearing_notice(told, requested, calendar)


def _took_place(told: Told) -> datetime | None:
    held = told.first("approval.hearing.held.v1")
    if held is None:
        return None
    took_place_at = held.detail.get("took_place_at")
    return datetime.fromisoformat(took_place_at) if took_place_at else held.at


def _hearing_notice(told: Told, requested: Line | None, calendar: WorkCalendar) -> Run:
    """Its last day is counted back from the day of the hearing, so there is none before the hearing has a day."""
    announced = told.of("approval.hearing.announced.v1")
    if not announced or "takes_place_at" not in announced[-1].detail:
        return Run(ClockName.HEARING_NOTICE, HEARING_NOTICE_ARTICLE, ("", ""), None)
    line = announced[-1]
    takes_place_on = china_date(datetime.fromisoformat(line.detail["takes_place_at"]))
    zh = f"申请听证，听证定于{takes_place_on}举行，应当于{HEARING_NOTICE_DAYS}个工作日前通知"
    en = f"hearing asked for; to take place on {takes_place_on}, announced {HEARING_NOTICE_DAYS} working days before;"
    return Run(
        ClockName.HEARING_NOTICE,
        HEARING_NOTICE_ARTICLE,
        (zh, en),
        requested.at if requested else line.at,
        named_on=latest_notice(takes_place_on, calendar),
        named_early=calendar.is_provisional(takes_place_on),
        counted_back=True,
        met_at=line.at,
        ended_at=told.stopped_at,
    )


def latest_notice(takes_place_on: date, calendar: WorkCalendar) -> date:
    """The last day from which seven working days have passed on the day of the hearing."""
    day = takes_place_on - timedelta(days=HEARING_NOTICE_DAYS)
    while calendar.earliest_workday(day, HEARING_NOTICE_DAYS) > takes_place_on:
        day -= timedelta(days=1)
    return day


def _parties(told: Told) -> Iterator[Run]:
    """Counted from the limit, as a consultation is; an early event tells the day alone."""
    for line in told.of("approval.interested_party.notified.v1"):
        number = line.detail.get("party_no")
        heard = (
            one.at for one in told.of("approval.interested_party.heard.v1") if one.detail.get("party_no") == number
        )
        days = line.detail.get("limit_workdays")
        yield Run(
            ClockName.PARTY_STATEMENT,
            PARTY_ARTICLE,
            ("告知利害关系人陈述申辩的期限", "interested party told until when to speak,"),
            line.at,
            workdays(days, PARTY_ARTICLE) if days else None,
            named_on=None if days else date.fromisoformat(line.detail["speak_by"]["on"]),
            named_early=bool(line.detail["speak_by"].get("provisional")),
            met_at=next(heard, None),
            ended_at=told.stopped_at,
            about=str(number or ""),
            whose=Whose.PARTY,
            told=told.step_day("STATEMENT", line.at, line.detail, "speak_by"),
        )


def _consultations(told: Told) -> Iterator[Run]:
    """Silence past the limit is recorded by the system; it meets nothing.

    Counted from the limit, as the owner does: a day told while its year was not published was not the last word.
    """
    for line in told.of("approval.consultation.asked.v1"):
        number = line.detail.get("consultation_no")
        answers = (
            one.at
            for one in told.of("approval.consultation.answered.v1")
            if one.detail.get("consultation_no") == number
        )
        department, days = line.detail.get("department", ""), line.detail.get("limit_workdays")
        yield Run(
            ClockName.CONSULTATION,
            CONSULTATION_ARTICLE,
            ("征求部门意见并指定答复期限", "another department asked, with a day to answer by,"),
            line.at,
            workdays(days, CONSULTATION_ARTICLE) if days else None,
            named_on=None if days else date.fromisoformat(line.detail["due"]["on"]),
            met_at=next(answers, None),
            ended_at=told.stopped_at,
            about=department,
            whose=Whose.OTHER_BODY,
            told=told.step_day("CONSULTATION", line.at, line.detail, "due"),
            responsible=(line.detail["department_uscc"], department) if "department_uscc" in line.detail else None,
        )


def _promised_materials(told: Told) -> Iterator[Run]:
    """Materials promised at acceptance, and the later check of commitments."""
    for promised in told.accepted.get("deferred", ()):
        supplied = (
            line.at
            for line in told.of("intake.deferred_material.supplied.v1")
            if promised["name"] in line.detail.get("materials", ())
        )
        yield Run(
            ClockName.DEFERRED_MATERIAL,
            DEFERRED_ARTICLE,
            ("容缺受理，申请人承诺补交", "accepted with a material promised for later,"),
            told.case.accepted_at,
            named_on=date.fromisoformat(promised["promised_on"]),
            met_at=next(supplied, None),
            ended_at=told.closed_at,
            about=promised["name"],
            whose=Whose.APPLICANT,
        )
    for commitment in told.accepted.get("commitments", ()):
        checks = (
            line.at
            for line in told.of("intake.commitment.checked.v1")
            if line.detail.get("material") == commitment["name"]
        )
        yield Run(
            ClockName.COMMITMENT_CHECK,
            COMMITMENT_ARTICLE,
            ("以告知承诺方式受理，应当事后核查", "accepted on a commitment, to be checked afterwards,"),
            told.case.accepted_at,
            named_on=date.fromisoformat(commitment["check_by"]),
            met_at=next(checks, None),
            ended_at=told.closed_at,
            about=commitment["name"],
        )


def _claim(told: Told) -> Iterator[Run]:
    """Windows of the item's own law: the applicants think it over, then come again; silence is withdrawal."""
    window = told.claim_window
    if window is None:
        return
    yield Run(
        ClockName.CLAIM,
        window["basis"],
        (
            f"收件，{window['waiting']}届满后自{window['opens_on']}起可以办理{window['name']}",
            f"received; from {window['opens_on']} on, after the time to think it over, the applicants may come again,",
        ),
        told.case.received_at,
        named_on=told.claim_until,
        named_early=bool(window.get("provisional")),
        met_at=told.first_at(CLAIMED),
        ended_at=told.closed_at,
        about=window["name"],
        whose=Whose.APPLICANT,
    )
