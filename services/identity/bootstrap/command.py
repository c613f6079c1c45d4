"""The command `bootstrap`: demo accounts and clients at first start; later starts keep what is there."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import yaml
from sqlalchemy.ext.asyncio import AsyncConnection

from services.chassis import clock
from services.chassis.database import Database
from services.chassis.sealing import Sealer
from services.chassis.settings import Profile, ServiceSettings
from services.chassis.yaml_files import read_yaml
from services.identity.bootstrap import demo, store
from services.identity.bootstrap.accounts_file import AccountsFile, write_private
from services.identity.domain.errors import BadAccountsFile
from services.identity.domain.redirect import check_registrable
from services.identity.passwords import hash_password


@dataclass(frozen=True)
class Done:
    """What a bootstrap found or made."""

    organisations: int
    accounts: int
    new_accounts: int
    clients: int


async def bootstrap(settings: ServiceSettings, accounts: Path, departments: Path | None) -> Done:
    """Bring database and accounts file in line; everything in one transaction, the file just before its commit.

    A crash between the two leaves passwords of accounts that do not exist yet: the next run makes them with those.
    The other way round, accounts whose password is in no file get a new one.

    Raises:
        BadAccountsFile: the file or the catalogue cannot be used.
    """
    sealer = Sealer.load(settings.keys_dir)
    bodies = _read_bodies(departments)
    database = Database(settings.database_url, pool_size=1)
    try:
        async with database.transaction() as uow:
            await store.only_one(uow.connection)
            await store.save_organisations(uow.connection, bodies)
            bodies = await store.find_organisations(uow.connection)
            return await _fill(uow.connection, settings, sealer, accounts, bodies)
    finally:
        await database.close()


_OTHERS = (demo.GOVERNMENT, demo.BANK)


def _read_bodies(departments: Path | None) -> list[demo.Organisation]:
    """Townships have our fuller names; the departments come from the catalogue."""
    townships = demo.read_townships()
    if departments is None:
        return [*townships, *_OTHERS]
    try:
        named = demo.read_departments(read_yaml(departments))
    except (OSError, yaml.YAMLError, KeyError, TypeError) as bad:
        raise BadAccountsFile(f"部门目录不可用：{departments.name}") from bad
    return list({body.uscc: body for body in (*named, *townships, *_OTHERS)}.values())


async def _fill(
    connection: AsyncConnection,
    settings: ServiceSettings,
    sealer: Sealer,
    path: Path,
    bodies: Sequence[demo.Organisation],
) -> Done:
    people, systems = demo.people(bodies), demo.systems(settings.public_url, bodies)
    file = AccountsFile.read(path)
    known = await store.demo_usernames(connection) & file.accounts.keys()
    passwords = {person.username: file.account(person) for person in people}
    clients = [(system, *file.client(system)) for system in systems]
    for uri in (uri for system in systems for uri in system.redirect_uris):
        check_registrable(uri, plain_http=settings.profile is Profile.DEVELOPMENT)

    new = {name: password for name, password in passwords.items() if name not in known}
    with ThreadPoolExecutor(2) as threads:  # argon2 leaves the interpreter lock
        hashes = dict(zip(new, threads.map(hash_password, new.values()), strict=True))
    parties = await store.save_parties(connection, sealer, demo.CITIZENS, demo.ENTERPRISES)
    await store.save_accounts(connection, people, hashes, parties, now=clock.real_now())
    await store.save_clients(connection, clients)
    file.write(path)
    write_private(settings.keys_dir / "gateway" / "client-secret", file.clients["gateway"]["client_secret"] + "\n")
    return Done(len(bodies), len(people), len(new), len(systems))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--accounts", type=Path, required=True, metavar="FILE", help="账号文件（JSON，权限 0600）")
    parser.add_argument("--departments", type=Path, metavar="catalogue.yaml", help="事项目录，提供部门名单")
    parser.add_argument("--in-production", action="store_true", help="明知是生产环境仍要创建演示账号")


def run(settings: ServiceSettings, arguments: argparse.Namespace) -> int:
    """Exit status 0, or 2 with a sentence on stderr."""
    if settings.profile is Profile.PRODUCTION and not arguments.in_production:
        print("拒绝执行：生产环境不创建演示账号。确需创建请加 --in-production", file=sys.stderr)
        return 2
    try:
        done = asyncio.run(bootstrap(settings, arguments.accounts, arguments.departments))
    except (BadAccountsFile, FileNotFoundError) as bad:
        print(f"{BadAccountsFile.title_zh}：{bad}", file=sys.stderr)
        return 2
    print(
        f"单位 {done.organisations} 个，账号 {done.accounts} 个（新建 {done.new_accounts} 个），应用 {done.clients} 个"
    )
    print(f"账号文件：{arguments.accounts}")
    return 0
