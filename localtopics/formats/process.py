"""Files that strangers wrote are read by another process, within limits of time and memory.

What crashes it, hangs or grows without end costs that one file, and the process is started anew.
"""

from __future__ import annotations

import faulthandler
import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from localtopics.formats.archive import MOST_BYTES
from localtopics.formats.document import Document, Unreadable, tidy
from localtopics.text import one_line

SECONDS = 20
"""That a file may take."""
MEMORY = 3 * 1024**3
"""Bytes of address space; only Linux keeps to them."""
MISSING = "takes packages that are not installed: pip install 'localtopics[documents]'"

_PACKAGE = Path(__file__).resolve().parents[1]
_START = (  # this package, and else what is found in Python's own order
    "import sys; sys.path.insert(0, sys.argv[1]); import localtopics; del sys.path[0]; "
    "from localtopics.formats.process import serve; serve()"
)


class Reader:
    """Reads files of one document; a context manager, since it has a process of its own.

    The process is started when the first file is read.

    Args:
        seconds: that a file may take.
    """

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Reader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None and self._process is not None:
            self._process.kill()
        self._end()

    def read(self, ending: str, content: bytes) -> Document:
        """Read the content of a file whose name ends in one of `FORMATS`.

        Raises:
            Unreadable: it cannot be read; the exception's text is a clause about the file.
            RuntimeError: the other process cannot be started.
        """
        if not content:
            raise Unreadable("is empty")
        if len(content) > MOST_BYTES:
            raise Unreadable(f"is larger than {MOST_BYTES // 10**6} MB, too large for one document")
        answer = self._asked(ending, content)
        if isinstance(answer, str):
            raise Unreadable(answer)
        return Document(*answer)

    def _asked(self, ending: str, content: bytes) -> list[Any] | str:
        if self._process is None:
            self._process = _started(self._seconds)
        questions, answers = _pipes(self._process)
        with suppress(OSError):  # it ended: its answer is the end of the file
            questions.write(f"{ending} {len(content)}\n".encode() + content)
            questions.flush()
        if line := answers.readline():
            found: list[Any] | str = json.loads(line)
            return found
        code = self._end()
        return beyond(self._seconds) if code >= 0 else "is damaged: it crashes the program that reads it"

    def _end(self) -> int:
        """End the process; returns the code with which it ended."""
        if self._process is None:
            return 0
        process, self._process = self._process, None
        for pipe in _pipes(process):
            with suppress(OSError):
                pipe.close()
        return process.wait()


def beyond(seconds: float) -> str:
    """What is said of a file that takes too long, or too much memory."""
    return f"takes more than {seconds:g} seconds or {MEMORY >> 30} GiB of memory to read"


def _started(seconds: float) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", _START, str(_PACKAGE.parent), str(seconds)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    if _pipes(process)[1].readline() != b"ready\n":
        raise RuntimeError("The process that reads documents did not start.")
    return process


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    assert process.stdin is not None
    assert process.stdout is not None
    return process.stdin, process.stdout


def serve() -> None:
    """What the other process does: it answers each file with a line, until there are no more."""
    seconds = float(sys.argv[2])
    questions = sys.stdin.buffer
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # for what the packages print
    _limit()
    answers.write(b"ready\n")
    answers.flush()
    while line := questions.readline():
        ending, _, size = line.decode().rpartition(" ")
        content = questions.read(int(size))
        faulthandler.dump_traceback_later(seconds, exit=True)
        try:
            answer = json.dumps(_answer(ending, content)).encode()
        except MemoryError:
            answer = json.dumps(beyond(seconds)).encode()
        faulthandler.cancel_dump_traceback_later()
        answers.write(answer + b"\n")
        answers.flush()


def _limit() -> None:
    with suppress(ImportError):  # on Windows
        import resource

        for kind, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CORE, 0)):
            with suppress(ValueError, OSError):  # not on macOS, or it is less already
                resource.setrlimit(kind, (most, most))


def _answer(ending: str, content: bytes) -> Document | str:
    """The document, or a clause that says why there is none."""
    from localtopics.formats.formats import FORMATS

    try:
        document = FORMATS[ending](content)
        text = tidy(document.text)
        return document._replace(text=text, title=one_line(document.title))
    except Unreadable as reason:
        return str(reason)
    except ModuleNotFoundError:
        return MISSING
    except MemoryError:
        raise
    except Exception as error:  # of any class: files are damaged in more ways than packages expect
        said = one_line(str(error))[:200].rstrip(". ") or type(error).__name__
        return f"is damaged, or no {ending.removeprefix('.')} file ({said})"
