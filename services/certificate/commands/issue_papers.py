"""Papers: one of each kind and occasion per case, numbered by body and year without gaps; files are made later."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from contracts.events.certificate import PaperIssued, PaperKind
from services.certificate import repository
from services.certificate.commands.issue_certificates import file_job
from services.certificate.domain.numbers import CounterKey, paper_number
from services.certificate.domain.paper import FORMS
from services.certificate.files import contents
from services.certificate.files.records import RECEIPT_TYPE
from services.certificate.kit import Kit
from services.certificate.papers.paper_contents import CaseFacts, Draft, header
from services.chassis.bus import NotYet
from services.chassis.clock import local_date
from services.chassis.database import UnitOfWork
from services.chassis.ids import uuid7

_FIRST = 1


async def issue_papers(uow: UnitOfWork, drafts: Sequence[Draft], kit: Kit) -> None:
    """Number and store these papers; a paper that its case has already changes nothing."""
    wanted = {(draft.case_id, draft.kind, draft.occasion): draft for draft in drafts}
    known = await repository.known_papers(uow.connection, wanted)
    new = [draft for key, draft in wanted.items() if key not in known]
    if not new:
        return
    counters = [_counter(draft) for draft in new]
    taken = await repository.take_numbers(uow.connection, Counter(counters))
    rows = []
    for draft, counter in zip(new, counters, strict=True):
        rows.append(_row(draft, taken[counter], kit))
        taken[counter] += 1
    await repository.add_papers(uow.connection, rows)
    await repository.add_jobs(uow.connection, [file_job("PAPER", row["id"]) for row in rows])
    for row in rows:
        _publish(uow, row)


async def case_copies(uow: UnitOfWork, case_ids: set[UUID]) -> dict[UUID, CaseFacts]:
    """What was kept of these cases.

    Raises:
        NotYet: the receipt of one of them has not come yet.
    """
    if not case_ids:
        return {}
    copies = await repository.cases(uow.connection, case_ids)
    if any(case_id not in copies or copies[case_id].case_no is None for case_id in case_ids):
        raise NotYet("the receipt of the case has not come yet")
    return {case_id: CaseFacts.of_copy(row) for case_id, row in copies.items()}


def _counter(draft: Draft) -> CounterKey:
    return CounterKey.of_body(draft.issuer.uscc, FORMS[draft.kind].word, local_date(draft.at))


def _row(draft: Draft, ordinal: int, kit: Kit) -> dict[str, object]:
    paper_id = uuid7()
    body = draft.issuer
    year = local_date(draft.at).year
    number = paper_number(kit.settings.region_short_name, body.name, FORMS[draft.kind].word, year, ordinal)
    printed, jws = _signed(draft.build(header(draft, paper_id, number, kit.settings.public_url)), draft, kit)
    job = contents.Job(contents=printed, seal=draft.seal, at=draft.at.replace(microsecond=0))
    return {
        "id": paper_id,
        "version": _FIRST,
        "case_id": draft.case_id,
        "case_no": draft.case_no,
        "kind": draft.kind,
        "occasion": draft.occasion,
        "number": number,
        "body_uscc": body.uscc,
        "body_name": body.name,
        "addressee_uscc": draft.addressee,
        "order_no": draft.order_no,
        "certificate_id": draft.certificate_id,
        "issued_at": draft.at,
        "contents_sealed": kit.seal_contents(contents.dump_job(job)),
        "jws_sealed": kit.seal_record(jws) if jws else None,
        "file_name": None,
        "file_sha256": None,
        "file_at": None,
    }


def _signed(paper: contents.AnyPaper, draft: Draft, kit: Kit) -> tuple[contents.AnyPaper, str]:
    """A receipt carries its signed record; other papers have none."""
    if draft.record is None or not isinstance(paper, contents.Receipt):
        return paper, ""
    jws = kit.signer.sign_compact(draft.record(paper), typ=RECEIPT_TYPE)
    return replace(paper, signed_record=jws), jws


def _publish(uow: UnitOfWork, row: dict[str, object]) -> None:
    event = PaperIssued.model_validate(
        {
            "paper_id": row["id"],
            "kind": PaperKind(str(row["kind"])),
            "number": row["number"],
            "case_no": row["case_no"],
            "case_id": row["case_id"],
            "issued_at": row["issued_at"],
            "order_no": row["order_no"],
        }
    )
    uow.publish(event, aggregate_id=event.paper_id, version=_FIRST)
