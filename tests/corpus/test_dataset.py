"""Datasets of the hub and of local folders."""

import time
from pathlib import Path

import pandas as pd
import pytest

from localtopics.corpus import read_corpus
from tests.corpus.tables import ROWS, refusal


def test_datasets(tmp_path: Path) -> None:
    import datasets

    frame = pd.DataFrame(ROWS)
    rows = datasets.Dataset.from_pandas(frame)
    rows.select([4, 0]).save_to_disk(tmp_path / "saved")
    datasets.DatasetDict({"train": rows, "test": rows.select([1])}).save_to_disk(tmp_path / "splits")
    (tmp_path / "files").mkdir()
    frame.to_parquet(tmp_path / "files" / "train.parquet")
    frame.head(2).to_parquet(tmp_path / "files" / "test.parquet")

    assert read_corpus(f"hf:{tmp_path / 'saved'}").titles == ["Control", "Maps"]
    assert read_corpus(f"hf:{tmp_path / 'splits'}", split="test", id="key").ids == ["b"]
    assert read_corpus(f"hf:{tmp_path / 'files'}", split="train").documents == ROWS["Abstract"]
    assert len(read_corpus(f"hf:{tmp_path / 'files'}", split="train+test")) == 7
    for folder in ("splits", "files"):
        assert "train, test" in refusal(f"hf:{tmp_path / folder}")
        assert "valid" in refusal(f"hf:{tmp_path / folder}", split="valid") or folder == "splits"
    assert "no column 'body'; its columns are 'Abstract', " in refusal(
        f"hf:{tmp_path / 'saved'}", text="body"
    )


def test_unreachable_dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import datasets

    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    start = time.monotonic()
    assert "nothing cannot be read: it is not here, and the hub does not" in refusal("hf:nobody/nothing")
    assert time.monotonic() - start < 15, "the client would try six times"
    assert not datasets.config.HF_HUB_OFFLINE, "other datasets may be reached again"
    assert "cannot be read" in refusal(f"hf:{tmp_path / 'nowhere'}")
