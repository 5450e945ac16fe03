"""LlamaLabels inside someone's own BERTopic code."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bertopic import BERTopic
from bertopic.cluster import BaseCluster
from bertopic.dimensionality import BaseDimensionalityReduction
from sentence_transformers import SentenceTransformer
from sklearn.base import clone

from localtopics import LabelSettings, LlamaLabels
from localtopics.embedding import BUILT_IN_MODEL, choose_model
from localtopics.labels.scoring import LabelScorer, choose
from tests.scripted_gguf import scripted_model

SUBJECTS = {
    0: "The bus and the tram carry passengers through the city at low fares.",
    1: "Hens lay eggs on the farm where the farmer grows wheat and barley.",
    -1: "Odd remark about nothing in particular.",
}
ASSIGNED = [0] * 12 + [1] * 10 + [-1] * 4
DOCUMENTS = [f"{SUBJECTS[topic]} Number {row}." for row, topic in enumerate(ASSIGNED)]


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> LabelSettings:
    path = tmp_path_factory.mktemp("prompt") / "prompt.toml"
    path.write_text(
        'system = ""\nexample = ""\nanswer = ""\nrequest = "Name:\\n[DOCUMENTS]\\nby [KEYWORDS]"\n'
    )
    return LabelSettings(prompt=str(path))


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "model.gguf"
    return scripted_model(path, {"]": "▁City", "▁City": "▁life"})


def fitted(representation: object, **options: object) -> BERTopic:
    model = BERTopic(
        umap_model=BaseDimensionalityReduction(),
        hdbscan_model=BaseCluster(),
        representation_model=representation,
        **{"embedding_model": None} | options,
    )
    return model.fit(DOCUMENTS, embeddings=np.zeros((len(DOCUMENTS), 2)), y=ASSIGNED)


def labels(words: dict[int, list[tuple[str, float]]]) -> dict[int, str]:
    assert all(rest == [("", 0.0)] * 9 for _, *rest in words.values())
    assert all(first[1] == 1.0 for first, *_ in words.values())
    return {topic: first[0] for topic, (first, *_) in words.items()}


def test_an_aspect_of_its_own(model: Path, settings: LabelSettings) -> None:
    topics = fitted({"Llama": LlamaLabels(model, settings)})
    named = labels(topics.topic_aspects_["Llama"])
    assert named.keys() == {-1, 0, 1}
    assert named[-1] == "Outliers"
    assert named[0].startswith("City Life (")
    assert named[1].startswith("City Life (")
    assert named[0] != named[1]
    assert {word for word, _ in topics.get_topic(0)} & {"bus", "tram", "passengers"}
    assert topics.get_topic_info()["Llama"].map(lambda words: words[0]).tolist() == [
        named[-1],
        named[0],
        named[1],
    ]


def test_in_place_of_the_keywords(model: Path, settings: LabelSettings) -> None:
    topics = fitted(LlamaLabels(model, settings))
    assert labels(topics.get_topics())[-1] == "Outliers"
    assert topics.get_topic_info()["Name"][0].startswith("-1_Outliers")


def test_after_another_representation(model: Path, settings: LabelSettings) -> None:
    asked: list[tuple[str, ...]] = []

    class Watching(LlamaLabels):
        def label(self, topics, done=None, progress=None, scorer=None, held=None):  # type: ignore[no-untyped-def]
            asked.extend(topic.keywords for topic in topics)
            return super().label(topics, done, progress, scorer)

    class TwoWords(LlamaLabels):
        def extract_topics(self, topic_model, documents, c_tf_idf, topics):  # type: ignore[no-untyped-def]
            return {topic: [("alpha", 1.0), ("beta", 0.5), ("", 0.0)] for topic in topics}

    fitted({"Llama": [TwoWords(model, settings), Watching(model, settings)]})
    assert asked == [("alpha", "beta")] * 3


def test_the_model_is_shown_documents_of_the_topic(model: Path, settings: LabelSettings) -> None:
    shown: dict[int, tuple[str, ...]] = {}

    class Watching(LlamaLabels):
        def label(self, topics, done=None, progress=None, scorer=None, held=None):  # type: ignore[no-untyped-def]
            shown.update({topic.topic: topic.representative for topic in topics})
            return super().label(topics, done, progress, scorer)

    fitted({"Llama": Watching(model, settings)})
    for topic, documents in shown.items():
        assert len(documents) == min(8, ASSIGNED.count(topic))
        assert all(document.startswith(SUBJECTS[topic]) for document in documents)


def test_candidates_are_scored_by_the_embeddings_of_the_model(model: Path, settings: LabelSettings) -> None:
    scorers: list[LabelScorer | None] = []

    class Watching(LlamaLabels):
        def label(self, topics, done=None, progress=None, scorer=None, held=None):  # type: ignore[no-untyped-def]
            scorers.append(scorer)
            return super().label(topics, done, progress, scorer)

    backend = SentenceTransformer(choose_model(BUILT_IN_MODEL).location, device="cpu")
    named = labels(
        fitted({"Llama": Watching(model, settings)}, embedding_model=backend).topic_aspects_["Llama"]
    )
    assert set(named) == {-1, 0, 1}
    assert scorers[0] is not None
    choices = [choose(topic, ["Bus fares", "Eggs and hens"], scorer=scorers[0]) for topic in (0, 1)]
    assert [choice.text for choice in choices] == ["Bus fares", "Eggs and hens"]
    fitted({"Llama": Watching(model, settings)})
    fitted({"Llama": Watching(model, replace(settings, candidates=1))}, embedding_model=backend)
    assert scorers[1:] == [None, None]


def test_topics_can_be_renamed_in_a_fitted_model(model: Path, settings: LabelSettings) -> None:
    topics = fitted(None)
    topics.update_topics(DOCUMENTS, topics=ASSIGNED, representation_model=LlamaLabels(model, settings))
    assert labels(topics.get_topics())[-1] == "Outliers"


@pytest.mark.parametrize("serialization", ["pickle", "safetensors"])
def test_a_saved_model_keeps_its_labels(
    model: Path, settings: LabelSettings, tmp_path: Path, serialization: str
) -> None:
    topics = fitted({"Llama": LlamaLabels(model, settings)})
    topics.save(str(tmp_path / "saved"), serialization=serialization, save_ctfidf=True)
    loaded = BERTopic.load(str(tmp_path / "saved"))
    assert next(word for word, _ in loaded.topic_aspects_["Llama"][0]).startswith("City Life (")
    if serialization == "pickle":
        again = loaded.representation_model["Llama"]
        assert again.prompt_of  # a whole LlamaLabels, without the model that it had loaded
        assert again._model._engine is None


@pytest.mark.parametrize("serialization", ["pickle", "safetensors"])
@pytest.mark.parametrize("aspect", ["Main", "Llama"])
def test_a_loaded_model_names_changed_topics_anew(
    model: Path, settings: LabelSettings, tmp_path: Path, serialization: str, aspect: str
) -> None:
    topics = fitted({aspect: LlamaLabels(model, settings)})
    topics.save(str(tmp_path / "saved"), serialization=serialization, save_ctfidf=True)
    loaded = BERTopic.load(str(tmp_path / "saved"))
    if serialization == "safetensors":  # which keeps no representation models, and no embedding model
        loaded.representation_model = {aspect: LlamaLabels(model, settings)}
    loaded.merge_topics(DOCUMENTS, [0, 1])
    named = labels(loaded.get_topics() if aspect == "Main" else loaded.topic_aspects_[aspect])
    assert named == {-1: "Outliers", 0: "City Life"}  # alone, and so without what tells it from another


@pytest.mark.parametrize("aspect", ["Main", "Llama"])
def test_topics_are_named_anew_as_often_as_they_change(
    model: Path, settings: LabelSettings, aspect: str
) -> None:
    topics = fitted({aspect: LlamaLabels(model, settings)})
    topics.fit(
        DOCUMENTS, embeddings=np.zeros((len(DOCUMENTS), 2)), y=[row % 3 for row in range(len(DOCUMENTS))]
    )
    found = topics.get_topics() if aspect == "Main" else topics.topic_aspects_[aspect]
    assert labels(found).keys() >= {0, 1, 2}
    topics.topic_embeddings_ = np.eye(3)
    topics.reduce_topics(DOCUMENTS, nr_topics=2)
    found = topics.get_topics() if aspect == "Main" else topics.topic_aspects_[aspect]
    assert labels(found).keys() == {0, 1} == set(topics.topics_)


def test_it_is_an_ordinary_estimator(model: Path, settings: LabelSettings) -> None:
    representation = LlamaLabels(model, settings)
    assert representation.get_params() == {"model": model, "settings": settings}
    assert clone(representation).get_params() == representation.get_params()
    assert "LlamaLabels" in repr(representation)


def test_it_says_how_far_it_is_where_bertopic_does(
    model: Path, settings: LabelSettings, capsys: pytest.CaptureFixture[str]
) -> None:
    fitted({"Llama": LlamaLabels(model, settings)}, verbose=True)
    assert "Naming topics: 100%" in capsys.readouterr().err
