"""The login page: lockout, CSRF, no open redirect, no word on whether an account exists, nothing from outside."""

import asyncio
import re
from dataclasses import replace
from html.parser import HTMLParser
from urllib.parse import quote

import orjson
import pytest

from services.identity.passwords import Gate
from tests.support.identity import CALLBACK, ISSUER, Identity


async def test_five_failures_close_the_account_and_say_nothing_more_than_before(identity: Identity) -> None:
    browser = identity.browser()
    pages = [await browser.log_in("citizen3", "wrong") for _ in range(5)]

    with_right_password = await browser.log_in("citizen3")

    unknown = await identity.browser().log_in("nobody-here", "wrong")
    assert [page.status_code for page in [*pages, with_right_password, unknown]] == [401] * 7
    assert len({_without_csrf(page.text) for page in [*pages, with_right_password, unknown]}) == 1
    assert "用户名或密码不正确" in unknown.text


def _without_csrf(page: str) -> str:
    return re.sub(r'value="[^"]+"', "", page)


async def test_the_lock_is_published_once_and_ends_after_thirty_minutes(identity: Identity) -> None:
    browser = identity.browser()
    for _ in range(8):
        await browser.log_in("citizen4", "wrong")
    about = "FROM accounts WHERE username = 'citizen4'"

    events = await identity.rows(
        f"SELECT payload, aggregate_version FROM outbox WHERE subject = 'identity.account.locked.v1' "
        f"AND aggregate_id = (SELECT id {about})"
    )
    lasts = await identity.rows(f"SELECT extract(epoch FROM locked_until - now()) {about}")
    await identity.rows("UPDATE accounts SET locked_until = now() WHERE username = 'citizen4'")
    afterwards = await browser.log_in("citizen4")

    assert len(events) == 1
    assert events[0][1] == 1
    assert set(orjson.loads(events[0][0])) == {"account_id", "locked_until"}
    assert 1700 < lasts[0][0] <= 1800
    assert afterwards.status_code == 303
    assert (await identity.rows(f"SELECT failures, locked_until {about}"))[0] == (0, None)


async def test_guesses_sent_at_once_are_counted_one_by_one(identity: Identity) -> None:
    browser = identity.browser()
    form = await browser.open_form()
    wrong = form | {"username": "citizen1", "password": "wrong"}

    await asyncio.gather(*(browser.http.post("/login", data=wrong) for _ in range(20)))
    right = await browser.log_in("citizen1")

    about = "FROM audit WHERE account_id = (SELECT id FROM accounts WHERE username = 'citizen1') AND act = 'LOG_IN'"
    counted = await identity.rows(f"SELECT result, count(*) {about} GROUP BY 1 ORDER BY 1")
    assert right.status_code == 401
    assert counted == [("LOCKED", 17), ("REFUSED", 4)]


async def test_many_right_logins_at_once_lock_nobody_out(identity: Identity) -> None:
    browser = identity.browser()
    form = await browser.open_form()
    right = form | {"username": "clerk1", "password": identity.password("clerk1")}

    answers = await asyncio.gather(*(browser.http.post("/login", data=right) for _ in range(12)))

    assert {answer.status_code for answer in answers} == {303}


async def test_a_success_forgives_earlier_failures(identity: Identity) -> None:
    browser = identity.browser()
    for _ in range(2):
        for _ in range(4):
            await browser.log_in("clerk2", "wrong")
        answer = await browser.log_in("clerk2")

    assert answer.status_code == 303


async def test_a_login_without_the_form_s_token_is_refused(identity: Identity) -> None:
    who = {"username": "clerk1", "password": identity.password("clerk1")}
    victim, attacker = identity.browser(), identity.browser()
    foreign = (await attacker.open_form())["csrf"]
    await victim.open_form()

    answers = [
        await identity.browser().http.post("/login", data=who),
        await victim.http.post("/login", data=who),
        await victim.http.post("/login", data=who | {"csrf": foreign}),
    ]

    assert [answer.status_code for answer in answers] == [403] * 3
    assert all("页面已过期" in answer.text for answer in answers)


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/oauth/authorize?",
        "/\\evil.example/oauth/authorize?",
        "/oauth/authorize/../../x?",
        "javascript:alert(1)",
        "/oauth/authorize?x=\r\nset-cookie: a=b",
        "/somewhere",
    ],
)
async def test_the_login_leads_nowhere_but_to_the_authorization(identity: Identity, target: str) -> None:
    answer = await identity.browser().log_in("clerk1", path=f"/login?next={quote(target, safe='')}")

    assert (answer.status_code, answer.headers["location"]) == (303, "/login")


async def test_what_was_typed_is_not_shown_again(identity: Identity) -> None:
    page = await identity.browser().log_in("<b>431202180001010012", "secret-typed")

    assert "431202180001010012" not in page.text
    assert "secret-typed" not in page.text


async def test_odd_input_is_an_ordinary_refusal(identity: Identity) -> None:
    for username, password in (
        ("a\0b", "x"),
        ("x" * 5000, "x"),
        ("clerk1", "x" * 5000),
        ("", ""),
        ("名" * 64, "密" * 128),
    ):
        page = await identity.browser().log_in(username, password)

        assert page.status_code == 401


async def test_when_too_many_log_in_the_page_says_so_and_nobody_is_counted_as_failed(identity: Identity) -> None:
    provider = identity.app.state.provider
    identity.app.state.provider = replace(provider, gate=Gate(at_once=0, waiting=0))

    page = await identity.browser().log_in("handler.gaj")
    identity.app.state.provider = provider

    assert (page.status_code, page.headers["retry-after"]) == (503, "2")
    assert "稍后再试" in page.text
    assert (await identity.rows("SELECT failures FROM accounts WHERE username = 'handler.gaj'"))[0][0] == 0


async def test_a_login_replaces_the_session_of_the_browser(identity: Identity) -> None:
    browser = identity.browser()
    await browser.log_in("clerk1")
    before = browser.http.cookies["yichuang_identity"]

    await browser.log_in("supervisor1")

    old = identity.browser()
    old.http.cookies.set("yichuang_identity", before)
    assert browser.http.cookies["yichuang_identity"] != before
    assert (await old.authorize()).location.startswith("/login?")


async def test_an_idle_or_old_session_asks_again(identity: Identity) -> None:
    for change in ("seen_at = seen_at - interval '30 minutes'", "expires_at = now()"):
        browser = identity.browser()
        await browser.code("clerk1")
        await identity.rows(f"UPDATE sessions SET {change}")

        assert (await browser.authorize()).location.startswith("/login?")


class _Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


async def test_the_page_is_plain_chinese_labelled_and_loads_nothing(identity: Identity) -> None:
    answer = await identity.browser().http.get("/login")

    page = _Page(answer.text)
    inputs = {field["name"]: field for field in page.all("input") if field.get("type") != "hidden"}
    assert page.all("html") == [{"lang": "zh-CN"}]
    assert {"width=device-width, initial-scale=1"} <= {meta.get("content") for meta in page.all("meta")}
    assert set(inputs) == {"username", "password"}
    assert {field["id"] for field in inputs.values()} == {label["for"] for label in page.all("label")}
    assert not any(page.all(tag) for tag in ("script", "img", "link", "iframe", "object"))
    assert not any("src" in attributes or "onclick" in attributes for _, attributes in page.tags)
    assert "http" not in answer.text


async def test_the_policy_lets_in_our_style_and_nothing_else(identity: Identity) -> None:
    answer = await identity.browser().http.get("/login")

    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "form-action 'self'; base-uri 'none'; frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-frame-options"] == "DENY"


async def test_the_form_may_lead_on_to_the_client_that_asked_and_to_no_other(identity: Identity) -> None:
    browser = identity.browser()
    mobile = await browser.authorize("mobile")
    forged = quote(f"/oauth/authorize?client_id=gateway&redirect_uri={CALLBACK}x", safe="")

    for path, target in ((mobile.location, " cn.yichuang.mobile:;"), (f"/login?next={forged}", " 'self';")):
        policy = (await browser.http.get(path)).headers["content-security-policy"]

        assert f"form-action 'self'{target}".replace("'self' 'self'", "'self'") in policy


async def test_cookies_are_out_of_reach_of_scripts_and_other_sites(identity: Identity) -> None:
    browser = identity.browser()
    page = await browser.http.get("/login")

    done = await browser.log_in("clerk1")

    for header in (page.headers["set-cookie"], done.headers["set-cookie"]):
        assert "HttpOnly" in header
        assert "SameSite=lax" in header
        assert "Path=/" in header


async def test_who_is_logged_in_sees_the_name_and_a_way_out(identity: Identity) -> None:
    browser = identity.browser()
    await browser.log_in("clerk1")

    page = await browser.http.get("/login")

    assert "您已登录" in page.text
    assert "退出登录" in page.text
    assert (await browser.http.get("/logout")).headers["location"] == "/oauth/logout"
    assert ISSUER not in page.text
