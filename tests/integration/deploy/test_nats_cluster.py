"""The committed NATS configuration, run: three nodes, streams in three copies, and what its users may not do."""

import asyncio
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import pytest
from nats.aio.client import Client
from nats.errors import Error as NatsError

from deploy.local.nats import binary
from deploy.local.process import free_ports, spawn
from services.chassis import bus
from services.chassis.settings import ServiceSettings, load_settings
from services.chassis.yaml_files import parse_all_yaml
from tests.support.manifests import K8S, SERVICES

CONFIG = K8S / "base" / "nats" / "nats.conf"
NODES = 3


@dataclass
class Cluster:
    """Three nodes on this machine, from the file that goes into the ConfigMap; only addresses and the folder differ."""

    folder: Path
    client_ports: list[int] = field(default_factory=list)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self) -> None:
        ports = free_ports(3 * NODES)
        self.client_ports, peers, monitors = ports[:3], ports[3:6], ports[6:]
        for number in range(NODES):
            self._start(number, peers, monitors[number])

    def _start(self, number: int, peers: list[int], monitor: int) -> None:
        text = CONFIG.read_text("utf-8")
        changes = {
            "0.0.0.0:4222": f"127.0.0.1:{self.client_ports[number]}",
            "0.0.0.0:8222": f"127.0.0.1:{monitor}",
            "0.0.0.0:6222": f"127.0.0.1:{peers[number]}",
            "store_dir: /data/js": f'store_dir: "{self.folder}/node-{number}"',
            **{f"nats-{peer}.nats-peers:6222": f"127.0.0.1:{peers[peer]}" for peer in range(NODES)},
        }
        for old, new in changes.items():
            assert old in text
            text = text.replace(old, new)
        path = self.folder / f"node-{number}.conf"
        path.write_text(text)
        environment = {"POD_NAME": f"nats-{number}", "SERVER_TAG": f"az:nats-{number}"}
        environment |= {f"PASSWORD_{service.upper()}": f"secret-{service}" for service in SERVICES}
        command = [str(binary()), "--config", str(path)]
        log = self.folder / f"node-{number}.log"
        self.processes.append(spawn(command, log=log, cwd=self.folder, env=environment))

    def settings(self, service: str) -> ServiceSettings:
        # not to the first node, which is killed: what is asked here is whether the streams go on
        hosts = (f"nats://{service}:secret-{service}@127.0.0.1:{port}" for port in self.client_ports[1:])
        return load_settings(service, ServiceSettings, nats_url=",".join(hosts), nats_replicas=3)

    def stop(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    nodes = Cluster(tmp_path_factory.mktemp("nats-cluster"))
    nodes.start()
    yield nodes
    nodes.stop()


async def with_stream(cluster: Cluster, service: str) -> Client:
    """Connect and make the service's stream as its worker does; three nodes need a moment to choose a leader."""
    settings = cluster.settings(service)
    client = await bus.connect(settings, "test")
    async with asyncio.timeout(40):
        while True:
            try:
                await bus.ensure_stream(client, settings)
            except NatsError:
                await asyncio.sleep(0.3)
            else:
                return client


async def publish(client: Client, subject: str) -> int:
    acknowledged = await client.jetstream().publish(subject, b"{}", headers={"Nats-Msg-Id": str(uuid4())})
    return acknowledged.seq


async def test_streams_have_three_copies_and_outlive_a_node(cluster: Cluster) -> None:
    intake = await with_stream(cluster, "intake")
    approval = await with_stream(cluster, "approval")
    try:
        before = await publish(intake, "intake.application.accepted.v1")
        info = await intake.jetstream().stream_info("INTAKE")
        reader = await approval.jetstream().pull_subscribe("intake.>", "approval-test", stream="INTAKE")
        (message,) = await reader.fetch(1, timeout=10)
        await message.ack_sync()

        assert info.config.num_replicas == 3
        assert info.cluster is not None
        assert len(info.cluster.replicas or []) == 2
        assert message.subject == "intake.application.accepted.v1"

        cluster.processes[0].kill()
        async with asyncio.timeout(40):
            while True:
                try:
                    after = await publish(intake, "intake.application.accepted.v1")
                    break
                except NatsError:
                    await asyncio.sleep(0.3)

        assert after > before
    finally:
        await intake.close()
        await approval.close()


async def test_a_service_publishes_only_its_own_facts_and_deletes_nothing(cluster: Cluster) -> None:
    intake = await with_stream(cluster, "intake")
    approval = await with_stream(cluster, "approval")
    try:
        await publish(intake, "intake.application.accepted.v1")
        kept = (await intake.jetstream().stream_info("INTAKE")).state.messages

        for forbidden in (
            approval.jetstream().publish("intake.application.accepted.v1", b"{}", timeout=1),
            intake.jetstream().purge_stream("INTAKE"),
            intake.jetstream().delete_stream("INTAKE"),
        ):
            with pytest.raises(NatsError):
                await forbidden

        assert (await intake.jetstream().stream_info("INTAKE")).state.messages == kept
    finally:
        await intake.close()
        await approval.close()


async def test_a_consumer_may_ask_a_source_to_send_again_and_only_the_source_hears_it(cluster: Cluster) -> None:
    intake = await with_stream(cluster, "intake")
    supervision = await with_stream(cluster, "supervision")
    try:
        heard = await intake.subscribe(bus.again_subject("intake"))
        await intake.flush()
        eavesdropped = await supervision.subscribe(bus.again_subject("intake"))
        async with asyncio.timeout(40):
            while heard.pending_msgs == 0:  # the nodes tell each other of a subscription in their own time
                await supervision.publish(bus.again_subject("intake"), b"missing")
                await asyncio.sleep(0.2)

        assert (await heard.next_msg(timeout=20)).data == b"missing"
        assert eavesdropped.pending_msgs == 0
    finally:
        await intake.close()
        await supervision.close()


@pytest.mark.parametrize("login", [{"user": "approval", "pass": "wrong"}, {"user": "nobody", "pass": "x"}, {}])
async def test_a_wrong_password_or_a_stranger_is_turned_away(cluster: Cluster, login: dict[str, str]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", cluster.client_ports[1])
    try:
        await reader.readline()
        writer.write(b"CONNECT " + json.dumps(login | {"verbose": False}).encode() + b"\r\nPING\r\n")

        answer = await asyncio.wait_for(reader.readline(), 5)

        assert answer == b"-ERR 'Authorization Violation'\r\n"
    finally:
        writer.close()
        await writer.wait_closed()


def test_the_image_is_the_version_that_is_tested() -> None:
    documents = parse_all_yaml((K8S / "base" / "nats" / "nats.yaml").read_bytes())
    (stateful,) = [document for document in documents if document["kind"] == "StatefulSet"]
    image = stateful["spec"]["template"]["spec"]["containers"][0]["image"]

    version = subprocess.run([str(binary()), "--version"], capture_output=True, text=True, check=True).stdout

    assert image == f"nats:{version.strip().removeprefix('nats-server: v')}-alpine"
