"""A run of private data: what was taken out is nowhere, and what is left is its owner's alone."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from localtopics.errors import UserError
from localtopics.run.fit import fit_source
from localtopics.run.run import Run
from localtopics.run.settings import RunSettings

SECRETS = ("ann.lee@firm.example", "DE89370400440532013000", "4111111111111111")


def table(rows: int) -> pd.DataFrame:
    about = ("trams and buses in town", "bread and cakes from the oven", "stars and planets at night")
    texts = [f"Note {row} on {about[row % 3]}, by {SECRETS[row % 3]}." for row in range(rows)]
    return pd.DataFrame({"text": texts, "title": [f"By {SECRETS[0]}"] * rows, "by": [SECRETS[0]] * rows})


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a run in it that was made under the umask 0, as was the cache beside it."""
    folder = tmp_path_factory.mktemp("private")
    table(60).to_csv(folder / "notes.csv", index=False)
    before = os.umask(0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        try:
            settings = RunSettings().updated(
                {
                    "input": {"source": str(folder / "notes.csv"), "redact": "email,iban,card"},
                    "embedding": {"model": "all-MiniLM-L6-v2"},
                    "topics": {"min_cluster_size": 10},
                    "labels": {"model": "none"},
                },
                "test",
            )
            run = fit_source(settings, folder / "notes.topics")
            run.update(table(64)["text"][60:], ids=[f"{SECRETS[0]} {row}" for row in range(4)])
            yield folder
        finally:
            os.umask(before)


def made(place: Path) -> list[Path]:
    return [
        path
        for part in ("notes.topics", "cache/localtopics")
        for path in [place / part, *(place / part).rglob("*")]
    ]


def test_all_that_is_written_is_its_owners_alone(place: Path) -> None:
    if os.name == "nt":
        return
    modes = {path: path.stat().st_mode & 0o777 for path in made(place)}
    assert {path: oct(mode) for path, mode in modes.items() if path.is_file() and mode != 0o600} == {}
    assert {path: oct(mode) for path, mode in modes.items() if path.is_dir() and mode != 0o700} == {}


def test_what_was_taken_out_is_nowhere(place: Path) -> None:
    for path in filter(Path.is_file, made(place)):
        content = path.read_bytes()
        if path.suffix == ".parquet":
            content += pd.read_parquet(path).to_csv().encode()
        assert [secret for secret in SECRETS if secret.encode() in content] == [], path


def test_it_is_counted_and_its_kind_stands_in_its_place(place: Path) -> None:
    record = json.loads((place / "notes.topics" / "run.json").read_text())
    assert record["corpus"]["redacted"] == {"email": 20 + 60 + 60, "iban": 20, "card": 20}
    documents = Run.open(place / "notes.topics").documents
    assert documents["by"].iloc[0] == "[email]"
    assert documents["text"].iloc[1].endswith("by [iban].")


def test_documents_that_come_later_are_redacted_too(place: Path) -> None:
    run = Run.open(place / "notes.topics")
    assert len(run.documents) == 64
    text = "A note on trams and buses in town, by {}."
    answers = [run.assign([text.format(word)]).drop(columns="id") for word in (SECRETS[0], "[email]")]
    assert answers[0].equals(answers[1])


def test_without_it_the_run_is_another(place: Path) -> None:
    recorded = RunSettings.read(place / "notes.topics" / "run.json")
    other = recorded.updated({"input": {"redact": "email"}}, "test")
    with pytest.raises(UserError, match="redact was"):
        fit_source(other, place / "notes.topics")
