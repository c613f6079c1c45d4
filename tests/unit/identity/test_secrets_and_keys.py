"""Passwords, random secrets, signing keys and their rotation."""

import asyncio
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.low_level import Type

from services.identity import passwords
from services.identity.domain.errors import TooBusy
from services.identity.keys import KeyMissing, Keyring, add_key, ensure_key


def test_passwords_are_argon2id_with_the_noted_cost() -> None:
    made = extract_parameters(passwords.hash_password("secret"))

    assert (made.type, made.memory_cost, made.time_cost, made.parallelism) == (Type.ID, 19_456, 2, 1)


def test_only_the_right_password_verifies() -> None:
    stored = passwords.hash_password("对的密码")

    assert passwords.verify_password("对的密码", stored)
    assert not passwords.verify_password("错的密码", stored)
    assert not passwords.verify_password("x", "no hash")
    assert not passwords.verify_password("x", None)


def test_a_hash_of_lower_cost_is_made_anew() -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash("secret")

    assert passwords.needs_rehash(weak)
    assert not passwords.needs_rehash(passwords.hash_password("secret"))


def test_random_passwords_are_long_mixed_and_never_the_same() -> None:
    made = {passwords.random_password() for _ in range(200)}

    assert len(made) == 200
    assert all(len(p) == 16 and p.isalnum() and not p.islower() and not p.isupper() for p in made)


def test_a_secret_is_compared_by_its_hash_and_an_empty_hash_fits_nothing() -> None:
    secret = passwords.random_secret()

    assert passwords.same_secret(secret, passwords.hash_secret(secret))
    assert not passwords.same_secret(secret + "x", passwords.hash_secret(secret))
    assert not passwords.same_secret("", "")


async def test_the_gate_refuses_when_too_many_wait() -> None:
    gate, release = passwords.Gate(at_once=1, waiting=2), asyncio.Event()

    async def log_in() -> None:
        async with gate.slot():
            await release.wait()

    inside = [asyncio.create_task(log_in()) for _ in range(3)]
    await asyncio.sleep(0)

    with pytest.raises(TooBusy):
        await log_in()
    release.set()
    await asyncio.gather(*inside)
    await log_in()


def test_the_newest_key_signs_and_older_ones_verify_until_removed(tmp_path: Path) -> None:
    first = add_key(tmp_path)
    ring = Keyring(tmp_path)
    old = ring.sign({"sub": "a"}, typ="at+jwt")

    add_key(tmp_path)
    new = ring.sign({"sub": "b"}, typ="at+jwt")

    assert [path.name for path in sorted(tmp_path.iterdir())] == ["0001.pem", "0002.pem"]
    assert ring.read(old, typ="at+jwt") == {"sub": "a"}
    assert ring.read(new, typ="at+jwt") == {"sub": "b"}
    assert len(ring.jwks()["keys"]) == 2
    first.unlink()
    assert ring.read(old, typ="at+jwt") is None
    assert ring.read(new, typ="at+jwt") == {"sub": "b"}


def test_a_token_of_another_type_is_not_read(tmp_path: Path) -> None:
    add_key(tmp_path)
    ring = Keyring(tmp_path)

    assert ring.read(ring.sign({"sub": "a"}, typ="JWT"), typ="at+jwt") is None


def test_published_keys_hold_nothing_private_and_say_what_they_are_for(tmp_path: Path) -> None:
    ensure_key(tmp_path)

    (key,) = Keyring(tmp_path).jwks()["keys"]

    assert set(key) == {"kty", "crv", "x", "y", "alg", "use", "kid"}
    assert (key["alg"], key["use"], key["crv"]) == ("ES256", "sig", "P-256")


def test_key_files_are_private_and_two_processes_never_share_a_number(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: add_key(tmp_path), range(16)))

    assert len(set(made)) == 16
    assert {stat.S_IMODE(path.stat().st_mode) for path in made} == {0o600}
    assert len(list(tmp_path.iterdir())) == 16


def test_a_first_key_is_made_once(tmp_path: Path) -> None:
    ensure_key(tmp_path / "new")
    ensure_key(tmp_path / "new")

    assert len(list((tmp_path / "new").iterdir())) == 1


def test_without_a_key_nothing_starts(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "not-there"):
        with pytest.raises(KeyMissing):
            Keyring(folder)


def test_a_folder_that_is_empty_for_a_moment_leaves_the_keys(tmp_path: Path) -> None:
    path = add_key(tmp_path)
    ring = Keyring(tmp_path)
    path.unlink()

    token = ring.sign({"sub": "a"}, typ="at+jwt")

    assert ring.read(token, typ="at+jwt") == {"sub": "a"}
