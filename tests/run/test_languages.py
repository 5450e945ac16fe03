"""What a run makes of its documents' languages."""

import logging
from dataclasses import asdict
from pathlib import Path

import pytest

from localtopics import fit
from localtopics.corpus import Corpus
from localtopics.embedding import model as embedding_model
from localtopics.embedding.model import BUILT_IN_MODEL, MULTILINGUAL_MODEL, choose_model
from localtopics.run.record import changes
from localtopics.run.settings import RunSettings
from localtopics.topics.keywords import stop_words_of
from tests.texts import texts


def test_english_alone_is_not_noted() -> None:
    settings = RunSettings()
    assert settings.in_languages(("en",)) == settings
    assert RunSettings.of(language="en").asked() == settings.asked()


def test_what_is_found_is_noted_and_what_is_said_stays() -> None:
    found = RunSettings().in_languages(("de", "en"))
    assert found.topics.language == "de,en"
    assert found.labels.label_language == "de"
    assert RunSettings.of(label_language="en").in_languages(("de",)).labels.label_language == "en"
    assert RunSettings.of(language="fr").in_languages(("fr",)).labels.label_language == "fr"


def test_a_run_from_before_languages_goes_on() -> None:
    old = asdict(RunSettings())
    del old["topics"]["language"], old["labels"]["label_language"]
    old["topics"]["stop_words"] = "english"
    corpus = {"digest": "1", "embeddings_digest": None}
    before, fresh = ({"settings": settings, "corpus": corpus} for settings in (old, asdict(RunSettings())))
    assert changes(before, fresh) == {}
    german = {"settings": asdict(RunSettings().in_languages(("de",))), "corpus": corpus}
    assert "language was None and is now 'de'" in changes(before, german)["topics"]


def test_without_a_hub_an_english_model_embeds_and_this_is_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(embedding_model, "cached_folder", lambda name: None)
    monkeypatch.setattr(embedding_model, "_fetched_default", lambda name: None)
    assert choose_model(languages=("en",)).name == BUILT_IN_MODEL
    assert not caplog.text
    assert choose_model(languages=("de", "en")).name == BUILT_IN_MODEL
    assert f"German, and {MULTILINGUAL_MODEL}" in caplog.text
    assert "hf download" in caplog.text


def test_a_run_of_two_languages(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    documents = texts("de") + texts("zh")[:24]
    with caplog.at_level(logging.INFO):
        run = fit(
            Corpus.from_documents(documents),
            out=tmp_path / "run",
            embedding_model=BUILT_IN_MODEL,
            model="none",
            min_cluster_size=8,
            duplicates="each",
        )
    assert "Documents are in German (" in caplog.text
    assert run.settings.topics.languages == ("de", "zh")
    assert set(run.record["languages"]) == {"de", "zh"}
    assert run.documents["language"].tolist()[48:] == ["zh"] * 24
    words = {word for topic in run.topics for word in topic.keywords}
    assert words & {"straßenbahn", "brot", "klinik", "fieber", "医院", "面包"}
    assert not words & stop_words_of(run.settings.topics)
