"""Run folders: what may be written where, what is refused, and that old ones open."""

import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from localtopics.corpus import Corpus
from localtopics.embedding import EmbeddingModel
from localtopics.errors import UserError
from localtopics.run.label_log import append_label
from localtopics.run.record import FORMAT, STAGES, read_record
from localtopics.run.run import Run
from localtopics.run.settings import RunSettings
from tests.run.folders import LABEL, changed

SETTINGS = RunSettings().updated(
    {
        "input": {"source": "notes.csv", "title": "title", "id": "id"},
        "topics": {"min_cluster_size": 8},
    },
    "test",
)
OTHER = SETTINGS.updated({"topics": {"min_cluster_size": 9}}, "test")


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }


# -- whose folder ---------------------------------------------------------------------------------------


def test_a_run_at_work_is_not_touched(folder: Path, corpus: Corpus, model: EmbeddingModel) -> None:
    before = contents(folder)
    at_work, late = Run.open(folder), Run.open(folder)
    with at_work.locked():
        for force in (False, True):
            with (
                pytest.raises(UserError, match="Another localtopics is at work"),
                Run.start(folder, OTHER, corpus, model, force=force),
            ):
                pytest.fail("two processes in one folder")
        with pytest.raises(UserError, match="Another localtopics is at work"), late.locked():
            pytest.fail("two processes in one folder")
    assert contents(folder) == before


def test_who_waited_sees_the_run_as_it_is_then(folder: Path) -> None:
    first, second = Run.open(folder), Run.open(folder)
    assert second.labels[0] == "Baker"
    with first.locked():
        first.reopen("labels")
    with second.locked():
        assert not second.done("labels")


def test_what_changes_while_it_is_read_is_not_mixed(folder: Path) -> None:
    reader, writer = Run.open(folder), Run.open(folder)
    with writer.locked():
        writer.reopen("labels")
    with pytest.raises(UserError, match="Something is at work"):
        _ = reader.labels


@pytest.mark.parametrize(
    "left", [[], [".lock"], [".run.json.part"], [".run.json.part", ".lock", ".model.part/"]]
)
def test_a_folder_that_holds_only_what_a_kill_left_is_ours(
    tmp_path: Path, corpus: Corpus, model: EmbeddingModel, left: list[str]
) -> None:
    for name in left:
        (tmp_path / name).mkdir() if name.endswith("/") else (tmp_path / name).touch()
    with Run.start(tmp_path, SETTINGS, corpus, model):
        pass
    assert {path.name for path in tmp_path.iterdir()} == {".lock", "run.json"}


@pytest.mark.parametrize(
    "theirs",
    [
        {"thesis.tex": "years of work"},
        {"model/weights.bin": "days of training"},
        {"run.json": '{"id": "some other program\'s"}', "model/weights.bin": "days of training"},
        {"run.json": "cut sho", "model/weights.bin": "days of training"},
        {".run.json.part": "", "thesis.tex": "years of work"},
    ],
    ids=lambda theirs: "+".join(theirs),
)
@pytest.mark.parametrize("force", [False, True])
def test_a_folder_of_something_else_is_left_alone(
    tmp_path: Path, corpus: Corpus, model: EmbeddingModel, theirs: dict[str, str], force: bool
) -> None:
    for name, text in theirs.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    before = {path: path.read_text() for path in tmp_path.rglob("*") if path.is_file()}
    with (
        pytest.raises(UserError, match=r"not a run folder|not of localtopics"),
        Run.start(tmp_path, SETTINGS, corpus, model, force=force),
    ):
        pytest.fail("a run in a folder of something else")
    assert {path: path.read_text() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_a_file_is_no_run_folder(tmp_path: Path) -> None:
    (tmp_path / "small.csv").touch()
    with pytest.raises(UserError, match="is a file and not a run folder: make one of it"):
        Run.open(tmp_path / "small.csv")


# -- going on -------------------------------------------------------------------------------------------


def test_force_goes_on_with_the_same_run(tmp_path: Path, corpus: Corpus, model: EmbeddingModel) -> None:
    with Run.start(tmp_path / "a", SETTINGS, corpus, model) as run, run.stage("layouts"):
        pass
    with Run.start(tmp_path / "a", SETTINGS, corpus, model, force=True) as run:
        assert run.done("layouts")
    with Run.start(tmp_path / "a", OTHER, corpus, model, force=True) as run:
        assert not run.done("layouts")


def test_an_embedding_model_in_another_place_is_the_same(
    tmp_path: Path, corpus: Corpus, model: EmbeddingModel
) -> None:
    for name, kept in (("moved", True), ("other", False)):
        with Run.start(tmp_path / name, SETTINGS, corpus, model) as run, run.stage("layouts"):
            pass
        again = replace(model, name="there") if kept else replace(model, digest="0" * 64)
        with Run.start(tmp_path / name, SETTINGS, corpus, again) as run:
            assert run.done("layouts") is kept


def test_force_begins_anew_with_other_versions(folder: Path, corpus: Corpus, model: EmbeddingModel) -> None:
    record = json.loads((folder / "run.json").read_text())
    record["versions"]["umap-learn"] = "0.1"
    (folder / "run.json").write_text(json.dumps(record))
    with Run.start(folder, SETTINGS, corpus, model, force=True) as run:
        assert not any(map(run.done, STAGES))


def test_other_versions_are_said_when_a_run_goes_on(
    folder: Path, corpus: Corpus, model: EmbeddingModel, caplog: pytest.LogCaptureFixture
) -> None:
    record = json.loads((folder / "run.json").read_text())
    record["versions"]["umap-learn"] = "0.1"
    record["embedding"] |= {"precision": model.precision}
    del record["stages"]["maps"]
    (folder / "run.json").write_text(json.dumps(record))
    with Run.start(folder, SETTINGS, corpus, model) as run:
        assert run.done("labels")
        assert run.record["continued"]["umap-learn"] != "0.1"
    assert "umap-learn 0.1 then" in caplog.text


def test_no_old_stage_counts_once_a_run_is_replaced(
    folder: Path, corpus: Corpus, model: EmbeddingModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(path: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("localtopics.run.folder.remove", killed)
    with pytest.raises(KeyboardInterrupt), Run.start(folder, OTHER, corpus, model, force=True):
        pass
    monkeypatch.undo()
    with Run.start(folder, OTHER, corpus, model) as run:
        assert not any(map(run.done, STAGES))


def test_a_model_folder_killed_in_its_swap_is_put_back(folder: Path) -> None:
    shutil.copytree(folder / "model", folder / ".model.part")
    (folder / "model").rename(folder / ".model.old")
    with Run.open(folder).locked():
        assert (folder / "model" / "topics.json").is_file()
    assert not [path for path in folder.iterdir() if path.name.startswith(".model")]


@pytest.mark.parametrize(
    ("name", "left"),
    [
        ("documents.parquet", ["layouts"]),
        ("topics.parquet", ["layouts"]),
        ("model/topics.json", ["layouts"]),
        ("model/document_embeddings.safetensors", ["layouts"]),
        ("model/ctfidf.safetensors", ["layouts"]),
        ("topics.csv", ["layouts", "topics"]),
        ("map.html", ["layouts", "topics", "labels"]),
    ],
)
def test_what_is_damaged_is_made_anew(
    folder: Path,
    corpus: Corpus,
    model: EmbeddingModel,
    name: str,
    left: list[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    record = json.loads((folder / "run.json").read_text())
    record["embedding"] |= {"precision": model.precision}
    (folder / "run.json").write_text(json.dumps(record))
    with Run.start(folder, SETTINGS, corpus, model) as run:
        assert all(map(run.done, STAGES))
    (folder / name).unlink()
    with Run.start(folder, SETTINGS, corpus, model) as run:
        assert [stage for stage in STAGES if run.done(stage)] == left
    assert str((folder / name).parent) in caplog.text


# -- private, and for ever ------------------------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="the system has no such rights")
def test_a_run_folder_is_its_owners_alone(tmp_path: Path, corpus: Corpus, model: EmbeddingModel) -> None:
    before = os.umask(0o022)
    try:
        with Run.start(tmp_path / "a" / "b.topics", SETTINGS, corpus, model) as run:
            append_label(run.labels_file, LABEL)
    finally:
        os.umask(before)
    paths = [run.folder, *run.folder.iterdir()]
    assert [path.stat().st_mode & 0o077 for path in paths] == [0] * 4


def test_runs_of_old_releases_open(folder: Path) -> None:
    run = Run.open(folder)
    assert run.labels == {0: "Baker", 1: "Commuter Waits", 2: "Gardener Plants"}
    assert len(run.documents) == 72
    assert run.record["format"] == FORMAT == read_record(folder / "run.json")["format"]
    assert run.embeds_documents
    assert run.embedder.model.name == "all-MiniLM-L6-v2"


def test_settings_that_only_old_releases_took_do_not_close_a_run(folder: Path) -> None:
    changed(("settings", "topics", "top_n_words"), 60)(folder)
    changed(("settings", "labels", "gpu_layers"), "9")(folder)
    settings = Run.open(folder).settings
    assert (settings.topics.top_n_words, settings.labels.gpu_layers) == (50, 9)


def test_a_run_says_its_format(tmp_path: Path, corpus: Corpus, model: EmbeddingModel) -> None:
    with Run.start(tmp_path / "a", SETTINGS, corpus, model):
        pass
    assert json.loads((tmp_path / "a" / "run.json").read_text())["format"] == FORMAT
