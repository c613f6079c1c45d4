"""A background task of an app ends, also one that has lost a cancellation."""

import asyncio

from services.chassis.ending import end


async def test_a_task_that_lost_a_cancellation_is_cancelled_again() -> None:
    lost = 0

    async def stubborn() -> None:
        nonlocal lost
        while lost < 2:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                lost += 1
        await asyncio.sleep(3600)

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)

    async with asyncio.timeout(20):
        await end([task])

    assert (lost, task.cancelled()) == (2, True)


async def test_a_task_that_failed_is_simply_over() -> None:
    async def failing() -> None:
        raise ConnectionRefusedError

    task = asyncio.create_task(failing())
    await asyncio.sleep(0)

    await end([task])

    assert isinstance(task.exception(), ConnectionRefusedError)
