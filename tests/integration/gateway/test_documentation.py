"""The merged OpenAPI document and the pages, as a caller gets them."""

import re
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from gateway import openapi
from tests.support.gateway import Stack, running

FOREIGN = re.compile(r"""(?:src|href|action|url\(|@import|fetch\()\s*=?\s*["'(]?\s*(?:https?:)?//""")
PAGES = ["/", "/docs", "/docs/problems", "/session/logout"]


def document(path: str, schema: dict[str, Any]) -> dict[str, Any]:
    held = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Out"}}}, "description": "ok"}
    operation = {"operationId": "read", "summary": "读取 <b>清单</b>", "responses": {"200": held}}
    return {"openapi": "3.1.0", "paths": {path: {"get": operation}}, "components": {"schemas": {"Out": schema}}}


INTAKE = document("/api/v1/items", {"type": "object", "properties": {"item_code": {"type": "string"}}})
APPROVAL = document("/api/v1/tasks", {"type": "object", "properties": {"case_no": {"type": "string"}}})


@pytest.fixture
async def documented(stack: Stack) -> Stack:
    stack.intake.answers("/openapi.json", INTAKE)
    stack.approval.answers("/openapi.json", APPROVAL)
    return stack


async def test_one_document_holds_what_the_services_say(documented: Stack, client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/openapi.json")

    merged = answer.json()
    assert merged["paths"]["/api/v1/items"]["get"]["tags"] == ["intake"]
    assert merged["paths"]["/api/v1/tasks"]["get"]["tags"] == ["approval"]
    assert "/api/v1/cases/{case_no}" in merged["paths"]
    again = await client.get("/api/v1/openapi.json", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


async def test_services_are_asked_once_in_a_while_only(documented: Stack, client: httpx.AsyncClient) -> None:
    for _ in range(5):
        await client.get("/api/v1/openapi.json")

    assert documented.intake.begun == 1


async def test_the_committed_document_stands_in_for_a_service_that_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    committed = tmp_path / "openapi"
    committed.mkdir()
    (committed / "approval.json").write_bytes(orjson.dumps(APPROVAL))
    monkeypatch.setattr(openapi, "COMMITTED", committed)
    async with running(tmp_path, away=("approval", "supervision")) as stack:
        stack.intake.answers("/openapi.json", INTAKE)
        async with httpx.AsyncClient(base_url=stack.url, trust_env=False) as client:
            merged = (await client.get("/api/v1/openapi.json")).json()

    assert {"/api/v1/items", "/api/v1/tasks"} <= set(merged["paths"])
    assert "supervision" in merged["info"]["x-missing"]
    assert "approval" not in merged["info"]["x-missing"]


async def test_the_documentation_is_chinese_searchable_and_escapes_what_services_say(
    documented: Stack, client: httpx.AsyncClient
) -> None:
    page = (await client.get("/docs")).text

    assert '<html lang="zh-CN">' in page
    assert 'id="search"' in page
    assert "/api/v1/tasks" in page
    assert "&lt;b&gt;清单&lt;/b&gt;" in page
    assert "<b>清单</b>" not in page


@pytest.mark.parametrize("page", PAGES)
async def test_no_page_loads_anything_from_another_host(
    documented: Stack, client: httpx.AsyncClient, page: str
) -> None:
    answer = await client.get(page)

    assert answer.status_code == 200
    texts = [answer.text]
    for local in re.findall(r'(?:src|href)="(/assets/[^"]+)"', answer.text):
        asset = await client.get(local)
        assert asset.status_code == 200
        texts.append(asset.text.replace('xmlns="http://www.w3.org/2000/svg"', ""))
    assert len(texts) > 1
    assert not any(FOREIGN.search(text) for text in texts)


@pytest.mark.parametrize("page", PAGES)
async def test_pages_carry_strict_security_headers(documented: Stack, client: httpx.AsyncClient, page: str) -> None:
    held = (await client.get(page)).headers

    policy = held["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert held["x-content-type-options"] == "nosniff"
    assert held["x-frame-options"] == "DENY"
    assert held["referrer-policy"] == "same-origin"


async def test_a_browser_gets_an_error_as_a_page_in_its_language(stack: Stack, client: httpx.AsyncClient) -> None:
    chinese = await client.get("/api/v1/tasks", headers={"Accept": "text/html,*/*"})
    english = await client.get("/nothing", headers={"Accept": "text/html,*/*", "Accept-Language": "en"})

    assert (chinese.status_code, english.status_code) == (401, 404)
    assert "请先登录" in chinese.text
    assert "/session/login" in chinese.text
    assert "No such address" in english.text


@pytest.mark.parametrize("name", ["..%2fmain.py", "main.py", "gateway.css.map", ".hidden"])
async def test_only_listed_files_are_served(stack: Stack, client: httpx.AsyncClient, name: str) -> None:
    assert (await client.get(f"/assets/{name}")).status_code == 404
