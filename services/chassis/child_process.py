"""What a process of a pool does first: it ends with its parent, and seldom looks for garbage."""

import gc
import multiprocessing
import os
import threading

_MANY = 100_000  # new things before the first look


def end_with_parent() -> None:
    """A worker must not outlive a parent that was killed: it would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=wait, name="parent-watch", daemon=True).start()


def seldom_collect() -> None:
    """For making many small things, none of which holds itself: looking for those took a sixth of the time."""
    gc.freeze()
    gc.set_threshold(_MANY)
