"""How far do the topics of a run agree with classes that people gave to its documents?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from localtopics.corpus.columns import ColumnRequest, short
from localtopics.corpus.readers import read_columns
from localtopics.corpus.values import as_string
from localtopics.errors import UserError
from localtopics.run.folder import RunFolder
from localtopics.topics.agreement import Agreement, agreement
from localtopics.topics.topic import OUTLIER


@dataclass(frozen=True)
class GoldFigures:
    """Topics against the classes that people gave to documents."""

    classes: int
    without_class: int
    """Documents that have none; they are left out."""
    all: Agreement
    """The outliers are a topic like any other."""
    without_outliers: Agreement | None
    """Over documents in topics; None where there are none."""


def gold_figures(run: RunFolder, gold: Mapping[str, str]) -> GoldFigures:
    """Measure the topics of a run against classes.

    Args:
        run: a run with topics.
        gold: document id to class; documents that it lacks are left out and counted.

    Raises:
        UserError: it has a class for no document of the run.
    """
    documents = run.documents
    classes = np.array([gold.get(id, "") for id in documents["id"]])
    known = classes != ""
    if not known.any():
        raise UserError(
            f"No document of {run.folder} has a class: what names them must have the documents' ids, such as "
            f"{short(documents['id'][0])}."
        )
    topics, classes = documents["topic"].to_numpy()[known], classes[known]
    inside = topics != OUTLIER
    return GoldFigures(
        classes=len(set(classes.tolist())),
        without_class=int((~known).sum()),
        all=agreement(topics, classes),
        without_outliers=agreement(topics[inside], classes[inside]) if inside.any() else None,
    )


def read_gold(run: RunFolder, where: str) -> dict[str, str]:
    """Document id to class, from a column of the run's documents or of another file.

    Args:
        run: a run with topics.
        where: a column of ``documents.parquet``, or ``FILE:COLUMN``. The file's rows are known by its column
            of ids, which is called as that of the run's source was, or ``id``; where the run's ids are row
            numbers, by their number.

    Raises:
        UserError: there is no such column, the file cannot be read, or it has two classes for an id.
    """
    documents = run.documents
    path, colon, column = where.rpartition(":")
    if not colon or where in documents:
        if where not in documents:
            columns = ", ".join(documents.columns)
            raise UserError(
                f"The documents of {run.folder} have no column {where!r}; their columns are {columns}: "
                f"name the file that has it, as in papers.csv:{where}."
            )
        return _classes(documents["id"], documents[where], where)
    asked = run.settings.input.id
    numbered = asked is None and _are_numbers(documents["id"].tolist())
    named = {"documents": column} | ({} if numbered else {"ids": asked or "id"})
    table = read_columns(ColumnRequest(path, named))
    rows = table["documents"]
    return _classes(range(len(rows)) if numbered else table["ids"], rows, where)


def _are_numbers(ids: list[str]) -> bool:
    """Whether ids are row numbers, as they are where a source has none."""
    return all(id.isdecimal() for id in ids) and [int(id) for id in ids] == sorted({int(id) for id in ids})


def _classes(ids: Iterable[object], values: Iterable[object], where: str) -> dict[str, str]:
    """Id to class as texts, without those that are missing."""
    found: dict[str, str] = {}
    for id, value in zip(map(as_string, ids), map(as_string, values), strict=True):
        if value.strip() and found.setdefault(id, value.strip()) != value.strip():
            raise UserError(f"{where} has two classes for the id {short(id)}.")
    return found
