"""Stage 1: what the labeller may learn from, as three parquet files: text, groups, development groups.

Only rows whose licence lets a derived model be given away stay, and no line that shares a sentence with a
held-out document. The development groups (all groups of about one label in forty) are for early stopping and
for tuning the selection; `groups_valid.parquet` is for the final evaluation alone.
"""

import hashlib
import re
from collections.abc import Iterator

import pandas as pd
from recipe import DATA, DEVELOPMENT, GROUPS, TEXT, WORK

SHORTEST_SENTENCE = 25
"""Letters; shorter sentences are shared by chance."""


def sentences(text: str) -> Iterator[str]:
    """The sentences of a text, letters only, so that cleaning differences do not hide a repetition."""
    for sentence in re.split(r"[.?!\n]", text):
        letters = re.sub(r"[^a-z]", "", sentence.lower())
        if len(letters) >= SHORTEST_SENTENCE:
            yield letters


def without(text: str, held_out: set[str]) -> str:
    """The lines of a text that share no sentence with the held-out documents."""
    return "\n".join(line for line in text.split("\n") if held_out.isdisjoint(sentences(line))).strip()


def in_development(label: str, source: str) -> bool:
    """Whether all groups of this label are kept for development."""
    share = 50 if source == "arxiv_phrase" else 20
    return int(hashlib.sha256(label.casefold().encode()).hexdigest(), 16) % share == 0


def main() -> None:
    held_out = {
        s for docs in pd.read_parquet(DATA / "groups_valid.parquet").docs for d in docs for s in sentences(d)
    }

    text = pd.read_parquet(DATA / "pretrain.parquet")
    permissive = text[text.permissive]
    cleaned = permissive.text.map(lambda row: without(row, held_out))
    kept = permissive.assign(text=cleaned)[cleaned.str.len() >= 200].drop(columns="permissive")

    groups = pd.read_parquet(DATA / "groups_train.parquet")
    teaching = groups[groups.permissive].drop(columns=["permissive", "group_id"])
    teaching["docs"] = [[d for d in docs if held_out.isdisjoint(sentences(d))] for docs in teaching.docs]
    teaching = teaching[teaching.docs.map(len) >= 4]
    aside = [in_development(*row) for row in zip(teaching.label, teaching.source, strict=True)]
    development = teaching[aside]
    teaching = teaching[[not a for a in aside]]

    WORK.mkdir(parents=True, exist_ok=True)
    for frame, path in ((kept, TEXT), (teaching, GROUPS), (development, DEVELOPMENT)):
        frame.to_parquet(path, index=False, compression="zstd", compression_level=19)
    characters = kept.text.str.len().sum() / 1e6
    print(f"text: {len(kept):,} of {len(text):,} rows, {characters:.0f} M characters")
    print(f"groups: {len(teaching):,} teach and {len(development):,} are set aside, of {len(groups):,}")
    print(teaching.source.value_counts().to_string())


if __name__ == "__main__":
    main()
