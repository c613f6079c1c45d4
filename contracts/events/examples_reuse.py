"""Examples of the facts of reuse: relied upon, recalled, looked at again."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from contracts.events import reuse
from contracts.events.certificate import CertificateStatus
from contracts.events.common import Actor, Event, OrganisationRef

_LICENCE = "1.2.156.3005.2.11431202006100029C002.11431202006100029C.JY24312020000001.001.I"
_RECALL = UUID("01990000-0000-7000-8000-0000000000e1")
_AT = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
_LATER = datetime(2027, 3, 9, 3, 0, tzinfo=UTC)


def reuse_examples(whole: dict[str, Any], *, chief: Actor) -> tuple[Event, ...]:
    """`whole`: what the events of the usual way say of the same application."""
    item = whole["item"]
    case = {"case_id": whole["application_id"], "case_no": whole["case_no"]}
    return (
        reuse.CertificateReliedUpon(
            identifier=_LICENCE,
            holder_key=whole["applicant"].subject_key,
            item_code=item.item_code,
            materials=(2,),
            department=item.department,
            relied_at=_AT,
            **case,
        ),
        reuse.CaseRecalled(
            recall_id=_RECALL,
            department=item.department,
            concluded=True,
            identifier=_LICENCE,
            status=CertificateStatus.ANNULLED,
            through=(_LICENCE,),
            taken_away_at=_LATER,
            recalled_at=_LATER,
            **case,
        ),
        _unfounded(item.department, case),
        reuse.RecallConcluded(
            recall_id=_RECALL,
            outcome=reuse.RecallOutcome.STANDS,
            reasons="该材料另有纸质原件，不影响准予的条件",
            concluded_at=_LATER,
            concluded_by=chief,
            **case,
        ),
    )


def _unfounded(reader: OrganisationRef, case: dict[str, Any]) -> reuse.AccessUnfounded:
    return reuse.AccessUnfounded(
        access_id=_RECALL,
        identifier=_LICENCE,
        act="RECORD",
        account_id="account-handler",
        reader=reader.name,
        reader_uscc=reader.uscc,
        division=reader.division,
        lacking="/purpose required",
        why="未填申请事由",
        read_at=_LATER,
        **case,
    )
