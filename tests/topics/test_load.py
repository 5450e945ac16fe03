"""What BERTopic's methods do with a run's model, where names stay at their topics; and new documents."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from bertopic import BERTopic

from localtopics import LabelSettings, Run
from localtopics.embedding import Embedder
from localtopics.errors import UserError
from localtopics.topics.load import open_clusters
from localtopics.topics.save import save_labels
from tests.topics.opened_model import name_of, opened
from tests.topics.samples import Sample

ROOT = Path(__file__).resolve().parent.parent.parent


NAMES = [f"Name {letter}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"]


Change = Callable[[BERTopic, list[str]], None]


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
    model_folder = shutil.copytree(library_folder, tmp_path / "model")
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


def test_a_run_of_an_earlier_release_goes_on_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whose names were custom labels and an aspect of their own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    run = Run.open(shutil.copytree(ROOT / "tests" / "data" / "run-0.1.0", tmp_path / "run"))
    documents = run.documents["text"].tolist()
    model = run.bertopic(LabelSettings(model="none"))
    assert model.topics_ == run.documents["topic"].tolist() == model.transform(documents)[0]
    assert {topic: model.get_topic(topic)[0][0] for topic in run.labels} == run.labels
    assert set(model.topic_aspects_) == {"Keywords", "KeyBERT", "MMR"}
    model.merge_topics(documents, [0, 1])
    assert {model.get_topic(topic)[0][0] for topic in model.topics_}.isdisjoint(run.labels.values())
    save_labels(run.model_folder, run.labels)
    plain = BERTopic.load(run.model_folder)
    assert plain.custom_labels_ is None
    assert plain.topic_labels_ == {topic: f"{topic}_{label}" for topic, label in run.labels.items()}
    with pytest.raises(TypeError):  # as docs/python.md says
        plain.fit(documents)
    assert plain.get_representative_docs(0) is None


def test_our_opened_model_embeds_with_what_it_is_given(
    sample: Sample, folder: Path, embedder: Embedder
) -> None:
    topics, _ = opened(folder, sample, embedder).transform(sample.documents[:50])
    assert topics == sample.found.assignments[:50].tolist()
    in_memory, _ = sample.found.model.transform(sample.documents[:50], sample.embeddings[:50])
    assert in_memory == topics


def test_known_documents_come_back_to_their_topics(sample: Sample, folder: Path) -> None:
    topics, sure = open_clusters(folder).place(sample.embeddings)
    assert [topics.dtype, sure.dtype] == [np.dtype(np.int64), np.dtype(np.float32)]
    assert (topics == sample.found.assignments).all()
    assert ((sure >= 0) & (sure <= 1)).all()
    assert (sure[topics == -1] == 0).all()


def test_a_document_about_something_else_is_an_outlier(folder: Path, embedder: Embedder) -> None:
    recipe = (
        "Boil the potatoes for twenty minutes, then mash them with butter, nutmeg and a little warm milk."
    )
    topics, sure = open_clusters(folder).place(embedder.embed([recipe]))
    assert (topics[0], sure[0]) == (-1, 0)


def test_embeddings_that_do_not_fit_are_refused(sample: Sample, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="have 7 dimensions and the topic model's 384"):
        open_clusters(folder).place(np.ones((2, 7), np.float32))
    with pytest.raises(UserError, match="holds no topic model"):
        open_clusters(tmp_path)
