"""Background tasks are cancelled until they are over."""

import asyncio
from collections.abc import Sequence

_CANCEL_SECONDS = 1


async def end(tasks: Sequence["asyncio.Task[None]"]) -> None:
    """Cancel until all are over.

    In Python 3.11 a cancellation that meets the end of what `asyncio.wait_for` waits for is lost: a bus client that is
    refused at that instant would go on trying to connect for ever.
    """
    while pending := [task for task in tasks if not task.done()]:
        for task in pending:
            task.cancel()
        await asyncio.wait(pending, timeout=_CANCEL_SECONDS)
    await asyncio.gather(*tasks, return_exceptions=True)
