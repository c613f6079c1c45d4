"""The one table of what the gateway serves: address and method -> service, access, body limit, deadline."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from gateway.problems import method_not_allowed, not_found

MIB = 2**20
BODY_LIMIT = MIB
UPLOAD_LIMIT = 21 * MIB
API = "/api/v1"


class Access(StrEnum):
    PUBLIC = "public"  # anybody; a valid token is passed on
    TOKEN = "token"  # noqa: S105  a valid session or token, or 401
    OWN = "own"  # identity's addresses check for themselves: Authorization and cookies pass untouched


@dataclass(frozen=True)
class Route:
    """`{name}` in the template stands for one path segment; `{*}` at its end for all the rest.

    `deadline` is seconds from the end of the request body to the head of the answer; `upload` seconds for the body.
    """

    methods: frozenset[str]
    template: str
    service: str
    access: Access = Access.TOKEN
    body_limit: int = BODY_LIMIT
    deadline: float = 10.0
    upload: float = 180.0


GATEWAY = "gateway"
LOGIN = "/login"
_READ = frozenset({"GET", "HEAD"})
_WRITE = frozenset({"POST"})
_ANY = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})


def _read(service: str, *templates: str, access: Access = Access.TOKEN, deadline: float = 10.0) -> list[Route]:
    return [Route(_READ, t, service, access, deadline=deadline) for t in templates]


def _act(service: str, *templates: str, access: Access = Access.TOKEN, deadline: float = 15.0) -> list[Route]:
    return [Route(_WRITE, t, service, access, deadline=deadline) for t in templates]


def _upload(service: str, template: str, access: Access = Access.TOKEN) -> Route:
    # Half an hour: 20 MiB over a township's 100 kbit/s line.
    return Route(_WRITE, template, service, access, UPLOAD_LIMIT, deadline=60.0, upload=1800.0)


def _rest(service: str, *prefixes: str) -> list[Route]:
    """Everything else below a prefix: needs a token, so an address nobody listed is never open."""
    return [Route(_ANY, f"{prefix}/{{*}}", service, deadline=15.0) for prefix in prefixes]


_APPLICATION = f"{API}/applications/{{application_id}}"
_CASE = f"{API}/cases/{{case_no}}"
_SHARING = f"{API}/certificate-sharing"
_CALLER = f"{API}/certificate-callers/{{caller}}"
_CERTIFICATE = f"{API}/certificates/{{identifier}}"
_BUNDLE = f"{API}/bundle-applications/{{bundle_no}}"

TABLE: tuple[Route, ...] = (
    # the gateway's own
    *_read(
        GATEWAY,
        *("/", "/docs", "/docs/problems", "/assets/{name}", f"{API}/openapi.json", "/livez", "/readyz", "/metrics"),
        *("/favicon.ico", "/session", "/session/login", "/session/callback", "/session/logout"),
        access=Access.PUBLIC,
    ),
    *_act(GATEWAY, "/session/logout", access=Access.PUBLIC),
    *_read(GATEWAY, _CASE),
    # identity
    *[
        Route(_ANY, template, "identity", Access.OWN, body_limit=64 * 1024)
        for template in ("/oauth/{*}", LOGIN, "/login/{*}", "/logout")
    ],
    *_read("identity", "/.well-known/openid-configuration", "/.well-known/jwks.json", access=Access.OWN),
    *_read("identity", "/.well-known/oauth-authorization-server", access=Access.OWN),
    *_rest("identity", f"{API}/accounts", f"{API}/identity"),
    # intake
    *_read("intake", f"{API}/items", f"{API}/items/{{item_code}}", access=Access.PUBLIC),
    *_act("intake", f"{API}/cases/progress", access=Access.PUBLIC),
    *_read("intake", f"{API}/applications", _APPLICATION, f"{_CASE}/application"),
    *_act("intake", f"{API}/applications", f"{API}/applications/search", f"{_CASE}/hand-over"),
    *_act("intake", *(f"{_APPLICATION}/{act}" for act in ("receipt", "acceptance", "refusal", "withdrawal"))),
    *_act("intake", *(f"{_APPLICATION}/{act}" for act in ("supplement-notice", "supplements"))),
    *_act("intake", *(f"{_APPLICATION}/{act}" for act in ("corrections", "return", "claim", "originals"))),
    *_act("intake", *(f"{_APPLICATION}/{act}" for act in ("deferred-materials", "commitment-checks"))),
    *_read("intake", *(f"{API}/items/{{item_code}}/{part}" for part in ("acceptance-order", "running"))),
    *_act("intake", *(f"{API}/items/{{item_code}}/{act}" for act in ("quota", "moves", "materials-plan"))),
    *_read("intake", f"{API}/calendars", f"{API}/barred-applicants"),
    *_act("intake", f"{API}/barred-applicants"),
    *_act("intake", f"{API}/calendars/{{year}}", deadline=30.0),
    _upload("intake", f"{_APPLICATION}/materials"),
    *_read("intake", f"{_APPLICATION}/materials/{{material_no}}/file", deadline=60.0),
    *_read("intake", f"{API}/bundles", f"{API}/bundles/{{bundle_id}}", access=Access.PUBLIC),
    *_act("intake", f"{API}/bundles/{{bundle_id}}/plan", access=Access.PUBLIC),
    *_act("intake", f"{API}/bundles/{{bundle_id}}/materials-plan"),
    *_read("intake", f"{API}/reuse/uploads-avoided"),
    *_read("intake", f"{API}/bundle-applications", _BUNDLE),
    *_act("intake", f"{API}/bundle-applications", f"{_BUNDLE}/members/{{member_id}}/result"),
    *_act("intake", *(f"{_BUNDLE}/{act}" for act in ("receipt", "acceptance", "extension", "stages"))),
    *_act("intake", f"{_BUNDLE}/supplement-notice", f"{_BUNDLE}/supplements"),
    *_act("intake", f"{_BUNDLE}/hand-over", f"{_BUNDLE}/withdrawal"),
    _upload("intake", f"{_BUNDLE}/materials"),
    *_rest("intake", f"{API}/items", f"{API}/applications", f"{API}/bundles", f"{API}/bundle-applications"),
    # approval
    *_read("approval", f"{API}/tasks", f"{_CASE}/examination", f"{_CASE}/hearing"),
    *_act("approval", f"{_CASE}/hearing/application", f"{_CASE}/statements"),
    *_act("approval", *(f"{_CASE}/{act}" for act in ("opinions", "decision"))),
    *_act("approval", *(f"{_CASE}/{act}" for act in ("suspensions", "resumption", "extension"))),
    *_act("approval", *(f"{_CASE}/{act}" for act in ("inspectors", "site-checks", "interested-parties"))),
    *_act("approval", *(f"{_CASE}/{act}" for act in ("first-level", "passing-up", "termination", "transfer"))),
    *_act("approval", *(f"{_CASE}/hearing/{act}" for act in ("notice", "request", "waiver", "announcement", "record"))),
    *_act("approval", f"{_CASE}/interested-parties/{{number}}/statements"),
    *_act("approval", f"{_CASE}/consultations", f"{_CASE}/consultations/{{number}}/answer"),
    *_read("approval", f"{API}/consultations"),
    *_read("approval", f"{API}/standing-decisions", f"{API}/standing-decisions/{{decision_id}}"),
    *_act("approval", *(f"{API}/standing-decisions/{{decision_id}}/{act}" for act in ("statements", "decision"))),
    *_act("approval", *(f"{_CERTIFICATE}/{act}" for act in ("rescission", "annulment", "deregistration"))),
    *_act("approval", *(f"{_CERTIFICATE}/{act}" for act in ("amendment", "revocation"))),
    *_read("approval", f"{API}/recalls"),
    *_act("approval", f"{API}/recalls/{{recall_id}}/conclusion"),
    *_act("approval", f"{API}/calendars/{{year}}/step-days", deadline=30.0),
    *_rest("approval", *(f"{API}/{part}" for part in ("tasks", "consultations", "standing-decisions", "recalls"))),
    # certificate
    *_read("certificate", f"{API}/certificates/verify", f"{API}/certificates/jwks.json", access=Access.PUBLIC),
    *_read("certificate", f"{API}/certificates/types", f"{API}/certificates/types/{{code}}", access=Access.PUBLIC),
    *_read(
        "certificate",
        *(f"{API}/certificates/log/{part}" for part in ("head", "heads", "heads/{size}", "inclusion")),
        *(f"{API}/certificates/log/{part}" for part in ("consistency", "leaves", "strays")),
        access=Access.PUBLIC,
    ),
    *_read("certificate", "/.well-known/certificate-jwks.json", "/c/{identifier}", access=Access.PUBLIC),
    _upload("certificate", f"{API}/certificates/verify", Access.PUBLIC),
    *_act("certificate", f"{API}/certificates/search"),
    *_act("certificate", f"{_CERTIFICATE}/presentations", f"{_CERTIFICATE}/presentations/withdrawal"),
    *_act("certificate", f"{API}/certificates/presented", access=Access.PUBLIC),
    *_read("certificate", f"{API}/certificates/access-log", f"{API}/certificate-callers", f"{API}/certificate-reads"),
    *_read("certificate", f"{API}/certificates/authorisations"),
    *_act("certificate", f"{API}/certificates/authorisations"),
    *_act("certificate", f"{API}/certificates/authorisations/{{authorisation_id}}/revocation"),
    *_act("certificate", *(f"{_SHARING}/{act}" for act in ("search", "by-holder", "by-identifier", "verify"))),
    *_act("certificate", f"{_SHARING}/file", deadline=60.0),
    *_act("certificate", f"{API}/certificate-callers", *(f"{_CALLER}/{act}" for act in ("suspension", "resumption"))),
    *_read("certificate", _CALLER, f"{API}/certificate-peers", f"{API}/certificates/elsewhere"),
    *_read("certificate", f"{_CASE}/certificates-elsewhere", f"{API}/withheld-certificates"),
    *_act("certificate", f"{API}/withheld-certificates/{{withheld_id}}/fields"),
    *_act("certificate", f"{API}/certificate-peers", f"{API}/certificates/elsewhere"),
    *_act("certificate", f"{API}/certificate-peers/queries", f"{API}/certificate-peers/notices", access=Access.PUBLIC),
    *_act("certificate", *(f"{_CERTIFICATE}/{act}" for act in ("loss", "loss/withdrawal", "reissue"))),
    *_read("certificate", f"{API}/certificates/{{identifier}}", f"{_CASE}/papers"),
    *_act("certificate", *(f"{_CERTIFICATE}/{act}" for act in ("prints", "copies"))),
    *_read("certificate", f"{_CERTIFICATE}/copies", f"{_CERTIFICATE}/papers"),
    *_read("certificate", f"{_CERTIFICATE}/copies/{{copy_id}}/file", deadline=60.0),
    *_read("certificate", f"{API}/certificates/{{identifier}}/file", f"{API}/papers/{{paper_id}}/file", deadline=60.0),
    *_rest("certificate", f"{API}/certificates", f"{API}/papers", f"{API}/certificate-callers"),
    *_rest("certificate", f"{API}/certificate-peers", f"{API}/withheld-certificates"),
    # supervision
    *_read("supervision", f"{API}/supervision/cases/{{case_no}}", f"{API}/supervision/lights", f"{_CASE}/clocks"),
    *_read("supervision", f"{API}/supervision/findings", f"{API}/supervision/orders"),
    *_read("supervision", f"{API}/supervision/statistics", deadline=30.0),
    *_act("supervision", f"{_CASE}/rating", f"{API}/complaints"),
    *_act("supervision", f"{API}/supervision/orders", f"{API}/supervision/orders/{{order_no}}/reply"),
    *_rest("supervision", f"{API}/supervision", f"{API}/complaints"),
)

_REST = "{*}"
_ONE = "{}"


class _Node:
    """One step of a path: literals first, then any one segment, then the rest."""

    def __init__(self) -> None:
        self.below: dict[str, _Node] = {}
        self.routes: dict[str, Route] = {}

    def add(self, route: Route) -> None:
        node = self
        for segment in route.template.strip("/").split("/"):
            key = _REST if segment == _REST else _ONE if segment.startswith("{") else segment
            node = node.below.setdefault(key, _Node())
        for method in route.methods:
            if method in node.routes:
                raise ValueError(f"two routes for {method} {route.template}")
            node.routes[method] = route

    def candidates(self, segments: list[str], at: int = 0) -> "Iterable[_Node]":
        """Nodes that match, the most literal first."""
        if at == len(segments):
            if self.routes:
                yield self
            return
        for key in (segments[at], _ONE):
            if (child := self.below.get(key)) is not None and not (key == _ONE and not segments[at]):
                yield from child.candidates(segments, at + 1)
        if (rest := self.below.get(_REST)) is not None:
            yield rest


class Router:
    def __init__(self, table: Iterable[Route] = TABLE) -> None:
        self._root = _Node()
        for route in table:
            self._root.add(route)

    def find(self, method: str, path: str) -> tuple[Route, list[str]]:
        """The route and the path's segments.

        Raises:
            Refused: 404 when no address matches, 405 when one does but not with this method.
        """
        segments = path.strip("/").split("/")
        node = next(iter(self._root.candidates(segments)), None)
        if node is None or path != "/" + "/".join(segments):
            raise not_found()
        route = node.routes.get(method)
        if route is None:
            raise method_not_allowed(frozenset(node.routes))
        return route, segments


def service_of(path_template: str, method: str) -> Route | None:
    """The route of an OpenAPI path template, or None when the gateway does not serve it."""
    same: Mapping[str, Route] = {
        _shape(route.template): route for route in TABLE if method in route.methods and _REST not in route.template
    }
    if (route := same.get(_shape(path_template))) is not None:
        return route
    rest = [r for r in TABLE if _REST in r.template and path_template.startswith(r.template.removesuffix(_REST))]
    return max(rest, key=lambda r: len(r.template), default=None)


def _shape(template: str) -> str:
    return "/".join(_ONE if part.startswith("{") else part for part in template.split("/"))
