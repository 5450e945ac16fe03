"""Texts to embeddings: float32 [n, d] of unit length, each distinct text embedded once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from localtopics.embedding.cache import EmbeddingCache, default_folder
from localtopics.embedding.model import EmbeddingModel, cached_folder
from localtopics.errors import UserError
from localtopics.machine import no_nested_threads, usable_cpus
from localtopics.progress import Progress, silent

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Embed = Callable[[Sequence[str]], "NDArray[np.float32]"]
"""Texts to float32 [n, d] of unit length."""

_PART = {"cpu": 256, "gpu": 2**13}  # texts between two writes to the cache: a few seconds' work
_BLOCK = 2**22  # characters that are sorted by length together: of many there are few batches to fill up
_BATCH = {"cpu": 2**11, "gpu": 2**16}  # tokens embedded together, padding included
_ROWS = {"cpu": 32, "gpu": 2**16}  # texts embedded together
_STEP = 8  # tokens: every text is padded to a multiple, so that its own length alone decides how far
_CHARACTERS = 32  # at most read for each token that the model takes: no use to tokenise a whole book


class Embedder:
    """Texts to unit vectors by one model, each distinct text embedded once and kept on disk.

    The model is loaded when the first text comes that is not in the cache. It runs on the GPU that PyTorch
    finds, or else on all processors.

    On a CPU a text's vector does not depend on the texts beside it: rounding depends on how far a text is
    padded, and with AMX on how many are embedded together, and both on its length alone. So the same texts
    have the same vectors on one machine, whatever the cache held before. On a GPU the size of a batch may
    matter in the last bits. In bf16 matrix products are rounded and all else is float32 (PyTorch's autocast):
    the cosine to the fp32 vector is above 0.9999.
    """

    def __init__(self, model: EmbeddingModel, cache: Path | None = None) -> None:
        """Embed with ``model``; ``cache`` is the folder of the caches, None the user's cache directory."""
        folder = cache if cache is not None else default_folder()
        self.model = model
        self._cache = EmbeddingCache(folder / f"{model.digest[:16]}-{model.precision}.sqlite")
        self._loaded: SentenceTransformer | None = None

    def embed(self, texts: Sequence[str], progress: Progress = silent) -> np.ndarray:
        """Embed texts.

        Returns:
            float32 [n, d], each row of length 1. Texts past the model's limit are cut off there.

        Raises:
            UserError: the model cannot be opened.
        """

        if not texts:
            return self.embed([""])[:0]  # the model alone knows d
        keys = [hashlib.sha256(text.encode(errors="replace")).digest() for text in texts]
        distinct = dict(zip(keys, texts, strict=True))
        vectors = self._cache.get(list(distinct))
        missing = [key for key in distinct if key not in vectors]
        if missing:
            with progress("Embedding", len(missing)) as advance, no_nested_threads():
                limit = self._limit
                cut = [distinct[key][:limit].encode(errors="replace").decode() for key in missing]
                for rows, made in self._parts(cut):
                    done = [missing[row] for row in rows]
                    self._cache.put(done, made)
                    vectors.update(zip(done, made, strict=True))
                    advance(len(done))
        return np.stack([vectors[key] for key in keys])

    @property
    def _kind(self) -> str:
        return "cpu" if self._open().device.type == "cpu" else "gpu"

    @property
    def _limit(self) -> int | None:
        """Characters of a text that the tokenizer is given."""
        tokens = self._open().max_seq_length
        return _CHARACTERS * tokens if tokens else None

    def _parts(self, texts: Sequence[str]) -> Iterator[tuple[list[int], np.ndarray]]:
        """Embed texts: the places of some and their vectors, again and again until all are done."""

        for block in _blocks([len(text) for text in texts], _BLOCK):
            rows: list[int] = []
            vectors: list[np.ndarray] = []
            for batch, made in self._encode(texts[block]):
                rows += [block.start + row for row in batch]
                vectors.append(made)
                if len(rows) >= _PART[self._kind]:
                    yield rows, np.concatenate(vectors)
                    rows, vectors = [], []
            if rows:
                yield rows, np.concatenate(vectors)

    def _encode(self, texts: Sequence[str]) -> Iterator[tuple[list[int], np.ndarray]]:
        """Embed one block: batches of texts of similar length, and their vectors."""
        import torch

        model, kind = self._open(), self._kind
        half = torch.autocast(model.device.type, torch.bfloat16, enabled=self.model.precision == "bf16")
        for batch, rows in _batches(_token_counts(model, texts), _BATCH[kind], _ROWS[kind]):
            inputs = [texts[row] for row in batch]
            if kind == "cpu":  # always as many for texts of one length
                inputs += inputs[-1:] * (rows - len(batch))
            with torch.inference_mode(), half:
                outputs = model.encode(
                    inputs, batch_size=len(inputs), show_progress_bar=False, **_padding(model)
                )
            vectors = np.asarray(outputs[: len(batch)], np.float32)
            lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
            if not (np.isfinite(lengths) & (lengths > 0)).all():
                raise UserError(
                    f"The embedding model {self.model.name} gives no usable numbers: choose another."
                )
            yield batch, vectors / lengths

    def _open(self) -> SentenceTransformer:
        """The model, loaded at the first call."""
        if self._loaded is None:
            import torch
            from sentence_transformers import SentenceTransformer

            location = self.model.location
            folder = Path(location) if Path(location).is_dir() else cached_folder(location)
            if folder is None:
                raise UserError(f"The embedding model {location} is not on this machine any more.")
            torch.set_num_threads(usable_cpus())
            try:
                with _no_bars():
                    model = SentenceTransformer(str(folder), local_files_only=True)
            except Exception as error:  # whatever a damaged or foreign folder makes the loaders raise
                reason = " ".join(str(error).split())[:200]
                raise UserError(
                    f"The embedding model {self.model.name} cannot be opened: {reason}"
                ) from error
            self._loaded = model.float().eval()
            if self.model.precision == "bf16":  # autocast would do it anew for each batch
                for module in model.modules():
                    if isinstance(module, torch.nn.Linear):
                        module.bfloat16()
        return self._loaded


def _token_counts(model: SentenceTransformer, texts: Sequence[str]) -> list[int]:
    """Tokens of each text, or its characters where the model's tokenizer does not tell."""
    tokenizer: Any = model.tokenizer
    if not callable(tokenizer):
        return [len(text) for text in texts]
    tokens = tokenizer(list(texts), truncation=True, max_length=model.max_seq_length)["input_ids"]
    return [len(row) for row in tokens]


def _padding(model: SentenceTransformer) -> dict[str, Any]:
    """What makes `SentenceTransformer.encode` pad to multiples of `_STEP`, where the model pads at all."""
    if not callable(model.tokenizer) or (model.max_seq_length or 1) % _STEP:
        return {}
    return {"processing_kwargs": {"text": {"pad_to_multiple_of": _STEP}}}


def _blocks(sizes: Sequence[int], budget: int) -> Iterator[slice]:
    """Consecutive rows whose sizes add up to at most ``budget`` (or a single row)."""
    start = total = 0
    for row, size in enumerate(sizes):
        if total + size > budget and row > start:
            yield slice(start, row)
            start, total = row, 0
        total += size
    yield slice(start, len(sizes))


def _batches(sizes: Sequence[int], budget: int, most: int) -> Iterator[tuple[list[int], int]]:
    """Batches of rows of one length when padded, each with the number of rows that fill it.

    A full batch has at most ``most`` rows and at most ``budget`` together, or a single row.
    """
    padded = [-(-size // _STEP) * _STEP for size in sizes]
    by_length = sorted(range(len(sizes)), key=padded.__getitem__)
    for length, group in groupby(by_length, key=padded.__getitem__):
        rows = min(most, max(1, budget // max(length, 1)))
        alike = list(group)
        for start in range(0, len(alike), rows):
            yield alike[start : start + rows], rows


@contextmanager
def _no_bars() -> Iterator[None]:
    """Keep transformers from drawing a bar of its own while weights load."""
    from transformers.utils import logging

    shown: bool = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]
