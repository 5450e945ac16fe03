"""A run with topics that somebody gives."""

import json
import logging
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import localtopics
from localtopics.errors import UserError
from localtopics.labels.namer import Namer
from localtopics.labels.settings import LabelSettings
from localtopics.run.run import Run
from tests.run.test_stages import NOTES

THEMES = [id.partition("-")[0] for id in NOTES.ids]
FIRST = sorted(set(THEMES))[0]
EXAMPLES = [text for text, theme in zip(NOTES.documents, THEMES, strict=True) if theme == FIRST][:4]
GIVEN: dict[str, Any] = {"model": "none", "min_cluster_size": 8, "embedding_model": "all-MiniLM-L6-v2"}


def written(path: Path, name: str = "what I call iT") -> Path:
    topics = [{"name": name, "examples": EXAMPLES}, {"name": "Volcanoes of Iceland", "description": "Lava."}]
    path.write_text("".join(f"{json.dumps(topic)}\n" for topic in topics), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("run")
    file = written(folder / "topics.jsonl")
    return localtopics.fit(NOTES, out=folder / "given.topics", topics_file=str(file), **GIVEN)


def test_documents_near_a_given_topic_get_it_and_its_name(run: Run) -> None:
    (topic,) = (topic for topic in Run.open(run.folder) if topic.given)
    assert run.labels[topic.topic] == topic.label == "what I call iT"
    own = [theme for theme, found in zip(THEMES, run.documents["topic"], strict=True) if found == topic.topic]
    assert own.count(FIRST) / THEMES.count(FIRST) > 0.5
    assert own.count(FIRST) / len(own) > 0.8
    assert len([topic for topic in run if topic.topic >= 0]) >= 3


def test_no_prompt_asks_for_a_given_topic(run: Run) -> None:
    (topic,) = (topic for topic in run if topic.given)
    with pytest.raises(UserError, match=f"Topic {topic.topic} was given with its name"):
        Namer(settings=LabelSettings(model="none")).prompt_of(topic)


def test_thresholds_are_kept(run: Run) -> None:
    (one,) = run.record["given_thresholds"]
    assert one["name"] == "what I call iT"
    assert 0 < one["cosine"] < 1


def test_names_stay_whatever_else_changes(run: Run, tmp_path: Path) -> None:
    again = Run.open(shutil.copytree(run.folder, tmp_path / "again.topics"))
    again.reduce_outliers("0%")
    again.relabel(model="none", label_case="sentence")
    assert "what I call iT" in again.labels.values()
    assert again.evaluate(seeds=1).stability is not None


def test_other_topics_are_another_run(run: Run, tmp_path: Path) -> None:
    same = written(tmp_path / "same.jsonl")
    again = localtopics.fit(NOTES, out=run.folder, topics_file=str(same), **GIVEN)
    assert again.record["stages"] == run.record["stages"]
    other = written(tmp_path / "same.jsonl", name="Else")
    with pytest.raises(UserError, match="the given topics are not the same"):
        localtopics.fit(NOTES, out=run.folder, topics_file=str(other), **GIVEN)


def test_a_topic_that_no_document_is_near_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = written(tmp_path / "topics.jsonl")
    with caplog.at_level(logging.WARNING):
        localtopics.fit(NOTES, out=tmp_path / "run", topics_file=str(file), **GIVEN)
    assert "No document is near the given topics that are left out: Volcanoes of Iceland" in caplog.text


def test_ready_embeddings_need_their_model(tmp_path: Path) -> None:
    file = written(tmp_path / "topics.jsonl")
    ready = np.ones((len(NOTES), 8), np.float32)
    with pytest.raises(UserError, match="name the model that made them") as refused:
        localtopics.fit(NOTES, embeddings=ready, topics_file=str(file), model="none", out=tmp_path / "run")
    assert refused.value.arguments == ("embedding_model",)
    assert not (tmp_path / "run").exists()
