"""Registration of another region's library: by the administrator over HTTP, or from a file with `add-peer`."""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.certificate.certificate_types import queries as type_queries
from services.certificate.domain.errors import PeerImpossible
from services.certificate.domain.peering import asked_by, asked_of
from services.certificate.domain.sharing import DATA
from services.certificate.peers import rows
from services.certificate.peers.schemas import PeerIn, PeerOut
from services.certificate.settings import CertificateSettings
from services.certificate.sharing import callers
from services.chassis.auth import Principal
from services.chassis.database import Answer, Database, Idempotency
from services.chassis.settings import Profile
from services.kernel.codes import in_division
from services.kernel.errors import FieldError


async def register(db: Database, idem: Idempotency, body: PeerIn, by: Principal, *, now: datetime) -> Answer:
    """Raises PeerImpossible."""
    async with db.transaction(idem) as uow:
        shown = await save(uow.connection, body, by.subject, now=now)
        return uow.answer(201, shown)


def check(body: PeerIn, settings: CertificateSettings) -> None:
    """Raises PeerImpossible: our own region, one that contains or lies in ours, or an address anybody can listen to."""
    ours = settings.division
    if in_division(body.region, ours) or in_division(ours, body.region):
        raise PeerImpossible(errors=[FieldError("/region", "own-region", "不能登记本地区或与本地区相互包含的地区")])
    if settings.profile is Profile.PRODUCTION and not body.base_url.startswith("https://"):
        raise PeerImpossible(errors=[FieldError("/base_url", "https", "应为 https:// 开头的地址")])


async def save(connection: AsyncConnection, body: PeerIn, by: str, *, now: datetime) -> PeerOut:
    """The peer, and what each side may ask as two registrations of callers; all three at once."""
    stamp: dict[str, Any] = {"registered_by": by, "registered_at": now}
    standing = {"valid_from": body.valid_from, "valid_until": body.valid_until, "closed": body.closed}
    asked, asking = body.may_ask, body.we_ask
    every = await type_queries.everything(connection)
    theirs = asked.model_dump(exclude={"fields"}) | {
        "caller": asked_by(body.region),
        "name": body.name,
        "types": asked.types or sorted(every),
        "fields_shown": list(asked.fields or DATA),
    }
    ours = {
        "caller": asked_of(body.region),
        "name": f"向{body.name}查询",
        "types": sorted(set(asking.types.values())),
        "fields_shown": [],
        "purposes": list(asking.purposes),
        "daily_limit": asking.daily_limit,
    }
    await callers.register(connection, [theirs | standing | stamp])
    await callers.register(connection, [ours | standing | stamp])
    state = body.model_dump(mode="json", exclude={"keys", "seal_roots", "stamp_roots"})
    await callers.note_change(connection, asked_by(body.region), "REGISTERED", by, "", state, now)
    row = {
        "region": body.region,
        "name": body.name,
        "base_url": body.base_url,
        "jwks": body.keys,
        "seal_roots": body.seal_roots,
        "stamp_roots": body.stamp_roots,
        "types": asking.types,
        "trust_days": asking.trust_days,
    }
    await rows.save_peer(connection, row | standing | stamp)
    (found,) = [one for one in await rows.all_peers(connection) if one.region == body.region]
    return peer_out(found)


def peer_out(row: Any) -> PeerOut:
    names = ("region", "name", "base_url", "types", "trust_days", "valid_from", "valid_until", "closed", "head_size")
    return PeerOut(
        **{name: getattr(row, name) for name in names},
        key_ids=[key["kid"] for key in row.jwks],
        registered_by=row.registered_by,
        registered_at=row.registered_at,
    )
