"""Evaluating the labels of a small run, with the real embedding model."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from localtopics.cli.evaluation import print_evaluation
from localtopics.cli.render import print_topics
from localtopics.corpus import Corpus
from localtopics.embedding import BUILT_IN_MODEL, choose_model
from localtopics.embedding.passages import Passages
from localtopics.errors import UserError
from localtopics.labels.label import Label
from localtopics.run.evaluate import Evaluation, evaluate, read_headings
from localtopics.run.held_out import HeldOutTopics, label_fidelity, named_topics, scoring_documents
from localtopics.run.run import Run
from localtopics.run.settings import RunSettings
from localtopics.topics.clustering import Clustering, TopicModel
from localtopics.topics.topic import Topic
from localtopics.topics.umap import Layouts

SUBJECTS = {
    0: ("bus, tram, fares", "The bus and the tram carry passengers through the city at low fares."),
    1: ("hens, eggs, wheat", "Hens lay eggs on the farm where the farmer grows wheat and barley."),
    2: ("violin, concert, orchestra", "The orchestra and its first violin gave a concert of baroque music."),
}
FAIR = {-1: "Outliers", 0: "Public transport", 1: "Farming", 2: "Classical music"}


def labelled(folder: Path, labels: dict[int, str], subjects: dict[int, tuple[str, str]] = SUBJECTS) -> Run:
    """A finished run of 12 documents a topic, of which two are representative, and of 3 outliers."""
    documents = [
        f"{sentence} Number {number}." for _, sentence in subjects.values() for number in range(12)
    ] + ["Odd.", "Nothing.", "What?"]
    assigned = np.array([topic for topic in subjects for _ in range(12)] + [-1] * 3)
    topics = [Topic(-1, 3, ("odd",), (), (), ("Odd.",))] + [
        Topic(topic, 12, tuple(words.split(", ")), (), (), tuple(documents[12 * topic : 12 * topic + 2]))
        for topic, (words, _) in subjects.items()
    ]
    corpus = Corpus.from_documents(documents)
    flat = np.zeros((len(documents), 2), dtype=np.float32)
    with Run.start(folder, RunSettings(), corpus, choose_model(BUILT_IN_MODEL)) as run:
        with run.stage("topics"):
            own = np.arange(len(documents))
            found = TopicModel(None, [topics], Clustering(assigned, np.ones(len(documents)), own))
            run.write_topics(corpus, Passages.whole(documents), Layouts(flat, flat, own), found)
        with run.stage("labels"):
            final = {number: Label(number, text, False, (), "", 0.0) for number, text in labels.items()}
            run.write_labels(final, label_fidelity(run, named_topics(run), labels))
    return run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return labelled(tmp_path_factory.mktemp("runs") / "fair.topics", FAIR)


def test_fair_labels_find_their_topics(run: Run) -> None:
    found = evaluate(run)
    assert found.topics == 3
    assert found.doubts == []
    assert found.scores.keys() == {"labels", "top 3 keywords"}
    for score in found.scores.values():
        assert (score.first, score.reciprocal_rank) == (1.0, 1.0)
        assert score.cosine is score.exact is None
    assert run.fidelity == {0: 1.0, 1: 1.0, 2: 1.0}


def test_a_label_of_another_topic_is_doubtful(tmp_path: Path) -> None:
    run = labelled(tmp_path / "wrong.topics", FAIR | {1: "Symphony orchestras"})
    found: Evaluation = evaluate(run)
    assert [(doubt.topic, doubt.nearest) for doubt in found.doubts] == [(1, 2)]
    assert found.doubts[0].fidelity in (0.5, pytest.approx(1 / 3))
    assert found.scores["labels"].first == pytest.approx(2 / 3)
    assert run.fidelity[1] == found.doubts[0].fidelity
    assert run.topic_table["fidelity"].isna().tolist() == [True, False, False, False]


def test_labels_of_low_fidelity_are_marked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = labelled(tmp_path / "wrong.topics", FAIR | {1: "Concert on a city bus"})
    assert run.fidelity[1] == pytest.approx(1 / 3)
    print_topics(run)
    shown = capsys.readouterr().out
    assert "Concert on a city bus ?" in shown
    assert "Public transport ?" not in shown
    assert "? a doubtful label" in shown
    print_evaluation(run, evaluate(run))
    assert "2 of 3 labels find their own topic first" in capsys.readouterr().out


def test_against_human_headings(run: Run) -> None:
    found = evaluate(run, {0: "PUBLIC TRANSPORT", 1: "Agriculture", 2: "Baroque music"})
    ours, human = found.scores["labels"], found.scores["human headings"]
    assert ours.exact == pytest.approx(1 / 3)
    assert ours.cosine is not None
    assert 0.5 < ours.cosine < 1.0
    assert human.exact == 1.0
    assert human.cosine == pytest.approx(1.0, abs=1e-5)
    some = evaluate(run, {0: "Public transport"})
    assert "human headings" not in some.scores
    assert some.scores["labels"].exact == 1.0


def test_topics_of_one_heading_are_no_rivals(tmp_path: Path) -> None:
    run = labelled(tmp_path / "alike.topics", FAIR | {1: "Village orchestra"})
    assert evaluate(run).scores["labels"].first == pytest.approx(2 / 3)
    assert evaluate(run, {1: "Life", 2: "life"}).scores["labels"].first == 1.0
    assert evaluate(run, dict.fromkeys(range(3), "Life")).scores["labels"].first == 1.0


def test_what_chooses_and_what_measures_are_different_documents(run: Run, tmp_path: Path) -> None:
    topic = run.topics[1]
    own = run.documents["text"][:12].tolist()
    choosing = scoring_documents(run, topic)
    measuring = [document for document in own if document not in choosing]
    assert choosing[:2] == list(topic.representative)
    assert len(choosing) == len(set(choosing)) == 7
    assert len(measuring) == 5
    embed = run.embedder.embed
    few = replace(topic, representative=tuple(own))  # nothing else is left to measure it on
    for asked, documents in ((topic, measuring), (few, own)):
        centre = embed(documents).mean(axis=0)
        centre /= np.linalg.norm(centre)
        label = embed(["Public transport"])[0]
        score = HeldOutTopics(run, [asked, run.topics[2]]).cosines(["Public transport", "Farming"])[0, 0]
        assert score == pytest.approx(float(centre @ label), abs=1e-5)


def test_what_cannot_be_evaluated(run: Run, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="topic 7"):
        evaluate(run, {7: "Nothing"})
    lone = labelled(tmp_path / "lone.topics", {-1: "Outliers", 0: "Buses"}, {0: SUBJECTS[0]})
    assert lone.fidelity == {}
    with pytest.raises(UserError, match="fewer than two"):
        evaluate(lone)


def test_headings_from_a_table(tmp_path: Path) -> None:
    path = tmp_path / "headings.csv"
    path.write_text('topic,label,heading\n0,x,Buses\n-1,Outliers,\n2,y," Early music "\n')
    assert read_headings(path) == {0: "Buses", 2: "Early music"}
    path.write_text("topic,name\n0,Buses\n")
    with pytest.raises(UserError, match="no column 'heading'"):
        read_headings(path)
    path.write_text("topic,heading\nbuses,Buses\n")
    with pytest.raises(UserError, match="no topic's number"):
        read_headings(path)
