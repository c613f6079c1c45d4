"""A bucket that speaks S3, in a process of its own, behind a door that can be shut and opened again."""

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import obstore
from obstore.store import S3Store

from deploy.local.process import LOOPBACK, free_ports, is_free, spawn, stop, tail
from tests.support.cutting_proxy import pass_on

NAME = "yichuang"
_READY_SECONDS = 60.0


class Bucket:
    """`environment` is what points a service at it; `names` and `content` look at what really lies there."""

    def __init__(self, server_port: int, door_port: int) -> None:
        self._server_port = server_port
        self._door_port = door_port
        self._door: asyncio.Server | None = None
        self._inside: set[asyncio.StreamWriter] = set()
        self._store = S3Store(
            NAME,
            endpoint=f"http://{LOOPBACK}:{server_port}",
            region="cn-local",
            access_key_id="looks",
            secret_access_key="looks",
            client_options={"allow_http": True},
        )

    @property
    def environment(self) -> dict[str, str]:
        return {
            "YICHUANG_FILES_URL": f"s3://{NAME}/of-a-service",
            "AWS_ENDPOINT_URL": f"http://{LOOPBACK}:{self._door_port}",
            "AWS_REGION": "cn-local",
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_ALLOW_HTTP": "true",
        }

    async def open(self) -> None:
        self._door = await asyncio.start_server(self._serve, LOOPBACK, self._door_port)

    async def shut(self) -> None:
        """From now on a service finds nobody, and whoever was inside is put out."""
        if self._door is not None:
            self._door.close()
            self._door = None
        for writer in self._inside:
            writer.transport.abort()

    async def names(self) -> set[str]:
        return {entry["path"] for entry in await obstore.list(self._store).collect_async()}

    async def content(self, name: str) -> bytes:
        return bytes(await (await obstore.get_async(self._store, name)).bytes_async())

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection(LOOPBACK, self._server_port)
        self._inside |= {writer, server_writer}
        try:
            await asyncio.gather(pass_on(reader, server_writer), pass_on(server_reader, writer))
        finally:
            self._inside -= {writer, server_writer}


@contextmanager
def running_bucket() -> Iterator[Bucket]:
    """An empty bucket; its server ends with the test, and with this process even when that is killed."""
    with tempfile.TemporaryDirectory(prefix="yichuang-s3-") as folder:
        log = Path(folder) / "s3.log"
        server_port, door_port = free_ports(2)
        argv = [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", LOOPBACK, "-p", str(server_port)]
        process = spawn(argv, log=log)
        try:
            _wait(process, server_port, log)
            answer = httpx.put(f"http://{LOOPBACK}:{server_port}/{NAME}", timeout=_READY_SECONDS)
            assert answer.status_code == 200, answer.text
            yield Bucket(server_port, door_port)
        finally:
            stop(process, ())


def _wait(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while is_free(port):
        assert process.poll() is None, tail(log)
        assert time.monotonic() < deadline, tail(log)
        time.sleep(0.05)
