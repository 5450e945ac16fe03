"""Damaged and foreign models: one clear sentence each, and neither sizes nor code are believed."""

from __future__ import annotations

import contextlib
import json
import pickle
import shutil
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from localtopics.embedding import Embedder
from localtopics.errors import UserError
from localtopics.topics.load import open_clusters, open_model
from localtopics.topics.save import save_labels
from localtopics.topics.settings import TopicSettings
from tests.topics.opened_model import Naming, opened
from tests.topics.samples import Sample


def topics_with(**changes: object) -> bytes:
    """The topics.json of ten documents in two topics, but for some parts; None: without that part."""
    words = {"0": [["word", 1.0]], "1": [["other", 0.5], ["", 1e-05]]}
    content: dict[str, object] = {
        "topics": [0] * 6 + [1] * 4,
        "topic_sizes": {"0": 6, "1": 4},
        "topic_representations": words,
        "topic_aspects": {"Keywords": words},
        "topic_labels": {"0": "0_word", "1": "1_other"},
        "custom_labels": None,
    }
    return json.dumps({name: value for name, value in (content | changes).items() if value != ()}).encode()


def test_the_smallest_model_is_a_model(tmp_path: Path) -> None:
    (tmp_path / "topics.json").write_bytes(topics_with())
    save_file({"embeddings": np.eye(10, dtype=np.float16)}, tmp_path / "document_embeddings.safetensors")
    assert open_clusters(tmp_path).place(np.eye(10, dtype=np.float32)[8:9])[0].tolist() == [1]
    save_labels(tmp_path, {0: "Name"})
    assert json.loads((tmp_path / "topics.json").read_text())["topic_labels"] == {
        "0": "0_Name",
        "1": "1_other_",
    }


BAD_TOPICS = {
    "nothing": b"",
    "no JSON": b"topics",
    "not UTF-8": b'{"topics": "\xff"}',
    "half a file": topics_with()[:60],
    "deep brackets": b"[" * 200_000,
    "a long number": b'{"topics": [' + b"9" * 10_000 + b"]}",
    "a list": b"[]",
    "no topics": topics_with(topics=()),
    "topics that are no list": topics_with(topics={"0": 1}),
    "topics that are text": topics_with(topics=["0"] * 6 + ["1"] * 4),
    "topics that are lists": topics_with(topics=[[0]] * 10),
    "true topics": topics_with(topics=[False] * 6 + [True] * 4),
    "an enormous topic": topics_with(
        topics=[0] * 6 + [1] * 3 + [10**9], topic_sizes={"0": 6, "1": 3, str(10**9): 1}
    ),
    "a topic of -2": topics_with(topics=[-2] * 6 + [1] * 4),
    "no documents": topics_with(topics=[], topic_sizes={}, topic_representations={}, topic_aspects={}),
    "other sizes": topics_with(topic_sizes={"0": 5, "1": 5}),
    "no sizes": topics_with(topic_sizes=()),
    "sizes that are a list": topics_with(topic_sizes=[6, 4]),
    "no words": topics_with(topic_representations={"0": [], "1": []}),
    "words of too few topics": topics_with(topic_representations={"0": [["word", 1.0]]}),
    "words without weights": topics_with(topic_representations={"0": ["word"], "1": ["other"]}),
    "numbers as words": topics_with(topic_representations={"0": [[1, 1]], "1": [[1, 1]]}),
    "a weight that is no number": topics_with(
        topic_aspects={"A": {"0": [["a", float("nan")]], "1": [["b", 1]]}}
    ),
    "aspects that are a list": topics_with(topic_aspects=[]),
    "an aspect of other topics": topics_with(topic_aspects={"A": {"0": [["a", 1.0]], "2": [["b", 1.0]]}}),
    "no aspects": topics_with(topic_aspects=()),
}


@pytest.mark.parametrize("content", BAD_TOPICS.values(), ids=BAD_TOPICS)
def test_a_damaged_list_of_topics_is_one_clear_sentence(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "topics.json").write_bytes(content)
    save_file({"embeddings": np.eye(10, dtype=np.float16)}, tmp_path / "document_embeddings.safetensors")
    for use in (
        lambda: open_clusters(tmp_path).place(np.eye(10, dtype=np.float32)[:1]),
        lambda: save_labels(tmp_path, {0: "Name"}),
        lambda: open_model(tmp_path, [], {}, TopicSettings(), Naming(), None),
    ):
        with pytest.raises(UserError, match=r"topics\.json is damaged.*do the run again"):
            use()
    assert (tmp_path / "topics.json").read_bytes() == content
    assert len(list(tmp_path.iterdir())) == 2


def tensor(header: dict[str, object] | bytes, data: bytes = b"") -> bytes:
    """A safetensors file with a header of one's own."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def described(shape: list[int], kind: str = "F16", size: int | None = None) -> bytes:
    size = 200 if size is None else size
    return tensor({"embeddings": {"dtype": kind, "shape": shape, "data_offsets": [0, size]}}, bytes(size))


BAD_VECTORS = {
    "nothing": b"",
    "junk": bytes(range(256)),
    "an enormous header": (2**62).to_bytes(8, "little") + b"{}",
    "a header that is no JSON": tensor(b"{"),
    "no embeddings": tensor(
        {"other": {"dtype": "F16", "shape": [10, 10], "data_offsets": [0, 200]}}, bytes(200)
    ),
    "an enormous shape": described([10, 10**12]),
    "enormous dimensions of nothing": described([10**12, 0], size=0),
    "more than the file holds": tensor(
        {"embeddings": {"dtype": "F16", "shape": [10, 10**9], "data_offsets": [0, 2 * 10**10]}}, bytes(200)
    ),
    "one dimension": described([100]),
    "three dimensions": described([10, 5, 2]),
    "other rows": described([5, 20]),
    "no dimensions": described([10, 0], size=0),
    "integers": described([10, 10], "I16"),
    "another kind of float": described([10, 10], "BF16"),
    "an unknown kind": described([10, 10], "F17"),
    "NaN": tensor(
        {"embeddings": {"dtype": "F16", "shape": [10, 10], "data_offsets": [0, 200]}}, b"\xff\x7f" * 100
    ),
}


@pytest.mark.parametrize("content", BAD_VECTORS.values(), ids=BAD_VECTORS)
def test_damaged_embeddings_are_one_clear_sentence(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "topics.json").write_bytes(topics_with())
    (tmp_path / "document_embeddings.safetensors").write_bytes(content)
    with pytest.raises(UserError, match=r"embeddings\.safetensors is damaged.*do the run again"):
        open_clusters(tmp_path).place(np.eye(10, dtype=np.float32)[:1])


@given(st.binary(max_size=40), st.integers(0, 2**20), st.booleans())
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_damage_is_one_sentence_or_none(tmp_path: Path, junk: bytes, place: int, longer: bool) -> None:
    good = {"topics.json": topics_with(), "document_embeddings.safetensors": described([10, 10])}
    for damaged, whole in good.items():
        for name, content in good.items():
            (tmp_path / name).write_bytes(content)
        start = place % len(whole)
        after = whole[start:] if longer else whole[start + len(junk) :]
        (tmp_path / damaged).write_bytes(whole[:start] + junk + after)
        with contextlib.suppress(UserError):
            open_clusters(tmp_path).place(np.eye(10, dtype=np.float32)[:1])
        with contextlib.suppress(UserError):
            save_labels(tmp_path, {0: "Name"})


def test_nothing_is_allocated_for_what_a_damaged_model_claims(tmp_path: Path) -> None:
    (tmp_path / "topics.json").write_bytes(BAD_TOPICS["an enormous topic"])
    save_file({"embeddings": np.eye(10, dtype=np.float16)}, tmp_path / "document_embeddings.safetensors")
    tracemalloc.start()
    with pytest.raises(UserError):
        open_clusters(tmp_path).place(np.eye(10, dtype=np.float32)[:1])
    assert tracemalloc.get_traced_memory()[1] < 2**24
    tracemalloc.stop()


WEIGHTS = ("data", "indices", "indptr", "diag")


@pytest.mark.parametrize(
    "damage",
    [
        *[lambda parts, name=name: parts.pop(name) for name in WEIGHTS],
        *[lambda parts, name=name: parts.update({name: parts[name][:-1]}) for name in WEIGHTS],
        *[
            lambda parts, name=name: parts.update({name: parts[name].astype("U8").astype("S8").view("u1")})
            for name in WEIGHTS
        ],
        lambda parts: parts.update(indices=parts["indices"] + 10**6),
        lambda parts: parts.update(indices=parts["indices"] - 10**6),
        lambda parts: parts.update(indptr=parts["indptr"] * 1000),
        lambda parts: parts.update(indptr=parts["indptr"][::-1].copy()),
        lambda parts: parts.update(data=parts["data"] * np.nan),
        lambda parts: parts.update(diag=parts["diag"] * np.nan),
    ],
)
def test_damaged_weights_are_one_clear_sentence(
    damage: Callable[[dict[str, np.ndarray]], object],
    library: Sample,
    library_folder: Path,
    embedder: Embedder,
    tmp_path: Path,
) -> None:
    model = shutil.copytree(library_folder, tmp_path / "model")
    parts = load_file(model / "ctfidf.safetensors")
    damage(parts)
    save_file(parts, model / "ctfidf.safetensors")
    with pytest.raises(UserError, match=r"ctfidf\.safetensors is damaged.*do the run again"):
        opened(model, library, embedder)


@pytest.mark.parametrize(
    "params",
    [
        {"vocabulary": None},
        {"vocabulary": 7},
        {"vocabulary": [1, 2]},
        {"vocabulary": ["a", "a"]},
        {"stop_words": [1]},
        {"token_pattern": "("},
        {"token_pattern": None},
        {"ngram_range": [1]},
        {"ngram_range": [2, 1]},
        {"ngram_range": ["1", "1"]},
    ],
    ids=str,
)
def test_damaged_words_are_one_clear_sentence(
    params: dict[str, object], library: Sample, library_folder: Path, embedder: Embedder, tmp_path: Path
) -> None:
    model = shutil.copytree(library_folder, tmp_path / "model")
    content = json.loads((model / "ctfidf_config.json").read_text())
    content["vectorizer_model"]["params"] |= params
    (model / "ctfidf_config.json").write_text(json.dumps(content))
    with pytest.raises(UserError, match=r"ctfidf.* is damaged.*do the run again"):
        opened(model, library, embedder)


def test_nothing_that_the_folder_names_is_opened(
    library: Sample, library_folder: Path, embedder: Embedder, tmp_path: Path
) -> None:
    """Not an embedding model with a Python file, no pickled tensors, and no picture."""
    model = shutil.copytree(library_folder, tmp_path / "model")
    evil, mark = tmp_path / "evil", tmp_path / "mark"
    evil.mkdir()
    (evil / "modules.json").write_text(json.dumps([{"idx": 0, "name": "0", "path": "", "type": "evil.Evil"}]))
    (evil / "evil.py").write_text(f"open({str(mark)!r}, 'w')\nclass Evil: pass\n")
    config = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps(config | {"embedding_model": str(evil)}))
    (model / "topic_embeddings.safetensors").unlink()
    (model / "topic_embeddings.bin").write_bytes(pickle.dumps(Marked(str(mark))))
    assert opened(model, library, embedder).transform(library.documents[:5])[0]
    assert not mark.exists()
    pickle.loads((model / "topic_embeddings.bin").read_bytes())
    assert mark.exists()  # it would have been


class Marked:
    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return open, (self.path, "w")
