"""When Python looks for reference cycles: rarely, and never again among what a process loaded at its start."""

import gc

# Young objects counted before a look. Python's own 700 means several looks in every request; a request leaves hardly
# any cycles, and what it does leave may wait.
_YOUNG = 20_000
_MIDDLE = 20
_OLD = 50


def settle() -> None:
    """Called once a process is ready: modules, routes and models stay for ever and are left out of every later look."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
