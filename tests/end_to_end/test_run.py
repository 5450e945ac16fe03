"""The main job as a user does it, from a file to a map, and what happens when it is killed on the way."""

import json
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from localtopics.run.record import STAGES
from localtopics.run.run import Run
from tests.end_to_end.conftest import Command

ARGUMENTS = ("--id", "name", "--min-cluster-size", "12", "--candidates", "1")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A cache of these runs alone: the vectors that other tests keep may differ in their last bits."""
    return {"XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache"))}


@pytest.fixture(scope="module")
def finished(
    localtopics: Command, papers: Path, cache: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A run that nobody disturbed."""
    out = tmp_path_factory.mktemp("finished") / "papers.topics"
    done = localtopics("run", papers, *ARGUMENTS, "--out", out, **cache)
    assert done.returncode == 0, done.stderr
    return out


def contents(folder: Path) -> dict[str, object]:
    """What a run found, without what only says how long it took."""
    run = Run.open(folder)
    return {
        "documents": run.documents.to_json(double_precision=15),
        "topics": run.topics,
        "labels": run.labels,
        "map": (folder / "map.png").read_bytes(),
        "page": (folder / "map.html").read_bytes(),
    }


def test_a_run_leaves_the_files_that_the_readme_names(finished: Path) -> None:
    names = {path.name for path in finished.iterdir() if not path.name.startswith(".")}
    assert names == {
        "run.json", "documents.parquet", "topics.parquet", "topics.csv", "labels.jsonl", "model", "stages",
        "map.png", "map.html", "passages.parquet",
    }  # fmt: skip
    run = Run.open(finished)
    assert len(run.documents) == 400
    columns = [name for name in run.documents.columns if name != "duplicate_of"]
    assert columns == ["id", "title", "text", "topic", "probability", "shares", "x", "y"]
    assert len([topic for topic in run.topics if topic.topic >= 0]) >= 5
    assert sum(topic.size for topic in run.topics) == 400
    assert all(run.done(stage) for stage in STAGES)
    assert run.labels[-1] == "Outliers"
    for level in run.levels:
        assert len({topic.label for topic in level}) == len(level)
    flat = pd.read_csv(finished / "topics.csv")
    assert flat["label"].tolist() == list(run.labels.values())


def test_the_same_command_again_does_nothing(localtopics: Command, papers: Path, finished: Path) -> None:
    before = {
        path: path.stat().st_mtime_ns
        for path in finished.rglob("*")
        if path.is_file() and path.name != ".lock"
    }
    again = localtopics("run", papers, *ARGUMENTS, "--out", finished)
    assert again.returncode == 0, again.stderr
    assert before == {path: path.stat().st_mtime_ns for path in before}
    assert "Outliers" in again.stdout


def test_other_settings_need_force(localtopics: Command, papers: Path, finished: Path) -> None:
    before = (finished / "run.json").read_bytes()
    refused = localtopics("run", papers, "--id", "name", "--min-cluster-size", "20", "--out", finished)
    assert refused.returncode == 2
    assert "min_cluster_size was 12 and is now 20" in refused.stderr
    assert "--force" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert (finished / "run.json").read_bytes() == before


def test_other_documents_need_force(
    localtopics: Command, papers: Path, finished: Path, tmp_path: Path
) -> None:
    fewer = tmp_path / "papers.csv"
    pd.read_csv(papers).head(300).to_csv(fewer, index=False)
    refused = localtopics("run", fewer, *ARGUMENTS, "--out", finished)
    assert refused.returncode == 2
    assert "the documents are not the same" in refused.stderr


def test_a_folder_that_is_no_run_is_left_alone(localtopics: Command, papers: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    refused = localtopics("run", papers, *ARGUMENTS, "--out", tmp_path, "--force")
    assert refused.returncode == 2
    assert (tmp_path / "thesis.tex").read_text() == "years of work"
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


KILL = """
import os, signal
from localtopics.cli import cli
from localtopics.run import stages

append, written = stages.append_label, []

def append_and_die(path, label):
    append(path, label)
    written.append(label)
    if len(written) == 3:
        with path.open("a") as file:
            file.write('{"topic": 3, "text": "cut sho')
        os.kill(os.getpid(), signal.SIGKILL)

stages.append_label = append_and_die
cli()
"""
"""A real kill among the labels. tests/embedding has one of the embedding, and test_kills.py goes on from
every state that a kill can leave."""


def test_a_killed_run_goes_on_and_ends_the_same(
    localtopics: Command,
    papers: Path,
    finished: Path,
    cache: dict[str, str],
    environment: dict[str, str],
    warm_python: str,
    tmp_path: Path,
) -> None:
    out = tmp_path / "papers.topics"
    arguments = ["run", str(papers), *ARGUMENTS, "--out", str(out)]
    killed = subprocess.run(
        [warm_python, "-c", KILL, *arguments],
        env=environment | cache,  # the finished run's, to save time
        capture_output=True,
        text=True,
        timeout=280,
    )
    assert killed.returncode == -9, killed.stderr
    state = json.loads((out / "run.json").read_text())["stages"]
    assert set(state) < set(STAGES)
    resumed = localtopics(*arguments, **cache)
    assert resumed.returncode == 0, resumed.stderr
    ours, theirs = contents(out), contents(finished)
    assert [name for name in ours if ours[name] != theirs[name]] == []  # pytest would compare whole pages
    assert not list(out.glob(".*.part"))
