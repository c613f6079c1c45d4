"""A person's number, password and tokens are in no log line and no URL, whatever is done with them."""

import json
import logging

import pytest

from services.identity.worker import sweep
from tests.support.identity import Identity


async def test_no_number_password_or_token_is_in_any_log_line(
    identity: Identity, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    citizen = identity.accounts["citizen1"]
    number, password = citizen["citizen_id"], citizen["password"]
    browser = identity.browser()

    asked = await browser.authorize()
    await browser.log_in(number, "wrong " + number, path=asked.location)
    answer = await browser.log_in(number, password, path=asked.location)
    back = await browser.http.get(answer.headers["location"])
    asked.location = back.headers["location"]
    issued = (await identity.exchange(asked)).json()
    renewed = (await identity.refresh(issued["refresh_token"])).json()
    await identity.userinfo(renewed["access_token"])
    await identity.token(grant_type=number, code=password)
    await identity.http.post("/oauth/token", data={"client_id": number}, auth=(number, password))
    await identity.http.get("/oauth/authorize", params={"client_id": "nobody"})

    lines = "\n".join(f"{record.getMessage()} {json.dumps(record.__dict__, default=str)}" for record in caplog.records)
    assert lines
    for secret in (number, password, issued["refresh_token"], issued["access_token"], renewed["id_token"] or "-----"):
        assert secret not in lines


async def test_the_sweep_removes_what_ended_long_ago_and_keeps_the_rest(identity: Identity) -> None:
    old, fresh = identity.browser(), identity.browser()
    await identity.exchange(await old.code("clerk1"))
    for table in ("authorization_codes", "refresh_families", "sessions"):
        await identity.rows(f"UPDATE {table} SET expires_at = now() - interval '8 days'")
    issued = (await identity.exchange(await fresh.code("clerk2"))).json()
    before = (await identity.rows("SELECT count(*) FROM audit"))[0][0]

    await sweep(identity.app.state.database, None)  # type: ignore[arg-type]

    for table in ("authorization_codes", "refresh_families", "sessions", "refresh_tokens"):
        assert (await identity.rows(f"SELECT count(*) FROM {table}"))[0][0] == 1
    assert (await identity.refresh(issued["refresh_token"])).status_code == 200
    await identity.rows("DELETE FROM audit")
    assert (await identity.rows("SELECT count(*) FROM audit"))[0][0] == before
