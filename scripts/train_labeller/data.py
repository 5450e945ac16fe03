"""Stage 1: what the labeller may learn from, as three parquet files: text, groups, development groups.

Of the shared data only rows whose licence lets a derived model be given away stay; what `manuals.py`,
`dictionary.py`, `factbook.py` and `industries.py` made is added. No line stays that shares a sentence with a
held-out document. The development groups (all groups of about one label in forty, or of one package in
twenty) are for early stopping and for tuning the selection; `groups_valid.parquet` is for the final
evaluation alone.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NotRequired, TypedDict

import pandas as pd
from recipe import (
    ADDED,
    DATA,
    DEVELOPMENT,
    EVERYDAY,
    EVERYDAY_DEVELOPMENT,
    GROUPS,
    SEED,
    TEXT,
    added,
)

from localtopics.files import replacing
from localtopics.labels.style import styled

MOST_READ = 17
"""Development groups of a source that are read by eye; of some there are fewer."""
SHORTEST_SENTENCE = 25
"""Letters; shorter sentences are shared by chance."""


_NO_HEADING = re.compile(
    r".*\b(related|resources|awesome|miscellan\w*|misc|uncategorized|useful|others?|general|individual|expired|"
    r"official|further|more)\b.*|utility|utils|(common |developer )?utilities|samples|implementations|types?|"
    r"objects?|functions?|fields|methods|changes|changelog|inputs?|loaders|generators|tooling|platforms|"
    r"customization|educational|source code|troubleshooting|use cases|syntax",
    re.I,
)
"""Headings of link lists that say nothing of what is linked."""


def sentences(text: str) -> Iterator[str]:
    """The sentences of a text, letters only, so that cleaning differences do not hide a repetition."""
    for sentence in re.split(r"[.?!\n]", text):
        letters = re.sub(r"[^a-z]", "", sentence.lower())
        if len(letters) >= SHORTEST_SENTENCE:
            yield letters


def without(text: str, held_out: set[str]) -> str:
    """The lines of a text that share no sentence with the held-out documents."""
    return "\n".join(line for line in text.split("\n") if held_out.isdisjoint(sentences(line))).strip()


def write(frame: pd.DataFrame, path: Path) -> None:
    """Write rows for later stages; the folder is made."""
    with replacing(path) as part:
        frame.to_parquet(part, index=False, compression="zstd", compression_level=19)


class TextRow(TypedDict):
    """Running text, as the stages hand it on."""

    text: str
    source: str


class GroupRow(TypedDict):
    """A group of documents under the label that it teaches, as the stages hand it on."""

    label: str
    docs: list[str]
    source: str
    unit: NotRequired[str]
    """What is set aside together for development, such as a package; without it the label."""


def add(texts: Sequence[TextRow], groups: Sequence[GroupRow], text_path: Path, groups_path: Path) -> None:
    """Write what a source of one's own adds to the shared data, and say how much it is."""
    write(pd.DataFrame(texts), text_path)
    write(pd.DataFrame(groups), groups_path)
    print(f"text: {len(texts):,} rows, {sum(len(row['text']) for row in texts) / 1e6:.0f} M characters")
    print(f"groups: {len(groups):,}", Counter(group["source"] for group in groups))


def in_development(unit: str, source: str) -> bool:
    """Whether all groups of this label, or of this package, are kept for development."""
    share = 50 if source == "arxiv_phrase" else 20
    return int(hashlib.sha256(unit.casefold().encode()).hexdigest(), 16) % share == 0


def everyday(development: pd.DataFrame) -> pd.DataFrame:
    """Some development groups of each everyday source, of different labels as far as there are enough."""
    groups = development[development.source.isin(EVERYDAY)].sample(frac=1, random_state=SEED)
    again = groups.groupby(["source", "label"]).cumcount()
    ordered = groups.loc[again.sort_values(kind="stable").index]
    return ordered.groupby("source").head(MOST_READ).sort_values("source", kind="stable")


def held_out() -> set[str]:
    """The sentences of the held-out documents."""
    groups = pd.read_parquet(DATA / "groups_valid.parquet", columns=["docs"])
    return {sentence for docs in groups.docs for document in docs for sentence in sentences(document)}


def main() -> None:
    told = held_out()

    text = pd.read_parquet(DATA / "pretrain.parquet")
    permissive = text[text.permissive].drop(columns="permissive")
    own = [pd.read_parquet(added(name)[0]) for name in ADDED]
    usable = pd.concat([permissive, *own], ignore_index=True)
    cleaned = usable.text.map(lambda row: without(row, told))
    kept = usable.assign(text=cleaned)[cleaned.str.len() >= 200]

    groups = pd.read_parquet(DATA / "groups_train.parquet")
    permissive = groups[groups.permissive].drop(columns=["permissive", "group_id"])
    own = [pd.read_parquet(added(name)[1]) for name in ADDED]
    if added("taught")[1].exists():
        own.append(pd.read_parquet(added("taught")[1]))
    teaching = pd.concat([permissive, *own], ignore_index=True)
    links = teaching.source == "awesome_list"
    teaching = teaching[~(links & teaching.label.str.fullmatch(_NO_HEADING))]
    teaching.loc[links, "label"] = teaching.label[links].map(styled)
    teaching["docs"] = [[d for d in docs if told.isdisjoint(sentences(d))] for docs in teaching.docs]
    teaching = teaching[teaching.docs.map(len) >= 4]
    units = teaching.pop("unit").fillna(teaching.label)
    aside = [in_development(*row) for row in zip(units, teaching.source, strict=True)]
    development = teaching[aside]
    teaching = teaching[[not a for a in aside]]

    files = {
        TEXT: kept,
        GROUPS: teaching,
        DEVELOPMENT: development,
        EVERYDAY_DEVELOPMENT: everyday(development),
    }
    for path, frame in files.items():
        write(frame, path)
    characters = kept.text.str.len().sum() / 1e6
    print(f"text: {len(kept):,} of {len(usable):,} rows, {characters:.0f} M characters")
    print(f"groups: {len(teaching):,} teach and {len(development):,} are set aside")
    print(teaching.source.value_counts().to_string())


if __name__ == "__main__":
    main()
