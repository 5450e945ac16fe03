"""The running text of a docstring, without the markup, tables, formulas and code around it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

_UNDERLINE = re.compile(r"([-=~^]){2,}\s*$")
_KEPT_SECTIONS = frozenset({"notes", "note", "description", "extended summary", "explanation", "overview"})
_BLOCK_HEADING = re.compile(  # Google's style, where the section is what stands further in
    r"(?:\*\*)?(?P<name>Args|Arguments|Parameters|Params|Keyword arg(?:ument)?s?|Kwargs|Returns?|Yields?"
    r"|Raises|Shapes?|Examples?|Attributes|References?|Inputs?|Outputs?|Variables|See also|Usage|Methods"
    r"|Properties|Notes?|Warnings?|Todo|Details|Type|Default|Side effects)(?: *\(.*\))?(?:\*\*)?"
    r":{1,2}(?:\*\*)?\s*$",
    re.IGNORECASE,
)
_KEPT_BLOCKS = frozenset({"note", "notes", "warning", "warnings", "details"})
_DIRECTIVE = re.compile(r"\.\.(?: +(?P<name>[\w-]+)::)?(?P<rest> .*|$)")
_KEPT_DIRECTIVES = frozenset({"note", "warning", "important", "tip", "hint", "caution", "attention"})
_FIELD = re.compile(r"(?::[a-z]+(?: [^:]*)?:|@\w+)(?:\s|$)")
_TABLE = re.compile(r"[|+].*|[-=+|*~^#: ]{4,}$")
_BULLET = re.compile(r"(?:[-*•+]|\(?\w{1,2}[.)]|#\.)\s+")
_SIGNATURE = re.compile(r"[\w.]+\(.*\)(?: *->.*)?$|.*\) *-> *\w[\w\[\], .()]*$")

_INLINE = [
    (re.compile(r":[\w:+-]+:`[~!]?\.?([^`<]*?)(?: *<[^`]*>)?`"), r"\1"),  # roles
    (re.compile(r"`([^`<]+?)\s*<[^`>]+>`__?"), r"\1"),  # links
    (re.compile(r"``([^`]*)``"), r"\1"),
    (re.compile(r"`[~!.]*([^`]*)`_{0,2}"), r"\1"),
    (re.compile(r"`"), ""),
    (re.compile(r"\s?\[[\w#*]+\]_"), ""),  # citations
    (re.compile(r"\|(\w[\w .]*)\|"), r"\1"),  # substitutions
    (re.compile(r"(?<!\w)\*{1,2}(\w[^*]*?)\*{1,2}(?!\w)"), r"\1"),  # emphasis
    (re.compile(r"\s+"), " "),
    (re.compile(r"^ ?[\w.]+\([^()]*\) (?=[A-Z])"), ""),  # a signature
    (re.compile(r" ([.,;:)])(?=\s|$)"), r"\1"),
]
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z(])")
_POINTER = re.compile(  # sentences that only point elsewhere
    r"(?:\(?see|refer to|read more|for (?:more|further|a full|full|additional|details)|please (?:see|refer)"
    r"|more (?:information|details)|this (?:function|method|class) is (?:documented|described))\b.{0,120}$"
    r"|.*(?:user guide|deprecated|versionadded|versionchanged|to be removed|new in version)",
    re.IGNORECASE,
)
_DANGLING = re.compile(  # what stood before or behind a formula
    r"(?:where|and|or|with|which|for|if|then|in which) (?-i:[a-z_])"
    r"|.*\b(?:i\.e|e\.g|as|is|are|by|where|with|of|the|an|to|for|and|or|in|that|form|follows|below|using|like)"
    r"[.,]*$",
    re.DOTALL,
)
_NOT_PROSE = re.compile(r"[\\{}<>|=_^~$%@]{2}|[\\{}$^|]|%\(|>>>|https?:|::|[=<>] *[\w(-]+ *[=<>]")


def prose(docstring: str, most_words: int = 200) -> list[str]:
    """Summary, description and notes of a docstring as plain sentences, each on one line.

    Reads reStructuredText with sections in NumPy's, Google's and Sphinx's manner. Whole sentences are left
    out where they are formula or code, introduce something that is left out, or only point elsewhere.

    Args:
        docstring: as it stands in the source.
        most_words: sentences beyond that many words are left out.
    """
    sentences: list[str] = []
    words = 0
    for paragraph in _paragraphs(inspect.cleandoc(docstring).expandtabs().split("\n")):
        for sentence in _sentences(paragraph):
            words += sentence.count(" ") + 1
            if words > most_words:
                return sentences
            sentences.append(sentence)
    return sentences


def _paragraphs(lines: list[str]) -> Iterator[str]:
    """The paragraphs and list items that are running text; each without its line ends."""
    paragraph: list[str] = []
    rows = iter(_running_lines(lines))
    for line in [*rows, ""]:
        bullet = _BULLET.match(line.lstrip())
        if paragraph and (not line.strip() or bullet):
            yield " ".join(paragraph)
            paragraph = []
        if line.strip():
            paragraph.append(line.lstrip()[bullet.end() :] if bullet else line.strip())


def _running_lines(lines: list[str]) -> Iterator[str]:
    """The lines that are neither markup nor inside a section, block or table that is no running text."""
    row, kept = 0, True
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    while row < len(lines):
        line, text = lines[row], lines[row].strip()
        following = lines[row + 1].strip() if row + 1 < len(lines) else ""
        if text and len(following) >= min(len(text), 4) and _UNDERLINE.match(following):
            kept = text.lower().rstrip(":") in _KEPT_SECTIONS
            yield ""
            row += 2
            continue
        row += 1
        if not kept:
            continue
        heading, directive = _BLOCK_HEADING.match(text), _DIRECTIVE.match(text)
        if heading or directive:
            name = ((heading or directive)["name"] or "").lower()  # type: ignore[index]
            yield ""
            if name in (_KEPT_BLOCKS if heading else _KEPT_DIRECTIVES):
                yield directive["rest"] if directive else ""
            else:
                row = _after_block(lines, row, _indent(line))
        elif text.startswith(">>>") or text.startswith("In ["):
            while row < len(lines) and lines[row].strip():
                row += 1
        elif _FIELD.match(text):
            row = _after_block(lines, row, _indent(line))
        elif _TABLE.match(text) or (row - 1 == first and _SIGNATURE.match(text)):
            yield ""
        else:
            yield line
            if text.endswith(":"):  # what it introduces is code, a formula or a list of names
                row = _after_block(lines, row, _indent(line))
                yield ""


def _after_block(lines: list[str], row: int, indent: int) -> int:
    """The first row from ``row`` on that is not blank and stands no further in than ``indent``."""
    while row < len(lines) and (not lines[row].strip() or _indent(lines[row]) > indent):
        row += 1
    return row


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _sentences(paragraph: str) -> Iterator[str]:
    """The sentences of a paragraph that read well without markup."""
    for pattern, replacement in _INLINE:
        paragraph = pattern.sub(replacement, paragraph)
    if _SIGNATURE.match(paragraph):
        return
    for sentence in _SENTENCE.split(paragraph.strip()):
        letters = sum(character.isalpha() or character == " " for character in sentence)
        if (
            sentence.endswith(":")
            or len(sentence.split()) < 3
            or letters < 0.8 * len(sentence)
            or sentence.count("(") != sentence.count(")")
            or _NOT_PROSE.search(sentence)
            or _POINTER.match(sentence)
            or _DANGLING.match(sentence)
        ):
            continue
        yield sentence if sentence[-1] in ".!?)" else f"{sentence.rstrip(',;')}."
