"""Topics named by real models: tiny ones whose answers are known, and one that tells stories."""

import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from localtopics.errors import UserError
from localtopics.labels.distinct import keyword_label
from localtopics.labels.label import Label
from localtopics.labels.namer import Namer
from localtopics.labels.settings import ANSWER_TOKENS, LabelSettings
from localtopics.llama.build import WITHOUT_AMX
from localtopics.progress import Advance
from tests.labels.namers import ASKED, TOPICS, USABLE, names, topic
from tests.scripted_gguf import scripted_model

pytestmark = pytest.mark.usefixtures("short_prompt")

TALKING = {
    "]": "▁Sure",
    "▁Sure": ",",
    ",": "▁here",
    "▁here": ":",
    ":": "\n",
    "\n": "▁Urban",
    "▁Urban": "▁buses",
}
CUT_SHORT = TALKING | {":": "</s>"}
THINKING = {"]": "<think>", "<think>": "▁Okay", "▁Okay": "▁so", "\n": "▁Urban", "▁Urban": "▁buses"}
JSON = {
    "]": "```json",
    "```json": "\n",
    "\n": "{",
    "{": '"name"',
    '"name"': ":",
    ":": '▁"Urban',
    '▁"Urban': '▁buses"',
    '▁buses"': "}",
}
ENDLESS = {"]": "▁on", "▁on": "▁on"}
SILENT: dict[str, str] = {}
CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endfor %}"
    "{{ '<|im_start|>assistant\n' }}"
)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return scripted_model(tmp_path / "model.gguf", USABLE)


def test_every_topic_gets_its_label(model: Path) -> None:
    labels = names(Namer(model))  # with the built-in prompt
    assert {number: label.text for number, label in labels.items()} == {
        -1: "Outliers",
        **dict.fromkeys(range(4), "Urban buses"),
    }
    assert not any(label.fallback for label in labels.values())
    assert [candidate.text for candidate in labels[2].candidates] == ["Urban buses"] * 6
    assert len({label.prompt_sha256 for label in labels.values()}) == 5
    assert labels[-1] == Label(-1, "Outliers", False, (), "", 0.0)


@pytest.mark.parametrize(
    ("script", "answers"),
    [
        (TALKING, ["Sure, here:\n Urban buses"]),
        (CUT_SHORT, ["Sure, here:", "Urban buses", "Urban buses"]),
        (JSON, ['```json\n{"name": "Urban buses"}']),
        (THINKING, ["<think> Okay", "Urban buses", "Urban buses"]),
    ],
)
def test_a_label_is_waited_for(tmp_path: Path, script: dict[str, str], answers: list[str]) -> None:
    labels = names(Namer(scripted_model(tmp_path / "model.gguf", script), ASKED))
    assert labels[0].text == "Urban buses"
    assert not labels[0].fallback
    assert [candidate.text.rstrip("…") for candidate in labels[0].candidates] == answers


def test_a_model_that_thinks_gives_as_many_answers_as_others(tmp_path: Path) -> None:
    labels = names(Namer(scripted_model(tmp_path / "model.gguf", THINKING), replace(ASKED, candidates=5)))
    assert [candidate.text for candidate in labels[0].candidates[5:]] == ["Urban buses"] * 5


@pytest.mark.parametrize("script", [SILENT, ENDLESS])
def test_a_model_that_gives_no_label_leaves_the_keywords(tmp_path: Path, script: dict[str, str]) -> None:
    labels = names(Namer(scripted_model(tmp_path / "model.gguf", script), ASKED))
    assert {number: label.text for number, label in labels.items() if number >= 0} == {
        number: f"bus{number}, bus, tram" for number in range(4)
    }
    assert all(label.fallback for number, label in labels.items() if number >= 0)
    assert len(labels[0].candidates) == 3  # once, and once more with a drawn one
    assert all(candidate.score is None for candidate in labels[0].candidates)


def test_an_answer_cut_off_for_its_length_shows_it(tmp_path: Path) -> None:
    labels = names(Namer(scripted_model(tmp_path / "model.gguf", ENDLESS), ASKED))
    assert labels[0].candidates[0].text == " ".join(["on"] * ANSWER_TOKENS) + "…"


def test_without_a_model_keywords_name_the_topics(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("localtopics.labels.namer.find_model", lambda name=None: None)
    namer = Namer()
    assert namer.model_record is None
    labels = names(namer)
    assert labels[3] == Label(3, "bus3, bus, tram", True, (), "", 0.0)
    assert labels[-1].text == "Outliers"
    assert names(namer, labels) == {}
    for refused in (lambda: namer.prompt_of(TOPICS[1]), lambda: list(namer.ask("why?"))):
        with pytest.raises(UserError, match="no language model here: fetch one") as error:
            refused()
        assert error.value.command == "models pull llama-2-13b-chat"


# -- going on


@pytest.mark.parametrize("script", [USABLE, CUT_SHORT, THINKING, ENDLESS])
@pytest.mark.parametrize("finished", [(1, 2), (-1, 0, 1, 2, 3)])
def test_what_is_done_is_not_done_again(
    tmp_path: Path, script: dict[str, str], finished: tuple[int, ...]
) -> None:
    path = scripted_model(tmp_path / "model.gguf", script)
    settings = replace(ASKED, candidates=2)
    whole = names(Namer(path, settings))
    rest = names(Namer(path, settings), {number: whole[number] for number in finished})
    assert rest == {number: label for number, label in whole.items() if number not in finished}


def test_labels_of_another_prompt_model_or_setting_are_made_anew(tmp_path: Path, model: Path) -> None:
    done = names(Namer(model, ASKED))
    assert names(Namer(model, ASKED), done) == {}
    other = scripted_model(tmp_path / "other.gguf", {"]": "▁Trams"})
    Path("longer.txt").write_text("Give it a name:\n[DOCUMENTS]\nby [KEYWORDS]")
    for namer in (
        Namer(other, ASKED),
        Namer(model, replace(ASKED, prompt="longer.txt")),
        Namer(model, replace(ASKED, seed=7)),
        Namer(model, replace(ASKED, candidates=2)),
        Namer(model, replace(ASKED, documents=2)),
        Namer(model, replace(ASKED, chat_format="plain")),
    ):
        assert names(namer, done).keys() == {0, 1, 2, 3}
    assert names(Namer(model, replace(ASKED, threads=1, gpu_layers=0)), done) == {}
    with Namer(model, ASKED) as namer:
        changed = list(namer.label([*TOPICS[:2], topic(1, keywords=("other",))], done))
    assert [label.topic for label in changed if not label.again_sha256] == [1]


def test_a_base_model_continues_a_plain_text_and_the_user_is_told(tmp_path: Path, caplog: Any) -> None:
    answers = {":": "▁Urban", "▁Urban": "▁buses", "▁buses": "\n"}
    base = scripted_model(tmp_path / "base.gguf", answers, architecture="xverse")
    with Namer(base, ASKED) as namer:
        assert namer.prompt_of(topic(0))[0].endswith("by bus0, bus, tram, fares\nAnswer:")
        labels = {label.topic: label for label in namer.label(TOPICS)}
    assert [labels[number].text for number in range(4)] == ["Urban buses"] * 4
    told = (
        "base.gguf has no chat template, so it is asked in plain text, as a base model, unless another chat "
        "format is chosen."
    )
    assert {record.message for record in caplog.records} - {WITHOUT_AMX} == {told}
    caplog.clear()
    assert names(Namer(base, replace(ASKED, chat_format="plain"))).keys() == labels.keys()
    assert told not in [record.message for record in caplog.records], "who asks for it knows it"


def test_a_model_that_was_moved_is_the_same_model(tmp_path: Path, model: Path) -> None:
    done = names(Namer(model, ASKED))
    assert names(Namer(model.rename(tmp_path / "moved.gguf"), ASKED), done) == {}


def test_nothing_is_loaded_where_nothing_is_left(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = names(Namer(model, ASKED))
    monkeypatch.setattr(Namer, "loaded", lambda self: pytest.fail("the model was loaded"))
    assert names(Namer(model, ASKED), done) == {}


def test_a_namer_can_be_stopped_closed_and_used_again(model: Path) -> None:
    with Namer(model, ASKED) as namer:
        first = next(label for label in namer.label(TOPICS) if label.topic >= 0)
    again = names(namer, {first.topic: first})
    assert {label.topic for label in again.values() if label.first != first} >= {-1, 0, 1, 2, 3} - {
        first.topic
    }
    assert again == names(Namer(model, ASKED))


def test_a_pickled_namer_names_alike(model: Path) -> None:
    with Namer(model, ASKED) as namer:
        before = {label.topic: label.text for label in namer.label(TOPICS)}
        copied = pickle.loads(pickle.dumps(namer))
    assert {number: label.text for number, label in names(copied).items()} == before


def test_progress_counts_the_topics(model: Path) -> None:
    bars: list[list[Any]] = []

    @contextmanager
    def progress(description: str, total: int | None = None) -> Iterator[Advance]:
        bars.append([description, total, 0])

        def advance(steps: int) -> None:
            bars[-1][2] += steps

        yield advance

    done = names(Namer(model, ASKED))
    del done[2]
    with Namer(model, ASKED) as namer:
        list(namer.label(TOPICS, done, progress))
    apart = ["Telling topics apart", 4, 4]  # all are called the same
    assert bars == [["Loading the model", 1, 1], ["Naming topics", 4, 4], apart]


# -- what is asked, and of whom


def test_the_prompt_shown_is_the_one_that_is_sent(model: Path) -> None:
    with Namer(model, replace(ASKED, documents=2)) as namer:
        text, tokens = namer.prompt_of(topic(7))
    assert text == (
        "<s> [INST] Name:\n- Text a of topic 7 rides the bus.\n- Text b of topic 7 rides the bus.\n"
        "by bus7, bus, tram, fares [/INST]"
    )
    assert len(text) / 4 < tokens <= len(text)
    with pytest.raises(UserError, match="outliers"):
        namer.prompt_of(topic(-1))


def test_a_model_is_asked_as_it_was_trained(tmp_path: Path) -> None:
    trained: dict[str, str | int | float] = {
        "system": "Be brief.",
        "request": "[KEYWORDS]\n[DOCUMENTS]",
        "documents": 3,
        "characters": 12,
        "keywords": 2,
        "candidates": 2,
        "temperature": 0.25,
    }
    metadata = {f"localtopics.prompt.{name}": value for name, value in trained.items()}
    path = scripted_model(tmp_path / "model.gguf", USABLE, metadata=metadata)
    with Namer(path) as namer:
        text, _ = namer.prompt_of(topic(7))
        labels = list(namer.label(TOPICS[:2]))
    assert (
        text
        == "<s> [INST] <<SYS>>\nBe brief.\n<</SYS>>\n\nbus7, bus\n"
        + "\n".join(f"- Text {letter} of" for letter in "abc")
        + " [/INST]"
    )
    assert (namer._defaults.temperature, namer._defaults.top_p) == (0.25, 0.95)
    assert len(labels[1].candidates) == 2
    assert [label.text for label in labels if label.topic >= 0] == ["Urban buses"]
    with Namer(path, replace(ASKED, documents=1, candidates=1)) as namer:
        text, _ = namer.prompt_of(topic(7))
    assert text == "<s> [INST] Name:\n- Text a of\nby bus7, bus [/INST]"


def test_six_candidates_where_neither_model_nor_user_says(model: Path) -> None:
    with Namer(model, replace(ASKED, candidates=None)) as namer:
        assert namer.chooses
        labels = list(namer.label(TOPICS[:2]))
    assert len(labels[1].candidates) == 6


def test_candidates_are_all_kept(model: Path) -> None:
    labels = names(Namer(model, replace(ASKED, candidates=5)))
    assert [candidate.text for candidate in labels[0].candidates] == ["Urban buses"] * 5
    assert labels[0].candidates[0].score is not None


def test_another_family_is_asked_in_its_own_format(tmp_path: Path) -> None:
    path = scripted_model(tmp_path / "model.gguf", USABLE | {"\n": "▁Urban"}, chat_template=CHATML)
    with Namer(path, ASKED) as namer:
        text, _ = namer.prompt_of(topic(7, representative=("so <|im_end|>",)))
        labels = {label.topic: label.text for label in namer.label(TOPICS)}
    assert text == (
        "<s> <|im_start|>user\nName:\n- so ‹|im_end|›\nby bus7, bus, tram, fares<|im_end|>\n"
        "<|im_start|>assistant\n"
    )
    assert labels[0] == "Urban buses"


def test_a_question_is_answered_piece_by_piece(tmp_path: Path) -> None:
    with Namer(scripted_model(tmp_path / "model.gguf", TALKING), ASKED) as namer:
        pieces = list(namer.ask("What is this?", 20))
        with pytest.raises(UserError, match="shorten it"):
            list(namer.ask("why? " * 1000, 20))
    assert "".join(pieces) == "Sure, here:\n Urban buses"
    assert len(pieces) > 3


def test_the_model_is_recorded(model: Path) -> None:
    record = Namer(model).model_record
    assert record is not None
    assert record["name"] == "scripted"
    assert record["path"] == str(model)
    assert record["bytes"] == model.stat().st_size
    assert len(record["fingerprint"]) == 64


def test_a_prompt_longer_than_the_models_context_is_refused(tmp_path: Path) -> None:
    path = scripted_model(tmp_path / "model.gguf", USABLE, context=512)
    with (
        Namer(path, LabelSettings(context=4096)) as namer,
        pytest.raises(UserError, match="a context of 512"),
    ):
        list(namer.label(TOPICS))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (LabelSettings(model="./no-such-model.gguf"), "no model file"),
        (LabelSettings(prompt="no/such/prompt.toml"), "No such file"),
    ],
)
def test_mistakes_are_explained_before_anything_is_loaded(
    model: Path, settings: LabelSettings, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        Namer(None if settings.model else model, settings)


def test_a_model_that_really_writes(story: Path) -> None:
    settings = replace(ASKED, document_tokens=30, candidates=3)
    labels = names(Namer(story, settings))
    assert labels.keys() == {-1, 0, 1, 2, 3}
    assert names(Namer(story, settings)) == labels
    written = {candidate.text for label in labels.values() for candidate in label.candidates}
    assert len(written) > 3
    assert any(" the " in text or " was " in text for text in written)


def test_what_a_model_of_english_cannot_read_is_named_by_keywords(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = scripted_model(tmp_path / "model.gguf", USABLE, metadata={"localtopics.prompt.language": "en"})
    german = replace(
        TOPICS[2],
        representative=(
            "Die Ratsfraktion fordert, dass die Straßenbahn auch am Sonntag alle zehn Minuten fährt.",
            "Der neue Fahrplan gilt ab Januar, und die Fahrpreise für Busse und Bahnen steigen wieder.",
            "Viele Fahrgäste klagen über Verspätungen und überfüllte Wagen am frühen Morgen.",
        ),
    )
    topics = [german if topic.topic == german.topic else topic for topic in TOPICS]
    with Namer(path, ASKED) as namer:
        labels = {label.topic: label for label in namer.label(topics)}
    assert [label.topic for label in labels.values() if label.fallback] == [german.topic]
    assert labels[german.topic].text == keyword_label(german.keywords)
    (said,) = [record.message for record in caplog.records if "English" in record.message]
    assert said.startswith("1 of 4 topics are not in English")
    with Namer(path, ASKED) as namer:
        assert list(namer.label(topics, labels)) == []
