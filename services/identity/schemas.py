"""What the endpoints answer. Names are those of OAuth 2.0 and OpenID Connect."""

from pydantic import BaseModel

from services.identity.client_auth import ASSERTION_ALGORITHMS
from services.identity.domain.account import Account
from services.identity.domain.client import AUTH_METHODS, GRANT_TYPES, SCOPES
from services.identity.keys import ALGORITHM


class TokenOut(BaseModel):
    """RFC 6749, 5.1."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 (the registered word)
    expires_in: int
    scope: str
    refresh_token: str | None = None
    id_token: str | None = None


class UserInfoOut(BaseModel):
    """OpenID Connect Core 5.3. Holds no personal number."""

    sub: str
    name: str
    preferred_username: str
    roles: list[str]
    org: str
    org_name: str
    division: str

    @classmethod
    def of(cls, account: Account) -> "UserInfoOut":
        return cls(
            sub=str(account.id),
            name=account.name,
            preferred_username=account.username,
            roles=list(account.roles),
            org=account.organisation,
            org_name=account.organisation_name,
            division=account.division,
        )


class DiscoveryOut(BaseModel):
    """OpenID Connect Discovery 1.0, 3 and RFC 8414."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    revocation_endpoint: str
    userinfo_endpoint: str
    end_session_endpoint: str
    jwks_uri: str
    response_types_supported: list[str] = ["code"]
    response_modes_supported: list[str] = ["query"]
    grant_types_supported: list[str] = list(GRANT_TYPES)
    subject_types_supported: list[str] = ["public"]
    scopes_supported: list[str] = list(SCOPES)
    id_token_signing_alg_values_supported: list[str] = [ALGORITHM]
    token_endpoint_auth_methods_supported: list[str] = list(AUTH_METHODS)
    token_endpoint_auth_signing_alg_values_supported: list[str] = list(ASSERTION_ALGORITHMS)
    revocation_endpoint_auth_methods_supported: list[str] = list(AUTH_METHODS)
    revocation_endpoint_auth_signing_alg_values_supported: list[str] = list(ASSERTION_ALGORITHMS)
    code_challenge_methods_supported: list[str] = ["S256"]
    prompt_values_supported: list[str] = ["none", "login", "select_account"]
    claims_supported: list[str] = ["sub", "name", "preferred_username", "auth_time", "nonce", "sid", "at_hash"]
    ui_locales_supported: list[str] = ["zh-CN"]
    authorization_response_iss_parameter_supported: bool = True
    request_parameter_supported: bool = False
    request_uri_parameter_supported: bool = False

    @classmethod
    def of(cls, issuer: str) -> "DiscoveryOut":
        return cls(
            issuer=issuer,
            authorization_endpoint=f"{issuer}/oauth/authorize",
            token_endpoint=f"{issuer}/oauth/token",
            revocation_endpoint=f"{issuer}/oauth/revoke",
            userinfo_endpoint=f"{issuer}/oauth/userinfo",
            end_session_endpoint=f"{issuer}/oauth/logout",
            jwks_uri=f"{issuer}/.well-known/jwks.json",
        )
