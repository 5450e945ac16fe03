"""What is asked about a source of any length, answered in parts: Parquet files, the same whoever writes them.

A part is a fixed number of the source's rows, so its number alone says what is in it. It is written whole or
not at all, and what is there is not done again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from localtopics import __version__
from localtopics.cluster import Work, on_cluster, require_cluster
from localtopics.corpus.blocks import Block, NumberedBlocks, read_blocks
from localtopics.corpus.places import is_remote, located
from localtopics.corpus.readers import source_files, tables_of
from localtopics.errors import UserError
from localtopics.files import replacing
from localtopics.progress import Progress, silent

ROWS = 5000
"""Rows of the source in a part: a minute or two of embedding without a GPU."""
_FORMAT = 1
_META = b"localtopics"
_PATIENCE = 60.0
"""Seconds until a shared folder shows here what another machine wrote."""


class Answer(Protocol):
    """Answers a block of documents with a table of a row for each."""

    def __call__(self, block: Block) -> pa.Table:
        """The block's table; its columns and their types follow from the fields that the block has."""
        ...

    def packed(self) -> Callable[[], Answer]:
        """What gives the same answers on other machines, when it is called there; it can be pickled."""
        ...


@dataclass(frozen=True)
class Job:
    """Which parts are asked for."""

    source: str
    """As in `localtopics.corpus.read_corpus`."""
    columns: Mapping[str, str | None]
    """Those of `read_blocks`, by their names there."""
    out: Path
    """The folder of the parts, or nothing yet."""
    manifest: str
    """The file there that says of what parts were made; who reads a folder as one table passes it over."""
    depends_on: Mapping[str, Any]
    """What the parts were made of beside the source and its columns."""
    limit: int | None = None
    """How many rows of the source are read."""
    rows: int = field(default_factory=lambda: ROWS)
    """Of a part."""

    def numbered(self) -> NumberedBlocks:
        """The blocks of a Parquet source."""
        return NumberedBlocks(self.source, self.rows, limit=self.limit, **self.columns)


@dataclass(frozen=True)
class Part:
    """One of the parts of a source."""

    number: int
    rows: int
    """Rows of the source, those that hold no document included."""
    dropped: int
    """How many of them hold no document."""
    made: bool
    """Whether it was made now, and not there already."""


@dataclass(frozen=True)
class Written:
    """What a folder of parts holds."""

    parts: list[Part]
    seconds: float
    """How long it took now."""

    @property
    def documents(self) -> int:
        """How many documents there are."""
        return sum(part.rows - part.dropped for part in self.parts)

    @property
    def dropped(self) -> int:
        """Rows of the source that hold no document."""
        return sum(part.dropped for part in self.parts)

    @property
    def made(self) -> int:
        """Rows of the source that were done now."""
        return sum(part.rows for part in self.parts if part.made)


def write_parts(
    job: Job,
    answer: Answer,
    title: str,
    *,
    force: bool = False,
    ray: str | None = None,
    progress: Progress = silent,
) -> Written:
    """Write the parts that are not there yet.

    Here one block of the source is held at a time, see `read_blocks`.

    Args:
        job: which parts.
        answer: what a part holds.
        title: what is being done, for the progress bar.
        force: take away parts of something else that lie there.
        ray: the address of a Ray cluster that does it, see `on_cluster`; None: this process.
        progress: told of the rows of the source.

    Raises:
        UserError: the folder holds something else, or parts of something else and ``force`` is not given; or
            as `read_blocks` and `on_cluster`.
    """
    _require_ours(job)
    blocks = None if tables_of(job.source) is None else job.numbered()
    if ray is not None and blocks is None:
        raise UserError(
            f"{job.source} is no Parquet file and no folder of them, whose parts Ray's processes can read: "
            "write it as one, or leave Ray out.",
            arguments=["ray"],
        )
    readings = iter(_readings(job, blocks))
    if ray is not None:
        require_cluster(ray)
    elif (first := next(readings, None)) is not None:  # what is wrong with the source shows by now
        readings = chain([first], readings)
    _prepare(job, force)
    found = (
        _in_turn(job, answer, readings)
        if ray is None or blocks is None
        else _spread(job, answer, blocks, ray)
    )
    total = job.limit if blocks is None else blocks.total
    parts: list[Part] = []
    started = time.monotonic()
    with progress(title, total) as advance:
        for part in found:
            parts.append(part)
            advance(part.rows)
    for path in part_files(job.out)[len(parts) :] if job.limit is None else []:
        path.unlink()  # of a source that ended later, before it was cut
    for path in filter(_is_left, list(job.out.iterdir())):
        path.unlink(missing_ok=True)
    return Written(sorted(parts, key=lambda part: part.number), time.monotonic() - started)


def part_name(number: int) -> str:
    """The name of a part, counted from 0."""
    return f"part-{number:06}.parquet"


def part_files(folder: Path) -> list[Path]:
    """The parts in a folder, in their order."""
    return sorted(folder.glob("part-*.parquet"))


def read_meta(path: Path) -> dict[str, int] | None:
    """Of which rows of the source a part is: first, rows, and how many of them dropped; None: it is no part.

    A part is written whole or not at all, so its footer says that it is whole.
    """
    try:
        found = json.loads(pq.read_schema(path).metadata[_META])
        meta = {name: found[name] for name in ("first", "rows", "dropped")}
    except (OSError, ValueError, KeyError, TypeError, pa.ArrowException):
        return None
    return meta if all(type(value) is int for value in meta.values()) else None


def read_manifest(path: Path) -> dict[str, Any]:
    """What parts were made of; empty where nothing says so."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


# -- one after the other --------------------------------------------------------------------------------


_Reading = tuple[int, int, Callable[[], Block]]
"""Of a block the first row, the number of rows, and what reads it, or has read it."""


def _in_turn(job: Job, answer: Answer, readings: Iterator[_Reading]) -> Iterator[Part]:
    for number, (first, rows, read) in enumerate(readings):
        path = job.out / part_name(number)
        yield _there(path, number, first, rows) or _write(path, number, read(), answer)


def _readings(job: Job, blocks: NumberedBlocks | None) -> Iterator[_Reading]:
    if blocks is not None:
        for number in range(len(blocks)):
            yield *blocks.bounds(number), partial(blocks.read, number)
        return
    for block in read_blocks(job.source, job.rows, limit=job.limit, **job.columns):
        yield block.first, block.rows, partial(_itself, block)


def _itself(block: Block) -> Block:
    return block


def _there(path: Path, number: int, first: int, rows: int) -> Part | None:
    """The part that is there, if it is of these rows."""
    meta = read_meta(path)
    if meta is None or (meta["first"], meta["rows"]) != (first, rows):
        return None
    return Part(number, rows, meta["dropped"], made=False)


def _write(path: Path, number: int, block: Block, answer: Answer) -> Part:
    meta = {"first": block.first, "rows": block.rows, "dropped": block.dropped.total}
    table = answer(block).replace_schema_metadata({_META: json.dumps(meta)})
    with replacing(path, 0o666, among_others=True) as temporary:
        pq.write_table(table, temporary, compression="zstd")
    return Part(number, block.rows, block.dropped.total, made=True)


# -- on a cluster ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _PartsWork(Work[int, Part]):
    """The writing of parts, wherever it is done."""

    job: Job
    unpack: Callable[[], Answer]
    version: str = __version__

    def opened(self) -> Callable[[int], Part]:
        if self.version != __version__:
            raise UserError(
                f"localtopics is {__version__} there and {self.version} here: install one version."
            )
        job, answer, blocks = self.job, self.unpack(), self.job.numbered()

        def do(number: int) -> Part:
            path = job.out / part_name(number)  # one that is there comes of a process that was given up
            return _there(path, number, *blocks.bounds(number)) or _write(
                path, number, blocks.read(number), answer
            )

        return do


def _spread(job: Job, answer: Answer, blocks: NumberedBlocks, address: str) -> Iterator[Part]:
    missing = []
    for number in range(len(blocks)):
        part = _there(job.out / part_name(number), number, *blocks.bounds(number))
        if part is None:
            missing.append(number)
        else:
            yield part
    if not missing:
        return
    source = job.source if is_remote(job.source) else str(located(job.source).absolute())
    everywhere = replace(job, source=source, out=job.out.absolute())
    work = _PartsWork(everywhere, answer.packed())
    with closing(on_cluster(address, work, missing)) as found:
        for part in found:
            _require_here(job.out / part_name(part.number))
            yield replace(part, made=True)


def _require_here(path: Path) -> None:
    """Raise `UserError` where a part does not come that was written on another machine."""
    patience = time.monotonic() + _PATIENCE
    while read_meta(path) is None:
        if time.monotonic() > patience:
            raise UserError(
                f"{path.name} was written on a machine of the cluster and is not in {path.parent} here: name "
                "a folder that all of them share.",
                arguments=["out"],
            )
        time.sleep(0.2)
        list(path.parent.iterdir())  # asks a file server again


# -- the folder -----------------------------------------------------------------------------------------


def _made_of(job: Job) -> dict[str, Any]:
    """What the parts depend on."""
    return {
        "format": _FORMAT,
        **job.depends_on,
        "source": job.source,
        "files": [_state(path) for path in source_files(job.source)],
        "columns": {name: column for name, column in job.columns.items() if column is not None},
        "rows": job.rows,
    }


def _state(path: Path) -> list[object]:
    """What tells a file from another, or from itself before it was changed."""
    found = path.stat()
    return [path.name, found.st_size, found.st_mtime_ns]


def _prepare(job: Job, force: bool) -> None:
    """Make the folder ready for these parts.

    Raises:
        UserError: see `write_parts`.
    """
    out, made_of = job.out, _made_of(job)
    manifest = out / job.manifest
    _require_ours(job)
    if manifest.is_file():
        if read_manifest(manifest) == made_of:
            return
        if not force:
            raise UserError(
                f"{out} holds parts for another state of the source, of the models or of what is asked.",
                arguments=["force"],
            )
        for path in part_files(out):
            path.unlink()
    with replacing(manifest, 0o666) as temporary:
        temporary.write_text(json.dumps(made_of, ensure_ascii=False, indent=1), encoding="utf-8")


def _require_ours(job: Job) -> None:
    """Raise `UserError` where the folder holds something else than parts."""
    out = job.out
    if out.is_dir() and (out / job.manifest).is_file():
        return
    if out.exists() and (not out.is_dir() or any(not _is_left(path) for path in out.iterdir())):
        raise UserError(f"{out} is there already and holds something else: name another folder.")


def _is_left(path: Path) -> bool:
    """Whether a killed call left this half-written."""
    return path.name.startswith(".") and path.name.endswith(".part")
