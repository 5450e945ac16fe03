"""Texts to embeddings: float32 [n, d] of unit length, each distinct text embedded once."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from copy import deepcopy
from functools import lru_cache
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from localtopics.embedding.batches import STEP, Batch, batches, blocks
from localtopics.embedding.cache import EmbeddingCache, default_folder
from localtopics.embedding.model import EmbeddingModel, cached_folder
from localtopics.embedding.passages import Passages, Window, split
from localtopics.errors import UserError
from localtopics.machine import no_nested_threads, usable_cpus
from localtopics.progress import Progress, silent
from localtopics.text import one_line

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Embed = Callable[[Sequence[str]], "NDArray[np.float32]"]
"""Texts to float32 [n, d] of unit length."""

_PART = {"cpu": 256, "gpu": 2**13}  # texts between two writes to the cache: a few seconds' work
_BLOCK = 2**22  # characters that are sorted by length together: of many there are few batches to fill up
_BATCH = {"cpu": 2**11, "gpu": 2**16}  # tokens embedded together, padding included
_ROWS = {"cpu": 32, "gpu": 2**16}  # texts embedded together
_CHARACTERS = 32  # at most read for each token that the model takes: no use to tokenise a whole book
_LOOKED_UP = 2**14  # texts asked of the cache at a time
_SAMPLES = 5  # batches that are timed to tell how long all will take


class Embedder:
    """Texts to unit vectors by one model, each distinct text embedded once and kept on disk.

    The model is loaded when the first text comes that is not in the cache; one that was loaded last in this
    process is used again. It runs on all GPUs that PyTorch finds, or else on all processors.

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

    def load(self) -> None:
        """Load the model, whose files are not needed after that.

        Raises:
            UserError: it cannot be opened.
        """
        _loaded(self.model)
        _window(self.model)

    def embed(self, texts: Sequence[str], progress: Progress = silent, *, keep: bool = True) -> np.ndarray:
        """Embed texts.

        Args:
            texts: n of them.
            progress: told of those that are not in the cache.
            keep: whether they go into the cache.

        Returns:
            float32 [n, d], each row of length 1. Of longer texts only what the model reads counts.

        Raises:
            UserError: the model cannot be opened, or its numbers are unusable.
        """
        if not texts:
            return self.embed([""])[:0]  # the model alone knows d
        keys = [_key(text) for text in texts]
        distinct = dict(zip(keys, texts, strict=True))
        vectors = _Vectors(distinct)
        missing = self._look_up(distinct, lambda found: vectors.put(found, found.values()))
        if missing:
            with progress("Embedding", len(missing)) as advance, no_nested_threads():
                for done, made in self._parts(missing):
                    if keep:
                        self._cache.put(done, made)
                    vectors.put(done, made)
                    advance(len(done))
        return vectors.of(keys)

    def split(self, documents: Sequence[str], progress: Progress = silent) -> Passages:
        """Split the documents that are longer than the model can read into passages that it can read whole.

        Where it reads fewer tokens than it can (`EmbeddingModel.tokens`), it reads so many of each passage.

        Raises:
            UserError: the model cannot be opened.
        """
        window = _window(self.model)
        return Passages.whole(documents) if window is None else split(documents, window, progress)

    def seconds_for(self, texts: Sequence[str]) -> float:
        """About how many seconds `embed` would take for texts, found out by embedding some of them.

        That takes a second or two, besides loading the model, and is not lost: the vectors are kept.

        Returns:
            Seconds; 0 where all texts are in the cache.

        Raises:
            UserError: the model cannot be opened, or its numbers are unusable.
        """
        missing = self._look_up({_key(text): text for text in texts})
        if not missing:
            return 0.0
        keys, cut = list(missing), self._cut(missing.values())
        sizes = [len(text) for text in cut]
        block = next(blocks(sizes, _BLOCK))
        seconds = []
        with no_nested_threads():
            planned = self._plan(cut[block])
            self._encode(cut, planned[0])  # the first batch of all takes longer
            for number in range(_SAMPLES):  # evenly from the shortest to the longest
                batch = planned[(2 * number + 1) * len(planned) // (2 * _SAMPLES)]
                begun = time.perf_counter()
                made = self._encode(cut, batch)
                seconds.append(time.perf_counter() - begun)
                self._cache.put([keys[place] for place in batch.places], made)
        share = sum(sizes[block]) / max(1, sum(sizes))
        return sum(seconds) / len(seconds) * len(planned) / share

    def _look_up(
        self,
        texts: Mapping[bytes, str],
        take: Callable[[dict[bytes, np.ndarray]], object] = lambda found: None,
    ) -> dict[bytes, str]:
        """Of texts by key those that are not in the cache; ``take`` is given the vectors of the others."""
        missing: dict[bytes, str] = {}
        items = iter(texts.items())
        while some := dict(islice(items, _LOOKED_UP)):
            found = self._cache.get(list(some))
            take(found)
            missing |= {key: text for key, text in some.items() if key not in found}
        return missing

    @property
    def _kind(self) -> str:
        return "cpu" if _loaded(self.model).device.type == "cpu" else "gpu"

    def _cut(self, texts: Iterable[str]) -> list[str]:
        """As much of each text as the tokenizer is given, in characters that it can be given."""
        tokens = _loaded(self.model).max_seq_length
        limit = _CHARACTERS * tokens if tokens else None
        return [text[:limit].encode(errors="replace").decode() for text in texts]

    def _parts(self, texts: Mapping[bytes, str]) -> Iterator[tuple[list[bytes], np.ndarray]]:
        """Embed texts by key: the keys of some and their vectors, again and again until all are done."""
        keys, cut = list(texts), self._cut(texts.values())
        for block in blocks([len(text) for text in cut], _BLOCK):
            own, within = keys[block], cut[block]
            done: list[bytes] = []
            vectors: list[np.ndarray] = []
            for batch, made in self._encoded(within, self._plan(within)):
                done += [own[place] for place in batch.places]
                vectors.append(made)
                if len(done) >= _PART[self._kind]:
                    yield done, np.concatenate(vectors)
                    done, vectors = [], []
            if done:
                yield done, np.concatenate(vectors)

    def _plan(self, texts: Sequence[str]) -> list[Batch]:
        """Batches of texts of one length."""
        return batches(_token_counts(_loaded(self.model), texts), _BATCH[self._kind], _ROWS[self._kind])

    def _encoded(self, texts: Sequence[str], planned: Sequence[Batch]) -> Iterator[tuple[Batch, np.ndarray]]:
        """Each batch and its vectors, in order; each GPU takes the next one when it is free."""
        models = _everywhere(self.model)
        if len(models) == 1:
            yield from ((batch, self._encode(texts, batch)) for batch in planned)
            return
        free: SimpleQueue[SentenceTransformer] = SimpleQueue()
        for model in models:
            free.put(model)

        def encode(batch: Batch) -> np.ndarray:
            model = free.get()
            try:
                return self._encode(texts, batch, model)
            finally:
                free.put(model)

        with ThreadPoolExecutor(len(models)) as threads:
            yield from zip(planned, threads.map(encode, planned), strict=True)

    def _encode(
        self, texts: Sequence[str], batch: Batch, model: SentenceTransformer | None = None
    ) -> np.ndarray:
        """The vectors of one batch of texts, float32 [rows, d] of length 1, by one of `_everywhere`."""
        import torch

        model = model or _loaded(self.model)
        half = torch.autocast(model.device.type, torch.bfloat16, enabled=self.model.precision == "bf16")
        inputs = [texts[place] for place in batch.places]
        if self._kind == "cpu":  # always as many for texts of one length
            inputs += inputs[-1:] * (batch.rows - len(inputs))
        with torch.inference_mode(), half:
            outputs = model.encode(inputs, batch_size=len(inputs), show_progress_bar=False, **_padding(model))
        vectors = np.asarray(outputs[: len(batch.places)], np.float32)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not (np.isfinite(lengths) & (lengths > 0)).all():
            raise UserError(f"The embedding model {self.model.name} gives no usable numbers: choose another.")
        return np.asarray(vectors / lengths)


class _Vectors:
    """The vectors of keys, one copy of all; float32 [keys, d]."""

    def __init__(self, keys: Iterable[bytes]) -> None:
        self._rows = {key: row for row, key in enumerate(keys)}
        self._all: np.ndarray | None = None

    def put(self, keys: Iterable[bytes], vectors: Iterable[np.ndarray]) -> None:
        """Take up the vectors of some."""
        for key, vector in zip(keys, vectors, strict=True):
            if self._all is None:
                self._all = np.empty((len(self._rows), len(vector)), np.float32)
            self._all[self._rows[key]] = vector

    def of(self, keys: Sequence[bytes]) -> np.ndarray:
        """The vectors of keys, float32 [len(keys), d], when all have been put."""
        if self._all is None:
            raise ValueError("no vector has been put")
        rows = [self._rows[key] for key in keys]
        return self._all if rows == list(range(len(self._rows))) else self._all[rows]


def _key(text: str) -> bytes:
    """What the cache knows a text by."""
    return hashlib.sha256(text.encode(errors="replace")).digest()


def model_folder(model: EmbeddingModel) -> Path:
    """Where the model's files lie.

    Raises:
        UserError: it is not on this machine any more.
    """
    folder = Path(model.location) if Path(model.location).is_dir() else cached_folder(model.location)
    if folder is None:
        raise UserError(f"The embedding model {model.location} is not on this machine any more.")
    return folder


@lru_cache(maxsize=1)
def _loaded(model: EmbeddingModel) -> SentenceTransformer:
    """The model, ready to embed.

    Raises:
        UserError: it is not on this machine any more, or cannot be opened.
    """
    import torch
    from sentence_transformers import SentenceTransformer

    folder = model_folder(model)
    torch.set_num_threads(usable_cpus())
    try:
        with _no_bars():
            opened = SentenceTransformer(str(folder), local_files_only=True)
    except Exception as error:  # whatever a damaged or foreign folder makes the loaders raise
        reason = one_line(str(error))[:200]
        raise UserError(f"The embedding model {model.name} cannot be opened: {reason}") from error
    opened = opened.float().eval()
    if model.tokens is not None and isinstance(opened.max_seq_length, int):
        opened.max_seq_length = min(model.tokens, opened.max_seq_length)
    if model.precision == "bf16":  # autocast would do it anew for each batch
        for module in opened.modules():
            if isinstance(module, torch.nn.Linear):
                module.bfloat16()
    return opened


@lru_cache(maxsize=1)
def _everywhere(model: EmbeddingModel) -> list[SentenceTransformer]:
    """The model on each GPU that PyTorch finds, or where there is none by itself."""
    opened = _loaded(model)
    if opened.device.type != "cuda":
        return [opened]
    import torch

    first = opened.device.index or 0
    others = [number for number in range(torch.cuda.device_count()) if number != first]
    return [opened, *(deepcopy(opened).to(f"cuda:{number}") for number in others)]


@lru_cache(maxsize=1)
def _window(model: EmbeddingModel) -> Window | None:
    """What the model can read of a text; None where there is no limit, or its tokenizer tells of no places.

    Where its files say so, nothing else is loaded.

    Raises:
        UserError: it is not on this machine any more, or cannot be opened.
    """
    from tokenizers import Tokenizer

    folder = model_folder(model)
    tokenizer: Tokenizer | None
    try:
        tokens = json.loads((folder / "sentence_bert_config.json").read_text(encoding="utf-8"))[
            "max_seq_length"
        ]
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception:  # it has none of the usual files, or they are damaged, which loading it tells
        opened = _loaded(model)
        tokens, fast = opened.max_seq_length, getattr(opened.tokenizer, "backend_tokenizer", None)
        tokenizer = None if fast is None else Tokenizer.from_str(fast.to_str())
    if tokenizer is None or not isinstance(tokens, int):
        return None
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return Window(tokenizer, max(1, tokens - tokenizer.num_special_tokens_to_add(False)))


def _token_counts(model: SentenceTransformer, texts: Sequence[str]) -> list[int]:
    """Tokens of each text, or its characters where the model's tokenizer does not tell."""
    tokenizer: Any = model.tokenizer
    if not callable(tokenizer):
        return [len(text) for text in texts]
    tokens = tokenizer(list(texts), truncation=True, max_length=model.max_seq_length)["input_ids"]
    return [len(row) for row in tokens]


def _padding(model: SentenceTransformer) -> dict[str, Any]:
    """What makes `SentenceTransformer.encode` pad to multiples of `STEP`, where the model pads at all."""
    if not callable(model.tokenizer) or (model.max_seq_length or 1) % STEP:
        return {}
    return {"processing_kwargs": {"text": {"pad_to_multiple_of": STEP}}}


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
