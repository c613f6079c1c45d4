"""Refresh tokens rotate; a second use ends the login, except the retry of a lost answer. Revocation and logout."""

import asyncio
from typing import Any

import pytest

from tests.support.identity import ISSUER, Browser, Identity


async def _logged_in(identity: Identity, browser: Browser | None = None, client_id: str = "gateway") -> dict[str, Any]:
    login = await (browser or identity.browser()).code("supervisor1", client_id)
    issued: dict[str, Any] = (await identity.exchange(login, client_id)).json()
    return issued


async def _let_the_grace_pass(identity: Identity) -> None:
    await identity.rows("UPDATE refresh_tokens SET used_at = used_at - interval '11 seconds' WHERE used_at IS NOT NULL")


async def test_a_refresh_gives_new_tokens_of_the_same_login(identity: Identity) -> None:
    first = await _logged_in(identity)

    second = (await identity.refresh(first["refresh_token"])).json()

    assert second["refresh_token"] != first["refresh_token"]
    before, after = await identity.claims(first["access_token"]), await identity.claims(second["access_token"])
    assert (after["sub"], after["sid"]) == (before["sub"], before["sid"])
    assert after["jti"] != before["jti"]


async def test_a_retry_of_a_lost_answer_gets_the_same_successor(identity: Identity) -> None:
    first = await _logged_in(identity)

    answers = await asyncio.gather(*(identity.refresh(first["refresh_token"]) for _ in range(5)))

    assert {answer.status_code for answer in answers} == {200}
    successors = {answer.json()["refresh_token"] for answer in answers}
    assert len(successors) == 1
    assert (await identity.refresh(successors.pop())).status_code == 200


async def test_a_reuse_after_the_grace_ends_the_login_for_both(identity: Identity) -> None:
    first = await _logged_in(identity)
    second = (await identity.refresh(first["refresh_token"])).json()
    await _let_the_grace_pass(identity)

    thief = await identity.refresh(first["refresh_token"])

    assert (thief.status_code, thief.json()["code"]) == (400, "identity.grant-reused")
    assert (await identity.refresh(second["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await identity.userinfo(second["access_token"])).status_code == 401


async def test_no_grace_once_the_successor_was_used(identity: Identity) -> None:
    first = await _logged_in(identity)
    second = (await identity.refresh(first["refresh_token"])).json()
    third = (await identity.refresh(second["refresh_token"])).json()

    thief = await identity.refresh(first["refresh_token"])

    assert thief.status_code == 400
    assert (await identity.refresh(third["refresh_token"])).status_code == 400


async def test_a_refresh_token_of_another_client_is_refused_and_harms_nobody(identity: Identity) -> None:
    first = await _logged_in(identity)

    foreign = await identity.refresh(first["refresh_token"], "mobile")

    assert foreign.json()["error"] == "invalid_grant"
    assert (await identity.refresh(first["refresh_token"])).status_code == 200


async def test_an_idle_refresh_token_is_refused(identity: Identity) -> None:
    first = await _logged_in(identity)
    await identity.rows("UPDATE refresh_tokens SET expires_at = now() WHERE used_at IS NULL")

    answer = await identity.refresh(first["refresh_token"])

    assert answer.json()["error"] == "invalid_grant"


async def test_a_refresh_may_narrow_the_scope_but_not_widen_it(identity: Identity) -> None:
    first = await _logged_in(identity)

    wider = await identity.refresh(first["refresh_token"], scope="openid offline_access")
    narrower = await identity.refresh(first["refresh_token"], scope="openid")

    assert wider.json()["error"] == "invalid_scope"
    assert narrower.json()["scope"] == "openid"


async def test_a_closed_account_gets_no_more_tokens(identity: Identity) -> None:
    login = await identity.browser().code("catalogue1")
    first = (await identity.exchange(login)).json()
    await identity.rows("UPDATE accounts SET disabled_at = now() WHERE username = 'catalogue1'")

    answer = await identity.refresh(first["refresh_token"])

    assert answer.json()["error"] == "invalid_grant"
    assert (await identity.userinfo(first["access_token"])).status_code == 401
    assert (await identity.browser().log_in("catalogue1")).status_code == 401


async def test_a_change_of_duty_takes_effect_at_the_next_refresh(identity: Identity) -> None:
    first = (await identity.exchange(await identity.browser().code("handover1"))).json()
    await identity.rows(
        "UPDATE account_roles SET role = 'COUNTER_CLERK' "
        "WHERE account_id = (SELECT id FROM accounts WHERE username = 'handover1')"
    )

    second = (await identity.refresh(first["refresh_token"])).json()

    assert (await identity.claims(second["access_token"]))["roles"] == ["COUNTER_CLERK"]


async def test_revocation_ends_tokens_and_the_browser_session(identity: Identity) -> None:
    browser = identity.browser()
    first = await _logged_in(identity, browser)

    answer = await identity.http.post(
        "/oauth/revoke", data={"token": first["refresh_token"]}, auth=identity.basic("gateway")
    )

    assert answer.status_code == 200
    assert (await identity.refresh(first["refresh_token"])).status_code == 400
    assert (await identity.userinfo(first["access_token"])).status_code == 401
    assert (await browser.authorize()).location.startswith("/login?")


async def test_an_access_token_can_be_revoked_too(identity: Identity) -> None:
    first = await _logged_in(identity)

    await identity.http.post("/oauth/revoke", data={"token": first["access_token"]}, auth=identity.basic("gateway"))

    assert (await identity.userinfo(first["access_token"])).status_code == 401


@pytest.mark.parametrize("kind", ["refresh_token", "access_token"])
async def test_another_client_cannot_revoke(identity: Identity, kind: str) -> None:
    first = await _logged_in(identity)

    answer = await identity.http.post("/oauth/revoke", data={"token": first[kind]}, auth=identity.basic("mobile"))

    assert answer.status_code == 200
    assert (await identity.refresh(first["refresh_token"])).status_code == 200


async def test_an_unknown_token_is_revoked_without_complaint(identity: Identity) -> None:
    answer = await identity.http.post("/oauth/revoke", data={"token": "nothing"}, auth=identity.basic("gateway"))

    assert answer.status_code == 200


async def test_logging_out_ends_every_login_of_this_browser(identity: Identity) -> None:
    browser = identity.browser()
    desk, phone = await _logged_in(identity, browser), await _again(identity, browser, "mobile")
    form = await browser.open_form("/oauth/logout")

    done = await browser.http.post("/oauth/logout", data=form)

    assert "已退出登录" in done.text
    assert (await browser.authorize()).location.startswith("/login?")
    for issued, client_id in ((desk, "gateway"), (phone, "mobile")):
        assert (await identity.refresh(issued["refresh_token"], client_id)).status_code == 400


async def _again(identity: Identity, browser: Browser, client_id: str) -> dict[str, Any]:
    issued: dict[str, Any] = (await identity.exchange(await browser.authorize(client_id), client_id)).json()
    return issued


async def test_logging_out_with_the_id_token_goes_back_to_the_registered_address(identity: Identity) -> None:
    browser = identity.browser()
    issued = await _logged_in(identity, browser)
    asked = {"id_token_hint": issued["id_token"], "post_logout_redirect_uri": f"{ISSUER}/", "state": "s"}

    answer = await browser.http.get("/oauth/logout", params=asked)

    assert (answer.status_code, answer.headers["location"]) == (303, f"{ISSUER}/?state=s")
    assert (await identity.refresh(issued["refresh_token"])).status_code == 400


@pytest.mark.parametrize("uri", [f"{ISSUER}/elsewhere", "https://evil.example/"])
async def test_logging_out_never_leads_to_an_address_that_is_not_registered(identity: Identity, uri: str) -> None:
    browser = identity.browser()
    issued = await _logged_in(identity, browser)

    answer = await browser.http.get(
        "/oauth/logout", params={"id_token_hint": issued["id_token"], "post_logout_redirect_uri": uri}
    )

    assert answer.status_code == 200
    assert "location" not in answer.headers


async def test_a_link_alone_logs_nobody_out(identity: Identity) -> None:
    browser = identity.browser()
    await _logged_in(identity, browser)

    page = await browser.http.get("/oauth/logout")
    forged = await browser.http.post("/oauth/logout", data={"csrf": "guess"})

    assert "退出登录" in page.text
    assert forged.status_code == 403
    assert not (await browser.authorize()).location.startswith("/login?")
