"""The accounts file: user names and passwords of the demonstration, mode 0600, written whole or not at all."""

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from joserfc.jwk import ECKey

from services.identity.bootstrap.demo import ENTERPRISES, Person, System
from services.identity.domain.client import ASSERTION
from services.identity.domain.errors import BadAccountsFile
from services.identity.passwords import random_password, random_secret


@dataclass
class AccountsFile:
    """What the file holds, by user name and client id."""

    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    clients: dict[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> "AccountsFile":
        """Empty when there is none. Raises BadAccountsFile."""
        if not path.exists():
            return cls()
        try:
            content = json.loads(path.read_text("utf-8"))
            return cls(
                {entry["username"]: entry for entry in content["accounts"]},
                {entry["client_id"]: entry for entry in content["clients"]},
            )
        except (ValueError, KeyError, TypeError) as bad:
            raise BadAccountsFile("文件不是本命令写出的格式；请改名保留后重新运行") from bad

    def account(self, person: Person) -> str:
        """Enter a person; the password, which stays when there is one."""
        known = self.accounts.get(person.username, {})
        body = person.organisation
        self.accounts[person.username] = {
            "username": person.username,
            "password": known.get("password") or random_password(),
            "roles": list(person.roles),
            "name": person.name,
            "organisation": body.uscc if body else "",
            "organisation_name": body.name if body else "",
            "division": person.division,
            "citizen_id": person.citizen_id,
            "acts_for": list(person.acts_for),
        }
        return str(self.accounts[person.username]["password"])

    def client(self, system: System) -> tuple[str, dict[str, Any] | None]:
        """Enter a client; its secret and public key set, which stay when there are some."""
        known = self.clients.get(system.client_id, {})
        entry: dict[str, Any] = {
            "client_id": system.client_id,
            "client_secret": known.get("client_secret") or random_secret(),
            "name": system.name,
            "roles": list(system.roles),
            "grant_types": list(system.grant_types),
            "redirect_uris": list(system.redirect_uris),
            "division": system.division,
        }
        if ASSERTION in system.auth_methods:
            entry["private_jwk"] = known.get("private_jwk") or _new_key()
        self.clients[system.client_id] = entry
        return str(entry["client_secret"]), _public(entry.get("private_jwk"))

    def write(self, path: Path) -> None:
        content = {
            "accounts": list(self.accounts.values()),
            "clients": list(self.clients.values()),
            "enterprises": [{"uscc": e.uscc, "name": e.name} for e in ENTERPRISES],
        }
        write_private(path, json.dumps(content, ensure_ascii=False, indent=1) + "\n")


def _new_key() -> dict[str, Any]:
    key = ECKey.generate_key("P-256", {"alg": "ES256", "use": "sig"}, auto_kid=True)
    return dict(key.as_dict(private=True))


def _public(private: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if private is None:
        return None
    return {"keys": [dict(ECKey.import_key(dict(private)).as_dict(private=False))]}


def write_private(path: Path, text: str) -> None:
    """Mode 0600 from the first byte; a reader sees the old or the new content, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    except OSError:
        os.unlink(draft)
        raise
