"""Topics whose names are taken for each other are asked for again; a model may think before it answers."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from localtopics.labels.namer import Namer
from localtopics.labels.settings import LabelSettings
from tests.labels.namers import ASKED, TOPICS, USABLE, names
from tests.scripted_gguf import scripted_model

pytestmark = pytest.mark.usefixtures("short_prompt")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return scripted_model(tmp_path / "model.gguf", USABLE)


# -- telling topics apart

LAST_SIGN = "{% for m in messages %}{{ m.content }}\n{% endfor %}{{ messages[-1].content[-1:] }}"
"""A chat template by which a scripted model answers by the request's last sign."""
TWO_ANSWERS = {"?": "▁Urban", "▁Urban": "▁buses", "!": "▁Night", "▁Night": "▁trams"}
AGAIN = """
system = ""
example = ""
answer = ""
request = "[DOCUMENTS] [KEYWORDS] Name?"
again = "[DOCUMENTS] [KEYWORDS] Not these: [OTHERS] Name!"
"""


def telling(tmp_path: Path, asked: LabelSettings = ASKED) -> Namer:
    """A namer that calls all topics the same at first, and otherwise when it is asked again."""
    Path("again.toml").write_text(AGAIN)
    model = scripted_model(tmp_path / "telling.gguf", TWO_ANSWERS, chat_template=LAST_SIGN)
    return Namer(model, replace(asked, prompt="again.toml", chat_format="template"))


def test_topics_of_the_same_name_are_asked_for_again(tmp_path: Path) -> None:
    labels = names(telling(tmp_path))
    for number in range(4):
        assert labels[number].text == "Night trams"
        assert [candidate.text for candidate in labels[number].again] == ["Night trams"]
        assert labels[number].first.text == "Urban buses"
        assert labels[number].first.again == ()
    assert labels[-1].again_sha256 == ""


def test_a_topic_of_another_name_is_not(tmp_path: Path) -> None:
    with telling(tmp_path) as namer:
        labels = list(namer.label([TOPICS[1]]))
        assert [label.text for label in labels] == ["Urban buses"]


def test_without_words_for_it_the_request_itself_asks_again(tmp_path: Path, model: Path) -> None:
    labels = names(Namer(model, replace(ASKED, candidates=3)))
    assert [label.text for label in labels.values()] == ["Outliers"] + ["Urban buses"] * 4
    assert all(len(labels[number].again) == 3 for number in range(4))


@pytest.mark.parametrize("kept", range(9))
def test_stopped_anywhere_it_goes_on_to_the_same_names(tmp_path: Path, kept: int) -> None:
    asked = replace(ASKED, candidates=3)
    with telling(tmp_path, asked) as namer:
        whole = list(namer.label(TOPICS))
        assert len(whole) == 9
        done = {label.topic: label for label in whole[:kept]}
        rest = list(namer.label(TOPICS, done))
    assert len(rest) == 9 - kept
    ended = done | {label.topic: label for label in rest}
    assert {number: replace(label, seconds=0) for number, label in ended.items()} == {
        label.topic: replace(label, seconds=0) for label in whole
    }


def test_a_topic_whose_rivals_went_has_its_first_name_again(tmp_path: Path) -> None:
    with telling(tmp_path) as namer:
        done = {label.topic: label for label in namer.label(TOPICS)}
        left = list(namer.label([TOPICS[2]], {1: done[1]}))
    assert left == [done[1].first]


def test_no_room_for_more_words_and_the_request_itself_asks_again(tmp_path: Path) -> None:
    Path("long.toml").write_text(AGAIN.replace("Not these", "Not these, " + "and not these, " * 200))
    model = scripted_model(tmp_path / "telling.gguf", TWO_ANSWERS, context=512, chat_template=LAST_SIGN)
    labels = names(Namer(model, replace(ASKED, prompt="long.toml", chat_format="template")))
    assert labels[0].text == "Urban buses"
    assert labels[0].again_sha256


# -- thinking

REASONING = (
    "{% for m in messages %}{{ m.content }}{% endfor %}]"
    "{% if not enable_thinking %}{{ '<think>\n\n</think>\n\n' }}{% endif %}"
)
THOUGHTFUL = {"]": "<think>", "<think>": "▁Hmm", "▁Hmm": "▁so", "▁so": "</think>"}
THOUGHTFUL |= {"\n": "▁Urban", "▁Urban": "▁buses"}


@pytest.mark.parametrize("script", [THOUGHTFUL, THOUGHTFUL | {"▁so": "▁Hmm"}])
@pytest.mark.parametrize("thinking", [0, 20])
def test_a_model_may_think_before_it_answers(tmp_path: Path, script: dict[str, str], thinking: int) -> None:
    path = scripted_model(tmp_path / "model.gguf", script, chat_template=REASONING)
    asked = replace(ASKED, candidates=2, thinking=thinking)
    whole = names(Namer(path, asked))
    assert [candidate.text for candidate in whole[0].candidates] == ["Urban buses"] * 2
    assert names(Namer(path, asked), {1: whole[1], 2: whole[2]}).keys() == {-1, 0, 3}
    assert names(Namer(path, asked), whole) == {}
    other = replace(asked, thinking=20 - thinking)
    assert names(Namer(path, other), whole).keys() == {0, 1, 2, 3}


def test_a_model_that_cannot_think_answers_and_the_user_is_told(model: Path, caplog: Any) -> None:
    labels = names(Namer(model, replace(ASKED, thinking=50)))
    assert labels[0].text == "Urban buses"
    assert any("no chat template with a place for thoughts" in record.message for record in caplog.records)
