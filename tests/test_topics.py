"""Topics of real texts: docstrings of the standard library, and of the installed scientific packages."""

from __future__ import annotations

import importlib
import inspect
import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from localtopics import topics as topics_module
from localtopics.clusters import DocumentClusters, find_clusters
from localtopics.demo import demo_corpus
from localtopics.embedding import Embedder, choose_model
from localtopics.errors import UserError
from localtopics.saved_model import assign, open_model, save_labels, save_model
from localtopics.topics import Layouts, TopicModel, TopicSettings, check_size, find_topics, lay_out

MODULES = """
    argparse asyncio configparser csv ctypes datetime decimal difflib email.message fractions http.cookiejar
    inspect logging mailbox multiprocessing.pool optparse os pathlib pickle random shutil smtplib socket
    sqlite3 ssl statistics string subprocess tarfile threading unicodedata unittest.mock urllib.request
    xml.etree.ElementTree xml.sax.handler zipfile
"""


@dataclass(frozen=True)
class Sample:
    """Documents of known kinds, and the topics found in them."""

    documents: list[str]
    kinds: list[str]
    embeddings: np.ndarray
    layouts: Layouts
    found: TopicModel


def docstrings() -> tuple[list[str], list[str]]:
    """400 docstrings of the standard library, and the modules that they come from."""
    kinds: dict[str, str] = {}
    for name in MODULES.split():
        module = importlib.import_module(name)
        for owner in (module, *(value for _, value in inspect.getmembers(module, inspect.isclass))):
            for _, member in inspect.getmembers(owner):
                text = inspect.getdoc(member) if callable(member) else None
                if text and len(text) > 120 and str(getattr(member, "__module__", "")).startswith(name[:4]):
                    kinds.setdefault(" ".join(text.split())[:500], name)
    chosen = sorted(kinds, key=hash_of)[:400]
    return chosen, [kinds[text] for text in chosen]


def hash_of(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture(scope="session")
def embedder(tmp_path_factory: pytest.TempPathFactory) -> Embedder:
    return Embedder(choose_model("all-MiniLM-L6-v2"), tmp_path_factory.mktemp("embeddings"))


def sample_of(documents: list[str], kinds: list[str], embedder: Embedder) -> Sample:
    embeddings = embedder.embed(documents)
    settings = TopicSettings()
    layouts = lay_out(embeddings, settings)
    found = find_topics(documents, embeddings, layouts, settings, embedder.embed)
    return Sample(documents, kinds, embeddings, layouts, found)


@pytest.fixture(scope="session")
def library(embedder: Embedder) -> Sample:
    return sample_of(*docstrings(), embedder)


@pytest.fixture(scope="session")
def science(embedder: Embedder) -> Sample:
    corpus = demo_corpus(400)
    return sample_of(corpus.documents, [name.partition(".")[0] for name in corpus.ids], embedder)


@pytest.fixture(scope="session", params=["library", "science"])
def sample(request: pytest.FixtureRequest) -> Sample:
    found: Sample = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="session")
def folder(sample: Sample, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return saved(sample, tmp_path_factory)


def saved(sample: Sample, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved") / "model"
    save_model(sample.found.model, folder, choose_model("all-MiniLM-L6-v2").location)
    return folder


@pytest.fixture(scope="session")
def few(embedder: Embedder) -> tuple[list[str], np.ndarray]:
    """60 documents and their embeddings, for corpora out of the ordinary."""
    documents = docstrings()[0][:60]
    return documents, embedder.embed(documents)


def layouts_of(reduced: np.ndarray) -> Layouts:
    return Layouts(reduced.astype(np.float32), reduced[:, :2].astype(np.float32))


# -- what is found --------------------------------------------------------------------------------------


def test_topics_fit_the_kinds_of_the_documents(sample: Sample) -> None:
    from sklearn.metrics import adjusted_mutual_info_score

    numbers = sorted({*sample.found.assignments.tolist()} - {-1})
    assert numbers == list(range(len(numbers)))
    assert 5 <= len(numbers) <= 30
    assert (sample.found.assignments == -1).mean() < 0.4
    assert adjusted_mutual_info_score(sample.kinds, sample.found.assignments) > 0.2


def test_topics_come_by_number_which_is_by_size(sample: Sample) -> None:
    found = sample.found
    assert [topic.topic for topic in found.topics] == sorted({*found.assignments.tolist()})
    assert {topic.topic: topic.size for topic in found.topics} == {
        int(number): int(count)
        for number, count in zip(*np.unique(found.assignments, return_counts=True), strict=True)
    }
    sizes = [topic.size for topic in found.topics if topic.topic != -1]
    assert sizes == sorted(sizes, reverse=True)
    assert min(sizes) >= TopicSettings().cluster_size(400)


def test_probabilities_are_strengths_of_membership(sample: Sample) -> None:
    found = sample.found
    outliers = found.assignments == -1
    assert (found.assignments.dtype, found.probabilities.dtype) == (np.int64, np.float32)
    assert (found.probabilities[outliers] == 0).all()
    assert (found.probabilities[~outliers] > 0).all()
    assert found.probabilities.max() == 1
    assert (found.model.probabilities_ == found.probabilities).all()


def test_keywords_are_words_of_the_topics_documents(sample: Sample) -> None:
    for topic in sample.found.topics:
        own = sample.found.assignments == topic.topic
        text = " ".join(np.array(sample.documents, object)[own]).lower()
        for words in (topic.keywords, topic.keybert, topic.mmr):
            assert 5 <= len(words) <= 10
            assert len(set(words)) == len(words)
            for word in words:
                assert re.search(r"[^\W\d_]", word), "a bare number"
                assert word in text
                assert word not in {"the", "of", "and", "don", "is", "we"}
    assert len({topic.keywords for topic in sample.found.topics}) == len(sample.found.topics)


def test_representative_documents_are_typical_and_the_first_ones_unlike(sample: Sample) -> None:
    row = {text: number for number, text in enumerate(sample.documents)}
    likeness = []
    for topic in sample.found.topics:
        own = sample.found.assignments == topic.topic
        rows = [row[text] for text in topic.representative]
        assert len(rows) == len(set(rows)) == min(10, topic.size)
        assert own[rows].all()
        weights = np.where(own, sample.found.probabilities if topic.topic != -1 else 1, 0)
        centre = weights @ sample.embeddings
        typical = sample.embeddings @ centre / np.linalg.norm(centre)
        nearest = np.flatnonzero(own)[np.argsort(-typical[own])]
        likeness.append([_alike(sample.embeddings[four]) for four in (rows[:4], nearest[:4])])
        assert typical[rows].mean() > typical[own].mean() or topic.size <= 10
        assert row[topic.representative[0]] == np.flatnonzero(own)[typical[own].argmax()]
    first, nearest_ones = np.mean(likeness, axis=0)
    assert first < nearest_ones - 0.02


def _alike(vectors: np.ndarray) -> float:
    cosines = vectors @ vectors.T
    return float(cosines[np.triu_indices(len(vectors), 1)].mean())


def test_copies_of_a_document_represent_a_topic_once(
    few: tuple[list[str], np.ndarray], embedder: Embedder
) -> None:
    documents, embeddings = (
        [few[0][0]] * 20 + few[0][:20] + few[0][40:],
        np.vstack([few[1][[0] * 20], few[1][:20], few[1][40:]]),
    )
    reduced = np.repeat([[0.0, 0, 0], [9, 9, 9]], [40, 20], axis=0) + np.random.default_rng(0).normal(
        size=(60, 3)
    )
    found = find_topics(documents, embeddings, layouts_of(reduced), TopicSettings(), embedder.embed)
    for topic in found.topics:
        assert len(set(topic.representative)) == len(topic.representative)


def test_the_same_again_is_the_same(sample: Sample, embedder: Embedder) -> None:
    again = find_topics(sample.documents, sample.embeddings, sample.layouts, TopicSettings(), embedder.embed)
    assert again.topics == sample.found.topics
    assert (again.assignments == sample.found.assignments).all()


def test_words_are_embedded_in_the_same_order_in_every_process() -> None:
    asked: list[list[str]] = []

    def embed(texts: list[str]) -> np.ndarray:
        asked.append(list(texts))
        return np.arange(len(texts), dtype=np.float32)[:, None]

    backend = topics_module.backend(embed)
    assert backend.embed(["b", "a", "", "b"])[:, 0].tolist() == [2, 1, 0, 2]
    assert backend.embed(["a", "b", ""])[:, 0].tolist() == [1, 2, 0]
    assert asked == [["-", "a", "b"]] * 2


def test_settings_reach_the_models(few: tuple[list[str], np.ndarray], embedder: Embedder) -> None:
    documents, embeddings = few
    settings = TopicSettings(top_n_words=4, ngrams=2, stop_words="none", min_cluster_size=12, min_samples=2)
    reduced = np.repeat(np.eye(3) * 50, 20, axis=0) + np.random.default_rng(0).normal(size=(60, 3))
    found = find_topics(documents, embeddings, layouts_of(reduced), settings, embedder.embed)
    assert [topic.size for topic in found.topics if topic.topic >= 0] == [20, 20, 20]
    words = {word for topic in found.topics for word in topic.keywords}
    assert all(len(topic.keywords) == len(topic.keybert) == len(topic.mmr) == 4 for topic in found.topics)
    assert words & {"the", "is", "of", "to"}
    vocabulary = found.model.vectorizer_model.get_feature_names_out()
    assert any(" " in word for word in vocabulary)


# -- out of the ordinary --------------------------------------------------------------------------------


def test_all_outliers_is_a_result(
    few: tuple[list[str], np.ndarray], embedder: Embedder, tmp_path: Path
) -> None:
    documents, embeddings = few
    even = np.linspace(0, 1, 60)[:, None] * np.ones(3)
    found = find_topics(
        documents, embeddings, layouts_of(even), TopicSettings(min_cluster_size=30), embedder.embed
    )
    assert [(topic.topic, topic.size) for topic in found.topics] == [(-1, 60)]
    assert found.topics[0].keywords
    assert found.topics[0].representative
    check_saved(found, documents, embeddings, tmp_path)


def test_one_topic_is_a_result(
    few: tuple[list[str], np.ndarray], embedder: Embedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents, embeddings = few
    one = (np.zeros(60, np.int64), np.ones(60, np.float32))
    monkeypatch.setattr(topics_module, "find_clusters", lambda *_: one)
    found = find_topics(documents, embeddings, layouts_of(embeddings), TopicSettings(), embedder.embed)
    assert [(topic.topic, topic.size) for topic in found.topics] == [(0, 60)]
    check_saved(found, documents, embeddings, tmp_path)


def check_saved(found: TopicModel, documents: list[str], embeddings: np.ndarray, tmp_path: Path) -> None:
    """The model can be saved, labelled, opened plainly and given new documents."""
    from bertopic import BERTopic

    save_model(found.model, tmp_path / "model", choose_model("all-MiniLM-L6-v2").location)
    save_labels(tmp_path / "model", {topic.topic: f"Label {topic.topic}" for topic in found.topics})
    opened = BERTopic.load(tmp_path / "model")
    assert opened.topic_labels_ == {
        topic.topic: f"{topic.topic}_Label {topic.topic}" for topic in found.topics
    }
    assert opened.get_topic_info()["Count"].tolist() == [topic.size for topic in found.topics]
    assert opened.transform("a text")[0] == [found.topics[0].topic]
    assert (assign(tmp_path / "model", documents, embeddings)[0] == found.assignments).all()


def test_ten_documents_are_enough_and_nine_are_not(
    few: tuple[list[str], np.ndarray], embedder: Embedder
) -> None:
    documents, embeddings = few[0][:10], few[1][:10]
    reduced = np.repeat([[0.0, 0], [9, 9]], 5, axis=0) + np.random.default_rng(0).normal(size=(10, 2)) / 9
    found = find_topics(documents, embeddings, layouts_of(reduced), TopicSettings(), embedder.embed)
    assert [topic.size for topic in found.topics] == [5, 5]
    with pytest.raises(UserError, match="at least 10 documents, and there are only 9"):
        find_topics(documents[:9], embeddings[:9], layouts_of(reduced[:9]), TopicSettings(), embedder.embed)


def test_a_cluster_size_needs_twice_as_many_documents() -> None:
    check_size(300, TopicSettings(min_cluster_size=150))
    with pytest.raises(UserError, match="at least 300 documents, and there are only 299"):
        check_size(299, TopicSettings(min_cluster_size=150))


@pytest.mark.parametrize(
    "documents",
    [
        pytest.param([f"{number} {number * 7}" for number in range(20)], id="numbers alone"),
        pytest.param(["the of and"] * 20, id="stop words alone"),
        pytest.param(["hello"] * 20, id="a single word"),
        pytest.param(["hello 1", "hello 2"] * 10, id="a single word that is not a number"),
        pytest.param(["?!", "…", "--", "§ 5"] * 5, id="no words"),
        pytest.param(["音声認識の研究です", "言語モデルを学習する", "画像を分類する"] * 7, id="no spaces"),
        pytest.param(["Ein schöner Tag\n\tim Süden"] * 10 + ["Über den Wolken"] * 10, id="German"),
        pytest.param([*["ordinary words here"] * 10, *["42"] * 10], id="one topic without words"),
    ],
)
def test_texts_without_ordinary_words(documents: list[str], embedder: Embedder, tmp_path: Path) -> None:
    embeddings = embedder.embed(documents)
    half = len(documents) // 2
    reduced = np.repeat([[0.0, 0], [9, 9]], [half, len(documents) - half], axis=0)
    reduced += np.random.default_rng(0).normal(size=reduced.shape) / 9
    found = find_topics(documents, embeddings, layouts_of(reduced), TopicSettings(), embedder.embed)
    assert [topic.topic for topic in found.topics if topic.topic >= 0] == [0, 1]
    assert all(topic.keywords and all(topic.keywords) for topic in found.topics)
    save_model(found.model, tmp_path / "model", None)


def test_latex_commands_and_bare_numbers_are_no_words() -> None:
    text = r"In 2019 the \mathcal{H} of $\frac{1}{2}$ word2vec, 3d and GPT2 cost 1e5 \textit{dollars} x_1"
    found = re.findall(topics_module._WORD, text)
    assert found == ["In", "the", "of", "word2vec", "3d", "and", "GPT2", "cost", "1e5", "dollars", "x_1"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"min_cluster_size": 1},
        {"min_samples": 0},
        {"top_n_words": 0},
        {"diversity": 1.1},
        {"stop_words": "klingon"},
        {"ngrams": 0},
        {"neighbors": 1},
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UserError):
        replace(TopicSettings(), **wrong)


def test_the_smallest_topic_grows_with_the_corpus() -> None:
    settings = TopicSettings()
    assert settings.cluster_size(117_000) == 150
    assert settings.density(10) == (5, 2)
    sizes = [settings.cluster_size(documents) for documents in range(10, 200_000, 100)]
    assert sizes == sorted(sizes)
    assert TopicSettings(min_cluster_size=7).cluster_size(117_000) == 7
    assert TopicSettings(min_cluster_size=3, min_samples=1).density(100) == (3, 1)


def test_clusters_are_numbered_by_size() -> None:
    random = np.random.default_rng(0)
    points = np.repeat([[0.0, 0], [50, 0], [0, 50]], [20, 60, 40], axis=0) + random.normal(size=(120, 2))
    clusters, strengths = find_clusters(np.vstack([points, [[500, 500]]]), 10, 5)
    assert np.bincount(clusters + 1).tolist() == [1, 60, 40, 20]
    assert clusters[-1] == -1
    assert strengths[-1] == 0


@pytest.mark.parametrize(
    ("apart", "sizes"),
    [
        pytest.param(5, [30, 29, 28, 27], id="has parts"),
        pytest.param(2, [90, 30], id="is one"),
    ],
)
def test_a_cluster_of_more_than_half_is_taken_apart_if_it_has_parts(apart: float, sizes: list[int]) -> None:
    places = np.repeat([[0, 0], [0, apart], [apart, 0], [30, 0]], 30, axis=0)
    points = places + np.random.default_rng(0).normal(size=(120, 2))
    clusters, _ = find_clusters(points, 10, 2)
    assert np.bincount(clusters + 1)[1:].tolist() == sizes


# -- the saved model ------------------------------------------------------------------------------------


def copy_of(folder: Path, tmp_path: Path) -> Path:
    return shutil.copytree(folder, tmp_path / "model")


def test_bertopic_opens_the_saved_model_with_everything(sample: Sample, folder: Path, tmp_path: Path) -> None:
    from bertopic import BERTopic

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
    from bertopic import BERTopic

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


def test_the_opened_model_takes_new_texts_without_a_network(
    library: Sample, tmp_path_factory: pytest.TempPathFactory
) -> None:
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
        [sys.executable, "-c", program, str(saved(library, tmp_path_factory))],
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
    topics, _ = open_model(folder, embedder.embed).transform(sample.documents[:50])
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


# -- new documents --------------------------------------------------------------------------------------


def test_known_documents_come_back_to_their_topics(sample: Sample, folder: Path) -> None:
    topics, sure = assign(folder, sample.documents, sample.embeddings)
    assert (topics.dtype, sure.dtype) == (np.int64, np.float32)
    assert (topics == sample.found.assignments).mean() > 0.98
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
        open_model(tmp_path)


# -- the module -----------------------------------------------------------------------------------------


def test_importing_costs_nothing() -> None:
    program = "import sys, localtopics.topics; print(*sys.modules)"
    imported = subprocess.check_output([sys.executable, "-c", program], text=True).split()
    assert not {*imported} & {"numpy", "torch", "bertopic", "umap", "hdbscan", "sklearn", "pandas"}
