"""The only way to the terminal: what documents, models and file names hold reaches it as harmless text.

A document may hold escape sequences, which move the cursor or fill the clipboard, letters that turn the
reading order round, and letters that nobody sees. They are shown as what they are, ``\\x1b``.
"""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING, Any, TextIO

import click

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

_HIDDEN = (
    r"\x00-\x1f\x7f-\x9f\u2028\u2029\ufff9-\ufffb\ud800-\udfff"  # controls, and halves of characters
    # what Unicode's Default_Ignorable_Code_Point says that nobody draws; it holds all that sets a direction
    r"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164"
    r"\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff"
    r"\U000e01f0-\U000e0fff"
)
_LETTER = r"[^\x00-\u02af\u2000-\u206f]"  # of a script that joins its letters, or of an emoji made of several
_LOOSE_JOINER = rf"(?<!{_LETTER})[\u200c\u200d]|[\u200c\u200d](?!{_LETTER})"
_UNSAFE = re.compile(f"[{_HIDDEN}]|{_LOOSE_JOINER}")
_UNSAFE_IN_LINES = re.compile(f"(?![\\n\\t])[{_HIDDEN}]|{_LOOSE_JOINER}")


def prepare() -> None:
    """Let characters that the terminal's encoding lacks be written as escapes, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def at_a_terminal() -> bool:
    """Whether a person can read and answer."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def harmless(text: object) -> str:
    """The text with escapes for all that is not seen as it is; lines and tabs stay."""
    return _UNSAFE_IN_LINES.sub(_escape, str(text).replace("\r\n", "\n"))


def harmless_line(text: object) -> str:
    """The same on one line, for what stands among words of ours."""
    return _UNSAFE.sub(_escape, str(text))


def _escape(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode()


def echo(text: object = "", *, err: bool = False, newline: bool = True) -> None:
    """Print text, which may have several lines, to standard output or standard error."""
    _write(harmless(text), sys.stderr if err else sys.stdout, newline)


def echo_json(value: Any) -> None:
    """Print a value as JSON on one line; its strings are escaped by JSON's own rules, so none changes."""
    unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    text = json.dumps(value, ensure_ascii=not unicode)
    _write(_UNSAFE.sub(_escape_in_json, text), sys.stdout)


def _write(text: str, stream: TextIO, newline: bool = True) -> None:
    click.echo(text, file=stream, nl=newline)  # named: click would write UTF-8 where ASCII is asked for


def _escape_in_json(match: re.Match[str]) -> str:
    return json.dumps(match[0])[1:-1].replace("\x7f", r"\u007f")


def console(*, err: bool = False) -> Console:
    """Where tables and bars are drawn; markup means nothing there, and numbers have no colours."""
    from rich.console import Console

    class Harmless(Console):
        def render_str(self, text: str, **options: Any) -> Any:  # each string that rich prints comes by here
            return super().render_str(harmless(text), **options)

    usual: dict[str, Any] = {"stderr": err, "markup": False, "highlight": False, "emoji": False}
    made = Harmless(**usual)
    if not made.is_terminal and not err:  # a file or a pipe has no width to fit into
        made = Harmless(width=160, **usual)
    return made


def table() -> Table:
    """A table without rules, each of whose cells is one line of text."""
    from rich.table import Table

    class Rows(Table):
        def add_row(self, *cells: RenderableType | None, **options: Any) -> None:
            super().add_row(
                *(harmless_line(cell) if isinstance(cell, str) else cell for cell in cells), **options
            )

    return Rows(box=None, header_style="bold", pad_edge=False)
