"""Who calls: a Bearer token, or the session cookie with its cross-site check; and how much they may call."""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

from gateway.asgi import Exchange, Request
from gateway.limits import Buckets, Policy, client_address
from gateway.problems import Refused, malformed, service_away, too_many, unauthenticated
from gateway.routes import GATEWAY, LOGIN, Access, Route
from gateway.session import Sessions, check_same_site
from gateway.settings import GatewaySettings
from services.chassis.auth import KeysAway, Principal, Verifier
from services.chassis.errors import Unauthenticated

_SAFE = frozenset({"GET", "HEAD"})


@dataclass(frozen=True)
class Caller:
    """`token` is what services get; empty for somebody unknown."""

    address: str
    token: str = ""
    principal: Principal | None = None


class AccessControl:
    def __init__(self, settings: GatewaySettings, sessions: Sessions, verifier: Verifier, buckets: Buckets) -> None:
        self._sessions = sessions
        self._verifier = verifier
        self._buckets = buckets
        self._origin = settings.public_origin
        self._trusted: tuple[IPv4Network | IPv6Network, ...] = settings.proxy_networks()
        self._person = Policy("person", settings.rate_limit_person)
        self._system = Policy("system", settings.rate_limit_system)
        self._address = Policy("address", settings.rate_limit_address)
        self._logins = Policy("login", settings.rate_limit_login)

    async def admit(self, exchange: Exchange, route: Route) -> Caller:
        """The caller of a request that may go on.

        Raises:
            Refused: 400, 401, 403, 429, or 503 when identity is needed and away.
        """
        request = exchange.request
        if request.repeated:
            raise malformed("请求头重复", "A header that may come once came twice")
        address = client_address(request.peer, request.headers.get("x-forwarded-for", ""), self._trusted)
        try:
            caller = await self._identified(exchange, route, address)
        except Refused as refused:
            if refused.status == 401:
                # Guessing is paid from the address's bucket.
                self._charge(exchange, address, self._address)
            raise
        self._charge(exchange, *self._bucket(caller))
        # In advance: of many guesses at once not one has been answered when the last of them comes in.
        if _is_login(exchange, route) and not (verdict := self._buckets.take(address, self._logins)).allowed:
            raise too_many(verdict.retry_after_seconds)
        return caller

    def answered(self, exchange: Exchange, route: Route, caller: Caller) -> None:
        """A wrong password is paid by its address, a right one costs nothing: a hall full of people shares one."""
        if _is_login(exchange, route) and exchange.status != 401:
            self._buckets.give_back(caller.address, self._logins)

    def _bucket(self, caller: Caller) -> tuple[str, Policy]:
        principal = caller.principal
        if principal is None:
            return caller.address, self._address
        if principal.subject == principal.client_id:
            return principal.client_id, self._system
        return f"{principal.client_id}/{principal.subject}", self._person

    def _charge(self, exchange: Exchange, client: str, policy: Policy) -> None:
        verdict = self._buckets.take(client, policy)
        exchange.common.append((b"ratelimit-policy", policy.header))
        exchange.common.append((b"ratelimit", verdict.header))
        if not verdict.allowed:
            raise too_many(verdict.retry_after_seconds)

    async def _identified(self, exchange: Exchange, route: Route, address: str) -> Caller:
        nobody = Caller(address)
        if route.access is Access.OWN or (route.service == GATEWAY and route.access is Access.PUBLIC):
            return nobody
        public = route.access is Access.PUBLIC
        try:
            known = await self._known(exchange, address)
        except Refused:
            # A public address answers everybody, also those whose login has ended or cannot be checked now.
            if public:
                return nobody
            raise
        if known is None and not public:
            raise unauthenticated()
        return known or nobody

    async def _known(self, exchange: Exchange, address: str) -> Caller | None:
        request = exchange.request
        if (header := request.headers.get("authorization")) is not None:
            scheme, _, token = header.partition(" ")
            if scheme.lower() != "bearer":
                raise unauthenticated("invalid_request")
            return await self._caller(token.strip(), address)
        session, cookies = await self._sessions.of(request)
        exchange.common.extend(cookies)
        if session is None:
            return None
        if request.method not in _SAFE:
            check_same_site(request, self._origin)
        return await self._caller(session.access, address)

    async def _caller(self, token: str, address: str) -> Caller:
        try:
            return Caller(address, token, await self._verifier.verify(token))
        except Unauthenticated:
            raise unauthenticated("invalid_token") from None
        except KeysAway:
            raise service_away("identity") from None


def _is_login(exchange: Exchange, route: Route) -> bool:
    return route.template == LOGIN and exchange.request.method == "POST"


def is_probe_allowed(request: Request) -> bool:
    """Metrics are for the cluster: not for a request that came through a proxy from outside."""
    return "x-forwarded-for" not in request.headers and "forwarded" not in request.headers
