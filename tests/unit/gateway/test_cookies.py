"""Sealed cookies and their keys."""

import stat
from pathlib import Path

import pytest

from gateway.asgi import Request
from gateway.cookies import SealedCookie, load_sealer
from services.chassis.settings import Profile


async def nothing() -> dict[str, object]:
    return {}


def request_with(headers: list[tuple[bytes, bytes]]) -> Request:
    cookies = b"; ".join(value.split(b";")[0] for _, value in headers)
    scope = {"method": "GET", "path": "/", "raw_path": b"/", "headers": [(b"cookie", cookies)]}
    return Request(scope, nothing)


def cookie(folder: Path, name: str = "yc_session") -> SealedCookie:
    return SealedCookie(name, load_sealer(folder, Profile.DEVELOPMENT), secure=False)


def test_a_value_comes_back(tmp_path: Path) -> None:
    held = cookie(tmp_path)

    assert held.read(request_with(held.write({"a": "值"}))) == {"a": "值"}


def test_a_large_value_is_spread_over_cookies_that_browsers_keep(tmp_path: Path) -> None:
    held = cookie(tmp_path)

    headers = held.write({"a": "x" * 9000})

    assert len(headers) == 4
    assert all(len(value) < 4096 for _, value in headers)
    assert held.read(request_with(headers)) == {"a": "x" * 9000}
    assert held.read(request_with(headers[:-1])) is None
    assert len(held.clear(request_with(headers))) == 4


def test_one_cookies_value_is_not_accepted_in_another(tmp_path: Path) -> None:
    login, session = cookie(tmp_path, "yc_login"), cookie(tmp_path)
    moved = [(n, v.replace(b"yc_login=", b"yc_session=")) for n, v in login.write({"a": 1})]

    assert session.read(request_with(moved)) is None


@pytest.mark.parametrize("text", ["", "1", "1.", "0.x", "9.x", "1.!!!", "1.AAAA", "-1.x", "一.x"])
def test_nonsense_is_nothing(tmp_path: Path, text: str) -> None:
    assert cookie(tmp_path).read(request_with([(b"", f"yc_session={text}".encode())])) is None


def test_a_key_of_an_older_name_still_opens_and_the_newest_seals(tmp_path: Path) -> None:
    before = cookie(tmp_path).write({"a": 1})
    other = tmp_path / "other"
    load_sealer(other, Profile.DEVELOPMENT)
    (tmp_path / "2.key").write_text((other / "1.key").read_text())

    rotated = cookie(tmp_path)

    assert rotated.read(request_with(before)) == {"a": 1}
    (tmp_path / "1.key").unlink()
    assert cookie(tmp_path).read(request_with(rotated.write({"a": 2}))) == {"a": 2}
    assert cookie(tmp_path).read(request_with(before)) is None


def test_a_key_is_made_for_development_readable_by_its_owner_only(tmp_path: Path) -> None:
    load_sealer(tmp_path / "new", Profile.DEVELOPMENT)

    made = list((tmp_path / "new").iterdir())
    assert [path.name for path in made] == ["1.key"]
    assert stat.S_IMODE(made[0].stat().st_mode) == 0o600


def test_production_without_a_key_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="生产环境"):
        load_sealer(tmp_path, Profile.PRODUCTION)
