"""What a long run tells while it goes on, and when it has to come to its end."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

Tell = Callable[[int], None]
_EVERY_SECONDS = 30  # a line into a log file, where no bar can move


class TimeOver(Exception):
    """The time given for the run is over; says in which stage."""


@dataclass
class Stages:
    """One after another, each with its bar and the time it still needs."""

    console: Console
    seconds: float
    began: float = field(default_factory=time.monotonic)

    @property
    def spent(self) -> float:
        return time.monotonic() - self.began

    def is_over(self, share: float = 1) -> bool:
        """Whether this share of the time given is used up."""
        return self.spent > share * self.seconds

    @contextmanager
    def stage(self, name: str, total: int) -> Iterator[Tell]:
        """Gives what is to be told after each step. That raises TimeOver."""
        show = self._bar if self.console.is_terminal else self._lines
        with show(name, total) as tell:

            def step(done: int) -> None:
                tell(done)
                if self.is_over():
                    raise TimeOver(name)

            yield step

    @contextmanager
    def _bar(self, name: str, total: int) -> Iterator[Tell]:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=self.console) as progress:
            task = progress.add_task(name, total=total)
            yield lambda done: progress.advance(task, done)

    @contextmanager
    def _lines(self, name: str, total: int) -> Iterator[Tell]:
        began = told = time.monotonic()
        done = 0
        self.say(f"· {name} ({total:,})")

        def tell(more: int) -> None:
            nonlocal told, done
            done, at = done + more, time.monotonic()
            if at - told >= _EVERY_SECONDS and done:
                told, left = at, (at - began) * (total - done) / done
                self.say(f"  {done:,} / {total:,}，还需约 {minutes(left)} / about {minutes(left)} left")

        yield tell
        self.say(f"  {minutes(time.monotonic() - began)}")

    def say(self, line: str) -> None:
        self.console.print(line, markup=False, highlight=False)


def minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
