"""The project's pages, and the code that stands in them."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = sorted(
    page
    for pattern in ("*.md", "docs/*.md", "models/*.md", "scripts/*/*.md", "tests/*/*.md", ".github/**/*.md")
    for page in ROOT.glob(pattern)
)
_FENCED = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
_INDENTED = re.compile(r"(?:\A|\n)\n((?: {4}\S.*\n)+)")
_SPAN = re.compile(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)


def name(page: Path) -> str:
    """The page as a person names it."""
    return page.relative_to(ROOT).as_posix()


def blocks(text: str) -> Iterator[tuple[str, str]]:
    """The code blocks of a page: language, empty where none is said, and code."""
    for block in _FENCED.finditer(text):
        yield block[2], block[3]
    for block in _INDENTED.finditer(_FENCED.sub("", text)):
        yield "", block[1]


def spans(text: str) -> Iterator[str]:
    """What stands in backquotes among the words of a page, each on one line."""
    for span in _SPAN.finditer(without_blocks(text)):
        yield " ".join(span[2].split())


def without_blocks(text: str) -> str:
    """The page's own words."""
    return _INDENTED.sub("\n", _FENCED.sub("", text))
