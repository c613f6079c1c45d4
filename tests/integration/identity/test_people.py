"""Authorization code flow of people: login, single sign-on, codes, and everything that must be refused."""

import asyncio
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.identity import CALLBACK, ISSUER, Identity


async def test_a_clerk_logs_in_and_the_tokens_say_who_and_where(identity: Identity) -> None:
    login = await identity.browser().code("clerk1")

    answer = await identity.exchange(login)

    issued = answer.json()
    access = await identity.claims(issued["access_token"])
    about = await identity.claims(issued["id_token"])
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert (issued["token_type"], issued["expires_in"]) == ("Bearer", 600)
    assert login.answer["iss"] == ISSUER
    assert login.answer["state"] == "state-1"
    assert access["roles"] == ["COUNTER_CLERK"]
    assert (access["aud"], access["iss"], access["client_id"]) == ("yichuang", ISSUER, "gateway")
    assert (access["org_name"], access["division"], access["channel"]) == ("区政务服务中心", "431202000000", "COUNTER")
    assert access["exp"] - access["iat"] == 600
    assert (about["nonce"], about["aud"], about["sub"]) == ("nonce-1", "gateway", access["sub"])


@pytest.mark.parametrize(
    ("username", "client_id", "channel"),
    [
        ("citizen1", "gateway", "ONLINE"),
        ("citizen2", "mobile", "MOBILE"),
        ("township.431202101", "gateway", "TOWNSHIP"),
        ("handler.scjg", "gateway", "COUNTER"),
    ],
)
async def test_the_channel_follows_client_and_role(
    identity: Identity, username: str, client_id: str, channel: str
) -> None:
    login = await identity.browser().code(username, client_id)

    issued = (await identity.exchange(login, client_id)).json()

    assert (await identity.claims(issued["access_token"]))["channel"] == channel


async def test_an_agent_acts_for_the_enterprise_and_no_number_is_in_the_token(identity: Identity) -> None:
    agent = identity.accounts["agent1"]
    sealer = identity.app.state.provider.sealer

    issued = (await identity.exchange(await identity.browser().code("agent1"))).json()

    claims = await identity.claims(issued["access_token"])
    assert claims["acts_for"] == [sealer.index_key("ORGANISATION", agent["acts_for"][0])]
    assert claims["subject_key"] == sealer.index_key("PERSON", agent["citizen_id"])
    assert agent["citizen_id"] not in str(claims)


async def test_a_citizen_may_type_the_id_number_instead_of_the_user_name(identity: Identity) -> None:
    number = identity.accounts["agent1"]["citizen_id"].lower()

    answer = await identity.browser().log_in(number, identity.password("agent1"))

    assert answer.status_code == 303


async def test_a_second_authorization_does_not_ask_again(identity: Identity) -> None:
    browser = identity.browser()
    await browser.code("clerk2")

    again = await browser.authorize("mobile")

    assert again.location.startswith("cn.yichuang.mobile:/oauth/callback?code=")


async def test_prompt_login_asks_although_somebody_is_logged_in(identity: Identity) -> None:
    browser = identity.browser()
    await browser.code("clerk2")

    asked = await browser.authorize(prompt="login")
    answer = await browser.log_in("clerk2", path=asked.location)
    back = await browser.http.get(answer.headers["location"])

    assert asked.location.startswith("/login?")
    assert back.headers["location"].startswith(f"{CALLBACK}?code=")


async def test_prompt_none_without_login_goes_back_with_an_error(identity: Identity) -> None:
    login = await identity.browser().authorize(prompt="none")

    assert login.answer["error"] == "login_required"
    assert login.answer["iss"] == ISSUER


async def test_a_used_code_is_refused_and_revokes_what_it_gave(identity: Identity) -> None:
    login = await identity.browser().code("clerk1")
    issued = (await identity.exchange(login)).json()

    second = await identity.exchange(login)

    assert (second.status_code, second.json()["error"]) == (400, "invalid_grant")
    assert (await identity.refresh(issued["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await identity.userinfo(issued["access_token"])).status_code == 401
    assert (await identity.rows("SELECT count(*) FROM audit WHERE act = 'CODE_REUSED'"))[0][0] >= 1


async def test_of_two_exchanges_at_once_one_gets_tokens_and_both_lose_them(identity: Identity) -> None:
    login = await identity.browser().code("clerk1")

    answers = await asyncio.gather(*(identity.exchange(login) for _ in range(4)))

    won = [answer for answer in answers if answer.status_code == 200]
    assert len(won) == 1
    assert (await identity.refresh(won[0].json()["refresh_token"])).status_code == 400


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"code_verifier": "x" * 43}, id="wrong verifier"),
        pytest.param({"redirect_uri": CALLBACK + "/"}, id="other redirect uri"),
    ],
)
async def test_a_faulty_exchange_spends_the_code(identity: Identity, change: dict[str, str]) -> None:
    login = await identity.browser().code("clerk1")

    refused = await identity.exchange(login, **change)

    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    assert (await identity.exchange(login)).json()["error"] == "invalid_grant"


async def test_a_code_without_verifier_is_refused(identity: Identity) -> None:
    login = await identity.browser().code("clerk1")

    refused = await identity.exchange(login, code_verifier="")

    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")


async def test_a_code_of_another_client_is_refused_and_not_spent(identity: Identity) -> None:
    login = await identity.browser().code("clerk1")

    refused = await identity.exchange(login, "mobile")

    assert refused.json()["error"] == "invalid_grant"
    assert (await identity.exchange(login)).status_code == 200


async def test_an_expired_code_is_refused(identity: Identity) -> None:
    login = await identity.browser().code("clerk1")
    await identity.rows("UPDATE authorization_codes SET expires_at = now() WHERE used_at IS NULL")

    refused = await identity.exchange(login)

    assert refused.json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "given",
    [
        CALLBACK + "/",
        CALLBACK + "?x=1",
        CALLBACK + "/../evil",
        CALLBACK.upper(),
        CALLBACK[:-1],
        f"{ISSUER}.evil.example/session/callback",
        "https://evil.example/session/callback",
        "",
    ],
)
async def test_a_redirect_uri_that_is_not_the_registered_one_is_never_followed(identity: Identity, given: str) -> None:
    params = {"response_type": "code", "client_id": "gateway", "redirect_uri": given}

    answer = await identity.http.get("/oauth/authorize", params=params)

    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert "无法登录" in answer.text


async def test_an_unknown_client_is_never_redirected(identity: Identity) -> None:
    for client_id in ("nobody", "gate\0way", "", "'; --"):
        params = {"response_type": "code", "client_id": client_id, "redirect_uri": CALLBACK}

        answer = await identity.http.get("/oauth/authorize", params=params)

        assert answer.status_code == 400


@pytest.mark.parametrize(
    ("drop", "change", "error"),
    [
        pytest.param("", {"code_challenge_method": "plain"}, "invalid_request", id="PKCE plain"),
        pytest.param("code_challenge_method", {}, "invalid_request", id="no method means plain"),
        pytest.param("code_challenge", {}, "invalid_request", id="no PKCE"),
        pytest.param("", {"code_challenge": "short"}, "invalid_request", id="challenge too short"),
        pytest.param("", {"response_type": "token"}, "unsupported_response_type", id="implicit"),
        pytest.param("", {"response_mode": "fragment"}, "invalid_request", id="fragment"),
        pytest.param("", {"scope": "openid admin"}, "invalid_scope", id="unknown scope"),
        pytest.param("", {"request": "eyJ"}, "request_not_supported", id="request object"),
        pytest.param("", {"max_age": "-1"}, "invalid_request", id="negative age"),
    ],
)
async def test_a_faulty_authorization_request_goes_back_as_an_error(
    identity: Identity, drop: str, change: dict[str, str], error: str
) -> None:
    login = await identity.browser().authorize(drop=drop, **change)

    assert login.location.startswith(f"{CALLBACK}?")
    assert (login.answer["error"], login.answer["state"], login.answer["iss"]) == (error, "state-1", ISSUER)


async def test_a_repeated_parameter_is_refused(identity: Identity) -> None:
    query = f"response_type=code&client_id=gateway&redirect_uri={CALLBACK}&state=a&state=b"

    answer = await identity.http.get(f"/oauth/authorize?{query}")

    assert parse_qs(urlsplit(answer.headers["location"]).query)["error"] == ["invalid_request"]


async def test_a_system_client_cannot_ask_for_a_code(identity: Identity) -> None:
    params = {"response_type": "code", "client_id": "provincial", "redirect_uri": CALLBACK}

    answer = await identity.http.get("/oauth/authorize", params=params)

    assert answer.status_code == 400


async def test_userinfo_names_the_person(identity: Identity) -> None:
    issued = (await identity.exchange(await identity.browser().code("handler.scjg"))).json()

    answer = await identity.userinfo(issued["access_token"])

    assert answer.status_code == 200
    assert answer.json()["preferred_username"] == "handler.scjg"
    assert answer.json()["org"] == "11431202006100029C"
    assert answer.json()["sub"] == (await identity.claims(issued["id_token"]))["sub"]
