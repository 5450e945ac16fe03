"""Topics over time and by group in a run folder: which columns, which files, and what is asked again."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import localtopics
from localtopics.corpus import read_corpus
from localtopics.errors import UserError
from localtopics.run.lock import TRENDS
from localtopics.run.run import Run
from localtopics.run.settings import RunSettings
from tests.conftest import ROOT
from tests.run.folders import changed

NOTES = ROOT / "tests" / "data" / "notes.csv"
SETTINGS = RunSettings().updated(
    {
        "input": {"source": "notes.csv", "time": "when", "group": "theme"},
        "topics": {"min_cluster_size": 8},
        "labels": {"model": "none"},
    },
    "test",
)


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run of notes with years, the last two without; each theme is a topic."""
    notes = pd.read_csv(NOTES, dtype=str)
    theme = notes["id"].str.partition("-")[0]
    years = [str(2000 + row % 9) for row in range(len(notes))]
    years[-2:] = ["soon", ""]
    draw = np.random.default_rng(0)
    directions = {name: draw.normal(size=384) for name in sorted(set(theme))}
    vectors = np.stack([directions[name] + draw.normal(size=384) for name in theme]).astype(np.float32)
    table = notes.assign(when=years, theme=theme, number=range(len(notes)), x="ours", group="other")
    path = tmp_path_factory.mktemp("trends") / "notes.parquet"
    table.to_parquet(path)
    corpus = read_corpus(path, id="id", time="when", group="theme")
    return localtopics.fit(corpus, embeddings=vectors, settings=SETTINGS, out=path.with_name("notes.topics"))


@pytest.fixture
def run(ready: Run, tmp_path: Path) -> Run:
    """A copy that a test may change."""
    return Run.open(shutil.copytree(ready.folder, tmp_path / "notes.topics"))


def contents(run: Run) -> dict[str, bytes]:
    return {name: (run.folder / name).read_bytes() for name in TRENDS if (run.folder / name).exists()}


def test_a_run_with_times_and_groups_writes_its_trends(ready: Run) -> None:
    assert list(contents(ready)) == list(TRENDS)
    assert ready.documents.columns.tolist() == [
        *("id", "title", "text", "time", "group", "topic", "probability", "x", "y"),
        *("number", "x_", "group_"),
    ]
    assert ready.documents["number"].tolist() == list(range(72))
    for name in ("topics_over_time.csv", "topics_by_group.csv", "topics_by_group_over_time.csv"):
        assert pd.read_csv(ready.folder / name)["documents"].sum() == 72
    table = pd.read_csv(ready.folder / "topics_over_time.csv")
    assert table[table["bin"] == "no time"]["documents"].sum() == 2
    groups = pd.read_csv(ready.folder / "topics_by_group.csv")
    assert (groups["representation"] == "over").sum() == 3, "each theme has its topic"


def test_other_bins_and_columns_are_remembered(run: Run, caplog: pytest.LogCaptureFixture) -> None:
    before = contents(run)
    assert run.trends().unit == "year"
    assert contents(run) == before
    found = run.trends(bins="month", time="number")  # the numbers 0 to 71 are no years
    assert (found.over_time, found.unit) == (None, None)
    assert "72 of 72 times cannot be read and count as no time, such as '0', '1' and 70 more" in caplog.text
    assert list(contents(run)) == ["topics_by_group.csv", "topics_by_group.png"]
    again = Run.open(run.folder)
    assert again.trends(time="when").unit == "month"
    again.redraw()
    assert "2000-01" in (run.folder / "topics_over_time.csv").read_text()
    assert again.trends(bins="auto", group="group_").by_group is not None
    assert pd.read_csv(run.folder / "topics_by_group.csv")["group"].unique().tolist() == ["other"]


def test_files_that_are_lost_are_written_again(run: Run) -> None:
    before = contents(run)
    (run.folder / "topic_trends.csv").unlink()
    run.trends()
    assert contents(run) == before


def test_a_kill_between_two_files_is_mended(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*arguments: object, **more: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("localtopics.report.png.groups.draw_by_group", killed)
        with pytest.raises(KeyboardInterrupt):
            run.trends(bins="quarter")
    again = Run.open(run.folder)
    assert not again.done("maps")
    again.trends(bins="quarter")
    assert again.done("maps")
    assert contents(again)["topics_by_group.png"].startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"time": "created"}, r"have no column 'created'; they have 'id', .*, 'number', 'x_', 'group_'\."),
        ({"bins": "fortnight"}, "sets 'bins' to 'fortnight'; it takes \"auto\" or \"decade\""),
        ({"bins": "day"}, "choose longer ones"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_changes_nothing(
    run: Run, asked: dict[str, str], said: str
) -> None:
    before = (run.folder / "run.json").read_bytes()
    with pytest.raises(UserError, match=said):
        run.trends(**asked)  # type: ignore[arg-type]
    assert (run.folder / "run.json").read_bytes() == before


def test_a_run_without_times_and_groups_says_what_it_has(folder: Path) -> None:
    run = Run.open(folder)
    with pytest.raises(UserError, match=r"no times and no groups: .* of 'id', 'title', 'text'") as refused:
        run.trends()
    assert refused.value.arguments == ("time", "group")
    assert run.trends(group="title").by_group is not None
    assert sorted(contents(run)) == ["topics_by_group.csv", "topics_by_group.png"]


@pytest.mark.parametrize(
    "trends",
    [
        [],
        {"settings": {}, "files": "all"},
        {"settings": {"colour": "red"}, "files": []},
        {"settings": {"bins": 5}, "files": []},
        {"settings": {"time": "gone"}, "files": []},
    ],
)
def test_a_damaged_record_is_one_sentence(folder: Path, trends: object) -> None:
    changed(("trends",), trends)(folder)
    with pytest.raises(UserError, match=r"^[^\n]+$"):
        Run.open(folder).trends(group="title")


def test_files_that_a_record_names_are_ours_alone(run: Run) -> None:
    changed(("trends", "files"), ["../elsewhere", "topics_over_time.csv", 5, None])(run.folder)
    (run.folder / "topics_over_time.csv").unlink()
    with pytest.raises(UserError, match=r"topics_over_time\.csv is missing"):
        Run.open(run.folder)._check_results("maps")


def test_documents_of_runs_without_times_are_as_before(folder: Path) -> None:
    run = Run.open(folder)
    run.redraw()
    assert contents(run) == {}
    assert "trends" not in json.loads((folder / "run.json").read_text())
