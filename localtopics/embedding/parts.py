"""Embeddings of any number of documents, part by part, in constant memory."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from localtopics.corpus.blocks import Block
from localtopics.corpus.parts import (
    Answer,
    Job,
    Written,
    part_files,
    part_name,
    read_manifest,
    read_meta,
    write_parts,
)
from localtopics.embedding.embedder import Embedder
from localtopics.embedding.model import KNOWN_MODELS, choose_model
from localtopics.embedding.packing import PackedEmbedder
from localtopics.embedding.ready import unit_length
from localtopics.errors import UserError
from localtopics.progress import Progress, silent

MANIFEST = "_embedded.json"


def embed_parts(
    source: str | os.PathLike[str],
    out: str | os.PathLike[str],
    embedder: Embedder,
    *,
    limit: int | None = None,
    force: bool = False,
    ray: str | None = None,
    progress: Progress = silent,
    **columns: str | None,
) -> Written:
    """Write the embeddings of a source's documents as Parquet files, each of so many of its rows.

    A row for each document: its id, and its embedding as a list of float16, as which runs keep them too. Of a
    document that is longer than the model reads the beginning is embedded. A part is written when it is
    finished, and the same call goes on after a stop. Embeddings are not kept in the cache.

    Args:
        source: as in `localtopics.corpus.read_corpus`, or a folder of Parquet files.
        out: a folder, or nothing yet. ``_embedded.json`` in it says what the parts were made of.
        embedder: what embeds.
        limit: how many rows of the source are read.
        force: take away the parts of another source or model that lie there.
        ray: the address of a Ray cluster that does it, see `localtopics.cluster.on_cluster`.
        progress: told of the rows of the source.
        columns: text, id and split as in `localtopics.corpus.read_corpus`.

    Raises:
        UserError: as `localtopics.corpus.parts.write_parts`, or the model cannot be opened.
    """
    model = embedder.model
    depends_on = {"model": model.name, "digest": model.digest, "precision": model.precision}
    if model.tokens is not None:
        depends_on["tokens"] = str(model.tokens)
    job = Job(os.fspath(source), columns, Path(out), MANIFEST, depends_on, limit)
    return write_parts(job, _Embeddings(embedder), "Embedding", force=force, ray=ray, progress=progress)


@dataclass(frozen=True)
class _Embeddings:
    """A document's id and embedding."""

    embedder: Embedder

    def __call__(self, block: Block) -> pa.Table:
        ids, texts = ([], []) if block.corpus is None else (block.corpus.ids, block.corpus.documents)
        vectors = self.embedder.embed(texts, keep=False).astype(np.float16)
        column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])
        return pa.table({"id": pa.array(ids, pa.string()), "embedding": column})

    def packed(self) -> Callable[[], Answer]:
        return partial(_unpacked, PackedEmbedder.of(self.embedder))


def _unpacked(packed: PackedEmbedder) -> Answer:
    return _Embeddings(packed.unpacked())


def embedded_by(folder: Path, named: str | None) -> tuple[str | None, int | None]:
    """What made the embeddings in a folder of `embed_parts`.

    Args:
        folder: anybody's; a model that only it names is not opened.
        named: the model that the person at work names, if any.

    Returns:
        The model's name, which is ``named``, or one that comes with localtopics if it is the one, or None
        where nothing is known; and the most tokens that it read of a text, or None: as many as it takes.

    Raises:
        UserError: another model is named, or there is no such model.
    """
    made = read_manifest(folder / MANIFEST)
    name = named or made.get("model")
    if "digest" not in made or (named is None and name not in KNOWN_MODELS):
        return named, None
    tokens = int(made["tokens"]) if str(made.get("tokens")).isdecimal() else None
    if choose_model(name, tokens).digest == made["digest"]:
        return name, tokens
    if named is None:
        return None, None
    raise UserError(
        f"{folder} was embedded by another model ({made.get('model')}) than {named}: name that one.",
        arguments=["embedding_model"],
    )


def read_embedded(folder: Path) -> tuple[np.ndarray, int]:
    """The embeddings in a folder of `embed_parts`, which are there once in memory.

    Returns:
        float32 [n, d], each row of length 1, a row a document; and how many rows of the source they are of.

    Raises:
        UserError: the folder holds no such parts, or one is missing or damaged.
    """
    paths = part_files(folder)
    if not paths or not (folder / MANIFEST).is_file():
        raise UserError(
            f"{folder} is no folder of embeddings: make one first.", command="embed SOURCE --out FOLDER"
        )
    row = documents = 0
    for number, path in enumerate(paths):
        meta = read_meta(path)
        if meta is None or path.name != part_name(number) or meta["first"] != row:
            raise UserError(
                f"{folder / part_name(number)} is missing, damaged or of other rows: give the command again "
                "that made the folder.",
                command=f"embed SOURCE --out {folder}",
            )
        row += meta["rows"]
        documents += meta["rows"] - meta["dropped"]
    embeddings: np.ndarray | None = None
    done = 0
    for path in paths:
        part = _read(path)
        if embeddings is None:
            embeddings = np.empty((documents, part.shape[1]), np.float32)
        if part.shape[1] != embeddings.shape[1] or done + len(part) > documents:
            raise UserError(f"{path} holds embeddings of another kind than the parts before it.")
        embeddings[done : done + len(part)] = part
        unit_length(embeddings[done : done + len(part)], str(path))
        done += len(part)
    if embeddings is None or done != documents:
        raise UserError(f"{folder} holds {done:,} embeddings, and says that there are {documents:,}.")
    return embeddings, row


def _read(path: Path) -> np.ndarray:
    """The embeddings of a part, float16 [rows, d]."""
    try:
        column = pq.read_table(path, columns=["embedding"])["embedding"].combine_chunks()
        width = column.type.list_size
        return np.asarray(column.flatten().to_numpy().reshape(-1, width))
    except (OSError, ValueError, KeyError, AttributeError, pa.ArrowException):
        raise UserError(f"{path} holds no embeddings.") from None
