"""The table of routes: every promised address goes where it belongs, and nothing is open by accident."""

import pytest

from gateway.problems import Refused
from gateway.routes import BODY_LIMIT, TABLE, UPLOAD_LIMIT, Access, Router, service_of

CODE, ID = "1143120200610002994000131001000", "0197f3a0-5c1e-7c3a-9d55-3f1b2a4c6d7e"
PROMISED = [
    ("GET", "/api/v1/items", "intake", Access.PUBLIC),
    ("GET", f"/api/v1/items/{CODE}", "intake", Access.PUBLIC),
    ("POST", "/api/v1/applications", "intake", Access.TOKEN),
    ("GET", "/api/v1/applications", "intake", Access.TOKEN),
    ("POST", "/api/v1/applications/search", "intake", Access.TOKEN),
    ("GET", f"/api/v1/applications/{ID}", "intake", Access.TOKEN),
    ("POST", f"/api/v1/applications/{ID}/materials", "intake", Access.TOKEN),
    ("GET", f"/api/v1/applications/{ID}/materials/3/file", "intake", Access.TOKEN),
    *[
        ("POST", f"/api/v1/applications/{ID}/{act}", "intake", Access.TOKEN)
        for act in ("receipt", "acceptance", "refusal", "supplement-notice", "supplements", "withdrawal")
    ],
    ("GET", f"/api/v1/cases/{CODE}/application", "intake", Access.TOKEN),
    ("POST", f"/api/v1/cases/{CODE}/hand-over", "intake", Access.TOKEN),
    ("POST", "/api/v1/cases/progress", "intake", Access.PUBLIC),
    ("GET", "/api/v1/tasks", "approval", Access.TOKEN),
    ("GET", f"/api/v1/cases/{CODE}/examination", "approval", Access.TOKEN),
    ("POST", f"/api/v1/cases/{CODE}/opinions", "approval", Access.TOKEN),
    ("POST", f"/api/v1/cases/{CODE}/decision", "approval", Access.TOKEN),
    ("POST", "/api/v1/certificates/search", "certificate", Access.TOKEN),
    ("GET", "/api/v1/certificates/1.2.156.3005.2.1.A", "certificate", Access.TOKEN),
    ("GET", "/api/v1/certificates/1.2.156.3005.2.1.A/file", "certificate", Access.TOKEN),
    ("GET", "/api/v1/certificates/verify", "certificate", Access.PUBLIC),
    ("POST", "/api/v1/certificates/verify", "certificate", Access.PUBLIC),
    ("GET", "/api/v1/certificates/jwks.json", "certificate", Access.PUBLIC),
    ("GET", "/.well-known/certificate-jwks.json", "certificate", Access.PUBLIC),
    ("GET", f"/api/v1/cases/{CODE}/papers", "certificate", Access.TOKEN),
    ("GET", f"/api/v1/papers/{ID}/file", "certificate", Access.TOKEN),
    ("GET", f"/api/v1/supervision/cases/{CODE}", "supervision", Access.TOKEN),
    ("GET", "/api/v1/supervision/lights", "supervision", Access.TOKEN),
    ("GET", "/api/v1/supervision/statistics", "supervision", Access.TOKEN),
    ("POST", f"/api/v1/cases/{CODE}/rating", "supervision", Access.TOKEN),
    ("GET", "/oauth/authorize", "identity", Access.OWN),
    ("POST", "/oauth/token", "identity", Access.OWN),
    ("POST", "/login", "identity", Access.OWN),
    ("GET", "/.well-known/openid-configuration", "identity", Access.OWN),
    ("GET", "/.well-known/jwks.json", "identity", Access.OWN),
    ("GET", f"/api/v1/cases/{CODE}", "gateway", Access.TOKEN),
    ("GET", "/api/v1/openapi.json", "gateway", Access.PUBLIC),
]


@pytest.mark.parametrize(("method", "path", "service", "access"), PROMISED, ids=[f"{m} {p}" for m, p, *_ in PROMISED])
def test_a_promised_address_goes_to_its_service(method: str, path: str, service: str, access: Access) -> None:
    route, _ = Router().find(method, path)

    assert (route.service, route.access) == (service, access)


PUBLIC = {
    *("/", "/docs", "/docs/problems", "/assets/{name}", "/favicon.ico", "/livez", "/readyz", "/metrics"),
    *("/session", "/session/login", "/session/callback", "/session/logout", "/api/v1/openapi.json"),
    *("/api/v1/items", "/api/v1/items/{item_code}", "/api/v1/certificates/verify", "/api/v1/cases/progress"),
    *("/api/v1/certificates/presented", "/api/v1/certificates/types", "/api/v1/certificates/types/{code}"),
    # Another region's library signs what it asks and tells: the certificate service checks it by the registered keys.
    *("/api/v1/certificate-peers/queries", "/api/v1/certificate-peers/notices"),
    *("/api/v1/bundles", "/api/v1/bundles/{bundle_id}", "/api/v1/bundles/{bundle_id}/plan"),
    *("/api/v1/certificates/jwks.json", "/.well-known/certificate-jwks.json", "/c/{identifier}"),
    *(f"/api/v1/certificates/log/{part}" for part in ("head", "heads", "heads/{size}", "inclusion")),
    *(f"/api/v1/certificates/log/{part}" for part in ("consistency", "leaves", "strays")),
}


def test_only_these_addresses_are_public() -> None:
    assert {route.template for route in TABLE if route.access is Access.PUBLIC} == PUBLIC


def test_only_identity_checks_for_itself() -> None:
    own = [route for route in TABLE if route.access is Access.OWN]

    assert {route.service for route in own} == {"identity"}
    assert not any(route.template.startswith("/api/") for route in own)


def test_an_address_nobody_listed_below_a_service_needs_a_token() -> None:
    route, _ = Router().find("DELETE", "/api/v1/supervision/orders/1/close")

    assert (route.service, route.access) == ("supervision", Access.TOKEN)


def test_only_files_may_be_larger_than_a_mebibyte() -> None:
    large = {route.template for route in TABLE if route.body_limit > BODY_LIMIT}

    assert large == {
        "/api/v1/applications/{application_id}/materials",
        "/api/v1/bundle-applications/{bundle_no}/materials",
        "/api/v1/certificates/verify",
    }
    assert {r.body_limit for r in TABLE if r.template in large and "POST" in r.methods} == {UPLOAD_LIMIT}


@pytest.mark.parametrize(
    "path", ["/api/v1", "/api/v1/cases", "/api/v1/cases/", "/api/v1/items/", "//docs", "/docs/x", ""]
)
def test_an_address_that_is_none_is_404(path: str) -> None:
    with pytest.raises(Refused) as refused:
        Router().find("GET", path)

    assert refused.value.status == 404


def test_a_wrong_method_says_which_are_right() -> None:
    with pytest.raises(Refused) as refused:
        Router().find("PUT", "/api/v1/cases/1/decision")

    assert refused.value.status == 405
    assert refused.value.headers == ((b"allow", b"POST"),)


def test_an_openapi_path_is_found_whatever_its_parameters_are_called() -> None:
    route = service_of("/api/v1/applications/{id}/materials/{no}/file", "GET")

    assert route is not None
    assert route.template == "/api/v1/applications/{application_id}/materials/{material_no}/file"
    assert service_of("/internal/x", "GET") is None
