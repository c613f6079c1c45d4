"""What tokens say, and the channel they stand for."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from services.identity.domain.account import Account
from services.identity.domain.claims import Stamp, at_hash, channel_of, id_claims, person_claims, system_claims
from services.identity.domain.client import BASIC, CLIENT, CODE, Client
from tests.support import tokens

NOON = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
STAMP = Stamp("https://portal.example", NOON, "number-1")
GATEWAY = Client("gateway", "网关", (BASIC,), (CODE,))
TOWNSHIP = Client("township", "乡镇", (BASIC,), (CLIENT,), roles=("TOWNSHIP_CENTRE",), channel="TOWNSHIP")
AGENT = Account(
    id=UUID(int=7),
    username="agent",
    name="赵雅琴",
    roles=("CITIZEN", "ENTERPRISE_AGENT"),
    division="431202000000",
    subject_key="a" * 64,
    acts_for=("b" * 64,),
)


@pytest.mark.parametrize(
    ("client", "roles", "channel"),
    [
        (GATEWAY, ("CITIZEN",), "ONLINE"),
        (GATEWAY, ("CITIZEN", "ENTERPRISE_AGENT"), "ONLINE"),
        (GATEWAY, ("COUNTER_CLERK",), "COUNTER"),
        (GATEWAY, ("HANDLER",), "COUNTER"),
        (GATEWAY, ("TOWNSHIP_CLERK",), "TOWNSHIP"),
        (TOWNSHIP, ("TOWNSHIP_CENTRE",), "TOWNSHIP"),
        (Client("mobile", "", (), (), channel="MOBILE"), ("CITIZEN",), "MOBILE"),
        (Client("provincial", "", (), (), channel="PROVINCIAL"), ("PROVINCIAL_PLATFORM",), "PROVINCIAL"),
    ],
)
def test_the_channel_follows_the_client_then_the_role(client: Client, roles: tuple[str, ...], channel: str) -> None:
    assert channel_of(client, roles) == channel


def test_a_person_s_token_lives_ten_minutes_and_names_all_that_services_need() -> None:
    claims = person_claims(AGENT, GATEWAY, STAMP, sid="login-1")

    assert claims["exp"] - claims["iat"] == 600
    assert claims["iat"] == int(NOON.timestamp())
    assert (claims["sub"], claims["aud"], claims["sid"]) == (str(AGENT.id), "yichuang", "login-1")
    assert (claims["subject_key"], claims["acts_for"]) == ("a" * 64, ["b" * 64])


def test_a_system_is_its_own_subject_and_has_no_login() -> None:
    claims = system_claims(TOWNSHIP, STAMP)

    assert (claims["sub"], claims["client_id"], claims["roles"]) == ("township", "township", ["TOWNSHIP_CENTRE"])
    assert "sid" not in claims


def test_the_tokens_of_the_test_helper_have_the_same_claims() -> None:
    person, system = set(person_claims(AGENT, GATEWAY, STAMP, sid="x")), set(system_claims(TOWNSHIP, STAMP))

    assert set(tokens.claims(["CITIZEN"])) == system == person - {"sid"}


def test_the_id_token_is_for_the_client_and_carries_the_nonce() -> None:
    of = {"sid": "login-1", "authenticated_at": NOON, "access": "token"}

    claims = id_claims(AGENT, GATEWAY, STAMP, nonce="n", **of)  # type: ignore[arg-type]

    assert (claims["aud"], claims["nonce"], claims["auth_time"]) == ("gateway", "n", int(NOON.timestamp()))
    assert "nonce" not in id_claims(AGENT, GATEWAY, STAMP, nonce="", **of)  # type: ignore[arg-type]


def test_at_hash_is_the_left_half_of_sha_256() -> None:
    # OpenID Connect Core, appendix A.3 and A.4 (access token and its hash, SHA-256)
    assert at_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y") == "77QmUPtjPfzWtF2AnpK9RQ"
