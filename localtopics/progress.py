"""How long work tells the outside how far it is, without printing anything itself."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

Advance = Callable[[int], None]
"""Called with the number of steps done since the last call."""


class Bytes(int):
    """A number of steps that are bytes, to be shown as such."""


class Progress(Protocol):
    """Opens one progress bar: ``with progress("Embedding", 500) as advance: advance(32)``."""

    def __call__(self, description: str, total: int | None = None) -> AbstractContextManager[Advance]:
        """Open a bar of ``total`` steps; None where the number of steps is not known.

        A total of `Bytes` is shown in megabytes and gigabytes.
        """
        ...


@contextmanager
def silent(description: str, total: int | None = None) -> Iterator[Advance]:
    """The progress of someone who did not ask for any."""
    yield lambda steps: None
