"""pip with one line that tells how far it is, in place of its own output and warnings."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

EVERY = 30.0  # seconds between two lines where they are not rewritten in place
FAULT = re.compile(r"error|fatal|no such file|not found|no space", re.IGNORECASE)
STEPS = (
    (re.compile(r"\[(\d+)/(\d+)\] "), "{0} of {1} compiled"),  # ninja
    (re.compile(r"\[ *(\d+)%\] "), "{0} % compiled"),  # make
    (re.compile(r"Collecting ([\w.-]+)"), "looking for {0}"),
    (re.compile(r"Downloading (\S+) (\(.+\))"), "downloading {0} {1}"),
    (re.compile(r"Installing build dependencies"), "getting what it is built with"),
    (re.compile(r"Installing collected packages"), "unpacking"),
)


def say(text: str) -> None:
    """A line about what is done next."""
    bold = sys.stderr.isatty() and os.name != "nt"
    sys.stderr.write(f"\033[1m{text}\033[0m\n" if bold else f"{text}\n")
    sys.stderr.flush()


def step(line: str) -> str | None:
    """What a line of pip's output says about its progress."""
    for pattern, words in STEPS:
        if found := pattern.search(line):
            return words.format(*(group.rsplit("/", 1)[-1] for group in found.groups()))
    return None


def share_done(line: str) -> float | None:
    """The share of all files that a compiler's line says are compiled."""
    found = STEPS[0][0].search(line)
    return int(found[1]) / int(found[2]) if found else None


def clock(seconds: float) -> str:
    """75 as 1:15."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


class Progress:
    """One line on the terminal, rewritten; elsewhere a line now and then."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.said = self.started
        self.compiling_since: float | None = None
        self.step = "starting"
        self.left = ""

    def read(self, line: str) -> None:
        """Learn from a line of pip's output."""
        self.step = step(line) or self.step
        share = share_done(line)
        if share is None:
            return
        if self.compiling_since is None:
            self.compiling_since = time.monotonic()
        spent = time.monotonic() - self.compiling_since
        self.left = f", about {clock(spent / share - spent)} left" if share > 0.1 else ""

    def show(self) -> None:
        """Write the line, where it is time for it."""
        now = time.monotonic()
        text = f"  {clock(now - self.started)}  {self.step}{self.left}"
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{text[:78]:78}")
        elif now - self.said > EVERY:
            self.said = now
            sys.stderr.write(f"{text}\n")
        sys.stderr.flush()

    def close(self) -> None:
        """Take the line away."""
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{'':78}\r")
            sys.stderr.flush()


class PipError(Exception):
    """pip did not do it: its last lines that say why."""

    def __init__(self, lines: list[str], log: Path) -> None:
        self.lines = lines
        told = [line for line in lines if FAULT.search(line)] or lines
        super().__init__("\n".join([*dict.fromkeys(told[-8:]), f"All that was said: {log}"]))


class Pip:
    """A virtual environment's pip, quiet but for its progress; what it says goes to `log`."""

    def __init__(self, python: Path, *, constraints: Path, log: Path) -> None:
        self.start = [str(python), "-m", "pip", "--disable-pip-version-check", "--no-input", "install"]
        self.start += ["--progress-bar=off", "--no-warn-script-location", "--root-user-action=ignore"]
        self.start += ["--constraint", str(constraints)]
        self.log = log

    def install(self, *arguments: str) -> None:
        """`pip install`; raises PipError."""
        process = subprocess.Popen(
            [*self.start, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        progress, lines = Progress(), list[str]()

        def read() -> None:
            assert process.stdout
            with self.log.open("a", encoding="utf-8", buffering=1) as log:
                for line in process.stdout:
                    log.write(line)
                    lines.append(line.strip())
                    progress.read(line)

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        try:
            while reader.is_alive():
                reader.join(0.5)
                progress.show()
        except KeyboardInterrupt:
            process.terminate()
            raise
        finally:
            progress.close()
        if process.wait():
            raise PipError(lines, self.log)
