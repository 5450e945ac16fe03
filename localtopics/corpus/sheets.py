"""Opens a workbook in a process of its own, within limits: a damaged one can take all memory, or end it.

This file is that process's script as well, so it imports nothing of localtopics.
"""

from __future__ import annotations

import io
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook

ABOVE = 10
"""Rows of a sheet that are looked at before the others."""
_AT_A_TIME = 1000  # rows


class SheetError(Exception):
    """Why a workbook cannot be read, as a clause about it."""


class Sheet(NamedTuple):
    """A sheet of cells."""

    name: str
    visible: bool


class Workbook:
    """A workbook that another process has open.

    Attributes:
        sheets: Its sheets in their order.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self.sheets: list[Sheet] = [Sheet(*sheet) for sheet in self._answer()]

    def first(self, name: str) -> list[Sequence[object]]:
        """The first rows of a sheet that are not empty, at most `ABOVE`; an empty cell is ""."""
        self._ask(name)
        rows: list[Sequence[object]] = self._answer()
        return rows

    def rest(self) -> Iterator[Sequence[object]]:
        """The rows that follow those of the last sheet that was asked for."""
        self._ask(None)
        while rows := self._answer():
            yield from rows

    def _ask(self, question: object) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # then there is no answer either
            _send(self._process.stdin, question)

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        try:
            fault, answer = pickle.load(self._process.stdout)
        except (EOFError, pickle.UnpicklingError):
            raise SheetError("is damaged, or does not fit into this machine's memory") from None
        if fault:
            raise SheetError(answer)
        return answer


@contextmanager
def opened(content: bytes, path: str | None, memory: int) -> Iterator[Workbook]:
    """Open a workbook.

    Args:
        content: the file's bytes.
        path: the file, where it is on this machine.
        memory: the most bytes of address space that this may take; only Linux keeps to them.

    Raises:
        SheetError: it cannot be opened or read.
    """
    process = subprocess.Popen(
        [sys.executable, "-P", __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # where Rust tells of its panics
        env=os.environ | {"RUST_BACKTRACE": "0"},  # which takes its time
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        with suppress(BrokenPipeError):
            _send(process.stdin, (content, path, memory))
        yield Workbook(process)
    finally:
        process.kill()
        process.wait()
        with suppress(BrokenPipeError):
            process.stdin.close()
        process.stdout.close()


def _send(stream: BinaryIO | Any, value: object) -> None:
    pickle.dump(value, stream)
    stream.flush()


# -- the other process ----------------------------------------------------------------------------------


def _serve() -> None:
    from python_calamine import CalamineError, PasswordError

    questions, answers = sys.stdin.buffer, sys.stdout.buffer
    try:
        for answer in _answers(questions):
            _send(answers, (False, answer))
    except PasswordError:
        _send(answers, (True, "is locked by a password: save it without one"))
    except MemoryError:
        _send(answers, (True, "does not fit into this machine's memory"))
    except CalamineError as error:
        _send(answers, (True, f"is not a sound workbook ({error})"))
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # that of Rust, which is no Exception
            raise
        _send(answers, (True, f"is not a sound workbook ({error})"))


def _answers(questions: BinaryIO) -> Iterator[object]:
    from python_calamine import SheetTypeEnum, SheetVisibleEnum

    content, path, memory = pickle.load(questions)
    _limit(memory)
    workbook = _workbook(content, path)
    yield [
        (sheet.name, sheet.visible == SheetVisibleEnum.Visible)
        for sheet in workbook.sheets_metadata
        if sheet.typ == SheetTypeEnum.WorkSheet
    ]
    rows: Iterator[Sequence[object]] = iter(())
    while True:
        try:
            name = pickle.load(questions)
        except EOFError:
            return
        if name is not None:
            sheet = workbook.get_sheet_by_name(name)
            found = sheet.iter_rows() if sheet.height else iter(())  # before 0.7 it panics at an empty sheet
            rows = (row for row in found if any(cell != "" for cell in row))
            yield list(islice(rows, ABOVE))
            continue
        while part := list(islice(rows, _AT_A_TIME)):
            yield part
        yield []


def _workbook(content: bytes, path: str | None) -> CalamineWorkbook:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        return CalamineWorkbook.from_filelike(io.BytesIO(content))
    except CalamineError:
        if path is None:
            raise
        return CalamineWorkbook.from_path(path)  # by its ending, which says more of what is wrong


def _limit(memory: int) -> None:
    with suppress(ImportError):  # on Windows
        import resource

        for kind, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CORE, 0)):
            with suppress(ValueError, OSError):  # not on macOS, or it is less already
                resource.setrlimit(kind, (most, most))


if __name__ == "__main__":
    _serve()
