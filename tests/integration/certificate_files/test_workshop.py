"""The workshop: files from other processes, safe beside threads, and a killed process costs a retry, not a file."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from services.certificate.files import contents
from services.certificate.files.errors import UnprintableCharacter, WorkshopUnavailable
from services.certificate.files.seal_keys import FileSealKeys
from services.certificate.files.trust import Trust
from services.certificate.files.verification import Verdict, verify_pdf
from services.certificate.files.workshop import Workshop, WorkshopSettings
from tests.support import certificate_files as samples


@pytest.fixture
async def workshop(seal_keys: FileSealKeys) -> AsyncIterator[Workshop]:
    made = Workshop(WorkshopSettings(seal_keys.signing_dir, processes=1))
    yield made
    await made.close()


def workers() -> list[psutil.Process]:
    """Our own children only: a running stack of another test has workshops too, further down."""
    return [child for child in psutil.Process().children() if "spawn_main" in " ".join(child.cmdline())]


async def test_a_file_is_made_in_another_process_while_threads_run(workshop: Workshop, trust: Trust) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    try:
        certificate, paper = await asyncio.gather(
            workshop.make(samples.a_certificate()), workshop.make(samples.a_job(samples.refusal()))
        )
    finally:
        stop.set()
        thread.join()

    assert verify_pdf(certificate, trust).reference == samples.IDENTIFIER
    assert verify_pdf(paper, trust).kind == "paper"


async def test_an_error_about_the_contents_comes_back_as_it_is(workshop: Workshop) -> None:
    with pytest.raises(UnprintableCharacter) as caught:
        await workshop.make(samples.a_certificate(holder_name="😀"))

    assert caught.value.errors[0].pointer == "/holder_name"


async def test_processes_that_are_killed_are_replaced_and_their_jobs_done_again(
    workshop: Workshop, trust: Trust
) -> None:
    await workshop.make(samples.a_certificate())
    jobs = [asyncio.create_task(workshop.make(samples.a_certificate(number=f"N{n}"))) for n in range(6)]
    await asyncio.sleep(0.05)

    [worker] = workers()
    worker.send_signal(signal.SIGKILL)

    files = await asyncio.gather(*jobs)
    assert {verify_pdf(file, trust).verdict for file in files} == {Verdict.VALID}


async def test_a_job_that_takes_too_long_ends_its_process_and_is_told(seal_keys: FileSealKeys) -> None:
    slow = Workshop(WorkshopSettings(seal_keys.signing_dir, seconds_per_file=1))
    materials = tuple(contents.MaterialLine(name="很长的材料名称" * 40, form="原件") for _ in range(20_000))
    try:
        with pytest.raises(WorkshopUnavailable):
            await slow.make(samples.a_job(contents.Receipt(**vars(samples.receipt()) | {"materials": materials})))
    finally:
        await slow.close()


async def test_processes_are_replaced_after_their_share_of_files(seal_keys: FileSealKeys) -> None:
    recycling = Workshop(WorkshopSettings(seal_keys.signing_dir, files_per_process=1))
    try:
        await recycling.make(samples.a_certificate())
        before = {worker.pid for worker in workers()}
        await recycling.make(samples.a_certificate())
        after = {worker.pid for worker in workers()}
    finally:
        await recycling.close()

    assert after - before


async def test_no_process_is_left_after_closing(seal_keys: FileSealKeys) -> None:
    closing = Workshop(WorkshopSettings(seal_keys.signing_dir))
    await closing.make(samples.a_certificate())

    await closing.close()

    assert workers() == []


PARENT = """
import asyncio, sys
from pathlib import Path
from services.certificate.files.workshop import Workshop, WorkshopSettings
from tests.support import certificate_files as samples

async def main():
    workshop = Workshop(WorkshopSettings(Path(sys.argv[1])))
    await workshop.make(samples.a_certificate())
    print("made", flush=True)
    await asyncio.sleep(60)

if __name__ == "__main__":
    asyncio.run(main())
"""


def test_processes_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    root = str(Path(__file__).parents[3])
    parent = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path)], stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": root}
    )
    with parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"made\n"
        children = psutil.Process(parent.pid).children(recursive=True)
        parent.kill()

    gone, alive = psutil.wait_procs(children, timeout=10)
    for process in alive:
        process.kill()
    assert len(gone) >= 1
    assert alive == []
