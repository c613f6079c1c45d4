"""What whole lives are compared with: a workflow of four durable steps on DBOS, same PostgreSQL, no HTTP.

FLOOR_DATABASE_URL=... python -m benchmarks.dbos_floor --seconds 8 --threads 8    prints JSON
"""

import argparse
import json
import os
import sys
import threading
import time

from dbos import DBOS, DBOSConfig


@DBOS.step()
def receive(case: int) -> str:
    return f"{case} received"


@DBOS.step()
def accept(case: int) -> str:
    return f"{case} accepted"


@DBOS.step()
def decide(case: int) -> str:
    return f"{case} decided"


@DBOS.step()
def hand_over(case: int) -> str:
    return f"{case} handed over"


@DBOS.workflow()
def life(case: int) -> str:
    return " ".join((receive(case), accept(case), decide(case), hand_over(case)))


def run(url: str, seconds: float, threads: int) -> dict[str, float]:
    """Completed workflows a second."""
    config: DBOSConfig = {"name": "floor", "system_database_url": url, "log_level": "ERROR"}
    DBOS(config=config)
    DBOS.launch()
    done = [0] * threads

    def client(number: int, until: float) -> None:
        while time.perf_counter() < until:
            life(number)
            done[number] += 1

    def together(length: float) -> float:
        began = time.perf_counter()
        workers = [threading.Thread(target=client, args=(number, began + length)) for number in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        return time.perf_counter() - began

    together(1.0)
    done[:] = [0] * threads
    cpu = time.process_time()
    elapsed = together(seconds)
    total = sum(done)
    result = {"count": total, "per_second": total / elapsed, "cpu_ms": 1000 * (time.process_time() - cpu) / total}
    DBOS.destroy()
    return result


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--threads", type=int, default=8)
    arguments = parser.parse_args()
    print(json.dumps(run(os.environ["FLOOR_DATABASE_URL"], arguments.seconds, arguments.threads)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
