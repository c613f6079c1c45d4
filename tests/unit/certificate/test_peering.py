"""Rules between libraries of two regions: whose an issuer is, when a request counts, how long an answer is trusted."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from services.certificate.domain.peering import Peer, region_of, times_fault, trust

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
TODAY = date(2026, 11, 20)
PEER = Peer(
    region="431102000000",
    name="永州市零陵区",
    base_url="https://lingling.test",
    keys=(),
    types={"114311020061000297001": "11431202006100029C001", "114311020061000297009": "11431202006100029C001"},
    trust_days=1,
    valid_from=date(2026, 1, 1),
    valid_until=date(2026, 12, 31),
)
YONGZHOU = replace(PEER, region="431100000000", name="永州市")


@pytest.mark.parametrize(
    ("changes", "today", "in_force"),
    [
        pytest.param({}, date(2026, 1, 1), True, id="the first day"),
        pytest.param({}, date(2026, 12, 31), True, id="the last day"),
        pytest.param({}, date(2025, 12, 31), False, id="before"),
        pytest.param({}, date(2027, 1, 1), False, id="after"),
        pytest.param({"closed": True}, TODAY, False, id="closed"),
        pytest.param({"valid_until": None}, date(2099, 1, 1), True, id="open-ended"),
    ],
)
def test_a_registration_is_in_force_on_its_days(changes: dict[str, object], today: date, in_force: bool) -> None:
    assert replace(PEER, **changes).in_force(today) is in_force  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("issuer", "region"),
    [
        pytest.param("114311020061000297", "431102000000", id="the district, not the city that holds it"),
        pytest.param("11431103006100029X", "431100000000", id="another district of the city"),
        pytest.param("11431202006100029C", None, id="nobody's"),
    ],
)
def test_an_issuer_belongs_to_the_smallest_registered_region(issuer: str, region: str | None) -> None:
    found = region_of(issuer, [YONGZHOU, PEER])

    assert (found.region if found else None) == region


def test_a_peer_speaks_for_its_division_and_below_alone() -> None:
    spoken = [PEER.speaks_for(division) for division in ("431102000000", "431102101000", "431100000000", "", "43")]

    assert spoken == [True, True, False, False, False]


@pytest.mark.parametrize(
    ("issuer", "may"),
    [
        pytest.param("114311020061000297", True, id="of the district"),
        pytest.param("114311000061000291", True, id="of the city that holds it"),
        pytest.param("11430000006122244L", True, id="of the province"),
        pytest.param("11100000000013338W", True, id="of the State"),
        pytest.param("431102", True, id="a division code in place of a uscc"),
        pytest.param("11431202006100029C", False, id="of another district"),
        pytest.param("114312000061000291", False, id="of another city"),
        pytest.param("11330105002500287C", False, id="of another province"),
        pytest.param("91ABCDEFMA00000152", False, id="of nowhere"),
    ],
)
def test_a_certificate_of_a_region_is_issued_by_a_body_of_it_or_above_it(issuer: str, may: bool) -> None:
    assert PEER.issues_by(issuer) is may


def test_a_city_answers_for_the_bodies_of_its_districts() -> None:
    assert YONGZHOU.issues_by("114311020061000297")
    assert not YONGZHOU.issues_by("11431202006100029C")


def test_nothing_is_trusted_beyond_the_last_day_of_the_registration() -> None:
    ending = replace(PEER, trust_days=30, valid_until=date(2026, 11, 25))

    found = trust(ending, TODAY, asked_on=TODAY, relied=True, valid_until=None)

    assert found.until == date(2026, 11, 25)


def test_several_types_of_theirs_may_stand_for_one_of_ours() -> None:
    assert PEER.their_types("11431202006100029C001") == ("114311020061000297001", "114311020061000297009")
    assert PEER.their_types("11431202006100029C002") == ()


@pytest.mark.parametrize(
    ("issued", "lives", "sound"),
    [
        pytest.param(0, 60, True, id="just now"),
        pytest.param(-85, 60, True, id="within the clocks' difference"),
        pytest.param(-95, 60, False, id="over"),
        pytest.param(0, 61, False, id="good for too long"),
        pytest.param(25, 60, True, id="a clock ahead"),
        pytest.param(40, 60, False, id="from the future"),
    ],
)
def test_a_request_counts_for_a_minute(issued: int, lives: int, sound: bool) -> None:
    at = int(NOW.timestamp()) + issued

    assert (times_fault({"iat": at, "exp": at + lives}, NOW) is None) is sound


@pytest.mark.parametrize(
    ("asked", "relied", "valid_until", "again"),
    [
        pytest.param(0, False, None, True, id="asked today"),
        pytest.param(30, False, None, True, id="asked a month ago"),
        pytest.param(31, False, None, False, id="nobody asked for a month"),
        pytest.param(400, True, None, True, id="a case relies on it"),
        pytest.param(0, True, TODAY - timedelta(days=1), False, id="its own days are over"),
    ],
)
def test_it_is_asked_again_while_somebody_needs_it(
    asked: int, relied: bool, valid_until: date | None, again: bool
) -> None:
    trusted = trust(PEER, TODAY, asked_on=TODAY - timedelta(days=asked), relied=relied, valid_until=valid_until)

    assert trusted.until == TODAY + timedelta(days=1)
    assert (trusted.again_at is not None) is again


@pytest.mark.parametrize(("days", "until", "again"), [(0, 20, 21), (1, 21, 21), (7, 27, 27)])
def test_an_answer_is_trusted_so_many_days_and_asked_again_on_the_last_one(days: int, until: int, again: int) -> None:
    trusted = trust(replace(PEER, trust_days=days), TODAY, asked_on=TODAY, relied=False, valid_until=None)

    assert trusted.until == date(2026, 11, until)
    assert trusted.again_at is not None
    assert trusted.again_at.date() == date(2026, 11, again)
