"""Topics that hold others are asked for by what they hold, briefly, and have no name of theirs."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from localtopics.errors import UserError
from localtopics.labels.distinct import distinguish, final_names, keyword_label
from localtopics.labels.label import Candidate, Label
from localtopics.labels.namer import Namer
from localtopics.labels.prompt import DEFAULT, read_prompt
from localtopics.labels.scoring import Fit, LabelScorer, choose
from localtopics.labels.settings import LabelSettings
from tests.labels.namers import ASKED, topic
from tests.labels.test_distinct import labelled
from tests.labels.test_second_question import LAST_SIGN
from tests.scripted_gguf import scripted_model

HOLDERS = [topic(1000, level=1), topic(1001, level=1)]
HELD = {1000: ["Night trams", "Urban buses"], 1001: ["Bread", "Cakes"]}

# -- the prompt

BROADER = """
system = ""
example = ""
answer = ""
request = "[DOCUMENTS] [KEYWORDS] Name?"
broader = "These: [TOPICS] and [DOCUMENTS] and [KEYWORDS] Name!"
"""
ANSWERS = {"?": "▁Urban", "▁Urban": "▁buses", "!": "▁Public", "▁Public": "▁transport"}


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LabelSettings:
    """How topics are asked for, by a file in the current folder."""
    monkeypatch.chdir(tmp_path)
    Path("broader.toml").write_text(BROADER)
    return replace(ASKED, prompt="broader.toml", chat_format="template")


def named(
    asked: LabelSettings,
    held: Mapping[int, Sequence[str]] | None,
    done: Mapping[int, Label] | None = None,
    context: int = 2048,
) -> dict[int, Label]:
    path = scripted_model(Path("model.gguf"), ANSWERS, context=context, chat_template=LAST_SIGN)
    with Namer(path, asked) as namer:
        return {label.topic: label for label in namer.label(HOLDERS[:1], done, held=held)}


def test_what_holds_topics_is_asked_for_by_their_names(asked: LabelSettings) -> None:
    assert named(asked, None)[1000].text == "Urban buses"
    first = named(asked, HELD)
    assert first[1000].text == "Public transport"
    assert named(asked, HELD, first) == {}, "the same is not asked twice"
    other = named(asked, HELD | {1000: ["Night trams", "Ferries"]}, first)
    assert other[1000].prompt_sha256 != first[1000].prompt_sha256


def test_without_a_text_for_it_the_request_asks(asked: LabelSettings) -> None:
    Path("broader.toml").write_text(BROADER.partition("broader")[0])
    label = named(asked, HELD)[1000]
    assert label.text == "Urban buses"
    assert label.prompt_sha256 != named(asked, None)[1000].prompt_sha256, "the names are its documents"
    other = named(asked, {1000: HELD[1000][::-1]})[1000]
    assert other.prompt_sha256 != label.prompt_sha256
    many = {1000: [f"Line {number}" for number in range(40)]}
    assert named(asked, many)[1000].prompt_sha256 != label.prompt_sha256, "more names than documents"


def test_without_room_for_it_the_request_asks(asked: LabelSettings) -> None:
    Path("broader.toml").write_text(BROADER.replace("These", "These, " + "and these, " * 200))
    assert named(asked, HELD, context=512)[1000].text == "Urban buses"


def test_keywords_name_it_where_there_is_no_model() -> None:
    with Namer(settings=LabelSettings(model="none")) as namer:
        brief, whole = (next(iter(namer.label(HOLDERS[:1], held=held))) for held in (HELD, None))
    assert (brief.text, whole.text) == ("bus1000, bus", "bus1000, bus, tram")


@pytest.mark.parametrize(
    ("broader", "message"),
    [
        ("[DOCUMENTS] [KEYWORDS]", r"broader must hold \[TOPICS\] exactly once"),
        ("[TOPICS] [KEYWORDS]", r"broader must hold \[DOCUMENTS\] exactly once"),
        ("[DOCUMENTS] [KEYWORDS] [TOPICS] [TOPICS]", r"broader must hold \[TOPICS\] exactly once"),
        ("[DOCUMENTS] [KEYWORDS] <[TOPICS]>", r"touch \[TOPICS\]"),
    ],
)
def test_a_bad_text_for_it_is_explained(tmp_path: Path, broader: str, message: str) -> None:
    (tmp_path / "a.toml").write_text(f'broader = "{broader}"')
    with pytest.raises(UserError, match=message):
        read_prompt(tmp_path / "a.toml")


def test_a_request_of_ones_own_does_not_stand_beside_the_built_in_text(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('request = "[KEYWORDS] [DOCUMENTS]"\n')
    assert read_prompt(tmp_path / "a.toml").broader == ""
    (tmp_path / "a.toml").write_text('broader = "[KEYWORDS] [DOCUMENTS] [TOPICS]"\n')
    found = read_prompt(tmp_path / "a.toml")
    assert found == replace(DEFAULT, broader="[KEYWORDS] [DOCUMENTS] [TOPICS]")
    assert found.asking_broader.request == found.broader


# -- the choice


def test_a_short_name_is_taken_where_one_is_wanted() -> None:
    answers = ["Urban transport networks", "Transport"]
    assert choose(0, answers).text == answers[0]
    assert choose(0, answers, brief=True).text == "Transport"


class Near:
    """A scorer for which every label of one word lies far from the topic, and phrases of documents near."""

    def fit(self, topic: int, labels: list[str], answers: list[str], rivals: object = ()) -> Fit:
        near = np.array([float(len(label.split()) > 1) for label in labels])
        return Fit(cosine=(0.5 * near).astype(np.float32), coverage=near)


def test_what_the_model_says_most_often_names_what_holds_others() -> None:
    answers = ["Transport"] * 10 + ["Night tram fares"] * 2
    scorer = cast("LabelScorer", Near())
    assert choose(0, answers, scorer=scorer).text == "Night tram fares"
    assert choose(0, answers, scorer=scorer, brief=True).text == "Transport"


def test_two_keywords_are_enough() -> None:
    assert keyword_label(["network", "networks", "tram", "fares"], brief=True) == "network, tram"


# -- names that nothing held has


def test_a_name_of_what_it_holds_gives_way_to_the_next_best() -> None:
    candidates = {1000: [("Night trams", 0.8), ("Bread", 0.7), ("Transport", 0.6)]}
    labels = labelled({1000: "Night tram", 1001: "Bread makers"}, candidates)
    names = distinguish(labels, {}, held={1000: ["Night trams", "Bread"], 1001: ["Cakes"]})
    assert names == {1000: "Transport", 1001: "Bread makers"}


def test_or_the_name_of_another_beside_it() -> None:
    held = {1000: ["Bread", "Rye bread", "Cakes", "Pies"]}
    assert distinguish(labelled({1000: "bread"}), {1000: ["loaf"]}, held=held) == {1000: "bread, Cakes"}
    long = {1000: ["Bread", "A name of as many words as are allowed", "Pies"]}
    assert distinguish(labelled({1000: "Bread"}), {1000: ["loaf"]}, held=long) == {1000: "Bread, Pies"}


def test_or_gets_a_keyword() -> None:
    names = distinguish(labelled({1000: "Bread"}), {1000: ["loaf"]}, held={1000: ["bread", "Bread (loaf)"]})
    assert names[1000] not in ("Bread", "Bread (loaf)")
    assert names == {1000: "loaf"}


def test_a_name_that_somebody_gave_stays() -> None:
    labels = {1000: Label(1000, "Bread", False, (Candidate("Food", 1.0),), "", 0.0)}
    assert final_names(HOLDERS[:1], labels, "title", {1000: ["Bread"]}, {1000}) == {1000: "Bread"}
    assert final_names(HOLDERS[:1], labels, "title", {1000: ["Bread"]}) == {1000: "Food"}
