"""The saved model: whole, with names at their topics, and believed only after a look."""

from __future__ import annotations

import contextlib
import json
import pickle
import shutil
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from bertopic import BERTopic
from bertopic.representation import BaseRepresentation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from localtopics.clusters import DocumentClusters
from localtopics.embedding import Embedder
from localtopics.errors import UserError
from localtopics.saved_model import assign, open_model, save_labels, save_model
from localtopics.topics import TopicSettings
from tests.topic_samples import Sample

NAMES = [
    *(
        "Ample",
        "Brisk",
        "Civil",
        "Dense",
        "Eager",
        "Frank",
        "Grand",
        "Hasty",
        "Ideal",
        "Jolly",
        "Keen",
        "Lofty",
    ),
    *("Mild", "Noble", "Odd", "Proud", "Quiet", "Rapid", "Solid", "Tidy", "Urban", "Vivid", "Wise", "Young"),
]


Change = Callable[[BERTopic, list[str]], None]


class Naming(BaseRepresentation):  # type: ignore[misc]
    """Names topics by how many documents they have and which come first, so that a wrong name shows."""

    def extract_topics(self, topic_model, documents, c_tf_idf, topics):  # type: ignore[no-untyped-def]
        return {topic: [(name_of(documents, topic), 1.0)] for topic in topics}


def name_of(documents: pd.DataFrame, topic: int) -> str:
    own = documents.loc[documents["Topic"] == topic, "ID"]
    return f"{len(own)} from {own.min()}"


def opened(folder: Path, sample: Sample, embedder: Embedder | None) -> BERTopic:
    """The model as `Run.bertopic` opens it, with names that tell which documents they are of."""
    table = pd.DataFrame({"Topic": sample.found.assignments, "ID": range(len(sample.documents))})
    topics = sample.found.topics
    names = {topic.topic: name_of(table, topic.topic) for topic in topics}
    embed = embedder.embed if embedder else None
    return open_model(folder, topics, names, TopicSettings(), Naming(), embed)


def copy_of(folder: Path, tmp_path: Path) -> Path:
    return shutil.copytree(folder, tmp_path / "model")


def test_bertopic_opens_the_saved_model_with_everything(sample: Sample, folder: Path, tmp_path: Path) -> None:
    model = copy_of(folder, tmp_path)
    labels = {topic.topic: f"Name {topic.topic}" for topic in sample.found.topics if topic.topic >= 0}
    save_labels(model, labels)
    opened = BERTopic.load(model)
    assert opened.topics_ == sample.found.assignments.tolist()
    assert set(opened.topic_aspects_) == {"Keywords", "KeyBERT", "MMR"}
    for topic in sample.found.topics:
        full = opened.get_topic(topic.topic, full=True)
        words = {aspect: tuple(word for word, _ in values if word) for aspect, values in full.items()}
        name = labels.get(topic.topic)
        assert words["Main"] == ((name,) if name else topic.keywords)
        assert words["Keywords"] == topic.keywords
        assert words["KeyBERT"] == topic.keybert
        assert words["MMR"] == topic.mmr
    info = opened.get_topic_info()
    assert info["Count"].tolist() == [topic.size for topic in sample.found.topics]
    last = sample.found.topics[-1].topic
    assert info["Name"].tolist()[-1] == f"{last}_Name {last}"


def test_names_are_saved_as_bertopic_would_save_them(sample: Sample, folder: Path, tmp_path: Path) -> None:
    model = copy_of(folder, tmp_path)
    save_labels(model, {topic.topic: "Größe & Maß" for topic in sample.found.topics})
    BERTopic.load(model).save(tmp_path / "again", serialization="safetensors", save_ctfidf=True)
    assert (model / "topics.json").read_bytes() == (tmp_path / "again" / "topics.json").read_bytes()
    for file in folder.iterdir():
        assert (file.read_bytes() == (model / file.name).read_bytes()) == (file.name != "topics.json")


def test_other_names_take_the_place_of_the_first(sample: Sample, folder: Path, tmp_path: Path) -> None:
    model = copy_of(folder, tmp_path)
    names = {topic.topic: f"Name {topic.topic}" for topic in sample.found.topics}
    save_labels(model, names)
    first = (model / "topics.json").read_bytes()
    save_labels(model, {0: "Another"})
    save_labels(model, names)
    assert (model / "topics.json").read_bytes() == first
    save_labels(model, {})
    assert (model / "topics.json").read_bytes() == (folder / "topics.json").read_bytes()


def test_names_of_an_earlier_release_do_not_stay(sample: Sample, folder: Path, tmp_path: Path) -> None:
    model = copy_of(folder, tmp_path)
    content = json.loads((model / "topics.json").read_text())
    content["topic_aspects"]["Llama"] = {topic: [["Old", 1.0]] for topic in content["topic_representations"]}
    content["custom_labels"] = ["Old"] * len(content["topic_representations"])
    del content["topic_aspects"]["Keywords"]
    (model / "topics.json").write_text(json.dumps(content))
    save_labels(model, {0: "New"})
    saved = json.loads((model / "topics.json").read_text())
    assert "Old" not in json.dumps(saved)
    assert saved["topic_representations"]["0"] == [["New", 1.0]]
    assert [word for word, _ in saved["topic_aspects"]["Keywords"]["0"]] == [
        *next(topic.keywords for topic in sample.found.topics if topic.topic == 0)
    ]


def test_names_that_cannot_be_saved_leave_the_old_ones(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = copy_of(folder, tmp_path)

    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", fail)
    with pytest.raises(OSError, match="No space"):
        save_labels(model, {0: "Name"})
    assert sorted((file.name, file.read_bytes()) for file in model.iterdir()) == sorted(
        (file.name, file.read_bytes()) for file in folder.iterdir()
    )


def test_the_opened_model_takes_new_texts_without_a_network(library: Sample, library_folder: Path) -> None:
    program = (
        "import socket, sys\n"
        "def refuse(*_, **__): raise OSError('no network here')\n"
        "socket.socket.connect = socket.getaddrinfo = refuse\n"
        "from bertopic import BERTopic\n"
        "import json\n"
        "topics, _ = BERTopic.load(sys.argv[1]).transform(json.load(sys.stdin))\n"
        "print(json.dumps([int(topic) for topic in topics]))\n"
    )
    rows = np.flatnonzero(library.found.probabilities == 1)[:40]
    texts = [library.documents[row] + " And so on." for row in rows]
    done = subprocess.run(
        [sys.executable, "-c", program, str(library_folder)],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=True,
    )
    topics = np.array(json.loads(done.stdout.splitlines()[-1]))
    assert (topics == library.found.assignments[rows]).mean() > 0.8  # BERTopic itself goes by centroids


def test_our_opened_model_embeds_with_what_it_is_given(
    sample: Sample, folder: Path, embedder: Embedder
) -> None:
    topics, _ = opened(folder, sample, embedder).transform(sample.documents[:50])
    assert topics == sample.found.assignments[:50].tolist()
    in_memory, _ = sample.found.model.transform(sample.documents[:50], sample.embeddings[:50])
    assert in_memory == topics


def test_a_failed_save_leaves_the_old_model(
    sample: Sample, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import safetensors.numpy

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    before = sorted((path.name, path.read_bytes()) for path in folder.iterdir())
    monkeypatch.setattr(safetensors.numpy, "save_file", fail)
    with pytest.raises(OSError, match="No space"):
        save_model(sample.found.model, folder, None)
    assert sorted((path.name, path.read_bytes()) for path in folder.iterdir()) == before
    assert [path.name for path in folder.parent.iterdir()] == ["model"]


# -- what BERTopic does with it -------------------------------------------------------------------------


def merge(model: BERTopic, documents: list[str]) -> None:
    model.merge_topics(documents, [1, 3])


def merge_groups(model: BERTopic, documents: list[str]) -> None:
    model.merge_topics(documents, [[0, 2], [1, 4]])


def merge_into_outliers(model: BERTopic, documents: list[str]) -> None:
    model.merge_topics(documents, [-1, 0])


def reduce(model: BERTopic, documents: list[str]) -> None:
    model.reduce_topics(documents, nr_topics=4)


def reduce_automatically(model: BERTopic, documents: list[str]) -> None:
    model.reduce_topics(documents, nr_topics="auto")


def delete(model: BERTopic, documents: list[str]) -> None:
    model.delete_topics([0, 2])


def reduce_outliers(model: BERTopic, documents: list[str]) -> None:
    topics = model.reduce_outliers(documents, model.topics_, strategy="c-tf-idf")
    model.update_topics(documents, topics=topics, representation_model=model.representation_model)


def renumber(model: BERTopic, documents: list[str]) -> None:
    highest = max(model.topics_)
    model.update_topics(documents, topics=[highest - topic if topic >= 0 else -1 for topic in model.topics_])


def renumber_and_merge(model: BERTopic, documents: list[str]) -> None:
    renumber(model, documents)
    merge(model, documents)


def again(model: BERTopic, documents: list[str]) -> None:
    vectors = np.random.default_rng(0).normal(size=(len(documents), 384))
    model.fit(documents, vectors, y=[topic // 2 for topic in model.topics_])


CHANGES = (
    *(merge, merge_groups, merge_into_outliers, reduce, reduce_automatically, delete),
    *(reduce_outliers, renumber, renumber_and_merge, again),
)


def words_at(model: BERTopic) -> dict[int, set[str]]:
    """All that BERTopic shows of each topic."""
    info = model.get_topic_info().set_index("Topic").drop(columns="Representative_Docs")
    topics = sorted(set(model.topics_))
    shown = {topic: {*map(str, info.loc[topic].tolist()), model.topic_labels_[topic]} for topic in topics}
    for topic in topics:
        for words in model.get_topic(topic, full=True).values():
            shown[topic] |= {word for word, *_ in words}
    if model.custom_labels_ is not None:
        for topic, label in zip(topics, model.custom_labels_, strict=False):
            shown[topic].add(label)
    return shown


@pytest.mark.parametrize("change", CHANGES)
def test_a_name_never_stands_at_another_topic(
    change: Change, library: Sample, library_folder: Path, tmp_path: Path
) -> None:
    """In a model that ``BERTopic.load`` opens, whatever is done with it."""
    model_folder = copy_of(library_folder, tmp_path)
    numbers = [topic.topic for topic in library.found.topics]
    names = dict(zip(numbers, NAMES, strict=False))
    save_labels(model_folder, names)
    model = BERTopic.load(model_folder)
    assert all(any(name in text for text in words_at(model)[topic]) for topic, name in names.items())
    change(model, library.documents)
    check_names(model, names, library)
    if change is delete:  # BERTopic cannot save what it leaves
        return
    model.save(tmp_path / "again", serialization="safetensors", save_ctfidf=True)
    loaded = BERTopic.load(tmp_path / "again")
    check_names(loaded, names, library)
    loaded.merge_topics(library.documents, [0, 2])
    check_names(loaded, names, library)


def check_names(model: BERTopic, names: dict[int, str], sample: Sample) -> None:
    now = np.array(model.topics_)
    for topic, texts in words_at(model).items():
        for former, name in names.items():
            if any(name in text for text in texts):
                own = sample.found.assignments == former
                assert (now[own] == topic).all(), f"{name} stands at {topic}"


@pytest.mark.parametrize("change", CHANGES)
def test_topics_that_change_are_described_anew(
    change: Change, library: Sample, library_folder: Path, embedder: Embedder
) -> None:
    """In a model as `Run.bertopic` opens it."""
    model = opened(library_folder, library, embedder)
    settings = model.vectorizer_model.get_params()
    change(model, library.documents)
    topics = sorted(set(model.topics_))
    table = pd.DataFrame({"Topic": model.topics_, "ID": range(len(library.documents))})
    info = model.get_topic_info().set_index("Topic")
    assert info["Count"].to_dict() == table["Topic"].value_counts().to_dict()
    if change in (renumber, renumber_and_merge):  # update_topics forgets what it is not given
        return
    if change is not reduce_outliers:
        assert model.vectorizer_model.get_params() == settings
    for topic in topics:
        own = " ".join(np.array(library.documents, object)[np.array(model.topics_) == topic]).lower()
        for aspect in ("Keywords", "KeyBERT", "MMR"):
            assert all(word in own for word, _ in model.topic_aspects_[aspect][topic]), (aspect, topic)
        if change is not delete or topic != -1:
            assert model.get_topic(topic)[0][0] == name_of(table, topic)
            documents = model.get_representative_docs(topic)
            assert documents
            assert all(model.topics_[library.documents.index(text)] == topic for text in documents)
    if change is not again:
        predicted, _ = model.transform(library.documents, library.embeddings)
        assert (np.array(predicted) == model.topics_).mean() == 1 or change is reduce_outliers


def test_the_opened_model_agrees_with_the_run(sample: Sample, folder: Path, embedder: Embedder) -> None:
    model = opened(folder, sample, embedder)
    topics, _ = model.transform(sample.documents)
    assert topics == model.topics_ == sample.found.assignments.tolist()
    for topic in sample.found.topics:
        assert model.get_representative_docs(topic.topic) == list(topic.representative)
        for aspect, words in (("Keywords", topic.keywords), ("KeyBERT", topic.keybert), ("MMR", topic.mmr)):
            assert tuple(word for word, _ in model.topic_aspects_[aspect][topic.topic]) == words
    assert np.allclose(model.topic_embeddings_, sample.found.model.topic_embeddings_, atol=1e-3)
    assert (model.c_tf_idf_ != sample.found.model.c_tf_idf_).nnz == 0
    some = model.ctfidf_model.transform(model.vectorizer_model.transform(sample.documents[:9]))
    before = sample.found.model
    same = before.ctfidf_model.transform(before.vectorizer_model.transform(sample.documents[:9]))
    assert abs(some - same).max() < 1e-9


def test_what_cannot_be_done_is_one_clear_error(
    library: Sample, library_folder: Path, embedder: Embedder
) -> None:
    model = opened(library_folder, library, embedder)
    with pytest.raises(UserError, match="give fit a topic for each document as y"):
        model.fit(library.documents, library.embeddings)
    with pytest.raises(ValueError, match="partial_fit"):
        model.partial_fit(library.documents, library.embeddings)


def test_without_an_embedding_model_texts_are_not_embedded_by_another(
    library: Sample, library_folder: Path
) -> None:
    model = opened(library_folder, library, None)
    with pytest.raises(ValueError, match="No embedding model was found"):
        model.transform(library.documents)
    assert model.transform(library.documents, library.embeddings)[0] == model.topics_
    merge(model, library.documents)
    assert set(model.topic_aspects_) == {"Keywords"}


# -- new documents --------------------------------------------------------------------------------------


def test_known_documents_come_back_to_their_topics(sample: Sample, folder: Path) -> None:
    topics, sure = assign(folder, sample.documents, sample.embeddings)
    assert (topics.dtype, sure.dtype) == (np.int64, np.float32)
    assert (topics == sample.found.assignments).all()
    assert ((sure >= 0) & (sure <= 1)).all()
    assert (sure[topics == -1] == 0).all()


def test_new_documents_go_where_they_would_have_gone(sample: Sample) -> None:
    """Of documents held out of a model, most get the topic that they have when they are in it."""
    topics = sample.found.assignments
    new = np.arange(len(topics)) % 5 == 0
    clusters = DocumentClusters().fit(sample.embeddings[~new], topics[~new].tolist())
    placed, _ = clusters.place(sample.embeddings[new])
    both = (placed >= 0) & (topics[new] >= 0)
    numbers = range(topics.max() + 1)
    centroids = np.array([sample.embeddings[~new & (topics == number)].mean(axis=0) for number in numbers])
    nearest = (sample.embeddings[new] @ centroids.T).argmax(axis=1)
    assert both.mean() > 0.5
    assert (placed == topics[new])[both].mean() > 0.85
    assert (placed == topics[new])[both].mean() >= (nearest == topics[new])[both].mean() - 0.02


def test_a_document_about_something_else_is_an_outlier(folder: Path, embedder: Embedder) -> None:
    recipe = (
        "Boil the potatoes for twenty minutes, then mash them with butter, nutmeg and a little warm milk."
    )
    topics, sure = assign(folder, [recipe], embedder.embed([recipe]))
    assert (topics[0], sure[0]) == (-1, 0)


def test_embeddings_that_do_not_fit_are_refused(sample: Sample, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="have 7 dimensions and the topic model's 384"):
        assign(folder, ["a", "b"], np.ones((2, 7), np.float32))
    with pytest.raises(UserError, match="2 new documents, but 3 embeddings"):
        assign(folder, ["a", "b"], np.ones((3, 384), np.float32))
    with pytest.raises(UserError, match="holds no topic model"):
        assign(tmp_path, ["a"], np.ones((1, 384), np.float32))


# -- damaged and foreign models -------------------------------------------------------------------------


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
    assert assign(tmp_path, ["a"], np.eye(10, dtype=np.float32)[8:9])[0].tolist() == [1]
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
        lambda: assign(tmp_path, ["a"], np.eye(10, dtype=np.float32)[:1]),
        lambda: save_labels(tmp_path, {0: "Name"}),
        lambda: open_model(tmp_path, [], {}, TopicSettings(), Naming(), None),
    ):
        with pytest.raises(
            UserError, match=r"topics\.json is damaged.*give the same `localtopics run` command"
        ):
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
    with pytest.raises(
        UserError, match=r"embeddings\.safetensors is damaged.*give the same `localtopics run`"
    ):
        assign(tmp_path, ["a"], np.eye(10, dtype=np.float32)[:1])


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
            assign(tmp_path, ["a"], np.eye(10, dtype=np.float32)[:1])
        with contextlib.suppress(UserError):
            save_labels(tmp_path, {0: "Name"})


def test_nothing_is_allocated_for_what_a_damaged_model_claims(tmp_path: Path) -> None:
    (tmp_path / "topics.json").write_bytes(BAD_TOPICS["an enormous topic"])
    save_file({"embeddings": np.eye(10, dtype=np.float16)}, tmp_path / "document_embeddings.safetensors")
    tracemalloc.start()
    with pytest.raises(UserError):
        assign(tmp_path, ["a"], np.eye(10, dtype=np.float32)[:1])
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
    model = copy_of(library_folder, tmp_path)
    parts = load_file(model / "ctfidf.safetensors")
    damage(parts)
    save_file(parts, model / "ctfidf.safetensors")
    with pytest.raises(UserError, match=r"ctfidf\.safetensors is damaged.*give the same `localtopics run`"):
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
    model = copy_of(library_folder, tmp_path)
    content = json.loads((model / "ctfidf_config.json").read_text())
    content["vectorizer_model"]["params"] |= params
    (model / "ctfidf_config.json").write_text(json.dumps(content))
    with pytest.raises(UserError, match=r"ctfidf.* is damaged.*give the same `localtopics run`"):
        opened(model, library, embedder)


def test_nothing_that_the_folder_names_is_opened(
    library: Sample, library_folder: Path, embedder: Embedder, tmp_path: Path
) -> None:
    """Not an embedding model with a Python file, no pickled tensors, and no picture."""
    model, evil, mark = copy_of(library_folder, tmp_path), tmp_path / "evil", tmp_path / "mark"
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


def test_a_model_without_an_embedding_model_names_none(library: Sample, tmp_path: Path) -> None:
    save_model(library.found.model, tmp_path / "model", None)
    assert "embedding_model" not in json.loads((tmp_path / "model" / "config.json").read_text())
