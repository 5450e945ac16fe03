import json
from dataclasses import asdict
from pathlib import Path

import pytest

from localtopics.errors import UserError
from localtopics.settings import RunSettings


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
