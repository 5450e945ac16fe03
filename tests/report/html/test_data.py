"""What the page is told about the map."""

from __future__ import annotations

import base64
import json
from typing import Any

import numpy as np
import pytest

from localtopics.report.html.data import page_data, to_json
from localtopics.report.scene import compose
from localtopics.topics.topic import OUTLIER_LABEL
from tests.report.samples import grid_of_islands


def told(documents: int, topics: int, headlines: list[str], order: list[int] | None = None) -> Any:
    """The page's data, as its script reads them."""
    scene = compose(*grid_of_islands(documents, topics), {0: "First"})
    data = page_data(scene, keywords={0: ["one\nword"]}, headlines=headlines, title="T", order=order)
    return json.loads(to_json(data))


def test_the_first_topic_is_the_outliers() -> None:
    data = told(40, 2, ["x"] * 40)
    first, *topics = data["topics"]
    assert (first["label"], first["topic"], first["size"]) == (OUTLIER_LABEL, -1, 4)
    assert {topic["topic"]: (topic["label"], topic["keywords"]) for topic in topics} == {
        0: ("First", ["one word"]),
        1: ("Topic 1", []),
    }
    rows = np.frombuffer(base64.b64decode(data["rows"]), dtype="<u4")
    assert [topic["size"] for topic in data["topics"]] == np.bincount(rows).tolist()


def test_places_are_scaled_to_reach_from_minus_one_to_one() -> None:
    data = told(400, 2, ["x"] * 400)
    points = np.frombuffer(base64.b64decode(data["points"]), dtype="<f4").reshape(-1, 2)
    assert np.abs(points).max(axis=0) == pytest.approx([1, data["bounds"]["y"]], abs=1e-4)
    assert (points.max(axis=0) + points.min(axis=0)) == pytest.approx([0, 0], abs=1e-4)


def test_documents_come_in_the_order_given() -> None:
    order = list(range(39, -1, -1))
    headlines = [f"Paper {i}" for i in range(40)]
    assert told(40, 2, headlines, order)["headlines"] == [headlines[row] for row in order]


def test_headlines_are_cut() -> None:
    headlines = told(5, 1, ["long " * 1000] * 5)["headlines"]
    assert all(len(headline) <= 140 and headline.endswith("…") for headline in headlines)


def test_the_json_cannot_end_its_element() -> None:
    assert "<" not in to_json(["</script>", "<!--"])
    assert json.loads(to_json(["</script>", "<!--"])) == ["</script>", "<!--"]
