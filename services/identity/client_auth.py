"""How a client proves who it is: client_secret_basic, private_key_jwt (RFC 7523), or nothing for a public client."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote_plus

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from services.chassis.database import Database
from services.identity import repository
from services.identity.domain.client import ASSERTION, BASIC, NONE, Client
from services.identity.domain.errors import InvalidClient, InvalidRequest
from services.identity.passwords import hash_secret, same_secret
from services.identity.repository import Subject

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_ALGORITHMS = ("ES256", "PS256")  # never "none", never a shared secret
LONGEST_ASSERTION = timedelta(seconds=60)
_SKEW = timedelta(seconds=5)


@dataclass(frozen=True)
class Proof:
    """What the request offers. `method` says which of the fields count."""

    method: str
    client_id: str
    secret: str = ""
    assertion: str = ""


async def authenticate(
    db: Database, issuer: str, form: Mapping[str, str], authorization: str, *, now: datetime
) -> Client:
    """The client of a request to token or revocation endpoint.

    Raises:
        InvalidClient: unknown, or not proven with a method this client may use.
        InvalidRequest: two methods at once.
    """
    proof = read_proof(form, authorization)
    async with db.read() as connection:
        client = await repository.find_client(connection, proof.client_id)
    try:
        if client is None or proof.method not in client.auth_methods:
            raise InvalidClient("client authentication failed")
        await _check(db, issuer, client, proof, now=now)
    except InvalidClient:
        if client is not None:
            async with db.transaction() as uow:
                await repository.record(uow.connection, "CLIENT", "REFUSED", Subject(client_id=client.id), now=now)
        raise
    return client


def read_proof(form: Mapping[str, str], authorization: str) -> Proof:
    """Raises InvalidClient, InvalidRequest."""
    assertion = form.get("client_assertion", "")
    scheme, _, value = authorization.partition(" ")
    basic = scheme.lower() == "basic"
    if (basic and assertion) or "client_secret" in form:
        raise InvalidRequest("use exactly one of client_secret_basic and private_key_jwt")
    if basic:
        proof = _read_basic(value)
    elif assertion:
        proof = _read_assertion(form.get("client_assertion_type", ""), assertion)
    else:
        proof = Proof(NONE, form.get("client_id", ""))
    if form.get("client_id", proof.client_id) != proof.client_id:
        raise InvalidClient("client_id differs from the authenticated client")
    return proof


def _read_basic(value: str) -> Proof:
    try:
        user, colon, secret = base64.b64decode(value.strip(), validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError) as bad:
        raise InvalidClient("the Authorization header is malformed") from bad
    if not colon:
        raise InvalidClient("the Authorization header is malformed")
    return Proof(BASIC, unquote_plus(user), secret=unquote_plus(secret))


def _read_assertion(kind: str, assertion: str) -> Proof:
    """Reads only who it claims to be; nothing in it is believed before the signature is checked."""
    if kind != ASSERTION_TYPE:
        raise InvalidClient("client_assertion_type is not jwt-bearer")
    try:
        payload = assertion.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        client_id = claims["sub"]
    except (ValueError, KeyError, IndexError, TypeError) as bad:
        raise InvalidClient("the client assertion is malformed") from bad
    return Proof(ASSERTION, str(client_id), assertion=assertion)


async def _check(db: Database, issuer: str, client: Client, proof: Proof, *, now: datetime) -> None:
    if proof.method == BASIC and not same_secret(proof.secret, client.secret_hash):
        raise InvalidClient("client authentication failed")
    if proof.method == ASSERTION:
        claims = check_assertion(proof.assertion, client, issuer, now=now)
        expires_at = datetime.fromtimestamp(claims["exp"], UTC)
        async with db.transaction() as uow:
            jti_hash = hash_secret(str(claims["jti"]))
            fresh = await repository.first_use(uow.connection, client.id, jti_hash, expires_at)
        if not fresh:
            raise InvalidClient("the client assertion was used before")


def check_assertion(assertion: str, client: Client, issuer: str, *, now: datetime) -> dict[str, Any]:
    """Claims of a client assertion: signed with a key of this client, for this issuer alone, good for a minute.

    Raises:
        InvalidClient.

    Source: RFC 7523, 3; the audience is the issuer and nothing else, so that no other server can pass it on.
    """
    try:
        keys = KeySet.import_key_set({"keys": list((client.jwks or {}).get("keys", ()))})
        claims = jwt.decode(assertion, keys, algorithms=list(ASSERTION_ALGORITHMS)).claims
        jwt.JWTClaimsRegistry(
            now=int(now.timestamp()),
            leeway=int(_SKEW.total_seconds()),
            iss={"essential": True, "value": client.id},
            sub={"essential": True, "value": client.id},
            exp={"essential": True},
            jti={"essential": True, "allow_blank": False},
        ).validate(claims)
    except (JoseError, ValueError) as bad:
        raise InvalidClient("the client assertion is not valid") from bad
    if claims.get("aud") not in (issuer, [issuer]):
        raise InvalidClient("the audience of the client assertion must be the issuer")
    if claims["exp"] > (now + LONGEST_ASSERTION + _SKEW).timestamp():
        raise InvalidClient("the client assertion may be good for 60 seconds at most")
    return dict(claims)
