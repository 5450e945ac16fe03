import json
import math
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click
import pytest

from localtopics.checked import Checked, rule_of, types_of
from localtopics.cli import cli
from localtopics.errors import UserError
from localtopics.labels.settings import LabelSettings, size_in_bytes
from localtopics.llama.engine import Engine
from localtopics.llama.schedule import MOST_CANDIDATES
from localtopics.run.settings import EmbeddingSettings, RunSettings
from localtopics.topics.settings import TopicSettings
from tests.scripted_gguf import scripted_model


def test_toml_and_run_json_say_the_same(tmp_path: Path) -> None:
    toml = tmp_path / "settings.toml"
    toml.write_text(
        '[input]\ntext = "abstract"\n[topics]\nmin_cluster_size = 30\nmin_dist = 0\n[labels]\ngpu_layers = 9'
    )
    settings = RunSettings.read(toml)
    assert settings.input.text == "abstract"
    assert settings.topics.min_cluster_size == 30
    assert settings.labels.gpu_layers == 9
    record = tmp_path / "run.json"
    record.write_text(json.dumps({"settings": asdict(settings)}))
    assert RunSettings.read(record) == settings


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[topics]\nmin_cluster_sise = 3", "min_cluster_sise"),
        ("[topic]\nseed = 3", "[topic]"),
        ('[topics]\nseed = "three"', "seed"),
        ("[topics]\nseed = true", "seed"),
        ("[topics\nseed = 3", "settings.toml"),
        ("seed = 3", "seed"),
    ],
)
def test_a_wrong_setting_is_one_sentence(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(content)
    with pytest.raises(UserError, match=r"^[^\n]+$") as error:
        RunSettings.read(path)
    assert said in str(error.value)


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"Cannot read .*none\.toml"):
        RunSettings.read(tmp_path / "none.toml")


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    for name, content in (
        ("settings.toml", "[topics]\nseed = 7\n"),
        ("run.json", json.dumps({"settings": {"topics": {"seed": 7}}})),
    ):
        (tmp_path / name).write_bytes(b"\xef\xbb\xbf" + content.encode())
        assert RunSettings.read(tmp_path / name).topics.seed == 7


@pytest.mark.parametrize("where", [("embedding", "model"), ("labels", "model"), ("labels", "prompt")])
def test_a_path_is_the_same_however_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: tuple[str, str]
) -> None:
    section, name = where
    (tmp_path / "here").mkdir()
    for file in ("one", "other"):
        (tmp_path / file).touch()
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("HOME", str(tmp_path))

    def asked(value: str) -> object:
        return RunSettings().updated({section: {name: value}}, "test").asked()

    assert asked("../one") == asked(str(tmp_path / "one")) == asked("~/one") == asked(".././one")
    assert asked("../one") != asked("../other")
    assert asked("one") != asked("other"), "what names no file here is told apart by its name"
    assert asked("one\0") != asked("~no one/one") != asked("o" * 5000)


def test_documents_and_ready_embeddings_are_told_apart_by_what_they_hold() -> None:
    files = {"input": {"source": "./papers.csv", "text": "Text"}, "embedding": {"embeddings": "../emb.npy"}}
    assert RunSettings().updated(files, "test").asked() == RunSettings().asked()


def test_how_the_machine_is_used_is_not_what_was_asked() -> None:
    fast = RunSettings().updated({"labels": {"threads": 7, "gpu_layers": "all", "vram": "6GiB"}}, "test")
    assert fast != RunSettings()
    assert fast.asked() == RunSettings().asked()
    assert RunSettings().updated({"labels": {"candidates": 3}}, "test").asked() != RunSettings().asked()


WRONG: list[tuple[type[Checked], str, object]] = [
    *((TopicSettings, "neighbors", value) for value in (1, True, 15.0, "15", None)),
    *((TopicSettings, "min_dist", value) for value in (-0.1, 1.5, math.nan, math.inf, True)),
    *((TopicSettings, "seed", value) for value in (-1, 2**32, 10**400, math.nan)),
    *((TopicSettings, name, 0) for name in ("min_samples", "top_n_words", "ngrams")),
    *((TopicSettings, name, 51) for name in ("top_n_words", "ngrams")),
    (TopicSettings, "min_cluster_size", 1),
    (TopicSettings, "components", 1),
    (TopicSettings, "diversity", 1.1),
    *((TopicSettings, "stop_words", value) for value in ("klingon", "English", "")),
    *((LabelSettings, "candidates", value) for value in (0, 65, 100, True, 2.0)),
    *((LabelSettings, "documents", value) for value in (-3, 0, 51)),
    *((LabelSettings, "threads", value) for value in (-1, 0, 513)),
    *((LabelSettings, "context", value) for value in (3, 255)),
    (LabelSettings, "document_tokens", 7),
    *((EmbeddingSettings, "speed", value) for value in ("slow", "", 2, None)),
    (LabelSettings, "seed", -1),
    *((LabelSettings, "gpu_layers", value) for value in ("many", -1, True, None, "")),
    *((LabelSettings, "vram", value) for value in ("x", "plenty", "-6GiB", "", "6 elephants", 6)),
    *((LabelSettings, name, value) for name in ("prompt", "model") for value in ("", " ", 3)),
    *((LabelSettings, "raw_cells", value) for value in (1, "yes")),
]


@pytest.mark.parametrize(("kind", "name", "value"), WRONG)
def test_a_value_that_a_setting_cannot_have_is_one_sentence_wherever_it_comes_from(
    kind: type[Checked], name: str, value: object
) -> None:
    section = {EmbeddingSettings: "embedding", TopicSettings: "topics", LabelSettings: "labels"}[kind]
    with pytest.raises(UserError, match=r"^[^\n]+$") as from_python:
        kind(**{name: value})
    with pytest.raises(UserError, match=r"^[^\n]+$") as from_file:
        RunSettings().updated({section: {name: value}}, "settings.toml")
    python, file = str(from_python.value), str(from_file.value)
    assert python.startswith(f"{kind.__name__} sets {name!r} to {value!r}; it takes ")
    assert file.startswith(f"settings.toml sets {name!r} in [{section}] to {value!r}; it takes ")
    assert python.partition("takes")[2] == file.partition("takes")[2]


@pytest.mark.parametrize("kind", [TopicSettings, LabelSettings])
def test_the_command_line_takes_what_the_settings_take(kind: type[Checked]) -> None:
    options: dict[str, Any] = {option.name: option for option in cli.commands["run"].params}
    usual: Any = kind()
    for name, types in types_of(kind).items():
        option, rule = options[name], rule_of(kind, name)
        if isinstance(option.type, click.IntRange | click.FloatRange):
            assert (option.type.min, option.type.max) == (rule.low, rule.high)
            for bound in (rule.low, rule.high):
                if bound is not None:
                    assert getattr(replace(usual, **{name: bound}), name) == bound
        assert not ({int, float} & set(types)) or rule.low is not None, f"{name} has no lowest value"
        default = getattr(usual, name)
        if default not in (None, False):
            assert f"[default: {default}]" in option.help


def test_the_engine_draws_as_many_candidates_as_the_settings_allow(tmp_path: Path) -> None:
    LabelSettings(candidates=MOST_CANDIDATES)
    with Engine(scripted_model(tmp_path / "model.gguf", {"]": "\u2581Urban"})) as engine:
        prompt = engine.tokenizer.encode("]", special=False)
        (answer,) = engine.generate([prompt], 4, candidates=MOST_CANDIDATES)
        assert len(answer.texts) == MOST_CANDIDATES
        with pytest.raises(UserError, match=f"ask for 1 to {MOST_CANDIDATES}"):
            engine.generate([prompt], 4, candidates=MOST_CANDIDATES + 1)


@pytest.mark.parametrize(
    ("size", "count"),
    [("6GiB", 6 * 2**30), ("6g", 6 * 10**9), ("500 MB", 5 * 10**8), ("1.5KiB", 1536), ("7", 7)],
)
def test_sizes_are_read(size: str, count: int) -> None:
    assert size_in_bytes(size) == count
    assert LabelSettings(vram=size).vram == size


def test_whole_numbers_are_numbers() -> None:
    assert TopicSettings(min_dist=1, diversity=0).min_dist == 1
