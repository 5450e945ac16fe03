"""The saved model: whole, with names at their topics."""

from __future__ import annotations

import json
import logging
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from bertopic import BERTopic

from localtopics.topics.save import save_labels, save_model
from tests.topics.samples import Sample


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


def test_the_opened_model_takes_new_texts_without_a_network(
    library: Sample, library_folder: Path, warm_python: str
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
        [warm_python, "-c", program, str(library_folder)],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=True,
    )
    topics = np.array(json.loads(done.stdout.splitlines()[-1]))
    assert (topics == library.found.assignments[rows]).mean() > 0.8  # BERTopic itself goes by centroids


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


def test_a_model_without_an_embedding_model_names_none(library: Sample, tmp_path: Path) -> None:
    save_model(library.found.model, tmp_path / "model", None)
    assert "embedding_model" not in json.loads((tmp_path / "model" / "config.json").read_text())


def test_saving_gives_no_advice_to_people(
    library: Sample, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    logger = logging.getLogger("BERTopic")
    monkeypatch.setattr(logger, "propagate", True)
    logger.setLevel(logging.WARNING)
    save_model(library.found.model, tmp_path / "model", None)
    assert caplog.messages == []
    logger.warning("its own")
    assert "its own" in caplog.messages, "what it says besides is not kept from anybody"
