"""One style of name whatever the model: in title or sentence case, each word as the documents write it."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from localtopics.labels.cleaning import clean
from localtopics.labels.label import Label
from localtopics.labels.settings import LabelCase

READ = 2000
"""Characters of a document from which the spelling of words is learnt."""

_WITHIN = "a an and as at but by for from in into nor of on or over per the to under via vs with"
SMALL = frozenset(_WITHIN.split())
"""Words that stay small within a heading."""
_OF_NAMES = "al da de del der des di du el la le van von y"
_PARTICLES = frozenset(_OF_NAMES.split())
"""Words within names that are written either way: they stay as they are."""
_ACRONYM = 5
"""Letters of the longest word that is taken for an acronym where nothing but its capitals speaks for it."""

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_SENTENCE_END = re.compile(r"(?<=[.!?:;])[\"'”’)\]]*\s+|\n+")
_COLON = re.compile(r":\s")


class Spelling:
    """How documents write words within their sentences: which have capitals, and which.

    Args:
        documents: what the words are looked for in; without any, nothing is known of any word.
    """

    def __init__(self, documents: Iterable[str] = ()) -> None:
        self._written: defaultdict[tuple[str, int, str], Counter[str]] = defaultdict(Counter)
        for document in documents:
            for sentence in _SENTENCE_END.split(document[:READ]):
                self._read(_WORD.findall(sentence))

    def of(self, word: str, before: str = "", after: str = "") -> str | None:
        """The most common spelling of a word in lower case, None where the documents do not tell.

        Where the documents have it beside the same neighbour, only these places count: "New" of "New York"
        is another word than "new".

        Args:
            word: in lower case, as its neighbours are.
            before: the word before it, "" where there is none.
            after: the word after it, "" where there is none.
        """
        found = self._most(self._at(word, -1, before) + self._at(word, 1, after) or self._at(word, 0, ""))
        if found or len(word) < 3:
            return found
        if word.endswith("s"):
            single = self._most(self._at(word[:-1], 0, ""))
            return f"{single}s" if single and single.isupper() else None
        single = (self._most(self._at(f"{word}s", 0, "")) or "")[:-1]
        return single if single.isupper() else None

    @staticmethod
    def _most(written: Counter[str]) -> str | None:
        if not written:
            return None
        best, count = max(written.items(), key=lambda item: (item[1], sum(map(str.isupper, item[0]))))
        stressed = best.isupper() and len(best) > _ACRONYM and count == 1
        return None if stressed else best

    def _at(self, word: str, offset: int, neighbour: str) -> Counter[str]:
        return self._written.get((word, offset, neighbour), Counter())

    def _read(self, words: Sequence[str]) -> None:
        """Learn from one sentence. A capital that the place asks for says nothing of the word."""
        if _share(str.isupper, [word for word in words if len(word) > 1]) > 0.5:
            return  # it shouts
        headed = _share(lambda word: word[0].isupper(), [word for word in words[1:] if len(word) > 3]) > 0.5
        small = list(map(_lower, words))
        for number, word in enumerate(words):
            if (number == 0 or headed) and word[0].isupper() and not _inner_capitals(word):
                continue
            self._written[small[number], 0, ""][word] += 1
            if number > 0:
                self._written[small[number], -1, small[number - 1]][word] += 1
            if number + 1 < len(words):
                self._written[small[number], 1, small[number + 1]][word] += 1


NOTHING_KNOWN = Spelling()


def in_style(label: Label, documents: Iterable[str], case: LabelCase) -> Label:
    """The label with its name and those of its candidates in one style; keywords stay as they are.

    Args:
        label: as the model's answers gave it.
        documents: some of the topic's, by whose spelling names and acronyms keep their capitals.
        case: the style.
    """
    if label.fallback or not label.candidates:
        return label
    spelling = Spelling(documents)
    candidates, again = (
        tuple(replace(one, text=styled(clean(one.text) or one.text, case, spelling)) for one in ones)
        for ones in (label.candidates, label.again)
    )
    return replace(label, text=styled(label.text, case, spelling), candidates=candidates, again=again)


def styled(label: str, case: LabelCase = "title", spelling: Spelling = NOTHING_KNOWN) -> str:
    """A label in one style of case; nothing but the case of its letters changes.

    "title" begins each word but small ones with a capital, "sentence" the first word and names, "keep"
    changes nothing. Where the documents write a word with capitals of its own ("SCSI", "iOS"), so does the
    label. A label all in capitals loses those that the documents do not write.
    """
    if case == "keep":
        return label
    found = list(_WORD.finditer(label))
    written = [match[0] for match in found]
    stressed = _all_capitals(written)
    shouts = stressed and any(len(word) > _ACRONYM or word.lower() in SMALL for word in written)
    names = any(word.islower() and word not in SMALL for word in written[1:])
    small = ["", *map(_lower, written), ""]
    text, end = "", 0
    for number, match in enumerate(found):
        known = spelling.of(small[number + 1], small[number], small[number + 2])
        between = label[end : match.start()]
        word = _Word(
            written=small[number + 1] if shouts or _is_corrected(match[0], known, stressed) else match[0],
            known=known,
            opens=number == 0 or _COLON.search(between) is not None,
            tail=number > 0 and between == ".",
        )
        text += between + (_in_title(word) if case == "title" else _in_sentence(word, names))
        end = match.end()
    return text + label[end:]


@dataclass(frozen=True)
class _Word:
    """One word of a label."""

    written: str
    """As the label has it, in small letters where they replace a label's capitals."""
    known: str | None
    """As the documents write it."""
    opens: bool
    """Whether the label begins with it, or what stands behind a colon."""
    tail: bool
    """Whether a dot ties it to the word before, as in "Node.js"."""

    @property
    def settled(self) -> str | None:
        """The spelling of an acronym or a name with capitals of its own, which no style changes."""
        if self.known and _own_capitals(self.known):
            return self.known
        return self.written if _own_capitals(self.written) else None


def _in_title(word: _Word) -> str:
    small = _lower(word.written)
    if word.settled:
        return word.settled
    if word.tail or any(map(str.isdigit, small)):
        return word.known or word.written
    if small in _PARTICLES | SMALL and not word.opens:
        return word.known or (small if small in SMALL else word.written)
    return _capital(word.written)


def _in_sentence(word: _Word, names: bool) -> str:
    """``names``: whether a capital in the label itself tells names from other words."""
    if word.settled:
        return word.settled
    is_name = word.known[0].isupper() if word.known else names and word.written[0].isupper()
    small = _lower(word.written)
    return _capital(small) if is_name or (word.opens and not any(map(str.isdigit, small))) else small


def _is_corrected(word: str, known: str | None, stressed: bool) -> bool:
    """Whether the documents say that a word's capitals are mere stress; "scsi" in them does not say so."""
    if known is None or not word.isupper() or len(word) == 1:
        return False
    return stressed or known[0].isupper() or len(word) > _ACRONYM


def _all_capitals(words: Sequence[str]) -> bool:
    """Whether a label stands in capitals, and is more than one acronym."""
    letters = [word for word in words if len(word) > 1]
    alone = len(words) == 1 and len(words[0]) <= _ACRONYM
    return bool(letters) and not alone and all(map(str.isupper, letters))


def _own_capitals(word: str) -> bool:
    """Whether a word has capitals that no place in a sentence or heading asks for."""
    return _inner_capitals(word) or (len(word) == 1 and word.isupper())


def _inner_capitals(word: str) -> bool:
    return any(map(str.isupper, word[1:]))


def _lower(word: str) -> str:
    small = word.lower()
    return small if len(small) == len(word) else word  # "İ" would become two characters


def _capital(word: str) -> str:
    first = word[0].upper()
    return first + word[1:] if len(first) == 1 else word


def _share(holds: Callable[[str], bool], words: Sequence[str]) -> float:
    return sum(map(holds, words)) / len(words) if words else 0.0
