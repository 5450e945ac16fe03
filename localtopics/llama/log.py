"""What llama.cpp says: kept for error messages, and for what only its log tells, instead of printed."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version

_WARNING, _ERROR = 3, 4  # ggml_log_level

_said: deque[str] = deque(maxlen=20)
"""The last warnings and errors."""
_recorded: list[str] | None = None


def hear(level: int, line: str) -> None:
    """Take a line that llama.cpp logs at one of ggml's levels."""
    if level in (_WARNING, _ERROR):
        _said.append(line)
    if _recorded is not None:
        _recorded.append(line)


def clear_log() -> None:
    """Forget what llama.cpp said so far."""
    _said.clear()


def reason() -> str:
    """What llama.cpp said went wrong since `clear_log`, for an error message."""
    said = [line for line in _said if re.search(r"error|fail|unable|cannot", line)]
    return said[0].partition(": ")[2].rstrip(".") if said else "llama.cpp gave no reason"


@contextmanager
def recording() -> Iterator[list[str]]:
    """A list of everything that llama.cpp logs within the ``with`` block, line by line."""
    global _recorded
    _recorded = []
    try:
        yield _recorded
    finally:
        _recorded = None


def unreadable(what: str, lines: Sequence[str]) -> RuntimeError:
    """The error for a llama.cpp that does not say something in the words that are known here."""
    said, package = "\n".join(lines), "llama-cpp-python"
    return RuntimeError(f"{package} {version(package)} does not say {what} as 0.3.36 does:\n{said}")
