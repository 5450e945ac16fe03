"""Reads JSON piece by piece, so that a list of any length is never held as a whole.

Each piece is read by Python's own parser, which takes what Python writes, NaN for one; those that stream
(ijson) refuse it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from localtopics.errors import UserError

_CHUNK = 2**20  # characters
_SPACE = re.compile(r"[ \t\r\n\ufeff]*")
_LONGEST = 16  # characters of what ends early and yet is no string: a name such as -Infinity
_DEEPEST = 100  # objects in objects


class JsonStream:
    """The JSON values of a text, one after the other."""

    def __init__(self, file: TextIO, path: Path) -> None:
        self._file, self._path = file, path
        self._text, self._at, self._line, self._ended = "", 0, 1, False
        self._decoder = json.JSONDecoder()

    def peek(self) -> str:
        """The next character that is no white space; "" at the end."""
        while True:
            match = _SPACE.match(self._text, self._at)
            self._at = match.end() if match is not None else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more(_CHUNK):
                return ""

    def value(self) -> Any:
        """The next value.

        Raises:
            UserError: there is none, or it is not JSON.
        """
        self.peek()
        size = _CHUNK
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                early = error.msg.startswith(("Unterminated", "Invalid \\"))
                if (early or error.pos >= len(self._text) - _LONGEST) and self._more(size):
                    size *= 2
                    continue
                raise self._fault(error.msg, error.pos) from None
            except RecursionError:
                raise self._fault("too deep", self._at) from None
            ended = isinstance(value, (str, dict, list)) or end < len(self._text) - len("e+")
            if not ended and self._more(_CHUNK):  # a number may go on
                continue
            self._at = end
            return value

    def values(self) -> Iterator[Any]:
        """All values, one after the other, with or without commas between them."""
        while self.peek():
            yield self.value()
            if self.peek() == ",":
                self._at += 1

    def end(self) -> None:
        """Raise `UserError` where anything follows."""
        if self.peek():
            raise self._fault("something follows its end", self._at)

    def elements(self) -> Iterator[Any]:
        """The elements of the list that comes next, one at a time."""
        for _ in self._parts("]"):
            yield self.value()

    def inner(self, name: str = "", depth: int = 0) -> Iterator[tuple[str, Any]]:
        """The elements of all lists of the object that comes next, but for those inside of lists.

        Each comes with the dotted name of its list.
        """
        if depth > _DEEPEST:
            raise self._fault("too deep", self._at)
        for _ in self._parts("}"):
            key = self.value()
            if not isinstance(key, str) or self.peek() != ":":
                raise self._fault("Expecting a name in double quotes and a colon", self._at)
            self._at += 1
            own, first = f"{name}.{key}" if name else key, self.peek()
            if first == "{":
                yield from self.inner(own, depth + 1)
            elif first == "[":
                yield from ((own, element) for element in self.elements())
            else:
                self.value()

    def _parts(self, end: str) -> Iterator[None]:
        """Stand before each part of a list or object, in turn, of which the caller reads it."""
        self.peek()
        self._at += 1
        if self.peek() == end:
            self._at += 1
            return
        while True:
            yield
            mark = self.peek()
            if mark not in (end, ","):
                raise self._fault(f"Expecting ',' or '{end}'", self._at)
            self._at += 1
            if mark == end:
                return

    def _more(self, size: int) -> bool:
        """Read on, where there is more; what was passed is forgotten."""
        chunk = "" if self._ended else self._file.read(size)
        if not chunk:
            self._ended = True
            return False
        self._line += self._text.count("\n", 0, self._at)
        self._text, self._at = self._text[self._at :] + chunk, 0
        return True

    def _fault(self, reason: str, place: int) -> UserError:
        line = self._line + self._text.count("\n", 0, place)
        return UserError(f"{self._path} is not JSON near line {line:,} ({reason}).")
