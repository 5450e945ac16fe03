"""What a run tells its page."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import localtopics
from localtopics.errors import UserError
from localtopics.report.html.settings import PageSettings
from localtopics.report.scene import compose
from localtopics.run.folder import RunFolder
from localtopics.run.page import page_content
from localtopics.run.run import Run
from localtopics.run.settings import RunSettings
from localtopics.run.trends import compute_trends
from localtopics.topics.hierarchy import topic_centres
from localtopics.trends.settings import TrendSettings
from tests.run.conftest import folder
from tests.run.samples import SETTINGS, old

__all__ = ["folder"]


@pytest.fixture
def dated(folder: Path) -> RunFolder:
    """The run of 0.1.0 with columns of years and themes; in topic 0 the years rise, and it has no theme."""
    documents = pd.read_parquet(folder / "documents.parquet")
    rank, first = documents.groupby("topic").cumcount(), documents["topic"] == 0
    documents["year"] = (2000 + rank % 12).where(~first, 2011 - rank % 3).astype(str)
    documents["theme"] = np.where(first, "", documents["id"].str.partition("-")[0])
    documents.to_parquet(folder / "documents.parquet")
    return RunFolder.open(folder)


def test_all_that_a_run_knows_is_on_its_page(dated: RunFolder) -> None:
    trends = compute_trends(dated, TrendSettings(time="year", group="theme", bins="year"))
    scene = compose(dated.layout, dated.documents["topic"].to_numpy(), dated.labels)
    content = page_content(dated, scene, trends)
    assert content.ids == dated.documents["id"].tolist()
    assert content.times is not None
    assert [content.times.labels[code] for code in content.times.of] == dated.documents["year"].tolist()
    assert content.groups is not None
    themes = [content.groups.labels[code] if code >= 0 else "" for code in content.groups.of]
    assert themes == dated.documents["theme"].tolist()
    assert content.topics[0].change.startswith("rising: the odds change by a factor of ")
    for topic in dated.topics:
        facts = content.topics[topic.topic]
        assert (facts.keywords, facts.fidelity) == (topic.keywords, topic.fidelity)
        if topic.topic >= 0:
            others = {other.topic for other in dated.topics if other.topic >= 0} - {topic.topic}
            assert set(facts.nearest) == others


def test_a_run_without_a_model_has_no_nearest_topics(dated: RunFolder) -> None:
    for file in dated.model_folder.iterdir():
        file.unlink()
    scene = compose(dated.layout, dated.documents["topic"].to_numpy(), dated.labels)
    content = page_content(dated, scene, compute_trends(dated, TrendSettings()))
    assert all(facts.nearest == () for facts in content.topics.values())
    assert content.times is content.groups is None


def test_centres_are_means_of_unit_length() -> None:
    vectors = np.array([[1, 0], [0, 1], [0, 1], [1, 0]], dtype=np.float32)
    centres = topic_centres(vectors, np.array([0, 0, 2, -1]), np.array([0, 2]))
    assert centres == pytest.approx(np.array([[2**-0.5, 2**-0.5], [0, 1]]))


def test_titles_stay_as_they_were_asked_for(run: Run) -> None:
    documents, embeddings = old()
    page = run.folder / "map.html"

    def again(**asked: Any) -> Run:
        return localtopics.fit(documents, embeddings=embeddings, out=run.folder, **asked, **SETTINGS)

    run.redraw(titles="all")
    run.redraw()
    drawn = page.stat().st_ino
    assert again().settings.page.titles == "all"
    assert page.stat().st_ino == drawn, "what is drawn already is left"
    assert again(settings=RunSettings(page=PageSettings("fitting"))).settings.page.titles == "fitting"
    assert page.stat().st_ino != drawn
    with pytest.raises(UserError, match="titles"):
        run.redraw(titles="some")
    assert Run.open(run.folder).done("maps")
