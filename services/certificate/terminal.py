"""What the commands tell on the terminal: how it went, and in red what is wrong and where."""

from rich.console import Console

from services.kernel.errors import DomainError

FAULTY = 1
console = Console(stderr=True, soft_wrap=True)


def done(text: str) -> int:
    """The exit status of a command that did it."""
    console.print(text, markup=False)
    return 0


def wrong(*lines: str) -> int:
    """The exit status of a command that could not do it."""
    for line in lines:
        console.print(line, style="red", markup=False)
    return FAULTY


def faults(refused: DomainError) -> int:
    """Each fault with its place in the file."""
    return wrong(*(f"{one.pointer}: {one.detail}" for one in refused.errors))
