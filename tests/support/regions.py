"""Two libraries of two regions for tests: own databases, keys and divisions, registered with each other."""

import asyncio
import base64
import json
import os
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from contracts.events.common import OrganisationRef
from services.certificate.commands import log_heads
from services.certificate.domain.errors import PeerUntrusted
from services.certificate.domain.peering import Peer
from services.certificate.files.records import RecordSigner, payload_of
from services.certificate.peers.adopting import adopt
from services.certificate.peers.asking import Desk, Heard, inquire, remember
from services.certificate.peers.line import Line
from services.certificate.peers.rows import find_peer
from services.certificate.peers.wire import ANSWER_TYPE, Question
from services.chassis import clock
from tests.support import tokens
from tests.support.certificate import BUSINESS_LICENCE, DISTRICT, MARKET, Library, an_item, environment, running
from tests.support.stack import free_port

ELSEWHERE = "431102000000"  # 零陵区
THEIR_MARKET = OrganisationRef(uscc="114311020061000297", name="零陵区市场监督管理局", division=ELSEWHERE)
PURPOSE = "办理食品经营许可，核对申请人证照"


@dataclass
class Region:
    """A library and how it is asked."""

    library: Library
    division: str
    name: str

    async def post(self, path: str, who: dict[str, str], body: Any) -> httpx.Response:
        headers = who | {"Idempotency-Key": str(uuid4())}
        return await self.library.http.post(f"/api/v1/{path}", headers=headers, json=body)

    @contextmanager
    def line(self, transport: httpx.AsyncBaseTransport) -> Iterator[None]:
        """Another line for a while."""
        state = self.library.app.state
        usual, state.line = state.line, Line(transport=transport)
        try:
            yield
        finally:
            state.line = usual

    async def sign_head(self) -> None:
        await log_heads.sign_head(self.library.database, self.library.kit, now=clock.now())

    def registration(self, **changes: Any) -> dict[str, Any]:
        """How another region registers this one."""
        return {
            "region": self.division,
            "name": self.name,
            "base_url": f"http://{self.division}.test",
            "keys": self.library.kit.signer.jwks()["keys"],
            "may_ask": {"daily_limit": 1000},
            "we_ask": {"types": {BUSINESS_LICENCE: BUSINESS_LICENCE}, "daily_limit": 1000, "trust_days": 1},
            "valid_from": "2000-01-01",
        } | changes

    async def registers(self, other: "Region", **changes: Any) -> None:
        answer = await self.post(
            "certificate-peers", tokens.headers(["CATALOGUE_ADMIN"]), other.registration(**changes)
        )
        assert answer.status_code == 201, answer.text

    async def hears(self, other: "Region", identifier: str) -> Heard:
        """What the other one says now; nothing is kept yet."""
        state, peer = self.library.app.state, await self._peer(other)
        desk = Desk(self.library.database, self.library.kit, state.line, clock.now())
        return await inquire(desk, peer, [Question(identifier=identifier, purpose=PURPOSE, head_size=peer.head_size)])

    async def takes(self, other: "Region", heard: Heard) -> str:
        """Keeps what was heard, or says which fault it has."""
        peer = await self._peer(other)
        try:
            async with self.library.database.transaction() as uow:
                await remember(uow.connection, peer, heard)
                await adopt(uow, heard.found[0], peer, self.library.kit, now=clock.now())
        except PeerUntrusted as fault:
            return fault.errors[0].code
        return "adopted"

    async def _peer(self, other: "Region") -> Peer:
        async with self.library.database.read() as connection:
            found = await find_peer(connection, other.division)
        assert found is not None
        return found

    async def asks(self, who: dict[str, str], **wanted: Any) -> httpx.Response:
        return await self.post("certificates/elsewhere", who, {"purpose": PURPOSE} | wanted)


def line_to(regions: Mapping[str, Region]) -> Line:
    """The line between apps of this process, by their address."""
    apps = {f"{region.division}.test": httpx.ASGITransport(app=region.library.app) for region in regions.values()}

    class _Switch(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            return await apps[request.url.host].handle_async_request(request)

    return Line(transport=_Switch())


def _environment(folder: Path, database_url: str, division: str) -> dict[str, str]:
    """Keys of personal data differ between regions: nothing but the number itself joins them."""
    folder.mkdir()
    settings = environment(folder, database_url) | {"YICHUANG_DIVISION": division}
    for kind in ("seal", "index"):
        own = base64.b64encode(f"{kind} {division}".encode().ljust(32, b"!")).decode()
        (folder / "keys" / kind / "2026.key").write_text(own)
    return settings


@asynccontextmanager
async def two_regions(
    folder: Path, fresh: Callable[[str], Any], keys: Path | None = None
) -> AsyncIterator[tuple[Region, Region]]:
    """零陵区, which issues, and 鹤城区, which asks; with `keys` the latter knows people as those services do."""
    elsewhere = _environment(folder / ELSEWHERE, fresh("certificate").app_url, ELSEWHERE)
    here = _environment(folder / DISTRICT, fresh("certificate").app_url, DISTRICT)
    if keys is not None:
        shutil.rmtree(folder / DISTRICT / "keys")
        shutil.copytree(keys, folder / DISTRICT / "keys")
    async with running(elsewhere) as first, running(here) as second:
        issuing = Region(first, ELSEWHERE, "永州市零陵区")
        asking = Region(second, DISTRICT, "怀化市鹤城区")
        line = line_to({"issuing": issuing, "asking": asking})
        first.app.state.line = second.app.state.line = line
        await issuing.registers(asking)
        await asking.registers(issuing)
        yield issuing, asking
        await line.close()


async def a_business_licence(region: Region, number: str, name: str) -> dict[str, Any]:
    """Issued by the market authority of 零陵区, under its signed head."""
    item = an_item(
        department=THEIR_MARKET if region.division == ELSEWHERE else MARKET,
        certificate_type_code=BUSINESS_LICENCE,
        certificate_type_name="营业执照",
        certificate_validity="长期",
    )
    row = await region.library.issued(region.library.a_case(number, name, item=item))
    await region.sign_head()
    return row


@dataclass
class Instance:
    """The HTTP interface of a region's library as a process of its own, on a port of its own."""

    region: Region
    settings: dict[str, str]
    port: int = field(default_factory=free_port)
    _process: asyncio.subprocess.Process | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        bare = {name: value for name, value in os.environ.items() if not name.startswith("YICHUANG_")}
        command = [sys.executable, "-m", "services.certificate", "api", "--host", "127.0.0.1", "--port", str(self.port)]
        nowhere = asyncio.subprocess.DEVNULL
        self._process = await asyncio.create_subprocess_exec(
            *command, env=bare | self.settings, stdout=nowhere, stderr=nowhere
        )

    async def answers(self) -> None:
        """Until it does."""
        async with httpx.AsyncClient(base_url=self.url) as http, asyncio.timeout(180):
            while True:
                assert self._process is not None
                assert self._process.returncode is None, f"the library of {self.region.name} ended"
                try:
                    if (await http.get("/livez")).is_success:
                        return
                except httpx.HTTPError:
                    await asyncio.sleep(0.05)

    async def stop(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()


@asynccontextmanager
async def two_instances(folder: Path, fresh: Callable[[str], Any]) -> AsyncIterator[tuple[Instance, Instance]]:
    """As `two_regions`, each served by a process and registered with the keys that the other one publishes over HTTP.

    What workers do (cases heard, heads signed, peers told) is done here, on their databases, over the real line.
    """
    async with AsyncExitStack() as stack:
        both = []
        for division, name in ((ELSEWHERE, "永州市零陵区"), (DISTRICT, "怀化市鹤城区")):
            settings = _environment(folder / division, fresh("certificate").app_url, division)
            library = await stack.enter_async_context(running(settings))
            instance = Instance(Region(library, division, name), settings)
            await instance.start()
            stack.push_async_callback(instance.stop)
            both.append(instance)
        there, here = both
        for one, other in ((there, here), (here, there)):
            await one.answers()
            await other.answers()
            async with httpx.AsyncClient(base_url=other.url) as http:
                published = (await http.get("/.well-known/certificate-jwks.json")).json()
            await one.region.registers(other.region, base_url=other.url, keys=published)
        yield there, here


class Tampering(httpx.AsyncBaseTransport):
    """Carries requests to a library and changes what it answers: its body, or what its answer says (signed again)."""

    def __init__(self, region: Region, change: Callable[[dict[str, Any]], Any], signer: RecordSigner | None) -> None:
        self._to = httpx.ASGITransport(app=region.library.app)
        self._change, self._signer = change, signer

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self._to.handle_async_request(request)
        body = json.loads(await answer.aread())
        if self._signer is None:
            return httpx.Response(answer.status_code, json=self._change(body))
        said = payload_of(body["answer"])
        self._change(said)
        return httpx.Response(200, json={"answer": self._signer.sign(said, typ=ANSWER_TYPE)})
