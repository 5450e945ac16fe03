"""Gives any number of documents the topics of a run, part by part, in constant memory."""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from localtopics.corpus.blocks import Block, read_blocks, row_count, source_files
from localtopics.errors import UserError
from localtopics.files import replacing
from localtopics.progress import Progress, silent
from localtopics.run.assigning import Assigner, shares_column
from localtopics.run.folder import RunFolder

ROWS = 5000
"""Rows of the source in a part: a minute or two of embedding without a GPU."""
MANIFEST = "_assigned.json"
"""Says what the parts were made of; its name is passed over by what reads a folder as one table."""
_FORMAT = 1
_META = b"localtopics"
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
    progress: Progress = silent,
) -> AssignedParts:
    """Write the topics of a source's documents as Parquet files of `ROWS` rows each.

    A part is written when it is finished, and the same call goes on after the last one that is whole.
    Embeddings are not kept in the cache. One block of the source is held at a time, see `read_blocks`.

    Args:
        run: a labelled run that embeds its documents itself.
        source: as in `localtopics.corpus.read_corpus`.
        out: a folder, or nothing yet. ``_assigned.json`` in it says what the parts were made of.
        columns: those of `read_blocks`, by their names there.
        limit: how many rows of the source are read.
        force: take away the parts of another source, run or other columns that lie there.
        progress: told of the rows of the source.

    Raises:
        UserError: the folder holds something else, or parts of something else and ``force`` is not given; the
            run came with ready embeddings, or as `read_blocks`.
    """
    if not run.embeds_documents:
        raise UserError(
            f"{run.folder} was made from ready embeddings, which an assignment in parts does not take: "
            "name a file, such as NAME.parquet."
        )
    assigner, made_of = Assigner(run), _made_of(run, source, columns)
    _prepare(out, made_of, force)
    total = row_count(source) if limit is None else limit
    counts: Counter[tuple[int, str]] = Counter()
    dropped = made = last = 0
    started = time.monotonic()
    with progress("Assigning topics", total) as advance:
        for number, block in enumerate(read_blocks(source, ROWS, limit=limit, **columns)):
            path = out / part_name(number)
            if not _is_whole(path, block):
                _write_part(path, block, assigner)
                made += block.rows
            counts.update(_counts(path))
            dropped += block.dropped.total
            last = number + 1
            advance(block.rows)
    for path in _parts(out)[last:] if limit is None else []:
        path.unlink()  # of a source that ended later, before it was cut
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return AssignedParts(
        folder=out,
        documents=counts.total(),
        dropped=dropped,
        counts=[(topic, label, count) for (topic, label), count in ordered],
        seconds=time.monotonic() - started,
        made=made,
    )


def part_name(number: int) -> str:
    """The name of a part, counted from 0."""
    return f"part-{number:06}.parquet"


def _made_of(run: RunFolder, source: str, columns: Mapping[str, str | None]) -> dict[str, Any]:
    """What the parts depend on."""
    topics = hashlib.sha256((run.model_folder / "topics.json").read_bytes())
    topics.update(json.dumps([run.labels, run.model_numbers], sort_keys=True).encode())
    return {
        "format": _FORMAT,
        "topics": topics.hexdigest(),
        "source": source,
        "files": [_state(path) for path in source_files(source)],
        "columns": {name: column for name, column in columns.items() if column is not None},
        "rows": ROWS,
    }


def _state(path: Path) -> list[object]:
    """What tells a file from another, or from itself before it was changed."""
    found = path.stat()
    return [path.name, found.st_size, found.st_mtime_ns]


def _prepare(out: Path, made_of: dict[str, Any], force: bool) -> None:
    """Make the folder ready for parts of this.

    Raises:
        UserError: see `assign_parts`.
    """
    manifest = out / MANIFEST
    if out.is_dir() and manifest.is_file():
        if _read(manifest) == made_of:
            return
        if not force:
            raise UserError(
                f"{out} holds topics for another state of the source, of the run or of what is asked.",
                arguments=["force"],
            )
        for path in _parts(out):
            path.unlink()
    elif out.exists() and (not out.is_dir() or any(not _is_left(path) for path in out.iterdir())):
        raise UserError(f"{out} is there already and holds something else: name another folder.")
    with replacing(manifest, 0o666) as temporary:
        temporary.write_text(json.dumps(made_of, ensure_ascii=False, indent=1), encoding="utf-8")


def _read(manifest: Path) -> object:
    try:
        return json.loads(manifest.read_text(encoding="utf-8"))
    except ValueError:
        return None


def _is_left(path: Path) -> bool:
    """Whether a killed call left this half-written."""
    return path.name.startswith(".") and path.name.endswith(".part")


def _parts(out: Path) -> list[Path]:
    return sorted(out.glob("part-*.parquet"))


def _is_whole(path: Path, block: Block) -> bool:
    """Whether a part is there, of as many rows of the source."""
    try:
        found = json.loads(pq.read_schema(path).metadata[_META])
        return bool(found == _meta(block))
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException):
        return False


def _meta(block: Block) -> dict[str, int]:
    return {"first": block.first, "rows": block.rows, "dropped": block.dropped.total}


def _write_part(path: Path, block: Block, assigner: Assigner) -> None:
    texts: dict[str, Any] = {"id": []} | {_ROLES[name]: [] for name in _ROLES if name in block.fields}
    found: dict[str, Any] = {"topic": [], "label": [], "probability": [], "shares": []}
    if (corpus := block.corpus) is not None:
        own, labels, split = assigner.topics(corpus.documents, keep=False)
        several, shares = set(split.tolist()), shares_column(own)
        shares = [one if row in several else None for row, one in enumerate(shares)]
        found = {"topic": own.topics, "label": labels, "probability": own.probabilities, "shares": shares}
        texts["id"] = corpus.ids
        for name in texts.keys() - {"id"}:
            texts[name] = getattr(corpus, f"{name}s") or [""] * len(corpus)
    kinds = {"topic": pa.int64(), "probability": pa.float32(), "shares": _SHARES}
    columns = texts | found
    table = pa.table(
        {name: pa.array(values, kinds.get(name, pa.string())) for name, values in columns.items()}
    ).replace_schema_metadata({_META: json.dumps(_meta(block))})
    with replacing(path, 0o666) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def _counts(path: Path) -> Iterator[tuple[int, str]]:
    """The topic and label of each document of a part."""
    table = pq.read_table(path, columns=["topic", "label"])
    yield from zip(table["topic"].to_pylist(), table["label"].to_pylist(), strict=True)
