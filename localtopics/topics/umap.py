"""Lays documents out by UMAP: one neighbour graph, and from it 5 dimensions to cluster in and 2 for the map.

UMAP runs in processes of its own, the two layouts side by side where there are two processors.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TextIO

import numpy as np

from localtopics.files import temporary_folder
from localtopics.machine import usable_cpus
from localtopics.progress import Advance, Progress, silent
from localtopics.topics import gpu
from localtopics.topics.duplicates import first_copies, near_duplicates
from localtopics.topics.neighbors import EXACT_LIMIT, NeighborGraph, left_over, neighbor_graph
from localtopics.topics.settings import FEWEST_DOCUMENTS, LayoutSettings


@dataclass(frozen=True)
class Layouts:
    """The places of the documents."""

    reduced: np.ndarray
    """Where they are clustered, float32 [n, components]."""
    map: np.ndarray
    """Where they are drawn, float32 [n, 2]."""
    originals: np.ndarray
    """The first of the documents that are nearly the same as each, int64 [n]; itself where there is no other.
    They share a place."""


def lay_out(
    documents: Sequence[str],
    embeddings: np.ndarray,
    settings: LayoutSettings,
    progress: Progress = silent,
    meanwhile: Callable[[], object] = lambda: None,
) -> Layouts:
    """Lay the documents out by UMAP (McInnes et al. 2018), near ones near, in both layouts.

    Documents of the same text, and near-duplicates (`near_duplicates`), share a place. The same embeddings,
    settings and machine give the same layouts, however many processors are free.

    Args:
        documents: n texts.
        embeddings: float [n, d]; only their directions count.
        settings: UMAP's parameters.
        progress: is told of the documents whose neighbours are found, then of UMAP's epochs.
        meanwhile: called once, while UMAP is at work in other processes.

    Raises:
        UserError: there are too few documents.
    """
    originals, graph = _unlike(documents, embeddings, settings, progress)
    rows, places = _laid_out(originals)
    dimensions = sorted({settings.components, 2})
    with progress("Laying out documents", len(dimensions) * _epochs(len(rows))) as advance:
        layouts = _run_umap(embeddings[rows], graph, settings, dimensions, advance, meanwhile)
    return Layouts(layouts[settings.components][places], layouts[2][places], originals)


def lay_out_again(
    originals: np.ndarray,
    embeddings: np.ndarray,
    settings: LayoutSettings,
    seeds: Sequence[int],
    progress: Progress = silent,
) -> list[np.ndarray]:
    """Where the documents would be clustered with other seeds, as `lay_out` finds `Layouts.reduced`.

    Args:
        originals: int64 [n], as in `Layouts`.
        embeddings: float [n, d]; only their directions count.
        settings: UMAP's parameters.
        seeds: one for each layout.
        progress: is told of UMAP's epochs.

    Returns:
        float32 [n, components] for each of the seeds.

    Raises:
        UserError: there are too few documents.
    """
    rows, places = _laid_out(originals)
    embeddings = embeddings[rows]
    found = []
    with progress("Laying out again", len(seeds) * _epochs(len(embeddings))) as advance:
        for seed in seeds:
            other = replace(settings, seed=seed)
            graph = neighbor_graph(embeddings, other.neighbors, seed)
            layouts = _run_umap(embeddings, graph, other, [other.components], advance, lambda: None)
            found.append(layouts[other.components][places])
    return found


def _unlike(
    documents: Sequence[str], embeddings: np.ndarray, settings: LayoutSettings, progress: Progress
) -> tuple[np.ndarray, NeighborGraph]:
    """The first of the documents that are nearly the same as each, and the graph of what is laid out."""
    originals = first_copies(documents)
    rows, _ = _laid_out(originals)
    graph = neighbor_graph(embeddings[rows], settings.neighbors, settings.seed, progress)
    while True:  # those near a large group have no other neighbours before it is one document
        found = near_duplicates([documents[row] for row in rows], graph, progress)
        kept = np.unique(found)
        if len(kept) == len(rows) or len(kept) < FEWEST_DOCUMENTS:
            return originals, graph
        graph = left_over(graph, embeddings[rows], kept, settings.seed)
        originals = rows[found][np.searchsorted(rows, originals)]
        rows = rows[kept]


def _laid_out(originals: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The documents that are laid out, and which of them gives each document its place."""
    rows, places = np.unique(originals, return_inverse=True)
    if len(rows) < FEWEST_DOCUMENTS:  # too few to be laid out without their copies
        return np.arange(len(originals)), originals
    return rows, places


def _epochs(documents: int) -> int:
    """UMAP's own numbers of epochs, and half of them for many documents, which makes no worse topics."""
    if documents <= 10_000:
        return 500
    return 200 if documents <= EXACT_LIMIT else 100


def start_places(embeddings: np.ndarray, dimensions: int, seed: int) -> np.ndarray:
    """Where many documents lie before the first epoch: their principal components (Kobak and Linderman 2021).

    UMAP's own start, eigenvectors of the graph, would hold as many vectors as the root of the documents.

    Args:
        embeddings: float32 [n, d].
        dimensions: how many there are.
        seed: of the little noise that keeps places apart.

    Returns:
        float32 [n, dimensions], the first within -10 and 10.
    """
    mean = embeddings.mean(axis=0)
    spread = embeddings.T @ embeddings / len(embeddings) - np.outer(mean, mean)
    directions = np.linalg.eigh(spread.astype(np.float64))[1][:, ::-1][:, :dimensions]
    largest = np.take_along_axis(directions, np.abs(directions).argmax(axis=0)[None], axis=0)
    directions = np.where(largest < 0, -directions, directions)  # of two signs always the same
    places = (embeddings @ directions.astype(np.float32)) - (mean @ directions).astype(np.float32)
    places *= 10 / max(1e-9, float(np.abs(places[:, 0]).max()))
    found = np.random.default_rng(seed).normal(scale=1e-4, size=(len(places), dimensions)).astype(np.float32)
    found[:, : places.shape[1]] += places
    return found


def _run_umap(
    embeddings: np.ndarray,
    graph: NeighborGraph,
    settings: LayoutSettings,
    dimensions: Sequence[int],
    advance: Advance,
    meanwhile: Callable[[], object],
) -> dict[int, np.ndarray]:
    """One layout for each number of dimensions, side by side in processes of their own.

    Fresh interpreters, because a fork after torch's threads hangs, and multiprocessing's spawn runs the
    caller's script again. They end when their standard input does, so none outlives this process.
    """
    with temporary_folder() as folder, ExitStack() as cleanup:
        count = len(embeddings)
        if count > EXACT_LIMIT:
            np.save(folder / "start.npy", start_places(embeddings, max(dimensions), settings.seed))
        else:
            np.save(folder / "embeddings.npy", np.asarray(embeddings, np.float32))
        del embeddings  # they may be large, and the processes have what they need of them
        np.save(folder / "indices.npy", graph.indices)
        np.save(folder / "distances.npy", graph.distances)
        (folder / "settings.json").write_text(
            json.dumps({field.name: getattr(settings, field.name) for field in fields(LayoutSettings)})
        )
        for dimension in dimensions:  # takes the room that the layouts need before the work is done
            np.save(_layout(folder, dimension), np.zeros((count, dimension), np.float32))

        side_by_side = min(usable_cpus(), len(dimensions))
        reading, writing = os.pipe()
        steps = cleanup.enter_context(os.fdopen(reading))
        try:
            children = [
                cleanup.enter_context(_child(folder, dimensions[number::side_by_side], writing))
                for number in range(side_by_side)
            ]
        finally:
            os.close(writing)
        for child in children:
            cleanup.callback(child.kill)
        for number, line in enumerate(steps):  # until the last child has closed its end
            advance(int(line))
            if number == 0:  # not before: it would be in the way of numba's compiling
                meanwhile()
        for child in children:
            if child.wait():
                raise RuntimeError(f"UMAP ended with exit code {child.returncode}:\n{_errors(folder)}")
        return {dimension: np.load(_layout(folder, dimension)) for dimension in dimensions}


def _layout(folder: Path, dimension: int) -> Path:
    return folder / f"layout{dimension}.npy"


def _child(folder: Path, dimensions: Sequence[int], steps: int) -> subprocess.Popen[bytes]:
    program = "from localtopics.topics.umap import _serve; _serve()"
    arguments = [str(folder), *map(str, dimensions)]
    packages = [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(packages),
        "OMP_NUM_THREADS": "1",  # each child has one processor, and sums must not depend on how many
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
    }
    with (folder / f"errors{dimensions[0]}.txt").open("wb") as errors:
        return subprocess.Popen(
            [sys.executable, "-P", "-c", program, *arguments],
            stdin=subprocess.PIPE,
            stdout=steps,
            stderr=errors,
            env=environment,
        )


def _errors(folder: Path) -> str:
    return "\n".join(path.read_text(errors="replace") for path in sorted(folder.glob("errors*.txt"))).strip()


def _serve() -> None:
    """What a child process does: the layouts in so many dimensions, of what lies in the folder."""
    import threading

    folder = Path(sys.argv[1])
    threading.Thread(target=_end_with_parent, args=(folder,), daemon=True).start()
    settings = LayoutSettings(**json.loads((folder / "settings.json").read_text()))
    starts = (folder / "start.npy").exists()
    given = np.load(folder / ("start.npy" if starts else "embeddings.npy"), mmap_mode="r")
    graph = NeighborGraph(np.load(folder / "indices.npy"), np.load(folder / "distances.npy"))
    with os.fdopen(os.dup(sys.stdout.fileno()), "w") as steps:
        sys.stdout = sys.stderr  # so that nothing else can get among the steps
        for dimension in map(int, sys.argv[2:]):
            place = np.load(_layout(folder, dimension), mmap_mode="r+")
            place[:] = _umap(given, graph, settings, dimension, steps, starts)
            place.flush()


def _end_with_parent(folder: Path) -> None:
    import shutil

    os.read(sys.stdin.fileno(), 1)  # nothing is written there: it returns when the parent is gone
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


def _umap(
    given: np.ndarray,
    graph: NeighborGraph,
    settings: LayoutSettings,
    dimension: int,
    steps: TextIO,
    starts: bool = False,
) -> np.ndarray:
    """The layout in so many dimensions, float32 [n, dimension].

    ``given`` are the embeddings, or where the layout ``starts``, of which UMAP then needs no more.
    """
    import warnings

    if gpu.available():
        placed = gpu.lay_out(given, graph, settings, dimension, epochs := _epochs(len(given)))
        steps.write(f"{epochs}\n")
        return np.asarray(np.nan_to_num(placed), np.float32)

    from scipy.sparse.linalg import ArpackError
    from umap import UMAP

    _keep_compiled()
    warnings.simplefilter("ignore")
    model = UMAP(
        n_neighbors=graph.indices.shape[1],
        n_components=dimension,
        min_dist=settings.min_dist,
        metric="cosine",
        init=given[:, :dimension] if starts else "spectral",
        n_epochs=_epochs(len(given)),
        random_state=settings.seed,
        n_jobs=1,
        precomputed_knn=(graph.indices, graph.distances),
        tqdm_kwds={"file": _Steps(steps), "bar_format": "{n}", "mininterval": 0.5, "disable": False},
    )
    try:
        layout = model.fit_transform(given)
    except (ArpackError, TypeError, ValueError):  # the spectral start fails on a handful of documents
        layout = model.set_params(init="random").fit_transform(given)
    return np.asarray(np.nan_to_num(layout), np.float32)


class _Steps(io.TextIOBase):
    """Where tqdm writes its count: passes on, a line each, by how much it grew."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._count = 0

    def write(self, text: str) -> int:
        if count := text.strip():
            self._file.write(f"{int(count) - self._count}\n")
            self._file.flush()
            self._count = int(count)
        return len(text)


def _keep_compiled() -> None:
    """Let numba keep UMAP's compiled functions on disk, 5 s less a process."""
    from umap import layouts, umap_

    for function in [*vars(umap_).values(), *vars(layouts).values()]:
        if hasattr(function, "enable_caching"):
            function.enable_caching()
