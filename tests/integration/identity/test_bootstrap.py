"""Demo accounts at first start: who is there, what the file holds, and that a second start keeps it."""

import json
import stat
from argparse import Namespace
from pathlib import Path

import pytest

from services.chassis.settings import Profile
from services.identity.__main__ import run_bootstrap
from services.identity.bootstrap.command import bootstrap
from services.identity.domain.errors import BadAccountsFile
from services.kernel.codes import check_citizen_id, check_uscc
from tests.support.identity import CATALOGUE, Identity, running, settings_over
from tests.support.stack import Databases


@pytest.fixture
def accounts_path(identity: Identity) -> Path:
    return identity.settings.keys_dir.parent / "accounts.json"


async def test_everybody_of_the_issue_has_an_account(identity: Identity) -> None:
    def with_role(role: str) -> list[dict[str, object]]:
        return [entry for entry in identity.accounts.values() if role in entry["roles"]]

    assert len(with_role("COUNTER_CLERK")) == 2
    assert len(with_role("TOWNSHIP_CLERK")) == 11
    assert {entry["organisation"] for entry in with_role("HANDLER")} == {
        entry["organisation"] for entry in with_role("CHIEF_REPRESENTATIVE")
    }
    assert len({entry["organisation"] for entry in with_role("HANDLER")}) == 26
    assert len(with_role("HANDOVER_CLERK")) == len(with_role("SUPERVISOR")) == len(with_role("CATALOGUE_ADMIN")) == 1
    assert len([entry for entry in with_role("CITIZEN") if not entry["acts_for"]]) == 4
    agents = sorted(entry["acts_for"] for entry in with_role("ENTERPRISE_AGENT"))  # type: ignore[type-var]
    assert agents == [["91431202MA00000152"], ["92431202MA0000031L"]]
    assert set(identity.clients) == {"gateway", "provincial", "mobile", "township", "bank"}
    assert len(await identity.rows("SELECT 1 FROM organisations")) == 37  # the bank is a body too


async def test_people_are_synthetic_and_bodies_have_valid_codes(identity: Identity) -> None:
    numbers = [entry["citizen_id"] for entry in identity.accounts.values() if entry["citizen_id"]]
    bodies = await identity.rows("SELECT uscc, division FROM organisations")

    assert len(set(numbers)) == 6
    assert all(check_citizen_id(number) is None and number[6:10] < "1900" for number in numbers)
    assert all(check_uscc(uscc) is None for uscc, _ in bodies)
    assert sum(1 for _, division in bodies if division != "431202000000") == 11


async def test_no_number_and_no_secret_is_in_the_database_in_clear(identity: Identity) -> None:
    tables = [row[0] for row in await identity.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    content = "\n".join([str(await identity.rows(f'SELECT t::text FROM "{table}" t')) for table in tables])

    secrets = [entry["citizen_id"] for entry in identity.accounts.values() if entry["citizen_id"]]
    secrets += [entry["password"] for entry in identity.accounts.values()]
    secrets += [entry["client_secret"] for entry in identity.clients.values()]
    secrets += [entry["private_jwk"]["d"] for entry in identity.clients.values() if "private_jwk" in entry]
    assert "citizen1" in content
    assert not [secret for secret in secrets if secret in content]


async def test_a_second_start_keeps_everything(identity: Identity, accounts_path: Path) -> None:
    before = accounts_path.read_text()

    done = await bootstrap(identity.settings, accounts_path, CATALOGUE)

    assert accounts_path.read_text() == before
    assert done.new_accounts == 0
    assert (await identity.browser().log_in("clerk1")).status_code == 303


async def test_files_with_secrets_are_readable_by_the_owner_only(identity: Identity, accounts_path: Path) -> None:
    secret = identity.settings.keys_dir / "gateway" / "client-secret"
    keys = list((identity.settings.keys_dir / "signing" / "identity").iterdir())

    for path in (accounts_path, secret, *keys):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert secret.read_text().strip() == identity.clients["gateway"]["client_secret"]
    assert [path.name for path in keys] == ["0001.pem"]


async def test_a_lost_file_gets_new_passwords(identity: Identity, accounts_path: Path) -> None:
    old, other = json.loads(accounts_path.read_text()), accounts_path.with_name("other.json")

    done = await bootstrap(identity.settings, other, CATALOGUE)

    new = json.loads(other.read_text())
    passwords = {entry["username"]: entry["password"] for entry in new["accounts"]}
    assert done.new_accounts == len(passwords) == len(old["accounts"])
    assert set(passwords.values()).isdisjoint(entry["password"] for entry in old["accounts"])
    assert (await identity.browser().log_in("supervisor1", passwords["supervisor1"])).status_code == 303


async def test_a_lost_database_gets_the_passwords_of_the_file(
    identity: Identity, accounts_path: Path, databases: Databases
) -> None:
    empty = identity.settings.model_copy(update={"database_url": databases.fresh("identity").app_url})

    done = await bootstrap(empty, accounts_path, CATALOGUE)

    async with running(empty, accounts_path) as again:
        assert done.new_accounts == len(again.accounts)
        assert (await again.browser().log_in("clerk1", identity.password("clerk1"))).status_code == 303


async def test_the_gateway_is_found_at_its_new_port(identity: Identity, accounts_path: Path) -> None:
    moved = identity.settings.model_copy(update={"public_url": "http://127.0.0.1:9999"})

    await bootstrap(moved, accounts_path, CATALOGUE)
    uris = await identity.rows("SELECT redirect_uris FROM clients WHERE client_id = 'gateway'")
    await bootstrap(identity.settings, accounts_path, CATALOGUE)

    assert uris == [(["http://127.0.0.1:9999/session/callback"],)]


async def test_a_broken_file_stops_the_command_and_is_left_alone(identity: Identity, accounts_path: Path) -> None:
    broken = accounts_path.with_name("broken.json")
    broken.write_text('{"accounts": 1}')

    with pytest.raises(BadAccountsFile):
        await bootstrap(identity.settings, broken, CATALOGUE)

    assert broken.read_text() == '{"accounts": 1}'


async def test_without_a_catalogue_there_are_townships_citizens_and_systems(databases: object, tmp_path: Path) -> None:
    url = databases.fresh("identity").app_url  # type: ignore[attr-defined]

    done = await bootstrap(settings_over(tmp_path, url), tmp_path / "accounts.json", None)

    assert (done.organisations, done.clients) == (13, 5)  # the bank is a body and a system


def test_production_is_refused_unless_asked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("YICHUANG_PROFILE", Profile.PRODUCTION)
    arguments = Namespace(accounts=tmp_path / "a.json", departments=None, in_production=False)

    status = run_bootstrap(arguments)

    assert status == 2
    assert "拒绝执行" in capsys.readouterr().err
    assert not (tmp_path / "a.json").exists()
