"""What can be chosen about topics."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from localtopics.errors import UserError
from localtopics.topics.settings import TopicSettings, check_size


@pytest.mark.parametrize(
    "wrong",
    [
        {"min_cluster_size": 1},
        {"min_samples": 0},
        {"top_n_words": 0},
        {"diversity": 1.1},
        {"stop_words": "klingon"},
        {"ngrams": 0},
        {"neighbors": 1},
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UserError):
        replace(TopicSettings(), **wrong)


def test_the_smallest_topic_grows_with_the_corpus() -> None:
    settings = TopicSettings()
    assert settings.cluster_size(117_000) == 150
    assert settings.density(10) == (5, 2)
    sizes = [settings.cluster_size(documents) for documents in range(10, 200_000, 100)]
    assert sizes == sorted(sizes)
    assert TopicSettings(min_cluster_size=7).cluster_size(117_000) == 7
    assert TopicSettings(min_cluster_size=3, min_samples=1).density(100) == (3, 1)


def test_a_cluster_size_needs_twice_as_many_documents() -> None:
    check_size(300, TopicSettings(min_cluster_size=150))
    with pytest.raises(UserError, match="at least 300 documents, and there are only 299"):
        check_size(299, TopicSettings(min_cluster_size=150))
