"""What ``localtopics trends`` prints."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner, Result

from localtopics.cli import cli
from tests.run.conftest import folder

__all__ = ["folder"]


@pytest.fixture
def dated(folder: Path) -> Path:
    """The run of 0.1.0 with columns of years, in which the first topic rises, and of themes."""
    documents = pd.read_parquet(folder / "documents.parquet")
    rank = documents.groupby("topic").cumcount()
    documents["year"] = 2000 + rank % 12
    rising = documents["topic"] == 0
    documents.loc[rising, "year"] = 2011 - (rank[rising] % 3)
    documents["theme"] = documents["id"].str.partition("-")[0].replace("tram", "=tram\x1b[31m")
    documents.to_parquet(folder / "documents.parquet")
    return folder


def trends(folder: Path, *arguments: str, **more: Any) -> Result:
    return CliRunner(**more).invoke(cli, ["trends", str(folder), *arguments])


def test_what_rises_is_shown_with_its_groups(dated: Path) -> None:
    done = trends(dated, "--time", "year", "--group", "theme", "--bins", "year")
    assert done.exit_code == 0, done.output
    assert "Of 3 topics 1 surely rise and " in " ".join(done.output.split())
    rising, falling = done.output.split("Falling:")  # where one rises, others must fall
    assert "Rising:" in rising
    assert "▁▁▁▁▁▁▁" in rising
    assert "bread 100%" in rising
    assert "odds a year" in rising
    assert "▇▅▄▃▃" in falling
    assert f"{dated / 'topics_by_group.png'}" in done.output


def test_a_terminal_without_unicode_gets_no_bars(dated: Path) -> None:
    done = trends(dated, "--time", "year", charset="ascii")
    assert done.exit_code == 0
    assert "Rising:" in done.output
    assert "over time" not in done.output


def test_groups_alone(dated: Path) -> None:
    done = trends(dated, "--group", "theme")
    assert "surely have more of a topic" in done.output
    assert "\\x1b[31m 100%" in done.output, "what a document says is harmless"
    assert "'=tram" in (dated / "topics_by_group.csv").read_text()


def test_one_topic_and_json(dated: Path) -> None:
    done = trends(dated, "--time", "year", "--group", "theme", "--topic", "1")
    assert done.output.count("2004") == 1
    assert "log2 odds ratio" in done.output
    lines = [json.loads(line) for line in trends(dated, "--json").stdout.splitlines()]
    assert [line["topic"] for line in lines] == [0, 1, 2]
    assert lines[0]["trend"] == "rising"
    assert sum(row["documents"] for line in lines for row in line["bins"]) == 72
    (only,) = trends(dated, "--json", "--topic", "2").stdout.splitlines()
    assert json.loads(only) == lines[2]


def test_what_cannot_be_asked_is_one_sentence(dated: Path) -> None:
    nothing, gone, topic = trends(dated), trends(dated, "--time", "gone"), trends(dated, "--topic", "9")
    for done, said in ((nothing, "(--time, --group)"), (gone, "(--time)"), (topic, "no topic 9")):
        assert done.exit_code == 2
        assert said in done.stderr
    unread = trends(dated, "--time", "theme")
    assert "72 of 72 times cannot be read and count as no time" in unread.stderr
    assert unread.exit_code == 2
