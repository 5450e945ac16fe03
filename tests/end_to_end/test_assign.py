"""New documents in runs out of the ordinary."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import localtopics
from localtopics import LabelSettings, Run, RunSettings
from tests.end_to_end.conftest import Command

SUBJECTS = (
    "The bus and the tram carry passengers through the city",
    "Hens lay eggs on the farm where the farmer grows wheat",
    "The choir sings an old song to the organ of the church",
)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Three subjects and no outliers, with embeddings given."""
    documents = [f"{subject}, number {number}." for number in range(20) for subject in SUBJECTS]
    vectors = np.eye(3, 8)[np.arange(60) % 3] + np.random.default_rng(0).normal(0, 0.05, (60, 8))
    settings = RunSettings(labels=LabelSettings(model="none"))
    folder = tmp_path_factory.mktemp("assign") / "run"
    return localtopics.fit(documents, embeddings=vectors.astype(np.float32), settings=settings, out=folder)


def test_a_document_that_fits_nowhere_is_an_outlier_even_of_a_run_without(run: Run, tmp_path: Path) -> None:
    assert sorted(run.labels) == [0, 1, 2]
    np.save(tmp_path / "new.npy", np.array([np.eye(8)[0], -np.ones(8)], np.float32))
    table = run.assign(["A bus.", "Nothing of the kind."], embeddings=tmp_path / "new.npy")
    bus = run.documents["topic"][0]
    assert table["topic"].tolist() == [bus, -1]
    assert table["label"].tolist() == [run.labels[bus], "Outliers"]


def test_so_on_the_command_line(localtopics: Command, run: Run, tmp_path: Path) -> None:
    np.save(tmp_path / "new.npy", -np.ones((1, 8), np.float32))
    (tmp_path / "new.txt").write_text("Nothing of the kind.\n")
    done = localtopics("assign", run.folder, "new.txt", "--embeddings", "new.npy", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert pd.read_csv(tmp_path / "new.assigned.csv")["label"].tolist() == ["Outliers"]
