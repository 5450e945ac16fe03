#!/usr/bin/env python3
"""How fast each way of embedding is on this processor, and what topics it gives.

    python scripts/bench_embedding.py --corpus FILE.parquet                    # 10,000 abstracts, all ways
    python scripts/bench_embedding.py --corpus FILE.parquet --way "64 tokens" --way "ONNX int8"
    python scripts/bench_embedding.py --corpus FILE.parquet --documents 300 --seeds  # speed and cosines alone

All ways embed the same texts in turn, a slice of texts of about one length at a time, so that other work on
the machine slows all alike and batches are full. Printed are documents a second, how many times those of the
first way that is, by the clock and by the processor's time; the cosine to the vectors of full precision (mean
and first percentile; a static model's vectors are of another space); the adjusted mutual information of the
topics with the corpus' categories, for each seed and the mean, and with the topics of full precision; how
many topics there are, and which share of the documents has none. ``alone`` says whether a text has the same
vector alone as among others. Ways whose packages are missing are left out:

    pip install onnx onnxruntime openvino nncf model2vec[distill]
"""

from __future__ import annotations

import argparse
import importlib.util
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from localtopics.embedding import Embedder, choose_model
from localtopics.embedding.batches import STEP, batches
from localtopics.embedding.model import EmbeddingModel
from localtopics.machine import no_nested_threads, usable_cpus

FULL = "PyTorch fp32"
SLICE = 250  # texts that each way embeds in turn
LIMIT = 256  # tokens that the built-in model reads
CALIBRATION = 200  # texts that show the ranges of activations
BATCH, ROWS = 2**11, 32  # as the embedder has them on a processor

Embed = Callable[[Sequence[str]], np.ndarray]
Forward = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Token numbers and mask, int64 [rows, tokens], to token vectors, float32 [rows, tokens, d]."""


# -- a frame for all that runs the transformer -------------------------------------------------------------


@lru_cache(maxsize=1)
def transformer(location: str) -> Any:
    """The model without pooling."""
    from transformers import AutoModel

    return AutoModel.from_pretrained(location).float().eval()


def tokenizer_of(model: EmbeddingModel, limit: int) -> Any:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(Path(model.location) / "tokenizer.json"))
    tokenizer.enable_truncation(limit)
    tokenizer.no_padding()
    return tokenizer


def in_batches(model: EmbeddingModel, forward: Forward, limit: int = LIMIT) -> Embed:
    """Texts of one length together, as the embedder does it; mean pooling."""
    tokenizer = tokenizer_of(model, limit)

    def embed(texts: Sequence[str]) -> np.ndarray:
        encoded = [found.ids for found in tokenizer.encode_batch(list(texts))]
        vectors: np.ndarray | None = None
        for batch in batches([len(ids) for ids in encoded], BATCH, ROWS):
            longest = max(len(encoded[place]) for place in batch.places)
            ids = np.zeros((len(batch.places), -(-longest // STEP) * STEP), np.int64)
            mask = np.zeros_like(ids)
            for row, place in enumerate(batch.places):
                ids[row, : len(encoded[place])], mask[row, : len(encoded[place])] = encoded[place], 1
            tokens = forward(ids, mask)
            pooled = (tokens * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
            vectors = np.empty((len(texts), pooled.shape[1]), np.float32) if vectors is None else vectors
            vectors[batch.places] = pooled / np.linalg.norm(pooled, axis=1, keepdims=True)
        assert vectors is not None
        return vectors

    return embed


def torch_forward(module: Any) -> Forward:
    import torch

    def forward(ids: np.ndarray, mask: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            found = module(input_ids=torch.from_numpy(ids), attention_mask=torch.from_numpy(mask))
        return np.asarray(found.last_hidden_state.numpy())

    return forward


# -- the ways ----------------------------------------------------------------------------------------------


def pytorch(precision: str) -> Callable[..., Embed]:
    """What localtopics does."""

    def make(model: EmbeddingModel, folder: Path, texts: Sequence[str]) -> Embed:
        embedder = Embedder(replace(model, precision=precision), folder / precision)
        return lambda texts: embedder.embed(texts, keep=False)

    return make


def cut_tokens(limit: int) -> Callable[..., Embed]:
    """PyTorch fp32 on the first tokens of each text."""

    def make(model: EmbeddingModel, folder: Path, texts: Sequence[str]) -> Embed:
        return in_batches(model, torch_forward(transformer(model.location)), limit)

    return make


def torch_int8(model: EmbeddingModel, folder: Path, texts: Sequence[str]) -> Embed:
    """Linear layers in int8, the ranges of activations found anew for each batch."""
    import torch
    from torch.ao.quantization import per_channel_dynamic_qconfig, quantize_dynamic

    asked = {torch.nn.Linear: per_channel_dynamic_qconfig}
    smaller = quantize_dynamic(transformer(model.location), asked)  # type: ignore[no-untyped-call]
    return in_batches(model, torch_forward(smaller))


@lru_cache(maxsize=1)
def traceable(location: str) -> Any:
    """The model as a function of two tensors, which other runtimes can take over."""
    import torch
    from transformers import AutoModel

    opened = AutoModel.from_pretrained(location, attn_implementation="eager").float().eval()

    class TokenVectors(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.opened = opened

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            return self.opened(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state

    return TokenVectors().eval()


def example() -> Any:
    """Tokens and a mask with gaps, so that no tracing leaves the mask out."""
    import torch

    return torch.ones(2, 16, dtype=torch.int64), torch.tensor([[1] * 16, [1] * 8 + [0] * 8])


@lru_cache(maxsize=1)
def onnx_file(location: str, folder: Path) -> Path:
    import torch

    rows, file = {0: "rows", 1: "tokens"}, folder / "model.onnx"
    torch.onnx.export(
        traceable(location),
        example(),
        str(file),
        input_names=["input_ids", "attention_mask"],
        output_names=["last_hidden_state"],
        dynamic_axes={"input_ids": rows, "attention_mask": rows, "last_hidden_state": rows},
        opset_version=17,
        dynamo=False,
    )
    return file


def onnx_runtime(int8: bool) -> Callable[..., Embed]:
    """ONNX Runtime; in int8 the ranges of activations are found anew for each batch."""

    def make(model: EmbeddingModel, folder: Path, texts: Sequence[str]) -> Embed:
        import onnxruntime

        file = onnx_file(model.location, folder)
        if int8:
            from onnxruntime.quantization import QuantType, quantize_dynamic

            smaller = folder / "int8.onnx"
            quantize_dynamic(file, smaller, weight_type=QuantType.QInt8, per_channel=True, reduce_range=False)
            file = smaller
        asked = onnxruntime.SessionOptions()
        asked.intra_op_num_threads = usable_cpus()
        session = onnxruntime.InferenceSession(str(file), asked, providers=["CPUExecutionProvider"])

        def forward(ids: np.ndarray, mask: np.ndarray) -> np.ndarray:
            return np.asarray(session.run(None, {"input_ids": ids, "attention_mask": mask})[0])

        return in_batches(model, forward)

    return make


def open_vino(kind: str) -> Callable[..., Embed]:
    """OpenVINO; in int8 the ranges of activations are those of a sample."""

    def make(model: EmbeddingModel, folder: Path, texts: Sequence[str]) -> Embed:
        import openvino

        converted = openvino.convert_model(traceable(model.location), example_input=example())
        hints: dict[str, Any] = {"INFERENCE_PRECISION_HINT": "bf16" if kind == "bf16" else "f32"}
        if kind == "int8":
            import nncf

            shown: list[dict[str, np.ndarray]] = []

            def show(ids: np.ndarray, mask: np.ndarray) -> np.ndarray:
                shown.append({"input_ids": ids, "attention_mask": mask})
                return np.ones((*ids.shape, 1), np.float32)

            in_batches(model, show)(texts[:CALIBRATION])
            converted = nncf.quantize(
                converted,
                nncf.Dataset(shown),
                model_type=nncf.ModelType.TRANSFORMER,
            )
        hints |= {"INFERENCE_NUM_THREADS": usable_cpus(), "NUM_STREAMS": 1}
        compiled = openvino.Core().compile_model(converted, "CPU", hints)

        def forward(ids: np.ndarray, mask: np.ndarray) -> np.ndarray:
            return np.asarray(compiled({"input_ids": ids, "attention_mask": mask})[0])

        return in_batches(model, forward)

    return make


def model2vec(dimensions: int) -> Callable[..., Embed]:
    """Static vectors of tokens, distilled from the model."""

    def make(model: EmbeddingModel, folder: Path, texts: Sequence[str]) -> Embed:
        from model2vec.distill import distill

        static = distill(model.location, pca_dims=dimensions)

        def embed(texts: Sequence[str]) -> np.ndarray:
            found = np.asarray(static.encode(list(texts), use_multiprocessing=False), np.float32)
            return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True).clip(1e-9))

        return embed

    return make


WAYS: dict[str, tuple[Callable[..., Embed], tuple[str, ...]]] = {
    FULL: (pytorch("fp32"), ()),
    "PyTorch bf16": (pytorch("bf16"), ()),
    "192 tokens": (cut_tokens(192), ()),
    "128 tokens": (cut_tokens(128), ()),
    "64 tokens": (cut_tokens(64), ()),
    "PyTorch int8": (torch_int8, ()),
    "ONNX fp32": (onnx_runtime(int8=False), ("onnx", "onnxruntime")),
    "ONNX int8": (onnx_runtime(int8=True), ("onnx", "onnxruntime")),
    "OpenVINO fp32": (open_vino("fp32"), ("openvino",)),
    "OpenVINO bf16": (open_vino("bf16"), ("openvino",)),
    "OpenVINO int8": (open_vino("int8"), ("openvino", "nncf")),
    "model2vec 256": (model2vec(256), ("model2vec", "skeletoken")),
    "model2vec 384": (model2vec(384), ("model2vec", "skeletoken")),
}
"""Each way, and the packages that it takes."""


# -- what is measured --------------------------------------------------------------------------------------


@dataclass
class Measured:
    """One way's vectors and seconds."""

    embed: Embed
    vectors: np.ndarray
    seconds: float = 0
    processor: float = 0


def measure(names: Sequence[str], texts: Sequence[str], folder: Path) -> dict[str, Measured]:
    """Embed the texts each way, in turn."""
    model = choose_model("all-MiniLM-L6-v2")
    shorter = in_order(model, texts)
    found: dict[str, Measured] = {}
    for name in names:
        begun = time.perf_counter()
        found[name] = Measured(WAYS[name][0](model, folder, texts), np.empty(0))
        found[name].embed(texts[:64])
        print(f"{name}: ready in {time.perf_counter() - begun:.0f} s", flush=True)
    with no_nested_threads():
        for start in range(0, len(texts), SLICE):
            rows = shorter[start : start + SLICE]
            own = [texts[row] for row in rows]
            for way in found.values():
                begun, used = time.perf_counter(), time.process_time()
                vectors = way.embed(own)
                way.seconds += time.perf_counter() - begun
                way.processor += time.process_time() - used
                if not len(way.vectors):
                    way.vectors = np.empty((len(texts), vectors.shape[1]), np.float32)
                way.vectors[rows] = vectors
    return found


def in_order(model: EmbeddingModel, texts: Sequence[str]) -> np.ndarray:
    """The texts' rows, those with the fewest tokens first."""
    tokens = [len(found.ids) for found in tokenizer_of(model, LIMIT).encode_batch(list(texts))]
    return np.argsort(tokens, kind="stable")


def same_alone(way: Measured, texts: Sequence[str]) -> bool:
    """Whether the first texts have the same vectors one by one as among others."""
    return all(np.array_equal(way.embed([texts[row]])[0], way.vectors[row]) for row in range(5))


def topics_of(texts: Sequence[str], vectors: np.ndarray, seeds: Sequence[int]) -> list[np.ndarray]:
    """The topics that a run would find, for each seed."""
    from localtopics.topics.clusters import document_clusters
    from localtopics.topics.settings import TopicSettings
    from localtopics.topics.umap import lay_out, lay_out_again

    settings = TopicSettings()
    kept = vectors.astype(np.float16).astype(np.float32)
    originals = lay_out(list(texts), kept, settings).originals
    layouts = lay_out_again(originals, kept, settings, seeds)
    return [document_clusters(originals, reduced, settings)[0] for reduced in layouts]


def report(
    found: dict[str, Measured], texts: Sequence[str], categories: np.ndarray, seeds: Sequence[int]
) -> None:
    from sklearn.metrics import adjusted_mutual_info_score

    first = next(iter(found.values()))
    full = first.vectors
    full_topics: list[np.ndarray] = []
    print(f"\n{'':<24}{'docs/s':>8}{'times':>7}{'CPU':>6}{'cosine':>9}{'1 %':>8}{'alone':>7}", end="")
    print(f"{'AMI':>8}  {'':<20}{'with full':>9}{'topics':>8}{'outliers':>10}" if seeds else "")
    for name, way in found.items():
        vectors = way.vectors
        cosines = (vectors * full).sum(axis=1) if vectors.shape == full.shape else np.array([np.nan])
        alone = "yes" if same_alone(way, texts) else "no"
        print(
            f"{name:<24}{len(texts) / way.seconds:8.1f}{first.seconds / way.seconds:7.2f}"
            f"{first.processor / way.processor:6.2f}{cosines.mean():9.4f}{np.quantile(cosines, 0.01):8.4f}"
            f"{alone:>7}",
            end="" if seeds else "\n",
            flush=True,
        )
        if not seeds:
            continue
        topics = topics_of(texts, vectors, seeds)
        full_topics = full_topics or topics
        scores = [adjusted_mutual_info_score(categories, own) for own in topics]
        others = [
            adjusted_mutual_info_score(one, own)
            for row, own in enumerate(topics)
            for column, one in enumerate(full_topics)
            if way is not first or row < column
        ]
        print(
            f"{np.mean(scores):8.3f}  {' '.join(f'{score:.3f}' for score in scores):<20}"
            f"{np.mean(others) if others else 1:9.3f}{np.mean([own.max() + 1 for own in topics]):8.0f}"
            f"{np.mean([(own < 0).mean() for own in topics]):10.2f}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", type=Path, required=True, help="a .parquet with abstract and primary_cat")
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--seeds", type=int, nargs="*", default=[42, 43, 44])
    parser.add_argument("--way", action="append", choices=list(WAYS), help=f"besides {FULL} [default: all]")
    options = parser.parse_args()
    asked = [FULL, *(way for way in options.way or WAYS if way != FULL)]
    missing = {
        package for way in asked for package in WAYS[way][1] if importlib.util.find_spec(package) is None
    }
    if missing:
        print(f"Left out is what takes {', '.join(sorted(missing))}.")
    names = [way for way in asked if missing.isdisjoint(WAYS[way][1])]
    sample = pd.read_parquet(options.corpus).sample(options.documents, random_state=0)
    texts = sample["abstract"].tolist()
    with tempfile.TemporaryDirectory(prefix="bench-embedding-") as name:
        found = measure(names, texts, Path(name))
        report(found, texts, sample["primary_cat"].to_numpy(), options.seeds)


if __name__ == "__main__":
    main()
