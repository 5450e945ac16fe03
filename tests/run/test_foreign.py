"""Run folders that somebody else made or damaged."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from localtopics.corpus import read_corpus
from localtopics.errors import UserError
from localtopics.run.record import FORMAT
from localtopics.run.run import Run
from tests.run.folders import NOTES, OLD, changed


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
    with pytest.raises(UserError, match="name it again"):
        _ = Run.open(folder).embedder
    with pytest.raises(UserError, match="embedded with another model"):
        _ = Run.open(OLD, embedding_model=str(hostile)).embedder
    assert not (tmp_path / "ran").exists()


def test_a_model_file_that_only_the_folder_names_is_not_opened(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "model.gguf").touch()
    changed(("settings", "labels", "model"), str(tmp_path / "model.gguf"))(folder)
    with pytest.raises(UserError, match="name it again"):
        _ = Run.open(folder).label_settings
    changed(("settings", "labels", "model"), "llama-2-13b-chat")(folder)
    assert Run.open(folder).label_settings.model == "llama-2-13b-chat"


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
    "stages a list": changed(("stages",), ["layouts"]),
    "a stage a string": changed(("stages", "labels"), "done"),
    "a stage unknown": changed(("stages", "coffee"), {"done": True, "seconds": 1}),
    "done a number": changed(("stages", "labels", "done"), 1),
    "settings a string": changed(("settings",), "default"),
    "a section a string": changed(("settings", "topics"), "default"),
    "an unknown setting": changed(("settings", "topics", "colour"), "red"),
    "a wrong setting": changed(("settings", "topics", "neighbors"), "many"),
    "corpus null": changed(("corpus",), None),
    "source a number": changed(("corpus", "source"), 7),
    "embedding null": changed(("embedding",), None),
    "embedding name a list": changed(("embedding", "name"), ["a"]),
    "tokens a string": changed(("embedding", "tokens"), "64"),
    "tokens 0": changed(("embedding", "tokens"), 0),
    "min_cluster_size a string": changed(("min_cluster_size",), "8"),
    "format of the future": changed(("format",), FORMAT + 1),
    "format a string": changed(("format",), "1"),
    "no documents": lambda folder: (folder / "documents.parquet").unlink(),
    "documents no table": _write("documents.parquet", b"no table"),
    "documents a folder": _write("documents.parquet", None),
    "no column x": _table("documents.parquet", lambda table: table.drop(columns="x")),
    "x infinite": _table("documents.parquet", lambda table: table.assign(x=np.inf)),
    "y a string": _table("documents.parquet", lambda table: table.assign(y="here")),
    "text a number": _table("documents.parquet", lambda table: table.assign(text=1.5)),
    "text missing": _table("documents.parquet", lambda table: table.assign(text=table["text"].shift())),
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
        "topics.parquet", lambda table: table.assign(label=pd.array([pd.NA] * 3, "string"))
    ),
    "label a number": _table("topics.parquet", lambda table: table.assign(label=5)),
    "fidelity 7": _table("topics.parquet", lambda table: table.assign(fidelity=7.0)),
    "topics out of order": _table("topics.parquet", lambda table: table.iloc[::-1]),
    "a topic 1e9 in topics": _table("topics.parquet", lambda table: table.assign(topic=[0, 1, 10**9])),
    "sizes wrong": _table("topics.parquet", lambda table: table.assign(size=1)),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_folder_is_one_sentence(folder: Path, damage: Callable[[Path], None]) -> None:
    damage(folder)
    sentences = set()
    for use in (
        lambda run: run.labels,
        Run.redraw,
        lambda run: run.assign(read_corpus(str(NOTES), id="id")),
    ):
        with pytest.raises(UserError) as caught:
            use(Run.open(folder))
        sentences.add(str(caught.value))
    assert len(sentences) == 1
    assert str(folder) in sentences.pop()
