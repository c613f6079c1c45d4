"""From the facts of approval between acceptance and decision to the papers they cause, told in writing."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from contracts.events.approval import (
    ApplicantHeard,
    CaseExtended,
    CaseSuspended,
    CaseTerminated,
    CaseTransferred,
    HearingAnnounced,
    HearingHeld,
    HearingTold,
    Inspector,
    InterestedPartyHeard,
    InterestedPartyNotified,
    SiteCheckRecorded,
)
from contracts.events.common import DueDate, Event, LimitUnit
from services.certificate.files import contents_procedure as c
from services.certificate.files.contents_base import (
    ART_7_36,
    ART_34_3,
    ART_36,
    ART_42_1,
    ART_42_2,
    ART_45,
    ART_46_48,
    ART_47,
    ART_48,
    BUSINESS_36,
    LICENSING_LAW,
)
from services.certificate.papers import ending_papers
from services.certificate.papers.paper_contents import CaseFacts, Draft, is_licence
from services.certificate.settings import CertificateSettings
from services.chassis.clock import local_date
from services.kernel.time_limit import Unit
from services.kernel.why import UNITS_ZH
from services.kernel.workdays import WorkCalendar

_WHERE_ANNOUNCED = "听证通知书载明的地点"
_IN_SHORT = "行政许可法"
_NOBODY = "无当事人到场"


def _suspended(event: CaseSuspended, case: CaseFacts, calendar: WorkCalendar) -> Draft:
    expected = _expected_due(event, case, calendar)

    def build(head: dict[str, Any]) -> c.SpecialProcedureNotice:
        return c.SpecialProcedureNotice(
            **head,
            procedure=event.kind_name,
            reason=event.cause or event.notice,
            basis=_in_full(event.article) or ART_45,
            starts_on=local_date(event.suspended_at),
            time_needed=f"{event.expected_workdays}个工作日",
            expected_until=event.expected_end.on,
            expected_until_provisional=event.expected_end.provisional,
            due_on=event.legal_due.on,
            due_provisional=event.legal_due.provisional,
            expected_due_on=expected.on if expected else None,
            expected_due_provisional=expected.provisional if expected else False,
            approver_name=event.approved_by.name,
            notice=event.notice if event.cause else "",
        )

    return Draft("SPECIAL_PROCEDURE_NOTICE", case, event.suspended_at, build, _moment(event.suspended_at))


def _expected_due(event: CaseSuspended, case: CaseFacts, calendar: WorkCalendar) -> DueDate | None:
    """The legal date if the pause lasts as long as told: the same number of days later."""
    first, last = local_date(event.suspended_at), event.expected_end.on
    if first.year < calendar.first_year:
        return None
    if case.item.legal_limit.unit is LimitUnit.WORKDAY:
        on = calendar.earliest_workday(event.legal_due.on, calendar.earliest_between(first, last))
    else:
        on = calendar.earliest_workday(event.legal_due.on + timedelta(days=(last - first).days), 0)
    return DueDate(on=on, provisional=calendar.is_provisional(on))


def _extended(event: CaseExtended, case: CaseFacts) -> Draft:
    joint = "第二款" in event.article
    rule = case.item.extension
    usual = "本级人民政府负责人" if joint else "本行政机关负责人"

    def build(head: dict[str, Any]) -> c.ExtensionNotice:
        return c.ExtensionNotice(
            **head,
            reason=event.reason,
            extended_by=f"{event.value}{UNITS_ZH[Unit(event.unit.value)]}",
            due_on=event.previous_legal_due.on,
            due_provisional=event.previous_legal_due.provisional,
            new_due_on=event.legal_due.on,
            new_due_provisional=event.legal_due.provisional,
            approver_name=event.approved_by.name,
            approver_post=(rule.approver if rule else "") or usual,
            basis=_in_full(event.article) or (ART_42_2 if joint else ART_42_1),
        )

    return Draft("EXTENSION_NOTICE", case, event.extended_at, build)


def _right_to_hearing(event: HearingTold, case: CaseFacts, settings: CertificateSettings) -> Draft:
    def build(head: dict[str, Any]) -> c.HearingRightNotice:
        return c.HearingRightNotice(
            **head,
            addressees=event.persons or case.applicants,
            matter=_matter(case),
            notice=event.notice,
            request_by=event.request_by.on,
            request_by_provisional=event.request_by.provisional,
            contact=settings.contact,
            basis=_basis(case, ART_47),
        )

    return Draft("HEARING_RIGHT_NOTICE", case, event.told_at, build, _moment(event.told_at))


def _hearing(event: HearingAnnounced, case: CaseFacts, settings: CertificateSettings) -> Iterator[Draft]:
    """To those concerned, and to everybody when the hearing is announced to the public (art. 48(1))."""
    said: dict[str, Any] = {
        "matter": _matter(case),
        "notice": event.notice,
        "held_at": event.takes_place_at,
        "place": event.place,
        "chair_name": event.chair.name,
        "contact": settings.contact,
    }
    occasion = _moment(event.announced_at)

    def notice(head: dict[str, Any]) -> c.HearingNotice:
        return c.HearingNotice(
            **head, **said, basis=_basis(case, ART_48), addressees=(case.everybody, "有关利害关系人")
        )

    def announcement(head: dict[str, Any]) -> c.HearingAnnouncement:
        return c.HearingAnnouncement(**head, **said, basis=_basis(case, ART_46_48))

    yield Draft("HEARING_NOTICE", case, event.announced_at, notice, occasion)
    if event.public:
        yield Draft("HEARING_ANNOUNCEMENT", case, event.announced_at, announcement, occasion)


def _hearing_record(event: HearingHeld, case: CaseFacts) -> Draft:
    def build(head: dict[str, Any]) -> c.HearingRecord:
        return c.HearingRecord(
            **head,
            matter=_matter(case),
            held_at=event.took_place_at,
            place=event.place or _WHERE_ANNOUNCED,
            chair_name=event.chair.name,
            recorder_name=event.recorded_by.name,
            participants=tuple(c.Participant(name=name, role=_role(name, case)) for name in event.participants),
            record=event.record,
            basis=_basis(case, ART_48),
        )

    return Draft("HEARING_RECORD", case, event.held_at, build, _moment(event.took_place_at))


def _interested_party(event: InterestedPartyNotified, case: CaseFacts, settings: CertificateSettings) -> Draft:
    def build(head: dict[str, Any]) -> c.InterestedPartyNotice:
        return c.InterestedPartyNotice(
            **head,
            party_name=event.name,
            matter=_matter(case),
            notice=event.notice,
            interest=event.interest,
            speak_by=event.speak_by.on,
            speak_by_provisional=event.speak_by.provisional,
            contact=settings.contact,
            basis=_basis(case, ART_36),
        )

    return Draft("INTERESTED_PARTY_NOTICE", case, event.notified_at, build, str(event.party_no))


def _statement(event: InterestedPartyHeard, case: CaseFacts) -> Draft:
    in_writing = event.recorded_by.role in c.APPLICANTS

    def build(head: dict[str, Any]) -> c.StatementRecord:
        return c.StatementRecord(
            **head,
            speaker_name=event.name,
            speaker_role="利害关系人",
            spoken_at=event.heard_at,
            officers=c.ONLINE if in_writing else (event.recorded_by.name,),
            in_writing=in_writing,
            statement=event.statement,
            basis=_basis(case, ART_36),
        )

    occasion = f"{event.party_no} {_moment(event.heard_at)}"
    return Draft("STATEMENT_RECORD", case, event.heard_at, build, occasion)


def _own_statement(event: ApplicantHeard, case: CaseFacts) -> Draft:
    """Of the applicant's side; what it handed in itself is kept in its words, without anybody's signature."""
    in_writing = event.recorded_by.role in c.APPLICANTS
    basis = _basis(case, ART_7_36)

    def build(head: dict[str, Any]) -> c.StatementRecord:
        return c.StatementRecord(
            **head,
            speaker_name=event.name,
            speaker_role="代理人" if case.agent and event.name == case.agent.name else "申请人",
            spoken_at=event.heard_at,
            officers=c.ONLINE if in_writing else (event.recorded_by.name,),
            in_writing=in_writing,
            statement=event.statement,
            basis=basis,
        )

    return Draft("STATEMENT_RECORD", case, event.heard_at, build, f"0 {_moment(event.heard_at)}")


def _site_check(event: SiteCheckRecorded, case: CaseFacts) -> Draft:
    def build(head: dict[str, Any]) -> c.SiteCheckRecord:
        return c.SiteCheckRecord(
            **head,
            officers=tuple(c.Officer(name=one.name, number=_number(one)) for one in event.inspectors),
            checked_at=event.checked_at,
            place=event.place,
            facts=event.facts,
            conclusion="经核查，符合要求。" if event.passed else "经核查，不符合要求。",
            photos=tuple(c.Photo(name=f"现场照片{number}") for number in range(1, event.photos + 1)),
            party_name=event.party_present or _NOBODY,
            party_present=bool(event.party_present),
            basis=_basis(case, ART_34_3),
        )

    return Draft("SITE_CHECK_RECORD", case, event.recorded_at, build, _moment(event.checked_at))


def _basis(case: CaseFacts, article: str) -> str:
    """The Licensing Law's article commands for a licence; another matter follows it by analogy beside its own basis."""
    return article if is_licence(case.item) else f"{'、'.join(case.item.basis) or BUSINESS_36}，参照{article}"


def _in_full(article: str) -> str:
    """Approval names the law in short; a paper by its title."""
    return f"{LICENSING_LAW}{article.removeprefix(_IN_SHORT)}" if article.startswith(_IN_SHORT) else article


def _number(inspector: Inspector) -> str:
    """The number of the service card; the account tells officers apart where no number was given."""
    return inspector.officer_no or f"工号{inspector.account_id}"


def _role(name: str, case: CaseFacts) -> str:
    if name in case.applicants:
        return "申请人"
    return "代理人" if case.agent and name == case.agent.name else "参加人"


def _matter(case: CaseFacts) -> str:
    return f"{case.everybody}申请办理“{case.item.name}”。"


def _moment(at: datetime) -> str:
    return at.isoformat()


_PAPERS: dict[type[Event], Callable[[Any, CaseFacts, CertificateSettings], Iterable[Draft]]] = {
    CaseExtended: lambda event, case, _: [_extended(event, case)],
    HearingTold: lambda event, case, settings: [_right_to_hearing(event, case, settings)],
    HearingAnnounced: _hearing,
    HearingHeld: lambda event, case, _: [_hearing_record(event, case)],
    InterestedPartyNotified: lambda event, case, settings: [_interested_party(event, case, settings)],
    InterestedPartyHeard: lambda event, case, _: [_statement(event, case)],
    ApplicantHeard: lambda event, case, _: [_own_statement(event, case)],
    SiteCheckRecorded: lambda event, case, _: [_site_check(event, case)],
    CaseTerminated: lambda event, case, settings: [ending_papers.terminated(event, case, settings)],
    CaseTransferred: lambda event, case, settings: [ending_papers.transferred(event, case, settings)],
}
HEARD: tuple[type[Event], ...] = (CaseSuspended, *_PAPERS)


def drafts(event: Event, case: CaseFacts, settings: CertificateSettings, calendar: WorkCalendar) -> Iterable[Draft]:
    """The papers that this fact, one of HEARD, causes."""
    if isinstance(event, CaseSuspended):
        return [_suspended(event, case, calendar)]
    return _PAPERS[type(event)](event, case, settings)
