"""Commands of identity: api, worker, migrate, dead-letters, republish, bootstrap, add-key."""

import argparse

from services.chassis.cli import Command, main, run_cli
from services.chassis.settings import ServiceSettings, load_settings
from services.identity import keys
from services.identity.bootstrap import command as bootstrap


def settings() -> ServiceSettings:
    return load_settings("identity", ServiceSettings)


def run_bootstrap(arguments: argparse.Namespace) -> int:
    return bootstrap.run(settings(), arguments)


def run_add_key(_: argparse.Namespace) -> int:
    print(keys.add_key(keys.folder_of(settings().keys_dir)))
    return 0


if __name__ == "__main__":
    own = (
        Command("bootstrap", "创建演示单位、账号和应用（可重复执行）", run_bootstrap, bootstrap.add_arguments),
        Command("add-key", "新增签名密钥；新密钥签发，旧密钥在删除前仍可验签", run_add_key),
    )
    main(run_cli("identity", settings, own))
