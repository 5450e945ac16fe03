"""Ctrl-C while llama.cpp computes."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Self


class Interrupt:
    """Keeps a Ctrl-C until llama.cpp has returned, as its callbacks would swallow the exception.

    Use it in a ``with`` block around the call; meanwhile ``struck`` tells callbacks to stop.
    """

    def __init__(self) -> None:
        self.struck = False
        self._before: signal._HANDLER = None

    def __enter__(self) -> Self:
        before = signal.getsignal(signal.SIGINT)
        if threading.current_thread() is threading.main_thread() and callable(before):
            self.struck = False
            self._before = before
            signal.signal(signal.SIGINT, self._strike)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
            self._before = None
            if self.struck:
                self.struck = False
                signal.raise_signal(signal.SIGINT)

    def _strike(self, signal_number: int, frame: FrameType | None) -> None:
        self.struck = True
