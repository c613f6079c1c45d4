"""How fast a piece of code runs on a shared machine."""

import time
from collections.abc import Callable


def best_rate(work: Callable[[], object], times: int) -> float:
    """Calls a second of the best of five runs: the machine is shared, the best run is the code's own speed."""
    best = 0.0
    for _ in range(5):
        begun = time.process_time()
        for _ in range(times):
            work()
        best = max(best, times / max(time.process_time() - begun, 1e-9))
    return best
