"""HTML pages, and e-books, which are zip files of them."""

from __future__ import annotations

import codecs
import posixpath
import re
from contextlib import suppress
from datetime import datetime
from html.parser import HTMLParser
from urllib.parse import unquote
from zipfile import ZipFile

from localtopics.formats.archive import local, opened, told, xml
from localtopics.formats.document import Document, Unreadable, own_title

_UNSEEN = frozenset({"script", "style", "template", "noscript", "svg", "select", "iframe", "object", "nav"})
"""Elements whose text is none that a reader of the page reads."""
_PARAGRAPH = re.compile(
    "address|article|aside|blockquote|body|caption|dd|details|dialog|div|dl|dt|fieldset|figcaption|figure|footer|"
    "form|h[1-6]|header|hr|legend|main|ol|p|pre|section|summary|table|ul"
)
_LINES = frozenset({"br", "li", "tr", "option"})
_HEADINGS = frozenset({"h1", "h2", "h3"})
_CELLS = frozenset({"td", "th"})
_CELL = "\t"
_DATES = frozenset(
    {"article:published_time", "date", "dc.date", "dcterms.created", "dcterms.date", "datepublished"}
)

_NOTES = frozenset({"doc-noteref", "doc-backlink", "noteref", "backlink"})
_NOTE = re.compile(r"#.*(foot|end)note")
_CHARSET = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([-\w:.]+)""", re.IGNORECASE)
_DECLARED_WITHIN = 2048  # bytes


class _Page(HTMLParser):
    """Gathers a page's text, title and date as it is read; nothing nests, so nothing overflows."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.title: list[str] = []
        self.heading: list[str] = []
        self.date = ""
        self._unseen, self._depth = "", 0  # an element that is not read, and how many of its kind are open
        self._within = ""  # the title or the first heading
        self._as_written = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._unseen:
            self._depth += tag == self._unseen
            return
        self._break(tag)
        given = {name: value or "" for name, value in attrs}
        if tag in _UNSEEN or (tag == "a" and _leads_to_note(given)):
            self._unseen, self._depth = tag, 1
        elif (tag == "title" and not self.title) or (tag in _HEADINGS and not self.heading):
            self._within = tag
        elif tag == "pre":
            self._as_written += 1
        elif tag == "meta" and not self.date:
            name = given.get("property") or given.get("name") or given.get("itemprop") or ""
            if name.lower() in _DATES:
                self.date = iso(given.get("content", ""))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _UNSEEN and tag != "title":  # <script/> holds nothing in XHTML
            self.handle_starttag(tag, attrs)
            if tag == self._within:
                self._within = ""

    def handle_endtag(self, tag: str) -> None:
        if self._unseen:
            self._depth -= tag == self._unseen
            if not self._depth:
                self._unseen = ""
            return
        if tag in _CELLS:
            while self.parts and self.parts[-1].isspace() and self.parts[-1] != _CELL:
                self.parts.pop()
            self.parts.append(" ")
        elif tag not in _LINES:
            self._break(tag)
        if tag == self._within:
            self._within = ""
        if tag == "pre":
            self._as_written = max(0, self._as_written - 1)

    def handle_data(self, data: str) -> None:
        if self._unseen:
            return
        if self._within == "title":
            self.title.append(data)
            return
        if self._within:
            self.heading.append(data)
        line = data if self._as_written else re.sub(r"\s+", " ", data)
        if line != " " or self.parts[-1:] != [_CELL]:
            self.parts.append(line)

    def _break(self, tag: str) -> None:
        if tag in _CELLS:
            self.parts.append(_CELL)
        elif tag in _LINES:
            self.parts.append("\n")
        elif _PARAGRAPH.fullmatch(tag) and self.parts[-1:] != [_CELL]:  # the first in a cell begins nothing
            self.parts.append("\n\n")


def _leads_to_note(given: dict[str, str]) -> bool:
    """Whether a link is the mark of a footnote, or leads back to it."""
    role = given.get("role") or given.get("epub:type") or ""
    return role in _NOTES or _NOTE.match(given.get("href", "")) is not None


def read_html(content: bytes) -> Document:
    """Read a page: its text without scripts, styles and navigation, and its title or first heading."""
    return page(_decoded(content))


def page(html: str) -> Document:
    """Read the text of a page that is decoded."""
    reader = _Page()
    reader.feed(html)
    reader.close()
    lines = ("".join(reader.parts)).split("\n")
    title = own_title("".join(reader.title)) or own_title("".join(reader.heading))
    return Document("\n".join(re.sub(r"[ \t]+", " ", line).strip() for line in lines), title, reader.date)


def read_epub(content: bytes) -> Document:
    """Read a book: its chapters in their order, its title, and when it appeared.

    Raises:
        Unreadable: its publisher locked it.
    """
    with opened(content) as archive:
        container = xml(archive, "META-INF/container.xml")
        place = next(root.attrib["full-path"] for root in container.iter() if local(root) == "rootfile")
        package = xml(archive, place)
        items = {item.get("id"): item for item in package.iter() if local(item) == "item"}
        spine = [items.get(each.get("idref")) for each in package.iter() if local(each) == "itemref"]
        chapters = [
            posixpath.normpath(posixpath.join(posixpath.dirname(place), unquote(item.get("href", ""))))
            for item in spine
            if item is not None and "nav" not in item.get("properties", "").split()
        ]
        if set(chapters) & _locked(archive):
            raise Unreadable("is locked by its publisher (DRM)")
        pages = [read_html(archive.read(name)) for name in chapters]
    text = "\n\n".join(page.text for page in pages)
    title = own_title(told(package, "title")) or next((page.title for page in pages if page.title), "")
    return Document(text, title, iso(told(package, "date")))


def _locked(archive: ZipFile) -> set[str]:
    """The files of a book that are encrypted; fonts often are in books that anybody may read."""
    if "META-INF/encryption.xml" not in archive.namelist():
        return set()
    encrypted = xml(archive, "META-INF/encryption.xml")
    return {unquote(each.get("URI", "")) for each in encrypted.iter() if local(each) == "CipherReference"}


def iso(time: str) -> str:
    """A time in ISO 8601 as it was written, or ""."""
    with suppress(ValueError):
        if re.fullmatch(r"\d{4}(-\d\d)?", time.strip()):
            return time.strip()
        return datetime.fromisoformat(time.strip()).isoformat()
    return ""


def _decoded(content: bytes) -> str:
    """A page's text: by its byte order mark, UTF-8, by what it declares, or Windows-1252, as browsers do."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if content.startswith(mark):
            return content.decode(encoding, "replace")
    with suppress(UnicodeDecodeError):
        return content.decode()
    declared = _CHARSET.search(content[:_DECLARED_WITHIN])
    return decoded(content, declared[1].decode("latin-1") if declared else "")


def decoded(content: bytes, charset: str) -> str:
    """Bytes as text of the charset, or Windows-1252 where it is none or unknown; "�" for what is no text."""
    if charset.lower().replace("_", "-") in ("", "iso-8859-1", "latin-1", "latin1", "us-ascii", "ascii"):
        charset = "windows-1252"
    try:
        return content.decode(charset, "replace")
    except (LookupError, ValueError, TypeError, AttributeError):  # unknown, or a codec that makes no text
        return content.decode("windows-1252", "replace")
