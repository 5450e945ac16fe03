"""What a label's score is made of, and which candidate becomes the label, on made-up embeddings."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from localtopics.labels.scoring import Choice, LabelScorer, choose

WORDS = {
    "cats": [1.0, 0.0, 0.0],
    "dogs": [0.6, 0.8, 0.0],
    "birds": [0.0, 1.0, 0.0],
    "pets": [0.8, 0.6, 0.0],
    "cats of the old town": [0.8, 0.6, 0.0],
}
TEXTS = {0: ["A cat sat.", "Cats purr; dogs bark."], 1: ["The birds sing."], 2: ["Fish", "Fish and birds"]}


def embed(texts: Sequence[str]) -> NDArray[np.float32]:
    return np.array([WORDS[text.lower()] for text in texts], dtype=np.float32)


def scorer(texts: Mapping[int, Sequence[str]] = TEXTS) -> LabelScorer:
    """One whose topics are the axes."""
    axes = np.eye(3, dtype=np.float32)
    return LabelScorer(embed, texts, dict(zip(texts, axes, strict=False)))


def scores(choice: Choice) -> dict[str, float | None]:
    return {candidate.text: candidate.score for candidate in choice.candidates}


# -- the choice


def test_one_candidate_is_taken_as_it_is() -> None:
    choice = choose(0, ['Label: "Urban transport".'])
    assert choice.text == "Urban transport"
    assert [candidate.text for candidate in choice.candidates] == ['Label: "Urban transport".']


@pytest.mark.parametrize("texts", [[], [""], ["Sure, here is the label:"], ["I cannot help.", "..."]])
def test_nothing_is_chosen_where_nothing_is_usable(texts: Sequence[str]) -> None:
    for choice in (choose(0, texts), choose(0, texts, ["Cats"], scorer())):
        assert choice.text is None
        assert [candidate.text for candidate in choice.candidates] == list(texts)
        assert all(candidate.score is None for candidate in choice.candidates)


def test_without_a_scorer_agreement_decides_then_the_greedy_answer() -> None:
    assert choose(0, ["Buses", "Trams", "Trains"]).text == "Buses"
    assert choose(0, ["Buses", "Trams", '"trams"']).text == "Trams"


def test_labels_that_the_model_did_not_write_compete_without_a_vote() -> None:
    choice = choose(0, ["Buses"], ["Trams", "Trams"])
    assert choice.text == "Buses"
    assert [candidate.text for candidate in choice.candidates] == ["Buses", "Trams", "Trams"]
    assert [candidate.score for candidate in choice.candidates] == [0.1, 0.0, 0.0]
    assert choose(0, ["Birds"], ["Cats"], scorer()).text == "Cats"


def test_the_label_that_fits_the_topic_wins() -> None:
    answers = ["Birds", "Dogs", "Cats"]
    assert choose(0, answers).text == "Birds"
    chosen = choose(0, answers, scorer=scorer())
    assert chosen.text == "Cats"
    found = scores(chosen)
    assert sorted(found, key=lambda text: found[text] or 0.0) == ["Birds", "Dogs", "Cats"]
    assert choose(1, answers, scorer=scorer()).text == "Birds"


def test_length_and_talk_count_against_a_candidate() -> None:
    assert choose(0, ["The many kinds of urban bus fares", "Urban bus fares"]).text == "Urban bus fares"
    assert choose(0, ["Sure, here is the label: Buses", "Trams"]).text == "Trams"


def test_all_candidates_keep_their_text_and_score() -> None:
    choice = choose(0, ["Sure:", "Label: Buses", '"Buses".'])
    assert [candidate.text for candidate in choice.candidates] == ["Sure:", "Label: Buses", '"Buses".']
    assert [candidate.score for candidate in choice.candidates] == [None, 0.0467, 0.0667]


# -- the score


def test_the_score_is_the_sum_that_is_documented() -> None:
    answers = ["Label: cats of the old town", "Pets", "pets", "I cannot help."]
    found = scores(choose(0, answers, ["Cats", "Birds"], scorer()))
    middle = np.mean([WORDS["pets"]] * 3, axis=0)  # of all three usable answers
    vectors = {name: np.array(WORDS[name.lower()]) for name in ("Pets", "Cats", "Birds")}
    consensus = {name: vector @ middle for name, vector in vectors.items()}
    assert found["I cannot help."] is None
    assert found["Pets"] == found["pets"] == pytest.approx(0.8 + 0.1 * consensus["Pets"] + 0.1 * 2 / 4)
    assert found["Label: cats of the old town"] == pytest.approx(
        0.8 + 0.1 * consensus["Pets"] + 0.1 / 4 - 0.03 * 2 - 0.02
    )
    assert found["Cats"] == pytest.approx(1 + 0.1 * consensus["Cats"] + 0.3 * 1 - 0.12)
    coverage = -(1 + 0.5) / 2
    assert found["Birds"] == pytest.approx(0.1 * consensus["Birds"] + 0.3 * coverage - 0.12 - 0.5 * 0.5)


def test_only_clean_labels_are_embedded() -> None:
    seen: list[str] = []

    def watching(texts: Sequence[str]) -> NDArray[np.float32]:
        seen.extend(texts)
        return embed(texts)

    axes = np.eye(3, dtype=np.float32)
    watched = LabelScorer(watching, TEXTS, dict(enumerate(axes)))
    choose(0, ["Label: Cats.", "", "Sperm/Shape/Shape/Shape Estimation"], scorer=watched)
    assert seen == ["Cats"]


def test_a_repeated_label_scores_the_same() -> None:
    random = np.random.default_rng(5)
    vectors: dict[str, NDArray[np.float32]] = {}

    def at_random(texts: Sequence[str]) -> NDArray[np.float32]:
        for text in texts:
            vectors.setdefault(text, random.standard_normal(384).astype(np.float32))
        return np.stack([vectors[text] for text in texts])

    found = LabelScorer(at_random, {topic: [f"Text {topic}"] for topic in range(40)})
    labels = [f"Label {chr(ord('a') + number % 5)}" for number in range(23)]
    fit = found.fit(3, labels, labels)
    for figures in (fit.cosine, fit.consensus, fit.coverage, fit.nearness):
        by_label = dict(zip(labels, np.asarray(figures), strict=True))
        assert np.asarray(figures).tolist() == [by_label[label] for label in labels]


def test_near_is_the_share_of_other_topics_that_lie_nearer() -> None:
    labels = ["Cats", "Dogs", "Birds"]
    assert np.asarray(scorer().fit(0, labels, labels).nearness).tolist() == [0.0, 0.5, 0.5]
    alone = scorer({7: ["Birds"]})
    assert np.asarray(alone.fit(7, ["Birds"], ["Birds"]).nearness).tolist() == [0.0]


def test_coverage_is_what_the_documents_hold_more_often_than_other_topics() -> None:
    found = scorer()
    assert found.coverage(0, "Cats") == 1
    assert found.coverage(0, "Dog") == found.coverage(0, "Dogs, cats") == 0.5
    assert found.coverage(1, "birds") == 1 - 0.5 / 2
    assert found.coverage(0, "Birds") == -(1 + 0.5) / 2
    assert found.coverage(2, "Whales") == found.coverage(2, "") == 0
    assert scorer({7: ["Birds"]}).coverage(7, "Birds") == 1


def test_centres_come_from_the_documents_where_they_are_not_given() -> None:
    found = LabelScorer(embed, {3: ["Cats", "Birds"], 5: ["Dogs"]})
    assert np.asarray(found.fit(5, ["Dogs", "Pets"], ["Dogs"]).nearness).tolist() == [0.0, 1.0]


def test_nothing_is_embedded_twice() -> None:
    asked: list[str] = []

    def counting(texts: Sequence[str]) -> NDArray[np.float32]:
        asked.extend(texts)
        return embed(texts)

    axes = np.eye(3, dtype=np.float32)
    counted = LabelScorer(counting, {0: ["Cats"], 1: ["Birds"]}, {0: axes[0], 1: axes[1]})
    choose(0, ["Cats", "Dogs", "Cats"], scorer=counted)
    assert sorted(asked) == ["Cats", "Dogs"]
    counted.read(['"Birds".', "Label: Dogs", ""])
    assert asked[2:] == ["Birds"]
    choose(1, ["Birds", "Dogs"], scorer=counted)
    assert len(asked) == 3
