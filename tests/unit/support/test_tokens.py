"""The token helper of the integration tests makes tokens as identity does."""

import json
from pathlib import Path
from urllib.parse import urlsplit

from joserfc import jwt
from joserfc.jwk import KeySet

from tests.support import tokens


def test_a_test_token_verifies_with_the_written_jwks(tmp_path: Path) -> None:
    url = tokens.jwks_url(tmp_path)
    keys = KeySet.import_key_set(json.loads(Path(urlsplit(url).path).read_text()))

    read = jwt.decode(tokens.token(roles=["HANDLER"], org="11431202006100029C"), keys, algorithms=["ES256"])

    assert read.header["typ"] == "at+jwt"
    assert read.claims["roles"] == ["HANDLER"]
    assert read.claims["org"] == "11431202006100029C"
    assert read.claims["client_id"] == "gateway"


def test_the_written_jwks_holds_no_private_part() -> None:
    assert all("d" not in key for key in tokens.jwks()["keys"])


def test_a_system_token_has_its_client_as_subject() -> None:
    made = tokens.claims(["TOWNSHIP_CENTRE"], division="431202101000", channel="TOWNSHIP")

    assert (made["sub"], made["client_id"]) == ("township", "township")
