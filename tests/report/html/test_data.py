"""What the page is told about the map."""

from __future__ import annotations

import base64
import json
import zlib
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from localtopics.report.html.content import Coded, PageContent, TopicFacts
from localtopics.report.html.data import STEPS, page_data
from localtopics.report.html.headlines import MOST_TYPICAL
from localtopics.report.html.packing import packed, packed_texts, to_json
from localtopics.report.scene import Branch, compose
from localtopics.topics.topic import OUTLIER_LABEL
from tests.report.samples import grid_of_islands


def told(documents: int, topics: int, headlines: list[str], room: int = 10**9, **more: Any) -> Any:
    """The page's data, as its script reads them."""
    scene = compose(*grid_of_islands(documents, topics), {0: "First"})
    facts = {0: TopicFacts(keywords=["one\nword"])}
    content = PageContent(scene=scene, topics=facts, headlines=headlines, title="T", **more)
    return json.loads(to_json(page_data(content, room)))


def unpacked(column: dict[str, str]) -> NDArray[Any]:
    planes = np.frombuffer(zlib.decompress(base64.b64decode(column["base64"])), np.uint8)
    width = int(column["kind"][1:])
    return planes.reshape(width, -1).T.copy().view("<" + column["kind"]).ravel()


def texts(column: dict[str, str]) -> list[str]:
    found: list[str] = json.loads(zlib.decompress(base64.b64decode(column["base64"])))
    return found


def headlines_of(data: Any) -> list[str]:
    """The headlines in the order of documents."""
    order = np.argsort(unpacked(data["rows"]), kind="stable").tolist()
    found = dict(zip(order, texts(data["headlines"]), strict=True))
    return [found[document] for document in range(len(order))]


def test_the_first_topic_is_the_outliers() -> None:
    data = told(40, 2, ["x"] * 40)
    first, *topics = data["topics"]
    assert (first["label"], first["topic"], first["size"]) == (OUTLIER_LABEL, -1, 4)
    assert {topic["topic"]: (topic["label"], topic["keywords"]) for topic in topics} == {
        0: ("First", ["one word"]),
        1: ("Topic 1", []),
    }
    assert [topic["size"] for topic in data["topics"]] == np.bincount(unpacked(data["rows"])).tolist()


def test_places_are_scaled_to_reach_from_minus_one_to_one() -> None:
    data = told(400, 2, ["x"] * 400)
    points = unpacked(data["points"]).reshape(-1, 2) / STEPS - 1
    assert np.abs(points).max(axis=0) == pytest.approx([1, data["bounds"]["y"]], abs=1e-4)
    assert (points.max(axis=0) + points.min(axis=0)) == pytest.approx([0, 0], abs=1e-4)


def test_documents_come_in_the_order_given() -> None:
    order = list(range(39, -1, -1))
    headlines = [f"Paper {i}" for i in range(40)]
    assert headlines_of(told(40, 2, headlines, order=order)) == [headlines[row] for row in order]


def test_headlines_are_cut() -> None:
    headlines = texts(told(5, 1, ["long " * 1000] * 5)["headlines"])
    assert all(len(headline) <= 140 and headline.endswith("…") for headline in headlines)


def test_the_json_cannot_end_its_element() -> None:
    assert "<" not in to_json(["</script>", "<!--"])
    assert json.loads(to_json(["</script>", "<!--"])) == ["</script>", "<!--"]


@pytest.mark.parametrize(("largest", "kind"), [(255, "u1"), (256, "u2"), (65536, "u4")])
def test_integers_are_packed_as_narrow_as_they_can_be(largest: int, kind: str) -> None:
    column = packed(np.array([0, largest]))
    assert column["kind"] == kind
    assert unpacked(column).tolist() == [0, largest]


def test_what_is_no_character_becomes_a_question_mark() -> None:
    assert texts(packed_texts(["\ud800", "é\n\x00"])) == ["?", "é\n\x00"]


def test_headlines_that_take_too_much_room_are_an_even_share_of_each_topic() -> None:
    rng = np.random.default_rng(0)
    headlines = [" ".join(map(str, rng.integers(0, 10**6, 8))) for _ in range(4000)]
    whole = told(4000, 8, headlines)
    assert whole["titled"] == 4000
    size = len(whole["headlines"]["base64"])
    data = told(4000, 8, headlines, room=len(to_json(whole)) - size // 2)
    kept = np.array([bool(headline) for headline in headlines_of(data)])
    assert data["titled"] == kept.sum()
    assert len(data["headlines"]["base64"]) <= size // 2 + 100
    assert all(not kept[i] or headline == headlines[i] for i, headline in enumerate(headlines_of(data)))
    rows = unpacked(data["rows"])
    for row in range(9):
        own = kept[rows == row]
        assert own[:MOST_TYPICAL].all()
        assert 0.35 < own[MOST_TYPICAL:].mean() < 0.6
        assert abs(own[MOST_TYPICAL : len(own) // 2].mean() - own[len(own) // 2 :].mean()) < 0.1
    assert told(4000, 8, headlines, room=0)["titled"] == 9 * MOST_TYPICAL
    assert told(4000, 8, headlines, room=0, all_titles=True)["titled"] == 4000


def test_columns_are_codes_in_the_order_of_documents() -> None:
    order = list(range(39, -1, -1))
    of = np.array([-1, 0, 1] + [0] * 37)
    strength = np.array([np.nan, 0.0, 1.0] + [0.5] * 37)
    data = told(40, 2, ["x"] * 40, order=order, times=Coded(["a", "b\nc"], of), pull=strength)
    assert data["times"]["labels"] == ["a", "b c"]
    assert unpacked(data["times"]["of"])[::-1][:3].tolist() == [2, 0, 1]
    assert unpacked(data["pull"])[::-1][:4].tolist() == [255, 0, 254, 127]
    assert unpacked(data["ids"]).tolist() == order
    assert told(40, 2, ["x"] * 40, ids=[f"d{i}" for i in range(40)])["ids"]["kind"] == "json"
    assert texts(told(40, 2, ["x"] * 40, ids=[f"d\n{i}" for i in range(40)])["ids"])[3] == "d\n3"


def test_branches_follow_the_topics_and_lie_where_these_do() -> None:
    branches = [Branch(2, 1, 3, "Both", 36), Branch(3, 2, None, "All", 36), Branch(4, 1, None, "Empty", 1)]
    data = told(40, 2, ["x"] * 40, branches=branches, parents={0: 2, 1: 2})
    assert [branch["topic"] for branch in data["branches"]] == [2, 3]  # one of no topic has no place
    assert {topic.get("parent") for topic in data["topics"][1:]} == {3}
    assert data["branches"][0]["parent"] == 4
    places = [(topic["x"], topic["y"]) for topic in data["topics"][1:]]
    assert all((branch["x"], branch["y"]) in places for branch in data["branches"])


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"times": Coded(["a"], np.zeros(39, int))}, "40 documents have 39 times"),
        ({"ids": ["a"]}, "40 documents have 1 ids"),
        ({"headlines": ["x"] * 4}, "40 documents have 4 headlines"),
        ({"parents": {0: 1}}, "topic 0 lies within 1"),
        ({"branches": [Branch(2, 1, 2, "Itself", 1)]}, "topic 2 lies within 2"),
    ],
)
def test_what_does_not_fit_together_is_refused(more: dict[str, Any], message: str) -> None:
    scene = compose(*grid_of_islands(40, 2), {})
    given: dict[str, Any] = {"scene": scene, "headlines": ["x"] * 40} | more
    with pytest.raises(ValueError, match=message):
        PageContent(**given)
