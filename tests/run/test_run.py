"""Run folders: what may be written where, what is refused, and that old ones open."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from localtopics.corpus import Corpus, read_corpus
from localtopics.embedding import EmbeddingModel, choose_model
from localtopics.errors import UserError
from localtopics.labels.label import Candidate, Label
from localtopics.run.record import FORMAT, STAGES, read_record
from localtopics.run.run import Run
from localtopics.run.settings import RunSettings
from tests.conftest import ROOT

OLD = ROOT / "tests" / "data" / "run-0.1.0"
NOTES = ROOT / "tests" / "data" / "notes.csv"
LABEL = Label(0, "Bread", False, (Candidate("Bread", 0.5), Candidate("…", None)), "0" * 64, 0.1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A finished run folder, as 0.1.0 left it."""
    return Path(shutil.copytree(OLD, tmp_path / "notes.topics"))


@pytest.fixture(scope="session")
def model() -> EmbeddingModel:
    return choose_model("all-MiniLM-L6-v2")


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    return read_corpus(str(NOTES), title="title", id="id")


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
    with pytest.raises(UserError, match=r"is a file and not a run folder; `localtopics run .*small\.csv`"):
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
        again = replace(model, **({"name": "there"} if kept else {"digest": "0" * 64}))
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

    monkeypatch.setattr("localtopics.run.run.remove", killed)
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


# -- labels ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["a\u2028b", "a\u0085b", "a\x0bb\x0cc", "a\rb", "a\nb"])
def test_an_answer_may_hold_any_line_break(folder: Path, text: str) -> None:
    (folder / "labels.jsonl").unlink()
    run = Run.open(folder)
    labels = [replace(LABEL, topic=topic, candidates=(Candidate(text, 0.5),)) for topic in range(3)]
    for label in labels:
        run.append_label(label)
    assert list(run.read_labels().values()) == labels


def test_lines_that_hold_no_label_are_taken_away(folder: Path) -> None:
    whole = (folder / "labels.jsonl").read_bytes().splitlines(keepends=True)
    run = Run.open(folder)
    labels = run.read_labels()
    assert len(labels) == 3
    junk = [
        b"\xff\xfe\n",
        b"[1]\n",
        b'{"topic": 1}\n',
        b"[" * 5000 + b"\n",
        b"\n",
        b'{"topic": 3, "text": "cut',
    ]
    (folder / "labels.jsonl").write_bytes(b"".join([whole[0], junk[0], *whole[1:], *junk[1:]]))
    assert run.read_labels() == labels
    assert (folder / "labels.jsonl").read_bytes() == b"".join(whole)


# -- someone else's folders -----------------------------------------------------------------------------


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Path]:
    """A place that a run folder's links may lead to, which stays as it is."""
    place = tmp_path / "outside"
    place.mkdir()
    (place / "theirs").write_text("theirs")
    yield place
    assert [(path.name, path.read_text()) for path in place.iterdir()] == [("theirs", "theirs")]


@pytest.mark.parametrize(
    "name",
    ["labels.jsonl", ".lock", "run.json", "map.png", "stages", "model", "stages/layouts.npz", "model/x"],
)
@pytest.mark.parametrize("dangling", [False, True])
def test_no_link_is_written_through(folder: Path, outside: Path, name: str, dangling: bool) -> None:
    path = folder / name
    if path.is_dir():
        shutil.rmtree(path)
        target = outside
    else:
        target = outside / "theirs"
        if name == "run.json":
            shutil.copy(path, folder.parent / "copy.json")
            target = folder.parent / "copy.json"
        path.unlink(missing_ok=True)
    path.symlink_to(outside / "nothing" if dangling and name != "run.json" else target)
    with pytest.raises(UserError, match="is a link"), Run.open(folder).locked():
        pytest.fail("a link in a run folder")


def test_the_folder_itself_may_be_a_link(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link.topics").symlink_to(folder)
    with Run.open(tmp_path / "link.topics").locked() as _:
        pass


def test_an_embedding_model_that_only_the_folder_names_is_not_opened(folder: Path, tmp_path: Path) -> None:
    hostile = tmp_path / "model"
    hostile.mkdir()
    (hostile / "modules.json").write_text(
        json.dumps([{"idx": 0, "name": "0", "path": "", "type": "hostile.Module"}])
    )
    (hostile / "hostile.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Module: pass\n")
    (hostile / "model.safetensors").touch()
    record = json.loads((folder / "run.json").read_text())
    record["embedding"] |= {"name": str(hostile), "location": str(hostile)}
    (folder / "run.json").write_text(json.dumps(record))
    with pytest.raises(UserError, match="name it again with --embedding-model"):
        _ = Run.open(folder).embedder
    with pytest.raises(UserError, match="embedded with another model"):
        _ = Run.open(OLD, embedding_model=str(hostile)).embedder
    assert not (tmp_path / "ran").exists()


def test_a_model_file_that_only_the_folder_names_is_not_opened(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "model.gguf").touch()
    _set(("settings", "labels", "model"), str(tmp_path / "model.gguf"))(folder)
    with pytest.raises(UserError, match="name it again with --model"):
        _ = Run.open(folder).label_settings
    _set(("settings", "labels", "model"), "llama-2-13b-chat")(folder)
    assert Run.open(folder).label_settings.model == "llama-2-13b-chat"


def _set(path: tuple[str, ...], value: Any) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        record = json.loads((folder / "run.json").read_text())
        inner = record
        for key in path[:-1]:
            inner = inner[key]
        inner[path[-1]] = value
        (folder / "run.json").write_text(json.dumps(record))

    return damage


def _table(name: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        change(pd.read_parquet(folder / name)).to_parquet(folder / name)

    return damage


def _write(name: str, content: bytes | None) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        (folder / name).unlink()
        (folder / name).mkdir() if content is None else (folder / name).write_bytes(content)

    return damage


DAMAGES: dict[str, Callable[[Path], None]] = {
    "no object": _write("run.json", b"[1, 2]"),
    "not json": _write("run.json", b"\xff\xfe{"),
    "deep": _write("run.json", b"[" * 100_000),
    "stages a list": _set(("stages",), ["layouts"]),
    "a stage a string": _set(("stages", "labels"), "done"),
    "a stage unknown": _set(("stages", "coffee"), {"done": True, "seconds": 1}),
    "done a number": _set(("stages", "labels", "done"), 1),
    "settings a string": _set(("settings",), "default"),
    "a section a string": _set(("settings", "topics"), "default"),
    "an unknown setting": _set(("settings", "topics", "colour"), "red"),
    "a wrong setting": _set(("settings", "topics", "neighbors"), "many"),
    "corpus null": _set(("corpus",), None),
    "source a number": _set(("corpus", "source"), 7),
    "embedding null": _set(("embedding",), None),
    "embedding name a list": _set(("embedding", "name"), ["a"]),
    "min_cluster_size a string": _set(("min_cluster_size",), "8"),
    "format of the future": _set(("format",), FORMAT + 1),
    "format a string": _set(("format",), "1"),
    "no documents": lambda folder: (folder / "documents.parquet").unlink(),
    "documents no table": _write("documents.parquet", b"no table"),
    "documents a folder": _write("documents.parquet", None),
    "no column x": _table("documents.parquet", lambda table: table.drop(columns="x")),
    "x infinite": _table("documents.parquet", lambda table: table.assign(x=np.inf)),
    "y a string": _table("documents.parquet", lambda table: table.assign(y="here")),
    "text a number": _table("documents.parquet", lambda table: table.assign(text=1.5)),
    "text missing": _table("documents.parquet", lambda table: table.assign(text=[None, *table["text"][1:]])),
    "topic a float": _table("documents.parquet", lambda table: table.assign(topic=0.5)),
    "topic 1e9": _table("documents.parquet", lambda table: table.assign(topic=[10**9, *table["topic"][1:]])),
    "topic -7": _table("documents.parquet", lambda table: table.assign(topic=[-7, *table["topic"][1:]])),
    "ids twice": _table("documents.parquet", lambda table: table.assign(id="same")),
    "documents of another run": _table("documents.parquet", lambda table: table.head(50)),
    "no row": _table("documents.parquet", lambda table: table.head(0)),
    "no topics": lambda folder: (folder / "topics.parquet").unlink(),
    "topics cut": _write("topics.parquet", (OLD / "topics.parquet").read_bytes()[:-50]),
    "keywords a string": _table("topics.parquet", lambda table: table.assign(keywords="bread")),
    "no column mmr": _table("topics.parquet", lambda table: table.drop(columns="mmr")),
    "label missing": _table(
        "topics.parquet", lambda table: table.assign(label=pd.array([None] * 3, "string"))
    ),
    "label a number": _table("topics.parquet", lambda table: table.assign(label=5)),
    "fidelity 7": _table("topics.parquet", lambda table: table.assign(fidelity=7.0)),
    "topics out of order": _table("topics.parquet", lambda table: table.iloc[::-1]),
    "a topic 1e9 in topics": _table("topics.parquet", lambda table: table.assign(topic=[0, 1, 10**9])),
    "sizes wrong": _table("topics.parquet", lambda table: table.assign(size=1)),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_folder_is_one_sentence(folder: Path, damage: Callable[[Path], None]) -> None:
    from localtopics.run.stages import assign, redraw

    damage(folder)
    sentences = set()
    for use in (
        lambda run: run.labels,
        redraw,
        lambda run: assign(run, read_corpus(str(NOTES), id="id")),
    ):
        with pytest.raises(UserError) as caught:
            use(Run.open(folder))
        sentences.add(str(caught.value))
    assert len(sentences) == 1
    assert str(folder) in sentences.pop()


# -- private, and for ever ------------------------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="the system has no such rights")
def test_a_run_folder_is_its_owners_alone(tmp_path: Path, corpus: Corpus, model: EmbeddingModel) -> None:
    before = os.umask(0o022)
    try:
        with Run.start(tmp_path / "a" / "b.topics", SETTINGS, corpus, model) as run:
            run.append_label(LABEL)
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
    _set(("settings", "topics", "top_n_words"), 60)(folder)
    _set(("settings", "labels", "gpu_layers"), "9")(folder)
    settings = Run.open(folder).settings
    assert (settings.topics.top_n_words, settings.labels.gpu_layers) == (50, 9)


def test_a_run_says_its_format(tmp_path: Path, corpus: Corpus, model: EmbeddingModel) -> None:
    with Run.start(tmp_path / "a", SETTINGS, corpus, model):
        pass
    assert json.loads((tmp_path / "a" / "run.json").read_text())["format"] == FORMAT
