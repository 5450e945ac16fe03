"""Embedding by the real built-in model: right, once, never lost."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from pydoc_data.topics import topics

import numpy as np
import pytest

from localtopics.embedding import Embedder, EmbeddingModel, choose_model
from localtopics.embedding.embedder import _loaded
from localtopics.progress import Advance, Progress

PARAGRAPHS = dict.fromkeys(
    paragraph
    for topic in sorted(topics)
    for paragraph in topics[topic].split("\n\n")
    if len(paragraph) > 60 and paragraph[0].isalpha()
)
TEXTS = [text if number % 5 == 0 else text[:150] for number, text in enumerate(list(PARAGRAPHS)[:60])]
"""Paragraphs of the Python reference, of very different lengths."""


class Steps:
    """A progress that remembers what it was told."""

    def __init__(self) -> None:
        self.total = 0
        self.done = 0

    @contextmanager
    def __call__(self, description: str, total: int | None = None) -> Iterator[Advance]:
        self.total += total or 0
        yield self._advance

    def _advance(self, steps: int) -> None:
        self.done += steps


def embed(model: EmbeddingModel, cache: Path, texts: list[str]) -> tuple[np.ndarray, int]:
    """Vectors, and how many texts the model was given."""
    steps = Steps()
    progress: Progress = steps
    vectors = Embedder(model, cache).embed(texts, progress)
    assert steps.done == steps.total
    return vectors, steps.done


def lowest_cosine(one: np.ndarray, other: np.ndarray) -> float:
    return float((one * other).sum(axis=1).min())


def test_unit_vectors_that_know_meaning(embedder: Embedder) -> None:
    vectors = embedder.embed(["a cat sleeps", "the kitten naps", "interest rates rose again"])
    assert vectors.dtype == np.float32
    assert vectors.shape == (3, 384)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    cosines = vectors @ vectors.T
    assert cosines[0, 1] > 0.6 > 0.3 > cosines[0, 2]


def test_equals_sentence_transformers(model: EmbeddingModel, tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer

    plain = SentenceTransformer(model.location, device="cpu").encode(TEXTS[:40], normalize_embeddings=True)
    exact, _ = embed(replace(model, precision="fp32"), tmp_path, TEXTS[:40])
    half, _ = embed(replace(model, precision="bf16"), tmp_path, TEXTS[:40])
    assert lowest_cosine(plain, exact) > 1 - 1e-6
    assert 0.9999 < lowest_cosine(plain, half) < 1 - 1e-7  # the precisions do not share a cache


@pytest.mark.parametrize(("precision", "tokens"), [("fp32", None), ("bf16", None), ("fp32", 64)])
def test_the_texts_beside_it_do_not_matter(
    model: EmbeddingModel, tmp_path: Path, precision: str, tokens: int | None
) -> None:
    model = replace(choose_model(model.name, tokens), precision=precision)
    together, _ = embed(model, tmp_path / "together", TEXTS)
    few, _ = embed(model, tmp_path / "few", TEXTS[30:3:-1])
    grown, count = embed(model, tmp_path / "few", TEXTS)
    assert count < len(TEXTS)
    np.testing.assert_array_equal(few[::-1], together[4:31])
    np.testing.assert_array_equal(grown, together)


def test_no_more_tokens_are_read_than_asked_for(model: EmbeddingModel, tmp_path: Path) -> None:
    short = "word " * 60
    longer = [short + "and so on " * more for more in (0, 1, 50)]
    fast, count = embed(choose_model(model.name, 62), tmp_path, longer)
    full, again = embed(model, tmp_path, longer)
    assert count == again == 3, "what was read of less is not taken for the whole"
    np.testing.assert_array_equal(fast, fast[[0, 0, 0]])
    assert lowest_cosine(full, fast) < 0.99 < lowest_cosine(full[:1], fast[:1])


def test_a_model_that_reads_less_than_asked_for_reads_what_it_can(
    model: EmbeddingModel, tmp_path: Path
) -> None:
    all_of_it, _ = embed(choose_model(model.name, 10_000), tmp_path, TEXTS[:10])
    np.testing.assert_array_equal(all_of_it, embed(model, tmp_path, TEXTS[:10])[0])


def test_several_devices_give_the_same_in_the_same_order(
    model: EmbeddingModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two copies of the model on this processor stand for two GPUs."""
    alone, _ = embed(model, tmp_path / "alone", TEXTS)
    copies = [_loaded(model), deepcopy(_loaded(model))]
    monkeypatch.setattr("localtopics.embedding.embedder._everywhere", lambda model: copies)
    together, done = embed(model, tmp_path / "together", TEXTS)
    assert done == len(set(TEXTS))
    assert (together == alone).all()


def test_any_text_has_a_vector(embedder: Embedder) -> None:
    texts = ["", "\0\x1b", "\ud83d", "ﷺ שלום 🙂‍🙃", "x" * 3_000_000, "word " * 1_000_000, "[SEP] </s>"]
    vectors = embedder.embed(texts)
    assert np.isfinite(vectors).all()
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(vectors[5], embedder.embed(["word " * 2000])[0], atol=0.02)


def test_only_the_beginning_of_a_book_is_tokenized(embedder: Embedder) -> None:
    start = time.process_time()
    embedder.embed(["A sentence of the book. " * 2_000_000])
    assert time.process_time() - start < 5  # 48 million characters would take half a minute


def test_no_texts(embedder: Embedder) -> None:
    assert embedder.embed([]).shape == (0, 384)


def test_nothing_is_embedded_twice(model: EmbeddingModel, tmp_path: Path) -> None:
    first, count = embed(model, tmp_path, [*TEXTS[:20], *TEXTS[:5]])
    assert count == 20
    np.testing.assert_array_equal(first[:5], first[20:])
    again, count = embed(model, tmp_path, TEXTS[:20])
    assert count == 0
    np.testing.assert_array_equal(again, first[:20])
    grown, count = embed(model, tmp_path, [TEXTS[40], *TEXTS[:20], "new", TEXTS[40]])
    assert count == 2
    np.testing.assert_array_equal(grown[1:21], first[:20])
    other = replace(model, digest="0" * 64)
    assert embed(other, tmp_path, TEXTS[:2])[1] == 2


def test_how_long_it_will_take_is_measured_and_what_was_embedded_for_it_kept(
    model: EmbeddingModel, tmp_path: Path
) -> None:
    embedder = Embedder(model, tmp_path)
    texts = [f"{paragraph} {number}" for number in range(6) for paragraph in TEXTS]
    told = embedder.seconds_for(texts)
    steps = Steps()
    begun = time.perf_counter()
    vectors = embedder.embed(texts, steps)
    seconds = time.perf_counter() - begun
    assert 0 < steps.done < len(texts), "the sample is kept"
    assert seconds / 5 < told * steps.done / len(texts) < 5 * seconds  # another program may be in the way
    assert embedder.seconds_for(texts) == 0
    np.testing.assert_array_equal(vectors, embed(model, tmp_path / "other", texts)[0])


def test_a_model_is_loaded_once(model: EmbeddingModel, tmp_path: Path) -> None:
    Embedder(model, tmp_path / "one").embed(TEXTS[:1])
    loaded = _loaded(model)
    Embedder(model, tmp_path / "other").embed(TEXTS[:1])
    assert _loaded(model) is loaded


CHILD = """
import sys
from contextlib import contextmanager
from pathlib import Path
import numpy as np
import localtopics.embedding.embedder as embedder
from localtopics.embedding import Embedder, choose_model
from pydoc_data.topics import topics
sys.path.insert(0, sys.argv[1])
embedder._PART = {"cpu": 10, "gpu": 10}
embedder.usable_cpus = lambda: 1  # threads that wait for each other are slow on a busy machine

@contextmanager
def progress(description, total=None):
    print("total", total, flush=True)
    def advance(steps):
        print("done", steps, flush=True)
    yield advance

texts = Path(sys.argv[1], "texts").read_text().split("\\0")
vectors = Embedder(choose_model("all-MiniLM-L6-v2"), Path(sys.argv[1], sys.argv[2])).embed(texts, progress)
np.save(Path(sys.argv[1], sys.argv[3]), vectors)
"""


def child(python: str, folder: Path, cache: str, result: str) -> subprocess.Popen[str]:
    (folder / "texts").write_text("\0".join(TEXTS))
    command = [python, "-c", CHILD, str(folder), cache, result]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def test_killed_and_resumed(warm_python: str, tmp_path: Path) -> None:
    whole = child(warm_python, tmp_path, "undisturbed", "whole.npy")
    killed = child(warm_python, tmp_path, "disturbed", "never.npy")
    assert killed.stdout is not None
    seen = [line for line, _ in zip(killed.stdout, range(3), strict=False)]  # two blocks are done
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert len(seen) == 3
    assert not (tmp_path / "never.npy").exists()

    lines = whole.communicate()[0].splitlines()
    blocks = [int(line.split()[1]) for line in lines[1:]]
    assert sum(blocks) == int(lines[0].split()[1]) == len(TEXTS)
    assert len(blocks) > 4

    resumed = child(warm_python, tmp_path, "disturbed", "resumed.npy")
    lines = resumed.communicate()[0].splitlines()
    left = int(lines[0].split()[1])
    assert left in [sum(blocks[done:]) for done in range(2, len(blocks))]
    np.testing.assert_array_equal(np.load(tmp_path / "resumed.npy"), np.load(tmp_path / "whole.npy"))


def test_two_processes_share_a_cache(model: EmbeddingModel, warm_python: str, tmp_path: Path) -> None:
    both = [child(warm_python, tmp_path, "cache", f"{name}.npy") for name in "ab"]
    assert [process.communicate() and process.returncode for process in both] == [0, 0]
    one, other = np.load(tmp_path / "a.npy"), np.load(tmp_path / "b.npy")
    assert lowest_cosine(one, other) > 1 - 1e-4
    assert embed(model, tmp_path / "cache", TEXTS)[1] == 0


def test_damaged_cache_is_made_again(model: EmbeddingModel, tmp_path: Path) -> None:
    before, _ = embed(model, tmp_path, TEXTS[:3])
    (file,) = tmp_path.iterdir()
    file.write_bytes(b"not SQLite at all" * 1000)
    after, count = embed(model, tmp_path, TEXTS[:3])
    assert count == 3
    np.testing.assert_array_equal(before, after)


def test_what_cannot_be_kept_is_embedded_all_the_same(
    model: EmbeddingModel, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    for folder in (tmp_path / "file", Path("/proc/nowhere")):
        embedder = Embedder(model, folder)
        vectors = embedder.embed(TEXTS[:2])
        assert vectors.shape == embedder.embed(TEXTS[2:4]).shape == (2, 384)
        (warning,) = caplog.messages
        assert warning.startswith(f"The embedding cache {folder}")
        assert "cannot be used" in warning
        assert "not kept for later runs" in warning
        caplog.clear()
