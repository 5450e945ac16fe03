"""What the sources of everyday English share: headings in the plural, and several draws of the same documents."""

import random
from collections.abc import Iterator, Sequence

from data import GroupRow
from recipe import SEED

FEWEST, MOST = 8, 16
"""Documents of a group."""
LONGEST = 400
"""Characters of a document."""
_IRREGULAR = {"man": "men", "woman": "women", "foot": "feet", "tooth": "teeth", "goose": "geese"} | {
    "mouse": "mice",
    "child": "children",
    "person": "people",
    "fungus": "fungi",
    "crisis": "crises",
    "analysis": "analyses",
    "wife": "wives",
    "knife": "knives",
    "shelf": "shelves",
    "leaf": "leaves",
    "wolf": "wolves",
    "loaf": "loaves",
    "half": "halves",
    "life": "lives",
    "thief": "thieves",
    "potato": "potatoes",
    "tomato": "tomatoes",
    "hero": "heroes",
    "bacterium": "bacteria",
    "phenomenon": "phenomena",
    "volcano": "volcanoes",
    "lens": "lenses",
}
_ALIKE = (
    "fish",
    "sheep",
    "deer",
    "craft",
    "series",
    "species",
    "ware",
    "works",
    "gear",
    "cattle",
    "offspring",
)
_LINKS = (" of ", " in ", " for ", " to ", " at ", " on ", " with ", "-in-", "-of-")


def plural(name: str) -> str:
    """A noun or noun phrase in the plural; its head stands before a preposition, or else last."""
    for link in _LINKS:
        head, found, rest = name.partition(link)
        if found:
            return f"{plural(head)}{found}{rest}"
    for one, many in _IRREGULAR.items():
        if name == one or name.endswith((f" {one}", *([one] if one in ("man", "woman", "child") else []))):
            return f"{name[: -len(one)]}{many}"
    if name.endswith(" lens"):
        return f"{name}es"
    if name.endswith(_ALIKE) or (name.endswith("s") and not name.endswith(("ss", "us", "is"))):
        return name
    if name.endswith("is"):
        return f"{name[:-2]}es"
    if name.endswith(("s", "x", "z", "ch", "sh")):
        return f"{name}es"
    if name.endswith("y") and name[-2:-1] not in tuple("aeiou"):
        return f"{name[:-1]}ies"
    return f"{name}s"


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
