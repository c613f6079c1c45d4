"""No room: for files, for certificates, for events. What was acknowledged stays, the rest can be sent again."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import nats

from demo.api import Caller, eventually
from demo.hall import Hall, a_pdf
from deploy.local.stack import Stack
from tests.support.waiting import GENEROUS_SECONDS, count, submit, unsent, until_supervised

BIG = a_pdf("x" * 200_000)


@contextmanager
def without_room(folder: Path) -> Iterator[None]:
    """A file system of 64 KiB in place of the folder; where we may not mount one, something that is no folder."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "full", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode == 0:
        try:
            yield
        finally:
            subprocess.run(["umount", str(folder)], check=True)
        return
    aside = folder.with_suffix(".aside")
    folder.rename(aside)
    folder.write_bytes(b"")
    try:
        yield
    finally:
        folder.unlink()
        aside.rename(folder)


async def an_application(caller: Caller, hall: Hall, item: dict[str, Any]) -> tuple[str, int]:
    """Of the citizen herself, with a material to upload: its address and the material's number."""
    body = {"item_code": item["item_code"], "applicant": hall.citizen(1).applicant, "reuse": "none"}
    answer = await caller.post("/api/v1/applications", body)
    assert answer.status_code == 201, answer.text
    application = answer.json()
    missing = next(one["material_no"] for one in application["materials"] if one["coverage"] == "MISSING")
    return f"/api/v1/applications/{application['application_id']}", missing


async def test_an_upload_to_a_full_disk_stores_nothing_and_works_again_with_the_same_key(
    durable_stack: Stack, hall: Hall, item: dict[str, Any]
) -> None:
    citizen = await hall.person("citizen1")
    path, material = await an_application(citizen, hall, item)
    before = (await citizen.get(path)).json()
    key, form, file = str(uuid4()), {"material_no": str(material)}, ("material.pdf", BIG)
    folder = durable_stack.folder.files / "intake"

    with without_room(folder):
        refused = await citizen.post(f"{path}/materials", form, key=key, file=file)
        meanwhile = (await citizen.get(path)).json()
    stored = await citizen.post(f"{path}/materials", form, key=key, file=file)
    again = await citizen.post(f"{path}/materials", form, key=key, file=file)
    back = await citizen.get(f"{path}/materials/{material}/file")
    of_this_one = [one for one in (folder / "materials" / path.rpartition("/")[2]).iterdir() if one.is_file()]

    assert refused.status_code == 503
    assert refused.json()["code"] == "platform.files-away"
    assert int(refused.headers["retry-after"]) > 0
    assert meanwhile == before
    assert stored.status_code == again.status_code == 201
    assert again.headers["idempotency-replayed"] == "true"
    assert back.content == BIG
    assert len(of_this_one) == 1


async def test_files_of_papers_are_made_when_there_is_room_again(
    durable_stack: Stack, hall: Hall, item: dict[str, Any]
) -> None:
    clerk = await hall.person("clerk1")
    body = {"item_code": item["item_code"], "applicant": hall.citizen(2).applicant, "reuse": "auto"}
    application = (await clerk.post("/api/v1/applications", body)).json()
    receipt = f"/api/v1/applications/{application['application_id']}/receipt"
    failed = "SELECT count(*) FROM file_job j JOIN paper p ON p.id = j.target_id WHERE j.last_error = 'FilesAway'"

    with without_room(durable_stack.folder.files / "certificate"):
        received = await clerk.post(receipt, None, version=application["version"])

        async def tried() -> bool | None:
            return True if await count(durable_stack, "certificate", failed) else None

        await eventually(tried, "the file is tried", GENEROUS_SECONDS)
        papers = (await clerk.get(f"/api/v1/cases/{received.json()['case_no']}/papers")).json()["papers"]

    async def made() -> bytes | None:
        answer = await clerk.get(f"/api/v1/papers/{papers[0]['paper_id']}/file")
        return answer.content if answer.status_code == 200 else None

    assert received.status_code == 201
    assert papers[0]["file"]["state"] != "READY"
    assert (await eventually(made, "the file is made", GENEROUS_SECONDS)).startswith(b"%PDF")


@asynccontextmanager
async def full_stream(stack: Stack, name: str) -> AsyncIterator[None]:
    """The stream takes nothing more than it holds."""
    client = await nats.connect(stack.nats_url)
    js = client.jetstream()
    info = await js.stream_info(name)
    room = info.config.max_bytes
    try:
        await js.update_stream(info.config.evolve(max_bytes=max(1, info.state.bytes)))
        yield
    finally:
        await js.update_stream(info.config.evolve(max_bytes=room))
        await client.close()


async def test_events_wait_in_the_outbox_while_the_stream_is_full(
    durable_stack: Stack, hall: Hall, item: dict[str, Any]
) -> None:
    first = await submit(hall, item)
    await until_supervised(durable_stack, first.json()["application_id"])

    async with full_stream(durable_stack, "INTAKE"):
        taken = [await submit(hall, item) for _ in range(3)]

        await asyncio.sleep(3)  # several rounds of the relay
        waiting = await unsent(durable_stack, "intake")
    for answer in taken:
        await until_supervised(durable_stack, answer.json()["application_id"])

    assert [answer.status_code for answer in taken] == [201, 201, 201]
    assert waiting == 3
    assert await unsent(durable_stack, "intake") == 0
