"""The labeller's training data: what the scripts of scripts/train_labeller make of their sources."""

import io
import random
import tarfile
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

Import = Callable[[str], ModuleType]
TRAINING = Path(__file__).resolve().parents[2] / "scripts" / "train_labeller"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Import:
    """Imports a script of the training's folder, whose modules import each other by their names."""
    monkeypatch.syspath_prepend(str(TRAINING))
    return import_module


@pytest.mark.parametrize(
    ("one", "many"),
    [
        ("singer", "singers"),
        ("dish", "dishes"),
        ("deity", "deities"),
        ("essay", "essays"),
        ("crisis", "crises"),
        ("businessman", "businessmen"),
        ("human", "humans"),
        ("goose", "geese"),
        ("president of the United States", "presidents of the United States"),
        ("saltwater fish", "saltwater fish"),
        ("head of state", "heads of state"),
        ("lens", "lenses"),
        ("jeans", "jeans"),
    ],
)
def test_plural(script: Import, one: str, many: str) -> None:
    assert script("headed").plural(one) == many


def test_several_draws_of_a_group_share_no_document(script: Import) -> None:
    documents = [f"Document number {n}." for n in range(100)]
    made = list(script("headed").draws("Numbers", documents, "test", 3))
    shown = [doc for group in made for doc in group["docs"]]
    assert len(made) == 3
    assert len(shown) == len(set(shown))
    assert {group["unit"] for group in made} == {"Numbers"}
    assert list(script("headed").draws("Numbers", documents[:4], "test", 3)) == []


def test_an_industry_is_told_without_the_classification(script: Import) -> None:
    industries = script("industries")
    description = (
        "This industry comprises establishments primarily engaged in growing winter wheat and "
        "summer rye.\r\n\r\n"
        "Illustrative Examples:\r\n\r\nWheat farming, field and seed production\r\nRye farming\r\n\r\n"
        "Cross-References.\r\nGrowing rice is classified in Industry 11116."
    )
    told = list(industries.pieces(description))
    assert told[0] == "Growing winter wheat and summer rye."
    assert "Wheat farming, field and seed production; Rye farming" in told
    assert not any("classified" in piece or "establishments" in piece for piece in told)
    assert industries.heading("Wheat Farming T ") == "Wheat Farming"
    assert industries.heading("Rail TransportationT ") == "Rail Transportation"
    assert industries.heading("Foundries (except Steel)") == "Foundries"
    assert industries.heading("Other Crop Farming") is None


def test_an_entry_of_the_factbook_has_no_markup_and_no_shouting(script: Import) -> None:
    factbook = script("factbook")
    entry = {
        "chief": {"text": "<strong>President</strong> Emmanuel MACRON (since 14 May 2017)"},
        "note": "a member of NATO&mdash;and the EU",
    }
    assert factbook.told(entry) == "President Emmanuel Macron (since 14 May 2017) a member of NATO—and the EU"


def wordnet(lines: dict[str, list[str]]) -> tarfile.TarFile:
    """An archive like WordNet's, of the given lines."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name in ("data.noun", "data.verb", "data.adj", "data.adv", "index.sense"):
            content = "".join(f"{line}\n" for line in lines.get(name, [])).encode()
            info = tarfile.TarInfo(f"package/dict/{name}")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    packed.seek(0)
    return tarfile.open(fileobj=packed)


def test_wordnet_names_kinds_and_those_who_are_one(script: Import) -> None:
    dictionary = script("dictionary")
    lines = ["00000001 18 n 01 painter 0 000 | an artist who paints"]
    lines += [
        f"0000001{n} 18 n 01 Painter_{n} 0 001 @i 00000001 n 0000 | French painter number {n}"
        for n in range(9)
    ]
    lines += [
        f"0000002{n} 18 n 01 kind_{n} 0 001 @ 00000001 n 0000 | a painter of the kind {n}" for n in range(9)
    ]
    found = dictionary.entries(wordnet({"data.noun": lines}))
    used = dictionary.Usage(dictionary.Counter({"painter": 5, "painters": 5}), {})
    groups = {group["source"]: group for group in dictionary.kinds(found, used)}
    assert groups["dictionary"]["label"] == groups["dictionary_names"]["label"] == "Painters"
    assert all("French" in document for document in groups["dictionary_names"]["docs"])
    unused = dictionary.Usage(dictionary.Counter(), {})
    assert list(dictionary.kinds(found, unused)) == []
    rare_sense = dictionary.Usage(used.counts, {"painter noun00000001": 3})
    assert list(dictionary.kinds(found, rare_sense)) == []


def test_wordnet_names_a_field_whose_name_is_not_in_its_documents(script: Import) -> None:
    dictionary = script("dictionary")
    lines = ["00000001 04 n 01 baseball 0 000 | a ball game played with a bat"]
    lines += [
        f"0000001{n} 04 n 01 play_{n} 0 001 ;c 00000001 n 0000 | (baseball) the play with the number {n}"
        for n in range(9)
    ]
    found = dictionary.entries(wordnet({"data.noun": lines}))
    (group,) = dictionary.fields(found, dictionary.Usage(dictionary.Counter(), {}))
    assert group["label"] == "Baseball"
    assert not any("baseball" in document.casefold() for document in group["docs"])


def test_a_package_without_its_name_is_still_a_sentence(script: Import) -> None:
    nameless = script("catalogue").nameless
    assert nameless("Hatari emulates the Atari.", {"Package": "hatari"}) == "It emulates the Atari."
    assert nameless("Uses the hatari engine.", {"Package": "hatari"}) == "Uses the engine."


def test_everyday_groups_are_drawn_several_times_and_those_of_papers_seldom(script: Import) -> None:
    prompts = script("prompts")
    documents = [f"Fruit number {n} is sweet, round and grows on trees in the garden." for n in range(12)]
    groups = pd.DataFrame(
        {"label": ["Fruits"] * 41, "docs": [documents] * 41, "source": ["word_list", *["arxiv_phrase"] * 40]}
    )
    maker = prompts.Maker(groups, prompts.Background(prompts.count([documents]), 20.0))
    twice = maker.draws(1, 0)
    assert len(twice) == 2
    assert twice[0][0].tolist() != twice[1][0].tolist()
    assert [tokens.tolist() for tokens, _ in maker.draws(1, 0)] == [tokens.tolist() for tokens, _ in twice]
    assert len(maker.draws(0, 0)) == 1  # pre-training shows all groups once
    assert 0 < sum(len(maker.draws(1, index)) for index in range(1, 41)) < 30


def test_clusters_hold_passages_that_lie_together(script: Import, monkeypatch: pytest.MonkeyPatch) -> None:
    clusters = script("clusters")
    chance = random.Random(1)
    text = "\n".join(" ".join(["A sentence about rivers and dams."] * 5) for _ in range(3))
    assert all(clusters.SHORTEST <= len(piece) <= clusters.LONGEST for piece in clusters.passages(text))
    vectors = np.array([[n % 2, 1 - n % 2, chance.random() / 2] for n in range(180)])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    monkeypatch.setattr(clusters, "TOO_ALIKE", 1.1)
    made = list(clusters.clusters([f"{n % 2}" for n in range(180)], vectors, clusters.WIDE))
    assert [set(group) for group in made] in ([{"0"}, {"1"}], [{"1"}, {"0"}])
