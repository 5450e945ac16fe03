"""Tells before a long job what it will take, and refuses one that this machine cannot hold."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from localtopics.corpus import Corpus
from localtopics.embedding import Embedder
from localtopics.embedding.cache import default_folder
from localtopics.embedding.model import EmbeddingModel
from localtopics.errors import UserError
from localtopics.machine import free_memory
from localtopics.progress import Progress, silent
from localtopics.run.settings import RunSettings
from localtopics.text import size_in_words

LONG = 50_000
"""Documents from which a run says beforehand what it takes: fewer are done in minutes."""
_PASSAGE = 1000
"""Characters of the passages that long documents are split into, about."""
_MODEL_MEMORY = 700_000_000
"""Bytes that Python and the embedding model take."""


@dataclass(frozen=True)
class _Cost:
    """What a stage took where it was measured: 2 processors, 384 dimensions, `scripts/bench_scale.py`."""

    start: float
    """Seconds whatever the size."""
    each: float
    """Seconds a million passages."""
    memory: float
    """Bytes a passage at the peak, beside its texts and its embedding."""
    disk: float
    """Bytes a passage that stay in the run folder, beside its text."""


_COSTS = {
    "layouts": _Cost(10, 1000, 1300, 40),
    "topics": _Cost(10, 600, 2300, 100),
    "maps": _Cost(10, 75, 1500, 90),
}
_VALUES, _DIMENSIONS = 2**22, 384
_REFERENCE = {"alone": 0.17, "together": 0.14}
"""Seconds that the two probes took there: one thing after the other, and on all processors."""


@dataclass(frozen=True)
class StageEstimate:
    """What one stage of a run takes."""

    name: str
    seconds: float | None
    """None: it depends on the model that names, and how many topics there are."""
    memory: int
    """Bytes at its peak, of all processes."""
    disk: int
    """Bytes that it leaves."""


@dataclass(frozen=True)
class Estimate:
    """What a run takes that has nothing yet, about."""

    documents: int
    stages: list[StageEstimate]
    temporary: int
    """Bytes on the disk of temporary files meanwhile."""
    cache: int
    """Bytes that embeddings take in the cache."""

    @property
    def seconds(self) -> float:
        """All stages, but for the names."""
        return sum(stage.seconds or 0 for stage in self.stages)

    @property
    def memory(self) -> int:
        """Bytes at the peak of all stages."""
        return max(stage.memory for stage in self.stages)

    @property
    def disk(self) -> int:
        """Bytes that the run folder will have."""
        return sum(stage.disk for stage in self.stages)

    def check(self, out: Path) -> None:
        """See whether this machine has the memory and the disks have the room.

        Args:
            out: the run folder, or where it will be.

        Raises:
            UserError: it has not.
        """
        free = free_memory()
        if free is not None and self.memory > free:
            raise UserError(
                f"{self.documents:,} documents take about {size_in_words(self.memory)} of memory, and "
                f"{size_in_words(free)} are free: find topics in some of them, and give the others these "
                "topics by an assignment in parts.",
            )
        rooms = [
            (out, self.disk, "The run folder"),
            (Path(tempfile.gettempdir()), self.temporary, "temporary files"),
            (default_folder(), self.cache, "kept embeddings"),
        ]
        disks: dict[int, list[tuple[Path, int, str]]] = {}
        for folder, size, what in rooms:
            there = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
            if size:
                disks.setdefault(there.stat().st_dev, []).append((there, size, what))
        for needed in disks.values():
            total, left = sum(size for _, size, _ in needed), shutil.disk_usage(needed[0][0]).free
            if total > left:
                names = " and ".join(what for _, _, what in needed)
                raise UserError(
                    f"{names[0].upper()}{names[1:]} take about {size_in_words(total)} on the disk of "
                    f"{needed[0][0]}, and {size_in_words(left)} are free: make room first."
                )


def estimate(
    corpus: Corpus,
    settings: RunSettings,
    model: EmbeddingModel,
    embeddings: np.ndarray | None = None,
    progress: Progress = silent,
) -> Estimate:
    """What a run of these documents takes on this machine: two seconds of probes, and some embedding.

    Args:
        corpus: the documents.
        settings: what is asked of the run.
        model: what embeds them.
        embeddings: float32 [n, d], where they are ready.
        progress: told of the probes.

    Raises:
        UserError: the embedding model cannot be opened.
    """
    lengths = [len(text) for text in corpus.documents]
    split = embeddings is None and settings.topics.long_documents == "split"
    passages = sum(max(1, -(-length // _PASSAGE)) for length in lengths) if split else len(lengths)
    texts = 2 * sum(lengths) + sum(_bytes(values) for values in (corpus.ids, corpus.titles, corpus.times))
    dimensions = _DIMENSIONS if embeddings is None else embeddings.shape[1]
    vectors = passages * dimensions * 4
    stages = []
    cache = 0
    if embeddings is None:
        with progress("Timing the embedding", 1) as advance:
            seconds = Embedder(model).seconds_for(corpus.documents)
            advance(1)
        cache = passages * (dimensions * 4 + 80) if seconds else 0
        stages.append(StageEstimate("embeddings", seconds, _MODEL_MEMORY + texts + 2 * vectors, 0))
    speed = _speed()
    held = _MODEL_MEMORY + texts + 3 * vectors
    for name, cost in _COSTS.items():
        seconds = speed * (cost.start + cost.each * passages / 1e6 * (1 + dimensions / _DIMENSIONS) / 2)
        disk = int(passages * cost.disk) + (sum(lengths) // 2 + vectors // 2 if name == "topics" else 0)
        stages.append(StageEstimate(name, seconds, int(held + passages * cost.memory), disk))
        if name == "topics":
            stages.append(StageEstimate("labels", None, 0, 0))
    temporary = passages * (settings.topics.neighbors * 8 + (settings.topics.components + 2) * 8)
    return Estimate(len(corpus), stages, temporary, cache)


def _bytes(values: Sequence[str] | None) -> int:
    """What a list of short strings takes."""
    return 0 if values is None else 60 * len(values) + sum(map(len, values))


def _speed() -> float:
    """How many times as long as where the costs were measured this machine takes."""
    import torch

    values = np.random.default_rng(0).random(_VALUES, np.float32)
    matrix = torch.from_numpy(values[: 4096 * _DIMENSIONS].reshape(4096, _DIMENSIONS))
    took = {"alone": np.inf, "together": np.inf}
    for _ in range(3):
        begun = time.perf_counter()
        np.sort(values)
        between = time.perf_counter()
        (matrix @ matrix.T).topk(15)
        took["alone"] = min(took["alone"], between - begun)
        took["together"] = min(took["together"], time.perf_counter() - between)
    return float(np.mean([took[name] / _REFERENCE[name] for name in took]))
