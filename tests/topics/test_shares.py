"""Topics of documents by those of their passages."""

import numpy as np
import pytest

from localtopics.embedding.passages import Passages
from localtopics.topics.shares import DocumentTopics, document_topics

SIZES = [1, 4, 2, 3]
TOPICS = [2, 0, 1, 1, -1, -1, 3, -1, -1, -1]
TOKENS = [9, 50, 30, 30, 90, 100, 100, 10, 10, 19]


@pytest.fixture
def found() -> DocumentTopics:
    document = np.repeat(np.arange(4), SIZES)
    zeros = np.zeros(10, np.int64)
    passages = Passages([""] * 10, document, zeros, zeros, np.array(TOKENS))
    vectors = np.eye(10, dtype=np.float32)
    vectors[3] += vectors[2]
    strengths = np.array([0.5, 1, 0.2, 0.8, 0, 0, 1, 0, 0, 0], np.float32)
    return document_topics(passages, np.array(TOPICS), strengths, vectors)


def test_a_document_has_the_topic_of_its_largest_part(found: DocumentTopics) -> None:
    assert found.topics.tolist() == [2, 1, 3, -1]  # though most of the second and third is in none
    assert found.shares[1] == [(-1, 0.45), (1, 0.3), (0, 0.25)]
    assert all(sum(share for _, share in own) == pytest.approx(1) for own in found.shares)


def test_membership_is_the_mean_of_its_passages(found: DocumentTopics) -> None:
    assert found.probabilities.tolist() == pytest.approx([0.5, 0.5, 1, 0])


def test_a_passage_of_its_topic_stands_for_it(found: DocumentTopics) -> None:
    assert found.passages.tolist()[:3] == [0, 3, 6]
    assert found.passages[3] == 9
