"""A handler's browser on the real stack: log in on the identity page, read the inbox, log out."""

import re

import httpx

from deploy.local.stack import Stack


def follow(browser: httpx.Client, answer: httpx.Response) -> httpx.Response:
    while answer.is_redirect:
        answer = browser.get(answer.headers["location"])
    return answer


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of the form, as a browser without JavaScript would send them."""
    fields = re.findall(r"<input[^>]*type=\"hidden\"[^>]*>", page)
    pairs = [(re.search(r'name="([^"]*)"', f), re.search(r'value="([^"]*)"', f)) for f in fields]
    return {n[1]: v[1].replace("&amp;", "&") for n, v in pairs if n and v}


def test_a_handler_logs_in_reads_the_inbox_and_logs_out(stack: Stack) -> None:
    handler = next(a for a in stack.accounts["accounts"] if "HANDLER" in a["roles"])
    with httpx.Client(base_url=stack.gateway_url, trust_env=False) as browser:
        login = follow(browser, browser.get("/session/login", params={"next": "/session"}))
        form = hidden(login.text) | {"username": handler["username"], "password": handler["password"]}

        who = follow(browser, browser.post("/login", data=form, headers={"Origin": stack.gateway_url})).json()
        tasks = browser.get("/api/v1/tasks")
        out = browser.post("/session/logout", headers={"Origin": stack.gateway_url})
        after = browser.get("/api/v1/tasks")

    assert who["authenticated"] is True
    assert "HANDLER" in who["roles"]
    assert tasks.status_code == 200
    assert out.status_code == 303
    assert after.status_code == 401


def test_the_merged_document_and_its_page_hold_every_service(stack: Stack) -> None:
    with httpx.Client(base_url=stack.gateway_url, trust_env=False) as client:
        document = client.get("/api/v1/openapi.json").json()
        page = client.get("/docs").text

    assert "x-missing" not in document["info"]
    for path in document["paths"]:
        assert path in page
