"""How good the topics of a run are, and how far they agree with other seeds and with people's classes."""

import json
from pathlib import Path

import pandas as pd
import pytest

from localtopics.cli.evaluation import print_evaluation
from localtopics.errors import UserError
from localtopics.run.figures import seed_stability, topic_figures
from localtopics.run.gold import gold_figures, read_gold
from localtopics.run.run import Run
from tests.run.folders import NOTES, changed


def subjects() -> dict[str, str]:
    """What each note is about, as its id says: bread, and two other subjects."""
    return {id: id.partition("-")[0] for id in pd.read_csv(NOTES)["id"]}


def content(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_good_run_has_good_figures(folder: Path) -> None:
    found = topic_figures(Run.open(folder))
    assert found.outliers == 0
    assert found.diversity > 0.9
    assert found.silhouette is not None
    assert found.dbcv is not None
    assert found.coherence is not None
    assert found.silhouette > 0.8
    assert found.dbcv > 0.8
    assert 0 < found.coherence < 1


def test_without_layouts_some_figures_are_left_out(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "stages" / "layouts.npz").write_bytes(b"no layouts")
    run = Run.open(folder)
    evaluation = run.evaluate()
    assert evaluation.figures.silhouette is evaluation.figures.dbcv is None
    assert evaluation.stability is None
    assert evaluation.gold is None
    print_evaluation(run, evaluation)
    assert "Not measured, for want of layouts" in capsys.readouterr().out


def test_other_seeds_find_the_same_topics_and_leave_the_folder_alone(folder: Path) -> None:
    before, run = content(folder), Run.open(folder)
    found = seed_stability(run, 1)
    assert found.seeds == [42, 43]
    assert found.topics == [3, 3]
    assert found.ami == pytest.approx(1.0)
    assert content(folder) == before


def test_topics_against_classes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, gold = Run.open(folder), subjects()
    found = gold_figures(run, gold)
    assert (found.classes, found.without_class, found.all.documents) == (3, 0, 72)
    assert found.all.ami == pytest.approx(1.0)
    assert found.without_outliers == found.all
    bread = run.documents.index[run.documents["id"].str.startswith("bread")]
    run.documents.loc[bread[:5], "topic"] = -1
    left = {id: name for id, name in gold.items() if id not in run.documents["id"][bread[5:9]].tolist()}
    found = gold_figures(run, left)
    assert found.without_class == 4
    assert found.without_outliers is not None
    assert (found.all.documents, found.without_outliers.documents) == (68, 63)
    assert found.all.completeness < found.without_outliers.completeness == pytest.approx(1.0)
    whole = Run.open(folder)
    print_evaluation(whole, whole.evaluate(gold=left))
    assert "4 documents have no class" in capsys.readouterr().out
    with pytest.raises(UserError, match="has a class: what names them"):
        gold_figures(run, {"nobody": "x"})


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_classes_from_a_file_are_found_by_id(folder: Path, tmp_path: Path, ending: str) -> None:
    table = pd.DataFrame({"subject": subjects()}).rename_axis("id").reset_index()
    table.loc[0, "subject"] = None
    path = tmp_path / f"gold.{ending}"
    shuffled = table.sample(frac=1, random_state=0)
    if ending == "csv":
        shuffled.to_csv(path, index=False)
    elif ending == "jsonl":
        path.write_text("\n".join(json.dumps(row) for row in shuffled.dropna().to_dict("records")))
    else:
        shuffled.to_parquet(path, index=False)
    expected = {id: name for id, name in subjects().items() if id != table["id"][0]}
    assert read_gold(Run.open(folder), f"{path}:subject") == expected


def test_classes_of_numbered_documents_are_found_by_row(folder: Path, tmp_path: Path) -> None:
    changed(("settings", "input", "id"), None)(folder)
    documents = pd.read_parquet(folder / "documents.parquet")
    documents["id"] = [str(2 * row) for row in range(len(documents))]  # rows between were dropped
    documents.to_parquet(folder / "documents.parquet", index=False)
    path = tmp_path / "gold.csv"
    pd.DataFrame({"group": range(144)}).to_csv(path, index=False)
    found = read_gold(Run.open(folder), f"{path}:group")
    assert [found[id] for id in documents["id"]] == documents["id"].tolist()


def test_classes_from_a_column_that_the_run_keeps(folder: Path) -> None:
    run = Run.open(folder)
    found = read_gold(run, "title")
    titled = run.documents[run.documents["title"] != ""]
    assert found == dict(zip(titled["id"], titled["title"], strict=True))


def test_classes_that_cannot_be_used(folder: Path, tmp_path: Path) -> None:
    run, path = Run.open(folder), tmp_path / "gold.csv"
    path.write_text("id,subject\nbread-17,Bread\nbread-17,Cake\n")
    for where, said in (
        ("subject", "have no column 'subject'"),
        (f"{path}:subjects", "no column 'subjects'"),
        (f"{tmp_path}/none.csv:subject", "There is no file"),
        (f"{path}:subject", "two classes for the id 'bread-17'"),
    ):
        with pytest.raises(UserError, match=said):
            read_gold(run, where)
