"""The yardstick of names, on a few groups and the labeller in the box."""

from pathlib import Path

import evaluate_labels
import pandas as pd
import pytest

SUBJECTS = {
    "Bread": "dough flour oven loaf yeast crust",
    "Cycling": "bicycle lane helmet cyclists road tyres",
    "Taxes": "income deduction refund filing credit taxpayers",
    "Sailing": "boat harbour wind sails mast knots",
}


@pytest.fixture
def groups(tmp_path: Path) -> Path:
    """Four groups of eight documents under headings, and one too small to count."""
    rows = [
        {
            "label": label,
            "docs": [f"Of {label.lower()} number {n}: {words} and what else there is" for n in range(8)],
            "source": "arxiv_phrase" if label == "Bread" else "made",
        }
        for (label, words), source in zip(
            SUBJECTS.items(), ["arxiv_phrase", "made", "made", "made"], strict=True
        )
    ]
    rows.append({"label": "Small", "docs": ["one", "two"], "source": "made"})
    pd.DataFrame(rows).to_parquet(tmp_path / "groups.parquet")
    return tmp_path / "groups.parquet"


def test_the_table_and_the_page(
    groups: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LOCALTOPICS_TEST_MODELS", str(tmp_path / "none"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")  # no second opinion is to be had
    arguments = ["x", "--groups", str(groups), "--out", str(tmp_path / "out"), "--model", "labeller"]
    monkeypatch.setattr("sys.argv", [*arguments, "--candidates", "2"])
    evaluate_labels.main()
    printed = capsys.readouterr()
    assert "4 groups of groups.parquet" in printed.out
    assert "Without a second opinion" in printed.err
    assert (tmp_path / "out" / "names.html").read_text().count("<tr>") == 5
    (kept,) = (tmp_path / "out").glob("*.jsonl")
    assert len(kept.read_text().splitlines()) == 4
    before = kept.read_bytes()
    evaluate_labels.main()  # nothing is named again
    assert kept.read_bytes() == before


def test_people_find_their_groups_and_a_foreign_name_does_not(groups: Path) -> None:
    from localtopics.embedding import BUILT_IN_MODEL, Embedder, choose_model

    embed = Embedder(choose_model(BUILT_IN_MODEL)).embed
    yardstick = evaluate_labels.Yardstick(evaluate_labels.read_groups(groups, None), {"MiniLM": embed})
    own = yardstick.row(list(SUBJECTS))
    assert own["acc@1, MiniLM"] == own["exact"] == own["unlike"] == 1
    assert own["cosine, MiniLM"] == pytest.approx(1)
    wrong = yardstick.row(["SAILING BOATS", "Taxes", "Bread", "Bread"])
    assert wrong["acc@1, MiniLM"] == wrong["exact"] == 0
    assert (wrong["unlike"], wrong["shouted"]) == (0.75, 0.25)
