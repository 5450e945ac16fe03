import io
import json
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localtopics.cli import terminal
from localtopics.cli.terminal import harmless, harmless_line

PACKAGE = Path(terminal.__file__).parents[1]
HOSTILE = {
    "an escape sequence": "\x1b[31mred\x1b]0;title\x07",
    "a control of the second kind": "\x9b31m\x90q\x9c",
    "a carriage return": "good\rbad",
    "an override": "\u202egnp.exe\u202c",
    "an isolate": "\u2066a\u2069\u200e\u200f\u061c",
    "nothing wide": "a\u200bb\u2060c\ufeffd\u00ade\u3164f",
    "loose joiners": "a\u200db \u200c c\u200d",
    "tags": "a\U000e0041\U000e007f",
    "line ends of other kinds": "a\u2028b\u2029c\x85d\x0be\x0cf",
    "halves": "a\ud800b\udfff",
}
SEEN_AS_THEY_ARE = (
    "plain — “text”, naïve",
    "می‌خواهم",
    "क्‍ष",
    "👨‍👩‍👧 ❤️‍🔥 👍🏽",
    "日本語 한국어 עברית",
    "葛󠄀",
    "no-break\u00a0space",
    "C:\\x1b",
)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_what_controls_or_hides_is_shown_as_an_escape(text: str) -> None:
    for shown in (harmless(text), harmless_line(text)):
        assert shown != text
        assert all(unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Zl", "Zp") for letter in shown)
        assert shown.encode("latin-1", "backslashreplace").decode("unicode_escape") == text


@pytest.mark.parametrize("text", SEEN_AS_THEY_ARE)
def test_what_is_seen_as_it_is_stays(text: str) -> None:
    assert harmless(text) == harmless_line(text) == text


def test_lines_and_tabs_stay_where_a_text_is_shown_whole() -> None:
    assert harmless("a\tb\nc\r\nd") == "a\tb\nc\nd"
    assert harmless_line("a\tb\nc\r\nd") == r"a\tb\nc\r\nd"


@given(st.text())
def test_harmless_text_is_left_alone(text: str) -> None:
    assert harmless(harmless(text)) == harmless(text)
    assert harmless_line(harmless_line(text)) == harmless_line(text)
    assert not set(harmless_line(text)) & set("\n\r\t\x1b\x9b\u202e\u2066\u200b")


@given(st.recursive(st.text() | st.integers() | st.none(), lambda inner: st.lists(inner), max_leaves=5))
@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "cp1252"])
def test_json_says_the_same_and_holds_nothing_harmful(encoding: str, value: object) -> None:
    with pytest.MonkeyPatch.context() as patch:
        written = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="backslashreplace")
        patch.setattr("sys.stdout", written)
        terminal.echo_json(value)
        written.seek(0)
        line = written.read()
    assert json.loads(line) == value
    assert line.count("\n") == 1
    assert harmless(line) == line


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_what_rich_draws_is_harmless(capsys: pytest.CaptureFixture[str], text: str) -> None:
    table = terminal.table()
    table.add_column(text)
    table.add_row(text)
    for drawn in (text, table):
        terminal.console().print(drawn)
        terminal.console(err=True).print(drawn)
    written = capsys.readouterr()
    assert all(harmless(line) == line for line in (written.out + written.err).split("\n"))


def test_square_brackets_are_text(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.console().print("[bold]a[/bold] :smile: [/]")
    assert capsys.readouterr().out == "[bold]a[/bold] :smile: [/]\n"


def test_nothing_else_prints() -> None:
    """Whoever prints by another way brings a document's escape sequences to the terminal."""
    for path in PACKAGE.rglob("*.py"):
        if path.name != "terminal.py":
            found = re.findall(r"click\.(?:echo|secho)|\bConsole\(|(?<![\w.])print\(", path.read_text())
            assert found == [], path
