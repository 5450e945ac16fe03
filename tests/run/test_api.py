"""A run from Python: what the command line can do, and what a notebook shows."""

import shutil
from dataclasses import fields
from pathlib import Path

import pandas as pd
import pytest

import localtopics
from localtopics import LabelSettings, Run, RunSettings, Topic, TopicSettings, UserError
from localtopics.labels.namer import Namer
from localtopics.run.settings import ARGUMENTS
from tests.conftest import ROOT

OLD = ROOT / "tests" / "data" / "run-0.1.0"
NOTES = pd.read_csv(ROOT / "tests" / "data" / "notes.csv")
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A finished run of 72 notes in three topics."""
    return Run.open(shutil.copytree(OLD, tmp_path / "notes.topics"))


def test_the_package_shows_its_names() -> None:
    assert set(dir(localtopics)) == {*localtopics.__all__, "__version__"}
    for name in localtopics.__all__:
        assert getattr(localtopics, name) is not None


def test_topics_and_labels_are_listed_together(run: Run) -> None:
    assert [(topic.topic, topic.label) for topic in run] == list(run.labels.items())
    assert len(run) == len(run.topics) == 3
    assert run[0].label == "Baker"
    assert run[0].fidelity == run.fidelity[0]
    with pytest.raises(KeyError, match="no topic 3; its topics are 0 to 2"):
        run[3]


def test_a_run_and_a_topic_say_what_they_are(run: Run) -> None:
    assert repr(run) == f"<Run {run.folder}: 72 documents, 3 topics>"
    assert repr(run[0]) == f"<Topic 0: Baker, {run[0].size} documents>"
    html = run._repr_html_()
    for topic in run:
        assert f"<td>{topic.label}</td>" in html
    assert all(word in run[0]._repr_html_() for word in run[0].keywords)
    run.reopen("labels")
    assert repr(run) == f"<Run {run.folder}: 72 documents, no labels yet>"
    assert "no labels yet" in run._repr_html_()


def test_what_documents_hold_is_text_in_a_notebook(run: Run) -> None:
    topic = Topic(0, 1, (HOSTILE,), (HOSTILE,), (), (HOSTILE * 50,), label=HOSTILE)
    assert HOSTILE not in topic._repr_html_()
    assert "&lt;script&gt;" in topic._repr_html_()
    run.__dict__["topics"] = [topic]
    assert HOSTILE not in run._repr_html_()


def test_a_run_does_from_python_what_the_command_line_does(run: Run) -> None:
    table = run.assign(run.documents["text"].head(20), ids=run.documents["id"].head(20))
    assert list(table) == ["id", "topic", "label", "probability"]
    assert table["topic"].tolist() == run.documents["topic"].tolist()[:20]
    assert table["label"].tolist() == [run.labels[topic] for topic in table["topic"]]
    before = (run.folder / "map.html").read_bytes()
    assert run.relabel(model="none") is run
    assert run[0].label == ", ".join(run[0].keywords[:3])
    assert Run.open(run.folder).labels == run.labels
    assert (run.folder / "map.html").read_bytes() != before
    (run.folder / "map.png").unlink()
    assert run.redraw() is run
    assert (run.folder / "map.png").is_file()
    evaluation = run.evaluate({0: "Bread"})
    assert (evaluation.topics, evaluation.headings) == (3, 1)


def test_names_again_keep_what_is_not_said(run: Run) -> None:
    run.relabel(model="none", documents=2)
    run.relabel(candidates=2, threads=1)  # keywords give way to a model
    asked = run.settings.labels
    assert (asked.model, asked.documents, asked.candidates) == (None, 2, 2)
    assert not run.topic_table["fallback"].any()
    with pytest.raises(UserError, match="cannot set 'color'"):
        run.relabel(color="red")


def test_another_case_needs_no_model_to_answer_again(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run.relabel(model="localtopics-labeller-129m-q5_0", candidates=2, threads=1)
    titles = list(run.labels.values())
    monkeypatch.setattr(Namer, "loaded", lambda self: pytest.fail("the model was loaded"))
    run.relabel(label_case="sentence")
    sentences = list(run.labels.values())
    assert [text.casefold() for text in sentences] == [text.casefold() for text in titles]
    assert sentences != titles
    run.relabel(label_case="title")
    assert list(run.labels.values()) == titles
    assert run.settings.labels.label_case == "title"


def test_settings_are_given_by_their_names(tmp_path: Path) -> None:
    texts, themes = NOTES["text"].tolist(), NOTES["id"].str.partition("-")[0]
    vectors = pd.get_dummies(themes).to_numpy(float) + 0.01 * pd.DataFrame(range(len(texts))).to_numpy() % 0.1
    run = localtopics.fit(texts, embeddings=vectors, out=tmp_path / "a", min_cluster_size=8, model="none")
    assert run.settings == RunSettings(
        topics=TopicSettings(min_cluster_size=8), labels=LabelSettings(model="none")
    )
    with pytest.raises(UserError, match="no setting 'min_cluster'; is it 'min_cluster_size'"):
        localtopics.fit(texts, min_cluster=8)
    with pytest.raises(UserError, match=r"sets 'min_cluster_size' in .* to 1; it takes"):
        localtopics.fit(texts, min_cluster_size=1)


def test_every_setting_has_a_name_of_its_own() -> None:
    """But for the labels' seed, which nobody needs to know apart from the topics'."""
    parts = {"topics": TopicSettings, "labels": LabelSettings}
    known = {(section, field.name) for section, kind in parts.items() for field in fields(kind)}
    assert known - set(ARGUMENTS.values()) == {("labels", "seed")}


def test_a_path_of_a_setting_is_the_same_from_every_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "prompt.txt").write_text("[DOCUMENTS]\n[KEYWORDS]")
    monkeypatch.chdir(tmp_path)
    here = RunSettings.of(prompt="prompt.txt", model="none").with_whole_paths()
    monkeypatch.chdir("/")
    assert here.labels.prompt == str(tmp_path / "prompt.txt")
    assert here.asked() == RunSettings.of(prompt=str(tmp_path / "prompt.txt"), model="none").asked()


def test_raw_cells_asked_for_later_change_the_table(run: Run) -> None:
    from localtopics.embedding import choose_model

    table = run.topic_table.assign(label=pd.array(["=1+1", "b", "c"], "string"))
    table.to_parquet(run.folder / "topics.parquet", index=False)
    csv = run.folder / "topics.csv"
    model = choose_model(run.record["embedding"]["name"])
    for raw in (False, True, False):
        asked = run.settings.updated({"labels": {"raw_cells": raw}}, "test")
        with Run.start(run.folder, asked, Run.open(run.folder).corpus, model):
            pass
        if raw:
            assert '"=1+1"' in csv.read_text()
        else:
            assert '"=1+1"' not in csv.read_text()
