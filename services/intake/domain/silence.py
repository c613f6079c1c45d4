"""What the law brings about when nobody acts: acceptance by silence, return, renewal by silence. Pure."""

from dataclasses import replace
from datetime import date, datetime

from services.intake.domain.application import (
    Application,
    answered_by,
    counted_from,
    renewed_by_silence,
    require,
)
from services.intake.domain.catalogue import ServiceItem
from services.intake.domain.errors import NotYetDue, RenewedBySilence
from services.intake.domain.materials import missing, to_check
from services.intake.domain.records import SYSTEM, Deemed, Outcome
from services.intake.domain.states import Act, State
from services.intake.domain.supplement import lapses_at
from services.intake.domain.windows import closes_at
from services.kernel.time_limit import DueDate, end_of


def wakes_at(application: Application) -> datetime | None:
    """The next instant at which something happens to the application by law; None while nothing does.

    A provisional date brings nothing about: it is not final.
    """
    if application.state is State.RECEIVED:
        return answered_by(application)
    if application.state is State.CORRECTION and application.supplement is not None:
        return lapses_at(application.supplement)
    renews = application.renews
    if application.course.window is not None:
        return closes_at(application)
    if application.state is State.ACCEPTED and renews is not None and renews.silence_renews:
        return end_of(renews.valid_until)
    return None


def deem_accepted(
    application: Application,
    item: ServiceItem,
    *,
    legal_due: DueDate,
    promised_due: DueDate,
    now: datetime,
    order: int | None = None,
    check_by: date | None = None,
) -> Application:
    """Acceptance by silence (视为受理), as of the day the materials were received; what is missing does not matter.

    Source: Administrative Licensing Law art. 32(4): not told in time, accepted from the day the materials came in.
    """
    require(application, Act.DEEM_ACCEPTED)
    until = answered_by(application)
    if until is None or now < until:
        raise NotYetDue("一次性告知期限尚未届满")
    lacking = tuple(m.material_no for m in missing(item, application.materials))
    return replace(
        application,
        state=State.ACCEPTED,
        accepted_at=counted_from(application),
        accepted_by=SYSTEM,
        legal_due=legal_due,
        promised_due=promised_due,
        materials=to_check(application.materials, check_by),
        deemed=Deemed(now, lacking),
        acceptance_order=order,
        renews=renewed_by_silence(application),
    )


def require_not_renewed(application: Application, now: datetime) -> None:
    """Raises RenewedBySilence: the date decides, not the timer; nothing is left to withdraw (art. 50 para. 2)."""
    renews, until = application.renews, wakes_at(application)
    renewing = application.course.window is None and renews is not None and renews.silence_renews
    if application.state is State.ACCEPTED and renewing and until is not None and now >= until:
        raise RenewedBySilence(retry_after_seconds=300)


def not_renewable(application: Application) -> Application:
    """The certificate was taken away meanwhile: silence renews nothing, the department decides.

    Source: Administrative Licensing Law arts. 69, 70: what was annulled, rescinded or revoked has no term to prolong.
    """
    renews = application.renews
    return replace(application, renews=replace(renews, silence_renews=False)) if renews is not None else application


def renewed_from(application: Application) -> datetime | None:
    """When silence decides: at the end of the old term; what was accepted only after it, when it was accepted."""
    until = wakes_at(application)
    return max(until, application.accepted_at or until) if until is not None else None


def deem_renewed(application: Application, *, now: datetime, delivery_due: DueDate | None = None) -> Application:
    """Renewal by silence (视为准予延续): no decision by the last day of the old certificate.

    Decided as of `renewed_from`, whenever it is found.

    Source: Administrative Licensing Law art. 50 para. 2.
    """
    require(application, Act.DEEM_RENEWED)
    until, renews = wakes_at(application), application.renews
    if until is None or renews is None or now < until:
        raise NotYetDue("原证有效期尚未届满")
    return replace(
        application,
        state=State.DECIDED,
        outcome=Outcome.GRANTED,
        decided_at=renewed_from(application),
        delivery_due=delivery_due,
        renews=replace(renews, renewed_at=until),
    )
