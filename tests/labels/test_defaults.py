"""How a model is asked: what the user says, else what the model's file says, else the built-in values."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from localtopics.errors import UserError
from localtopics.gguf import ModelInfo, read_info
from localtopics.labels.defaults import LabelDefaults
from localtopics.labels.prompt import DEFAULT, PromptText
from localtopics.labels.settings import LabelSettings
from tests.scripted_gguf import scripted_model


def info(tmp_path: Path, trained: Mapping[str, str | int | float], context: int = 2048) -> ModelInfo:
    metadata = {f"localtopics.prompt.{name}": value for name, value in trained.items()}
    return read_info(scripted_model(tmp_path / "model.gguf", {}, metadata=metadata, context=context))


def test_built_in_values_where_nobody_says_otherwise(tmp_path: Path) -> None:
    assert LabelDefaults.resolve(LabelSettings(), None) == LabelDefaults()
    assert LabelDefaults.resolve(LabelSettings(), info(tmp_path, {})) == LabelDefaults()


def test_the_model_says_how_it_was_trained_and_the_user_has_the_last_word(tmp_path: Path) -> None:
    trained = info(
        tmp_path, {"documents": 7, "phrases": 32, "temperature": 1.5, "request": "[DOCUMENTS] [KEYWORDS]"}
    )
    text = PromptText("", "", "", "[DOCUMENTS] [KEYWORDS]")
    found = LabelDefaults.resolve(LabelSettings(), trained)
    assert found == replace(LabelDefaults(), documents=7, phrases=32, temperature=1.5, text=text)
    found = LabelDefaults.resolve(LabelSettings(documents=2, candidates=9), trained)
    assert (found.documents, found.candidates, found.phrases) == (2, 9, 32)


def test_metadata_that_make_no_sense_are_not_heeded(tmp_path: Path) -> None:
    odd = info(tmp_path, {"documents": "many", "keywords": 0, "temperature": 2, "top_p": -0.5})
    assert LabelDefaults.resolve(LabelSettings(), odd) == LabelDefaults()


def test_a_prompt_file_replaces_the_models_own_prompt(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('system = "Mine."\n')
    asked = LabelSettings(prompt=str(tmp_path / "mine.toml"))
    trained = info(tmp_path, {"request": "[DOCUMENTS] [KEYWORDS]"})
    assert LabelDefaults.resolve(asked, trained).text == replace(DEFAULT, system="Mine.")
    with pytest.raises(UserError, match="No such file"):
        LabelDefaults.resolve(LabelSettings(prompt=str(tmp_path / "none.toml")), trained)


def test_the_context_is_never_longer_than_the_models(tmp_path: Path) -> None:
    small = info(tmp_path, {}, context=512)
    assert LabelDefaults.resolve(LabelSettings(), small).context == 512
    assert LabelDefaults.resolve(LabelSettings(context=300), small).context == 300
    assert LabelDefaults.resolve(LabelSettings(context=4096), None).context == 4096
