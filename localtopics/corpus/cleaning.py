"""What people take out of texts by hand each time: replies and signatures of mails, tags, LaTeX, links."""

from __future__ import annotations

import html
import logging
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from localtopics.corpus.boilerplate import repeated_sentences, without_sentences
from localtopics.corpus.corpus import Corpus
from localtopics.progress import Progress, silent
from localtopics.text import one_line

log = logging.getLogger(__name__)

BOILERPLATE = "boilerplate"
_SHOWN = 60  # characters of a sentence that is shown
_LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "pl", "sv", "da")

# -- html ---------------------------------------------------------------------------------------------

_BLOCKS = (
    *(
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "br",
        "caption",
        "center",
        "dd",
        "div",
        "dl",
        "dt",
    ),
    *(
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "head",
        "header",
    ),
    *(
        "hr",
        "html",
        "li",
        "main",
        "nav",
        "ol",
        "option",
        "p",
        "pre",
        "section",
        "select",
        "table",
        "tbody",
        "td",
    ),
    *("tfoot", "th", "thead", "title", "tr", "ul"),
)
_INLINE = (
    *("a", "abbr", "acronym", "b", "base", "bdi", "bdo", "big", "button", "cite", "code", "col", "colgroup"),
    *(
        "data",
        "del",
        "dfn",
        "em",
        "embed",
        "font",
        "i",
        "iframe",
        "img",
        "input",
        "ins",
        "kbd",
        "label",
        "link",
    ),
    *(
        "map",
        "mark",
        "meta",
        "noscript",
        "object",
        "param",
        "q",
        "s",
        "samp",
        "script",
        "small",
        "source",
        "span",
    ),
    *("strike", "strong", "style", "sub", "sup", "svg", "textarea", "time", "tt", "u", "var", "video", "wbr"),
)
_UNSEEN = ("script", "style")
_ATTRIBUTE = r"""\s+[a-z_:@][\w:.-]*(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"'<>=]+))?"""
_ENTITY = r"&(?:#\d{1,7}|#x[\da-f]{1,6}|\w{2,31});"
_TAG = re.compile(
    rf"<!--|-->|<(/?)({'|'.join([*_BLOCKS, *_INLINE])})(?:{_ATTRIBUTE})*\s*/?>|{_ENTITY}", re.IGNORECASE
)


def without_html(text: str) -> str:
    """The text without tags of HTML, comments, scripts and styles; entities are what they stand for."""
    return _tidy("".join(_seen(text))) if _TAG.search(text) else text


def _seen(text: str) -> Iterator[str]:
    place, unseen = 0, ""
    for match in _TAG.finditer(text):
        token, end, name = match[0], match[1], (match[2] or "").lower()
        if not unseen:
            yield text[place : match.start()]
        place = match.end()
        if unseen:
            if token == "-->" == unseen or (end and name == unseen):
                unseen = ""
        elif token == "<!--":
            unseen = "-->"
        elif name in _UNSEEN and not end:
            unseen = name
        elif token.startswith("&"):
            yield html.unescape(token).replace("\xa0", " ")
        elif name in _BLOCKS:
            yield "\n"
        elif token == "-->":
            yield token
    if not unseen:
        yield text[place:]


# -- latex --------------------------------------------------------------------------------------------

_LATEX = re.compile(r"\\[a-zA-Z'`\"^~=.&%$#_{}-]|\$|``|''|[{}~]")
_COMMENT = re.compile(r"(?<!\\)%")


@lru_cache(1)
def _latex_to_text() -> Any:
    from pylatexenc.latex2text import LatexNodes2Text

    return LatexNodes2Text(math_mode="text", keep_comments=True)


def without_latex(text: str) -> str:
    """The text with accents, signs and formulas of LaTeX as characters, and without its other macros.

    A percent sign is one, and begins no comment.
    """
    if not _LATEX.search(text):
        return text
    plain = _URL.sub(lambda match: match[0].replace("~", r"{\textasciitilde}"), _COMMENT.sub(r"\\%", text))
    try:
        return _tidy(str(_latex_to_text().latex_to_text(plain)).replace("\xa0", " "))
    except Exception:  # whatever a parser of a language says of what is none
        return text


# -- mails and posts ----------------------------------------------------------------------------------

_QUOTED = re.compile(r"(?m)^[ \t]{0,3}>.*(?:\n|\Z)")
_WROTE = re.compile(r"(?m)^[^\n]{1,200}:[ \t]*\n(?=(?:[ \t]*\n)?[ \t]{0,3}>)")
_BLOCK = re.compile(r"\[(/?)quote\b[^\[\]]{0,200}\]", re.IGNORECASE)


def without_quotes(text: str) -> str:
    """The text without lines that begin with ">", the line above that says whose they are, and [quote]s."""
    found = text
    if ">" in text:
        found = _QUOTED.sub("", _WROTE.sub("", found))
    if "[/" in text:
        found = "".join(_outside(found))
    return text if found == text else _tidy(found)


def _outside(text: str) -> Iterator[str]:
    """What stands in no block of a quote; one that does not end is none."""
    place, opened = 0, list[int]()
    for match in _BLOCK.finditer(text):
        if not match[1]:
            opened.append(match.start())
        elif opened and (start := opened.pop()) >= place and not opened:
            yield text[place:start]
            place = match.end()
    yield text[place:]


@lru_cache(1)
def _mails() -> Any:
    from mailparser_reply import EmailReplyParser

    return EmailReplyParser(languages=list(_LANGUAGES))


_HEAD = 8000
"""Characters of a mail in which what it answers must begin; the parser's time grows with their square."""


def without_replies(text: str) -> str:
    """A mail's own text, without what it answers, in most languages of Europe, and its signature."""
    head = text[:_HEAD].replace("\r\n", "\n")
    try:
        replies = _mails().read(text=head).replies
    except Exception:  # as above
        return text
    own = str(replies[0].body) if replies and (len(replies) > 1 or len(text) <= _HEAD) else text
    own = without_quotes(own)
    return text if own.split() == text.split() or len(own) > len(text) else _tidy(own)


# -- addresses ----------------------------------------------------------------------------------------

_URL = re.compile(
    r"""(?:(?<=\])\()?\b(?:https?://|ftp://|www\.)[^\s<>"'“”«»\[\]{}]*[^\s<>"'“”«»\[\]{}.,;:!?()](?:(?<=\S)\)(?!\w))?"""
)


def without_urls(text: str) -> str:
    """The text without addresses of pages."""
    if "://" not in text and "www." not in text:
        return text
    found = _URL.sub("", text)
    return text if found == text else _tidy(re.sub(r"[ \t]+(?=[ \t\n.,;:!?)]|$)", "", found))


# -- all ----------------------------------------------------------------------------------------------

CLEANERS: dict[str, Callable[[str], str]] = {
    "html": without_html,
    "email": without_replies,
    "quotes": without_quotes,
    "latex": without_latex,
    "urls": without_urls,
}
"""The kinds of cleaning that know a text alone, in the order in which they are done."""
_GAP = re.compile(r"[ \t]*\n(?:[ \t]*\n){2,}")


def _tidy(text: str) -> str:
    return _GAP.sub("\n\n", text).strip()


@dataclass(frozen=True)
class Cleaning:
    """What is taken out of the texts of a run, and of those that come later."""

    kinds: tuple[str, ...] = ()
    """Of `CLEANERS`, and "boilerplate"."""
    sentences: tuple[str, ...] = ()
    """The boilerplate."""

    @classmethod
    def of(cls, clean: str | None, sentences: Sequence[str] = ()) -> Cleaning:
        """What a setting names, as in "html, urls"."""
        kinds = {kind.strip() for kind in (clean or "").split(",")} - {""}
        return cls(tuple(kind for kind in (*CLEANERS, BOILERPLATE) if kind in kinds), tuple(sentences))

    def __call__(self, text: str) -> str:
        """The text as it is read: "" where nothing of it is left."""
        return self.steps(text)[0]

    def steps(self, text: str) -> tuple[str, list[str]]:
        """The text as it is read, and which kinds have changed it."""
        changed = []
        for kind in self.kinds:
            before = text
            text = CLEANERS[kind](text) if kind in CLEANERS else without_sentences(text, self.sentences)
            if text != before:
                changed.append(kind)
        return text, changed


def cleaned(corpus: Corpus, cleaning: Cleaning, progress: Progress = silent) -> Corpus:
    """A corpus whose documents are cleaned, with their originals; a note says how many of them changed.

    Documents of which nothing is left are dropped and counted. Boilerplate that is not known yet is looked
    for in the documents as the other kinds leave them.

    Raises:
        UserError: no document is left.
    """
    if not cleaning.kinds or corpus.originals is not None:
        return corpus
    own = replace(cleaning, kinds=tuple(kind for kind in cleaning.kinds if kind in CLEANERS))
    counts = dict.fromkeys(cleaning.kinds, 0)
    texts: list[str] = []
    changed: list[bool] = []
    with progress("Cleaning texts", len(corpus)) as advance:
        for text in corpus.documents:
            found, kinds = own.steps(text)
            for kind in kinds:
                counts[kind] += 1
            texts.append(found)
            changed.append(bool(kinds))
            advance(1)
    sentences = cleaning.sentences
    if BOILERPLATE in cleaning.kinds:
        sentences = sentences or tuple(sentence for sentence, _ in repeated_sentences(texts))
        for row, text in enumerate(texts):
            if (left := without_sentences(text, sentences)) != text:
                texts[row], changed[row] = left, True
                counts[BOILERPLATE] += 1
    by_kind = ", ".join(f"{kind} {count:,}" for kind, count in counts.items())
    log.info("Cleaned %s of %s documents (%s)", f"{sum(changed):,}", f"{len(texts):,}", by_kind)
    read_as = corpus.read_as | {f"cleaned {kind}": f"{count:,}" for kind, count in counts.items()}
    return replace(corpus.cleaned(texts), read_as=read_as, boilerplate=sentences)


def tell_boilerplate(documents: Sequence[str]) -> None:
    """Say which sentences stand in many documents and would be removed on request."""
    found = repeated_sentences(documents)
    if found:
        sentence, count = found[0]
        shown = one_line(sentence)
        shown = shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "…"
        more = f", and {len(found) - 1:,} more in others" if len(found) > 1 else ""
        log.info(
            "The sentence “%s” stands in %s of %s documents%s: cleaning of kind boilerplate removes such",
            *(shown, f"{count:,}", f"{len(documents):,}", more),
            extra={"arguments": ["clean"]},
        )
