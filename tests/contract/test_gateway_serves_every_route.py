"""The gateway's table against the services' own OpenAPI documents: nothing forgotten, nothing open by mistake."""

import base64
import os
from pathlib import Path
from typing import Any

import pytest

from gateway.docs import describe
from gateway.merge import METHODS, SERVICES, merge
from gateway.routes import Access, service_of
from tools.contracts import openapi

# Identity checks the tokens of these itself.
OWN_RULE = {"/oauth/userinfo"}


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    keys: Path = tmp_path_factory.mktemp("keys")
    for kind in ("seal", "index"):
        (keys / kind).mkdir()
        (keys / kind / "1.key").write_bytes(base64.b64encode(os.urandom(32)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("YICHUANG_KEYS_DIR", str(keys))
        return {service: openapi(service) for service in SERVICES}


def operations(documents: dict[str, dict[str, Any]]) -> list[tuple[str, str, str, dict[str, Any]]]:
    return [
        (service, method.upper(), path, held[method])
        for service, document in documents.items()
        for path, held in document["paths"].items()
        for method in METHODS
        if method in held
    ]


def test_every_route_of_a_service_is_reached_through_the_gateway(documents: dict[str, dict[str, Any]]) -> None:
    found = {(method, path): service_of(path, method) for _, method, path, _ in operations(documents)}

    lost = [(s, m, p) for s, m, p, _ in operations(documents) if (r := found[m, p]) is None or r.service != s]
    assert not lost


def test_the_gateway_and_the_service_agree_on_what_is_public(documents: dict[str, dict[str, Any]]) -> None:
    differing = []
    for service, method, path, operation in operations(documents):
        route = service_of(path, method)
        if route is not None and path not in OWN_RULE:
            open_here, open_there = route.access is not Access.TOKEN, operation.get("x-public", False)
            differing += [(service, method, path)] if open_here != open_there else []

    assert not differing


def test_the_real_documents_merge_and_every_operation_is_described(documents: dict[str, dict[str, Any]]) -> None:
    merged = merge(documents)

    page = describe(merged)
    shown = {(o.method, o.path) for section in page["sections"] for o in section.operations}
    public = {(m, p) for _, m, p, _ in operations(documents) if p.startswith("/api/v1/")}
    assert shown == public | {("GET", "/api/v1/cases/{case_no}")}
    ids = [o.id for section in page["sections"] for o in section.operations]
    assert len(ids) == len(set(ids))
