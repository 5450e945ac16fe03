"""What the stages of a run leave: layouts and tables, written whole and checked where they are read."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from localtopics.corpus import Corpus
from localtopics.errors import UserError
from localtopics.files import PRIVATE_FOLDER, replacing
from localtopics.run.texts import CLEANED, is_cleaned, text_columns, texts_of
from localtopics.topics.clustering import TopicModel
from localtopics.topics.duplicates import first_copies
from localtopics.topics.hierarchy import MOST_LEVELS
from localtopics.topics.topic import OUTLIER, Topic
from localtopics.topics.umap import Layouts

if TYPE_CHECKING:
    from localtopics.labels.label import Label

_DOCUMENTS = {
    "id": "string",
    "text": "string",
    "topic": "integer",
    "probability": "number",
    "x": "number",
    "y": "number",
}
_MAY_BE = {
    "title": "string",
    "time": "string",
    "group": "string",
    "pull": "number",
    "duplicate_of": "string",
    "shares": "shares",
}
_PASSAGES = {
    "document": "string",
    "start": "integer",
    "end": "integer",
    "tokens": "integer",
    "topic": "integer",
    "probability": "number",
    "original": "integer",
}
_TOPICS = {
    "topic": "integer",
    "size": "integer",
    "label": "string",
    "fallback": "boolean",
    "keywords": "strings",
    "keybert": "strings",
    "mmr": "strings",
    "representative_documents": "strings",
    "fidelity": "number",
}
_SINCE_LEVELS = {
    "level": "integer",
    "parent": "integer",
    "given": "boolean",
    "note": "string",
    "members": "string",
}
"""Columns of topics that older releases did not write, or that are there only where they say something."""
_MAY_LACK = {"title", "time", "group", "pull", "duplicate_of", "label", "fidelity", "parent"}
"""Columns in which a value may be missing."""


def write_layouts(layouts: Layouts, path: Path) -> None:
    """Keep the two layouts, and which documents share a place."""
    path.parent.mkdir(PRIVATE_FOLDER, exist_ok=True)
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, reduced=layouts.reduced, map=layouts.map, originals=layouts.originals)


def read_layouts(path: Path, documents: Sequence[str], components: int) -> Layouts | None:
    """The layouts of these documents, or None where they are not there as `write_layouts` left them."""
    import zipfile

    count = len(documents)

    try:
        with np.load(path) as content:
            known = "originals" in content  # not in those of 0.1.0
            originals = content["originals"] if known else first_copies(documents)
            layouts = Layouts(reduced=content["reduced"], map=content["map"], originals=originals)
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    for array, shape in ((layouts.reduced, (count, components)), (layouts.map, (count, 2))):
        if array.shape != shape or array.dtype != np.float32 or not np.isfinite(array).all():
            return None
    if layouts.originals.shape != (count,) or layouts.originals.dtype != np.int64:
        return None
    return layouts if _are_originals(layouts.originals) else None


def _are_originals(rows: np.ndarray) -> bool:
    """Whether each row names one that is not after it, and that names itself."""
    inside = bool((rows >= 0).all() and (rows <= np.arange(len(rows))).all())
    return inside and bool((rows[rows] == rows).all())


def documents_table(
    corpus: Corpus,
    layouts: Layouts,
    found: TopicModel,
    shares: Sequence[Sequence[Mapping[str, float]]] | None = None,
) -> pd.DataFrame:
    """One row a document; id, title, text, cleaned (see `text_columns`), time, group, topic, probability,
    pull, duplicate_of (the id of the first document that is nearly the same), shares (each of its topics
    and the share that it has, where a document was split), x, y, as far as there are.

    The source's other columns follow.
    A column that is kept under a name of ours gets an underscore behind it.
    """
    columns: dict[str, Any] = {"id": corpus.ids}
    if corpus.titles is not None:
        columns["title"] = corpus.titles
    columns |= text_columns(corpus)
    if corpus.times is not None:
        columns["time"] = corpus.times
    if corpus.groups is not None:
        columns["group"] = corpus.groups
    columns |= {"topic": found.assignments, "probability": found.probabilities}
    if found.clustering.pull is not None:
        columns["pull"] = found.clustering.pull
    duplicate = layouts.originals != np.arange(len(corpus.ids))
    if duplicate.any():
        first = [
            corpus.ids[row] if later else None
            for row, later in zip(layouts.originals, duplicate, strict=True)
        ]
        columns["duplicate_of"] = pd.array(first, dtype="string")
    if shares is not None:
        columns["shares"] = shares
    columns |= {"x": layouts.map[:, 0], "y": layouts.map[:, 1]}
    for name, values in corpus.columns.items():
        columns[_free_name(name, columns)] = values
    return pd.DataFrame(columns)


def originals_of(documents: pd.DataFrame) -> np.ndarray:
    """`Layouts.originals` of the documents of `documents_table`, int64 [n]."""
    if "duplicate_of" not in documents:
        return first_copies(texts_of(documents).tolist())  # there are none but in the tables of 0.1.0
    rows = pd.Series(range(len(documents)), documents["id"])
    return rows[documents["duplicate_of"].fillna(documents["id"])].to_numpy()


def _free_name(name: str, taken: Container[str]) -> str:
    """The name, with underscores behind it while it is one of ours or taken."""
    while name in _DOCUMENTS or name in _MAY_BE or name == CLEANED or name in taken:
        name += "_"
    return name


def to_corpus(table: pd.DataFrame, source: str) -> Corpus:
    """The documents of `documents_table`, with all that came with them.

    Args:
        table: as `read_documents` reads it.
        source: what the corpus says of where it comes from.
    """
    parts = {"titles": "title", "times": "time", "groups": "group", "ids": "id"}
    known: dict[str, Any] = {part: table[name].tolist() for part, name in parts.items() if name in table}
    texts = texts_of(table)
    corpus = Corpus.from_documents(texts.tolist(), **known, source=source)
    ours = {*_DOCUMENTS, *_MAY_BE} | ({CLEANED} if is_cleaned(table) else set())
    return replace(
        corpus,
        columns={str(name): table[name] for name in table if name not in ours},
        originals=table["text"].tolist() if is_cleaned(table) else None,
    )


def topics_table(
    topics: Sequence[Topic], labels: Mapping[int, Label], fidelity: Mapping[int, float]
) -> pd.DataFrame:
    """One row a topic; without a label and its fidelity where ``labels`` and ``fidelity`` have none."""
    own = {topic.topic: topic.label for topic in topics if topic.given}
    texts = [labels[number].text if number in labels else own.get(number) for number in _numbers(topics)]
    return pd.DataFrame(
        {
            "topic": _numbers(topics),
            "level": [topic.level for topic in topics],
            "parent": pd.array([topic.parent for topic in topics], dtype="Int64"),
            "size": [topic.size for topic in topics],
            "label": pd.array(texts, dtype="string"),
            "fallback": [topic.topic in labels and labels[topic.topic].fallback for topic in topics],
            "keywords": [list(topic.keywords) for topic in topics],
            "keybert": [list(topic.keybert) for topic in topics],
            "mmr": [list(topic.mmr) for topic in topics],
            "representative_documents": [list(topic.representative) for topic in topics],
            "fidelity": pd.array([fidelity.get(topic.topic) for topic in topics], dtype="Float64"),
        }
        | ({"given": [topic.given for topic in topics]} if own else {})
        | ({"note": [topic.note for topic in topics]} if any(topic.note for topic in topics) else {})
        | {"members": [topic.members for topic in topics]}
    )


def _numbers(topics: Sequence[Topic]) -> list[int]:
    return [topic.topic for topic in topics]


def flat(table: pd.DataFrame) -> pd.DataFrame:
    """`topics_table` as a spreadsheet can show it: lists as text, three documents, cut short."""
    last = ["representative_documents", "members"]
    table = table[[*table.columns.drop(last, errors="ignore"), last[0]]].copy()
    for name in ("keywords", "keybert", "mmr"):
        table[name] = table[name].map(", ".join)
    table["representative_documents"] = table["representative_documents"].map(
        lambda documents: " | ".join(" ".join(document.split())[:300] for document in documents[:3])
    )
    return table


def write_parquet(table: pd.DataFrame, path: Path) -> None:
    """Write a table, whole or not at all."""
    with replacing(path) as temporary:
        table.to_parquet(temporary, compression="zstd", index=False)


def read_documents(path: Path) -> pd.DataFrame:
    """``documents.parquet`` as `documents_table` makes it.

    Raises:
        UserError: it is missing, damaged or not such a table.
    """

    def check(table: pd.DataFrame) -> None:
        if not len(table) or table["id"].duplicated().any():
            raise ValueError("it has no documents, or an id twice")
        if not np.isfinite(table[["probability", "x", "y"]].to_numpy(dtype=float)).all():
            raise ValueError("a probability or a place on the map is no number")
        if table["topic"].min() < OUTLIER:
            raise ValueError("a topic's number cannot be")
        if not texts_of(table).map(lambda text: isinstance(text, str)).all():
            raise ValueError("a cleaned text is none")
        if "duplicate_of" in table and not table["duplicate_of"].dropna().isin(table["id"]).all():
            raise ValueError("a document is the duplicate of none that is there")

    return _read(path, _DOCUMENTS, check)


def read_passage_table(path: Path) -> pd.DataFrame:
    """``passages.parquet`` as it was written.

    Raises:
        UserError: it is missing, damaged or not such a table.
    """

    def check(table: pd.DataFrame) -> None:
        if not len(table) or (table["start"] < 0).any() or (table["tokens"] < 1).any():
            raise ValueError("it has no passages, or some that cannot be")
        if (table["topic"] < -1).any() or not np.isfinite(table["probability"].to_numpy(dtype=float)).all():
            raise ValueError("a topic's number or a probability cannot be")
        if not _are_originals(table["original"].to_numpy()):
            raise ValueError("a passage is the duplicate of none that is before it")

    return _read(path, _PASSAGES, check)


def read_topics(path: Path) -> pd.DataFrame:
    """``topics.parquet`` as `topics_table` makes it.

    Raises:
        UserError: it is missing, damaged or not such a table.
    """

    def check(table: pd.DataFrame) -> None:
        if "level" not in table:
            table.insert(1, "level", 0)
            table.insert(2, "parent", pd.Series(pd.NA, table.index, dtype="Int64"))
        _check_tree(table)
        if (table["size"] < 0).any():
            raise ValueError("a topic has less than no documents")
        if not table["fidelity"].dropna().between(0, 1).all():
            raise ValueError("a fidelity is not between 0 and 1")

    return _read(path, _TOPICS, check, _SINCE_LEVELS)


def _check_tree(table: pd.DataFrame) -> None:
    """Raise ValueError where the topics' numbers, levels and parents are none."""
    numbers, levels = table["topic"].tolist(), table["level"].tolist()
    if sorted(set(numbers)) != numbers or (numbers and numbers[0] < OUTLIER):
        raise ValueError("its topics are not in the order of their numbers")
    level_of = dict(zip(numbers, levels, strict=True))
    if not all(0 <= level < MOST_LEVELS for level in levels) or level_of.get(OUTLIER, 0):
        raise ValueError("a level cannot be")
    for number, parent in zip(numbers, table["parent"], strict=True):
        if not pd.isna(parent) and level_of.get(int(parent), 0) <= level_of[number]:
            raise ValueError("what holds a topic is of no higher level")
    if {level_of[int(parent)] for parent in table["parent"].dropna()} < set(levels) - {0}:
        raise ValueError("a topic of topics holds none")


def check_together(folder: Path, documents: pd.DataFrame, topics: pd.DataFrame, *, labelled: bool) -> None:
    """Raise `UserError` where the two tables are not of one run, or topics of a labelled one have no labels.

    The topics' sizes are counted; only where documents were split a topic may be no document's.
    """
    damage = ""
    counted = documents["topic"].value_counts().to_dict()
    finest = topics[topics["level"] == 0]
    if "shares" in documents:
        counted = dict.fromkeys(finest["topic"], 0) | counted
    if counted != dict(zip(finest["topic"], finest["size"], strict=True)):
        damage = "documents.parquet and topics.parquet are not of one run"
    elif labelled and topics["label"].isna().any():
        damage = "a topic has no label"
    if damage:
        raise UserError(f"{folder} is damaged ({damage}): do the run again, which makes anew what is.")


def to_topics(table: pd.DataFrame) -> list[Topic]:
    """The rows of `topics_table`."""
    return [
        Topic(
            topic=int(row["topic"]),
            size=int(row["size"]),
            keywords=tuple(row["keywords"]),
            keybert=tuple(row["keybert"]),
            mmr=tuple(row["mmr"]),
            representative=tuple(row["representative_documents"]),
            label=None if pd.isna(row["label"]) else row["label"],
            fidelity=None if pd.isna(row["fidelity"]) else float(row["fidelity"]),
            level=int(row["level"]),
            parent=None if pd.isna(row["parent"]) else int(row["parent"]),
            given=bool(row.get("given", False)),
            note=row.get("note", ""),
            members=row.get("members", ""),
        )
        for row in table.to_dict("records")
    ]


def _read(
    path: Path,
    columns: Mapping[str, str],
    check: Callable[[pd.DataFrame], None],
    may_be: Mapping[str, str] = _MAY_BE,
) -> pd.DataFrame:
    try:
        schema = pq.read_schema(path)
        there = dict(zip(schema.names, schema.types, strict=True))
        optional = {name: kind for name, kind in may_be.items() if name in there}
        for name, kind in {**columns, **optional}.items():
            if name not in there:
                raise ValueError(f"it has no column {name}")
            if not _is(there[name], kind):
                raise ValueError(f"its column {name} holds {there[name]}")
        table = pd.read_parquet(path)
        for name in columns.keys() - _MAY_LACK:
            if table[name].isna().any():
                raise ValueError(f"a value of its column {name} is missing")
        check(table)
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        missing = isinstance(error, FileNotFoundError)
        reason = "missing" if missing else f"damaged ({' '.join(str(error).split())[:200]})"
        raise UserError(f"{path} is {reason}: do the run again, which makes it anew.") from None
    return table


def _is(found: pa.DataType, kind: str) -> bool:
    from pyarrow import types

    if kind == "strings":
        listed = types.is_list(found) or types.is_large_list(found)
        return bool(listed) and (types.is_null(found.value_type) or _is(found.value_type, "string"))
    if kind == "shares":
        return bool(types.is_list(found)) and {field.name for field in found.value_type} == {"topic", "share"}
    tests: dict[str, Callable[[Any], bool]] = {
        "string": lambda type: types.is_string(type) or types.is_large_string(type),
        "integer": types.is_integer,
        "number": lambda type: types.is_floating(type) or types.is_integer(type),
        "boolean": types.is_boolean,
    }
    return tests[kind](found)
