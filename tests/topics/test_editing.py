"""Edits are found again by what topics hold, keep what they do not touch, and do the same every time."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as run_settings
from hypothesis import strategies as some

from localtopics.topics.clustering import Clustering
from localtopics.topics.editing import (
    Edit,
    Edited,
    Kind,
    Places,
    Reference,
    find,
    parts_of,
    reference,
    replay,
)
from localtopics.topics.hierarchy import Hierarchy
from localtopics.topics.neighbors import directions
from localtopics.topics.settings import TopicSettings
from localtopics.topics.topic import OUTLIER

SETTINGS = TopicSettings()
TOPICS = np.repeat([0, 1, 2, 3, OUTLIER], [40, 30, 20, 10, 10])
COUNT = len(TOPICS)
IDS = np.array([f"d{row}" for row in range(COUNT)], object)
TREE = Hierarchy({1000: 1, 1001: 1}, {0: 1000, 1: 1000, 2: 1001, 3: 1001})
FOUND = Clustering(TOPICS, np.where(TOPICS < 0, 0, 0.5).astype(np.float32), np.arange(COUNT), TREE)


def places() -> Places:
    """Documents about a middle of each topic; topic 0 has two middles, of 25 and 15 documents."""
    draw = np.random.default_rng(1)
    middles = draw.standard_normal((6, 16))
    which = np.repeat([0, 1, 2, 3, 4, 5], [25, 15, 30, 20, 10, 10])
    vectors = directions(middles[which] + 0.05 * draw.standard_normal((COUNT, 16)))
    return Places(IDS, vectors, vectors[:, :5].copy())


def of(topic: int, clustering: Clustering = FOUND) -> Reference:
    return reference(topic, clustering, IDS, f"topic {topic}")


def edited(*edits: Edit) -> Edited:
    return replay(edits, FOUND, places(), SETTINGS)


def test_merged_topics_have_the_number_of_the_first() -> None:
    done = edited(Edit("merge", (of(3), of(1))))
    assert (done.clustering.topics == np.where(TOPICS == 1, 3, TOPICS)).all()
    assert done.clustering.hierarchy == Hierarchy({1001: 1}, {2: 1001, 3: 1001}), "1000 holds one topic only"


def test_a_dropped_topic_leaves_outliers_without_strength() -> None:
    done = edited(Edit("drop", (of(2),))).clustering
    assert (done.topics == np.where(TOPICS == 2, OUTLIER, TOPICS)).all()
    assert (done.strengths[TOPICS == 2] == 0).all()


def test_documents_are_moved() -> None:
    done = edited(Edit("move", (of(1),), documents=("d0", "d105"))).clustering
    assert done.topics[[0, 105]].tolist() == [1, 1]
    assert done.strengths[[0, 105]].tolist() == [0.5, 1]
    assert (np.delete(done.topics, [0, 105]) == np.delete(TOPICS, [0, 105])).all()
    assert edited(Edit("move", (Reference(()),), documents=("d0",))).clustering.topics[0] == OUTLIER


def test_a_topic_is_split_where_it_has_parts() -> None:
    done = edited(Edit("split", (of(0),), parts=2)).clustering
    assert (done.topics[:25] == 0).all(), "the largest part keeps the number"
    assert (done.topics[25:40] == 4).all()
    assert (done.topics[40:] == TOPICS[40:]).all()
    assert done.hierarchy.parents[4] == TREE.parents[0]


def test_a_split_is_kept_by_its_parts() -> None:
    """Documents that come later go to the part that they are nearest to, and no part changes."""
    known = places()
    parts = parts_of(0, FOUND, known, 2, SETTINGS)
    assert [part.documents[0] for part in parts] == ["d0", "d25"]
    split = Edit("split", (of(0),), into=parts)
    first = replay([split], FOUND, known, SETTINGS).clustering.topics
    later = Places(
        np.append(IDS, np.array(["new0", "new1"], object)),
        np.concatenate([known.vectors, known.vectors[[0, 30]]]),
        np.concatenate([known.reduced, known.reduced[[0, 30]]]),
    )
    more = replace(FOUND, topics=np.append(TOPICS, [0, 0]), strengths=np.ones(COUNT + 2, np.float32))
    after = replay([split], more, later, SETTINGS).clustering.topics
    assert (after[:COUNT] == first).all()
    assert after[COUNT:].tolist() == [first[0], first[30]]


def test_new_numbers_are_none_that_stands_for_anything() -> None:
    high = replace(
        FOUND, topics=np.where(TOPICS == 3, 999, TOPICS), hierarchy=Hierarchy({1000: 1}, {0: 1000, 1: 1000})
    )
    done = replay([Edit("split", (of(0),), parts=2)], high, places(), SETTINGS).clustering
    assert sorted(set(done.topics.tolist())) == [OUTLIER, 0, 1, 2, 999, 1001]


def test_parts_keep_their_numbers_where_these_are_free() -> None:
    parts = parts_of(0, FOUND, places(), 2, SETTINGS)
    assert [part.number for part in parts] == [0, 4]
    split = Edit("split", (of(0),), into=parts)
    for topic, others, numbers in ((5, [1, 2, 5], [0, 4]), (4, [1, 2, 4], [0, 5])):
        grown = replace(FOUND, topics=np.where(TOPICS == 3, topic, TOPICS))
        done = replay([split], grown, places(), SETTINGS).clustering.topics
        assert sorted(set(done.tolist())) == sorted([OUTLIER, *others, *numbers])
        assert (done[:25] == 0).all()
        assert (done[25:40] == numbers[1]).all()
    strange = replace(split, into=(parts[0], replace(parts[1], number=10**12)))
    assert set(replay([strange], FOUND, places(), SETTINGS).clustering.topics[25:40].tolist()) == {4}


def test_names_and_notes_go_with_their_topic() -> None:
    named = (Edit("rename", (of(1),), text="Mine"), Edit("note", (of(1),), text="look again"))
    holder = Edit("rename", (reference(1001, FOUND, IDS, ""),), text="Upper")
    done = edited(*named, holder)
    assert done.names == {1: "Mine", 1001: "Upper"}
    assert done.notes == {1: "look again"}
    assert edited(*named, Edit("merge", (of(1), of(2)))).names == {1: "Mine"}
    gone = edited(*named, Edit("merge", (of(2), of(1))))
    assert (gone.names, gone.notes) == ({}, {})
    assert edited(*named, Edit("drop", (of(1),))).names == {}


def test_what_is_not_there_is_left_out_and_the_rest_done() -> None:
    strange = Reference(("nobody", "knows"), "lost")
    done = edited(Edit("drop", (strange,)), Edit("drop", (of(3),)), Edit("merge", (of(1), strange)))
    assert done.left == (0, 2)
    assert (done.clustering.topics == np.where(TOPICS == 3, OUTLIER, TOPICS)).all()


@pytest.mark.parametrize("kind", ["drop", "split", "merge", "rename", "note"])
def test_nothing_but_a_move_is_about_outliers(kind: str) -> None:
    topics = (Reference(()), *([of(1)] if kind == "merge" else []))
    edit = Edit(cast("Kind", kind), topics, text="x")
    assert edited(edit) == Edited(FOUND, left=(0,))


@run_settings(max_examples=50, deadline=None)
@given(
    some.lists(
        some.tuples(some.sampled_from(["merge", "drop", "move", "split"]), *[some.integers(0, 9)] * 2),
        max_size=5,
    )
)
def test_replayed_on_other_numbers_edits_do_the_same(wanted: list[tuple[str, int, int]]) -> None:
    """Topics are known by what they hold: with their numbers exchanged the documents come together alike."""
    edits, done = [], Edited(FOUND)
    for kind, one, other in wanted:
        topics = np.unique(done.clustering.topics[done.clustering.topics != OUTLIER])
        if not len(topics):
            break
        first, second = (of(int(topics[place % len(topics)]), done.clustering) for place in (one, other))
        pair, parts = (first, second) if kind == "merge" else (first,), 2 if kind == "split" else None
        edit = Edit(cast("Kind", kind), pair, parts=parts)
        edits.append(replace(edit, documents=(f"d{one}",)) if kind == "move" else edit)
        done = replay(edits, FOUND, places(), SETTINGS)
    swapped = np.array([3, 2, 1, 0, OUTLIER])[TOPICS]
    other_way = replay(edits, replace(FOUND, topics=swapped, hierarchy=Hierarchy()), places(), SETTINGS)
    pairs = set(zip(done.clustering.topics.tolist(), other_way.clustering.topics.tolist(), strict=True))
    assert len({a for a, _ in pairs}) == len(pairs) == len({b for _, b in pairs})


def test_a_topic_is_found_by_most_of_its_documents() -> None:
    half = Reference(tuple(f"d{row}" for row in (40, 41, 75, 76)))
    assert find(half, FOUND, IDS) in (1, 2)
    assert find(Reference(("d0", "d40", "d75")), FOUND, IDS) is None
    assert find(Reference(("d100", "d101")), FOUND, IDS) is None, "outliers are no topic"
    assert find(Reference(("d40",), level=1), FOUND, IDS) == 1000
