"""Keys of access tokens: asked for again in time, forgotten when withdrawn, kept while identity is away."""

import json
from pathlib import Path

import pytest
from joserfc.jwk import ECKey, KeySet

from services.chassis.auth import Verifier
from services.chassis.errors import Unauthenticated
from tests.support import tokens

OTHER = ECKey.generate_key("P-256", {"alg": "ES256", "use": "sig"}, auto_kid=True)


@pytest.fixture
def published(tmp_path: Path) -> Path:
    path = tmp_path / "jwks.json"
    publish(path, tokens.KEY)
    return path


def publish(path: Path, key: ECKey) -> None:
    path.write_text(json.dumps(KeySet([key]).as_dict(private=False)))


def token(number: int) -> str:
    """Another one each time: a token that was verified is remembered."""
    return tokens.token(["HANDLER"], sub=f"officer-{number}")


def after(verifier: Verifier, seconds: float) -> None:
    verifier._fetched_at -= seconds
    verifier._tried_at -= seconds


async def test_a_withdrawn_key_is_good_for_ten_minutes_more_and_no_longer(published: Path) -> None:
    verifier = Verifier(tokens.ISSUER, f"file:{published}")
    await verifier.verify(token(1))
    publish(published, OTHER)

    after(verifier, 590)
    within = await verifier.verify(token(2))
    after(verifier, 11)

    assert within.has("HANDLER")
    with pytest.raises(Unauthenticated):
        await verifier.verify(token(3))


async def test_a_new_key_is_fetched_when_a_token_names_it(published: Path) -> None:
    verifier = Verifier(tokens.ISSUER, f"file:{published}")
    publish(published, OTHER)
    with pytest.raises(Unauthenticated):
        await verifier.verify(token(1))
    publish(published, tokens.KEY)

    after(verifier, 6)

    assert (await verifier.verify(token(1))).has("HANDLER")


async def test_while_the_keys_cannot_be_had_those_that_are_known_go_on(published: Path) -> None:
    verifier = Verifier(tokens.ISSUER, f"file:{published}")
    await verifier.verify(token(1))
    published.unlink()

    after(verifier, 3600)

    assert (await verifier.verify(token(2))).has("HANDLER")
