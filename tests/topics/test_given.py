"""Topics that are given: read, and found near documents."""

import json
from pathlib import Path

import numpy as np
import pytest

from localtopics.embedding import Embedder
from localtopics.errors import UserError
from localtopics.topics.given import GivenTopic, as_fields, near_topics, read_given_topics, topic_vectors
from tests.topics.vectors import groups

TOPICS = [
    GivenTopic("Ciphers", "Encryption of messages.", ("A block cipher.", "Keys, and who has them.")),
    GivenTopic("Bread"),
]
FILES = {
    "topics.toml": """
        [[topic]]
        name = "Ciphers"
        description = "Encryption of messages."
        examples = ["A block cipher.", "Keys, and who has them."]
        [[topic]]
        name = " Bread "
        """,
    "topics.jsonl": "\n".join(map(json.dumps, as_fields(TOPICS))),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_topics(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(FILES[name], encoding="utf-8")
    found = read_given_topics(tmp_path / name)
    assert found == TOPICS
    assert [GivenTopic.of(fields) for fields in as_fields(found)] == TOPICS


def test_a_table_of_topics_may_have_a_name_alone(tmp_path: Path) -> None:
    (tmp_path / "topics.csv").write_text("name,number,examples\nCiphers,1,A block cipher.\nBread,2,\n")
    assert read_given_topics(tmp_path / "topics.csv") == [
        GivenTopic("Ciphers", "", ("A block cipher.",)),
        GivenTopic("Bread"),
    ]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("topics.toml", "", r"it must have a table \[\[topic\]\]"),
        ("topics.toml", "[[topic]]\ndescription = 'x'", "a topic has no name"),
        ("topics.toml", "[[topic]]\nname = 'x'\nexample = 'y'", "and no 'example'"),
        ("topics.toml", "[[topic]]\nname = 'x'\nexamples = [1]", "an example of 'x' is no text"),
        ("topics.toml", "[[topic]]\nname = 'x'\n[[topic]]\nname = 'X'", "gives the topic 'x' twice"),
        ("topics.toml", "topic", "holds no topics that can be given"),
        ("topics.csv", "title\nBread\n", "name"),
        ("topics.csv", "name,description\n,bread\n", "a topic has no name"),
        ("topics.csv", "name,description\n", "gives no topics"),
    ],
)
def test_a_mistake_in_the_file_is_one_sentence(name: str, content: str, said: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(UserError, match=said):
        read_given_topics(tmp_path / name)
    with pytest.raises(UserError, match="topics"):
        read_given_topics(tmp_path / f"no-{name}")


def test_a_topic_lies_between_its_texts(embedder: Embedder) -> None:
    ciphers, bread = topic_vectors(TOPICS, embedder.embed)
    texts = embedder.embed(["Ciphers. Encryption of messages.", *TOPICS[0].examples])
    assert np.allclose(ciphers, texts.mean(axis=0) / np.linalg.norm(texts.mean(axis=0)), atol=1e-6)
    assert np.allclose(bread, embedder.embed(["Bread"])[0], atol=1e-6)


def test_documents_of_a_topic_stand_out_from_the_others() -> None:
    vectors = groups(60, 40, *[90] * 10, spread=0.1)
    topics = np.stack([vectors[:60].mean(axis=0), vectors[60:100].mean(axis=0)])
    found = near_topics(vectors, topics / np.linalg.norm(topics, axis=1, keepdims=True))
    assert (found.topics[:60] == 0).mean() > 0.9
    assert (found.topics[60:100] == 1).mean() > 0.9
    assert (found.topics[100:] == -1).mean() > 0.95
    assert ((found.strengths > 0) == (found.topics >= 0)).all()
    assert found.strengths.max() == pytest.approx(1)


def test_nothing_is_near_a_topic_by_chance() -> None:
    random = np.random.default_rng(0)
    vectors = random.normal(size=(5000, 64)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    topics = random.normal(size=(20, 64)).astype(np.float32)
    found = near_topics(vectors, topics / np.linalg.norm(topics, axis=1, keepdims=True))
    assert (found.topics >= 0).sum() <= 5
    assert (near_topics(np.ones((30, 4), np.float32) / 2, np.eye(4, dtype=np.float32)).topics == -1).all()
