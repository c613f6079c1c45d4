"""Buckets, client addresses and counted bodies."""

import asyncio
from ipaddress import ip_network
from typing import Any

import pytest

from gateway.limits import Body, BodyTooLarge, BodyTooSlow, Buckets, ClientGone, Policy, client_address

SIXTY = Policy("person", 60)
PROXIES = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_empties_and_fills_again_one_a_second() -> None:
    clock = Clock()
    buckets = Buckets(clock)

    spent = [buckets.take("a", SIXTY) for _ in range(61)]
    clock.now += 1
    later = [buckets.take("a", SIXTY).allowed for _ in range(2)]

    assert [v.allowed for v in spent] == [True] * 60 + [False]
    assert (spent[0].remaining, spent[0].full_in_seconds) == (59, 1)
    assert spent[-1].retry_after_seconds == 1
    assert later == [True, False]


def test_a_bucket_never_holds_more_than_a_minute() -> None:
    clock = Clock()
    buckets = Buckets(clock)
    buckets.take("a", SIXTY)

    clock.now += 86_400

    assert buckets.take("a", SIXTY).remaining == 59


def test_what_is_given_back_can_be_taken_again_and_never_makes_more_than_a_minute() -> None:
    buckets = Buckets(Clock())
    buckets.give_back("a", SIXTY)
    spent = [buckets.take("a", SIXTY).allowed for _ in range(60)]

    buckets.give_back("a", SIXTY)
    again = [buckets.take("a", SIXTY).allowed for _ in range(2)]
    for _ in range(100):
        buckets.give_back("a", SIXTY)

    assert all(spent)
    assert again == [True, False]
    assert buckets.take("a", SIXTY).remaining == 59


def test_clients_do_not_share_and_the_longest_silent_is_forgotten() -> None:
    buckets = Buckets(Clock(), kept=2)
    one = Policy("person", 1)

    verdicts = [buckets.take(client, one).allowed for client in ("a", "b", "a", "c", "b")]

    assert verdicts == [True, True, False, True, True]


def test_the_headers_are_those_of_the_draft() -> None:
    verdict = Buckets(Clock()).take("a", SIXTY)

    assert SIXTY.header == b'"person";q=60;w=60'
    assert verdict.header == b'"person";r=59;t=1'


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        pytest.param("203.0.113.7", "1.2.3.4", "203.0.113.7", id="a stranger's header is not believed"),
        pytest.param("10.0.0.1", "203.0.113.7", "203.0.113.7", id="our proxy's is"),
        pytest.param("10.0.0.1", "1.2.3.4, 203.0.113.7", "203.0.113.7", id="only the part our proxy wrote"),
        pytest.param("10.0.0.1", "203.0.113.7, 10.2.2.2", "203.0.113.7", id="through two of our proxies"),
        pytest.param("10.0.0.1", "", "10.0.0.1", id="our proxy itself"),
        pytest.param("10.0.0.1", "110101189001011234", "10.0.0.1", id="no address at all"),
        pytest.param("2001:db8:1:2:3:4:5:6", "", "2001:db8:1:2::", id="an IPv6 client is its /64"),
    ],
)
def test_the_client_is_the_first_address_that_is_not_ours(peer: str, forwarded: str, found: str) -> None:
    assert client_address(peer, forwarded, PROXIES) == found


def receiving(*messages: dict[str, Any]) -> Any:
    waiting = list(messages)

    async def receive() -> dict[str, Any]:
        if not waiting:
            await asyncio.sleep(60)
        return waiting.pop(0)

    return receive


def piece(body: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


async def test_a_body_up_to_the_limit_is_read() -> None:
    body = Body(receiving(piece(b"12"), piece(b"34", more=False)), limit=4)

    assert await body.read() == b"1234"
    assert body.complete


async def test_one_byte_more_is_too_large() -> None:
    body = Body(receiving(piece(b"12"), piece(b"345", more=False)), limit=4)

    with pytest.raises(BodyTooLarge):
        await body.read()

    assert isinstance(body.fault, BodyTooLarge)
    assert not body.complete


async def test_a_caller_who_hangs_up_is_gone() -> None:
    with pytest.raises(ClientGone):
        await Body(receiving(piece(b"12"), {"type": "http.disconnect"}), limit=4).read()


async def test_a_caller_who_falls_silent_is_too_slow() -> None:
    with pytest.raises(BodyTooSlow):
        await Body(receiving(piece(b"12")), limit=4, idle_seconds=0.01).read()
