"""The command `add-peer`: registers another region's library from a file."""

import argparse
import asyncio
from pathlib import Path

from pydantic import ValidationError

from services.certificate import settings, terminal
from services.certificate.domain.errors import PeerImpossible
from services.certificate.peers import registering
from services.certificate.peers.schemas import PeerIn, PeerOut
from services.chassis import clock
from services.chassis.database import Database


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="登记文件，格式见证照服务的 README")


def run(arguments: argparse.Namespace) -> int:
    try:
        body = PeerIn.model_validate_json(arguments.file.read_bytes())
        made = asyncio.run(_save(body))
    except OSError as fault:
        return terminal.wrong(f"无法读取：{fault.filename}")
    except ValidationError as faulty:
        found = faulty.errors(include_url=False, include_input=False)
        return terminal.wrong(*(f"/{'/'.join(map(str, one['loc']))}: {one['msg']}" for one in found))
    except PeerImpossible as refused:
        return terminal.faults(refused)
    return terminal.done(f"已登记 {made.name}（{made.region}），公钥 {'、'.join(made.key_ids)}")


async def _save(body: PeerIn) -> PeerOut:
    loaded = settings.load()
    clock.use_test_clock(loaded.test_clock)
    registering.check(body, loaded)
    database = Database(loaded.database_url)
    try:
        async with database.transaction() as uow:
            return await registering.save(uow.connection, body, "add-peer", now=clock.now())
    finally:
        await database.close()
