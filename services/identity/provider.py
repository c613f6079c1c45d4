"""What the OpenID provider holds for the life of the process: issuer, keys, seals, and the gate before argon2."""

import base64
import hashlib
import hmac
from dataclasses import dataclass

from services.chassis.sealing import Sealer
from services.chassis.settings import Profile, ServiceSettings
from services.identity.keys import Keyring, ensure_key, folder_of
from services.identity.passwords import Gate

PERSON, ORGANISATION = "PERSON", "ORGANISATION"
PARTY_NUMBER = "party-number"  # sealing context of numbers that other services may open


@dataclass(frozen=True)
class Provider:
    issuer: str
    keyring: Keyring
    sealer: Sealer
    gate: Gate

    @classmethod
    def start(cls, settings: ServiceSettings) -> "Provider":
        """Raises KeyMissing, FileNotFoundError. Only a development profile makes its own first signing key."""
        folder = folder_of(settings.keys_dir)
        if settings.profile is Profile.DEVELOPMENT:
            ensure_key(folder)
        return cls(settings.issuer.rstrip("/"), Keyring(folder), Sealer.load(settings.keys_dir), Gate())

    @property
    def secure_cookies(self) -> bool:
        return self.issuer.startswith("https://")

    def form_token(self, cookie: str) -> str:
        """The CSRF token of a form shown to the browser that holds `cookie`."""
        return self._derive("login-form", cookie)

    def successor(self, refresh_token: str) -> str:
        """The refresh token that follows. Derived, not stored: a retry gets the same one, and a thief of the database
        gets none."""
        return self._derive("refresh-successor", refresh_token)

    def _derive(self, purpose: str, value: str) -> str:
        digest = hmac.new(self.sealer.derived_key(purpose), value.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
