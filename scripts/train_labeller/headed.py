"""What the sources of everyday English share: headings in the plural, and several draws of documents."""

import random
import re
from collections.abc import Iterator, Sequence

from data import GroupRow
from recipe import SEED

FEWEST, MOST = 8, 16
"""Documents of a group."""
LONGEST = 400
"""Characters of a document."""
_IRREGULAR: dict[str, str] = dict(
    re.findall(
        r"(\w+)/(\w+)",
        "man/men woman/women foot/feet tooth/teeth goose/geese mouse/mice child/children person/people "
        "fungus/fungi crisis/crises analysis/analyses wife/wives knife/knives shelf/shelves leaf/leaves "
        "wolf/wolves loaf/loaves half/halves life/lives thief/thieves potato/potatoes tomato/tomatoes "
        "hero/heroes bacterium/bacteria phenomenon/phenomena volcano/volcanoes lens/lenses",
    )
)
_COMPOUND = re.compile(r"(?<!hu)(?<!ger)(?<!ro)(?<!nor)(?<!sha)(?<!otto)(?<!talis)(man|woman|child|person)$")
"""What such words end in, together with another: businessman, but not human."""
_ALIKE = re.compile(r"(fish|sheep|deer|craft|series|species|ware|works|gear|cattle|offspring|[^su]s)$")
"""Ends of words that are the same in the plural, or are in it."""
_LINK = re.compile(r"(?<=\w)( (?:of|in|for|to|at|on|with) |-in-|-of-)")


def plural(name: str) -> str:
    """A noun or noun phrase in the plural; its head stands before a preposition, or else last."""
    head, *rest = _LINK.split(name, maxsplit=1)
    before, gap, word = head.rpartition(" ")
    return "".join((before, gap, _plural(word), *rest))


def _plural(word: str) -> str:
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if compound := _COMPOUND.search(word):
        return word[: compound.start()] + _IRREGULAR[compound[1]]
    if word.endswith("is"):
        return f"{word[:-2]}es"
    if _ALIKE.search(word):
        return word
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return f"{word}es"
    if word.endswith("y") and word[-2:-1] not in tuple("aeiou"):
        return f"{word[:-1]}ies"
    return f"{word}s"


def shortened(text: str, longest: int = LONGEST) -> str:
    """A text of at most that many characters, ended after a sentence where one ends late enough."""
    if len(text) <= longest:
        return text
    cut = text[:longest].rpartition(" ")[0]
    ended = max(cut.rfind(mark) for mark in (". ", "; "))
    return cut[: ended + 1] if ended > longest // 2 else cut


def draws(
    label: str, docs: Sequence[str], source: str, most: int, unit: str | None = None
) -> Iterator[GroupRow]:
    """Groups of different documents under a label, ``most`` at most; fewer where there are few documents."""
    chance = random.Random(f"{SEED} {source} {label}")
    shuffled = list(dict.fromkeys(docs))
    chance.shuffle(shuffled)
    number = max(1, min(most, len(shuffled) // FEWEST))
    for start in range(number):
        part = shuffled[start::number][: chance.randint(FEWEST, MOST)]
        if len(part) >= 5:
            yield {"label": label, "docs": part, "source": source, "unit": unit or label}
