"""What a user does with a finished run: show, trends, assign, label, map, prompt, open it in BERTopic."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from localtopics.run.run import Run
from tests.end_to_end.conftest import Command


@pytest.fixture(scope="module")
def run(localtopics: Command, papers: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run over all but the last 40 documents."""
    folder = tmp_path_factory.mktemp("after")
    table = pd.read_csv(papers).head(360)
    table["package"], table["year"] = (
        table["name"].str.partition(".")[0],
        [2000 + row % 20 for row in range(360)],
    )
    table.to_csv(folder / "papers.csv", index=False)
    options = ("--id", "name", "--min-cluster-size", 16, "--candidates", 1)
    done = localtopics("run", folder / "papers.csv", *options, cwd=folder)
    assert done.returncode == 0, done.stderr
    return Run.open(folder / "papers.topics")


def finest(run: Run) -> dict[int, str]:
    """The labels of the topics that documents have."""
    return {topic.topic: run.labels[topic.topic] for topic in run.topics}


def test_show(localtopics: Command, run: Run, tmp_path: Path) -> None:
    table = localtopics("show", run.folder)
    assert table.returncode == 0
    for number, label in finest(run).items():
        assert label.split()[0] in table.stdout, number
    one = localtopics("show", run.folder, "--topic", 0)
    document = run.documents.set_index("text").loc[run.topics[1].representative[0]]
    assert f"\n{document['title']}\n{str(document.name).split()[0]}" in one.stdout
    lines = localtopics("show", run.folder, "--json").stdout.splitlines()
    assert {json.loads(line)["topic"]: json.loads(line)["label"] for line in lines} == run.labels
    book = localtopics("show", run.folder, "--xlsx", tmp_path / "run.xlsx")
    assert book.returncode == 0, book.stderr
    sheets = pd.read_excel(tmp_path / "run.xlsx", sheet_name=None, engine="openpyxl")
    assert dict(zip(sheets["topics"]["topic"], sheets["topics"]["label"], strict=True)) == run.labels
    assert sheets["documents"]["text"].str[:30].tolist() == run.documents["text"].str[:30].tolist()
    assert sheets["documents"]["label"].tolist() == [run.labels[topic] for topic in run.documents["topic"]]
    for path, said in (("run.xlsx", "exists already"), ("run.csv", "ends in .xlsx")):
        refused = localtopics("show", run.folder, "--xlsx", tmp_path / path)
        assert refused.returncode == 2
        assert said in " ".join(refused.stderr.split())
    missing = localtopics("show", run.folder, "--topic", 999)
    assert missing.returncode == 2
    assert "no topic 999" in missing.stderr


@pytest.mark.parametrize("name", ["topics.parquet", "documents.parquet"])
def test_a_damaged_run(localtopics: Command, run: Run, tmp_path: Path, name: str) -> None:
    folder = shutil.copytree(run.folder, tmp_path / "damaged")
    for damage in ((folder / name).unlink, lambda: (folder / name).write_text("no table")):
        damage()
        for command in ("show", "map"):
            done = localtopics(command, folder, *(["--topic", 0] if command == "show" else []))
            assert done.returncode == 2, done.stderr
            assert "do the run again, which makes it anew" in " ".join(done.stderr.split())


def test_assign(localtopics: Command, run: Run, papers: Path, tmp_path: Path) -> None:
    pd.read_csv(papers).tail(40).to_csv(tmp_path / "new.csv", index=False)
    done = localtopics("assign", run.folder, tmp_path / "new.csv", "--id", "name", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(tmp_path / "new.assigned.csv")
    assert len(table) == 40
    assert set(table["topic"]) <= set(run.labels)
    assert table["label"].tolist() == [run.labels[topic] for topic in table["topic"]]
    assert table["topic"].nunique() > 1
    topics, outliers = table.loc[table["topic"] >= 0, "topic"].nunique(), (table["topic"] == -1).mean()
    assert f"40 documents, {topics} topics, {outliers:.0%} outliers: new.assigned.csv" in done.stdout
    again = localtopics("assign", run.folder, tmp_path / "new.csv", cwd=tmp_path)
    assert again.returncode == 2
    assert "new.assigned.csv exists already" in again.stderr
    options = ("--id", "name", "--force", "--out", "new.xlsx", "--json")
    forced = localtopics("assign", run.folder, tmp_path / "new.csv", *options, cwd=tmp_path)
    assert forced.returncode == 0, forced.stderr
    said = json.loads(forced.stdout)
    assert (said["file"], said["documents"], said["topics"]) == ("new.xlsx", 40, topics)
    assert sum(count["documents"] for count in said["counts"]) == 40
    assert (
        pd.read_excel(tmp_path / "new.xlsx", engine="openpyxl")["label"].tolist() == table["label"].tolist()
    )


def test_the_saved_model_may_be_read_by_whoever_may_read_the_run(run: Run) -> None:
    modes = {file.stat().st_mode for file in run.model_folder.iterdir()}
    assert len(modes) == 1


def test_evaluate(localtopics: Command, run: Run, tmp_path: Path) -> None:
    named = {topic: label for topic, label in finest(run).items() if topic >= 0}
    assert set(run.fidelity) == set(run.labels) - {-1}
    assert all(0 < value <= 1 for value in run.fidelity.values())
    table = localtopics("evaluate", run.folder)
    assert table.returncode == 0, table.stderr
    assert "top 3 keywords" in table.stdout
    assert f"of {len(named)} labels find their own topic first" in table.stdout
    pd.DataFrame({"topic": list(named), "heading": list(named.values())}).to_csv(tmp_path / "headings.csv")
    same = localtopics("evaluate", run.folder, "--headings", tmp_path / "headings.csv", "--json")
    figures = json.loads(same.stdout)
    assert figures["scores"]["labels"]["exact"] == 1.0
    assert figures["headings"] == figures["topics"] == len(named)
    assert figures["scores"]["labels"] == figures["scores"]["human headings"]
    first = [run.fidelity[topic] == 1.0 for topic in named]
    assert figures["scores"]["labels"]["first"] == pytest.approx(sum(first) / len(first))
    run.documents.rename(columns={"id": "name"}).to_csv(tmp_path / "gold.csv", index=False)
    asked = localtopics(
        "evaluate", run.folder, "--gold", f"{tmp_path / 'gold.csv'}:topic", "--seeds", 1, "--json"
    )
    figures = json.loads(asked.stdout)
    assert figures["gold"]["all"]["ami"] == figures["gold"]["without_outliers"]["purity"] == pytest.approx(1)
    assert figures["figures"]["outliers"] == pytest.approx((run.documents["topic"] == -1).mean())
    assert len(figures["stability"]["seeds"]) == 2
    assert 0 < figures["stability"]["ami"] <= 1
    wrong = localtopics("evaluate", run.folder, "--headings", run.folder / "topics.csv")
    assert wrong.returncode == 2
    assert "no column 'heading'" in wrong.stderr


def test_compare(localtopics: Command, run: Run, papers: Path, tmp_path: Path) -> None:
    options = ("--id", "name", "--min-cluster-size", 12, "--seed", 1, "--model", "none")
    done = localtopics("run", papers, *options, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    other = tmp_path / "papers.topics"
    table = localtopics("compare", run.folder, other, "--out", "both.csv", cwd=tmp_path)
    assert table.returncode == 0, table.stderr
    assert "documents are in both; AMI" in table.stdout
    assert set(pd.read_csv(tmp_path / "both.csv")["first_topic"].dropna()) <= set(finest(run))
    assert "</svg>" in (tmp_path / "compare.html").read_text(encoding="utf-8")
    again = localtopics("compare", run.folder, other, cwd=tmp_path)
    assert again.returncode == 2
    assert "compare.html exists already" in again.stderr
    figures = json.loads(localtopics("compare", run.folder, other, "--json", "--force", cwd=tmp_path).stdout)
    assert figures["by"] == "documents"
    assert 0 < figures["ami"] <= 1
    assert {one["topic"] for one in figures["first"]} == set(finest(run)) - {-1}
    nothing = localtopics("compare", run.folder, tmp_path, "--page", "none.html", cwd=tmp_path)
    assert nothing.returncode == 2
    assert not (tmp_path / "none.html").exists()


def test_label_again_with_keywords_and_back(localtopics: Command, run: Run) -> None:
    before = run.documents
    done = localtopics("label", run.folder, "--candidates", 1, "--documents", 2)
    assert done.returncode == 0, done.stderr
    again = Run.open(run.folder)
    assert again.settings.labels.documents == 2
    pd.testing.assert_frame_equal(again.documents, before)
    assert all(again.labels.values())
    none = localtopics("label", run.folder, "--model", "none", "--json")
    lines = [json.loads(line) for line in none.stdout.splitlines()]
    assert {line["topic"] for line in lines} == set(Run.open(run.folder).labels)
    assert "Labels are keywords, as asked" in none.stderr
    assert Run.open(run.folder).topic_table["fallback"].tolist()[1:] == [True] * (len(again.labels) - 1)
    back = localtopics("label", run.folder)
    assert back.returncode == 0, back.stderr
    assert Run.open(run.folder).labels == again.labels


def test_outliers_join_and_leave_again(localtopics: Command, run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "reduced.topics"
    shutil.copytree(run.folder, folder)
    before = run.documents["topic"]
    done = localtopics("reduce", folder, "--outliers", "1%", "--model", "none")
    assert done.returncode == 0, done.stderr
    assert "outliers joined their nearest topic" in done.stderr
    reduced = Run.open(folder)
    outliers = reduced.documents["topic"] == -1
    assert outliers.mean() <= 0.01 < (before == -1).mean()
    joined = (before == -1) & ~outliers
    # a document of several passages may have topics in one and be an outlier in another
    whole = reduced.passages.groupby("row").size() == 1
    assert (reduced.documents["pull"].notna() == (before == -1))[whole].all()
    lost = run.passages["topic"] == -1
    assert reduced.passages["pull"].notna().tolist() == lost.tolist()
    assert (reduced.documents["probability"][joined] == reduced.documents["pull"][joined]).all()
    assert "package" in reduced.documents, "what came with the documents stays with them"
    assert localtopics("reduce", folder, "--outliers", "100%", "--model", "none").returncode == 0
    assert Run.open(folder).documents["topic"].tolist() == before.tolist()
    for options, message in ((), "--outliers"), (("--outliers", "5"), "a share such as"):
        refused = localtopics("reduce", folder, *options)
        assert refused.returncode == 2
        assert message in refused.stderr


def test_map_draws_both_anew(localtopics: Command, run: Run) -> None:
    for name in ("map.png", "map.html"):
        (run.folder / name).unlink()
    done = localtopics("map", run.folder)
    assert done.returncode == 0, done.stderr
    assert (run.folder / "map.png").read_bytes().startswith(b"\x89PNG")
    assert "</html>" in (run.folder / "map.html").read_text(encoding="utf-8")


def test_bertopic_opens_the_model(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    from bertopic import BERTopic

    model = BERTopic.load(str(run.model_folder))
    labels = finest(Run.open(run.folder))
    info = model.get_topic_info()
    named = {topic: f"{topic}_{label}" for topic, label in labels.items()}
    assert dict(zip(info["Topic"], info["Name"], strict=True)) == named
    assert {"Keywords", "KeyBERT", "MMR"} <= set(model.topic_aspects_)
    assert model.get_topic(0)[0][0] == labels[0]
    texts = run.documents.loc[run.documents["topic"] >= 0, "text"].tolist()[:60]
    topics, _ = model.transform(texts)
    own = run.documents.loc[run.documents["topic"] >= 0, "topic"].tolist()[:60]
    assert sum(a == b for a, b in zip(topics, own, strict=True)) >= 40


def test_fit_from_python(papers: Path, tmp_path: Path) -> None:
    import localtopics

    documents = pd.read_csv(papers)["abstract"].tolist()[:200]
    settings = localtopics.RunSettings().updated(
        {"topics": {"min_cluster_size": 10}, "labels": {"candidates": 1}}, "test"
    )
    run = localtopics.fit(documents, settings=settings, out=tmp_path / "fit.topics")
    assert len(run.documents) == 200
    assert (tmp_path / "fit.topics" / "map.html").is_file()


@pytest.mark.parametrize("texts", [["the same few words again"] * 60, [f"word{n} " * 5 for n in range(60)]])
def test_no_topic_or_one_is_a_result(localtopics: Command, tmp_path: Path, texts: list[str]) -> None:
    pd.DataFrame({"text": texts}).to_csv(tmp_path / "odd.csv", index=False)
    done = localtopics("run", "odd.csv", "--min-cluster-size", 30, "--min-samples", 30, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "--min-cluster-size" in done.stderr
    assert (tmp_path / "odd.topics" / "map.html").is_file()


def test_trends(localtopics: Command, run: Run) -> None:
    nothing = localtopics("trends", run.folder)
    assert nothing.returncode == 2
    assert "name a column that holds some" in nothing.stderr
    assert "(--time, --group)" in nothing.stderr
    done = localtopics("trends", run.folder, "--time", "year", "--group", "package")
    assert done.returncode == 0, done.stderr
    run = Run.open(run.folder)
    assert f"Of {len(run.topics) - (run.topics[0].topic == -1)} topics" in done.stdout
    assert str(run.folder / "topics_over_time.png") in done.stdout
    table = pd.read_csv(run.folder / "topics_by_group_over_time.csv")
    assert table["documents"].sum() == 360
    lines = localtopics("trends", run.folder, "--json").stdout.splitlines()
    records = {json.loads(line)["topic"]: json.loads(line) for line in lines}
    assert {topic: record["label"] for topic, record in records.items()} == finest(run)
    for topic, record in records.items():
        for name in ("bins", "groups", "groups_over_time"):
            assert sum(row["documents"] for row in record[name]) == run[topic].size
    one = localtopics("trends", run.folder, "--topic", 0, "--bins", "decade")
    assert "2000s" in one.stdout
    assert "no topic 999" in localtopics("trends", run.folder, "--topic", 999).stderr
    groups = localtopics("trends", run.folder, "--time", "package")
    assert "cannot be read" in groups.stderr
    assert "most in" in groups.stdout
