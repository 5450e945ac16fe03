"""Gives any number of documents the topics of a run, part by part, in constant memory."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from localtopics.corpus.blocks import Block
from localtopics.corpus.parts import Answer, Job, part_files, write_parts
from localtopics.errors import UserError
from localtopics.progress import Progress, silent
from localtopics.run.assigning import Assigner, shares_column
from localtopics.run.folder import RunFolder

MANIFEST = "_assigned.json"
_ROLES = {"titles": "title", "times": "time", "groups": "group"}
_SHARES = pa.list_(pa.struct([("topic", pa.int64()), ("share", pa.float64())]))


@dataclass(frozen=True)
class AssignedParts:
    """What a folder of parts holds."""

    folder: Path
    documents: int
    dropped: int
    """Rows of the source that hold no document."""
    counts: list[tuple[int, str, int]]
    """Topic, label and documents of each topic that any has, the largest first."""
    seconds: float
    """How long the parts took that were made now."""
    made: int
    """Rows of the source that were done now; the others were there already."""


def assign_parts(
    run: RunFolder,
    source: str,
    out: Path,
    *,
    columns: Mapping[str, str | None],
    limit: int | None = None,
    force: bool = False,
    ray: str | None = None,
    progress: Progress = silent,
) -> AssignedParts:
    """Write the topics of a source's documents as Parquet files, each of so many of its rows.

    A part is written when it is finished, and the same call goes on after a stop. Embeddings are not kept in
    the cache. One block of the source is held at a time, see `read_blocks`.

    Args:
        run: a labelled run that embeds its documents itself.
        source: as in `localtopics.corpus.read_corpus`.
        out: a folder, or nothing yet. ``_assigned.json`` in it says what the parts were made of.
        columns: those of `read_blocks`, by their names there.
        limit: how many rows of the source are read.
        force: take away the parts of another source, run or other columns that lie there.
        ray: the address of a Ray cluster that does it, see `localtopics.cluster.on_cluster`.
        progress: told of the rows of the source.

    Raises:
        UserError: the folder holds something else, or parts of something else and ``force`` is not given; the
            run came with ready embeddings, or as `write_parts`.
    """
    if not run.embeds_documents:
        raise UserError(
            f"{run.folder} was made from ready embeddings, which an assignment in parts does not take: "
            "name a file, such as NAME.parquet."
        )
    answer = _Topics(Assigner(run))
    job = Job(source, columns, out, MANIFEST, {"topics": _digest(run)}, limit)
    written = write_parts(job, answer, "Assigning topics", force=force, ray=ray, progress=progress)
    counts: Counter[tuple[int, str]] = Counter()
    with progress("Counting topics", len(written.parts)) as advance:
        for path in part_files(out)[: len(written.parts)]:
            counts.update(_counts(path))
            advance(1)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return AssignedParts(
        folder=out,
        documents=written.documents,
        dropped=written.dropped,
        counts=[(topic, label, count) for (topic, label), count in ordered],
        seconds=written.seconds,
        made=written.made,
    )


def _digest(run: RunFolder) -> str:
    """What tells the topics of a run from others."""
    topics = hashlib.sha256((run.model_folder / "topics.json").read_bytes())
    topics.update(json.dumps([run.labels, run.model_numbers], sort_keys=True).encode())
    return topics.hexdigest()


@dataclass(frozen=True)
class _Topics:
    """A document's topic, label, probability and shares, beside its id, title, time and group."""

    assigner: Assigner

    def __call__(self, block: Block) -> pa.Table:
        texts: dict[str, Any] = {"id": []} | {_ROLES[name]: [] for name in _ROLES if name in block.fields}
        found: dict[str, Any] = {"topic": [], "label": [], "probability": [], "shares": []}
        if (corpus := block.corpus) is not None:
            own, labels, split = self.assigner.topics(corpus.documents, keep=False)
            several, shares = set(split.tolist()), shares_column(own)
            shares = [one if row in several else None for row, one in enumerate(shares)]
            found = {"topic": own.topics, "label": labels, "probability": own.probabilities, "shares": shares}
            texts["id"] = corpus.ids
            for name in texts.keys() - {"id"}:
                texts[name] = getattr(corpus, f"{name}s") or [""] * len(corpus)
        kinds = {"topic": pa.int64(), "probability": pa.float32(), "shares": _SHARES}
        columns = texts | found
        return pa.table(
            {name: pa.array(values, kinds.get(name, pa.string())) for name, values in columns.items()}
        )

    def packed(self) -> Callable[[], Answer]:
        return partial(_unpacked, self.assigner.packed())


def _unpacked(assigner: Callable[[], Assigner]) -> Answer:
    return _Topics(assigner())


def _counts(path: Path) -> Iterator[tuple[int, str]]:
    """The topic and label of each document of a part."""
    table = pq.read_table(path, columns=["topic", "label"])
    yield from zip(table["topic"].to_pylist(), table["label"].to_pylist(), strict=True)
